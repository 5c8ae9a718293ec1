#include <zstd.h>

#include "unit/kit/decode.h"

bool decode_zstd(hw_text coded, hw_buffer *out, bool *ret_is_ended)
{
    ZSTD_DCtx *state = ZSTD_createDCtx();
    ZSTD_inBuffer in = {coded.at, coded.length, 0};
    ZSTD_outBuffer to = {out->at, out->capacity, 0};
    size_t left = 1, before = SIZE_MAX;
    if (!state)
        return false;
    /* RFC 9659: a window of more than 8 MiB is refused. */
    (void)ZSTD_DCtx_setParameter(state, ZSTD_d_windowLogMax, 23);
    while (left != 0 && !ZSTD_isError(left) && (in.pos < in.size || to.pos != before)) {
        before = to.pos;
        left = ZSTD_decompressStream(state, &to, &in);
    }
    out->length = to.pos;
    *ret_is_ended = left == 0 && in.pos == in.size;
    bool is_sound = !ZSTD_isError(left) && in.pos == in.size;
    ZSTD_freeDCtx(state);
    return is_sound;
}

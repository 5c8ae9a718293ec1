#include "unit/kit/decode.h"

bool decode(hw_coding coding, hw_text coded, hw_buffer *out, bool *ret_is_ended)
{
    decode_fn *const ways[HW_CODING_COUNT] = {
        [HW_CODING_GZIP] = decode_gzip, [HW_CODING_ZSTD] = decode_zstd, [HW_CODING_BR] = decode_br};
    *ret_is_ended = false;
    return ways[coding] && ways[coding](coded, out, ret_is_ended);
}

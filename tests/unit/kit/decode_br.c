#include <brotli/decode.h>

#include "unit/kit/decode.h"

bool decode_br(hw_text coded, hw_buffer *out, bool *ret_is_ended)
{
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *in = (const uint8_t *)coded.at;
    uint8_t *at = (uint8_t *)out->at;
    size_t in_left = coded.length, room = out->capacity;
    if (!state)
        return false;
    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state, &in_left, &in, &room, &at, NULL);
    out->length = out->capacity - room;
    *ret_is_ended = result == BROTLI_DECODER_RESULT_SUCCESS && in_left == 0;
    BrotliDecoderDestroyInstance(state);
    return *ret_is_ended || (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && in_left == 0);
}

#define ZLIB_CONST
#include <zlib.h>

#include "unit/kit/decode.h"

bool decode_gzip(hw_text coded, hw_buffer *out, bool *ret_is_ended)
{
    z_stream stream = {.next_in = (const Bytef *)coded.at, .avail_in = (unsigned)coded.length};
    stream.next_out = (Bytef *)out->at;
    stream.avail_out = (unsigned)out->capacity;
    if (inflateInit2(&stream, 15 + 16) != Z_OK) /* gzip, and nothing else */
        return false;
    int result = inflate(&stream, Z_SYNC_FLUSH);
    out->length = out->capacity - stream.avail_out;
    *ret_is_ended = result == Z_STREAM_END && stream.avail_in == 0;
    bool is_sound =
        *ret_is_ended || ((result == Z_OK || result == Z_BUF_ERROR) && stream.avail_in == 0);
    (void)inflateEnd(&stream);
    return is_sound;
}

/* Codes as gzip (RFC 1952) with zlib.
 *
 * The head of the format says no time and no name, so that the same bytes always become the same.
 * It takes 268 KiB, whatever it codes. */
#define ZLIB_CONST /* what is read is not written to */
#include <zlib.h>

#include <errno.h>
#include <limits.h>

#include "base/number.h"
#include "kit/encoder.h"

enum {
    GZIP_LEVEL = 5,
    GZIP_LEVEL_MAX = 9,
    GZIP_WINDOW = 15 + 16, /* 32 KiB, which is all there is; and the format */
    GZIP_MEMORY = 8,
};

typedef struct gzip_encoder {
    hw_encoder encoder;
    z_stream stream;
} gzip_encoder;

static void *take_for_zlib(void *space, unsigned count, unsigned bytes)
{
    uint64_t all = (uint64_t)count * bytes;
    return all > SIZE_MAX ? NULL : hw_workspace_take(space, (size_t)all);
}

static void give_from_zlib(void *space, void *memory)
{
    hw_workspace_give(space, memory);
}

static int begin_gzip(hw_encoder *encoder, const hw_encoder_opts *opts)
{
    z_stream *stream = &((gzip_encoder *)encoder)->stream;
    int level = opts->level > GZIP_LEVEL_MAX ? GZIP_LEVEL_MAX : opts->level;
    stream->zalloc = take_for_zlib;
    stream->zfree = give_from_zlib;
    stream->opaque = &encoder->memory;
    int result = deflateInit2(stream, level > 0 ? level : GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW,
                              GZIP_MEMORY, Z_DEFAULT_STRATEGY);
    return result == Z_OK ? 0 : -ENOMEM;
}

/* Z_BUF_ERROR: there was nothing to do, as when it is asked again and the output was just full. */
static int step_gzip(hw_encoder *encoder, hw_encoder_step step, hw_text *input, hw_buffer *output)
{
    static const int words[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    z_stream *stream = &((gzip_encoder *)encoder)->stream;
    size_t given = hw_size_min(input->length, UINT_MAX);
    size_t room = hw_size_min(hw_buffer_room(output), UINT_MAX);
    stream->next_in = (const Bytef *)input->at;
    stream->avail_in = (unsigned)given;
    stream->next_out = (Bytef *)output->at + output->length;
    stream->avail_out = (unsigned)room;
    int result = deflate(stream, given < input->length ? Z_NO_FLUSH : words[step]);
    *input = hw_text_from(*input, given - stream->avail_in);
    output->length += room - stream->avail_out;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return -EPROTO;
    if (step == HW_ENCODER_FINISH)
        return result != Z_STREAM_END;
    return stream->avail_out == 0 || input->length > 0;
}

static void end_gzip(hw_encoder *encoder)
{
    (void)deflateEnd(&((gzip_encoder *)encoder)->stream);
}

const hw_encoder_kind hw_encoder_gzip = {
    .bytes = sizeof(gzip_encoder), .begin = begin_gzip, .step = step_gzip, .end = end_gzip};

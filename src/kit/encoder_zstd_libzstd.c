/* Codes as zstd (RFC 8878) with libzstd.
 *
 * How far back a decoder has to look, and the tables for it, decide how much memory both sides need:
 * 256 KiB while somebody waits, and never more than the 8 MiB that RFC 9659 allows. Where the length
 * is known the library takes less for less; it is then said in the frame, and has to be true. Where
 * it is not, it may be a stream that lives for hours beside a thousand others: those look back for
 * 64 KiB, with tables that fit. */
#define ZSTD_STATIC_LINKING_ONLY /* an allocator of our own: the shared library has it too */
#include <zstd.h>
#include <zstd_errors.h>

#include <errno.h>

#include "exchange/body.h"
#include "kit/encoder.h"

enum { ZSTD_LEVEL = 3, ZSTD_WINDOW_LOG = 18, ZSTD_STREAM_LOG = 16, ZSTD_STREAM_TABLE_LOG = 15 };

typedef struct zstd_encoder {
    hw_encoder encoder;
    ZSTD_CCtx *state;
} zstd_encoder;

static void *take_for_zstd(void *space, size_t bytes)
{
    return hw_workspace_take(space, bytes);
}

static void give_from_zstd(void *space, void *memory)
{
    hw_workspace_give(space, memory);
}

static bool set_zstd(ZSTD_CCtx *state, ZSTD_cParameter name, int value)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(state, name, value));
}

static bool set_stream(ZSTD_CCtx *state)
{
    return set_zstd(state, ZSTD_c_windowLog, ZSTD_STREAM_LOG) &&
           set_zstd(state, ZSTD_c_hashLog, ZSTD_STREAM_TABLE_LOG) &&
           set_zstd(state, ZSTD_c_chainLog, ZSTD_STREAM_TABLE_LOG);
}

static int begin_zstd(hw_encoder *encoder, const hw_encoder_opts *opts)
{
    zstd_encoder *zstd = (zstd_encoder *)encoder;
    int level = opts->level > 0 ? opts->level : ZSTD_LEVEL;
    int window = level < HW_ENCODER_LEVEL_SMALLEST ? ZSTD_WINDOW_LOG : HW_ENCODER_WINDOW_LOG_MAX;
    ZSTD_customMem memory = {take_for_zstd, give_from_zstd, &encoder->memory};
    zstd->state = ZSTD_createCCtx_advanced(memory);
    if (!zstd->state)
        return -ENOMEM;
    if (!set_zstd(zstd->state, ZSTD_c_compressionLevel, level))
        return -ENOMEM;
    if (opts->length != HW_LENGTH_UNKNOWN)
        (void)ZSTD_CCtx_setPledgedSrcSize(zstd->state, opts->length);
    else if (level < HW_ENCODER_LEVEL_SMALLEST)
        return set_stream(zstd->state) ? 0 : -ENOMEM;
    return set_zstd(zstd->state, ZSTD_c_windowLog, window) ? 0 : -ENOMEM;
}

static int step_zstd(hw_encoder *encoder, hw_encoder_step step, hw_text *input, hw_buffer *output)
{
    static const ZSTD_EndDirective words[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
    ZSTD_CCtx *state = ((zstd_encoder *)encoder)->state;
    ZSTD_inBuffer in = {input->at, input->length, 0};
    ZSTD_outBuffer out = {output->at, output->capacity, output->length};
    size_t left = ZSTD_compressStream2(state, &out, &in, words[step]);
    if (ZSTD_isError(left))
        return ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation ? -ENOMEM : -EPROTO;
    *input = hw_text_from(*input, in.pos);
    output->length = out.pos;
    return step == HW_ENCODER_FEED ? input->length > 0 : left > 0;
}

static void end_zstd(hw_encoder *encoder)
{
    (void)ZSTD_freeCCtx(((zstd_encoder *)encoder)->state);
}

const hw_encoder_kind hw_encoder_zstd = {
    .bytes = sizeof(zstd_encoder), .begin = begin_zstd, .step = step_zstd, .end = end_zstd};

/* Codes as br (RFC 7932) with Brotli.
 *
 * Brotli's encoder as Debian builds it calls exit when its allocator returns NULL, and an answer must
 * not end a server. So our allocator does not return then: it jumps out of the library, back into
 * the step that called it, and the encoder is never entered again. What it had taken is the
 * workspace's, which frees it; nothing else of it needs an end: it has no locks, files or threads.
 *
 * Rejected: to reserve the most it can need in front. What that is depends on the insides of the
 * library, and is seven times what an answer of some kilobytes takes: its lists of commands and
 * histograms have the lengths of the worst text there is (docs/design/0013). */
#include <brotli/encode.h>

#include <errno.h>
#include <setjmp.h>

#include "exchange/body.h"
#include "kit/encoder.h"

enum {
    BR_LEVEL = 4,
    BR_WINDOW_LOG = 18,
    BR_WINDOW_LOG_LEAST = 16,
    BR_WINDOW_LOG_SMALLEST = 22,
};

typedef struct br_encoder {
    hw_encoder encoder;
    BrotliEncoderState *state; /* NULL: it was left by a jump */
    jmp_buf *way_out;          /* NULL: it can be told that there is no memory */
} br_encoder;

static void *take_for_br(void *arg, size_t bytes)
{
    br_encoder *br = arg;
    void *memory = hw_workspace_take(&br->encoder.memory, bytes);
    if (!memory && br->way_out)
        longjmp(*br->way_out, 1);
    return memory;
}

static void give_from_br(void *arg, void *memory)
{
    br_encoder *br = arg;
    hw_workspace_give(&br->encoder.memory, memory);
}

static uint32_t choose_br_window(uint64_t length, uint32_t level)
{
    uint32_t window = BR_WINDOW_LOG;
    if (level >= HW_ENCODER_LEVEL_SMALLEST)
        window = BR_WINDOW_LOG_SMALLEST;
    while (window > BR_WINDOW_LOG_LEAST && length < UINT64_C(1) << (window - 1))
        window--;
    return window;
}

static int begin_br(hw_encoder *encoder, const hw_encoder_opts *opts)
{
    br_encoder *br = (br_encoder *)encoder;
    uint32_t level = opts->level > 0 ? (uint32_t)opts->level : BR_LEVEL;
    level = level > BROTLI_MAX_QUALITY ? BROTLI_MAX_QUALITY : level;
    br->state = BrotliEncoderCreateInstance(take_for_br, give_from_br, br);
    if (!br->state)
        return -ENOMEM;
    BrotliEncoderSetParameter(br->state, BROTLI_PARAM_QUALITY, level);
    BrotliEncoderSetParameter(br->state, BROTLI_PARAM_LGWIN, choose_br_window(opts->length, level));
    /* A short answer is not told: it would be given larger tables. */
    if (level >= HW_ENCODER_LEVEL_SMALLEST && opts->length <= UINT32_MAX)
        BrotliEncoderSetParameter(br->state, BROTLI_PARAM_SIZE_HINT, (uint32_t)opts->length);
    return 0;
}

static int code_br(br_encoder *br, hw_encoder_step step, hw_text *input, hw_buffer *output)
{
    static const BrotliEncoderOperation words[] = {BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH,
                                                   BROTLI_OPERATION_FINISH};
    const uint8_t *in = (const uint8_t *)input->at;
    uint8_t *out = (uint8_t *)output->at + output->length;
    size_t in_left = input->length, out_left = hw_buffer_room(output);
    if (!BrotliEncoderCompressStream(br->state, words[step], &in_left, &in, &out_left, &out, NULL))
        return -EPROTO;
    *input = hw_text_from(*input, input->length - in_left);
    output->length = output->capacity - out_left;
    if (step == HW_ENCODER_FINISH)
        return !BrotliEncoderIsFinished(br->state);
    return in_left > 0 || BrotliEncoderHasMoreOutput(br->state);
}

/* No variable of its own changes between the two returns of setjmp. */
static int step_br(hw_encoder *encoder, hw_encoder_step step, hw_text *input, hw_buffer *output)
{
    br_encoder *br = (br_encoder *)encoder;
    jmp_buf way_out;
    if (!br->state)
        return -ENOMEM;
    if (setjmp(way_out) != 0) {
        br->way_out = NULL;
        br->state = NULL;
        return -ENOMEM;
    }
    br->way_out = &way_out;
    int result = code_br(br, step, input, output);
    br->way_out = NULL;
    return result;
}

static void end_br(hw_encoder *encoder)
{
    br_encoder *br = (br_encoder *)encoder;
    if (br->state)
        BrotliEncoderDestroyInstance(br->state);
}

const hw_encoder_kind hw_encoder_br = {
    .bytes = sizeof(br_encoder), .begin = begin_br, .step = step_br, .end = end_br};

/* Any bytes as a body that is coded while it is sent: pieces of it, long and short, waits between
 * them, an end or none, pulled in any amounts, with much memory or little. What comes out is decoded:
 * at each wait it is all that was given so far, at the end all of it; it fails only where the body
 * does, or memory does.
 *
 * The input: how it is coded; then for each piece what it is made of and how long it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "kit/coded.h"
#include "kit/encoder.h"
#include "unit/kit/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 2000, BODY_MAX = 512 * 1024, WAITS_CHECKED = 6 };

#ifdef HW_FUZZ_PLANTED
/* Three waits, and more than a hundred bytes. */
static void check_planted(unsigned waits, size_t length)
{
    if (waits == 3 && length > 100)
        abort();
}
#else
static void check_planted(unsigned waits, size_t length)
{
    (void)waits, (void)length;
}
#endif

/* The body that is coded, as the input says; all that it has given is in `given`. */
typedef struct fuzz_body {
    hw_source source;
    hw_cursor script;
    char given[BODY_MAX];
    size_t length;
    bool is_failed;
} fuzz_body;

static char coded_bytes[2 * BODY_MAX], decoded_bytes[BODY_MAX + 1];
static fuzz_body body;

static int next_byte(hw_cursor *script)
{
    int byte = hw_cursor_next(script);
    return byte < 0 ? 0 : byte;
}

/* One letter, letters that repeat, or letters of the input. */
static void make_piece(hw_cursor *script, int kind, char *to, size_t length)
{
    unsigned state = (unsigned)next_byte(script);
    for (size_t i = 0; i < length; i++) {
        if (kind % 4 == 0)
            to[i] = (char)state;
        else if (kind % 4 == 1)
            to[i] = (char)('a' + (i * i + i / 50 + state) % 20);
        else if (kind % 4 == 2)
            to[i] = (char)((state = state * 1103515245 + 12345) >> 16);
        else
            to[i] = (char)next_byte(script);
    }
}

static hw_pull pull_fuzzed(hw_source *source, size_t want, hw_piece *ret_piece)
{
    (void)source;
    *ret_piece = (hw_piece){0};
    int kind = hw_cursor_next(&body.script);
    if (kind < 0 || body.is_failed)
        return body.is_failed ? HW_PULL_FAILED : HW_PULL_END;
    body.is_failed = kind == 0xff;
    if (body.is_failed)
        return HW_PULL_FAILED;
    if (kind & 0x40)
        return HW_PULL_WAIT;
    size_t length = 1 + (size_t)next_byte(&body.script) * (kind & 0x80 ? 190 : 1);
    length = hw_size_min(hw_size_min(length, want), BODY_MAX - body.length);
    if (length == 0)
        return HW_PULL_END;
    make_piece(&body.script, kind, body.given + body.length, length);
    ret_piece->bytes = (hw_text){body.given + body.length, length};
    body.length += length;
    return HW_PULL_BYTES;
}

static void drop_fuzzed(hw_source *source)
{
    (void)source;
}

static const hw_source_ops fuzzed_ops = {.pull = pull_fuzzed, .drop = drop_fuzzed};

/* What was coded so far is what was given so far. */
static void check_decoded(hw_coding coding, const hw_buffer *coded, bool is_whole)
{
    hw_buffer out = HW_BUFFER_OVER(decoded_bytes);
    bool is_ended;
    hw_assert(decode(coding, hw_buffer_text(coded), &out, &is_ended));
    hw_assert(is_ended == is_whole);
    hw_assert(hw_text_equal(hw_buffer_text(&out), (hw_text){body.given, body.length}));
}

static void pull_to_the_end(hw_source *source, hw_coding coding, size_t want, bool has_memory)
{
    hw_buffer coded = HW_BUFFER_OVER(coded_bytes);
    hw_piece piece;
    unsigned waits = 0;
    for (;;) {
        hw_pull pull = hw_source_pull(source, want, &piece);
        if (pull == HW_PULL_BYTES) {
            hw_assert(piece.bytes.length > 0 && piece.bytes.length <= want);
            hw_buffer_put(&coded, piece.bytes);
            continue;
        }
        hw_assert(!coded.overflow);
        if (pull == HW_PULL_END)
            check_decoded(coding, &coded, true);
        if (pull == HW_PULL_FAILED)
            hw_assert(body.is_failed || !has_memory);
        if (pull != HW_PULL_WAIT)
            break;
        if (waits++ < WAITS_CHECKED && coded.length > 0)
            check_decoded(coding, &coded, false);
        check_planted(waits, body.length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static const hw_coding codings[] = {HW_CODING_GZIP, HW_CODING_ZSTD, HW_CODING_BR};
    if (bytes < 3 || bytes > INPUT_MAX)
        return 0;
    hw_coding coding = codings[input[0] % 3];
    if (!(hw_encoder_codings() & HW_CODING_BIT(coding)))
        return 0;
    bool has_memory = input[0] < 200;
    hw_budget budget = {.max = has_memory ? 0 : (size_t)input[1] * 16000 + 9000};
    hw_feeder feeder = {.has_thread = false}; /* so that it waits only when the body does */
    hw_exchange exchange = {0};
    hw_exchange_init(&exchange, 4096, 65536);
    exchange.request.method = HW_METHOD_GET;
    exchange.carrier = &hw_carrier_nobody;
    exchange.response.feeder = &feeder;
    hw_arena_charge(&exchange.arena, &budget);
    body.source = (hw_source){.ops = &fuzzed_ops, .length = HW_LENGTH_UNKNOWN};
    body.script = hw_cursor_of((hw_text){(const char *)input + 3, bytes - 3});
    body.length = 0;
    body.is_failed = false;
    hw_source *source = hw_coded_new(&exchange, &body.source, coding);
    if (source)
        pull_to_the_end(source, coding, 1 + (size_t)input[2] * 200, has_memory);
    hw_assert(source || !has_memory);
    hw_source_drop(source);
    hw_exchange_fini(&exchange);
    hw_assert(hw_budget_used(&budget) == 0);
    return 0;
}

#include "kit/encoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/body.h"
#include "unit/harness.h"
#include "unit/kit/decode.h"

enum { TEXT_BYTES = 300 * 1000, CODED_BYTES = 1024 * 1024 };

/* A text and what became of it: too much for a stack. */
typedef struct coding_bench {
    char text[TEXT_BYTES], coded[CODED_BYTES], decoded[TEXT_BYTES + 1];
    hw_budget budget;
    hw_buffer output;
} coding_bench;

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *state >> 33;
}

/* Of `letters` different ones: 1 is the easiest there is, 256 cannot be made smaller. */
static void fill_text(char *text, size_t length, unsigned letters, uint64_t seed)
{
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(next_random(&seed) % letters);
}

static coding_bench *open_bench(void)
{
    coding_bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->budget.max = 64 * 1024 * 1024;
    bench->output = HW_BUFFER_OVER(bench->coded);
    return bench;
}

/* Whatever has been taken was given back. */
static void close_bench(coding_bench *bench)
{
    size_t used = hw_budget_used(&bench->budget);
    free(bench);
    assert_int_equal(used, 0);
}

static hw_encoder *begin_encoder(coding_bench *bench, hw_coding coding, uint64_t length, int level)
{
    hw_encoder *encoder = NULL;
    hw_encoder_opts opts = {.budget = &bench->budget, .length = length, .level = level};
    int error = hw_encoder_new(coding, &opts, &encoder);
    if (error < 0) {
        close_bench(bench);
        hw_test_need_failed("an encoder", error, __FILE__, __LINE__);
    }
    return encoder;
}

/* In outputs of `room` bytes. */
static void run_step(coding_bench *bench, hw_encoder *encoder, hw_encoder_step step, hw_text input,
                     size_t room)
{
    int more = 1;
    while (more) {
        hw_buffer part = hw_buffer_over(
            bench->output.at + bench->output.length,
            hw_buffer_room(&bench->output) < room ? hw_buffer_room(&bench->output) : room);
        more = hw_encoder_run(encoder, step, &input, &part);
        bench->output.length += part.length;
        if (more < 0) {
            hw_encoder_free(encoder);
            close_bench(bench);
            hw_test_need_failed("a step", more, __FILE__, __LINE__);
        }
        assert_true(!more || part.length > 0);
    }
    assert_int_equal(input.length, 0);
}

static bool expect_decoded(coding_bench *bench, hw_coding coding, size_t length)
{
    hw_buffer decoded = HW_BUFFER_OVER(bench->decoded);
    bool is_ended;
    assert_true(decode(coding, hw_buffer_text(&bench->output), &decoded, &is_ended));
    assert_int_equal(decoded.length, length);
    assert_memory_equal(decoded.at, bench->text, length);
    return is_ended;
}

/* One round: fed in pieces, flushed now and then; what was flushed can be decoded. */
static void round_trip(hw_coding coding, size_t length, unsigned letters, uint64_t seed)
{
    coding_bench *bench = open_bench();
    bool is_known = next_random(&seed) % 2;
    fill_text(bench->text, length, letters, seed);
    hw_encoder *encoder = begin_encoder(bench, coding, is_known ? length : HW_LENGTH_UNKNOWN, 0);
    for (size_t at = 0; at < length;) {
        size_t count = 1 + next_random(&seed) % (length < 5000 ? 100 : 40000);
        count = count < length - at ? count : length - at;
        run_step(bench, encoder, HW_ENCODER_FEED, (hw_text){bench->text + at, count},
                 64 + next_random(&seed) % 20000);
        at += count;
        if (next_random(&seed) % 8 == 0) {
            run_step(bench, encoder, HW_ENCODER_FLUSH, (hw_text){0}, 64 + next_random(&seed) % 300);
            assert_false(expect_decoded(bench, coding, at));
        }
    }
    run_step(bench, encoder, HW_ENCODER_FINISH, (hw_text){0}, 64 + next_random(&seed) % 300);
    assert_true(expect_decoded(bench, coding, length));
    hw_encoder_free(encoder);
    close_bench(bench);
}

static bool is_built(hw_coding coding)
{
    return hw_encoder_codings() & HW_CODING_BIT(coding);
}

HW_TEST(encoder_is_there_for_the_codings_it_says)
{
    hw_encoder *encoder;
    hw_encoder_opts opts = {.length = HW_LENGTH_UNKNOWN};
    assert_int_equal(hw_encoder_codings() & HW_CODING_BIT(HW_CODING_IDENTITY), 0);
    for (hw_coding coding = HW_CODING_IDENTITY; coding <= HW_CODING_NONE; coding++) {
        int error = hw_encoder_new(coding, &opts, &encoder);
        if (error == -ENOMEM)
            hw_test_out_of_memory();
        assert_int_equal(error, is_built(coding) ? 0 : -ENOTSUP);
        if (error == 0)
            hw_encoder_free(encoder);
    }
}

HW_TEST(encoder_says_what_it_was_fed)
{
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++) {
        if (!is_built(coding))
            continue;
        round_trip(coding, 0, 1, 1);
        round_trip(coding, 1, 256, 2);
        round_trip(coding, 3000, 20, 3);
    }
}

HW_LONG_TEST(encoder_says_what_it_was_fed_at_random)
{
    static const unsigned letters[] = {1, 2, 20, 256};
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++)
        for (uint64_t seed = 0; seed < 40 && is_built(coding); seed++)
            round_trip(coding, (size_t)(seed * seed * 187) % TEXT_BYTES, letters[seed % 4], seed);
}

HW_TEST(encoder_makes_text_smaller)
{
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++) {
        if (!is_built(coding))
            continue;
        coding_bench *bench = open_bench();
        memset(bench->text, 'a', 20000);
        hw_encoder *encoder = begin_encoder(bench, coding, 20000, 0);
        run_step(bench, encoder, HW_ENCODER_FINISH, (hw_text){bench->text, 20000}, CODED_BYTES);
        assert_true(bench->output.length < 200);
        assert_true(expect_decoded(bench, coding, 20000));
        hw_encoder_free(encoder);
        close_bench(bench);
    }
}

/* Levels that are about size look further back; past the last level it is the last. */
HW_LONG_TEST(encoder_has_levels)
{
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++) {
        if (!is_built(coding))
            continue;
        size_t lengths[3];
        for (size_t i = 0; i < 3; i++) {
            static const int levels[] = {1, 0, 19};
            coding_bench *bench = open_bench();
            for (size_t at = 0; at < TEXT_BYTES; at++)
                bench->text[at] = (char)('a' + (at * at / 91 + at / 7) % 23);
            hw_encoder *encoder = begin_encoder(bench, coding, TEXT_BYTES, levels[i]);
            run_step(bench, encoder, HW_ENCODER_FINISH, (hw_text){bench->text, TEXT_BYTES},
                     CODED_BYTES);
            assert_true(expect_decoded(bench, coding, TEXT_BYTES));
            lengths[i] = bench->output.length;
            hw_encoder_free(encoder);
            close_bench(bench);
        }
        assert_true(lengths[0] >= lengths[2] && lengths[1] >= lengths[2]);
    }
}

/* The most that one takes while somebody waits, and for a short answer: docs/limits.md. */
enum { ENCODER_BYTES_MAX = 5 * 1024 * 1024, ENCODER_BYTES_LITTLE = 1024 * 1024 };

static void code_within(hw_coding coding, unsigned letters, uint64_t length, size_t memory_max)
{
    coding_bench *bench = open_bench();
    bench->budget.max = memory_max;
    fill_text(bench->text, TEXT_BYTES, letters, 7);
    hw_encoder *encoder = begin_encoder(bench, coding, length, 0);
    uint64_t end = length == HW_LENGTH_UNKNOWN ? UINT64_C(8) * TEXT_BYTES : length;
    for (uint64_t at = 0; at < end; at += 16000) {
        size_t count = end - at < 16000 ? (size_t)(end - at) : 16000;
        bench->output.length = 0;
        run_step(bench, encoder, HW_ENCODER_FEED,
                 (hw_text){bench->text + at % (TEXT_BYTES - 16000), count}, 16384);
    }
    run_step(bench, encoder, HW_ENCODER_FINISH, (hw_text){0}, 16384);
    hw_encoder_free(encoder);
    close_bench(bench);
}

HW_LONG_TEST(encoder_needs_a_bounded_amount_of_memory)
{
    static const unsigned letters[] = {1, 2, 3, 4, 6, 20, 60, 256};
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++)
        for (size_t i = 0; i < 8 && is_built(coding); i++) {
            code_within(coding, letters[i], HW_LENGTH_UNKNOWN, ENCODER_BYTES_MAX);
            code_within(coding, letters[i], 4000, ENCODER_BYTES_LITTLE);
        }
}

/* However little there is: it says -ENOMEM, and gives back what it had. Brotli's own library would
 * end the process. */
HW_LONG_TEST(encoder_without_memory_says_so)
{
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++) {
        unsigned failures = 0;
        for (size_t max = 1000; max < 9 * 1024 * 1024 && is_built(coding); max += max / 5) {
            coding_bench *bench = open_bench();
            bench->budget.max = max;
            fill_text(bench->text, TEXT_BYTES, 30, 1);
            hw_encoder *encoder = NULL;
            hw_encoder_opts opts = {.budget = &bench->budget, .length = HW_LENGTH_UNKNOWN};
            hw_text input = {bench->text, TEXT_BYTES};
            int error = hw_encoder_new(coding, &opts, &encoder);
            if (error == 0)
                error = hw_encoder_run(encoder, HW_ENCODER_FINISH, &input, &bench->output);
            if (error == -ENOMEM && encoder) /* and again, without harm */
                assert_int_equal(hw_encoder_run(encoder, HW_ENCODER_FINISH, &input, &bench->output),
                                 -ENOMEM);
            assert_true(error == 0 || error == -ENOMEM);
            failures += error == -ENOMEM;
            if (error == 0)
                assert_true(expect_decoded(bench, coding, TEXT_BYTES));
            hw_encoder_free(encoder);
            close_bench(bench);
        }
        assert_true(!is_built(coding) || (failures > 5 && failures < 50));
    }
}

HW_TEST(encoder_that_was_told_another_length_fails)
{
    if (!is_built(HW_CODING_ZSTD))
        skip();
    coding_bench *bench = open_bench();
    hw_encoder *encoder = begin_encoder(bench, HW_CODING_ZSTD, 1000, 0);
    hw_text input = {bench->text, 2000};
    int error = hw_encoder_run(encoder, HW_ENCODER_FEED, &input, &bench->output);
    if (error >= 0)
        error = hw_encoder_run(encoder, HW_ENCODER_FINISH, &input, &bench->output);
    hw_encoder_free(encoder);
    close_bench(bench);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -EPROTO);
}

HW_TEST(encoder_is_not_begun_for_what_needs_none)
{
    hw_budget budget = {.max = 1};
    hw_encoder *encoder = NULL;
    hw_encoder_opts opts = {.budget = &budget};
    assert_int_equal(hw_encoder_new(HW_CODING_IDENTITY, &opts, &encoder), -ENOTSUP);
    assert_int_equal(hw_encoder_new(HW_CODING_NONE, &opts, &encoder), -ENOTSUP);
    /* Nor where there is no room for it. */
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++)
        assert_int_equal(hw_encoder_new(coding, &opts, &encoder),
                         is_built(coding) ? -ENOMEM : -ENOTSUP);
    assert_null(encoder);
    assert_int_equal(hw_budget_used(&budget), 0);
    hw_encoder_free(NULL);
}

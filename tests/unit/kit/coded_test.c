#include "kit/coded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/number.h"
#include "kit/encoder.h"
#include "seam/seam.h"
#include "sys/file.h"
#include "unit/kit/decode.h"
#include "unit/server/rig.h"

#define CODED_BYTES ((size_t)1024 * 1024)

/* An exchange with a body that a test scripts, and what has been pulled of it in its coding. */
typedef struct coded_bench {
    hw_exchange exchange;
    hw_budget budget;
    rig_body inner;
    hw_source *source;
    hw_coding coding;
    hw_buffer coded;
    char *decoded;
    unsigned wakes;
} coded_bench;

/* Of the exchange that is its first member. */
static void count_wake(hw_exchange *exchange)
{
    ((coded_bench *)exchange)->wakes++;
}

static const hw_carrier_ops waking_carrier = {.wake = count_wake};

static void open_coded(coded_bench *bench, hw_coding coding)
{
    *bench = (coded_bench){.coding = coding, .budget.max = 16 * CODED_BYTES};
    hw_exchange_init(&bench->exchange, 4096, 512 * 1024);
    hw_arena_charge(&bench->exchange.arena, &bench->budget);
    bench->exchange.carrier = &waking_carrier;
    bench->exchange.request.method = HW_METHOD_GET;
    bench->coded = hw_buffer_over(malloc(CODED_BYTES), CODED_BYTES);
    bench->decoded = malloc(2 * CODED_BYTES);
    assert_true(bench->coded.at && bench->decoded);
}

static void free_coded(coded_bench *bench)
{
    free(bench->coded.at);
    free(bench->decoded);
    hw_exchange_fini(&bench->exchange);
}

/* Everything is given back, and the inner body was dropped once. */
static void close_coded(coded_bench *bench)
{
    hw_source_drop(bench->source);
    free_coded(bench);
    assert_int_equal(bench->inner.drops, 1);
    assert_int_equal(hw_budget_used(&bench->budget), 0);
}

/* The bench is left as it must be, and what went wrong was memory. */
static void give_up_coded(coded_bench *bench)
{
    close_coded(bench);
    hw_test_out_of_memory();
}

static void start_coded(coded_bench *bench, const hw_piece *pieces, size_t count, uint64_t length,
                        hw_pull last)
{
    hw_source *inner = rig_body_init(&bench->inner, pieces, count, length, last);
    bench->source = hw_coded_new(&bench->exchange, inner, bench->coding);
    if (!bench->source) {
        assert_int_equal(bench->inner.drops, 0);
        free_coded(bench);
        assert_int_equal(hw_budget_used(&bench->budget), 0);
    }
    HW_NEED(bench->source);
    assert_int_equal(bench->source->length, HW_LENGTH_UNKNOWN);
    assert_null(bench->source->at);
}

/* Until there are no more bytes; what is there instead. */
static hw_pull pull_all(coded_bench *bench, size_t want, hw_piece *ret_piece)
{
    hw_pull pull;
    while ((pull = hw_source_pull(bench->source, want, ret_piece)) == HW_PULL_BYTES) {
        assert_true(ret_piece->bytes.length > 0 && ret_piece->bytes.length <= want);
        hw_buffer_put(&bench->coded, ret_piece->bytes);
    }
    if (pull == HW_PULL_FAILED && hw_test_is_struck())
        give_up_coded(bench);
    return pull;
}

/* What was pulled so far is this; whether it is at its end. */
static bool expect_text(coded_bench *bench, hw_text text)
{
    bool is_ended;
    hw_buffer out = hw_buffer_over(bench->decoded, 2 * CODED_BYTES);
    assert_false(bench->coded.overflow);
    assert_true(decode(bench->coding, hw_buffer_text(&bench->coded), &out, &is_ended));
    if (!hw_text_equal(hw_buffer_text(&out), text))
        fail_msg("%zu bytes decoded, %zu wanted", out.length, text.length);
    return is_ended;
}

static bool has_coding(hw_coding coding)
{
    return hw_encoder_codings() & HW_CODING_BIT(coding);
}

/* A loop over those of this build; the body has `coding`. */
#define EACH_CODING                                                                                \
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++)                    \
        if (has_coding(coding))

static const hw_piece words[] = {{.bytes = HW_TEXT_INIT("one and ")},
                                 {.bytes = HW_TEXT_INIT("two and ")},
                                 {.bytes = HW_TEXT_INIT("three")}};

HW_TEST(coded_ends_with_the_trailers)
{
    EACH_CODING
    {
        static const hw_field trailer = {HW_TEXT_INIT("X-Sum"), HW_TEXT_INIT("3"), HW_FIELD_OTHER};
        coded_bench bench;
        hw_piece piece;
        open_coded(&bench, coding);
        start_coded(&bench, words, 3, 21, HW_PULL_END);
        bench.inner.trailers = hw_fields_of(&trailer, 1);
        assert_int_equal(pull_all(&bench, 7, &piece), HW_PULL_END);
        assert_true(piece.trailers.at == &trailer && piece.trailers.count == 1);
        assert_true(expect_text(&bench, HW_TEXT("one and two and three")));
        assert_int_equal(pull_all(&bench, 7, &piece), HW_PULL_END);
        close_coded(&bench);
    }
}

/* An event can be read as soon as it was written, and it is flushed once. */
HW_TEST(coded_says_all_it_has_when_there_is_no_more_for_now)
{
    EACH_CODING
    {
        coded_bench bench;
        hw_piece piece;
        open_coded(&bench, coding);
        start_coded(&bench, words, 0, HW_LENGTH_UNKNOWN, HW_PULL_WAIT);
        assert_int_equal(pull_all(&bench, 4096, &piece), HW_PULL_WAIT);
        assert_int_equal(bench.coded.length, 0);
        bench.inner.count = 1;
        assert_int_equal(pull_all(&bench, 4096, &piece), HW_PULL_WAIT);
        assert_false(expect_text(&bench, HW_TEXT("one and ")));
        size_t length = bench.coded.length;
        assert_int_equal(pull_all(&bench, 4096, &piece), HW_PULL_WAIT);
        assert_int_equal(bench.coded.length, length);
        bench.inner.count = 3;
        assert_int_equal(pull_all(&bench, 4096, &piece), HW_PULL_WAIT);
        assert_false(expect_text(&bench, HW_TEXT("one and two and three")));
        bench.inner.last = HW_PULL_END;
        assert_int_equal(pull_all(&bench, 4096, &piece), HW_PULL_END);
        assert_true(expect_text(&bench, HW_TEXT("one and two and three")));
        assert_int_equal(bench.wakes, 0);
        close_coded(&bench);
    }
}

HW_TEST(coded_breaks_off_as_what_is_in_it)
{
    EACH_CODING
    {
        coded_bench bench;
        hw_piece piece;
        open_coded(&bench, coding);
        start_coded(&bench, words, 2, HW_LENGTH_UNKNOWN, HW_PULL_FAILED);
        assert_int_equal(pull_all(&bench, 4096, &piece), HW_PULL_FAILED);
        close_coded(&bench);
    }
}

/* One that gives less than it said has not ended well either. */
HW_TEST(coded_of_too_few_bytes_fails)
{
    if (!has_coding(HW_CODING_ZSTD))
        skip();
    coded_bench bench;
    hw_piece piece;
    open_coded(&bench, HW_CODING_ZSTD);
    start_coded(&bench, words, 2, 21, HW_PULL_END);
    assert_int_equal(pull_all(&bench, 4096, &piece), HW_PULL_FAILED);
    close_coded(&bench);
}

HW_TEST(coded_takes_no_memory_for_head)
{
    coded_bench bench;
    open_coded(&bench, HW_CODING_GZIP);
    bench.exchange.request.method = HW_METHOD_HEAD;
    start_coded(&bench, words, 3, 21, HW_PULL_END);
    assert_true(hw_budget_used(&bench.budget) < 8192);
    close_coded(&bench);
}

HW_TEST(coded_without_memory_leaves_the_body_alone)
{
    EACH_CODING
    {
        coded_bench bench;
        open_coded(&bench, coding);
        HW_NEED(hw_arena_alloc(&bench.exchange.arena, 1));
        bench.budget.max = hw_budget_used(&bench.budget) + 1000;
        hw_source *inner = rig_body_init(&bench.inner, words, 3, 21, HW_PULL_END);
        assert_null(hw_coded_new(&bench.exchange, inner, coding));
        assert_int_equal(bench.inner.drops, 0);
        assert_null(hw_coded_text(&bench.exchange,
                                  HW_TEXT("some text that is repeated, "
                                          "some text that is repeated, "
                                          "some text that is repeated"),
                                  coding)
                        .at);
        bench.source = inner;
        close_coded(&bench);
    }
}

/* Much in large and small pieces, pulled in any amounts. */
static void pull_much(hw_coding coding, unsigned letters, uint64_t seed, bool has_feeder)
{
    enum { MUCH_BYTES = 900 * 1000, PIECES_MAX = 400 };
    static char text[MUCH_BYTES];
    static hw_piece pieces[PIECES_MAX];
    coded_bench bench;
    hw_feeder feeder = {.has_thread = false};
    size_t count = 0, at = 0;
    for (size_t i = 0; i < MUCH_BYTES; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        text[i] = (char)('A' + (seed >> 33) % letters);
    }
    while (at < MUCH_BYTES && count < PIECES_MAX) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        size_t length = hw_size_min((size_t)(1 + (seed >> 33) % 65536), (size_t)MUCH_BYTES - at);
        pieces[count++].bytes = (hw_text){text + at, length};
        at += length;
    }
    open_coded(&bench, coding);
    bench.exchange.response.feeder = has_feeder ? &feeder : NULL;
    start_coded(&bench, pieces, count, at, HW_PULL_END);
    hw_piece piece;
    hw_pull pull;
    unsigned waits = 0;
    while ((pull = pull_all(&bench, 1 + (seed >> 40) % 70000, &piece)) == HW_PULL_WAIT)
        waits++;
    assert_int_equal(pull, HW_PULL_END);
    assert_true(expect_text(&bench, (hw_text){text, at}));
    /* It has given way every 128 KiB, and has itself woken; but for a feeder, whose turn it would be. */
    assert_int_equal(bench.wakes, waits);
    assert_true(has_feeder ? waits == 0 : waits >= 4 && waits <= 7);
    close_coded(&bench);
}

HW_LONG_TEST(coded_of_much_gives_way)
{
    EACH_CODING
    {
        static const unsigned letters[] = {1, 2, 26, 191};
        for (size_t i = 0; i < 4; i++) {
            pull_much(coding, letters[i], i + 1, false);
            pull_much(coding, letters[i], i + 9, true);
        }
    }
}

/* Whatever room a step has left of the output, be it a few bytes: a block of noise and blanks is as
 * long, coded, as the noise is. */
HW_LONG_TEST(coded_goes_on_where_little_room_is_left)
{
    static char text[64 * 1024];
    uint64_t seed = 1;
    EACH_CODING
    {
        for (size_t noise = 48900; noise < 49160; noise += 4) {
            const hw_piece pieces[] = {{.bytes = {text, sizeof text}},
                                       {.bytes = {text, 10}},
                                       {.bytes = {text, 10}},
                                       {.bytes = {text, 10}}};
            coded_bench bench;
            hw_piece piece;
            memset(text, ' ', sizeof text);
            for (size_t i = 0; i < noise; i++) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
                text[i] = (char)(seed >> 56);
            }
            open_coded(&bench, coding);
            start_coded(&bench, pieces, 4, HW_LENGTH_UNKNOWN, HW_PULL_END);
            assert_int_equal(pull_all(&bench, 65536, &piece), HW_PULL_END);
            assert_true(bench.coded.length >= noise);
            close_coded(&bench);
        }
    }
}

HW_TEST(coded_text_is_shorter_or_none)
{
    EACH_CODING
    {
        coded_bench bench;
        char text[1000];
        open_coded(&bench, coding);
        memset(text, 'x', sizeof text);
        hw_text coded = hw_coded_text(&bench.exchange, (hw_text){text, sizeof text}, coding);
        if (!coded.at) {
            free_coded(&bench);
            hw_test_out_of_memory();
        }
        assert_true(coded.length < 100);
        hw_buffer_put(&bench.coded, coded);
        assert_true(expect_text(&bench, (hw_text){text, sizeof text}));
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)(i * i * 31 + i / 3 * 17 + (i * 7 >> 3));
        assert_null(hw_coded_text(&bench.exchange, (hw_text){text, 80}, coding).at);
        assert_null(hw_coded_text(&bench.exchange, (hw_text){text, 1}, coding).at);
        free_coded(&bench);
        assert_int_equal(hw_budget_used(&bench.budget), 0);
    }
}

/* Files. */

enum { FILE_BYTES = 100 * 1000 };

typedef struct coded_file {
    coded_bench bench;
    int fd;
    char text[FILE_BYTES];
    hw_warmth warmth;
    hw_identity identity;
    hw_piece piece;
} coded_file;

static void open_coded_file(coded_file *file)
{
    struct stat seen;
    file->warmth = (hw_warmth){0};
    file->fd = memfd_create("coded", MFD_CLOEXEC);
    for (size_t i = 0; i < FILE_BYTES; i++)
        file->text[i] = (char)('a' + (i / 7 + i * i) % 26);
    assert_int_equal(hw_sys_write(file->fd, file->text, FILE_BYTES), FILE_BYTES);
    assert_int_equal(hw_sys_stat(file->fd, &seen), 0);
    file->identity = hw_identity_of(&seen);
    file->piece =
        (hw_piece){.file = {file->fd, 1000, FILE_BYTES - 1000, &file->warmth, &file->identity}};
    open_coded(&file->bench, HW_CODING_GZIP);
}

static void start_coded_file(coded_file *file)
{
    start_coded(&file->bench, &file->piece, 1, FILE_BYTES - 1000, HW_PULL_END);
}

static void close_coded_file(coded_file *file)
{
    close(file->fd);
    close_coded(&file->bench);
}

static void expect_file(coded_file *file)
{
    assert_true(expect_text(&file->bench, (hw_text){file->text + 1000, FILE_BYTES - 1000}));
}

HW_TEST(coded_reads_a_file_that_is_in_memory)
{
    static coded_file file;
    hw_piece piece;
    if (!has_coding(HW_CODING_GZIP))
        skip();
    open_coded_file(&file);
    start_coded_file(&file);
    unsigned waiting = hw_seam_calls("read_at");
    assert_int_equal(pull_all(&file.bench, 65536, &piece), HW_PULL_END);
    assert_int_equal(hw_seam_calls("read_at"), waiting);
    expect_file(&file);
    close_coded_file(&file);
}

/* Nobody knows of it whether it is in memory, or nobody minds. */
HW_TEST(coded_reads_a_file_without_asking_where_that_is_allowed)
{
    static coded_file file;
    hw_piece piece;
    if (!has_coding(HW_CODING_GZIP))
        skip();
    open_coded_file(&file);
    file.piece.file.warmth = NULL;
    file.piece.file.identity = NULL;
    start_coded_file(&file);
    unsigned asked = hw_seam_calls("read_cached");
    assert_int_equal(pull_all(&file.bench, 65536, &piece), HW_PULL_END);
    assert_int_equal(hw_seam_calls("read_cached"), asked);
    expect_file(&file);
    close_coded_file(&file);
}

/* It says what it wants read, and reads it when it is pulled again: a part at a time. */
static void read_cold(int error)
{
    static coded_file file;
    hw_piece piece;
    uint64_t before = 0;
    unsigned colds = 0;
    open_coded_file(&file);
    start_coded_file(&file);
    hw_seam_fail_from("read_cached", 1, error);
    while (pull_all(&file.bench, 65536, &piece) == HW_PULL_COLD) {
        assert_true(piece.file.fd == file.fd && piece.file.warmth == &file.warmth);
        assert_true(colds == 0 ? piece.file.offset == 1000 : piece.file.offset > before);
        assert_int_equal(piece.file.offset + piece.file.length, FILE_BYTES);
        before = piece.file.offset;
        colds++;
    }
    assert_int_equal(colds, 2);
    expect_file(&file);
    close_coded_file(&file);
}

HW_TEST(coded_asks_for_what_is_not_in_memory)
{
    if (!has_coding(HW_CODING_GZIP))
        skip();
    read_cold(EAGAIN);
    hw_seam_reset();
    read_cold(EOPNOTSUPP);
}

static void expect_file_fails(coded_file *file)
{
    hw_piece piece;
    start_coded_file(file);
    assert_int_equal(pull_all(&file->bench, 65536, &piece), HW_PULL_FAILED);
    close_coded_file(file);
}

HW_TEST(coded_of_a_file_that_is_another_one_by_now_fails)
{
    static coded_file file;
    if (!has_coding(HW_CODING_GZIP))
        skip();
    open_coded_file(&file); /* shorter */
    assert_int_equal(ftruncate(file.fd, 50000), 0);
    expect_file_fails(&file);
    open_coded_file(&file); /* another version */
    file.identity.modified_ns++;
    expect_file_fails(&file);
    open_coded_file(&file); /* nobody knows */
    hw_seam_fail("stat", 1, EIO);
    expect_file_fails(&file);
    hw_seam_reset();
    open_coded_file(&file); /* it cannot be read */
    hw_seam_fail("read_cached", 2, EIO);
    expect_file_fails(&file);
}

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hewn.h"
#include "unit/base/death.h"
#include "unit/harness.h"

typedef struct stream_bench {
    hewn_test *test;
    int calls, error;
    size_t left;
    hewn_later waker;
    bool is_aborted;
} stream_bench;

static stream_bench *stream_state(hewn_request *rq)
{
    return hewn_state(rq);
}

/* NULL: no memory. */
static hewn_app *new_stream_app(stream_bench *bench)
{
    *bench = (stream_bench){0};
    return hewn_new(.state = bench);
}

static void open_stream_bench(stream_bench *bench, hewn_app *app)
{
    bench->test = hewn_test_new(app);
    hewn_app_free(app);
}

static int write_lines(hewn_out *out, void *arg)
{
    int error = 0;
    for (int i = 0; error == 0 && i < 3; i++)
        error = hewn_writef(out, "%s %d\n", (const char *)arg, i);
    return error;
}

static hewn_response *stream_lines(hewn_request *rq)
{
    return hewn_stream(rq, 200, "text/plain", write_lines, hewn_fmt(rq, "line"));
}

HW_LONG_THREAD_TEST(stream_is_written_by_a_thread)
{
    stream_bench bench;
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_get(app, "/", stream_lines);
    open_stream_bench(&bench, app);
    for (int i = 0; i < 2; i++) {
        const hewn_response *rs = hewn_test_send(bench.test, "GET /", NULL, NULL);
        if (hw_test_is_struck())
            continue;
        assert_int_equal(hewn_status(rs), 200);
        assert_string_equal(hewn_response_header(rs, "Content-Type"), "text/plain");
        assert_string_equal(hewn_response_header(rs, "Transfer-Encoding"), "chunked");
        assert_string_equal(hewn_response_body(rs, NULL), "line 0\nline 1\nline 2\n");
    }
    const hewn_response *rs = hewn_test_send(bench.test, "HEAD /", NULL, NULL);
    if (!hw_test_is_struck())
        assert_int_equal(hewn_status(rs), 200);
    hewn_test_free(bench.test);
}

enum { MUCH_BYTES = 300 * 1000 };

/* More than the flow and its buffer hold, in pieces of every size around theirs. */
static int write_much(hewn_out *out, void *arg)
{
    static const size_t sizes[] = {1, 4095, 4096, 4097, 65535, 65536, 65537, 100, 50000};
    char *piece = hewn_alloc(hewn_out_request(out), 70000);
    size_t left = MUCH_BYTES, at = 0;
    (void)arg;
    if (!piece)
        return -ENOMEM;
    for (size_t i = 0; left > 0; i++) {
        size_t size = sizes[i % (sizeof sizes / sizeof *sizes)];
        size = size < left ? size : left;
        for (size_t j = 0; j < size; j++)
            piece[j] = (char)('a' + (at + j) % 23);
        int error = hewn_write(out, piece, size);
        if (error < 0)
            return error;
        at += size;
        left -= size;
    }
    return 0;
}

static hewn_response *stream_much(hewn_request *rq)
{
    return hewn_stream(rq, 200, NULL, write_much, NULL);
}

static bool is_much(const hewn_response *rs)
{
    size_t length;
    const char *body = hewn_response_body(rs, &length);
    bool is_it = length == MUCH_BYTES;
    for (size_t i = 0; is_it && i < length; i++)
        is_it = body[i] == (char)('a' + i % 23);
    return is_it;
}

HW_LONG_THREAD_TEST(stream_waits_for_its_client)
{
    stream_bench bench;
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_get(app, "/", stream_much);
    open_stream_bench(&bench, app);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /", NULL, NULL);
    if (!hw_test_is_struck())
        assert_true(is_much(rs));
    hewn_test_free(bench.test);
}

static int fill_much(hewn_out *out, void *arg)
{
    stream_bench *bench = arg;
    char piece[7000];
    size_t at = MUCH_BYTES - bench->left;
    size_t size = bench->left < sizeof piece ? bench->left : sizeof piece;
    for (size_t i = 0; i < size; i++)
        piece[i] = (char)('a' + (at + i) % 23);
    bench->calls++;
    bench->error = hewn_write(out, piece, size);
    bench->left -= size;
    return bench->left > 0 ? HEWN_MORE : HEWN_DONE;
}

static hewn_response *pull_much(hewn_request *rq)
{
    stream_state(rq)->left = MUCH_BYTES;
    return hewn_pull(rq, 200, "application/x-much", fill_much, stream_state(rq));
}

HW_LONG_TEST(pull_is_asked_piece_by_piece)
{
    stream_bench bench;
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_get(app, "/", pull_much);
    open_stream_bench(&bench, app);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /", NULL, NULL);
    if (!hw_test_is_struck()) {
        assert_true(is_much(rs));
        assert_int_equal(bench.calls, (MUCH_BYTES + 6999) / 7000);
        assert_int_equal(bench.error, 0);
    }
    bench.calls = 0;
    rs = hewn_test_send(bench.test, "HEAD /", NULL, NULL);
    if (!hw_test_is_struck()) {
        assert_int_equal(hewn_status(rs), 200);
        assert_int_equal(bench.calls, 0);
    }
    hewn_test_free(bench.test);
}

static int fill_too_much(hewn_out *out, void *arg)
{
    static const char piece[40000];
    int first = hewn_write(out, piece, sizeof piece);
    (void)arg;
    return first == 0 && hewn_write(out, piece, sizeof piece) == -ENOBUFS ? HEWN_DONE : -EIO;
}

static hewn_response *pull_too_much(hewn_request *rq)
{
    return hewn_pull(rq, 200, NULL, fill_too_much, NULL);
}

HW_LONG_TEST(pull_takes_no_more_than_fits)
{
    stream_bench bench;
    size_t length;
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_get(app, "/", pull_too_much);
    open_stream_bench(&bench, app);
    (void)hewn_response_body(hewn_test_send(bench.test, "GET /", NULL, NULL), &length);
    if (!hw_test_is_struck())
        assert_int_equal(length, 40000);
    hewn_test_free(bench.test);
}

/* It has nothing at first, and is woken twice: by itself, and by the clock. */
static int fill_slowly(hewn_out *out, void *arg)
{
    stream_bench *bench = arg;
    if (bench->calls == 0)
        bench->waker = hewn_waker(out);
    if (++bench->calls < 3) {
        bench->error = hewn_wake(bench->waker);
        return HEWN_WAIT;
    }
    return hewn_sse(out, "tick", NULL, "1") < 0 ? -EIO : HEWN_DONE;
}

static hewn_response *pull_slowly(hewn_request *rq)
{
    return hewn_pull(rq, 200, "text/event-stream", fill_slowly, stream_state(rq));
}

HW_LONG_TEST(pull_that_has_nothing_is_woken)
{
    stream_bench bench;
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_get(app, "/", pull_slowly);
    open_stream_bench(&bench, app);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /", NULL, NULL);
    if (!hw_test_is_struck()) {
        assert_string_equal(hewn_response_body(rs, NULL), "event: tick\ndata: 1\n\n");
        assert_string_equal(hewn_response_header(rs, "Cache-Control"), "no-cache");
        assert_int_equal(bench.calls, 3);
        assert_int_equal(bench.error, 0);
    }
    assert_int_equal(hewn_wake(bench.waker), -ESTALE);
    hewn_test_free(bench.test);
}

static int write_events(hewn_out *out, void *arg)
{
    stream_bench *bench = arg;
    bench->error =
        hewn_sse(out, "a\nb", NULL, "x") == -EINVAL && hewn_sse(out, NULL, "1\r", "x") == -EINVAL;
    int error = hewn_sse(out, NULL, "7", "one\ntwo\r\nthree\rfour\n");
    if (error == 0)
        error = hewn_sse(out, NULL, NULL, "");
    if (error == 0)
        error = hewn_sse(out, NULL, NULL, NULL);
    return error < 0 ? error : hewn_sse(out, "end", NULL, NULL);
}

static hewn_response *stream_events(hewn_request *rq)
{
    return hewn_stream(rq, 200, "text/event-stream; charset=utf-8", write_events, stream_state(rq));
}

HW_LONG_THREAD_TEST(sse_spells_events)
{
    stream_bench bench;
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_get(app, "/", stream_events);
    open_stream_bench(&bench, app);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /", NULL, NULL);
    if (!hw_test_is_struck()) {
        assert_string_equal(hewn_response_body(rs, NULL),
                            "id: 7\ndata: one\ndata: two\ndata: three\ndata: four\ndata: \n\n"
                            "data: \n\n"
                            ":\n\n"
                            "event: end\n\n");
        assert_true(bench.error);
    }
    hewn_test_free(bench.test);
}

static int write_another(hewn_out *out, void *arg)
{
    (void)arg;
    return hewn_status(hewn_text(hewn_out_request(out), 200, "no"));
}

static hewn_response *stream_another(hewn_request *rq)
{
    return hewn_stream(rq, 200, NULL, write_another, NULL);
}

static int fill_nonsense(hewn_out *out, void *arg)
{
    (void)out, (void)arg;
    return 17;
}

static hewn_response *pull_nonsense(hewn_request *rq)
{
    return hewn_pull(rq, 200, NULL, fill_nonsense, NULL);
}

static hewn_response *stream_without_body(hewn_request *rq)
{
    return hewn_stream(rq, 204, NULL, write_another, NULL);
}

static hewn_response *stream_early(hewn_request *rq)
{
    return hewn_stream(rq, 103, NULL, write_another, NULL);
}

static hewn_response *pull_late(hewn_request *rq)
{
    return hewn_pull(rq, 600, NULL, fill_nonsense, NULL);
}

static hewn_response *pull_reset(hewn_request *rq)
{
    return hewn_pull(rq, 205, NULL, fill_nonsense, NULL);
}

static hewn_response *stream_nothing(hewn_request *rq)
{
    return hewn_stream(rq, 200, NULL, NULL, NULL);
}

static hewn_response *pull_nothing(hewn_request *rq)
{
    return hewn_pull(rq, 200, NULL, NULL, NULL);
}

static hewn_response *defer_nothing(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%d", hewn_defer(rq, NULL, NULL));
}

static hewn_response *after_nothing(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%d", hewn_after(rq, NULL));
}

static void ask_stream(void *arg)
{
    stream_bench bench;
    hewn_app *app = new_stream_app(&bench);
    hewn_get(app, "/", (hewn_handler *)arg);
    open_stream_bench(&bench, app);
    (void)hewn_test_send(bench.test, "GET /", NULL, NULL);
}

HW_LONG_TEST(stream_that_is_misused_aborts)
{
    hw_test_expect_death(ask_stream, (void *)stream_another, "is sent already");
    hw_test_expect_death(ask_stream, (void *)stream_without_body, "has a status with a body");
    hw_test_expect_death(ask_stream, (void *)stream_early, "has a status with a body");
    hw_test_expect_death(ask_stream, (void *)pull_late, "has a status with a body");
    hw_test_expect_death(ask_stream, (void *)pull_reset, "has a status with a body");
    hw_test_expect_death(ask_stream, (void *)stream_nothing, "hewn_stream needs a function");
    hw_test_expect_death(ask_stream, (void *)pull_nothing, "hewn_pull needs a function");
    hw_test_expect_death(ask_stream, (void *)defer_nothing, "hewn_defer needs a function");
    hw_test_expect_death(ask_stream, (void *)after_nothing, "hewn_after needs a function");
    hw_test_expect_death(ask_stream, (void *)pull_nonsense, "hewn_test");
}

static hewn_response *read_all_body(hewn_request *rq)
{
    stream_bench *bench = stream_state(rq);
    char piece[1000];
    size_t length = 0;
    ssize_t count;
    unsigned sum = 0;
    while ((count = hewn_read(rq, piece, sizeof piece)) > 0) {
        for (ssize_t i = 0; i < count; i++)
            sum = sum * 31 + (unsigned char)piece[i];
        length += (size_t)count;
    }
    bench->error = (int)count;
    return hewn_textf(rq, 200, "%zu %u", length, sum);
}

static char *make_body(size_t length, char *ret_words, size_t room)
{
    static char body[200001];
    unsigned sum = 0;
    for (size_t i = 0; i < length; i++) {
        body[i] = (char)('a' + i % 26);
        sum = sum * 31 + (unsigned char)body[i];
    }
    body[length] = '\0';
    snprintf(ret_words, room, "%zu %u", length, sum);
    return body;
}

HW_LONG_THREAD_TEST(read_gives_a_body_as_it_comes)
{
    static const char *const paths[] = {"POST /stream", "POST /buffer"};
    stream_bench bench;
    char words[40];
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_post(app, "/stream", read_all_body, .body = HEWN_BODY_STREAM);
    hewn_post(app, "/buffer", read_all_body);
    open_stream_bench(&bench, app);
    for (size_t i = 0; i < 2; i++) {
        const char *body = make_body(200000, words, sizeof words);
        const hewn_response *rs = hewn_test_send(bench.test, paths[i], NULL, body);
        if (!hw_test_is_struck())
            assert_string_equal(hewn_response_body(rs, NULL), words);
        body = make_body(3, words, sizeof words);
        rs = hewn_test_send(bench.test, paths[i], "Expect: 100-continue", body);
        if (!hw_test_is_struck())
            assert_string_equal(hewn_response_body(rs, NULL), words);
        rs = hewn_test_send(bench.test, paths[i], NULL, NULL);
        if (!hw_test_is_struck()) {
            assert_string_equal(hewn_response_body(rs, NULL), "0 0");
            assert_int_equal(bench.error, 0);
        }
    }
    hewn_test_free(bench.test);
}

HW_LONG_THREAD_TEST(read_tells_of_what_is_too_long_or_broken)
{
    stream_bench bench;
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_post(app, "/", read_all_body, .body = HEWN_BODY_STREAM, .body_bytes_max = 10);
    open_stream_bench(&bench, app);
    const hewn_response *rs = hewn_test_send(bench.test, "POST /", NULL, "more than ten bytes");
    if (!hw_test_is_struck())
        assert_int_equal(hewn_status(rs), 413);
    rs = hewn_test_send(bench.test, "POST /", "Transfer-Encoding: chunked",
                        "3\r\nabc\r\nf\r\nmore than ten b\r\n0\r\n\r\n");
    if (!hw_test_is_struck()) {
        assert_int_equal(hewn_status(rs), 413);
        assert_int_equal(bench.error, -EMSGSIZE);
    }
    rs = hewn_test_send(bench.test, "POST /", "Transfer-Encoding: chunked", "3\r\nabc\r\nxyz");
    if (!hw_test_is_struck()) {
        assert_int_equal(hewn_status(rs), 400);
        assert_int_equal(bench.error, -EBADMSG);
    }
    hewn_test_free(bench.test);
}

static hewn_response *read_nothing(hewn_request *rq)
{
    return hewn_text(rq, 200, "no need");
}

HW_LONG_THREAD_TEST(read_may_be_left_undone)
{
    stream_bench bench;
    char words[40];
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_post(app, "/", read_nothing, .body = HEWN_BODY_STREAM);
    open_stream_bench(&bench, app);
    const hewn_response *rs =
        hewn_test_send(bench.test, "POST /", NULL, make_body(200000, words, sizeof words));
    if (!hw_test_is_struck())
        assert_string_equal(hewn_response_body(rs, NULL), "no need");
    hewn_test_free(bench.test);
}

/* What comes is written as it comes. */
static int write_back(hewn_out *out, void *arg)
{
    char piece[5000];
    ssize_t count;
    (void)arg;
    while ((count = hewn_read(hewn_out_request(out), piece, sizeof piece)) > 0) {
        int error = hewn_write(out, piece, (size_t)count);
        if (error < 0)
            return error;
    }
    return (int)count;
}

static hewn_response *stream_back(hewn_request *rq)
{
    return hewn_stream(rq, 200, NULL, write_back, NULL);
}

HW_LONG_THREAD_TEST(stream_may_read_while_it_writes)
{
    stream_bench bench;
    char words[40];
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_post(app, "/", stream_back, .body = HEWN_BODY_STREAM);
    open_stream_bench(&bench, app);
    const char *body = make_body(200000, words, sizeof words);
    const hewn_response *rs = hewn_test_send(bench.test, "POST /", NULL, body);
    if (!hw_test_is_struck())
        assert_string_equal(hewn_response_body(rs, NULL), body);
    hewn_test_free(bench.test);
}

static hewn_response *sleep_a_little(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%d", hewn_sleep(rq, 1));
}

HW_LONG_THREAD_TEST(sleep_takes_its_time)
{
    stream_bench bench;
    hewn_app *app = new_stream_app(&bench);
    HW_NEED(app);
    hewn_get(app, "/", sleep_a_little);
    open_stream_bench(&bench, app);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /", NULL, NULL);
    if (!hw_test_is_struck())
        assert_string_equal(hewn_response_body(rs, NULL), "0");
    hewn_test_free(bench.test);
}

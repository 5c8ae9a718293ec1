/* hewn_mw_compress around a whole server without a socket: bodies of all kinds, with their threads. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hewn.h"
#include "kit/encoder.h"
#include "unit/harness.h"
#include "unit/kit/decode.h"

enum { LINE_BYTES = 41, LINES = 20000, ALL_BYTES = LINE_BYTES * LINES };

/* Each line says which it is. */
static int write_line(hewn_out *out, unsigned number)
{
    return hewn_writef(out, "this is line %06u, as long as any\r\n..\r\n", number);
}

static int write_stream(hewn_out *out, void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < LINES; i++)
        if (write_line(out, i) < 0)
            return -EPIPE;
    return 0;
}

static int write_fill(hewn_out *out, void *arg)
{
    unsigned *next = arg;
    for (unsigned i = 0; i < 700 && *next < LINES; i++, ++*next)
        if (write_line(out, *next) < 0)
            return -ENOBUFS;
    return *next < LINES ? HEWN_MORE : HEWN_DONE;
}

static hewn_response *say_stream(hewn_request *rq)
{
    return hewn_stream(rq, 200, "text/plain", write_stream, NULL);
}

static hewn_response *say_fill(hewn_request *rq)
{
    unsigned *next = hewn_alloc(rq, sizeof *next);
    return next ? hewn_pull(rq, 200, "text/plain", write_fill, next) : hewn_errno(rq, ENOMEM);
}

static void begin_json(hewn_later later, hewn_request *rq, void *arg)
{
    (void)arg;
    hewn_json_writer *writer = hewn_json_begin(rq, '[');
    for (int i = 0; i < 200; i++)
        hewn_json_add(writer, "{'number': %d}", i);
    (void)hewn_later_send(later, hewn_json_send(writer, 200));
}

static hewn_response *promise_json(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_json, NULL);
}

static hewn_test *open_compressed(hewn_app **ret_app)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hewn_use(app, hewn_mw_compress, NULL);
    hewn_get(app, "/stream", say_stream);
    hewn_get(app, "/fill", say_fill);
    hewn_get(app, "/json", promise_json);
    *ret_app = app;
    return hewn_test_new(app);
}

/* The body of an answer, decoded. */
static hw_text take_decoded(hewn_response *rs, hw_coding coding, char *memory)
{
    hw_buffer out = hw_buffer_over(memory, ALL_BYTES + 1);
    hw_text body;
    bool is_ended;
    body.at = hewn_response_body(rs, &body.length);
    assert_int_equal(hewn_status(rs), 200);
    assert_string_equal(hewn_response_header(rs, "Vary"), "Accept-Encoding");
    assert_true(hw_text_equal(hw_text_of(hewn_response_header(rs, "Content-Encoding")),
                              hw_coding_name(coding)));
    assert_true(decode(coding, body, &out, &is_ended) && is_ended);
    return hw_buffer_text(&out);
}

static void expect_lines(hw_text text)
{
    assert_int_equal(text.length, ALL_BYTES);
    for (unsigned i = 0; i < LINES; i++) {
        char number[8];
        snprintf(number, sizeof number, "%06u", i);
        assert_memory_equal(text.at + (size_t)i * LINE_BYTES + sizeof "this is line", number, 6);
    }
}

HW_LONG_THREAD_TEST(compress_codes_streams_of_a_server)
{
    hewn_app *app;
    hewn_test *test = open_compressed(&app);
    char *memory = malloc(ALL_BYTES + 1);
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++) {
        char accept[40];
        if (!(hw_encoder_codings() & HW_CODING_BIT(coding)))
            continue;
        snprintf(accept, sizeof accept, "Accept-Encoding: %s", hw_coding_name(coding).at);
        expect_lines(
            take_decoded(hewn_test_send(test, "GET /stream", accept, NULL), coding, memory));
        expect_lines(take_decoded(hewn_test_send(test, "GET /fill", accept, NULL), coding, memory));
        hw_text json =
            take_decoded(hewn_test_send(test, "GET /json", accept, NULL), coding, memory);
        assert_true(hw_text_has_prefix(json, HW_TEXT("[{\"number\":0},")));
        assert_int_equal(hewn_status(hewn_test_send(test, "HEAD /stream", accept, NULL)), 200);
    }
    free(memory);
    hewn_test_free(test);
    hewn_app_free(app);
}

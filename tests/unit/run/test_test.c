#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/json.h"
#include "hewn.h"
#include "hewn/server.h"
#include "seam/seam.h"
#include "unit/base/death.h"
#include "unit/harness.h"

static hewn_response *greet(hewn_request *rq)
{
    return hewn_textf(rq, 200, "Hello, %s!", hewn_or(hewn_query(rq, "name"), "world"));
}

static hewn_response *echo(hewn_request *rq)
{
    size_t length;
    const void *body = hewn_body(rq, &length);
    hewn_response *rs = hewn_bytes(rq, 201, hewn_header(rq, "Content-Type"), body, length);
    hewn_set(rs, "X-Host", hewn_or(hewn_header(rq, "Host"), "-"));
    return rs;
}

static hewn_response *say_cookies(hewn_request *rq)
{
    return hewn_text(rq, 200, hewn_or(hewn_header(rq, "Cookie"), "none"));
}

static hewn_response *set_cookies(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 204);
    hewn_add(rs, "Set-Cookie", "a=1; Path=/; HttpOnly");
    hewn_add(rs, "Set-Cookie", "b=2; Path=/deep");
    return rs;
}

static hewn_response *set_more_cookies(hewn_request *rq)
{
    hewn_response *rs = hewn_text(rq, 200, "");
    hewn_add(rs, "Set-Cookie", "a=1; Path=/deep; Max-Age=10");
    hewn_add(rs, "Set-Cookie", "a=2; Path=relative; Max-Age=5; Secure");
    hewn_add(rs, "Set-Cookie", "c=3; Path=/deep/; SameSite=Lax");
    hewn_add(rs, "Set-Cookie", "d=; Max-Age=-1");
    return rs;
}

static hewn_response *drop_cookie_a(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 204);
    hewn_add(rs, "Set-Cookie", "a=; Path=/; Max-Age=0");
    return rs;
}

static hewn_response *say_much(hewn_request *rq)
{
    enum { BYTES = 1 << 20 };
    char *much = hewn_alloc(rq, BYTES);
    if (much)
        memset(much, 'x', BYTES);
    return hewn_bytes(rq, 200, "text/plain", much ? much : "", much ? BYTES : 0);
}

static hewn_response *wait_aside(hewn_request *rq)
{
    return hewn_text(rq, 200, "aside");
}

/* A body whose length nobody knows beforehand goes out in chunks. */
typedef struct drip {
    hw_source source;
    int left;
} drip;

static hw_pull pull_drip(hw_source *source, size_t want, hw_piece *ret_piece)
{
    drip *drop = (drip *)source;
    (void)want;
    *ret_piece = (hw_piece){.bytes = HW_TEXT("drip ")};
    return drop->left-- > 0 ? HW_PULL_BYTES : HW_PULL_END;
}

static void drop_drip(hw_source *source)
{
    (void)source;
}

static const hw_source_ops drip_ops = {.pull = pull_drip, .drop = drop_drip};

static hw_body_plan plan_drips(void *arg, hw_exchange *exchange)
{
    (void)arg, (void)exchange;
    return (hw_body_plan){HW_PLAN_NONE, 0};
}

static void answer_with_drips(void *arg, hw_exchange *exchange)
{
    (void)arg;
    drip *source = hw_arena_alloc(&exchange->arena, sizeof *source);
    if (source)
        *source = (drip){{.ops = &drip_ops, .length = HW_LENGTH_UNKNOWN},
                         hw_text_equal(exchange->request.below.text, HW_TEXT("/many")) ? 40000 : 2};
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, source ? &source->source : NULL);
}

static hewn_response *forget_response(hewn_request *rq)
{
    (void)rq;
    return NULL;
}

static hewn_response *say_json(hewn_request *rq)
{
    return hewn_jsonf(rq, 200, "{'id': %lld, 'tags': ['a', %s]}", 7LL, hewn_query(rq, "tag"));
}

static hewn_response *say_what_is_no_json(hewn_request *rq)
{
    return hewn_bytes(rq, 200, hewn_query(rq, "type"), "{\"id\": 1", 8);
}

static void do_nothing(void *arg)
{
    (void)arg;
}

static hewn_response *begin_timer(hewn_request *rq)
{
    hewn_timer *timer = hewn_every(hewn_app_of(rq), 3600000, do_nothing, NULL);
    if (hewn_query(rq, "stop"))
        hewn_timer_stop(timer);
    return hewn_empty(rq, timer ? 204 : 500);
}

static hewn_app *new_tested(void)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hewn_get(app, "/", greet);
    hewn_post(app, "/echo", echo);
    hewn_get(app, "/cookies", say_cookies);
    hewn_get(app, "/deep/cookies", say_cookies);
    hewn_get(app, "/set", set_cookies);
    hewn_get(app, "/drop", drop_cookie_a);
    hewn_get(app, "/more", set_more_cookies);
    hewn_get(app, "/deep", say_cookies);
    hewn_get(app, "/deeper", say_cookies);
    hewn_get(app, "/much", say_much);
    hewn_get(app, "/aside", wait_aside, .blocking = true);
    hewn_get(app, "/forget", forget_response);
    hewn_get(app, "/json", say_json);
    hewn_get(app, "/no-json", say_what_is_no_json);
    hewn_get(app, "/timer", begin_timer);
    return app;
}

static int ask_test(hewn_test *test, const char *line)
{
    return hewn_status(hewn_test_send(test, line, NULL, NULL));
}

static void expect_answer_body(hewn_test *test, const char *line, const char *body)
{
    size_t length;
    hewn_response *rs = hewn_test_send(test, line, NULL, NULL);
    assert_int_equal(hewn_status(rs), 200);
    assert_string_equal(hewn_response_body(rs, &length), body);
    assert_int_equal(length, strlen(body));
}

/* Without memory everything here ends the program with words, so nothing is swept. */
HW_LONG_TEST(test_asks_an_app_without_a_socket)
{
    hewn_app *app = new_tested();
    hewn_test *test = hewn_test_new(app);
    hewn_app_free(app);
    expect_answer_body(test, "GET /", "Hello, world!");
    expect_answer_body(test, "GET /?name=J%C3%BCrgen", "Hello, J\xc3\xbcrgen!");
    assert_int_equal(ask_test(test, "GET /nobody"), 404);
    assert_int_equal(ask_test(test, "PUT /"), 405);
    assert_string_equal(
        hewn_response_header(hewn_test_send(test, "OPTIONS /", NULL, NULL), "allow"),
        "GET, HEAD, OPTIONS");
    hewn_response *rs = hewn_test_send(test, "HEAD /", NULL, NULL);
    assert_int_equal(hewn_status(rs), 200);
    assert_string_equal(hewn_response_header(rs, "Content-Length"), "13");
    assert_string_equal(hewn_response_body(rs, NULL), "");
    assert_null(hewn_response_header(rs, "X-Absent"));
    assert_int_equal(ask_test(test, "GET /%zz"), 400);
    hewn_test_free(test);
}

HW_LONG_TEST(test_sends_fields_and_a_body)
{
    hewn_app *app = new_tested();
    hewn_test *test = hewn_test_new(app);
    hewn_app_free(app);
    hewn_response *rs =
        hewn_test_send(test, "POST /echo", "Content-Type: text/x\r\nHost: example.org\n", "a body");
    assert_int_equal(hewn_status(rs), 201);
    assert_string_equal(hewn_response_body(rs, NULL), "a body");
    assert_string_equal(hewn_response_header(rs, "content-type"), "text/x");
    assert_string_equal(hewn_response_header(rs, "X-Host"), "example.org");
    rs = hewn_test_send(test, "POST /echo", "Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n");
    assert_string_equal(hewn_response_body(rs, NULL), "abc");
    assert_string_equal(hewn_response_header(rs, "X-Host"), "localhost");
    assert_int_equal(hewn_status(hewn_test_send(test, "POST /echo", NULL, "")), 201);
    rs = hewn_test_send(test, "POST /echo", "Content-Length: 2\r\n\r\nX-A: b\r\n", "ab");
    assert_string_equal(hewn_response_body(rs, NULL), "ab");
    rs = hewn_test_send(test, "POST /echo", "Expect: 100-continue\nContent-Length: 2\n", "ab");
    assert_string_equal(hewn_response_body(rs, NULL), "ab");
    hewn_test_free(test);
}

HW_LONG_TEST(test_keeps_cookies)
{
    hewn_app *app = new_tested();
    hewn_test *test = hewn_test_new(app);
    hewn_app_free(app);
    expect_answer_body(test, "GET /cookies", "none");
    assert_int_equal(ask_test(test, "GET /set"), 204);
    expect_answer_body(test, "GET /cookies", "a=1");
    expect_answer_body(test, "GET /deep/cookies?x", "b=2; a=1");
    assert_int_equal(ask_test(test, "GET /set"), 204);
    expect_answer_body(test, "GET /cookies", "a=1");
    assert_int_equal(ask_test(test, "GET /drop"), 204);
    expect_answer_body(test, "GET /cookies", "none");
    expect_answer_body(test, "GET /more", "");
    expect_answer_body(test, "GET /cookies", "a=2");
    expect_answer_body(test, "GET /deep", "a=2; a=1; b=2");
    expect_answer_body(test, "GET /deeper", "a=2");
    expect_answer_body(test, "GET /deep/cookies", "c=3; a=2; a=1; b=2");
    hewn_test_free(test);
}

HW_LONG_TEST(test_takes_long_answers_and_those_of_other_threads)
{
    hewn_app *app = new_tested();
    hewn_test *test = hewn_test_new(app);
    size_t length;
    hewn_response *rs = hewn_test_send(test, "GET /much", NULL, NULL);
    (void)hewn_response_body(rs, &length);
    assert_int_equal(length, 1 << 20);
    for (int i = 0; i < 20; i++)
        expect_answer_body(test, "GET /aside", "aside");
    hewn_test_free(test);
    /* The same app once more. */
    test = hewn_test_new(app);
    expect_answer_body(test, "GET /", "Hello, world!");
    hewn_test_free(test);
    hewn_app_free(app);
    hewn_test_free(NULL);
}

static void ask_forgetful(void *arg)
{
    hewn_test *test = hewn_test_new(arg);
    (void)hewn_test_send(test, "GET /forget", NULL, NULL);
}

static void test_nothing(void *arg)
{
    (void)hewn_test_new(arg);
}

/* Not where the library was built without Jansson. */
static bool reads_json(void)
{
    hw_arena arena;
    hw_body_problem problem = {0};
    hw_arena_init(&arena, 64, 4096);
    (void)hw_json_read(&arena, HW_TEXT("1"), &problem);
    hw_arena_fini(&arena);
    return problem.status != 501;
}

HW_LONG_TEST(test_reads_answers_in_json)
{
    if (!reads_json())
        skip();
    hewn_app *app = new_tested();
    hewn_test *test = hewn_test_new(app);
    hewn_app_free(app);
    assert_null(hewn_test_json(test)); /* nothing was asked yet */
    assert_int_equal(ask_test(test, "GET /json?tag=%C3%A9"), 200);
    const hewn_json *json = hewn_test_json(test);
    assert_ptr_equal(hewn_test_json(test), json);
    hewn_int id = 0;
    assert_true(hewn_json_int(json, "id", &id));
    assert_int_equal(id, 7);
    assert_string_equal(hewn_json_str(json, "tags[1]"), "\xc3\xa9");
    assert_int_equal(ask_test(test, "GET /json"), 200);
    assert_null(hewn_json_str(hewn_test_json(test), "tags[1]"));
    assert_string_equal(hewn_json_str(hewn_test_json(test), "tags[0]"), "a");
    (void)hewn_test_send(test, "GET /absent", "Accept: application/problem+json", NULL);
    assert_true(hewn_json_int(hewn_test_json(test), "status", &id));
    assert_int_equal(id, 404);
    assert_int_equal(ask_test(test, "GET /no-json?type=application/json"), 200);
    assert_null(hewn_test_json(test));
    assert_int_equal(ask_test(test, "GET /no-json?type=text/json"), 200);
    assert_null(hewn_test_json(test));
    hewn_test_free(test);
}

static void leave_a_timer(void *arg)
{
    hewn_test *test = hewn_test_new(arg);
    (void)hewn_test_send(test, "GET /inner/timer", NULL, NULL);
    hewn_test_free(test);
}

HW_LONG_TEST(test_finds_timers_that_were_left)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hewn_mount(app, "/inner", new_tested());
    assert_non_null(hewn_every(app, 3600000, do_nothing, NULL)); /* the app's own: it may stay */
    hewn_test *test = hewn_test_new(app);
    assert_int_equal(ask_test(test, "GET /inner/timer?stop=1"), 204);
    hewn_test_free(test);
    hewn_app_free(app);
    app = hewn_new();
    HW_NEED(app);
    hewn_mount(app, "/inner", new_tested());
    hw_test_expect_death(leave_a_timer, app, "a timer was not stopped");
    hewn_app_free(app);
}

HW_LONG_TEST(test_puts_chunks_together)
{
    const hw_answerer drips = {.plan = plan_drips, .answer = answer_with_drips};
    hewn_app *app = new_tested();
    HW_NEED_OK(hw_app_mount(app, "/drips", &drips, NULL));
    hewn_test *test = hewn_test_new(app);
    hewn_app_free(app);
    size_t length;
    expect_answer_body(test, "GET /drips/", "drip drip ");
    hewn_response *rs = hewn_test_send(test, "GET /drips/many", NULL, NULL);
    (void)hewn_response_body(rs, &length);
    assert_int_equal(length, 5 * 40000);
    hewn_test_free(test);
}

HW_LONG_TEST(test_aborts_on_misuse_and_without_an_app)
{
    hewn_app *app = new_tested();
    hw_test_expect_death(ask_forgetful, app, "the handler returned no response");
    hw_test_expect_death(test_nothing, NULL, "out of memory");
    hewn_app_free(app);
    app = hewn_new();
    HW_NEED(app);
    hewn_static(app, "/", "/nonexistent/folder");
    hw_test_expect_death(test_nothing, app, "/nonexistent/folder");
    hewn_app_free(app);
}

/* Inside a loop of somebody else's, here poll(2). */
HW_LONG_TEST(test_server_runs_inside_another_loop)
{
    hewn_app *app = new_tested();
    hewn_server *server;
    const hewn_listen at = {.address = "127.0.0.1:0"};
    hewn_server_opts opts = {
        .size = sizeof opts, .listen = &at, .n_listen = 1, .log = "off", .loops = 2};
    assert_int_equal(hewn_server_new(app, &opts, NULL, &server), 0);
    assert_int_equal(hewn_server_fd(server), -EINVAL);
    hewn_server_free(server);
    opts.loops = 1;
    assert_int_equal(hewn_server_new(app, &opts, NULL, &server), 0);
    hewn_app_free(app);
    int fd = hewn_server_fd(server);
    assert_true(fd >= 0);
    assert_int_equal(hewn_server_fd(server), fd);
    assert_int_equal(hewn_server_poll(server, 0), 0);
    assert_int_equal(hewn_server_poll(server, 1), 0);
    hewn_server_stop(server);
    assert_int_equal(hewn_server_wait(server), 0);
    hewn_server_free(server);
}

/* Without memory a test cannot go on: it ends, and says for what; or the server has answered that, and
 * the next requests are served. */
static void ask_short_of_memory(void *arg)
{
    const uint64_t *nth = arg;
    hewn_app *app = new_tested();
    hewn_test *test = hewn_test_new(app);
    hw_seam_fail_allocation(*nth);
    (void)hewn_test_send(test, "GET /more", "X: y", NULL);
    (void)hewn_test_send(test, "GET /json?tag=a", NULL, NULL);
    (void)hewn_test_json(test);
    hw_seam_fail_allocation(0);
    assert_int_equal(ask_test(test, "GET /"), 200);
    hewn_test_free(test);
    fputs("hewn_test: it goes on\n", stderr);
    abort();
}

HW_LONG_TEST(test_that_has_no_memory_ends_with_words)
{
    for (uint64_t nth = 1; nth <= 30; nth++)
        hw_test_expect_death(ask_short_of_memory, &nth, "hewn_test: ");
}

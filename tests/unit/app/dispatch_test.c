#include "app/dispatch.h"

#include <string.h>

#include "unit/app/asker.h"
#include "unit/base/death.h"

static hewn_response *say_method(hewn_request *rq)
{
    return hewn_text(rq, 200, hewn_method(rq));
}

static hewn_response *say_nothing(hewn_request *rq)
{
    (void)rq;
    return NULL;
}

static hewn_response *say_broken(hewn_request *rq)
{
    hewn_response *rs = hewn_text(rq, 200, "x");
    hewn_set(rs, "X-Split", "a\r\nSet-Cookie: b");
    return rs;
}

static hewn_response *echo_body(hewn_request *rq)
{
    size_t length;
    const void *body = hewn_body(rq, &length);
    return hewn_bytes(rq, 200, NULL, body, length);
}

static void open_methods(app_asker *asker)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/get", say_method);
    hewn_post(app, "/both", say_method);
    hewn_get(app, "/both", say_method);
    hewn_put(app, "/put", say_method);
    hewn_any(app, "/any", say_method);
    asker_open(asker, app);
}

HW_TEST(dispatch_finds_the_handler_of_path_and_method)
{
    app_asker asker;
    open_methods(&asker);
    assert_int_equal(ask(&asker, "GET", "/get?a=b"), 200);
    assert_string_equal(asker.body, "GET");
    assert_false(asker.was_quick);
    assert_int_equal(ask(&asker, "POST", "/both"), 200);
    assert_string_equal(asker.body, "POST");
    assert_int_equal(ask(&asker, "GET", "/%67et"), 200);
    assert_int_equal(ask(&asker, "GET", "/x/../get"), 200);
    assert_int_equal(ask(&asker, "GET", "http://example.org/get"), 200);
    asker_close(&asker);
}

HW_TEST(dispatch_answers_head_by_get)
{
    app_asker asker;
    open_methods(&asker);
    assert_int_equal(ask(&asker, "HEAD", "/get"), 200);
    assert_string_equal(asker.body, "HEAD");
    assert_int_equal(ask(&asker, "HEAD", "/put"), 405);
    asker_close(&asker);
}

HW_TEST(dispatch_says_404_at_once)
{
    app_asker asker;
    open_methods(&asker);
    assert_int_equal(ask(&asker, "GET", "/"), 404);
    assert_true(asker.was_quick);
    assert_string_equal(asker.body, "{\"title\":\"Not Found\",\"status\":404}\n");
    assert_int_equal(ask(&asker, "GET", "/get/"), 404);
    assert_int_equal(ask(&asker, "OPTIONS", "/nope"), 404);
    asker_close(&asker);
}

HW_TEST(dispatch_says_405_with_allow)
{
    app_asker asker;
    open_methods(&asker);
    assert_int_equal(ask(&asker, "DELETE", "/get"), 405);
    assert_string_equal(answer_field(&asker, "Allow"), "GET, HEAD, OPTIONS");
    assert_int_equal(ask(&asker, "PUT", "/both"), 405);
    assert_string_equal(answer_field(&asker, "Allow"), "GET, HEAD, POST, OPTIONS");
    assert_int_equal(ask(&asker, "GET", "/put"), 405);
    assert_string_equal(answer_field(&asker, "Allow"), "PUT, OPTIONS");
    assert_int_equal(asker.exchange.plan.kind, HW_PLAN_NONE);
    asker_close(&asker);
}

HW_TEST(dispatch_answers_options)
{
    app_asker asker;
    open_methods(&asker);
    assert_int_equal(ask(&asker, "OPTIONS", "/get"), 204);
    assert_string_equal(answer_field(&asker, "Allow"), "GET, HEAD, OPTIONS");
    assert_null(asker.exchange.response.body);
    assert_int_equal(ask(&asker, "OPTIONS", "*"), 204);
    assert_string_equal(answer_field(&asker, "Allow"),
                        "PATCH, DELETE, PUT, POST, GET, HEAD, OPTIONS");
    asker_close(&asker);
}

HW_TEST(dispatch_any_takes_what_has_no_route_of_its_own)
{
    app_asker asker;
    open_methods(&asker);
    static const char *const methods[] = {"GET", "HEAD", "POST", "OPTIONS", "PURGE"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        assert_int_equal(ask(&asker, methods[i], "/any"), 200);
        assert_string_equal(asker.body, methods[i]);
    }
    asker_close(&asker);
}

HW_TEST(dispatch_does_not_implement_what_it_does_not_know)
{
    app_asker asker;
    open_methods(&asker);
    assert_int_equal(ask(&asker, "FROB", "/get"), 501);
    assert_int_equal(ask(&asker, "get", "/get"), 501);
    assert_int_equal(ask(&asker, "FROB", "/nope"), 501);
    assert_int_equal(ask(&asker, "TRACE", "/any"), 501);
    assert_int_equal(ask(&asker, "CONNECT", "example.org:80"), 501);
    asker_close(&asker);
}

HW_TEST(dispatch_gives_a_handler_its_body_within_limits)
{
    app_asker asker;
    hewn_app *app = hewn_new(.body_bytes_max = 4);
    HW_NEED(app);
    asker_split(app);
    hewn_post(app, "/small", echo_body);
    hewn_post(app, "/large", echo_body, .body_bytes_max = 100);
    hewn_post(app, "/none", echo_body, .body_bytes_max = HEWN_NONE);
    asker_open(&asker, app);
    assert_int_equal(ask_with(&asker, "POST", "/small", (hw_fields){0}, "1234"), 200);
    assert_string_equal(asker.body, "1234");
    assert_int_equal(ask_with(&asker, "POST", "/small", (hw_fields){0}, "12345"), 413);
    assert_int_equal(ask_with(&asker, "POST", "/large", (hw_fields){0}, "12345"), 200);
    assert_int_equal(ask_with(&asker, "POST", "/none", (hw_fields){0}, "1"), 413);
    assert_int_equal(ask(&asker, "POST", "/none"), 200);
    assert_string_equal(asker.body, "");
    asker_close(&asker);
}

HW_TEST(dispatch_survives_a_handler_without_a_response)
{
    app_asker asker;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/bad", say_nothing);
    hewn_get(app, "/broken", say_broken);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/bad"), 500);
    assert_string_equal(asker.body, "{\"title\":\"Internal Server Error\",\"status\":500}\n");
    assert_int_equal(asker.faults, 1);
    assert_string_equal(asker.fault.where, "/bad");
    assert_non_null(strstr(asker.fault.what, "the handler returned no response"));
    assert_non_null(strstr(asker.fault.what, "dispatch_test.c:"));
    assert_int_equal(ask(&asker, "GET", "/broken"), 500);
    assert_null(answer_field(&asker, "Set-Cookie"));
    assert_null(answer_field(&asker, "X-Split"));
    assert_true(asker.faults > 1);
    asker_close(&asker);
}

static void ask_strictly(void *arg)
{
    app_asker *asker = arg;
    hw_app_seal(asker->app, true);
    (void)ask(asker, "GET", "/bad");
}

HW_TEST(dispatch_ends_the_program_on_misuse_in_development)
{
    app_asker asker;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/bad", say_nothing);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/nope"), 404); /* from here on the arena has its memory */
    hw_test_expect_death(ask_strictly, &asker, "route \"/bad\": the handler returned no response");
    asker_close(&asker);
}

HW_TEST(dispatch_tells_its_step_once)
{
    app_asker asker;
    open_methods(&asker);
    assert_int_equal(ask(&asker, "GET", "/get"), 200);
    assert_int_equal(asker.steps, 1);
    asker_close(&asker);
}

/* An answerer to mount: says what it sees below its mount. */
static hw_body_plan plan_below(void *arg, hw_exchange *exchange)
{
    (void)arg, (void)exchange;
    return (hw_body_plan){HW_PLAN_NONE, 0};
}

static void answer_below(void *arg, hw_exchange *exchange)
{
    hw_text below = exchange->request.below.text;
    assert_int_equal(below.at[below.length], 0);
    hw_response_start(&exchange->response, 200);
    hw_response_add_name(&exchange->response, HW_TEXT("X-Mount"), hw_text_of(arg));
    hw_response_set_bytes(&exchange->response, below);
}

static void open_mounts(app_asker *asker)
{
    static const char *const prefixes[] = {"/", "/docs", "/a b"};
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/docs/own", say_method);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        hw_answerer answerer = {
            .plan = plan_below, .answer = answer_below, .arg = (void *)prefixes[i]};
        (void)hw_app_mount(app, prefixes[i], &answerer, NULL);
    }
    asker_open(asker, app);
}

HW_TEST(dispatch_hands_a_subtree_to_what_is_mounted)
{
    static const char *const cases[][3] = {
        {"/", "/", "/"},
        {"/x?q", "/", "/x"},
        {"/docsy", "/", "/docsy"},
        {"/docs/", "/docs", "/"},
        {"/docs/a/b/", "/docs", "/a/b/"},
        {"/a%20b/c", "/a b", "/c"},
    };
    app_asker asker;
    open_mounts(&asker);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(ask(&asker, "GET", cases[i][0]), 200);
        assert_string_equal(answer_field(&asker, "X-Mount"), cases[i][1]);
        assert_string_equal(asker.body, cases[i][2]);
    }
    assert_int_equal(ask(&asker, "OPTIONS", "/docs/x"), 200);
    assert_string_equal(asker.body, "/x");
    assert_int_equal(ask(&asker, "FROB", "/docs/x"), 200);
    assert_int_equal(ask(&asker, "TRACE", "/docs/x"), 501);
    assert_int_equal(ask(&asker, "GET", "/docs/own"), 200);
    assert_string_equal(asker.body, "GET");
    asker_close(&asker);
}

HW_TEST(dispatch_redirects_a_prefix_to_its_slash)
{
    app_asker asker;
    open_mounts(&asker);
    assert_int_equal(ask(&asker, "GET", "/docs"), 308);
    assert_true(asker.was_quick);
    assert_string_equal(answer_field(&asker, "Location"), "/docs/");
    assert_int_equal(ask(&asker, "GET", "/docs?a=%20&b"), 308);
    assert_string_equal(answer_field(&asker, "Location"), "/docs/?a=%20&b");
    assert_int_equal(ask(&asker, "POST", "/docs?"), 308);
    assert_string_equal(answer_field(&asker, "Location"), "/docs/?");
    assert_int_equal(ask(&asker, "GET", "http://evil.example/a%20b"), 308);
    assert_string_equal(answer_field(&asker, "Location"), "/a%20b/");
    asker_close(&asker);
}

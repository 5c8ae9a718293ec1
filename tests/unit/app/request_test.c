#include <stdalign.h>
#include <string.h>

#include "unit/app/asker.h"

/* Answers with what was asked, so that the tests can look at it. */
static hewn_response *say_path(hewn_request *rq)
{
    return hewn_text(rq, 200, hewn_path(rq));
}

static hewn_response *say_query(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%s|%s|%s", hewn_or(hewn_query(rq, "a"), "(none)"),
                      hewn_or(hewn_query(rq, "b c"), "(none)"),
                      hewn_or(hewn_query(rq, ""), "(none)"));
}

static hewn_response *say_header(hewn_request *rq)
{
    return hewn_text(rq, 200, hewn_or(hewn_header(rq, "x-name"), "(none)"));
}

static hewn_response *say_own(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%s %s", (const char *)hewn_state(rq), (const char *)hewn_arg(rq));
}

static hewn_response *say_body(hewn_request *rq)
{
    size_t length = 99;
    const char *body = hewn_body(rq, &length);
    assert_ptr_equal(body, hewn_body(rq, NULL));
    assert_int_equal(body[length], 0);
    return hewn_textf(rq, 200, "%zu %s", length, body);
}

static hewn_response *use_arena(hewn_request *rq)
{
    char *zeroed = hewn_alloc(rq, 100), *copy = hewn_dup(rq, "copy");
    char *words = hewn_fmt(rq, "%s %d", "words", 7);
    if (!zeroed || !copy || !words)
        return hewn_empty(rq, 503);
    assert_int_equal((uintptr_t)zeroed % alignof(max_align_t), 0);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(zeroed[i], 0);
    return hewn_textf(rq, 200, "%s %s", copy, words);
}

static void open_requests(app_asker *asker)
{
    static char state[] = "state", arg[] = "arg";
    hewn_app *app = hewn_new(.state = state);
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/a b", say_path);
    hewn_get(app, "/query", say_query);
    hewn_get(app, "/header", say_header);
    hewn_get(app, "/own", say_own, .arg = arg);
    hewn_post(app, "/body", say_body);
    hewn_get(app, "/arena", use_arena);
    asker_open(asker, app);
}

HW_TEST(request_path_is_decoded)
{
    app_asker asker;
    open_requests(&asker);
    assert_int_equal(ask(&asker, "GET", "/x/../%61%20b?q"), 200);
    assert_string_equal(asker.body, "/a b");
    asker_close(&asker);
}

HW_TEST(request_query_is_decoded)
{
    static const char *const cases[][2] = {
        {"/query", "(none)|(none)|(none)"},          {"/query?", "(none)|(none)|(none)"},
        {"/query?a=1&a=2", "1|(none)|(none)"},       {"/query?b+c=x%20y+z&a", "|x y z|(none)"},
        {"/query?=v&a=%C3%A4", "\xc3\xa4|(none)|v"}, {"/query?a=%00", "(none)|(none)|(none)"},
        {"/query?a=1&b%20c=%00", "1|(none)|(none)"},
    };
    app_asker asker;
    open_requests(&asker);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(ask(&asker, "GET", cases[i][0]), 200);
        assert_string_equal(asker.body, cases[i][1]);
    }
    asker_close(&asker);
}

HW_TEST(request_header_is_the_first_in_any_case)
{
    hw_field fields[] = {
        {HW_TEXT_INIT("Host"), HW_TEXT_INIT("a"), HW_FIELD_HOST},
        {HW_TEXT_INIT("X-NAME"), HW_TEXT_INIT("first"), HW_FIELD_OTHER},
        {HW_TEXT_INIT("X-Name"), HW_TEXT_INIT("second"), HW_FIELD_OTHER},
    };
    app_asker asker;
    open_requests(&asker);
    assert_int_equal(ask_with(&asker, "GET", "/header", hw_fields_of(fields, 3), NULL), 200);
    assert_string_equal(asker.body, "first");
    assert_int_equal(ask(&asker, "GET", "/header"), 200);
    assert_string_equal(asker.body, "(none)");
    asker_close(&asker);
}

HW_TEST(request_knows_its_app_and_route)
{
    app_asker asker;
    open_requests(&asker);
    assert_int_equal(ask(&asker, "GET", "/own"), 200);
    assert_string_equal(asker.body, "state arg");
    asker_close(&asker);
}

HW_TEST(request_body_is_whole_with_a_nul_behind_it)
{
    app_asker asker;
    open_requests(&asker);
    assert_int_equal(ask_with(&asker, "POST", "/body", (hw_fields){0}, "hello"), 200);
    assert_string_equal(asker.body, "5 hello");
    assert_int_equal(ask(&asker, "POST", "/body"), 200);
    assert_string_equal(asker.body, "0 ");
    asker_close(&asker);
}

HW_TEST(request_arena_gives_memory)
{
    app_asker asker;
    open_requests(&asker);
    assert_int_equal(ask(&asker, "GET", "/arena"), 200);
    assert_string_equal(asker.body, "copy words 7");
    asker_close(&asker);
}

#include <string.h>

#include "unit/app/asker.h"

static hewn_response *join_part(hewn_request *rq, hewn_part part, const char *name)
{
    static char memory[2000];
    hw_buffer words = HW_BUFFER_OVER(memory);
    for (hewn_iter it = {0}; hewn_each(rq, part, name, &it);) {
        assert_int_equal(strlen(it.value), it.length);
        hw_buffer_put_format(&words, "<%s=%s>", it.name, it.value);
    }
    assert_non_null(hw_buffer_string(&words));
    return hewn_text(rq, 200, memory);
}

/* The part and the name are in the route. */
static hewn_response *walk_part(hewn_request *rq)
{
    const char *which = hewn_param(rq, "part"), *name = hewn_param(rq, "name");
    hewn_part part = *which == 'q'   ? HEWN_QUERY
                     : *which == 'h' ? HEWN_HEADER
                     : *which == 'c' ? HEWN_COOKIE
                                     : HEWN_FORM;
    return join_part(rq, part, strcmp(name, "all") == 0 ? NULL : name);
}

static hewn_response *say_form(hewn_request *rq)
{
    const char *value = hewn_form(rq, "a");
    assert_null(hewn_form(rq, NULL)); /* a field without a name, and there is none */
    hewn_response *problem = hewn_body_problem(rq);
    assert_true(hewn_form(rq, "a") == value || hw_test_is_struck());
    if (problem)
        return problem;
    return hewn_text(rq, 200, hewn_or(value, "(none)"));
}

static void open_pairs(app_asker *asker)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hewn_any(app, "/{part}/{name}", walk_part);
    hewn_post(app, "/form", say_form);
    asker_open(asker, app);
}

static int ask_form(app_asker *asker, const char *path, const char *type, const char *content)
{
    hw_field field = {HW_TEXT_INIT("Content-Type"), hw_text_of(type), HW_FIELD_CONTENT_TYPE};
    return ask_with(asker, "POST", path, hw_fields_of(&field, 1), content);
}

HW_TEST(each_walks_the_query)
{
    static const char *const rows[][2] = {
        {"/q/all", ""},
        {"/q/all?a=1&b=2&a=3&c", "<a=1><b=2><a=3><c=>"},
        {"/q/a?a=1&b=2&a=3&A=4", "<a=1><a=3>"},
        {"/q/all?x+y=%41&z=%00", "<x y=A>"},
    };
    app_asker asker;
    open_pairs(&asker);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(ask(&asker, "GET", rows[i][0]), 200);
        assert_string_equal(asker.body, rows[i][1]);
    }
    asker_close(&asker);
}

HW_TEST(each_walks_header_and_cookies)
{
    hw_field fields[] = {
        {HW_TEXT_INIT("Host"), HW_TEXT_INIT("a"), HW_FIELD_HOST},
        {HW_TEXT_INIT("X-Tag"), HW_TEXT_INIT("1"), HW_FIELD_OTHER},
        {HW_TEXT_INIT("Cookie"), HW_TEXT_INIT("a=1; b=%41; a=2"), HW_FIELD_COOKIE},
        {HW_TEXT_INIT("x-tag"), HW_TEXT_INIT("2"), HW_FIELD_OTHER},
        {HW_TEXT_INIT("Cookie"),
         HW_TEXT_INIT("c=0123456789012345678901234567890123456789012!signed; a=3"),
         HW_FIELD_COOKIE},
    };
    static const char *const rows[][2] = {
        {"/h/X-TAG", "<X-Tag=1><x-tag=2>"},
        {"/h/none", ""},
        {"/h/all", "<Host=a><X-Tag=1><Cookie=a=1; b=%41; a=2><x-tag=2>"
                   "<Cookie=c=0123456789012345678901234567890123456789012!signed; a=3>"},
        {"/c/a", "<a=1><a=2><a=3>"},
        {"/c/all", "<a=1><b=A><a=2><a=3>"},
    };
    app_asker asker;
    open_pairs(&asker);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(ask_with(&asker, "GET", rows[i][0], hw_fields_of(fields, 5), NULL), 200);
        assert_string_equal(asker.body, rows[i][1]);
    }
    asker_close(&asker);
}

HW_TEST(each_walks_a_form)
{
    static const char type[] = "application/x-www-form-urlencoded";
    app_asker asker;
    open_pairs(&asker);
    assert_int_equal(ask_form(&asker, "/f/all", type, "a=1&b+c=x+y&a=%C3%A4&=&d"), 200);
    assert_string_equal(asker.body, "<a=1><b c=x y><a=\xc3\xa4><=><d=>");
    assert_int_equal(ask_form(&asker, "/f/a", type, "a=1&b=2&a=3"), 200);
    assert_string_equal(asker.body, "<a=1><a=3>");
    assert_int_equal(ask_form(&asker, "/f/all", "text/plain", "a=1"), 200);
    assert_string_equal(asker.body, "");
    asker_close(&asker);
}

HW_TEST(form_is_read_or_its_problem_told)
{
    static const char type[] = "application/x-www-form-urlencoded";
    static const struct {
        const char *type, *content, *answer;
        int status;
    } rows[] = {
        {type, "a=1&a=2", "1", 200},
        {type, "", "(none)", 200},
        {"Application/X-WWW-Form-Urlencoded ; charset=utf-8", "b=1&a=x+y", "x y", 200},
        {type, "a=1&b=%zz", "the form has a broken percent-encoding", 400},
        {type, "a=%00", "the form has a broken percent-encoding", 400},
        {"multipart/form-data; boundary=x", "a=1", "the body must be a form", 415},
        {"application/x-www-form-urlencoded2", "a=1", "the body must be a form", 415},
        {"", "a=1", "the body must be a form", 415},
    };
    app_asker asker;
    open_pairs(&asker);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(ask_form(&asker, "/form", rows[i].type, rows[i].content), rows[i].status);
        assert_non_null(strstr(asker.body, rows[i].answer));
    }
    assert_string_equal(answer_field(&asker, "Accept"), type);
    asker_close(&asker);
}

HW_LONG_TEST(form_has_512_fields)
{
    static const char type[] = "application/x-www-form-urlencoded";
    static char content[2 * 513 + 1];
    app_asker asker;
    open_pairs(&asker);
    for (size_t i = 0; i < 513; i++)
        memcpy(content + 2 * i, i == 511 ? "a&" : "b&", 3);
    assert_int_equal(ask_form(&asker, "/form", type, content), 413);
    content[2 * 512] = '\0';
    assert_int_equal(ask_form(&asker, "/form", type, content), 200);
    assert_string_equal(asker.body, "");
    asker_close(&asker);
}

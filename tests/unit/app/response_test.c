#include <string.h>

#include "unit/app/asker.h"

static hewn_response *say_text(hewn_request *rq)
{
    char words[] = "words that do not last";
    hewn_response *rs = hewn_text(rq, 203, words);
    memset(words, 'x', sizeof words - 1);
    return rs;
}

static hewn_response *say_bytes(hewn_request *rq)
{
    return hewn_bytes(rq, 200, "image/x", "a\0b", 3);
}

static hewn_response *say_octets(hewn_request *rq)
{
    return hewn_bytes(rq, 200, NULL, NULL, 0);
}

static hewn_response *say_fields(hewn_request *rq)
{
    char value[] = "one";
    hewn_response *rs = hewn_empty(rq, 200);
    hewn_set(rs, "X-A", "zero");
    hewn_set(rs, "x-a", value);
    value[0] = '!';
    hewn_add(rs, "X-B", "1");
    hewn_add(rs, "X-B", "2");
    return rs;
}

static hewn_response *say_twice(hewn_request *rq)
{
    hewn_response *rs = hewn_text(rq, 200, "first");
    hewn_set(rs, "X-First", "1");
    return hewn_text(rq, 404, "second");
}

static hewn_response *say_no_content(hewn_request *rq)
{
    return hewn_text(rq, 204, "no room for this");
}

static hewn_response *say_reset(hewn_request *rq)
{
    return hewn_text(rq, 205, "no room for this");
}

static hewn_response *say_much(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%*d", 64 * 1024 * 1024, 1);
}

static hewn_response *say_status(hewn_request *rq)
{
    return hewn_text(rq, 99, "x");
}

static hewn_response *say_named(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 200);
    hewn_set(rs, hewn_query(rq, "name"), hewn_query(rq, "value"));
    return rs;
}

static hewn_response *check_status(hewn_request *rq)
{
    assert_int_equal(hewn_status(hewn_empty(rq, 418)), 418);
    return hewn_empty(rq, 200);
}

static void open_responses(app_asker *asker)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/text", say_text);
    hewn_get(app, "/bytes", say_bytes);
    hewn_get(app, "/octets", say_octets);
    hewn_get(app, "/fields", say_fields);
    hewn_get(app, "/twice", say_twice);
    hewn_get(app, "/no-content", say_no_content);
    hewn_get(app, "/reset", say_reset);
    hewn_get(app, "/much", say_much);
    hewn_get(app, "/status", say_status);
    hewn_get(app, "/named", say_named);
    hewn_get(app, "/check", check_status);
    asker_open(asker, app);
}

HW_TEST(response_text_is_copied_and_typed)
{
    app_asker asker;
    open_responses(&asker);
    assert_int_equal(ask(&asker, "GET", "/text"), 203);
    assert_string_equal(asker.body, "words that do not last");
    assert_string_equal(answer_field(&asker, "Content-Type"), "text/plain; charset=utf-8");
    asker_close(&asker);
}

HW_TEST(response_bytes_may_be_any)
{
    app_asker asker;
    open_responses(&asker);
    assert_int_equal(ask(&asker, "GET", "/bytes"), 200);
    assert_memory_equal(asker.body, "a\0b", 4);
    assert_int_equal(asker.exchange.response.body->length, 3);
    assert_string_equal(answer_field(&asker, "Content-Type"), "image/x");
    assert_int_equal(ask(&asker, "GET", "/octets"), 200);
    assert_string_equal(answer_field(&asker, "Content-Type"), "application/octet-stream");
    asker_close(&asker);
}

HW_TEST(response_fields_are_set_and_added)
{
    app_asker asker;
    open_responses(&asker);
    assert_int_equal(ask(&asker, "GET", "/fields"), 200);
    assert_int_equal(answer_field_count(&asker, "X-A"), 1);
    assert_string_equal(answer_field(&asker, "X-A"), "one");
    assert_int_equal(answer_field_count(&asker, "X-B"), 2);
    assert_null(asker.exchange.response.body);
    asker_close(&asker);
}

HW_TEST(response_makers_start_over)
{
    app_asker asker;
    open_responses(&asker);
    assert_int_equal(ask(&asker, "GET", "/twice"), 404);
    assert_string_equal(asker.body, "second");
    assert_null(answer_field(&asker, "X-First"));
    asker_close(&asker);
}

HW_TEST(response_without_content_has_none)
{
    app_asker asker;
    open_responses(&asker);
    assert_int_equal(ask(&asker, "GET", "/no-content"), 204);
    assert_null(asker.exchange.response.body);
    assert_null(answer_field(&asker, "Content-Type"));
    assert_int_equal(ask(&asker, "GET", "/reset"), 205);
    assert_null(asker.exchange.response.body);
    assert_null(answer_field(&asker, "Content-Type"));
    assert_int_equal(ask(&asker, "GET", "/check"), 200);
    asker_close(&asker);
}

HW_TEST(response_without_memory_is_a_logged_500)
{
    app_asker asker;
    open_responses(&asker);
    assert_int_equal(ask(&asker, "GET", "/much"), 500);
    assert_int_equal(asker.faults, 1);
    asker_close(&asker);
}

HW_TEST(response_that_cannot_be_sent_is_a_logged_500)
{
    static const char *const targets[] = {
        "/status",
        "/named?name=X-A&value=a%0d%0ab",
        "/named?name=X-A&value=a%0ab",
        "/named?name=X%20A&value=a",
        "/named?name=&value=a",
        "/named?name=X-A",
        "/named?name=Content-Length&value=5",
        "/named?name=transfer-encoding&value=chunked",
        "/named?name=Connection&value=close",
        "/named?name=Date&value=now",
        "/named?name=Trailer&value=x",
        "/named?name=Upgrade&value=x",
    };
    app_asker asker;
    open_responses(&asker);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        int before = asker.faults;
        assert_int_equal(ask(&asker, "GET", targets[i]), 500);
        assert_true(asker.faults > before);
        assert_int_equal(asker.exchange.response.field_count, 2);
    }
    assert_int_equal(ask(&asker, "GET", "/named?name=X-A&value=fine"), 200);
    asker_close(&asker);
}

#include <string.h>

#include "unit/app/asker.h"

static hewn_response *say_tagged(hewn_request *rq)
{
    const char *tag = hewn_or(hewn_query(rq, "tag"), "x");
    hewn_response *rs = hewn_text(rq, hewn_query(rq, "missing") ? 404 : 200, "body");
    hewn_set(rs, "Cache-Control", "no-cache");
    bool is_over = hewn_etag(rs, tag);
    assert_int_equal(is_over, hewn_status(rs) == 304 || hewn_status(rs) == 412);
    return rs;
}

static hewn_response *say_tagged_file(hewn_request *rq)
{
    hewn_response *rs = hewn_text(rq, hewn_query(rq, "early") ? 200 : 599, "body");
    hewn_set(rs, "Content-Encoding", "identity");
    bool is_over = hewn_etag(rs, hewn_query(rq, "tag"));
    assert_int_equal(is_over, hewn_status(rs) == 304);
    return rs;
}

static void open_tagged(app_asker *asker)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hewn_get(app, "/", say_tagged);
    hewn_put(app, "/", say_tagged);
    hewn_get(app, "/file", say_tagged_file);
    asker_open(asker, app);
}

static int ask_if(app_asker *asker, const char *method, const char *target, hw_field_id id,
                  const char *value)
{
    hw_field field = {hw_text_of(hw_field_name(id)), hw_text_of(value), id};
    return ask_with(asker, method, target, hw_fields_of(&field, 1), NULL);
}

HW_TEST(etag_is_set_in_quotes)
{
    static const char *const rows[][2] = {
        {"/", "\"x\""},           {"/?tag=%22y%22", "\"y\""}, {"/?tag=W/%22y%22", "W/\"y\""},
        {"/?tag=W/y", "\"W/y\""}, {"/?missing", "\"x\""},
    };
    app_asker asker;
    open_tagged(&asker);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(ask(&asker, "GET", rows[i][0]), i < 4 ? 200 : 404);
        assert_string_equal(answer_field(&asker, "ETag"), rows[i][1]);
        assert_string_equal(asker.body, "body");
    }
    asker_close(&asker);
}

HW_TEST(etag_that_the_client_has_is_304)
{
    app_asker asker;
    open_tagged(&asker);
    assert_int_equal(ask_if(&asker, "GET", "/", HW_FIELD_IF_NONE_MATCH, "\"y\", W/\"x\""), 304);
    assert_string_equal(asker.body, "");
    assert_string_equal(answer_field(&asker, "ETag"), "\"x\"");
    assert_string_equal(answer_field(&asker, "Cache-Control"), "no-cache");
    assert_null(answer_field(&asker, "Content-Type"));
    assert_int_equal(ask_if(&asker, "GET", "/", HW_FIELD_IF_NONE_MATCH, "*"), 304);
    assert_int_equal(ask_if(&asker, "GET", "/", HW_FIELD_IF_NONE_MATCH, "\"y\""), 200);
    assert_int_equal(ask_if(&asker, "GET", "/file?early&tag=x", HW_FIELD_IF_NONE_MATCH, "\"x\""),
                     304);
    assert_null(answer_field(&asker, "Content-Encoding"));
    assert_int_equal(ask_if(&asker, "GET", "/file?tag=x", HW_FIELD_IF_NONE_MATCH, "\"x\""), 599);
    assert_int_equal(ask(&asker, "GET", "/file?early"), 500);
    assert_int_equal(ask_if(&asker, "GET", "/?missing", HW_FIELD_IF_NONE_MATCH, "\"x\""), 404);
    asker_close(&asker);
}

HW_TEST(etag_that_the_client_wants_otherwise_is_412)
{
    app_asker asker;
    open_tagged(&asker);
    assert_int_equal(ask_if(&asker, "PUT", "/", HW_FIELD_IF_MATCH, "\"x\""), 200);
    assert_int_equal(ask_if(&asker, "PUT", "/", HW_FIELD_IF_MATCH, "\"y\""), 412);
    assert_null(answer_field(&asker, "ETag"));
    assert_int_equal(ask_if(&asker, "PUT", "/", HW_FIELD_IF_NONE_MATCH, "*"), 412);
    asker_close(&asker);
}

HW_TEST(etag_that_cannot_be_sent_is_misuse)
{
    static const char *const targets[] = {"/?tag=", "/?tag=a%20b", "/?tag=a%0Ab", "/?tag=a%22b"};
    app_asker asker;
    open_tagged(&asker);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        assert_int_equal(ask(&asker, "GET", targets[i]), 500);
        assert_int_equal(asker.faults, i + 1);
    }
    asker_close(&asker);
}

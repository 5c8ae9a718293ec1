#include <string.h>

#include "unit/app/asker.h"

static hewn_response *say_paths(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%s %s %s %s", hewn_url_for(rq, "home", (char *)NULL),
                      hewn_url_for(rq, "user", "7", (char *)NULL),
                      hewn_url_for(rq, "page", "a b/\xc3\xa4", "c/d%/", (char *)NULL),
                      hewn_url_for(rq, "folder", (char *)NULL));
}

/* What the header asks for in the query: a name, and up to two values. */
static hewn_response *say_asked(hewn_request *rq)
{
    const char *url = hewn_url_for(rq, hewn_query(rq, "name"), hewn_query(rq, "a"),
                                   hewn_query(rq, "b"), (char *)NULL);
    return hewn_text(rq, 200, url);
}

static hewn_response *say_nothing(hewn_request *rq)
{
    return hewn_empty(rq, 204);
}

static hewn_app *new_named(void)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/", say_nothing, .name = "home");
    hewn_get(app, "/users/{id:int}", say_nothing, .name = "user");
    hewn_get(app, "/s p/{chapter}/{path...}", say_nothing, .name = "page");
    hewn_get(app, "/folder/", say_nothing, .name = "folder");
    hewn_get(app, "/asked", say_asked);
    return app;
}

HW_TEST(url_of_a_route_is_its_path_with_values)
{
    app_asker asker;
    hewn_app *app = new_named();
    hewn_get(app, "/paths", say_paths);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/asked?name=user&a=-12"), 200);
    assert_string_equal(asker.body, "/users/-12");
    assert_int_equal(ask(&asker, "GET", "/asked?name=home"), 200);
    assert_string_equal(asker.body, "/");
    assert_int_equal(ask(&asker, "GET", "/asked?name=folder"), 200);
    assert_string_equal(asker.body, "/folder/");
    assert_int_equal(ask(&asker, "GET", "/asked?name=page&a=a%20b%25&b=c/d%3f/"), 200);
    assert_string_equal(asker.body, "/s%20p/a%20b%25/c/d%3F/");
    assert_int_equal(ask(&asker, "GET", "/asked?name=page&a=%c3%a4&b="), 200);
    assert_string_equal(asker.body, "/s%20p/%C3%A4/");
    asker_close(&asker);
}

HW_TEST(url_of_what_no_route_matches_is_misuse)
{
    static const char *const targets[] = {
        "/asked?name=nobody",        "/asked?name=user",         "/asked?name=user&a=x",
        "/asked?name=user&a=07",     "/asked?name=user&a=1&b=2", "/asked?name=home&a=1",
        "/asked?name=page&a=&b=x",   "/asked?name=page&a=.&b=x", "/asked?name=page&a=..&b=x",
        "/asked?name=page&a=x/y&b=", "/asked?name=page&a=x",     "/asked?name=page&a=x&b=../y",
        "/asked?name=page&a=x&b=//", "/asked?name=page&a=x&b=/", "/paths",
    };
    app_asker asker;
    hewn_app *app = new_named();
    hewn_get(app, "/paths", say_paths);
    asker_open(&asker, app);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        asker.faults = 0;
        assert_int_equal(ask(&asker, "GET", targets[i]), 500);
        assert_true(asker.faults > 0);
    }
    asker_close(&asker);
}

HW_TEST(url_of_a_mounted_route_has_its_prefixes)
{
    app_asker asker;
    hewn_app *inner = new_named(), *middle = hewn_new(), *outer = hewn_new();
    if (!middle || !outer) {
        hewn_app_free(inner);
        hewn_app_free(middle);
        hewn_app_free(outer);
        hw_test_out_of_memory();
    }
    hewn_app *group = hewn_group(outer, "/v 1");
    hewn_get(outer, "/top/{x}", say_nothing, .name = "top");
    hewn_mount(middle, "/in", inner);
    hewn_mount(group, "/mid", middle);
    asker_open(&asker, outer);
    assert_int_equal(ask(&asker, "GET", "/v%201/mid/in/asked?name=user&a=3"), 200);
    assert_string_equal(asker.body, "/v%201/mid/in/users/3");
    assert_int_equal(ask(&asker, "GET", "/v%201/mid/in/asked?name=top&a=3"), 200);
    assert_string_equal(asker.body, "/top/3");
    assert_int_equal(ask(&asker, "GET", "/v%201/mid/in"), 308);
    assert_string_equal(answer_field(&asker, "Location"), "/v%201/mid/in/");
    asker_close(&asker);
}

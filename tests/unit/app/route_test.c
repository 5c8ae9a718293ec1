#include "unit/app/asker.h"
#include "unit/base/death.h"

static hewn_response *say_nothing(hewn_request *rq)
{
    return hewn_empty(rq, 204);
}

/* A route that must not be: registered in a child, as line 42 of app.c. */
typedef struct bad_route {
    const char *method, *pattern;
    hewn_route route;
    const char *words;
} bad_route;

static void add_bad_route(void *arg)
{
    const bad_route *bad = arg;
    hewn_app *app = hewn_new();
    if (app)
        (void)hewn_route_add(app, bad->method, bad->pattern, &bad->route, "app.c", 42);
}

static void expect_refused(bad_route *bad, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hw_test_expect_death(add_bad_route, &bad[i], bad[i].words);
}

#define ROUTE(...)                                                                                 \
    {                                                                                              \
        .size = sizeof(hewn_route), .handler = say_nothing, __VA_ARGS__                            \
    }
#define NOT_AVAILABLE(name)                                                                        \
    "hewn: app.c:42: route option ." name " is not available in this version\n"

HW_TEST(route_options_without_effect_are_refused_by_name_and_line)
{
    const hewn_schema *schema = (const hewn_schema *)(const void *)"schema";
    bad_route bad[] = {
        {"GET", "/", ROUTE(.no_csrf = true), NOT_AVAILABLE("no_csrf")},
        {"GET", "/", ROUTE(.summary = "home"), NOT_AVAILABLE("summary")},
        {"GET", "/", ROUTE(.in = schema), NOT_AVAILABLE("in")},
        {"GET", "/", ROUTE(.out = schema), NOT_AVAILABLE("out")},
    };
    expect_refused(bad, sizeof bad / sizeof *bad);
}

HW_TEST(route_that_makes_no_sense_is_refused)
{
    bad_route bad[] = {
        {"GET", "/", ROUTE(.body = 7), "route option .body is HEWN_BODY_BUFFER or"},
        {"GET", "x", ROUTE(.arg = NULL), "app.c:42: the pattern \"x\" must begin with '/'"},
        {"GET", "/{id", ROUTE(.arg = NULL),
         "the pattern \"/{id\" has a {parameter} that is only a"},
        {"GET", "", ROUTE(.arg = NULL), "the pattern \"\" must begin with '/'"},
        {"GET", NULL, ROUTE(.arg = NULL), "the pattern \"\" must begin with '/'"},
        {"G T", "/", ROUTE(.arg = NULL), "app.c:42: \"G T\" is no method"},
        {"TRACE", "/", ROUTE(.arg = NULL), "app.c:42: TRACE cannot be routed"},
        {"CONNECT", "/", ROUTE(.arg = NULL), "CONNECT cannot be routed"},
        {"GET", "/", {.size = sizeof(hewn_route)}, "app.c:42: a route needs a handler"},
        {"GET", "/", {.handler = say_nothing}, "app.c:42: route options without their size"},
    };
    expect_refused(bad, sizeof bad / sizeof *bad);
}

static void add_twice(void *arg)
{
    hewn_app *app = arg;
    hewn_route route = ROUTE(.arg = NULL);
    if (hewn_route_add(app, "GET", "/x", &route, "one.c", 1) == 0)
        (void)hewn_route_add(app, "GET", "/x", &route, "two.c", 2);
}

static void add_late(void *arg)
{
    hewn_app *app = arg;
    hewn_route route = ROUTE(.arg = NULL);
    hw_app_seal(app, false);
    (void)hewn_route_add(app, "GET", "/x", &route, "app.c", 3);
}

static void add_crossed(void *arg)
{
    hewn_app *app = arg;
    hewn_route route = ROUTE(.arg = NULL);
    if (hewn_route_add(app, "GET", "/a/{x}", &route, "one.c", 1) == 0)
        (void)hewn_route_add(app, "PUT", "/{y}/b", &route, "two.c", 2);
}

static void add_same_name(void *arg)
{
    hewn_app *app = arg;
    hewn_route route = ROUTE(.name = "user");
    if (hewn_route_add(app, "GET", "/a", &route, "one.c", 1) == 0)
        (void)hewn_route_add(app, "GET", "/b", &route, "two.c", 2);
}

static void add_same_paths(void *arg)
{
    hewn_app *app = arg;
    hewn_route route = ROUTE(.arg = NULL);
    if (hewn_route_add(app, "GET", "/a/{x}", &route, "one.c", 1) == 0)
        (void)hewn_route_add(app, "GET", "/a/{y}", &route, "two.c", 2);
}

HW_TEST(route_that_comes_twice_or_late_is_refused)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hw_test_expect_death(add_twice, app, "two.c:2: GET \"/x\" has a route already, from one.c:1\n");
    hw_test_expect_death(add_same_paths, app,
                         "two.c:2: GET \"/a/{y}\" has a route already, from one.c:1\n");
    hw_test_expect_death(add_same_name, app,
                         "two.c:2: the name \"user\" has a route already, from one.c:1\n");
    hw_test_expect_death(add_crossed, app,
                         "two.c:2: \"/{y}/b\" and \"/a/{x}\" (one.c:1) match some paths both, and "
                         "neither says more\n");
    hw_test_expect_death(add_late, app,
                         "app.c:3: \"/x\" is added to an app that a server already runs");
    hewn_app_free(app);
}

HW_TEST(route_without_memory_is_the_apps_fault)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_route route = ROUTE(.arg = NULL);
    int error = hewn_route_add(app, "GET", "/a/b/c", &route, "app.c", 1);
    if (error < 0) {
        assert_int_equal(error, -ENOMEM);
        assert_int_equal(hw_app_fault(app)->error, ENOMEM);
    }
    hewn_app_free(app);
    HW_NEED_OK(error);
}

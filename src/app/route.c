/* Adds routes to an application, and refuses what makes no sense while the author is still
 * watching.
 *
 * Everything that can be wrong with a route is wrong in every run of the program, so it aborts at
 * registration, naming the line that says it; nothing is left to be found by a request. */
#include "app/app.h"
#include "app/dispatch.h"
#include "app/options.h"
#include "base/assert.h"

static void refuse_route_options(const hewn_route *route, const char *file, int line)
{
    const char *name = route->body != HEWN_BODY_BUFFER ? "body"
                       : route->no_csrf                ? "no_csrf"
                       : route->name                   ? "name"
                       : route->summary                ? "summary"
                       : route->in                     ? "in"
                       : route->out                    ? "out"
                       : route->with                   ? "with"
                                                       : NULL;
    if (name)
        hw_misuse_abort(file, line, "route option .%s is not available in this version", name);
    if (!route->handler)
        hw_misuse_abort(file, line, "a route needs a handler");
}

static void refuse_route_method(hw_text method, const char *file, int line)
{
    if (!hw_token_is_valid(method))
        hw_misuse_abort(file, line, "\"%.*s\" is no method", HW_TEXT_ARGS(method));
    if (hw_text_equal(method, HW_TEXT("CONNECT")) || hw_text_equal(method, HW_TEXT("TRACE")))
        hw_misuse_abort(file, line, "%.*s cannot be routed", HW_TEXT_ARGS(method));
}

static int allow_method(hw_arena *arena, hw_text *allow, hw_text method)
{
    static const char *const usual[] = {"DELETE", "PATCH", "PUT", "POST", "HEAD", "GET"};
    bool is_any = hw_text_equal(method, HW_TEXT("*"));
    if (is_any || hw_text_equal(method, HW_TEXT("GET"))) {
        for (size_t i = is_any ? 0 : 4; i < sizeof usual / sizeof *usual; i++)
            if (hw_allow_add(arena, allow, usual[i]) < 0)
                return -ENOMEM;
        return 0;
    }
    const char *name = hw_arena_copy(arena, method);
    return name ? hw_allow_add(arena, allow, name) : -ENOMEM;
}

/* The spot with what is automatic there. NULL: no memory. */
static hw_spot *open_spot(hewn_app *app, hw_text pattern, hw_text method)
{
    hw_spot *spot = hw_router_spot(&app->router, &app->arena, pattern);
    if (!spot)
        return NULL;
    if (spot->allow.length == 0) {
        spot->allow = HW_TEXT("OPTIONS");
        spot->describe = hw_dispatch_describe(&spot->allow);
        spot->refuse = hw_dispatch_refuse(&spot->allow);
    }
    if (allow_method(&app->arena, &spot->allow, method) < 0 ||
        allow_method(&app->arena, &app->allow, method) < 0)
        return NULL;
    return spot;
}

static void refuse_second_route(const hw_spot *spot, hw_text method, const char *file, int line)
{
    for (const hw_route *route = spot->routes; route; route = route->next)
        if (hw_text_equal(route->method_name, method))
            hw_misuse_abort(file, line, "%.*s \"%s\" has a route already, from %s:%d",
                            HW_TEXT_ARGS(method), route->pattern.at, route->file, route->line);
}

static int add_route(hewn_app *app, hw_text method, hw_text pattern, const hewn_route *opts,
                     const char *file, int line)
{
    hw_spot *spot = open_spot(app, pattern, method);
    hw_route *route = hw_arena_alloc_zeroed(&app->arena, 1, sizeof *route);
    if (!spot || !route || !hw_arena_copy_text(&app->arena, method, &route->method_name) ||
        !hw_arena_copy_text(&app->arena, pattern, &route->pattern) ||
        !(route->file = hw_arena_copy(&app->arena, hw_text_of(file))))
        return -ENOMEM;
    refuse_second_route(spot, method, file, line);
    route->answerer = hw_dispatch_route(route);
    route->app = app;
    route->handler = opts->handler;
    route->arg = opts->arg;
    route->line = line;
    route->pace.is_blocking = opts->blocking;
    route->pace.timeout_ms = opts->timeout_ms ? opts->timeout_ms : app->opts.timeout_ms;
    route->body_bytes_max = opts->body_bytes_max ? opts->body_bytes_max : app->opts.body_bytes_max;
    if (route->body_bytes_max == HEWN_NONE)
        route->body_bytes_max = 0;
    route->next = spot->routes;
    spot->routes = route;
    return 0;
}

int hewn_route_add(hewn_app *app, const char *method, const char *pattern, const hewn_route *route,
                   const char *file, int line)
{
    hewn_route opts;
    hw_text path = hw_text_of(pattern), name = hw_text_of(method);
    if (!hw_options_read(&opts, sizeof opts, route))
        hw_misuse_abort(file, line, "route options without their size, or from a newer version");
    refuse_route_options(&opts, file, line);
    refuse_route_method(name, file, line);
    const char *problem = hw_pattern_problem(path);
    if (problem)
        hw_misuse_abort(file, line, "the pattern \"%s\" %s", pattern ? pattern : "", problem);
    if (!app)
        return -ENOMEM;
    if (app->is_sealed)
        hw_misuse_abort(file, line, "\"%s\" is added to an app that a server already runs",
                        pattern);
    int result = add_route(app, name, path, &opts, file, line);
    if (result < 0) {
        hw_fault fault;
        (void)hw_fault_set(&fault, ENOMEM, NULL, "out of memory");
        hw_app_fail(app, &fault);
    }
    return result;
}

/* Adds routes to an application, and refuses what makes no sense while the author is still
 * watching.
 *
 * Everything that can be wrong with a route is wrong in every run of the program, so it aborts at
 * registration, naming the line that says it; nothing is left to be found by a request. */
#include "app/dispatch.h"
#include "app/options.h"
#include "base/assert.h"

static void refuse_route_options(const hewn_route *route, const char *file, int line)
{
    const char *name = route->no_csrf   ? "no_csrf"
                       : route->summary ? "summary"
                       : route->in      ? "in"
                       : route->out     ? "out"
                                        : NULL;
    if (name)
        hw_misuse_abort(file, line, "route option .%s is not available in this version", name);
    if (!route->handler)
        hw_misuse_abort(file, line, "a route needs a handler");
    if (route->body != HEWN_BODY_BUFFER && route->body != HEWN_BODY_STREAM)
        hw_misuse_abort(file, line, "route option .body is HEWN_BODY_BUFFER or HEWN_BODY_STREAM");
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
    if (!is_any && !hw_text_equal(method, HW_TEXT("GET")))
        return hw_allow_add(arena, allow, method);
    for (size_t i = is_any ? 0 : 4; i < sizeof usual / sizeof *usual; i++)
        if (hw_allow_add(arena, allow, hw_text_of(usual[i])) < 0)
            return -ENOMEM;
    return 0;
}

/* The spot of a route's pattern, with what is automatic there. NULL: no memory. */
static hw_spot *open_spot(hewn_app *scope, const hw_route *route)
{
    hewn_app *app = scope->owner;
    hw_spot *spot;
    int error = hw_router_spot(&app->router, &app->arena, &route->pattern, &spot);
    if (error == -EEXIST)
        hw_misuse_abort(route->file, route->line,
                        "\"%s\" and \"%s\" (%s:%d) match some paths both, and neither says more",
                        route->pattern.text.at, spot->pattern.text.at, spot->routes->file,
                        spot->routes->line);
    if (error < 0)
        return NULL;
    if (spot->allow.length == 0) {
        spot->allow = HW_TEXT("OPTIONS");
        spot->describe = hw_reply_of(scope, hw_dispatch_describe(&spot->allow));
        spot->refuse = hw_reply_of(scope, hw_dispatch_refuse(&spot->allow));
    }
    if (allow_method(&app->arena, &spot->allow, route->method_name) < 0 ||
        allow_method(&app->arena, &app->allow, route->method_name) < 0)
        return NULL;
    return spot;
}

static void refuse_second_route(const hw_spot *spot, const hw_route *added)
{
    for (const hw_route *route = spot->routes; route; route = route->next)
        if (hw_text_equal(route->method_name, added->method_name))
            hw_misuse_abort(added->file, added->line, "%s \"%s\" has a route already, from %s:%d",
                            added->method_name.at, added->pattern.text.at, route->file,
                            route->line);
}

static int name_route(hewn_app *app, hw_route *route, const char *name)
{
    if (!name)
        return 0;
    const hw_route *other = hw_map_get(&app->names, hw_text_of(name));
    if (other)
        hw_misuse_abort(route->file, route->line, "the name \"%s\" has a route already, from %s:%d",
                        name, other->file, other->line);
    if (!hw_arena_copy_text(&app->arena, hw_text_of(name), &route->name))
        return -ENOMEM;
    return hw_map_put(&app->names, route->name, route);
}

static int copy_with(hw_arena *arena, hewn_middleware *const *with, hw_route *route)
{
    size_t count = 0;
    while (with && with[count])
        count++;
    hewn_middleware **copy = hw_arena_alloc_zeroed(arena, count + 1, sizeof *copy);
    if (!copy)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        copy[i] = with[i];
    route->with = copy;
    return 0;
}

static void set_limits(hw_route *route, const hewn_app_opts *app, const hewn_route *opts)
{
    route->reads_body = opts->body == HEWN_BODY_STREAM;
    /* Who reads what has not come yet waits as a rule. */
    route->reply.pace.is_blocking = opts->blocking || route->reads_body;
    route->reply.pace.timeout_ms = opts->timeout_ms ? opts->timeout_ms : app->timeout_ms;
    route->body_bytes_max = opts->body_bytes_max ? opts->body_bytes_max : app->body_bytes_max;
    if (route->body_bytes_max == HEWN_NONE)
        route->body_bytes_max = 0;
}

/* A route with its pattern read; aborts when that is bad. NULL: no memory. */
static hw_route *make_route(hewn_app *scope, const char *method, const char *pattern,
                            const char *file, int line)
{
    hw_arena *arena = &scope->owner->arena;
    hw_route *route = hw_arena_alloc_zeroed(arena, 1, sizeof *route);
    hw_text path = hw_app_path(scope, hw_text_of(pattern));
    if (!route || !path.at || !hw_arena_copy_text(arena, hw_text_of(method), &route->method_name) ||
        !(route->file = hw_arena_copy(arena, hw_text_of(file))))
        return NULL;
    const char *problem = hw_pattern_parse(arena, path, &route->pattern);
    if (problem)
        hw_misuse_abort(file, line, "the pattern \"%s\" %s", path.at, problem);
    route->line = line;
    return route->pattern.parts ? route : NULL;
}

static int add_route(hewn_app *scope, hw_route *route, const hewn_route *opts)
{
    hewn_app *app = scope->owner;
    hw_spot *spot = open_spot(scope, route);
    if (!spot)
        return -ENOMEM;
    refuse_second_route(spot, route);
    route->handler = opts->handler;
    route->arg = opts->arg;
    route->reply = hw_reply_of(scope, hw_dispatch_route(route));
    set_limits(route, &app->opts, opts);
    if (name_route(app, route, opts->name) < 0 || copy_with(&app->arena, opts->with, route) < 0)
        return -ENOMEM;
    route->next = spot->routes;
    spot->routes = route;
    return 0;
}

int hewn_route_add(hewn_app *app, const char *method, const char *pattern, const hewn_route *route,
                   const char *file, int line)
{
    hewn_route opts;
    if (!hw_options_read(&opts, sizeof opts, route))
        hw_misuse_abort(file, line, "route options without their size, or from a newer version");
    refuse_route_options(&opts, file, line);
    refuse_route_method(hw_text_of(method), file, line);
    /* In a group an empty pattern is its prefix; it may have been a group that is NULL now. */
    const char *problem = hw_pattern_problem(hw_text_of(pattern));
    bool is_prefix = (!app || app->prefix.length > 0) && pattern && !*pattern;
    if (problem && !is_prefix)
        hw_misuse_abort(file, line, "the pattern \"%s\" %s", pattern ? pattern : "", problem);
    if (!app)
        return -ENOMEM;
    hw_app_need_open(app, pattern, file, line);
    hw_route *added = make_route(app, method, pattern, file, line);
    int result = added ? add_route(app, added, &opts) : -ENOMEM;
    return result < 0 ? hw_app_fail_memory(app) : 0;
}

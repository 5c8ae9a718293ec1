/* Seals an application: finds out what is around each reply, and gives everything its place.
 *
 * Layers are laid out flat, those of the outermost scope first, in arrays of the arena of the app
 * they are used in; groups share the array of their scope, a route with middleware of its own has
 * one. From outside in: an app is sealed before what is mounted in it, a scope before its groups,
 * which are listed in the order they were made in. */
#include "app/app.h"

#include <string.h>

#include "app/dispatch.h"
#include "base/assert.h"
#include "http/element.h"

static size_t count_with(hewn_middleware *const *with)
{
    size_t count = 0;
    while (with && with[count])
        count++;
    return count;
}

/* Room for layers behind those of a scope, which are copied; at NULL: no memory. */
static hw_layer *extend_layers(hewn_app *app, hw_layers outer, size_t more)
{
    if (outer.count + more > HW_LAYERS_MAX)
        hw_misuse_abort(NULL, 0, "more than %d middlewares around one route", HW_LAYERS_MAX);
    hw_layer *layers = hw_arena_alloc_zeroed(&app->arena, outer.count + more, sizeof *layers);
    if (layers && outer.count > 0)
        memcpy(layers, outer.at, outer.count * sizeof *layers);
    return layers;
}

static int lay_scope(hewn_app *app, hewn_app *scope)
{
    hw_layers outer = scope->around ? scope->around->layers : (hw_layers){0};
    size_t count = 0;
    for (const hw_use *use = scope->uses; use; use = use->next)
        count++;
    hw_layer *layers = extend_layers(app, outer, count);
    if (!layers)
        return -ENOMEM;
    scope->layers = (hw_layers){layers, outer.count + count};
    hw_layer *layer = layers + outer.count;
    for (const hw_use *use = scope->uses; use; use = use->next)
        *layer++ = use->layer;
    return 0;
}

static int lay_route(hewn_app *app, hw_route *route)
{
    hw_layers layers = route->reply.scope->layers;
    size_t count = count_with(route->with);
    if (count > 0) {
        hw_layer *own = extend_layers(app, layers, count);
        if (!own)
            return -ENOMEM;
        for (size_t i = 0; i < count; i++)
            own[layers.count + i] = (hw_layer){route->with[i], NULL};
        layers = (hw_layers){own, layers.count + count};
    }
    hw_reply_seal(&route->reply, layers, app->on_error, app->turns);
    return 0;
}

static int allow_all(hw_arena *arena, hw_text *allow, hw_text more)
{
    hw_cursor list = hw_cursor_of(more);
    hw_text method;
    while (hw_element_next(&list, &method))
        if (hw_allow_add(arena, allow, method) < 0)
            return -ENOMEM;
    return 0;
}

static int seal_spot(hewn_app *app, hw_spot *spot)
{
    for (const hw_spot *wider = spot->wider; wider; wider = wider->wider)
        if (allow_all(&app->arena, &spot->allow, wider->allow) < 0)
            return -ENOMEM;
    for (hw_route *route = spot->routes; route; route = route->next)
        if (lay_route(app, route) < 0)
            return -ENOMEM;
    hw_layers layers = spot->refuse.scope->layers;
    hw_reply_seal(&spot->refuse, layers, app->on_error, app->turns);
    hw_reply_seal(&spot->describe, layers, app->on_error, app->turns);
    return 0;
}

static int seal_app(hewn_app *app, hewn_app *top, int depth);

/* Of an app only the slash is answered here. */
static int seal_mount(hewn_app *app, hw_mount *mount, hewn_app *top, int depth)
{
    hw_layers layers = mount->reply.scope->layers;
    hw_reply_seal(&mount->redirect, layers, app->on_error, app->turns);
    if (!mount->app) {
        hw_reply_seal(&mount->reply, layers, app->on_error, app->turns);
        return 0;
    }
    const char *base =
        hw_arena_format(&mount->app->arena, "%.*s%.*s", HW_TEXT_ARGS(app->base),
                        mount->prefix.length > 1 ? (int)mount->prefix.length : 0, mount->prefix.at);
    if (!base)
        return -ENOMEM;
    mount->app->base = hw_text_of(base);
    if (!mount->app->on_error)
        mount->app->on_error = app->on_error;
    int error = seal_app(mount->app, top, depth + 1);
    return error < 0 ? error : allow_all(&app->arena, &app->allow, mount->app->allow);
}

static int lay_out(hewn_app *app)
{
    int error = lay_scope(app, app);
    for (hewn_app *group = app->groups; group && error == 0; group = group->next)
        error = lay_scope(app, group);
    for (hw_spot *spot = app->router.spots; spot && error == 0; spot = spot->next)
        error = seal_spot(app, spot);
    hw_reply_seal(&app->absent, app->layers, app->on_error, app->turns);
    hw_reply_seal(&app->unknown, app->layers, app->on_error, app->turns);
    hw_reply_seal(&app->describe, app->layers, app->on_error, app->turns);
    return error;
}

static void note_late_error(hewn_app *app)
{
    int error = atomic_load(&app->late_error);
    hw_fault fault;
    if (error == 0)
        return;
    (void)hw_fault_set(&fault, -error, NULL, "a timer could not be started: %s",
                       hw_error_words(error));
    hw_app_fail(app, &fault);
}

static int seal_app(hewn_app *app, hewn_app *top, int depth)
{
    if (depth > HW_APP_DEPTH_MAX)
        hw_misuse_abort(NULL, 0, "apps are mounted more than %d deep", HW_APP_DEPTH_MAX);
    app->is_sealed = true;
    /* The outermost serial app's: its middleware runs for those inside it too. */
    const hewn_app *outer = app->around ? app->around->owner : NULL;
    app->turns = outer && outer->turns ? outer->turns : app->opts.serial ? &app->serial : NULL;
    int error = lay_out(app);
    for (hw_mount *mount = app->router.mounts; mount && error == 0; mount = mount->next)
        error = seal_mount(app, mount, top, depth);
    for (hw_seal_step *step = app->seal_steps; step && error == 0; step = step->next)
        error = step->run(top, step->arg);
    note_late_error(app);
    if (error == -ENOMEM)
        (void)hw_app_fail_memory(top);
    if (app->fault.error)
        hw_app_fail(top, &app->fault);
    return error;
}

void hw_app_on_seal(hewn_app *scope, int (*run)(hewn_app *top, void *arg), void *arg)
{
    hewn_app *app = scope->owner;
    hw_seal_step *step = hw_arena_alloc_zeroed(&app->arena, 1, sizeof *step);
    if (!step) {
        (void)hw_app_fail_memory(scope);
        return;
    }
    *step = (hw_seal_step){run, arg, NULL};
    hw_seal_step **last = &app->seal_steps;
    while (*last)
        last = &(*last)->next;
    *last = step;
}

int hw_app_seal(hewn_app *app, bool strict)
{
    if (app->owner != app || app->around)
        hw_misuse_abort(NULL, 0, "a server runs whole apps: this one is %s another",
                        app->owner != app ? "a group of" : "mounted in");
    atomic_store_explicit(&app->is_strict, strict, memory_order_relaxed);
    if (!app->is_sealed)
        (void)seal_app(app, app, 1);
    return -app->fault.error;
}

bool hw_app_is_strict(const hewn_app *scope)
{
    while (scope->around)
        scope = scope->around;
    return atomic_load_explicit(&scope->is_strict, memory_order_relaxed);
}

/* What a program puts an application together with: groups, middleware, apps in apps, hosts, pages
 * of errors.
 *
 * All of it is only noted here; what is around a route is found out when the app is sealed. So the
 * order of a program's lines does not matter: a middleware is around the routes that were added
 * before it too. */
#include "app/app.h"
#include "app/dispatch.h"
#include "base/assert.h"

hewn_app *hewn_group(hewn_app *app, const char *prefix)
{
    hw_text text = hw_text_of(prefix);
    const char *problem = hw_pattern_problem(text);
    if (!problem && text.length > 1 && hw_text_has_suffix(text, HW_TEXT("/")))
        problem = "must not end with '/'";
    if (problem)
        hw_misuse_abort(NULL, 0, "the prefix \"%s\" of a group %s", prefix ? prefix : "", problem);
    hw_app_need_open(app, prefix, NULL, 0);
    if (!app)
        return NULL;
    hewn_app *owner = app->owner;
    hewn_app *group = hw_arena_alloc_zeroed(&owner->arena, 1, sizeof *group);
    hw_text path = hw_app_path(app, text.length > 1 ? text : (hw_text){0});
    if (!group || !path.at) {
        (void)hw_app_fail_memory(app);
        return NULL;
    }
    group->owner = owner;
    group->around = app;
    group->prefix = path;
    hewn_app **last = &owner->groups;
    while (*last)
        last = &(*last)->next;
    *last = group;
    return group;
}

void hewn_use(hewn_app *app, hewn_middleware *middleware, void *arg)
{
    if (!middleware)
        hw_misuse_abort(NULL, 0, "hewn_use needs a middleware");
    hw_app_need_open(app, "a middleware", NULL, 0);
    if (!app)
        return;
    hw_use *use = hw_arena_alloc_zeroed(&app->owner->arena, 1, sizeof *use);
    if (!use) {
        (void)hw_app_fail_memory(app);
        return;
    }
    use->layer = (hw_layer){middleware, arg};
    hw_use **last = &app->uses;
    while (*last)
        last = &(*last)->next;
    *last = use;
}

void hewn_on_error(hewn_app *app, hewn_error_handler *handler)
{
    hw_app_need_open(app, "an error handler", NULL, 0);
    if (app && app->owner != app)
        hw_misuse_abort(NULL, 0, "hewn_on_error is for an app, and this is a group of one");
    if (app)
        app->on_error = handler;
}

static void free_mounted_app(void *arg)
{
    hewn_app_free(arg);
}

/* Notes where an app stands; it can stand at one place only. */
static void put_around(hewn_app *scope, hewn_app *sub, const char *what)
{
    if (sub->owner != sub)
        hw_misuse_abort(NULL, 0, "%s: a group cannot be mounted", what);
    if (sub->around)
        hw_misuse_abort(NULL, 0, "%s: the app is mounted already", what);
    for (const hewn_app *outer = scope; outer; outer = outer->around)
        if (outer->owner == sub)
            hw_misuse_abort(NULL, 0, "%s: an app cannot be mounted in itself", what);
    sub->around = scope;
}

void hewn_mount(hewn_app *app, const char *prefix, hewn_app *sub)
{
    if (!app || !sub) {
        if (app)
            (void)hw_app_fail_memory(app);
        hewn_app_free(sub);
        return;
    }
    put_around(app, sub, "hewn_mount");
    hw_answerer answerer = hw_dispatch_mounted(sub);
    if (hw_app_mount(app, prefix, &answerer, free_mounted_app) == 0)
        app->owner->router.mounts->app = sub;
}

static int add_host(hewn_app *app, hw_text host, hewn_app *sub)
{
    hewn_app *owner = app->owner;
    if (!owner->hosts)
        owner->hosts = hw_arena_alloc_zeroed(&owner->arena, 1, sizeof *owner->hosts);
    hw_mount *mount = hw_arena_alloc_zeroed(&owner->arena, 1, sizeof *mount);
    if (!owner->hosts || !mount)
        return -ENOMEM;
    int error = hw_hosts_add(owner->hosts, &owner->arena, host, sub);
    if (error < 0)
        return error;
    mount->app = sub;
    mount->fini = free_mounted_app;
    mount->reply = hw_reply_of(app, hw_dispatch_mounted(sub));
    mount->redirect = hw_reply_of(app, hw_dispatch_redirect());
    mount->next = owner->router.mounts;
    owner->router.mounts = mount;
    return 0;
}

void hewn_host(hewn_app *app, const char *host, hewn_app *sub)
{
    const char *problem = hw_host_problem(hw_text_of(host));
    if (problem)
        hw_misuse_abort(NULL, 0, "hewn_host: \"%s\" %s", host ? host : "", problem);
    if (app && app->owner != app)
        hw_misuse_abort(NULL, 0, "hewn_host is for an app, and this is a group of one");
    hw_app_need_open(app, host, NULL, 0);
    if (!app || !sub) {
        if (app)
            (void)hw_app_fail_memory(app);
        hewn_app_free(sub);
        return;
    }
    put_around(app, sub, "hewn_host");
    int error = add_host(app, hw_text_of(host), sub);
    if (error == -EEXIST)
        hw_misuse_abort(NULL, 0, "hewn_host: \"%s\" has an app already", host);
    if (error < 0) {
        hewn_app_free(sub);
        (void)hw_app_fail_memory(app);
    }
}

/* Applications: routes, mounted answerers and what they share, in one object that is built once and
 * then only read.
 *
 * An app lives in its own arena, so building it is a straight line and freeing it one step.
 * Failures while it is built (memory, a folder that is not there) are kept as its fault: a program
 * reads as a list of routes, without a check after each, and the server that is to run it says what
 * went wrong. Invariant: after hw_app_seal (seal.c) nothing but the count of references changes, so
 * loops share an app without locks. */
#include "app/app.h"

#include <string.h>

#include "app/dispatch.h"
#include "app/options.h"
#include "base/assert.h"

enum { APP_BLOCK_BYTES = 4096, LOCALS_FIRST = 4 };

static const uint64_t body_bytes_default = 1024 * 1024;

static void refuse_app_options(const hewn_app_opts *opts)
{
    const char *name = opts->title ? "title" : opts->version ? "version" : NULL;
    if (name)
        hw_misuse_abort(NULL, 0, "hewn_app_new: app option .%s is not available in this version",
                        name);
}

hewn_app *hewn_app_new(const hewn_app_opts *opts)
{
    hewn_app_opts known;
    if (!hw_options_read(&known, sizeof known, opts))
        hw_misuse_abort(NULL, 0,
                        "hewn_app_new: app options without their size, or from a newer version");
    refuse_app_options(&known);
    if (known.body_bytes_max == 0)
        known.body_bytes_max = body_bytes_default;
    hw_arena arena;
    hw_arena_init(&arena, APP_BLOCK_BYTES, SIZE_MAX / 2);
    hewn_app *app = hw_arena_alloc_zeroed(&arena, 1, sizeof *app);
    const hw_signer *signer = known.secrets ? hw_signer_new(&arena, known.secrets) : NULL;
    if (!app || (known.secrets && !signer)) {
        hw_arena_fini(&arena);
        return NULL;
    }
    known.secrets = NULL; /* they may go now */
    app->owner = app;
    app->opts = known;
    app->signer = signer;
    app->arena = arena;
    app->answerer = hw_dispatch_of(app);
    app->absent = hw_reply_of(app, hw_dispatch_absent());
    app->unknown = hw_reply_of(app, hw_dispatch_unknown());
    app->describe = hw_reply_of(app, hw_dispatch_describe(&app->allow));
    app->allow = HW_TEXT("OPTIONS");
    atomic_init(&app->references, 1);
    hw_serial_init(&app->serial);
    hw_router_init(&app->router);
    return app;
}

hewn_app *hw_app_hold(hewn_app *app)
{
    hw_assert(app->owner == app);
    atomic_fetch_add_explicit(&app->references, 1, memory_order_relaxed);
    return app;
}

bool hw_app_is_last(const hewn_app *app)
{
    return atomic_load_explicit(&app->references, memory_order_acquire) == 1;
}

static void end_background_of(hewn_app *app)
{
    hw_app_part *part = hw_app_background(app);
    if (part)
        part->end(part);
}

void hewn_app_free(hewn_app *app)
{
    if (app && app->owner != app)
        hw_misuse_abort(NULL, 0, "hewn_app_free: a group goes with its app");
    if (!app || atomic_fetch_sub_explicit(&app->references, 1, memory_order_acq_rel) != 1)
        return;
    end_background_of(app);
    hw_router_fini(&app->router);
    end_background_of(
        app); /* what was mounted may have asked this one for something until it went */
    hw_map_fini(&app->names);
    hw_formats_fini(&app->formats);
    hw_serial_fini(&app->serial);
    if (app->hosts)
        hw_hosts_fini(app->hosts);
    if (app->opts.state_free)
        app->opts.state_free(app->opts.state);
    hw_app_part *part = hw_app_background(app);
    if (part)
        part->fini(part);
    hw_arena arena = app->arena; /* the app is part of what it frees */
    hw_arena_fini(&arena);
}

void hw_app_need_open(const hewn_app *scope, const char *what, const char *file, int line)
{
    if (scope && scope->owner->is_sealed)
        hw_misuse_abort(file, line, "\"%s\" is added to an app that a server already runs", what);
}

hw_text hw_app_path(hewn_app *scope, hw_text below)
{
    hw_text path = {0};
    const char *copy = hw_arena_format(&scope->owner->arena, "%.*s%.*s",
                                       HW_TEXT_ARGS(scope->prefix), HW_TEXT_ARGS(below));
    if (copy)
        path = hw_text_of(copy);
    return path;
}

static int add_mount(hewn_app *scope, hw_text prefix, const hw_answerer *answerer,
                     void (*fini)(void *arg))
{
    hewn_app *app = scope->owner;
    hw_mount *mount = hw_arena_alloc_zeroed(&app->arena, 1, sizeof *mount);
    bool is_root = scope->prefix.length > 0 && prefix.length == 1;
    hw_text path = hw_app_path(scope, is_root ? (hw_text){0} : prefix);
    if (!mount || !path.at || hw_allow_add(&app->arena, &app->allow, HW_TEXT("HEAD")) < 0 ||
        hw_allow_add(&app->arena, &app->allow, HW_TEXT("GET")) < 0)
        return -ENOMEM;
    *mount = (hw_mount){
        .reply = hw_reply_of(scope, *answerer),
        .redirect = hw_reply_of(scope, hw_dispatch_redirect()),
        .prefix = path,
    };
    mount->reply.has_own_errors = true;
    int error = hw_router_mount(&app->router, &app->arena, mount);
    if (error == -EEXIST)
        hw_misuse_abort(NULL, 0, "the prefix \"%s\" is mounted twice", path.at);
    if (error == 0)
        mount->fini = fini;
    return error;
}

int hw_app_mount(hewn_app *scope, const char *prefix, const hw_answerer *answerer,
                 void (*fini)(void *arg))
{
    hw_text text = hw_text_of(prefix);
    const char *problem = hw_pattern_prefix_problem(text);
    if (!problem && scope && hw_text_find(scope->prefix, '{') < scope->prefix.length)
        problem = "is in a group whose prefix has a {parameter}";
    if (problem)
        hw_misuse_abort(NULL, 0, "the prefix \"%s\" %s", prefix ? prefix : "", problem);
    hw_app_need_open(scope, prefix, NULL, 0);
    int result = scope ? add_mount(scope, text, answerer, fini) : -ENOMEM;
    if (result == 0)
        return 0;
    if (fini)
        fini(answerer->arg);
    return scope ? hw_app_fail_memory(scope) : result;
}

static bool grow_locals(hewn_app *app)
{
    size_t capacity = app->local_capacity ? app->local_capacity * 2 : LOCALS_FIRST;
    hw_local *locals = hw_arena_alloc_zeroed(&app->arena, capacity, sizeof *locals);
    if (!locals)
        return false;
    if (app->local_count > 0)
        memcpy(locals, app->locals, app->local_count * sizeof *locals);
    app->locals = locals;
    app->local_capacity = capacity;
    return true;
}

size_t hw_app_local_add(hewn_app *app, const hw_local *local)
{
    hw_assert(app->owner == app);
    if (app->local_count == app->local_capacity && !grow_locals(app)) {
        (void)hw_app_fail_memory(app);
        return SIZE_MAX;
    }
    app->locals[app->local_count] = *local;
    return app->local_count++;
}

void *hw_app_local_find(const hewn_app *app,
                        int (*init)(void *local, void *arg, const hw_share *share),
                        size_t *ret_slot)
{
    for (size_t i = 0; i < app->local_count; i++) {
        if (app->locals[i].init != init)
            continue;
        *ret_slot = i;
        return app->locals[i].arg;
    }
    return NULL;
}

void hw_app_fail(hewn_app *scope, const hw_fault *fault)
{
    hw_assert(fault->error > 0);
    if (scope && scope->owner->fault.error == 0)
        scope->owner->fault = *fault;
}

int hw_app_fail_memory(hewn_app *scope)
{
    hw_fault fault;
    int result = hw_fault_set(&fault, ENOMEM, NULL, "out of memory");
    hw_app_fail(scope, &fault);
    return result;
}

void hw_app_fail_late(hewn_app *scope, int error)
{
    int none = 0;
    hw_assert(error < 0);
    (void)atomic_compare_exchange_strong(&scope->owner->late_error, &none, error);
}

hw_app_part *hw_app_background(const hewn_app *app)
{
    return atomic_load_explicit(&app->background, memory_order_acquire);
}

hw_app_part *hw_app_set_background(hewn_app *app, hw_app_part *part)
{
    hw_app_part *found = NULL;
    bool is_first = atomic_compare_exchange_strong(&app->background, &found, part);
    return is_first ? part : found;
}

const hw_fault *hw_app_fault(const hewn_app *app)
{
    return app->fault.error ? &app->fault : NULL;
}

const hw_answerer *hw_app_answerer(const hewn_app *app)
{
    return &app->answerer;
}

const hw_local *hw_app_locals(const hewn_app *app, size_t *ret_count)
{
    *ret_count = app->local_count;
    return app->locals;
}

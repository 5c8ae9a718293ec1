/* Applications from the inside: what `kit` mounts in them and `run` takes from them. The public
 * half is in hewn.h. An app is built by one thread; once a server has sealed it, it is immutable.
 *
 * A scope is an app or a group of one: what routes are added to. A group has a prefix and layers of
 * its own; everything else is its app's, its `owner`. */
#ifndef HW_APP_APP_H
#define HW_APP_APP_H

#include <stdatomic.h>

#include "app/format.h"
#include "app/hosts.h"
#include "app/router.h"
#include "app/sign.h"
#include "base/error.h"
#include "exchange/serial.h"

/* So deep may apps be mounted in each other. */
#define HW_APP_DEPTH_MAX 16

/* A layer as hewn_use adds it. */
typedef struct hw_use {
    hw_layer layer;
    struct hw_use *next; /* one further in */
} hw_use;

/* What is to be done when an app is sealed. */
typedef struct hw_seal_step {
    int (*run)(hewn_app *top, void *arg); /* 0 or a negative errno */
    void *arg;
    struct hw_seal_step *next;
} hw_seal_step;

/* What an app has beside its routes: made when it is first asked for, and on threads of its own. */
typedef struct hw_app_part hw_app_part;
struct hw_app_part {
    void (*end)(hw_app_part *part);  /* the app goes: its threads do no more; twice is as once */
    void (*fini)(hw_app_part *part); /* after that nobody asks it for anything */
};

/* Nobody but this module looks inside. */
struct hewn_app {
    /* Of every scope. */
    hewn_app *owner;  /* the app; itself, if it is one */
    hewn_app *around; /* the scope it is a group of, or is mounted in; NULL: none */
    hw_text prefix;   /* of its routes' patterns, in its owner; "": none */
    hw_use *uses;     /* its own layers, the outermost first */
    hw_layers layers; /* sealed: those of all scopes around it, and its own */
    hewn_app *next;   /* another group of the owner */
    /* Of an app. */
    hewn_app_opts opts;
    hw_arena arena; /* the app itself and all that is in it */
    hw_router router;
    hw_hosts *hosts; /* NULL: none */
    hewn_app *groups;
    hw_map names;            /* of routes, for hewn_url_for */
    const hw_signer *signer; /* of .secrets; NULL: none */
    hw_text base;            /* sealed: the prefixes of all mounts it is below */
    hewn_error_handler *on_error;
    hw_answerer answerer;               /* asks the router */
    hw_reply absent, unknown, describe; /* 404, 501, OPTIONS of "*" */
    hw_text allow;                      /* every method some route takes */
    hw_local *locals;                   /* in the arena, in the order of their slots */
    size_t local_count, local_capacity;
    hw_seal_step *seal_steps;
    hw_fault fault;
    atomic_int late_error; /* the first negative errno of hw_app_fail_late; 0: none */
    hw_app_part *_Atomic background;
    atomic_uint references;
    hw_serial serial; /* its own */
    hw_serial *turns; /* sealed: what its handlers take turns in; NULL: they need not */
    bool is_sealed;
    atomic_bool is_strict; /* of the outermost one */
    hw_formats formats;
};

/* One more reference; hewn_app_free gives it back. Threads: any. */
hewn_app *hw_app_hold(hewn_app *app);
/* Whether the one who asks has the only one. */
bool hw_app_is_last(const hewn_app *app);

/* Lets an answerer answer for a subtree: a prefix of "/", or "/x" or "/a/b" (decoded, literal;
 * anything else aborts). "/x" answers "/x/" and all paths below, where request.below is the path
 * from its second slash on ("/x/a" -> "/a"); "/x" itself is redirected to "/x/" by the app, for a
 * mounted answerer could not tell the two apart; "/xy" is not its. A route beats a mount, the
 * longest prefix wins, and the same prefix twice aborts. The answerer is asked for every method but
 * CONNECT and TRACE. `fini` (may be NULL) is called with the answerer's arg when the app goes, and
 * also when mounting fails. Errors: -ENOMEM, which is remembered as the app's fault too. */
int hw_app_mount(hewn_app *scope, const char *prefix, const hw_answerer *answerer,
                 void (*fini)(void *arg));

/* Has something done when the app is sealed, with the outermost app it is part of then: the one
 * whose loops' state it will have. Without memory the app's fault says so. */
void hw_app_on_seal(hewn_app *scope, int (*run)(hewn_app *top, void *arg), void *arg);

/* Asks for state once a loop, and returns its slot for hw_exchange_local. The hw_local is copied.
 * Without memory the slot is of no use, and the app's fault says so. */
size_t hw_app_local_add(hewn_app *app, const hw_local *local);

/* The arg, and the slot, of state with this init function; NULL: there is none yet. */
void *hw_app_local_find(const hewn_app *app,
                        int (*init)(void *local, void *arg, const hw_share *share),
                        size_t *ret_slot);

/* For a middleware: has the answer to a promise (HW_RESPONSE_LATER) looked at when it has come, with
 * all its fields, on whatever thread that is. */
void hw_app_finish_promise(hw_exchange *exchange, void (*finish)(hw_exchange *exchange));

/* Notes that building the app went wrong, for functions that cannot say so themselves: the first
 * fault is kept, and no server takes the app. scope NULL is fine. */
void hw_app_fail(hewn_app *scope, const hw_fault *fault);
/* The same for want of memory; returns -ENOMEM. */
int hw_app_fail_memory(hewn_app *scope);

/* The same for what any thread may do to it: with this negative errno. What goes wrong after an app
 * is sealed is not noted. Threads: any. */
void hw_app_fail_late(hewn_app *scope, int error);

/* What an app does in the background, of kit; NULL: nothing was asked for yet. Threads: any. */
hw_app_part *hw_app_background(const hewn_app *app);
/* Gives it one; what it has from now on, which is another where somebody else came first. */
hw_app_part *hw_app_set_background(hewn_app *app, hw_app_part *part);

/* The secrets that an operator gives: in place of .secrets. Without memory the app's fault says
 * so. */
void hw_app_take_secrets(hewn_app *app, const char *const *secrets);

/* Aborts when the app of a scope takes nothing more: `what` was being done to it. */
void hw_app_need_open(const hewn_app *scope, const char *what, const char *file, int line);
/* "/x" in a scope, as a text of its app's arena with a NUL: "/prefix/x". at NULL: no memory. */
hw_text hw_app_path(hewn_app *scope, hw_text below);

/* What a server needs. Valid: as long as the app. */

const hw_fault *hw_app_fault(const hewn_app *app); /* NULL: nothing went wrong */
const hw_answerer *hw_app_answerer(const hewn_app *app);
const hw_local *hw_app_locals(const hewn_app *app, size_t *ret_count);
/* From now on nothing may be added, to it or to what is mounted in it: puts layers around routes,
 * and gives everything its place. `strict`: misuse that a request triggers aborts (development).
 * 0, or the negative errno of the app's fault. */
int hw_app_seal(hewn_app *app, bool strict);
/* Threads: any. */
bool hw_app_is_strict(const hewn_app *scope);

#endif

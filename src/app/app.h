/* Applications from the inside: what `kit` mounts in them and `run` takes from them. The public
 * half is in hewn.h. An app is built by one thread; once a server has sealed it, it is immutable.
 */
#ifndef HW_APP_APP_H
#define HW_APP_APP_H

#include <stdatomic.h>

#include "app/router.h"
#include "base/error.h"

/* Nobody but this module looks inside. */
struct hewn_app {
    hewn_app_opts opts;
    hw_arena arena; /* the app itself and all that is in it */
    hw_router router;
    hw_answerer answerer; /* asks the router */
    hw_answerer describe; /* OPTIONS of "*" */
    hw_text allow;        /* every method some route takes */
    hw_local *locals;     /* in the arena, in the order of their slots */
    size_t local_count, local_capacity;
    hw_fault fault;
    atomic_uint references;
    bool is_sealed, is_strict;
};

/* One more reference; hewn_app_free gives it back. Threads: any. */
hewn_app *hw_app_hold(hewn_app *app);

/* Lets an answerer answer for a subtree: a prefix of "/", or "/x" or "/a/b" (decoded, literal;
 * anything else aborts). "/x" answers "/x/" and all paths below, where request.below is the path
 * from its second slash on ("/x/a" -> "/a"); "/x" itself is redirected to "/x/" by the app, for a
 * mounted answerer could not tell the two apart; "/xy" is not its. A route beats a mount, the
 * longest prefix wins, and the same prefix twice aborts. The answerer is asked for every method but
 * CONNECT and TRACE; its plan may put another in exchange->answerer, which then goes on. `fini`
 * (may be NULL) is called with the answerer's arg when the app goes, and also when mounting fails.
 * Errors: -ENOMEM, which is remembered as the app's fault too. */
int hw_app_mount(hewn_app *app, const char *prefix, const hw_answerer *answerer,
                 void (*fini)(void *arg));

/* Asks for state once a loop, and returns its slot for hw_exchange_local. The hw_local is copied.
 * Without memory the slot is of no use, and the app's fault says so. */
size_t hw_app_local_add(hewn_app *app, const hw_local *local);

/* The arg, and the slot, of state with this init function; NULL: there is none yet. */
void *hw_app_local_find(const hewn_app *app,
                        int (*init)(void *local, void *arg, const hw_share *share),
                        size_t *ret_slot);

/* Notes that building the app went wrong, for functions that cannot say so themselves: the first
 * fault is kept, and no server takes the app. app NULL is fine. */
void hw_app_fail(hewn_app *app, const hw_fault *fault);

/* What a server needs. Valid: as long as the app. */

const hw_fault *hw_app_fault(const hewn_app *app); /* NULL: nothing went wrong */
const hw_answerer *hw_app_answerer(const hewn_app *app);
const hw_local *hw_app_locals(const hewn_app *app, size_t *ret_count);
/* From now on nothing may be added. `strict`: misuse that a request triggers aborts (development).
 */
void hw_app_seal(hewn_app *app, bool strict);

#endif

/* What a handler has done when its request is over, and how it waits while it is not. */
#include <errno.h>

#include "base/assert.h"
#include "exchange/exchange.h"
#include "hewn.h"

typedef struct app_hook {
    hw_hook hook;
    void (*deferred)(void *arg);
    void (*after)(hewn_request *rq, int status, uint64_t bytes);
    void *arg;
} app_hook;

static void run_hook(hw_hook *hook, hw_exchange *exchange, const hw_sent *sent)
{
    app_hook *made = (app_hook *)hook;
    if (made->deferred)
        made->deferred(made->arg);
    else
        made->after(exchange, sent->status, sent->bytes);
}

static int add_hook(hewn_request *rq, app_hook hook)
{
    app_hook *made = hw_arena_alloc(&rq->arena, sizeof *made);
    if (!made)
        return -ENOMEM;
    *made = hook;
    made->hook = (hw_hook){run_hook, rq->hooks};
    rq->hooks = &made->hook;
    return 0;
}

int hewn_defer(hewn_request *rq, void (*run)(void *arg), void *arg)
{
    if (!run)
        hw_misuse_abort(NULL, 0, "hewn_defer needs a function");
    return add_hook(rq, (app_hook){.deferred = run, .arg = arg});
}

int hewn_after(hewn_request *rq, void (*run)(hewn_request *rq, int status, uint64_t bytes))
{
    if (!run)
        hw_misuse_abort(NULL, 0, "hewn_after needs a function");
    return add_hook(rq, (app_hook){.after = run});
}

bool hewn_gone(const hewn_request *rq)
{
    return atomic_load_explicit(&rq->is_gone, memory_order_relaxed);
}

bool hewn_stopping(const hewn_request *rq)
{
    return atomic_load_explicit(&rq->place->is_draining, memory_order_relaxed);
}

static bool is_sleep_over(const void *arg)
{
    const hewn_request *rq = arg;
    return atomic_load(&rq->is_gone) || atomic_load(&rq->place->is_draining);
}

int hewn_sleep(hewn_request *rq, unsigned ms)
{
    hw_bell *bell = rq->place->bell;
    hw_assert(bell);
    if (!hw_bell_sleep(bell, ms, is_sleep_over, rq))
        return 0;
    return hewn_gone(rq) ? -EPIPE : -ESHUTDOWN;
}

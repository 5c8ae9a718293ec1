/* Handlers, feeders and promises on one thread. A handler that stalls gives its loop away, as if
 * another thread had taken it over, and what comes back later comes back as a post. */
#include "server_h2_app.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "exchange/exchange.h"
#include "hewn/server.h"

/* Handlers that stall within one another. */
#define DEPTH_MAX 3
#define PROMISES_MAX 8
#define READ_BYTES_MAX (100 * 1024)

typedef struct fuzz_app {
    const fuzz_script *script;
    const hw_answerer *rest;
    hewn_later promises[PROMISES_MAX], wakers[PROMISES_MAX];
    hewn_request *held[PROMISES_MAX];
    unsigned promise_count, waker_count;
    unsigned depth;
    unsigned deferred; /* and not run yet */
} fuzz_app;

static fuzz_app a;

static unsigned draw(void)
{
    return a.script->next_number();
}

/* What is promised is done, whatever becomes of it. */
static void run_deferred(void *arg)
{
    (void)arg;
    hw_assert(a.deferred > 0);
    a.deferred--;
}

static void defer(hewn_request *rq)
{
    if (hewn_defer(rq, run_deferred, NULL) == 0)
        a.deferred++;
}

static void stall(unsigned words)
{
    if (a.depth == DEPTH_MAX)
        return;
    a.depth++;
    a.script->go_on(words);
    a.depth--;
}

static hewn_response *stall_and_say(hewn_request *rq)
{
    size_t length;
    unsigned how = draw();
    if (how & 16)
        defer(rq);
    stall(how % 16);
    (void)hewn_peer(rq);
    const void *body = hewn_body(rq, &length);
    return length > 0 ? hewn_bytes(rq, 200, "text/plain", body, length)
                      : hewn_text(rq, 200, "stalled");
}

/* What has come so far; nobody waits here. */
static bool read_some(hewn_request *rq)
{
    char piece[3000];
    hw_flow *flow = rq->intake;
    bool would_wait = flow->length == 0 && !flow->is_ended && flow->error == 0;
    if (would_wait) {
        flow->is_wanted = true;
        rq->carrier->notify(rq);
        return true;
    }
    return hewn_read(rq, piece, 1 + draw() * 11) > 0;
}

static hewn_response *read_and_say(hewn_request *rq)
{
    unsigned times = draw() % 16;
    defer(rq);
    for (unsigned i = 0; i < times && read_some(rq); i++)
        stall(1 + i % 4);
    return hewn_text(rq, 200, "read");
}

/* Others hear of it when this has returned: until then they would have to wait, in this thread. */
static void note_promise(hewn_later later, hewn_request *rq, void *arg)
{
    unsigned how = draw();
    (void)arg;
    stall(how % 4);
    unsigned which = a.promise_count % PROMISES_MAX;
    if (how & 64)
        (void)hewn_later_send(later, hewn_text(rq, 200, "at once"));
    else if (!a.held[which])
        a.promises[a.promise_count++ % PROMISES_MAX] = later;
}

static hewn_response *promise(hewn_request *rq)
{
    if (draw() & 1)
        defer(rq);
    return hewn_wait_for(rq, note_promise, NULL);
}

static int fill(hewn_out *out, void *arg)
{
    static const char bytes[1000];
    unsigned how = draw();
    bool reads = arg != NULL;
    if (reads && (how & 32))
        (void)read_some(hewn_out_request(out));
    if (how & 64)
        stall(how % 8);
    for (unsigned i = 0; i < how % 32; i++)
        if (hewn_write(out, bytes, sizeof bytes) == -EPIPE)
            return -EPIPE;
    if (how >= 240)
        return how == 255 ? -EIO : HEWN_DONE;
    if (!(how & 128) && how % 32 > 0) /* who has more writes some of it */
        return HEWN_MORE;
    a.wakers[a.waker_count++ % PROMISES_MAX] = hewn_waker(out);
    return HEWN_WAIT;
}

static hewn_response *pull(hewn_request *rq)
{
    bool reads = rq->intake != NULL;
    if (draw() & 1)
        defer(rq);
    return hewn_pull(rq, 200, "text/plain", fill, reads ? &a : NULL);
}

hewn_app *fuzz_app_new(int folder)
{
    hewn_fault fault = {0};
    hewn_app *app = hewn_new();
    if (!app || hewn_files(app, "/", folder, NULL, &fault) < 0)
        return NULL;
    hewn_get(app, "/stall", stall_and_say);
    hewn_post(app, "/stall", stall_and_say, .body_bytes_max = 3000, .timeout_ms = 900);
    hewn_any(app, "/read", read_and_say, .body = HEWN_BODY_STREAM,
             .body_bytes_max = READ_BYTES_MAX);
    hewn_any(app, "/promise", promise);
    hewn_any(app, "/pull", pull);
    hewn_post(app, "/pull-read", pull, .body = HEWN_BODY_STREAM, .body_bytes_max = READ_BYTES_MAX);
    return app;
}

/* The echo that stalls. */

static bool is_echo(const hw_exchange *exchange)
{
    return hw_text_equal(exchange->request.path.text, HW_TEXT("/echo-late"));
}

static hw_body_plan plan(void *arg, hw_exchange *exchange)
{
    (void)arg;
    if (is_echo(exchange))
        return (hw_body_plan){HW_PLAN_STREAM, READ_BYTES_MAX};
    return a.rest->plan(a.rest->arg, exchange);
}

static bool answer_quickly(void *arg, hw_exchange *exchange)
{
    (void)arg;
    return !is_echo(exchange) && a.rest->quick && a.rest->quick(a.rest->arg, exchange);
}

static void answer(void *arg, hw_exchange *exchange)
{
    (void)arg;
    if (!is_echo(exchange)) {
        a.rest->answer(a.rest->arg, exchange);
        return;
    }
    stall(draw() % 16);
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, hw_exchange_take_body(exchange));
}

const hw_answerer *fuzz_app_answerer(const hw_answerer *rest)
{
    static const hw_answerer echo = {.plan = plan, .quick = answer_quickly, .answer = answer};
    a.rest = rest;
    return &echo;
}

/* From the script. */

void fuzz_app_begin(const fuzz_script *script)
{
    const hw_answerer *rest = a.rest;
    memset(&a, 0, sizeof a);
    a.script = script;
    a.rest = rest;
}

void fuzz_app_hold(unsigned which)
{
    which %= PROMISES_MAX;
    if (!a.held[which])
        a.held[which] = hewn_later_request(a.promises[which]);
}

void fuzz_app_keep(unsigned which, bool is_given_up)
{
    which %= PROMISES_MAX;
    hewn_request *rq = a.held[which];
    if (!rq && !is_given_up)
        rq = hewn_later_request(a.promises[which]);
    if (!rq && !is_given_up)
        return;
    int error = hewn_later_send(a.promises[which], is_given_up ? NULL : hewn_text(rq, 200, "kept"));
    hw_assert(error == 0 || error == -ESTALE);
    a.held[which] = NULL;
}

void fuzz_app_wake(unsigned which)
{
    int error = hewn_wake(a.wakers[which % PROMISES_MAX]);
    hw_assert(error == 0 || error == -ESTALE);
}

void fuzz_app_give_back(void)
{
    for (unsigned i = 0; i < PROMISES_MAX; i++)
        if (a.held[i])
            fuzz_app_keep(i, i % 2 == 0);
}

void fuzz_app_end(void)
{
    hw_assert(a.deferred == 0 && a.depth == 0);
    for (unsigned i = 0; i < PROMISES_MAX; i++) {
        hw_assert(!hewn_later_request(a.promises[i]));
        hw_assert(hewn_wake(a.wakers[i]) == -ESTALE);
    }
}

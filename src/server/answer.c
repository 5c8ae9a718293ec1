/* Where handlers are called.
 *
 * Everything a handler may do, it does inside hw_answer_run; there it owns its exchange and nothing
 * of the loop, which may go on without the thread that runs it (loop/crew.h).
 *
 * Loops learn which handlers keep them waiting. One that has had a loop taken over twice within
 * STALL_SPAN starts on a spare from then on, until ASIDE_RUNS of its runs there, one after the
 * other, were over within a millisecond. A stall now and then, which may be the system's doing,
 * teaches nothing. A stall counts when the loop is taken over, before the next handler runs: its
 * own end may be far off, and others of its kind be next. What is learned holds for all loops; it
 * may miss something when many learn at once, and nobody minds. */
#include "server/answer.h"

#include "base/number.h"
#include "exchange/later.h"
#include "exchange/serial.h"
#include "sys/clock.h"

#define STARVED_MS_MAX 10000
#define STALL_SPAN_NS INT64_C(1000000000)
#define ASIDE_RUNS 32
/* As the monitor sees it. */
#define QUICK_NS INT64_C(1000000)

void hw_answer_plan(hw_lane *lane, hw_exchange *exchange)
{
    const hw_answerer *answerer = lane->shared->answerer;
    exchange->plan = answerer->plan(answerer->arg, exchange);
}

void hw_answer_quickly(hw_lane *lane, hw_exchange *exchange)
{
    const hw_answerer *answerer = lane->shared->answerer;
    if (!answerer->quick)
        return;
    exchange->is_quick = true;
    exchange->is_answered = answerer->quick(answerer->arg, exchange);
    exchange->is_quick = false;
    /* Answered without the body: whatever it was to become, nothing has been prepared for it. */
    if (exchange->is_answered)
        exchange->plan.kind = HW_PLAN_NONE;
}

hw_pace *hw_answer_pace_of(const hw_shared *shared, const hw_exchange *exchange)
{
    return exchange->answerer ? exchange->answerer->pace : shared->answerer->pace;
}

bool hw_answer_is_slow(const hw_lane *lane, const hw_exchange *exchange)
{
    const hw_pace *pace = hw_answer_pace_of(lane->shared, exchange);
    return pace &&
           (pace->is_blocking || atomic_load_explicit(&pace->aside_runs, memory_order_relaxed) > 0);
}

unsigned hw_answer_timeout_ms(const hw_lane *lane, const hw_exchange *exchange)
{
    const hw_pace *pace = hw_answer_pace_of(lane->shared, exchange);
    return pace && pace->timeout_ms ? pace->timeout_ms : lane->shared->limits.answer_ms;
}

void hw_answer_note_stall(hw_lane *lane)
{
    hw_pace *pace = lane->inside;
    if (!pace)
        return;
    lane->inside = NULL;
    int64_t now_ns = lane->loop.now_ns;
    int64_t before_ns = atomic_exchange_explicit(&pace->stalled_ns, now_ns, memory_order_relaxed);
    if (before_ns > 0 && now_ns - before_ns <= STALL_SPAN_NS)
        atomic_store_explicit(&pace->aside_runs, ASIDE_RUNS, memory_order_relaxed);
}

static void note_aside_run(hw_pace *pace, int64_t span_ns)
{
    unsigned runs = atomic_load_explicit(&pace->aside_runs, memory_order_relaxed);
    if (span_ns >= QUICK_NS)
        runs = ASIDE_RUNS;
    else if (runs > 0)
        runs--;
    atomic_store_explicit(&pace->aside_runs, runs, memory_order_relaxed);
}

bool hw_answer_run(const hw_shared *shared, hw_exchange *exchange)
{
    const hw_answerer *answerer = shared->answerer;
    if (exchange->is_answered) {
        hw_feeder *feeder = exchange->response.feeder;
        feeder->said = feeder->run(feeder);
        return true;
    }
    const hw_pace *pace = hw_answer_pace_of(shared, exchange);
    answerer->answer(answerer->arg, exchange);
    bool is_over = exchange->response.kind != HW_RESPONSE_LATER ||
                   exchange->promise->begin(exchange->promise, exchange);
    if (pace && pace->serial)
        hw_serial_leave(pace->serial);
    return is_over;
}

bool hw_answer_run_aside(const hw_shared *shared, hw_exchange *exchange)
{
    /* What is written for as long as a client likes says nothing of the handler. */
    hw_pace *pace = exchange->is_answered ? NULL : hw_answer_pace_of(shared, exchange);
    int64_t began_ns = hw_sys_monotonic_ns();
    bool is_over = hw_answer_run(shared, exchange);
    if (pace)
        note_aside_run(pace, hw_sys_monotonic_ns() - began_ns);
    return is_over;
}

/* The loop's again is what the handler has left for the loop. */
static void take_left(hw_lane *lane, hw_exchange *exchange)
{
    hw_left left = exchange->left;
    exchange->left.item = NULL;
    if (left.item)
        lane->shared->locals[left.slot].take(lane->place.locals[left.slot], left.item);
}

void hw_answer_refuse(hw_exchange *exchange)
{
    hw_response_plain(&exchange->response, 503, NULL);
    hw_response_add_name(&exchange->response, HW_TEXT("Retry-After"), HW_TEXT("1"));
    exchange->is_answered = true;
}

void hw_answer_finish(hw_lane *lane, hw_exchange *exchange, int64_t starved_ms)
{
    take_left(lane, exchange);
    if (exchange->told)
        hw_sink_step(lane->place.sink, exchange->told->file, exchange->told->what);
    /* What others hold comes back when they are done; but nobody waits for ever. */
    if (exchange->response.kind == HW_RESPONSE_STARVED && starved_ms < STARVED_MS_MAX)
        return;
    if (exchange->response.kind == HW_RESPONSE_STARVED) {
        hw_answer_refuse(exchange);
    } else if (exchange->response.kind == HW_RESPONSE_NONE) {
        hw_sink_fault(lane->place.sink, EPROTO, exchange->request.raw_target.at,
                      "the handler gave no response");
        hw_response_plain(&exchange->response, 500, NULL);
    }
    exchange->is_answered = true;
}

void hw_answer_discard(hw_lane *lane, hw_exchange *exchange)
{
    take_left(lane, exchange);
}

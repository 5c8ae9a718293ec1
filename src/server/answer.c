/* Where handlers are called.
 *
 * Everything a handler may do, it does inside hw_answer_run; there it owns its exchange and nothing
 * of the loop, which may go on without the thread that runs it (loop/crew.h).
 *
 * Loops learn which handlers keep them waiting. A loop that had to be taken over counts
 * STALL_WEIGHT against the handler, before the next one runs: its own end may be far off, and
 * others of its kind be next. At SLOW it starts on a spare, where each run that was over within a
 * millisecond takes one off. So two stalls soon after each other are enough, one now and then never
 * is, and what has become quick is soon inline again. The count is one for all loops; it may miss a
 * few when many change it at once, and nobody minds. */
#include "server/answer.h"

#include "base/number.h"
#include "sys/clock.h"

#define STARVED_MS_MAX 10000
#define STALL_WEIGHT 16
#define SLOW 24
#define STALLS_MAX 64
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
           (pace->is_blocking || atomic_load_explicit(&pace->stalls, memory_order_relaxed) >= SLOW);
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
    unsigned stalls = atomic_load_explicit(&pace->stalls, memory_order_relaxed);
    stalls = (unsigned)hw_number_min(stalls + STALL_WEIGHT, STALLS_MAX);
    atomic_store_explicit(&pace->stalls, stalls, memory_order_relaxed);
}

static void note_quick_run(hw_pace *pace)
{
    unsigned stalls = atomic_load_explicit(&pace->stalls, memory_order_relaxed);
    if (stalls > 0)
        atomic_store_explicit(&pace->stalls, stalls - 1, memory_order_relaxed);
}

void hw_answer_run(const hw_shared *shared, hw_exchange *exchange)
{
    const hw_answerer *answerer = shared->answerer;
    answerer->answer(answerer->arg, exchange);
}

void hw_answer_run_aside(const hw_shared *shared, hw_exchange *exchange)
{
    hw_pace *pace = hw_answer_pace_of(shared, exchange);
    int64_t began_ns = hw_sys_monotonic_ns();
    hw_answer_run(shared, exchange);
    if (pace && hw_sys_monotonic_ns() - began_ns < QUICK_NS)
        note_quick_run(pace);
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

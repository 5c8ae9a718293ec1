/* Where handlers are called.
 *
 * Everything a handler may do, it does between the two marks of hw_answer_run; there it owns its
 * exchange and nothing of the loop. Today the thread that owns the loop waits for it. */
#include "server/answer.h"

#define STARVED_MS_MAX 10000

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

/* The handler is done, and the loop's again what it has left for the loop. */
static void take_left(hw_lane *lane, hw_exchange *exchange)
{
    hw_left left = exchange->left;
    exchange->left.item = NULL;
    if (left.item)
        lane->shared->locals[left.slot].take(lane->place.locals[left.slot], left.item);
}

/* What others hold comes back when they are done; but nobody waits for ever. */
static void answer_starved(hw_exchange *exchange)
{
    hw_response_plain(&exchange->response, 503, NULL);
    hw_response_add_name(&exchange->response, HW_TEXT("Retry-After"), HW_TEXT("1"));
}

void hw_answer_run(hw_lane *lane, hw_exchange *exchange, int64_t starved_ms)
{
    const hw_answerer *answerer = lane->shared->answerer;
    answerer->answer(answerer->arg, exchange);
    take_left(lane, exchange);
    if (exchange->response.kind == HW_RESPONSE_STARVED && starved_ms < STARVED_MS_MAX)
        return;
    if (exchange->response.kind == HW_RESPONSE_STARVED) {
        answer_starved(exchange);
    } else if (exchange->response.kind == HW_RESPONSE_NONE) {
        hw_sink_fault(lane->place.sink, EPROTO, exchange->request.raw_target.at,
                      "the handler gave no response");
        hw_response_plain(&exchange->response, 500, NULL);
    }
    exchange->is_answered = true;
}

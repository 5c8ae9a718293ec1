/* Calls the answerer: the only place where handlers run. */
#ifndef HW_SERVER_ANSWER_H
#define HW_SERVER_ANSWER_H

#include "server/lane.h"

/* The head is there: asks for the plan, into exchange->plan. */
void hw_answer_plan(hw_lane *lane, hw_exchange *exchange);
/* Takes the quick step: at most once. Afterwards exchange->is_answered says whether that was
 * all. */
void hw_answer_quickly(hw_lane *lane, hw_exchange *exchange);

/* The handler of a planned exchange keeps loops waiting, as far as that is known: it is to be run
 * on a spare. */
bool hw_answer_is_slow(const hw_lane *lane, const hw_exchange *exchange);
/* How long the client waits for its answer. */
unsigned hw_answer_timeout_ms(const hw_lane *lane, const hw_exchange *exchange);
/* Runs the handler: the body is there, or the plan does not wait for it; and what begins a promised
 * answer. Of an exchange that is answered: runs who feeds its body. Touches nothing of the lane's but
 * what its server shares. True: it is over. False: somebody else has the exchange, or nobody.
 * Threads: whoever the exchange was lent to. */
bool hw_answer_run(const hw_shared *shared, hw_exchange *exchange);
/* The same on a spare, which has the time to look at the clock. */
bool hw_answer_run_aside(const hw_shared *shared, hw_exchange *exchange);
/* What is known of the handler the plan has chosen; NULL: nothing. */
hw_pace *hw_answer_pace_of(const hw_shared *shared, const hw_exchange *exchange);
/* In front of a handler: if the loop was taken over from the one before, that is counted against
 * it. */
void hw_answer_note_stall(hw_lane *lane);

/* The handler is back, and the exchange the loop's again: it is answered, or it has to be run again
 * when there are descriptors; exchange->is_answered says which. starved_ms: how long it has waited
 * for them. */
void hw_answer_finish(hw_lane *lane, hw_exchange *exchange, int64_t starved_ms);
/* The same when nobody wants the answer any more. */
void hw_answer_discard(hw_lane *lane, hw_exchange *exchange);
/* 503, and later it may be otherwise. */
void hw_answer_refuse(hw_exchange *exchange);

#endif

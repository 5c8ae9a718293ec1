/* Calls the answerer: the only place where handlers run. */
#ifndef HW_SERVER_ANSWER_H
#define HW_SERVER_ANSWER_H

#include "server/lane.h"

/* The head is there: asks for the plan, into exchange->plan. */
void hw_answer_plan(hw_lane *lane, hw_exchange *exchange);
/* Takes the quick step: at most once. Afterwards exchange->is_answered says whether that was all. */
void hw_answer_quickly(hw_lane *lane, hw_exchange *exchange);
/* Runs the handler: the body is there, or the plan does not wait for it. Afterwards the exchange is
 * answered, or it has to be run again when there are descriptors: exchange->is_answered says which.
 * starved_ms: how long it has waited for them. */
void hw_answer_run(hw_lane *lane, hw_exchange *exchange, int64_t starved_ms);

#endif

/* What is wrong with a request that is sound HTTP, and what its stream says of it: the same for all
 * protocols. */
#ifndef HW_SERVER_JUDGE_H
#define HW_SERVER_JUDGE_H

#include "exchange/exchange.h"
#include "net/stream.h"

extern const hw_problem hw_judge_no_memory;   /* 503 */
extern const hw_problem hw_judge_too_long;    /* 413 */
extern const hw_problem hw_judge_expectation; /* 417 */
extern const hw_problem hw_judge_in_clear;    /* 421: https is asked for without TLS */

/* For the stream of an exchange that has begun: notes in its request how it came (https_port, is_secure,
 * client_name). NULL; or what is wrong with asking there: 421, or no memory. */
const hw_problem *hw_judge_stream(hw_exchange *exchange, const hw_stream *stream);

/* What the plan makes of the body: NULL, it has been prepared for; or the answer instead: 413, or no
 * memory. */
const hw_problem *hw_judge_body(hw_exchange *exchange);

/* The answer to a problem: its status, and its words. */
void hw_judge_answer(hw_exchange *exchange, const hw_problem *problem);

#endif

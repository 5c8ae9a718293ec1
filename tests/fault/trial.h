/* One scenario once, with one thing failing, and what became of it. */
#ifndef HW_TESTS_FAULT_TRIAL_H
#define HW_TESTS_FAULT_TRIAL_H

#include "fault/judge.h"
#include "fault/place.h"
#include "fault/point.h"
#include "fault/scenario.h"

/* What the process has that a trial must give back. */
typedef struct fault_holdings {
    int64_t allocations;
    unsigned descriptors, bad_closes;
} fault_holdings;

fault_holdings fault_holdings_now(void);
/* NULL, or what is left that was not there before. */
const char *fault_holdings_compare(fault_holdings before);

/* Without a fault: what the right answers are, and what can fail. NULL, or why it went wrong. */
const char *fault_trial_learn(const fault_place *place, const fault_scenario *scenario,
                              fault_answers *ret_right, fault_tally *ret_tally);
/* NULL, or what must not be. */
const char *fault_trial_run(const fault_place *place, const fault_scenario *scenario,
                            const fault_answers *right, const fault_point *point);

#endif

/* The bodies of errors. */
#ifndef HW_APP_PROBLEM_H
#define HW_APP_PROBLEM_H

#include "exchange/exchange.h"

/* Gives the response there is, an error with its detail (NULL: none), a body; its status and its
 * fields stay. */
void hw_problem_put(hw_exchange *exchange);

#endif

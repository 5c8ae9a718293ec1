/* The server in the simulation: started, looked at, stopped. */
#ifndef HW_TESTS_SIM_HOUSE_H
#define HW_TESTS_SIM_HOUSE_H

#include <stdbool.h>

/* Starts a thread that makes a server, starts it, waits for its end and frees it. */
void sim_house_open(void);
void sim_house_close(void); /* it is over */
bool sim_house_is_over(void);
/* It listens. */
bool sim_house_is_serving(void);
/* The first time it drains, the second time it ends at once. */
void sim_house_stop(void);

/* What must hold whenever a loop waits. Of every connection: it is queued, or it is watched and has
 * a deadline that is not over, or it is a tunnel; what it keeps is bounded. Of every loop: its
 * counts are right. Of all: so are theirs. */
void sim_house_check(void);

#endif

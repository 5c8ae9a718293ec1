/* Threads that run one at a time, and change places only inside calls of the seam. */
#ifndef HW_TESTS_SIM_FIBER_H
#define HW_TESTS_SIM_FIBER_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_NEVER INT64_MAX

/* Starts a thread; it runs when it is chosen. False: there are too many. */
typedef struct sim_fiber sim_fiber;
sim_fiber *sim_fiber_start(void *(*run)(void *arg), void *arg);

/* By the world: one that can go on is chosen by the dice and runs until it waits. False: all
 * wait. */
bool sim_fiber_run_any(void);
bool sim_fiber_can_run_any(void);
/* When the first of those that wait for a time goes on; SIM_NEVER: none does. */
int64_t sim_fiber_next_ns(void);
/* How many have not ended (or not been joined). */
unsigned sim_fiber_count(void);
/* There is none; also what a seed leaves that is over. */
void sim_fiber_begin(void);
/* Frees the stacks that are kept for the next. */
void sim_fiber_free_stacks(void);
/* One that waits for a condition goes on without reason, as threads may. */
void sim_fiber_wake_spuriously(void);

/* By a thread: others may run first. */
void sim_fiber_yield(void);
/* Until sim_fiber_wake says so of the same thing, or the time has come (SIM_NEVER). False: it was
 * the time. */
bool sim_fiber_wait(const void *thing, int64_t until_ns);
void sim_fiber_wake(const void *thing);
void sim_fiber_sleep_ms(int64_t ms);

/* What the thread waits for in a poll; NULL: it is not in one. */
void sim_fiber_set_poll(void *poll);
bool sim_fiber_is_in_poll(const void *poll);
/* The world itself, and not one of the threads, is running. */
bool sim_fiber_is_world(void);

#endif

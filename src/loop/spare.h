/* Spares are threads that belong to no loop: they do for loops what would make them wait. */
#ifndef HW_LOOP_SPARE_H
#define HW_LOOP_SPARE_H

#include "loop/loop.h"

typedef struct hw_spares hw_spares;

/* Something to be done off the loop. It lives inside what it is about, which stays until `done` has
 * run on the loop. */
typedef struct hw_job hw_job;
struct hw_job {
    hw_link link;
    void (*run)(hw_job *job); /* on a spare */
    hw_loop *loop;            /* where `done` is posted when that was all */
    hw_post done;
};

/* No thread runs yet. NULL: no memory. */
hw_spares *hw_spares_new(unsigned threads_max);
/* Runs what is queued and ends the threads. The loops must still be there, and get their posts.
 * NULL is fine. */
void hw_spares_free(hw_spares *spares);

/* `run` and `done` are the caller's to set. The jobs begin in the order in which they were given.
 * 0, or a negative errno: there is no thread, and none can be started. Threads: any. */
int hw_spares_give(hw_spares *spares, hw_loop *loop, hw_job *job);
/* Nobody waits for a job any more. True: it had not begun, and is the caller's again; false: its
 * `done` is still to come. Threads: that of the job's loop. */
bool hw_spares_take_back(hw_spares *spares, hw_job *job);

#endif

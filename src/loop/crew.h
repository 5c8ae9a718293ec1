/* The crew is the threads of a server. One of them owns each loop; the others are spares, which do
 * what would make a loop wait, and take over a loop whose owner is held up in a handler. */
#ifndef HW_LOOP_CREW_H
#define HW_LOOP_CREW_H

#include "loop/loop.h"

typedef struct hw_crew hw_crew;

/* What spares do. Each kind has its own queue and its own bound, so that slow handlers hold up no
 * reading. */
typedef enum hw_work {
    HW_WORK_READ,    /* of a file that is not in memory */
    HW_WORK_SIGN,    /* handshakes whose signature is waited for */
    HW_WORK_STREAM,  /* somebody who writes a body, for as long as he likes: these never wait */
    HW_WORK_HANDLER, /* that is known to be slow */
    HW_WORK_COUNT,
} hw_work;

/* Something to be done off the loop. It lives inside what it is about, which stays until `done` has
 * run on the loop. */
typedef struct hw_job hw_job;
struct hw_job {
    hw_link link;
    /* On a spare. False: somebody else will post `done`, and may have done so already. */
    bool (*run)(hw_job *job);
    hw_loop *loop; /* where `done` is posted when that was all */
    hw_post done;
    hw_work work;
};

typedef struct hw_crew_setup {
    unsigned loops;       /* at most */
    unsigned readers_max; /* spares that read */
    unsigned blocked_max; /* spares in slow handlers, and owners that have lost their loop to one */
    unsigned waiting_max; /* slow handlers that wait for a spare */
    unsigned streams_max; /* spares that write bodies */
    unsigned signers_max; /* spares that wait for signatures */
} hw_crew_setup;

/* No thread runs yet. NULL: no memory. */
hw_crew *hw_crew_new(const hw_crew_setup *setup);
/* Runs what is queued, waits for handlers that are still held up, and ends the threads. The loops
 * have ended (hw_crew_wait); they must still be there, and get their last posts. NULL is fine. */
void hw_crew_free(hw_crew *crew);

/* Gives the loop an owner, who runs it until it ends. From now on it is taken over when a handler
 * holds its owner up. Once for each loop. 0, or a negative errno: there is no thread. */
int hw_crew_run_loop(hw_crew *crew, hw_loop *loop);
/* Until every loop has ended. */
void hw_crew_wait(hw_crew *crew);

/* `run` and `done` are the caller's to set. The jobs of a kind begin in the order in which they
 * were given. 0, or a negative errno: -EBUSY: as many wait, or of those that never wait: run, as may;
 * others: there is no thread, and none can be started. Threads: any. */
int hw_crew_give(hw_crew *crew, hw_work work, hw_loop *loop, hw_job *job);
/* True: the job had not begun, and will not; `done` is not posted. Threads: any. */
bool hw_crew_take_back(hw_crew *crew, hw_job *job);

#endif

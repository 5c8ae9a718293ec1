/* Sees to it that certificates are those of their files. */
#ifndef HW_SERVER_RENEWAL_H
#define HW_SERVER_RENEWAL_H

#include "loop/crew.h"
#include "net/tls.h"

typedef struct hw_renewal {
    hw_tls **tls; /* each once */
    size_t count;
    hw_crew *crew;
    hw_loop *loop;
    const hw_sink *sink; /* takes faults */
    hw_watch watch;      /* of what tells of changes; fd -1: nothing does */
    hw_timer settling;   /* files have changed, and others may be about to ... */
    int64_t changed_ms;  /* ... since then, if it is armed */
    hw_job job;
    int result;
    hw_fault fault;
    bool is_open, is_busy, is_asked_again;
} hw_renewal;

/* Before the loop has a thread. Takes none of the `count`: they and what is said here outlive it. Where
 * changes cannot be told it does nothing. 0, or -ENOMEM. A zeroed one is legal to close. */
int hw_renewal_open(hw_renewal *renewal, hw_tls *const *tls, size_t count, hw_crew *crew,
                    hw_loop *loop, const hw_sink *sink);
/* The loop has ended; what it has begun ends with the crew and the loop's last posts. */
void hw_renewal_close(hw_renewal *renewal);
/* After those. */
void hw_renewal_fini(hw_renewal *renewal);

#endif

/* Files are sent from the page cache alone: what is not there yet, a spare reads ahead, and the
 * loop never waits for a disk. */
#ifndef HW_SERVER_AHEAD_H
#define HW_SERVER_AHEAD_H

#include "server/lane.h"

/* One an exchange, in its driver's own struct; zeroed it is nothing. */
typedef struct hw_ahead {
    struct ahead_read *read; /* under way; or NULL */
    int error;               /* of the last one */
} hw_ahead;

/* Asked before `bytes` of the segment, from its start, are sent. 0: now. -EINPROGRESS: a spare
 * begins to read, and the exchange is woken when it is done. -EAGAIN: it still reads. Another
 * negative errno: the file cannot be read. */
int hw_ahead_ask(hw_ahead *ahead, hw_exchange *exchange, hw_lane *lane, const hw_segment *file,
                 size_t bytes);
/* Nobody waits for what is being read any more: before the exchange or the body goes. */
void hw_ahead_leave(hw_ahead *ahead);

#endif

/* The lines of one loop on their way to the log's writer: two halves, one of which the loop fills
 * while the writer empties the other. */
#ifndef HW_WATCH_SPOOL_H
#define HW_WATCH_SPOOL_H

#include <stdatomic.h>

#include "base/buffer.h"
#include "watch/line.h"

/* A half that holds so much is handed over; the last line may go beyond. */
#define HW_SPOOL_HALF_BYTES (32 * 1024)

typedef struct hw_spool {
    hw_buffer lines;         /* the loop's: over the half it fills; no memory: it has none now */
    unsigned filling;        /* the loop's: which half that is, or will be */
    atomic_ullong lost;      /* lines that found no half free; the loop alone adds */
    atomic_size_t handed[2]; /* so much of a half is the writer's; 0: the half is the loop's */
    atomic_uint taking;      /* the writer's: which half comes next */
    atomic_size_t taken;     /* the writer's: what is written of it */
    char halves[2][HW_SPOOL_HALF_BYTES + HW_LINE_BYTES_MAX];
} hw_spool;

void hw_spool_init(hw_spool *spool);

/* Threads: the loop's. */

/* Where the next line is to be appended, with room for HW_LINE_BYTES_MAX; NULL, and the line is
 * counted as lost: the writer has both halves. Valid: until hw_spool_hand_over. */
hw_buffer *hw_spool_line(hw_spool *spool);
bool hw_spool_is_full(const hw_spool *spool);
/* The writer has nothing: what is handed over now does not cost the loop its last half. */
bool hw_spool_is_idle(const hw_spool *spool);
/* Gives the lines there are to the writer. False: there are none. */
bool hw_spool_hand_over(hw_spool *spool);

/* Threads: the writer's. */

/* What is to be written next; empty: nothing has been handed over. */
hw_text hw_spool_next(const hw_spool *spool);
/* So much of it has been written. */
void hw_spool_take(hw_spool *spool, size_t bytes);
/* Gives back what was written of a line that was not written whole: it comes next again. */
void hw_spool_take_back(hw_spool *spool);

/* Lines handed over and not written, or not whole. Threads: any, when the loop has ended. */
unsigned long long hw_spool_count_left(const hw_spool *spool);

#endif

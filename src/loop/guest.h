/* A loop inside somebody else's: it has a descriptor that is readable whenever it has something to
 * do, and does it when it is asked. Nobody takes it over. */
#ifndef HW_LOOP_GUEST_H
#define HW_LOOP_GUEST_H

#include "loop/loop.h"

typedef struct hw_guest {
    hw_loop *loop; /* NULL: not open */
    hw_watch alarm;
    int64_t alarm_ms; /* what it is set to, on the loop's clock; HW_WHEEL_NEVER: not at all */
} hw_guest;

/* 0, or a negative errno. */
int hw_guest_open(hw_guest *guest, hw_loop *loop);
void hw_guest_close(hw_guest *guest); /* a zeroed guest is legal */
/* What the other loop waits for. Valid: until the loop goes. */
int hw_guest_descriptor(const hw_guest *guest);
/* Does what there is to do; where there is nothing, waits for it for most_ms at most (-1: as long as
 * it takes). */
void hw_guest_poll(hw_guest *guest, int most_ms);

#endif

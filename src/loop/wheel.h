/* Timers: a hierarchical wheel, in which arming, disarming and moving a timer cost the same whether
 * there are ten or a hundred thousand. Times are milliseconds on the caller's clock, from 0 up. */
#ifndef HW_LOOP_WHEEL_H
#define HW_LOOP_WHEEL_H

#include <stdint.h>

#include "base/list.h"

#define HW_WHEEL_LEVELS 7
#define HW_WHEEL_SLOTS 64
#define HW_WHEEL_NEVER INT64_MAX

typedef struct hw_timer hw_timer;
struct hw_timer {
    hw_link link;
    int64_t at_ms;
    unsigned level, slot;          /* where it is filed while armed */
    void (*fire)(hw_timer *timer); /* disarmed already; may arm itself or others again */
};

typedef struct hw_wheel {
    int64_t now_ms;  /* everything due before or at this moment has fired */
    int64_t next_ms; /* when the first occupied slot begins */
    uint64_t occupied[HW_WHEEL_LEVELS];
    hw_list slots[HW_WHEEL_LEVELS][HW_WHEEL_SLOTS];
} hw_wheel;

void hw_wheel_init(hw_wheel *wheel, int64_t now_ms);
void hw_timer_init(hw_timer *timer, void (*fire)(hw_timer *timer));
bool hw_timer_is_armed(const hw_timer *timer);

/* Arms (or moves) the timer. A moment that has passed is taken as the next millisecond, so that a
 * timer which arms itself again cannot keep an advance from ending. */
void hw_wheel_arm(hw_wheel *wheel, hw_timer *timer, int64_t at_ms);
void hw_wheel_disarm(hw_wheel *wheel, hw_timer *timer); /* does nothing when it is not armed */
/* For the function below, when the first occupied slot is reached. */
void hw_wheel_fire(hw_wheel *wheel, int64_t now_ms);
/* Fires everything due up to now, in order of time to the millisecond. */
static inline void hw_wheel_advance(hw_wheel *wheel, int64_t now_ms)
{
    if (now_ms >= wheel->next_ms)
        hw_wheel_fire(wheel, now_ms);
    else if (now_ms > wheel->now_ms)
        wheel->now_ms = now_ms;
}
/* When to look again: never later than the next timer, perhaps earlier. HW_WHEEL_NEVER: nothing is
 * armed. */
int64_t hw_wheel_next_ms(const hw_wheel *wheel);

#endif

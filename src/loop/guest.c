/* Runs a loop inside somebody else's.
 *
 * The descriptor of its poll is readable when one of its own is, but timers and turns that are
 * queued are nobody's descriptor: an alarm stands for the first, and a loop that has not finished
 * wakes itself. Between two calls it counts as asleep, so that posts from other threads wake it. */
#include "loop/guest.h"

#include <errno.h>

#include "sys/socket.h"

/* The other loop has other guests. */
#define STEPS_MAX 16

static void on_alarm(hw_watch *watch, uint32_t events)
{
    (void)events;
    (void)hw_sys_event_take(watch->fd);
    HW_MEMBER(watch, hw_guest, alarm)->alarm_ms = HW_WHEEL_NEVER;
}

static void set_alarm(hw_guest *guest)
{
    int64_t next_ms = hw_wheel_next_ms(&guest->loop->wheel);
    if (next_ms == guest->alarm_ms)
        return;
    guest->alarm_ms = next_ms;
    int64_t after_ms = next_ms - hw_loop_now_ms(guest->loop);
    (void)hw_sys_alarm_set(guest->alarm.fd, next_ms == HW_WHEEL_NEVER ? -1
                                            : after_ms < 0            ? 0
                                                                      : after_ms);
}

/* What comes from now on makes the descriptor readable. */
static void fall_asleep(hw_guest *guest)
{
    hw_loop *loop = guest->loop;
    set_alarm(guest);
    atomic_store(&loop->is_asleep, true);
    if (hw_loop_has_queued(loop) || atomic_load(&loop->inbox))
        hw_loop_wake(loop);
}

int hw_guest_open(hw_guest *guest, hw_loop *loop)
{
    int alarm = hw_sys_alarm_new();
    if (alarm < 0)
        return alarm;
    *guest = (hw_guest){loop, {alarm, on_alarm}, HW_WHEEL_NEVER};
    int error = hw_loop_watch(loop, &guest->alarm, EPOLLIN | EPOLLET);
    if (error < 0) {
        (void)hw_sys_close(alarm);
        *guest = (hw_guest){0};
        return error;
    }
    fall_asleep(guest);
    return 0;
}

void hw_guest_close(hw_guest *guest)
{
    if (!guest->loop)
        return;
    hw_loop_unwatch(guest->loop, &guest->alarm);
    (void)hw_sys_close(guest->alarm.fd);
    *guest = (hw_guest){0};
}

int hw_guest_descriptor(const hw_guest *guest)
{
    return guest->loop->poll;
}

void hw_guest_poll(hw_guest *guest, int most_ms)
{
    bool has_more = hw_loop_step_within(guest->loop, most_ms);
    for (int i = 1; has_more && i < STEPS_MAX; i++)
        has_more = hw_loop_step(guest->loop, false);
    fall_asleep(guest);
}

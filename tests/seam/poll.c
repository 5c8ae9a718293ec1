/* Waits and wake-ups that fail when a test says so. */
#include "sys/poll.h"

#include "seam/script.h"

HW_SCRIPT_REAL(poll_new);
HW_SCRIPT_REAL(poll_add);
HW_SCRIPT_REAL(poll_remove);
HW_SCRIPT_REAL(poll_wait);
HW_SCRIPT_REAL(poll_write);
HW_SCRIPT_REAL(event_new);
HW_SCRIPT_REAL(event_post);
HW_SCRIPT_REAL(event_take);
HW_SCRIPT_REAL(alarm_new);
HW_SCRIPT_REAL(alarm_set);

int hw_sys_poll_new(void)
{
    int failure = hw_script_take(HW_CALL_poll_new);
    return failure ? failure : real_hw_sys_poll_new();
}

int hw_sys_poll_add(int poll, int fd, uint32_t events, void *data)
{
    int failure = hw_script_take(HW_CALL_poll_add);
    return failure ? failure : real_hw_sys_poll_add(poll, fd, events, data);
}

int hw_sys_poll_remove(int poll, int fd)
{
    int failure = hw_script_take(HW_CALL_poll_remove);
    return failure ? failure : real_hw_sys_poll_remove(poll, fd);
}

int hw_sys_poll_wait(int poll, struct epoll_event *events, int events_max, int timeout_ms)
{
    int failure = hw_script_take(HW_CALL_poll_wait);
    return failure ? failure : real_hw_sys_poll_wait(poll, events, events_max, timeout_ms);
}

int hw_sys_poll_write(int event, int fd, int timeout_ms)
{
    int failure = hw_script_take(HW_CALL_poll_write);
    return failure ? failure : real_hw_sys_poll_write(event, fd, timeout_ms);
}

int hw_sys_event_new(void)
{
    int failure = hw_script_take(HW_CALL_event_new);
    return failure ? failure : real_hw_sys_event_new();
}

int hw_sys_event_post(int event)
{
    int failure = hw_script_take(HW_CALL_event_post);
    return failure ? failure : real_hw_sys_event_post(event);
}

int hw_sys_event_take(int event)
{
    int failure = hw_script_take(HW_CALL_event_take);
    return failure ? failure : real_hw_sys_event_take(event);
}

int hw_sys_alarm_new(void)
{
    int failure = hw_script_take(HW_CALL_alarm_new);
    return failure ? failure : real_hw_sys_alarm_new();
}

int hw_sys_alarm_set(int alarm, int64_t after_ms)
{
    int failure = hw_script_take(HW_CALL_alarm_set);
    return failure ? failure : real_hw_sys_alarm_set(alarm, after_ms);
}

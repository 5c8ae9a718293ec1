/* Waits for readiness, and wakes who waits.
 *
 * epoll_wait is the one call here that does not retry EINTR: the caller has a timeout to compute
 * anew. Whoever waits for one descriptor now and then is served by poll: nothing to register, and
 * it takes files, which epoll refuses. */
#include "sys/poll.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sys/call.h"

static int tell_poll_result(int result)
{
    return result < 0 ? -errno : result;
}

int hw_sys_poll_new(void)
{
    return tell_poll_result(epoll_create1(EPOLL_CLOEXEC));
}

int hw_sys_poll_add(int poll, int fd, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data.ptr = data};
    return tell_poll_result(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event));
}

int hw_sys_poll_remove(int poll, int fd)
{
    return tell_poll_result(epoll_ctl(poll, EPOLL_CTL_DEL, fd, NULL));
}

int hw_sys_poll_wait(int poll, struct epoll_event *events, int events_max, int timeout_ms)
{
    int count = (int)hw_call_poll_wait(poll, events, events_max, timeout_ms);
    return count == -EINTR ? 0 : count;
}

int hw_sys_poll_write(int event, int fd, int timeout_ms)
{
    struct pollfd two[] = {{.fd = event, .events = POLLIN}, {.fd = fd, .events = POLLOUT}};
    return tell_poll_result((int)TEMP_FAILURE_RETRY(poll(two, 2, timeout_ms)));
}

int hw_sys_event_new(void)
{
    return tell_poll_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int hw_sys_event_post(int event)
{
    const uint64_t one = 1;
    int before = errno;
    ssize_t count = TEMP_FAILURE_RETRY(write(event, &one, sizeof one));
    /* EAGAIN: the counter is full, so whoever waits is awake already. */
    int error = count < 0 && errno != EAGAIN ? -errno : 0;
    /* Signal handlers call this, and must leave errno to those they interrupted. */
    errno = before;
    return error;
}

int hw_sys_event_take(int event)
{
    uint64_t posted;
    ssize_t count = TEMP_FAILURE_RETRY(read(event, &posted, sizeof posted));
    return count < 0 && errno != EAGAIN ? -errno : 0;
}

int hw_sys_alarm_new(void)
{
    return tell_poll_result(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

int hw_sys_alarm_set(int alarm, int64_t after_ms)
{
    struct itimerspec when = {0}; /* never */
    if (after_ms >= 0)
        when.it_value = (struct timespec){after_ms / 1000, after_ms % 1000 * 1000000 + 1};
    return tell_poll_result(timerfd_settime(alarm, 0, &when, NULL));
}

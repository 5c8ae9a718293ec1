/* The calls of every request by way of the C library: for other processors, and for sanitizers,
 * which see what the kernel reads and writes by standing in for the library's functions. */
#include "sys/call.h"

#include <errno.h>

static ssize_t tell_call_count(ssize_t count)
{
    return count < 0 ? -errno : count;
}

ssize_t hw_call_receive(int fd, void *memory, size_t bytes)
{
    return tell_call_count(recv(fd, memory, bytes, 0));
}

ssize_t hw_call_send(int fd, const void *memory, size_t bytes, int flags)
{
    return tell_call_count(send(fd, memory, bytes, flags));
}

ssize_t hw_call_send_parts(int fd, const struct msghdr *message, int flags)
{
    return tell_call_count(sendmsg(fd, message, flags));
}

ssize_t hw_call_poll_wait(int poll, struct epoll_event *events, int events_max, int timeout_ms)
{
    return tell_call_count(epoll_wait(poll, events, events_max, timeout_ms));
}

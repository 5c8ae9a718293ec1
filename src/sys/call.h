/* The calls that every request makes, without what the C library puts around them. A count, or a
 * negative errno; EINTR is not retried. For this folder alone. */
#ifndef HW_SYS_CALL_H
#define HW_SYS_CALL_H

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

ssize_t hw_call_receive(int fd, void *memory, size_t bytes);
ssize_t hw_call_send(int fd, const void *memory, size_t bytes, int flags);
ssize_t hw_call_send_parts(int fd, const struct msghdr *message, int flags);
ssize_t hw_call_poll_wait(int poll, struct epoll_event *events, int events_max, int timeout_ms);

#endif

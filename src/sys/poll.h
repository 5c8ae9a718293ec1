/* The seam: waiting for readiness. All return 0 or a count or a descriptor, or a negative errno. */
#ifndef HW_SYS_POLL_H
#define HW_SYS_POLL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

int hw_sys_poll_new(void);
int hw_sys_poll_add(int poll, int fd, uint32_t events, void *data);
int hw_sys_poll_remove(int poll, int fd);
/* timeout_ms -1: for ever. A signal ends the wait with 0 events. */
int hw_sys_poll_wait(int poll, struct epoll_event *events, int events_max, int timeout_ms);

/* Waits until the event (below) has been posted, or fd (-1: none) takes bytes again or has failed.
 * Returns how many of the two; 0: timeout_ms have passed (-1: never). EINTR is retried inside. */
int hw_sys_poll_write(int event, int fd, int timeout_ms);

/* A counter that makes a poll wake up (eventfd). */
int hw_sys_event_new(void);
int hw_sys_event_post(int event);
int hw_sys_event_take(int event); /* 0 also when nothing was posted */

/* An event that posts itself (timerfd); it is taken like any other. */
int hw_sys_alarm_new(void);
/* In so many milliseconds from now; negative: not any more. */
int hw_sys_alarm_set(int alarm, int64_t after_ms);

#endif

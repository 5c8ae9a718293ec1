#include "sys/poll.h"

#include "sys/socket.h"
#include "unit/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

HW_TEST(poll_event_counts_what_was_posted)
{
    int event = hw_sys_event_new();
    assert_true(event >= 0);
    assert_true(fcntl(event, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(hw_sys_event_take(event), 0);
    assert_int_equal(hw_sys_event_post(event), 0);
    assert_int_equal(hw_sys_event_post(event), 0);
    assert_int_equal(hw_sys_event_take(event), 0);
    uint64_t left;
    assert_int_equal(read(event, &left, sizeof left), -1);
    assert_int_equal(errno, EAGAIN);
    hw_sys_close(event);
}

HW_TEST(poll_event_that_is_full_is_posted)
{
    int event = hw_sys_event_new();
    assert_true(event >= 0);
    uint64_t full = UINT64_MAX - 1;
    assert_int_equal(write(event, &full, sizeof full), sizeof full);
    assert_int_equal(hw_sys_event_post(event), 0);
    hw_sys_close(event);
    assert_int_equal(hw_sys_event_post(-1), -EBADF);
    assert_int_equal(hw_sys_event_take(-1), -EBADF);
}

HW_TEST(poll_tells_who_is_ready)
{
    int poll = hw_sys_poll_new(), one = hw_sys_event_new(), two = hw_sys_event_new();
    struct epoll_event events[4];
    assert_true(poll >= 0 && one >= 0 && two >= 0);
    assert_true(fcntl(poll, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(hw_sys_poll_add(poll, one, EPOLLIN, &one), 0);
    assert_int_equal(hw_sys_poll_add(poll, two, EPOLLIN | EPOLLET, &two), 0);
    assert_int_equal(hw_sys_poll_add(poll, two, EPOLLIN, &two), -EEXIST);
    assert_int_equal(hw_sys_poll_wait(poll, events, 4, 0), 0);

    assert_int_equal(hw_sys_event_post(two), 0);
    assert_int_equal(hw_sys_poll_wait(poll, events, 4, -1), 1);
    assert_ptr_equal(events[0].data.ptr, &two);
    assert_int_equal(events[0].events, EPOLLIN);
    assert_int_equal(hw_sys_poll_wait(poll, events, 4, 0), 0);

    assert_int_equal(hw_sys_event_post(one), 0);
    assert_int_equal(hw_sys_event_post(two), 0);
    assert_int_equal(hw_sys_poll_wait(poll, events, 1, 0), 1);
    assert_int_equal(hw_sys_poll_wait(poll, events, 4, 0), 2);

    assert_int_equal(hw_sys_poll_remove(poll, one), 0);
    assert_int_equal(hw_sys_poll_remove(poll, one), -ENOENT);
    assert_int_equal(hw_sys_poll_wait(poll, events, 4, 0), 0);
    hw_sys_close(one);
    hw_sys_close(two);
    hw_sys_close(poll);
}

HW_TEST(poll_reports_misuse)
{
    struct epoll_event event;
    assert_int_equal(hw_sys_poll_add(-1, 0, EPOLLIN, NULL), -EBADF);
    assert_int_equal(hw_sys_poll_wait(-1, &event, 1, 0), -EBADF);
    int poll = hw_sys_poll_new();
    assert_true(poll >= 0);
    assert_int_equal(hw_sys_poll_wait(poll, &event, 0, 0), -EINVAL);
    hw_sys_close(poll);
}

HW_TEST(poll_waits_for_an_event_or_room)
{
    int event = hw_sys_event_new(), ends[2];
    char bytes[4096] = "";
    assert_true(event >= 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(hw_sys_poll_write(event, -1, 0), 0);
    assert_int_equal(hw_sys_poll_write(event, ends[1], -1), 1);
    while (write(ends[1], bytes, sizeof bytes) > 0)
        continue;
    assert_int_equal(hw_sys_poll_write(event, ends[1], 1), 0);
    assert_int_equal(hw_sys_event_post(event), 0);
    assert_int_equal(hw_sys_poll_write(event, ends[1], -1), 1);
    assert_int_equal(read(ends[0], bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(hw_sys_poll_write(event, ends[1], -1), 2);
    close(ends[0]);
    assert_int_equal(hw_sys_event_take(event), 0);
    assert_int_equal(hw_sys_poll_write(event, ends[1], -1), 1); /* it will fail: at once */
    close(ends[1]);
    hw_sys_close(event);
}

#include "loop/guest.h"

#include <errno.h>
#include <poll.h>

#include "seam/seam.h"
#include "unit/harness.h"

/* A loop with one guest, and what ran on it. */
typedef struct guest_bench {
    hw_loop loop;
    hw_guest guest;
    hw_task task;
    hw_timer timer;
    hw_post post;
    int turns, turns_wanted, fired, posted;
} guest_bench;

static void take_guest_turn(hw_task *task)
{
    guest_bench *bench = HW_MEMBER(task, guest_bench, task);
    if (++bench->turns < bench->turns_wanted)
        hw_loop_queue_turn(&bench->loop, task);
}

static void on_guest_timer(hw_timer *timer)
{
    HW_MEMBER(timer, guest_bench, timer)->fired++;
}

static void on_guest_post(hw_post *post)
{
    HW_MEMBER(post, guest_bench, post)->posted++;
}

static void open_guest_bench(guest_bench *bench)
{
    *bench = (guest_bench){.post.run = on_guest_post};
    HW_NEED_OK(hw_loop_init(&bench->loop, HW_LOOP_POLL));
    hw_task_init(&bench->task, take_guest_turn);
    hw_timer_init(&bench->timer, on_guest_timer);
    HW_NEED_OK(hw_guest_open(&bench->guest, &bench->loop));
}

static void close_guest_bench(guest_bench *bench)
{
    hw_guest_close(&bench->guest);
    hw_guest_close(&bench->guest);
    hw_loop_fini(&bench->loop);
}

static bool is_guest_ready(const guest_bench *bench, int timeout_ms)
{
    struct pollfd one = {.fd = hw_guest_descriptor(&bench->guest), .events = POLLIN};
    return poll(&one, 1, timeout_ms) == 1;
}

HW_TEST(guest_is_ready_when_it_has_something_to_do)
{
    guest_bench bench;
    open_guest_bench(&bench);
    assert_false(is_guest_ready(&bench, 0));
    hw_loop_post(&bench.loop, &bench.post);
    assert_true(is_guest_ready(&bench, 0));
    hw_guest_poll(&bench.guest, 0);
    assert_int_equal(bench.posted, 1);
    assert_false(is_guest_ready(&bench, 0));
    close_guest_bench(&bench);
}

HW_TEST(guest_is_ready_when_it_has_not_finished)
{
    guest_bench bench;
    open_guest_bench(&bench);
    bench.turns_wanted = 40;
    hw_loop_queue_turn(&bench.loop, &bench.task);
    for (int polls = 0; polls < 3; polls++) {
        hw_guest_poll(&bench.guest, 0);
        assert_int_equal(is_guest_ready(&bench, 0), bench.turns < 40);
    }
    assert_int_equal(bench.turns, 40);
    close_guest_bench(&bench);
}

HW_TEST(guest_is_ready_when_a_timer_is_due)
{
    guest_bench bench;
    open_guest_bench(&bench);
    hw_loop_arm(&bench.loop, &bench.timer, 1);
    hw_guest_poll(&bench.guest, 0); /* on a slow machine it is due by now */
    assert_true(bench.fired > 0 || is_guest_ready(&bench, 10000));
    while (bench.fired == 0)
        hw_guest_poll(&bench.guest, 1000);
    assert_int_equal(bench.fired, 1);
    /* One that is taken back is nobody's alarm. */
    hw_loop_arm(&bench.loop, &bench.timer, 3600 * 1000);
    hw_guest_poll(&bench.guest, 0);
    assert_true(bench.guest.alarm_ms != HW_WHEEL_NEVER);
    hw_loop_disarm(&bench.loop, &bench.timer);
    hw_guest_poll(&bench.guest, 1);
    assert_true(bench.guest.alarm_ms == HW_WHEEL_NEVER);
    close_guest_bench(&bench);
}

HW_TEST(guest_cannot_open_without_an_alarm)
{
    static const char *const calls[] = {"alarm_new", "poll_add"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        hw_loop loop;
        hw_guest guest = {0};
        HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
        hw_seam_fail(calls[i], 1, ENOMEM);
        assert_int_equal(hw_guest_open(&guest, &loop), -ENOMEM);
        assert_null(guest.loop);
        hw_guest_close(&guest);
        hw_loop_fini(&loop);
    }
}

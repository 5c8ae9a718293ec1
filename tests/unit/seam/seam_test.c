#include "seam/seam.h"

#include "sys/clock.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/poll.h"
#include "sys/process.h"
#include "sys/random.h"
#include "sys/socket.h"
#include "sys/thread.h"
#include "unit/base/death.h"
#include "unit/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

HW_TEST(seam_fails_the_nth_allocation)
{
    uint64_t before = hw_seam_allocations();
    hw_seam_fail_allocation(2);
    void *one = hw_sys_alloc(1);
    assert_non_null(one);
    assert_null(hw_sys_resize(one, 100));
    one = hw_sys_resize(one, 100);
    assert_non_null(one);
    hw_seam_fail_allocation(1);
    assert_null(hw_sys_alloc_zeroed(1, 1));
    hw_seam_fail_allocation(1);
    hw_seam_fail_allocation(0);
    void *two = hw_sys_alloc(1);
    assert_non_null(two);
    assert_int_equal(hw_seam_allocations() - before, 5);
    hw_sys_free(one);
    hw_sys_free(two);
}

HW_TEST(seam_fails_the_nth_call)
{
    char byte;
    hw_seam_fail("random", 2, EIO);
    hw_seam_fail("random", 3, ENOSYS);
    hw_seam_fail("event_new", 1, EMFILE);
    assert_int_equal(hw_sys_random(&byte, 1), 0);
    assert_int_equal(hw_sys_random(&byte, 1), -EIO);
    assert_int_equal(hw_sys_random(&byte, 1), -ENOSYS);
    assert_int_equal(hw_sys_random(&byte, 1), 0);
    assert_int_equal(hw_seam_calls("random"), 4);
    assert_int_equal(hw_sys_event_new(), -EMFILE);

    hw_seam_fail("random", 1, EIO);
    assert_int_equal(hw_sys_random(&byte, 1), -EIO);
    hw_seam_fail("random", 1, EIO);
    hw_seam_reset();
    assert_int_equal(hw_sys_random(&byte, 1), 0);
    assert_int_equal(hw_seam_calls("random"), 1);
    assert_int_equal(hw_seam_calls("event_new"), 0);
}

HW_TEST(seam_close_fails_but_closes)
{
    int event = hw_sys_event_new();
    hw_seam_fail("close", 1, EIO);
    assert_int_equal(hw_sys_close(event), -EIO);
    assert_int_equal(fcntl(event, F_GETFD), -1);
}

HW_TEST(seam_shortens_reads_and_writes)
{
    int fds[2];
    char memory[16] = "";
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), errno);
    const struct iovec parts[] = {{(char *)"ab", 2}, {(char *)"cd", 2}, {(char *)"ef", 2}};
    hw_seam_short("send", 3);
    assert_int_equal(hw_sys_send(fds[0], parts, 3, 0), 3);
    hw_seam_short("send", 0);
    assert_int_equal(hw_sys_send(fds[0], parts, 3, 0), 6);
    hw_seam_short("receive", 5);
    assert_int_equal(hw_sys_receive(fds[1], memory, sizeof memory), 5);
    assert_string_equal(memory, "abcab");
    assert_int_equal(hw_sys_receive(fds[1], memory, 2), 2);
    hw_seam_short("write", 1);
    assert_int_equal(hw_sys_write(fds[0], "xyz", 3), 1);
    hw_seam_short("read", 2);
    assert_int_equal(hw_sys_read(fds[1], memory, sizeof memory), 2);
    hw_seam_reset();
    assert_int_equal(hw_sys_write(fds[0], "xyz", 3), 3);
    close(fds[0]);
    close(fds[1]);
}

HW_TEST(seam_clock_moves_by_hand)
{
    hw_seam_clock_freeze(1000, 5000);
    assert_int_equal(hw_sys_monotonic_ns(), 1000);
    assert_int_equal(hw_sys_realtime_ns(), 5000);
    hw_seam_clock_advance(234);
    assert_int_equal(hw_sys_monotonic_ns(), 1234);
    assert_int_equal(hw_sys_realtime_ns(), 5234);
    hw_seam_clock_thaw();
    assert_true(hw_sys_realtime_ns() > 1000000000);
    hw_seam_clock_freeze(1, 1);
    hw_seam_reset();
    assert_true(hw_sys_realtime_ns() > 1000000000);
}

HW_TEST(seam_fails_from_a_call_on)
{
    char byte;
    hw_seam_fail_from("random", 2, EIO);
    assert_int_equal(hw_sys_random(&byte, 1), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(hw_sys_random(&byte, 1), -EIO);
    hw_seam_reset();
    assert_int_equal(hw_sys_random(&byte, 1), 0);

    hw_seam_fail_allocations_from(1);
    assert_null(hw_sys_alloc(1));
    assert_null(hw_sys_alloc_zeroed(1, 1));
    hw_seam_fail_allocation(0);
}

HW_TEST(seam_counts_what_lives)
{
    int64_t before = hw_seam_live_allocations();
    void *one = hw_sys_resize(NULL, 1);
    HW_NEED(one);
    assert_int_equal(hw_seam_live_allocations(), before + 1);
    void *larger = hw_sys_resize(one, 100);
    assert_int_equal(hw_seam_live_allocations(), before + 1);
    hw_sys_free(larger ? larger : one);
    hw_sys_free(NULL);
    assert_int_equal(hw_seam_live_allocations(), before);

    unsigned bad = hw_seam_bad_closes();
    assert_int_equal(hw_sys_close(-1), -EBADF);
    assert_int_equal(hw_seam_bad_closes(), bad + 1);
}

HW_TEST(seam_knows_what_each_call_can_say)
{
    size_t count = 0;
    for (; hw_seam_call(count); count++)
        for (const int *error = hw_seam_errors(hw_seam_call(count)); *error; error++)
            assert_true(*error > 0);
    assert_true(count > 40);
    assert_int_equal(hw_seam_errors("duplicate")[0], EMFILE);
    assert_int_equal(hw_seam_errors("processors")[0], 0);
    assert_true(hw_seam_moves_bytes("receive") && !hw_seam_moves_bytes("bind"));
}

HW_TEST(seam_halves_reads_and_writes)
{
    int fds[2];
    char memory[16] = "";
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), errno);
    const struct iovec parts[] = {{(char *)"ab", 2}, {(char *)"cde", 3}};
    hw_seam_short("send", HW_SEAM_HALF);
    hw_seam_short("receive", HW_SEAM_HALF);
    assert_int_equal(hw_sys_send(fds[0], parts, 2, 0), 3);
    assert_int_equal(hw_sys_receive(fds[1], memory, 4), 2);
    assert_int_equal(hw_sys_receive(fds[1], memory, 1), 1);
    close(fds[0]);
    close(fds[1]);
}

static void fail_unknown_call(void *arg)
{
    (void)arg;
    hw_seam_fail("recieve", 1, EIO);
}

static void shorten_unshortenable_call(void *arg)
{
    (void)arg;
    hw_seam_short("bind", 1);
}

static void add_bad_rule(void *arg)
{
    (void)arg;
    hw_seam_fail("receive", 1, -EIO);
}

static void advance_running_clock(void *arg)
{
    (void)arg;
    hw_seam_clock_advance(1);
}

HW_TEST(seam_misuse_aborts)
{
    hw_test_expect_death(fail_unknown_call, NULL, "seam: there is no call \"recieve\"");
    hw_test_expect_death(shorten_unshortenable_call, NULL, "seam: \"bind\" moves no bytes");
    hw_test_expect_death(add_bad_rule, NULL, "seam: bad rule: receive, 1, -5");
    hw_test_expect_death(advance_running_clock, NULL, "seam: only a frozen clock can be moved");
}

static atomic_int failures;

static void *use_seam(void *arg)
{
    (void)arg;
    char byte;
    for (int i = 0; i < 300; i++) {
        hw_sys_free(hw_sys_alloc(1));
        if (hw_sys_random(&byte, 1) == -EIO)
            atomic_fetch_add(&failures, 1);
        (void)hw_sys_monotonic_ns();
    }
    return NULL;
}

HW_THREAD_TEST(seam_serves_several_threads)
{
    pthread_t threads[2];
    atomic_store(&failures, 0);
    hw_seam_clock_freeze(1, 1);
    hw_seam_fail("random", 100, EIO);
    hw_seam_fail("random", 500, EIO);
    for (int i = 0; i < 2; i++)
        assert_int_equal(hw_sys_thread_start(&threads[i], use_seam, NULL, 262144), 0);
    hw_seam_clock_advance(5);
    hw_seam_short("read", 7);
    for (int i = 0; i < 2; i++)
        assert_int_equal(hw_sys_thread_join(threads[i]), 0);
    assert_int_equal(atomic_load(&failures), 2);
    assert_int_equal(hw_seam_calls("random"), 600);
}

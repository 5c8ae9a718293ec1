#include "sys/thread.h"

#include "sys/poll.h"
#include "sys/socket.h"
#include "unit/harness.h"

#include <errno.h>
#include <signal.h>

enum { STACK = 262144 };

typedef struct report {
    pthread_t thread;
    sigset_t mask;
    size_t stack_bytes;
} report;

static void *report_thread(void *arg)
{
    report *into = arg;
    into->thread = pthread_self();
    pthread_sigmask(SIG_SETMASK, NULL, &into->mask);
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, &into->stack_bytes);
        pthread_attr_destroy(&attributes);
    }
    return NULL;
}

HW_THREAD_TEST(thread_runs_with_signals_blocked)
{
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    report told = {0};
    pthread_t thread;
    assert_int_equal(hw_sys_thread_start(&thread, report_thread, &told, STACK), 0);
    assert_int_equal(hw_sys_thread_join(thread), 0);
    assert_true(pthread_equal(told.thread, thread));
    assert_true(told.stack_bytes >= STACK);

    static const int blocked[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGALRM, SIGCHLD};
    for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++)
        assert_int_equal(sigismember(&told.mask, blocked[i]), 1);
    static const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        assert_int_equal(sigismember(&told.mask, open[i]), 0);

    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < SIGRTMIN; number++)
        assert_int_equal(sigismember(&after, number), sigismember(&before, number));
}

HW_TEST(thread_that_cannot_start_says_so)
{
    pthread_t self = pthread_self(), thread = self;
    report told = {0};
    assert_int_equal(hw_sys_thread_start(&thread, report_thread, &told, 1), -EINVAL);
    assert_int_equal(hw_sys_thread_start(&thread, report_thread, &told, SIZE_MAX / 4), -EAGAIN);
    assert_true(pthread_equal(thread, self));
}

static void *post_end(void *arg)
{
    hw_sys_event_post(*(const int *)arg);
    return NULL;
}

HW_THREAD_TEST(thread_that_is_detached_ends_by_itself)
{
    int event = hw_sys_event_new();
    pthread_t thread;
    assert_int_equal(hw_sys_thread_start(&thread, post_end, &event, STACK), 0);
    assert_int_equal(hw_sys_thread_detach(thread), 0);
    assert_int_equal(hw_sys_poll_write(event, -1, -1), 1);
    assert_int_equal(hw_sys_event_take(event), 0); /* what it did is over: its descriptor may go */
    hw_sys_close(event);
}

/* Two threads that take turns: what one has written the other sees. */
typedef struct exchange_of_turns {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int turn; /* even: the test's; odd: the thread's */
} exchange_of_turns;

static void take_turns_until(exchange_of_turns *turns, int mine, int last)
{
    hw_sys_mutex_lock(&turns->mutex);
    while (turns->turn < last) {
        if (turns->turn % 2 == mine) {
            turns->turn++;
            hw_sys_condition_wake_one(&turns->changed);
        } else {
            hw_sys_condition_wait(&turns->changed, &turns->mutex);
        }
    }
    hw_sys_condition_wake_all(&turns->changed);
    hw_sys_mutex_unlock(&turns->mutex);
}

static void *take_odd_turns(void *arg)
{
    take_turns_until(arg, 1, 1000);
    return NULL;
}

HW_THREAD_TEST(thread_waits_for_another)
{
    exchange_of_turns turns = {.turn = 0};
    pthread_t thread;
    hw_sys_mutex_init(&turns.mutex);
    hw_sys_condition_init(&turns.changed);
    assert_int_equal(hw_sys_thread_start(&thread, take_odd_turns, &turns, STACK), 0);
    take_turns_until(&turns, 0, 1000);
    assert_int_equal(hw_sys_thread_join(thread), 0);
    assert_int_equal(turns.turn, 1000);
    hw_sys_condition_fini(&turns.changed);
    hw_sys_mutex_fini(&turns.mutex);
}

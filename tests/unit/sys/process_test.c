#include "sys/process.h"

#include "sys/thread.h"
#include "unit/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

HW_TEST(process_processors_follow_affinity)
{
    cpu_set_t all, one;
    assert_return_code(sched_getaffinity(0, sizeof all, &all), errno);
    unsigned processors = hw_sys_processors();
    assert_true(processors >= 1 && processors <= (unsigned)CPU_COUNT(&all));

    size_t first = 0;
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_return_code(sched_setaffinity(0, sizeof one, &one), errno);
    assert_int_equal(hw_sys_processors(), 1);
    assert_return_code(sched_setaffinity(0, sizeof all, &all), errno);
    assert_int_equal(hw_sys_processors(), processors);
}

HW_TEST(process_raises_the_limit_of_descriptors)
{
    struct rlimit before, low, after;
    assert_return_code(getrlimit(RLIMIT_NOFILE, &before), errno);
    low = before;
    low.rlim_cur = 64;
    assert_return_code(setrlimit(RLIMIT_NOFILE, &low), errno);
    assert_true(hw_sys_descriptors_raise() == (int64_t)before.rlim_max);
    assert_return_code(getrlimit(RLIMIT_NOFILE, &after), errno);
    assert_true(after.rlim_cur == before.rlim_max);
    assert_return_code(setrlimit(RLIMIT_NOFILE, &before), errno);
}

HW_TEST(process_waits_for_a_blocked_signal)
{
    sigset_t signals, before;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGTERM);
    assert_int_equal(hw_sys_signals_block(&signals), 0);
    pthread_kill(pthread_self(), SIGUSR1);
    assert_int_equal(hw_sys_signal_wait(&signals), SIGUSR1);
    pthread_kill(pthread_self(), SIGTERM);
    assert_int_equal(hw_sys_signal_wait(&signals), SIGTERM);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

HW_TEST(process_waits_for_a_signal_no_longer_than_it_must)
{
    sigset_t signals, before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    assert_int_equal(hw_sys_signal_wait_for(&signals, 0), -EAGAIN);
    assert_int_equal(hw_sys_signal_wait_for(&signals, 1), -EAGAIN);
    pthread_kill(pthread_self(), SIGUSR1);
    assert_int_equal(hw_sys_signal_wait_for(&signals, 60000), SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void ignore_signal(int number)
{
    (void)number;
}

static void *disturb_then_signal(void *arg)
{
    pthread_t waiter_thread = *(const pthread_t *)arg;
    for (int i = 0; i < 200; i++) {
        pthread_kill(waiter_thread, SIGUSR2);
        sched_yield();
    }
    pthread_kill(waiter_thread, SIGUSR1);
    return NULL;
}

HW_THREAD_TEST(process_signal_wait_outlasts_other_signals)
{
    struct sigaction ignore = {.sa_handler = ignore_signal}, old;
    sigaction(SIGUSR2, &ignore, &old);
    sigset_t signals, before;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    assert_int_equal(hw_sys_signals_block(&signals), 0);

    pthread_t self = pthread_self(), other;
    assert_int_equal(hw_sys_thread_start(&other, disturb_then_signal, &self, 262144), 0);
    assert_int_equal(hw_sys_signal_wait(&signals), SIGUSR1);
    assert_int_equal(hw_sys_thread_join(other), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGUSR2, &old, NULL);
}

HW_TEST(process_knows_a_terminal)
{
    int ends[2];
    assert_return_code(pipe(ends), errno);
    assert_false(hw_sys_is_terminal(ends[0]));
    assert_false(hw_sys_is_terminal(-1));
    close(ends[0]);
    close(ends[1]);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0)
        skip();
    assert_true(hw_sys_is_terminal(terminal));
    close(terminal);
}

HW_TEST(process_tells_its_environment)
{
    assert_return_code(setenv("HEWN_TEST_WORD", "said", 1), errno);
    assert_string_equal(hw_sys_variable("HEWN_TEST_WORD"), "said");
    assert_return_code(unsetenv("HEWN_TEST_WORD"), errno);
    assert_null(hw_sys_variable("HEWN_TEST_WORD"));
    assert_int_equal(hw_sys_user(), geteuid());
}

HW_TEST(process_tells_the_name_of_its_machine)
{
    char name[256], wanted[256], one[1];
    assert_return_code(gethostname(wanted, sizeof wanted), errno);
    assert_int_equal(hw_sys_host_name(name, sizeof name), 0);
    assert_string_equal(name, wanted);
    assert_int_equal(hw_sys_host_name(one, sizeof one), -ENAMETOOLONG);
}

/* What is told when the kernel says no. */
#include "unit/sys/refusal.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/notice.h"
#include "sys/process.h"
#include "sys/random.h"
#include "sys/socket.h"
#include "sys/thread.h"
#include "unit/harness.h"
#include "unit/sys/folder.h"

/* Some machines have the newer call alone. */
#ifndef SYS_chmod
#define SYS_chmod SYS_fchmodat
#endif

static bool count_without_affinity(void)
{
    unsigned most = (unsigned)sysconf(_SC_NPROCESSORS_CONF);
    hw_test_refuse(SYS_sched_getaffinity, REFUSE_ALL, EINVAL);
    unsigned processors = hw_sys_processors();
    return processors >= 1 && processors <= most;
}

HW_TEST(refusal_of_the_affinity_leaves_the_processors_that_are_there)
{
    hw_test_in_child(count_without_affinity);
}

static bool raise_without_reading(void)
{
    hw_test_refuse(SYS_prlimit64, REFUSE_WITHOUT_THIRD, EACCES);
    return hw_sys_descriptors_raise() == -EACCES;
}

static bool raise_without_setting(void)
{
    hw_test_refuse(SYS_prlimit64, REFUSE_WITH_THIRD, EPERM);
    return hw_sys_descriptors_raise() == -EPERM;
}

HW_TEST(refusal_of_the_limit_of_descriptors_is_told)
{
    hw_test_in_child(raise_without_reading);
    hw_test_in_child(raise_without_setting);
}

static bool open_one_too_many(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return false;
    limit.rlim_cur = 0;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 &&
           hw_sys_descriptors_open() == (int64_t)limit.rlim_max;
}

static bool open_what_is_closed(void)
{
    hw_test_refuse(SYS_openat, REFUSE_ALL, EACCES);
    return hw_sys_descriptors_open() == 0;
}

HW_TEST(refusal_of_a_descriptor_tells_that_all_are_open)
{
    hw_test_in_child(open_one_too_many);
    hw_test_in_child(open_what_is_closed);
}

static bool wait_for_no_signal(void)
{
    sigset_t none;
    sigemptyset(&none);
    hw_test_refuse(SYS_rt_sigtimedwait, REFUSE_ALL, EINVAL);
    return hw_sys_signal_wait(&none) == -EINVAL && hw_sys_signal_wait_for(&none, 1) == -EINVAL;
}

HW_TEST(refusal_to_wait_for_a_signal_is_told)
{
    hw_test_in_child(wait_for_no_signal);
}

static bool ask_for_randomness(void)
{
    char memory[8] = "before";
    hw_test_refuse(SYS_getrandom, REFUSE_ALL, ENOSYS);
    return hw_sys_random(memory, sizeof memory) == -ENOSYS && strcmp(memory, "before") == 0;
}

HW_TEST(refusal_of_randomness_is_told)
{
    hw_test_in_child(ask_for_randomness);
}

static bool close_interrupted(void)
{
    hw_test_refuse(SYS_close, REFUSE_ALL, EINTR);
    return hw_sys_close(0) == 0;
}

static bool close_damaged(void)
{
    hw_test_refuse(SYS_close, REFUSE_ALL, EIO);
    return hw_sys_close(0) == -EIO;
}

/* Linux has closed it then: close(2). */
HW_TEST(refusal_of_a_close_that_was_interrupted_is_none)
{
    hw_test_in_child(close_interrupted);
    hw_test_in_child(close_damaged);
}

static bool run_nothing_in_a_thread(void)
{
    pthread_t self = pthread_self(), thread = self;
    hw_test_refuse(SYS_rt_sigprocmask, REFUSE_ALL, EINVAL);
    return hw_sys_thread_start(&thread, NULL, NULL, 262144) == -EINVAL &&
           pthread_equal(thread, self);
}

/* No thread runs that signals could hit. */
HW_TEST(refusal_to_block_signals_starts_no_thread)
{
    hw_test_in_child(run_nothing_in_a_thread);
}

static char folder_path[256];

static bool make_folder_refused(void)
{
    hw_test_refuse(SYS_chmod, REFUSE_ALL, EPERM);
    return hw_sys_make_folder(folder_path) == -EPERM;
}

HW_TEST(refusal_of_a_folders_rights_is_told)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    snprintf(folder_path, sizeof folder_path, "%s", hw_test_folder_path(&folder, "new"));
    hw_test_in_child(make_folder_refused);
    assert_int_equal(rmdir(folder_path), 0);
    hw_test_folder_fini(&folder);
}

HW_TEST(refusal_of_notices_where_they_would_not_come)
{
    char name[PATH_MAX + 65];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    int notice = hw_sys_notice_new(), proc = hw_sys_open_folder("/proc");
    assert_true(notice >= 0 && proc >= 0);
    assert_int_equal(hw_sys_notice_add(notice, proc, "", IN_MODIFY), -EREMOTE);
    assert_int_equal(hw_sys_notice_add(notice, proc, "self", IN_MODIFY), -EREMOTE);
    assert_int_equal(hw_sys_notice_add(notice, proc, name, IN_MODIFY), -ENAMETOOLONG);
    assert_int_equal(hw_sys_close(proc), 0);
    assert_int_equal(hw_sys_close(notice), 0);
}

HW_TEST(refusal_to_count_what_is_no_socket)
{
    assert_int_equal(hw_sys_count_unsent(-1), -EBADF);
}

/* Interrupted twice and more, then there is a byte, or room for one. */
static int interrupted_end;
static volatile sig_atomic_t interruptions;

static void interrupt_then_send(int number)
{
    (void)number;
    if (++interruptions == 3)
        (void)!write(interrupted_end, "x", 1);
}

static void interrupt_then_take(int number)
{
    char memory[65536];
    (void)number;
    if (++interruptions >= 3)
        (void)!read(interrupted_end, memory, sizeof memory);
}

static bool begin_interrupting(void (*interrupt)(int number), int ends[2])
{
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    const struct sigaction handler = {.sa_handler = interrupt};
    interruptions = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return false;
    interrupted_end = ends[1];
    return sigaction(SIGALRM, &handler, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0;
}

static bool receive_interrupted(void)
{
    int ends[2];
    char byte = 0;
    return begin_interrupting(interrupt_then_send, ends) &&
           hw_sys_receive(ends[0], &byte, 1) == 1 && byte == 'x';
}

static bool send_interrupted(void)
{
    int ends[2];
    static char memory[65536];
    const struct iovec parts[] = {{memory, 1}, {memory, 1}};
    if (!begin_interrupting(interrupt_then_take, ends))
        return false;
    while (send(ends[0], memory, sizeof memory, MSG_DONTWAIT) > 0)
        continue;
    return hw_sys_send(ends[0], parts, 2, false) == 2;
}

HW_TEST(refusal_by_a_signal_is_tried_again)
{
    hw_test_in_child(receive_interrupted);
    hw_test_in_child(send_interrupted);
}

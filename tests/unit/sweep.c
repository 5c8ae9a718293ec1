/* The failing-allocator sweep.
 *
 * For n = 1, 2, ... a forked child runs the test with its n-th allocation failing, until n is not
 * reached any more. Passing, and saying that memory ran out, are fine; a signal, a sanitizer's
 * report, a failed assertion, a leak or a hang is the test's failure.
 *
 * A child does not unwind from the middle of a test: jumping out would drop the only pointers to
 * what the test had built, and a leak of the library could not be told from one of the test. It is
 * checked for leaks where it stands, with its variables alive, and ends there.
 *
 * One worker a processor takes tests from a counter in shared memory, where the totals lie too. */
#include "unit/sweep.h"

#include "seam/seam.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 8,
    /* How a child ends; a sanitizer ends it with 99. */
    CHILD_PASSED = 0,
    CHILD_FAILED = 41,
    CHILD_OUT_OF_MEMORY = 42,
    CHILD_LEAKED = 43,
    CHILD_NOT_REACHED = 44
};

typedef struct sweep_totals {
    atomic_size_t next, passed, failed;
    atomic_ullong sites;
} sweep_totals;

static uint64_t failing_nth, allocations_before;

bool hw_sweep_is_struck(void)
{
    return failing_nth > 0 && hw_seam_allocations() - allocations_before >= failing_nth;
}

bool hw_sweep_is_on(void)
{
    return failing_nth > 0;
}

void hw_sweep_end_child(void)
{
    fflush(NULL);
    _exit(hw_test_has_leak() ? CHILD_LEAKED : CHILD_OUT_OF_MEMORY);
}

static void run_sweep_child(hw_test *test, uint64_t nth, int log, unsigned deadline_s)
{
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    alarm(deadline_s);
    failing_nth = nth;
    bool passed = hw_test_run_quietly(test);
    bool reached = hw_sweep_is_struck();
    fflush(NULL);
    if (!passed)
        _exit(CHILD_FAILED);
    _exit(reached ? CHILD_PASSED : CHILD_NOT_REACHED);
}

void hw_sweep_arm(void)
{
    if (failing_nth == 0)
        return;
    hw_seam_fail_allocation(failing_nth);
    allocations_before = hw_seam_allocations();
}

static const char *describe_child(int status, char *memory, size_t bytes)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return "it hangs";
    if (WIFSIGNALED(status))
        snprintf(memory, bytes, "it dies of signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == CHILD_LEAKED)
        return "it leaks";
    else if (WEXITSTATUS(status) == CHILD_FAILED)
        return "its assertions fail, and not for want of memory";
    else
        snprintf(memory, bytes, "it exits with status %d", WEXITSTATUS(status));
    return memory;
}

static void print_log(int log)
{
    char memory[4096];
    ssize_t length;
    for (off_t at = 0; (length = pread(log, memory, sizeof memory, at)) > 0; at += length)
        fwrite(memory, 1, (size_t)length, stdout);
}

static void report_failure(const hw_test *test, uint64_t nth, int status, int log)
{
    char id[256], words[64];
    hw_test_format_id(test, id, sizeof id);
    print_log(log);
    printf("%s: with its allocation %llu failing %s\n", id, (unsigned long long)nth,
           describe_child(status, words, sizeof words));
    printf("alone: %s --sweep '%s'\n", program_invocation_name, id);
    fflush(stdout);
}

/* The number of allocations that were made to fail; the first failure ends it. */
static uint64_t sweep_test(hw_test *test, int log, unsigned deadline_s, bool *ret_ok)
{
    for (uint64_t nth = 1;; nth++) {
        if (ftruncate(log, 0) || lseek(log, 0, SEEK_SET))
            abort();
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            run_sweep_child(test, nth, log, deadline_s);
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child)
            abort();
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        *ret_ok = code == CHILD_PASSED || code == CHILD_OUT_OF_MEMORY || code == CHILD_NOT_REACHED;
        if (!*ret_ok)
            report_failure(test, nth, status, log);
        if (!*ret_ok || code == CHILD_NOT_REACHED)
            return *ret_ok ? nth - 1 : nth;
    }
}

static void work_on_tests(hw_test *const *tests, size_t count, sweep_totals *totals,
                          unsigned deadline_s)
{
    int log = memfd_create("sweep", MFD_CLOEXEC);
    if (log < 0)
        abort();
    for (size_t i; (i = atomic_fetch_add(&totals->next, 1)) < count;) {
        bool ok = false;
        atomic_fetch_add(&totals->sites, sweep_test(tests[i], log, deadline_s, &ok));
        atomic_fetch_add(ok ? &totals->passed : &totals->failed, 1);
    }
    fflush(NULL);
    _exit(0);
}

int hw_sweep(hw_test *const *tests, size_t count, unsigned deadline_s, bool is_whole)
{
    sweep_totals *totals =
        mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED)
        abort();
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    for (long i = 0; i < processors && i < WORKERS_MAX; i++) {
        fflush(NULL);
        pid_t worker = fork();
        if (worker == 0)
            work_on_tests(tests, count, totals, deadline_s);
        if (worker < 0)
            abort();
    }
    bool workers_ended_well = true;
    for (int status; wait(&status) > 0;)
        workers_ended_well = workers_ended_well && status == 0;
    size_t passed = totals->passed, failed = count - totals->passed;
    unsigned long long sites = totals->sites;
    printf("%llu allocations failed in turn\n%zu passed, %zu failed\n", sites, passed, failed);
    bool is_blind = is_whole && sites == 0;
    if (is_blind)
        printf("no allocation was failed at all: the sweep is blind\n");
    munmap(totals, sizeof *totals);
    return !workers_ended_well || failed > 0 || is_blind;
}

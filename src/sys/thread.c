/* Starts and joins threads, and lets them wait for each other.
 *
 * Signals are blocked before the thread exists and given back to the caller after: a thread that
 * blocked them itself could be hit before it came so far. */
#include "sys/thread.h"

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include "sys/clock.h"

#define LEAST_PRIORITY 19

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

int hw_sys_thread_start(pthread_t *ret_thread, void *(*run)(void *), void *arg, size_t stack_bytes)
{
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error)
        return -error;
    error = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (error)
        goto done;

    sigset_t blocked, before;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof fault_signals / sizeof *fault_signals; i++)
        sigdelset(&blocked, fault_signals[i]);
    error = pthread_sigmask(SIG_SETMASK, &blocked, &before);
    if (error)
        goto done;
    pthread_t thread;
    error = pthread_create(&thread, &attributes, run, arg);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!error)
        *ret_thread = thread;
done:
    (void)pthread_attr_destroy(&attributes);
    return -error;
}

int hw_sys_thread_join(pthread_t thread)
{
    return -pthread_join(thread, NULL);
}

int hw_sys_thread_detach(pthread_t thread)
{
    return -pthread_detach(thread);
}

int hw_sys_thread_signal(pthread_t thread, int signal)
{
    return -pthread_kill(thread, signal);
}

void hw_sys_thread_lower(void)
{
    (void)setpriority(PRIO_PROCESS, 0, LEAST_PRIORITY); /* of Linux's threads one has its own */
}

bool hw_sys_thread_is_self(pthread_t thread)
{
    return pthread_equal(thread, pthread_self()) != 0;
}

/* Default mutexes and conditions take no memory and no system resource on Linux, and their calls
 * fail only for one who breaks their rules. */
void hw_sys_mutex_init(pthread_mutex_t *mutex)
{
    (void)pthread_mutex_init(mutex, NULL);
}

void hw_sys_mutex_fini(pthread_mutex_t *mutex)
{
    (void)pthread_mutex_destroy(mutex);
}

void hw_sys_mutex_lock(pthread_mutex_t *mutex)
{
    (void)pthread_mutex_lock(mutex);
}

bool hw_sys_mutex_try(pthread_mutex_t *mutex)
{
    return pthread_mutex_trylock(mutex) == 0;
}

void hw_sys_mutex_unlock(pthread_mutex_t *mutex)
{
    (void)pthread_mutex_unlock(mutex);
}

void hw_sys_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(condition, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

void hw_sys_condition_fini(pthread_cond_t *condition)
{
    (void)pthread_cond_destroy(condition);
}

void hw_sys_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    (void)pthread_cond_wait(condition, mutex);
}

void hw_sys_condition_wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, unsigned ms)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t ns = end.tv_nsec + (int64_t)ms * HW_NS_PER_MS;
    end.tv_sec += ns / HW_NS_PER_S;
    end.tv_nsec = ns % HW_NS_PER_S;
    (void)pthread_cond_timedwait(condition, mutex, &end);
}

void hw_sys_condition_wake_one(pthread_cond_t *condition)
{
    (void)pthread_cond_signal(condition);
}

void hw_sys_condition_wake_all(pthread_cond_t *condition)
{
    (void)pthread_cond_broadcast(condition);
}

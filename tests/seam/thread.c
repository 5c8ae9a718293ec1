/* Threads that do not start when a test says so. */
#include "sys/thread.h"

#include "seam/script.h"
#include "seam/seam.h"

#include <sched.h>
#include <stdatomic.h>

HW_SCRIPT_REAL(thread_start);
HW_SCRIPT_REAL(thread_join);
HW_SCRIPT_REAL(thread_detach);
HW_SCRIPT_REAL(thread_signal);
HW_SCRIPT_REAL(thread_lower);
HW_SCRIPT_REAL(thread_is_self);
HW_SCRIPT_REAL(mutex_init);
HW_SCRIPT_REAL(mutex_fini);
HW_SCRIPT_REAL(mutex_lock);
HW_SCRIPT_REAL(mutex_try);
HW_SCRIPT_REAL(mutex_unlock);
HW_SCRIPT_REAL(condition_init);
HW_SCRIPT_REAL(condition_fini);
HW_SCRIPT_REAL(condition_wait);
HW_SCRIPT_REAL(condition_wait_for);
HW_SCRIPT_REAL(condition_wake_one);
HW_SCRIPT_REAL(condition_wake_all);

int hw_sys_thread_start(pthread_t *ret_thread, void *(*run)(void *), void *arg, size_t stack_bytes)
{
    int failure = hw_script_take(HW_CALL_thread_start);
    return failure ? failure : real_hw_sys_thread_start(ret_thread, run, arg, stack_bytes);
}

int hw_sys_thread_join(pthread_t thread)
{
    int failure = hw_script_take(HW_CALL_thread_join);
    int result = real_hw_sys_thread_join(thread);
    return failure ? failure : result;
}

int hw_sys_thread_detach(pthread_t thread)
{
    int failure = hw_script_take(HW_CALL_thread_detach);
    int result = real_hw_sys_thread_detach(thread);
    return failure ? failure : result;
}

int hw_sys_thread_signal(pthread_t thread, int signal)
{
    int failure = hw_script_take(HW_CALL_thread_signal);
    return failure ? failure : real_hw_sys_thread_signal(thread, signal);
}

void hw_sys_thread_lower(void)
{
    (void)hw_script_take(HW_CALL_thread_lower);
    real_hw_sys_thread_lower();
}

bool hw_sys_thread_is_self(pthread_t thread)
{
    (void)hw_script_take(HW_CALL_thread_is_self);
    return real_hw_sys_thread_is_self(thread);
}

/* These cannot fail, and are not counted: the script's own lock would order who waits here. */
void hw_sys_mutex_init(pthread_mutex_t *mutex)
{
    real_hw_sys_mutex_init(mutex);
}

void hw_sys_mutex_fini(pthread_mutex_t *mutex)
{
    real_hw_sys_mutex_fini(mutex);
}

void hw_sys_mutex_lock(pthread_mutex_t *mutex)
{
    real_hw_sys_mutex_lock(mutex);
}

bool hw_sys_mutex_try(pthread_mutex_t *mutex)
{
    return real_hw_sys_mutex_try(mutex);
}

void hw_sys_mutex_unlock(pthread_mutex_t *mutex)
{
    real_hw_sys_mutex_unlock(mutex);
}

void hw_sys_condition_init(pthread_cond_t *condition)
{
    real_hw_sys_condition_init(condition);
}

void hw_sys_condition_fini(pthread_cond_t *condition)
{
    real_hw_sys_condition_fini(condition);
}

void hw_sys_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    real_hw_sys_condition_wait(condition, mutex);
}

static atomic_bool is_hurried;
static atomic_uint waits;

unsigned hw_seam_waits(void)
{
    return atomic_load(&waits);
}

void hw_seam_hurry(bool hurries)
{
    atomic_store(&is_hurried, hurries);
}

void hw_sys_condition_wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, unsigned ms)
{
    atomic_fetch_add(&waits, 1);
    if (atomic_load(&is_hurried)) {
        real_hw_sys_mutex_unlock(mutex);
        sched_yield();
        real_hw_sys_mutex_lock(mutex);
        return;
    }
    real_hw_sys_condition_wait_for(condition, mutex, ms);
}

void hw_sys_condition_wake_one(pthread_cond_t *condition)
{
    real_hw_sys_condition_wake_one(condition);
}

void hw_sys_condition_wake_all(pthread_cond_t *condition)
{
    real_hw_sys_condition_wake_all(condition);
}

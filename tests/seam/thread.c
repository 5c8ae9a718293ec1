/* Threads that do not start when a test says so. */
#include "sys/thread.h"

#include "seam/script.h"

HW_SCRIPT_REAL(thread_start);
HW_SCRIPT_REAL(thread_join);
HW_SCRIPT_REAL(thread_detach);
HW_SCRIPT_REAL(thread_signal);

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

/* The seam: threads. */
#ifndef HW_SYS_THREAD_H
#define HW_SYS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* A thread with every signal blocked but those that tell of its own faults (SIGSEGV and its like):
 * blocked, they would end the process without a report. 0, or a negative errno. */
int hw_sys_thread_start(pthread_t *ret_thread, void *(*run)(void *), void *arg, size_t stack_bytes);
int hw_sys_thread_join(pthread_t thread);
/* Nobody will join it: what it has goes when it ends. */
int hw_sys_thread_detach(pthread_t thread);
/* Sends a signal to a thread that has not been joined. */
int hw_sys_thread_signal(pthread_t thread, int signal);

/* Whether this is the thread that asks. */
bool hw_sys_thread_is_self(pthread_t thread);

/* The thread that asks gets a processor when nobody else wants it, as far as the system lets it. */
void hw_sys_thread_lower(void);

/* For objects that several threads share: none of these can fail. */
void hw_sys_mutex_init(pthread_mutex_t *mutex);
void hw_sys_mutex_fini(pthread_mutex_t *mutex);
void hw_sys_mutex_lock(pthread_mutex_t *mutex);
/* Without waiting. False: another thread has it. */
bool hw_sys_mutex_try(pthread_mutex_t *mutex);
void hw_sys_mutex_unlock(pthread_mutex_t *mutex);
void hw_sys_condition_init(pthread_cond_t *condition);
void hw_sys_condition_fini(pthread_cond_t *condition);
/* The mutex is the caller's before and after; a return says nothing of what has happened. */
void hw_sys_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);
/* The same, for about so long at most. */
void hw_sys_condition_wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, unsigned ms);
void hw_sys_condition_wake_one(pthread_cond_t *condition);
void hw_sys_condition_wake_all(pthread_cond_t *condition);

#endif

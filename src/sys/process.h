/* The seam: what this process is and may do. */
#ifndef HW_SYS_PROCESS_H
#define HW_SYS_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The processors this process may use: its affinity and its cgroup's quota (rounded up), at
 * least 1. */
unsigned hw_sys_processors(void);
/* The memory this process may use: the machine's, or what its cgroup allows of it; 0: nobody
 * knows. */
uint64_t hw_sys_memory_bytes(void);
/* Raises the soft limit of open descriptors to the hard one; the limit now in force, or a negative
 * errno. */
int64_t hw_sys_descriptors_raise(void);
/* How many descriptors are open, as far as the lowest free one tells. */
int64_t hw_sys_descriptors_open(void);
/* Blocks these signals in the calling thread. 0, or a negative errno. */
int hw_sys_signals_block(const sigset_t *signals);
/* Waits for one of them, which must be blocked; its number, or a negative errno. */
int hw_sys_signal_wait(const sigset_t *signals);
/* The same for so long at most; then -EAGAIN. */
int hw_sys_signal_wait_for(const sigset_t *signals, unsigned ms);
bool hw_sys_is_terminal(int fd);
/* A variable of the environment; NULL: there is none, or this program was given the rights of
 * another user, who must not be told what to do by its environment. */
const char *hw_sys_variable(const char *name);
/* The name of this machine. 0, or a negative errno: -ENAMETOOLONG. */
int hw_sys_host_name(char *ret_name, size_t bytes);
/* Whose rights this process has. */
unsigned hw_sys_user(void);

#endif

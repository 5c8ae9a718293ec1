/* The calls of every request on x86-64 Linux, straight to the kernel.
 *
 * In a process with threads, the C library makes each of them a point at which its thread may be
 * cancelled: two atomic exchanges and some thirty instructions a call. No thread of ours is ever
 * cancelled, and the results are wanted as the kernel gives them, without errno in between. The
 * library's syscall() was rejected: it moves every argument and goes through errno as well.
 *
 * The kernel destroys rcx and r11, and may read and write any memory we have. */
#include "sys/call.h"

#include <sys/syscall.h>

static inline long call_kernel(long number, int fd, const void *memory, unsigned long length,
                               long fourth)
{
    /* Only recvfrom and sendto have a fifth and a sixth, in r8 and r9: no address. */
    __asm__ volatile("mov %[fourth], %%r10\n\t"
                     "xor %%r8d, %%r8d\n\t"
                     "xor %%r9d, %%r9d\n\t"
                     "syscall"
                     : "+a"(number)
                     : "D"((long)fd), "S"(memory), "d"(length), [fourth] "r"(fourth)
                     : "rcx", "r8", "r9", "r10", "r11", "cc", "memory");
    return number;
}

ssize_t hw_call_receive(int fd, void *memory, size_t bytes)
{
    return call_kernel(SYS_recvfrom, fd, memory, bytes, 0);
}

ssize_t hw_call_send(int fd, const void *memory, size_t bytes, int flags)
{
    return call_kernel(SYS_sendto, fd, memory, bytes, flags);
}

ssize_t hw_call_send_parts(int fd, const struct msghdr *message, int flags)
{
    return call_kernel(SYS_sendmsg, fd, message, (unsigned long)flags, 0);
}

ssize_t hw_call_poll_wait(int poll, struct epoll_event *events, int events_max, int timeout_ms)
{
    return call_kernel(SYS_epoll_wait, poll, events, (unsigned long)events_max, timeout_ms);
}

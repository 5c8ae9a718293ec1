/* The seam: sockets. Every descriptor made here is non-blocking and closed on exec; every send
 * ignores SIGPIPE, but hw_sys_send_file, whose thread must block it (those of hw_sys_thread_start
 * do). All return 0 or a count or a descriptor, or a negative errno; EINTR is retried inside. */
#ifndef HW_SYS_SOCKET_H
#define HW_SYS_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

int hw_sys_socket(int family, int type);
int hw_sys_bind(int fd, const struct sockaddr *address, socklen_t length);
int hw_sys_listen(int fd, int backlog);
/* Makes a socket from elsewhere non-blocking, too, for everybody who has it. */
int hw_sys_unblock(int fd);
/* ret_address and ret_length may be NULL. */
int hw_sys_accept(int fd, struct sockaddr_storage *ret_address, socklen_t *ret_length);
int hw_sys_connect(int fd, const struct sockaddr *address, socklen_t length);
int hw_sys_set_option(int fd, int level, int name, int value);
int hw_sys_get_option(int fd, int level, int name, int *ret_value);
int hw_sys_local_address(int fd, struct sockaddr_storage *ret_address, socklen_t *ret_length);

ssize_t hw_sys_receive(int fd, void *memory, size_t bytes);
/* more: further bytes follow at once (MSG_MORE). */
ssize_t hw_sys_send(int fd, const struct iovec *parts, size_t count, int more);
/* From a file at an offset, which is not moved; 0: the file ends there. */
ssize_t hw_sys_send_file(int fd, int file, uint64_t offset, size_t bytes);
/* Bytes that the other end has not acknowledged yet. */
int hw_sys_count_unsent(int fd);
int hw_sys_shutdown_send(int fd);
/* Closing it will reset the connection instead of ending it, where the protocol can say so: TCP. */
int hw_sys_reset_on_close(int fd);
int hw_sys_close(int fd); /* any descriptor */

#endif

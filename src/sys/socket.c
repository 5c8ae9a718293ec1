/* Makes, reads and writes sockets.
 *
 * One part goes through send, which asks less of the kernel, several through sendmsg: both take
 * MSG_NOSIGNAL. close is not retried: on Linux the descriptor is gone even when EINTR is
 * reported, and a second close could hit a descriptor another thread has just opened. */
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "sys/call.h"

static int tell_socket_result(int result)
{
    return result < 0 ? -errno : result;
}

static ssize_t tell_socket_count(ssize_t count)
{
    return count < 0 ? -errno : count;
}

int hw_sys_socket(int family, int type)
{
    return tell_socket_result(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int hw_sys_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    return tell_socket_result(bind(fd, address, length));
}

int hw_sys_listen(int fd, int backlog)
{
    return tell_socket_result(listen(fd, backlog));
}

int hw_sys_unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return tell_socket_result(flags < 0 ? flags : fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

static void give_address(const struct sockaddr_storage *address, socklen_t length,
                         struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
    if (ret_address)
        *ret_address = *address;
    if (ret_length)
        *ret_length = length;
}

int hw_sys_accept(int fd, struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    int peer = (int)TEMP_FAILURE_RETRY(
        accept4(fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (peer < 0)
        return -errno;
    give_address(&address, length, ret_address, ret_length);
    return peer;
}

int hw_sys_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    return tell_socket_result((int)TEMP_FAILURE_RETRY(connect(fd, address, length)));
}

int hw_sys_set_option(int fd, int level, int name, int value)
{
    return tell_socket_result(setsockopt(fd, level, name, &value, sizeof value));
}

int hw_sys_get_option(int fd, int level, int name, int *ret_value)
{
    int value = 0;
    socklen_t length = sizeof value;
    if (getsockopt(fd, level, name, &value, &length) < 0)
        return -errno;
    *ret_value = value;
    return 0;
}

int hw_sys_local_address(int fd, struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        return -errno;
    give_address(&address, length, ret_address, ret_length);
    return 0;
}

ssize_t hw_sys_receive(int fd, void *memory, size_t bytes)
{
    ssize_t count;
    do
        count = hw_call_receive(fd, memory, bytes);
    while (count == -EINTR);
    return count;
}

/* A call of its own: the message would make the stack of who sends one part larger, and guarded. */
static __attribute__((noinline)) ssize_t send_parts(int fd, const struct iovec *parts, size_t count,
                                                    int flags)
{
    /* The kernel only reads the parts, though the struct does not say so. */
    struct msghdr message = {
        .msg_iov = (struct iovec *)parts,
        .msg_iovlen = count < IOV_MAX ? count : IOV_MAX,
    };
    return hw_call_send_parts(fd, &message, flags);
}

ssize_t hw_sys_send(int fd, const struct iovec *parts, size_t count, int more)
{
    int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    ssize_t sent;
    do
        sent = count == 1 ? hw_call_send(fd, parts->iov_base, parts->iov_len, flags)
                          : send_parts(fd, parts, count, flags);
    while (sent == -EINTR);
    return sent;
}

ssize_t hw_sys_send_file(int fd, int file, uint64_t offset, size_t bytes)
{
    off_t at = (off_t)offset;
    return tell_socket_count(TEMP_FAILURE_RETRY(sendfile(fd, file, &at, bytes)));
}

int hw_sys_count_unsent(int fd)
{
    int bytes;
    return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

int hw_sys_shutdown_send(int fd)
{
    return tell_socket_result(shutdown(fd, SHUT_WR));
}

int hw_sys_reset_on_close(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    return tell_socket_result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now));
}

int hw_sys_close(int fd)
{
    return close(fd) < 0 && errno != EINTR ? -errno : 0;
}

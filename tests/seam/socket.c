/* Sockets that fail, or move little at once, when a test says so. */
#include "sys/socket.h"

#include "seam/script.h"
#include "seam/seam.h"

#include <errno.h>
#include <stdatomic.h>

HW_SCRIPT_REAL(socket);
HW_SCRIPT_REAL(bind);
HW_SCRIPT_REAL(listen);
HW_SCRIPT_REAL(unblock);
HW_SCRIPT_REAL(count_unsent);
HW_SCRIPT_REAL(accept);
HW_SCRIPT_REAL(connect);
HW_SCRIPT_REAL(set_option);
HW_SCRIPT_REAL(get_option);
HW_SCRIPT_REAL(local_address);
HW_SCRIPT_REAL(receive);
HW_SCRIPT_REAL(send);
HW_SCRIPT_REAL(send_file);
HW_SCRIPT_REAL(shutdown_send);
HW_SCRIPT_REAL(reset_on_close);
HW_SCRIPT_REAL(close);

int hw_sys_socket(int family, int type)
{
    int failure = hw_script_take(HW_CALL_socket);
    return failure ? failure : real_hw_sys_socket(family, type);
}

int hw_sys_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int failure = hw_script_take(HW_CALL_bind);
    return failure ? failure : real_hw_sys_bind(fd, address, length);
}

int hw_sys_listen(int fd, int backlog)
{
    int failure = hw_script_take(HW_CALL_listen);
    return failure ? failure : real_hw_sys_listen(fd, backlog);
}

int hw_sys_unblock(int fd)
{
    int failure = hw_script_take(HW_CALL_unblock);
    return failure ? failure : real_hw_sys_unblock(fd);
}

int hw_sys_count_unsent(int fd)
{
    int failure = hw_script_take(HW_CALL_count_unsent);
    return failure ? failure : real_hw_sys_count_unsent(fd);
}

int hw_sys_accept(int fd, struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
    int failure = hw_script_take(HW_CALL_accept);
    return failure ? failure : real_hw_sys_accept(fd, ret_address, ret_length);
}

int hw_sys_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    int failure = hw_script_take(HW_CALL_connect);
    return failure ? failure : real_hw_sys_connect(fd, address, length);
}

int hw_sys_set_option(int fd, int level, int name, int value)
{
    int failure = hw_script_take(HW_CALL_set_option);
    return failure ? failure : real_hw_sys_set_option(fd, level, name, value);
}

int hw_sys_get_option(int fd, int level, int name, int *ret_value)
{
    int failure = hw_script_take(HW_CALL_get_option);
    return failure ? failure : real_hw_sys_get_option(fd, level, name, ret_value);
}

int hw_sys_local_address(int fd, struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
    int failure = hw_script_take(HW_CALL_local_address);
    return failure ? failure : real_hw_sys_local_address(fd, ret_address, ret_length);
}

ssize_t hw_sys_receive(int fd, void *memory, size_t bytes)
{
    int failure = hw_script_take(HW_CALL_receive);
    return failure ? failure
                   : real_hw_sys_receive(fd, memory, hw_script_limit(HW_CALL_receive, bytes));
}

static size_t count_bytes(const struct iovec *parts, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += parts[i].iov_len;
    return bytes;
}

/* The first parts, cut where `bytes` end; returns how many there are. */
static size_t cut_parts(const struct iovec *parts, size_t count, struct iovec *cut, size_t cut_max,
                        size_t bytes)
{
    size_t used = 0;
    for (; used < count && used < cut_max && bytes > 0; used++) {
        cut[used] = parts[used];
        if (cut[used].iov_len > bytes)
            cut[used].iov_len = bytes;
        bytes -= cut[used].iov_len;
    }
    return used;
}

ssize_t hw_sys_send(int fd, const struct iovec *parts, size_t count, int more)
{
    int failure = hw_script_take(HW_CALL_send);
    if (failure)
        return failure;
    size_t all = count_bytes(parts, count), bytes = hw_script_limit(HW_CALL_send, all);
    if (bytes == all)
        return real_hw_sys_send(fd, parts, count, more);
    struct iovec cut[16];
    size_t used = cut_parts(parts, count, cut, sizeof cut / sizeof *cut, bytes);
    return real_hw_sys_send(fd, cut, used, more);
}

ssize_t hw_sys_send_file(int fd, int file, uint64_t offset, size_t bytes)
{
    int failure = hw_script_take(HW_CALL_send_file);
    return failure
               ? failure
               : real_hw_sys_send_file(fd, file, offset, hw_script_limit(HW_CALL_send_file, bytes));
}

int hw_sys_shutdown_send(int fd)
{
    int failure = hw_script_take(HW_CALL_shutdown_send);
    return failure ? failure : real_hw_sys_shutdown_send(fd);
}

int hw_sys_reset_on_close(int fd)
{
    int failure = hw_script_take(HW_CALL_reset_on_close);
    return failure ? failure : real_hw_sys_reset_on_close(fd);
}

static atomic_uint bad_closes;

unsigned hw_seam_bad_closes(void)
{
    return atomic_load(&bad_closes);
}

int hw_sys_close(int fd)
{
    int failure = hw_script_take(HW_CALL_close);
    int result = real_hw_sys_close(fd);
    if (result == -EBADF)
        atomic_fetch_add(&bad_closes, 1);
    return failure ? failure : result;
}

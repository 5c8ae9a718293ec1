#include "sys/socket.h"

#include "sys/file.h"
#include "unit/harness.h"
#include "unit/sys/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static const struct iovec one_byte = {(char *)"x", 1}, two_bytes = {(char *)"hi", 2};

static void assert_is_socket(int fd)
{
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static void open_pair(int *fds)
{
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                       errno);
}

static void close_pair(const int *fds)
{
    assert_int_equal(hw_sys_close(fds[0]), 0);
    assert_int_equal(hw_sys_close(fds[1]), 0);
}

static void wait_readable(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 10000), 1);
}

HW_TEST(socket_accepts_over_loopback)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = hw_sys_socket(AF_INET, SOCK_STREAM);
    assert_is_socket(listener);
    assert_int_equal(hw_sys_bind(listener, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(hw_sys_listen(listener, 8), 0);
    assert_int_equal(hw_sys_accept(listener, NULL, NULL), -EAGAIN);

    struct sockaddr_storage address;
    socklen_t length = 0;
    assert_int_equal(hw_sys_local_address(listener, &address, &length), 0);
    assert_int_equal(length, sizeof any);
    assert_int_equal(address.ss_family, AF_INET);
    assert_int_not_equal(((struct sockaddr_in *)&address)->sin_port, 0);
    assert_int_equal(hw_sys_bind(listener, (struct sockaddr *)&any, sizeof any), -EINVAL);

    int client = hw_sys_socket(AF_INET, SOCK_STREAM);
    int error = hw_sys_connect(client, (struct sockaddr *)&address, length);
    assert_true(error == 0 || error == -EINPROGRESS);
    wait_readable(listener);
    struct sockaddr_storage peer, local;
    socklen_t peer_length = 0;
    int server = hw_sys_accept(listener, &peer, &peer_length);
    assert_is_socket(server);
    assert_int_equal(peer_length, sizeof any);
    assert_int_equal(hw_sys_local_address(client, &local, NULL), 0);
    assert_int_equal(((struct sockaddr_in *)&peer)->sin_port,
                     ((struct sockaddr_in *)&local)->sin_port);

    assert_int_equal(hw_sys_send(client, &two_bytes, 1, 0), 2);
    wait_readable(server);
    char memory[8] = "";
    assert_int_equal(hw_sys_receive(server, memory, sizeof memory), 2);
    assert_string_equal(memory, "hi");
    hw_sys_close(server);
    hw_sys_close(client);
    hw_sys_close(listener);
}

HW_TEST(socket_accepts_over_unix)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", hw_test_folder_path(&folder, "s"));
    int client = hw_sys_socket(AF_UNIX, SOCK_STREAM);
    assert_int_equal(hw_sys_connect(client, (struct sockaddr *)&name, sizeof name), -ENOENT);
    int listener = hw_sys_socket(AF_UNIX, SOCK_STREAM);
    assert_int_equal(hw_sys_bind(listener, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(hw_sys_connect(client, (struct sockaddr *)&name, sizeof name), -ECONNREFUSED);
    assert_int_equal(hw_sys_listen(listener, 1), 0);
    assert_int_equal(hw_sys_connect(client, (struct sockaddr *)&name, sizeof name), 0);
    int server = hw_sys_accept(listener, NULL, NULL);
    assert_is_socket(server);
    hw_sys_close(server);
    hw_sys_close(client);
    hw_sys_close(listener);
    hw_test_folder_fini(&folder);
}

HW_TEST(socket_options)
{
    int fd = hw_sys_socket(AF_INET, SOCK_STREAM), value = -1;
    assert_int_equal(hw_sys_get_option(fd, SOL_SOCKET, SO_TYPE, &value), 0);
    assert_int_equal(value, SOCK_STREAM);
    assert_int_equal(hw_sys_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1), 0);
    assert_int_equal(hw_sys_get_option(fd, SOL_SOCKET, SO_REUSEADDR, &value), 0);
    assert_int_equal(value, 1);
    assert_int_equal(hw_sys_set_option(fd, SOL_SOCKET, 99999, 1), -ENOPROTOOPT);
    assert_int_equal(hw_sys_get_option(fd, SOL_SOCKET, 99999, &value), -ENOPROTOOPT);
    assert_int_equal(value, 1);
    hw_sys_close(fd);
}

HW_TEST(socket_sends_parts_in_order)
{
    int fds[2];
    open_pair(fds);
    const struct iovec parts[] = {{(char *)"one ", 4}, {(char *)"", 0}, {(char *)"two", 3}};
    assert_int_equal(hw_sys_send(fds[0], parts, 3, 0), 7);
    assert_int_equal(hw_sys_send(fds[0], parts, 1, 1), 4);
    char memory[16] = "";
    assert_int_equal(hw_sys_receive(fds[1], memory, sizeof memory), 11);
    assert_string_equal(memory, "one twoone ");
    assert_int_equal(hw_sys_receive(fds[1], memory, sizeof memory), -EAGAIN);
    close_pair(fds);
}

HW_TEST(socket_sends_the_first_of_too_many_parts)
{
    int fds[2];
    open_pair(fds);
    static struct iovec parts[2000];
    for (size_t i = 0; i < 2000; i++)
        parts[i] = one_byte;
    ssize_t sent = hw_sys_send(fds[0], parts, 2000, 0);
    assert_true(sent > 0 && sent < 2000);
    close_pair(fds);
}

HW_TEST(socket_full_says_again)
{
    int fds[2];
    open_pair(fds);
    static char bytes[65536];
    const struct iovec part = {bytes, sizeof bytes};
    ssize_t sent = 0;
    for (int i = 0; i < 1000 && sent >= 0; i++)
        sent = hw_sys_send(fds[0], &part, 1, 0);
    assert_int_equal(sent, -EAGAIN);
    close_pair(fds);
}

HW_TEST(socket_send_to_a_closed_peer_is_an_error_not_a_signal)
{
    int fds[2];
    open_pair(fds);
    assert_int_equal(hw_sys_close(fds[1]), 0);
    assert_int_equal(hw_sys_send(fds[0], &one_byte, 1, 0), -EPIPE);
    assert_int_equal(hw_sys_close(fds[0]), 0);
}

HW_TEST(socket_shutdown_sends_the_end)
{
    int fds[2];
    open_pair(fds);
    char byte;
    assert_int_equal(hw_sys_shutdown_send(fds[0]), 0);
    assert_int_equal(hw_sys_receive(fds[1], &byte, 1), 0);
    assert_int_equal(hw_sys_send(fds[1], &one_byte, 1, 0), 1);
    assert_int_equal(hw_sys_receive(fds[0], &byte, 1), 1);
    close_pair(fds);
}

HW_TEST(socket_is_reset_when_it_closes)
{
    int fds[2];
    struct linger set = {0};
    socklen_t length = sizeof set;
    open_pair(fds);
    assert_int_equal(hw_sys_reset_on_close(fds[0]), 0);
    assert_int_equal(getsockopt(fds[0], SOL_SOCKET, SO_LINGER, &set, &length), 0);
    assert_true(set.l_onoff && set.l_linger == 0);
    close_pair(fds);
}

HW_TEST(socket_sends_a_part_of_a_file)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "ten.txt", "0123456789");
    int fds[2], file = hw_sys_open(hw_test_folder_path(&folder, "ten.txt"));
    open_pair(fds);
    assert_int_equal(hw_sys_send_file(fds[0], file, 3, 4), 4);
    assert_int_equal(hw_sys_send_file(fds[0], file, 8, 100), 2);
    assert_int_equal(hw_sys_send_file(fds[0], file, 10, 100), 0);
    assert_int_equal(hw_sys_send_file(fds[0], file, UINT64_MAX, 1), -EINVAL);
    char memory[16] = "";
    assert_int_equal(hw_sys_receive(fds[1], memory, sizeof memory), 6);
    assert_string_equal(memory, "345689");
    assert_int_equal(hw_sys_read(file, memory, 1), 1);
    assert_int_equal(memory[0], '0');
    hw_sys_close(file);
    close_pair(fds);
    hw_test_folder_fini(&folder);
}

HW_TEST(socket_calls_on_nothing_say_so)
{
    struct sockaddr_storage address;
    socklen_t length = 77;
    char byte;
    assert_int_equal(hw_sys_close(-1), -EBADF);
    assert_int_equal(hw_sys_receive(-1, &byte, 1), -EBADF);
    assert_int_equal(hw_sys_send(-1, &one_byte, 1, 0), -EBADF);
    assert_int_equal(hw_sys_listen(-1, 1), -EBADF);
    assert_int_equal(hw_sys_unblock(-1), -EBADF);
    assert_int_equal(hw_sys_shutdown_send(-1), -EBADF);
    assert_int_equal(hw_sys_reset_on_close(-1), -EBADF);
    assert_int_equal(hw_sys_accept(-1, &address, &length), -EBADF);
    assert_int_equal(hw_sys_local_address(-1, &address, &length), -EBADF);
    assert_int_equal(length, 77);
    assert_int_equal(hw_sys_socket(-1, SOCK_STREAM), -EAFNOSUPPORT);
}

HW_TEST(socket_unblock_makes_an_inherited_socket_non_blocking)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(hw_sys_unblock(fd), 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(hw_sys_close(fd), 0);
}

#include "net/listener.h"

#include "seam/seam.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "unit/http/http_harness.h"
#include "unit/net/socket_pair.h"
#include "unit/sys/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_listener(hw_listener *listener, const char *address)
{
    hw_fault fault = {0};
    int error = hw_listener_open(listener, address, &fault);
    if (error < 0)
        fail_msg("%s: %s", fault.where, fault.what);
}

static void assert_carries(hw_listener *listener, const char *peer)
{
    hw_loop loop;
    hw_tcp_pool pool = {.loop = &loop};
    hw_stream *stream;
    char memory[8], name[HW_PEER_STRING_MAX];
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    assert_int_equal(hw_listener_accept(listener, &pool, &stream), -EAGAIN);
    int client = hw_test_connect(listener->name);
    HW_NEED_OK(hw_listener_accept(listener, &pool, &stream));
    assert_string_equal(hw_peer_format(&stream->peer, name), peer);
    const struct iovec part = {(void *)"hi", 2};
    assert_int_equal(stream->ops->write(stream, &part, 1, false), 2);
    stream->ops->close(stream);
    assert_int_equal(hw_test_receive(client, memory, sizeof memory), 2);
    close(client);
    assert_int_equal(hw_listener_accept(listener, &pool, &stream), -EAGAIN);
    hw_tcp_pool_fini(&pool);
    hw_loop_fini(&loop);
}

HW_TEST(listener_takes_connections_over_ipv4)
{
    hw_listener listener;
    open_listener(&listener, "127.0.0.1:0");
    assert_true(strncmp(listener.name, "127.0.0.1:", 10) == 0);
    assert_string_not_equal(listener.name, "127.0.0.1:0");
    assert_carries(&listener, "127.0.0.1");
    hw_listener_close(&listener);
    hw_listener_close(&listener);
    assert_int_equal(listener.fd, -1);
}

HW_TEST(listener_takes_connections_over_ipv6)
{
    hw_listener listener;
    if (hw_listener_open(&listener, "[::1]:0", NULL) < 0)
        skip();
    assert_true(strncmp(listener.name, "[::1]:", 6) == 0);
    assert_carries(&listener, "::1");
    hw_listener_close(&listener);
}

HW_TEST(listener_passes_its_options_on)
{
    hw_listener listener;
    hw_loop loop;
    hw_tcp_pool pool = {.loop = &loop};
    hw_stream *stream;
    open_listener(&listener, "127.0.0.1:0");
    int value = 0;
    assert_int_equal(hw_sys_get_option(listener.fd, SOL_SOCKET, SO_REUSEADDR, &value), 0);
    assert_int_equal(value, 1);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    int client = hw_test_connect(listener.name);
    int accepted = hw_sys_accept(listener.fd, NULL, NULL);
    assert_true(accepted >= 0);
    assert_int_equal(hw_sys_get_option(accepted, IPPROTO_TCP, TCP_NODELAY, &value), 0);
    assert_true(value != 0);
    hw_sys_close(accepted);
    close(client);
    assert_int_equal(hw_listener_accept(&listener, &pool, &stream), -EAGAIN);
    hw_tcp_pool_fini(&pool);
    hw_loop_fini(&loop);
    hw_listener_close(&listener);
}

HW_TEST(listener_says_what_is_wrong_and_where)
{
    hw_listener first, second = {.fd = -7};
    hw_fault fault = {0};
    open_listener(&first, "127.0.0.1:0");
    assert_int_equal(hw_listener_open(&second, first.name, &fault), -EADDRINUSE);
    assert_int_equal(fault.error, EADDRINUSE);
    assert_string_equal(fault.where, first.name);
    assert_int_equal(hw_listener_open(&second, "1.2.3.4:0", &fault), -EADDRNOTAVAIL);
    assert_string_equal(fault.where, "1.2.3.4:0");
    assert_int_equal(hw_listener_open(&second, "nowhere", &fault), -EINVAL);
    assert_int_equal(hw_listener_open(&second, "nowhere", NULL), -EINVAL);
    assert_int_equal(second.fd, -7);
    hw_listener_close(&first);
}

HW_TEST(listener_leaves_no_descriptor_behind)
{
    static const char *const calls[] = {"set_option", "bind", "listen", "local_address"};
    hw_listener listener;
    hw_fault fault;
    for (size_t i = 0; i < ROWS(calls); i++) {
        unsigned made = hw_seam_calls("socket") - hw_seam_calls("close");
        hw_seam_fail(calls[i], 1, ENOBUFS);
        assert_int_equal(hw_listener_open(&listener, "127.0.0.1:0", &fault), -ENOBUFS);
        assert_int_equal(fault.error, ENOBUFS);
        assert_int_equal(hw_seam_calls("socket") - hw_seam_calls("close"), made);
    }
    hw_seam_fail("socket", 1, EMFILE);
    assert_int_equal(hw_listener_open(&listener, "127.0.0.1:0", &fault), -EMFILE);
}

/* "unix:" and the path of a name in the folder. */
static const char *unix_address(hw_test_folder *folder, char address[128])
{
    snprintf(address, 128, "unix:%s", hw_test_folder_path(folder, "socket"));
    return address;
}

static bool is_there(const char *path)
{
    struct stat seen;
    return lstat(path, &seen) == 0;
}

HW_TEST(listener_takes_connections_over_a_unix_socket)
{
    hw_test_folder folder;
    hw_listener listener;
    char address[128];
    hw_test_folder_init(&folder);
    open_listener(&listener, unix_address(&folder, address));
    assert_string_equal(listener.name, address);
    assert_carries(&listener, "unix:");
    assert_true(is_there(address + 5));
    hw_listener_close(&listener);
    assert_false(is_there(address + 5));
    hw_test_folder_fini(&folder);
}

HW_TEST(listener_replaces_a_name_nobody_listens_on)
{
    hw_test_folder folder;
    hw_listener listener;
    char address[128];
    hw_test_folder_init(&folder);
    open_listener(&listener, unix_address(&folder, address));
    hw_sys_close(listener.fd); /* as if the program had crashed */
    assert_true(is_there(address + 5));
    open_listener(&listener, address);
    assert_carries(&listener, "unix:");
    hw_listener_close(&listener);
    hw_test_folder_fini(&folder);
}

/* Whether somebody listens there cannot be found out: then somebody may. */
HW_TEST(listener_leaves_a_name_it_cannot_ask_for)
{
    hw_test_folder folder;
    hw_listener listener, other;
    hw_fault fault = {0};
    char address[128];
    hw_test_folder_init(&folder);
    open_listener(&listener, unix_address(&folder, address));
    hw_sys_close(listener.fd);
    hw_seam_fail("socket", 2, EMFILE);
    assert_int_equal(hw_listener_open(&other, address, &fault), -EADDRINUSE);
    hw_seam_reset();
    assert_string_equal(fault.where, address);
    assert_true(is_there(address + 5));
    hw_test_folder_fini(&folder);
}

HW_TEST(listener_leaves_a_name_somebody_listens_on)
{
    hw_test_folder folder;
    hw_listener listener, second;
    hw_fault fault = {0};
    char address[128];
    hw_test_folder_init(&folder);
    open_listener(&listener, unix_address(&folder, address));
    assert_int_equal(hw_listener_open(&second, address, &fault), -EADDRINUSE);
    assert_string_equal(fault.where, address);
    int waiting = hw_sys_accept(listener.fd, NULL, NULL);
    if (waiting >= 0)
        hw_sys_close(waiting); /* the question whether it is alive */
    assert_carries(&listener, "unix:");
    hw_listener_close(&listener);
    hw_test_folder_fini(&folder);
}

HW_TEST(listener_never_removes_what_is_no_socket)
{
    hw_test_folder folder;
    hw_listener listener;
    char address[128];
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "socket", "precious");
    assert_int_equal(hw_listener_open(&listener, unix_address(&folder, address), NULL),
                     -EADDRINUSE);
    assert_true(is_there(address + 5));
    hw_test_folder_fini(&folder);
}

HW_TEST(listener_is_inherited)
{
    hw_listener owner, heir;
    char address[32];
    open_listener(&owner, "127.0.0.1:0");
    /* Whoever hands a socket down (a service manager) may have left it blocking. */
    assert_int_equal(fcntl(owner.fd, F_SETFL, 0), 0);
    snprintf(address, sizeof address, "fd:%d", owner.fd);
    open_listener(&heir, address);
    assert_string_equal(heir.name, owner.name);
    assert_int_not_equal(heir.fd, owner.fd);
    assert_true(fcntl(heir.fd, F_GETFL) & O_NONBLOCK);
    assert_carries(&heir, "127.0.0.1");
    hw_listener_close(&heir);
    assert_carries(&owner, "127.0.0.1");
    hw_listener_close(&owner);
}

HW_TEST(listener_that_is_inherited_keeps_its_name)
{
    hw_test_folder folder;
    hw_listener owner, heir;
    char address[128], inherited[32];
    hw_test_folder_init(&folder);
    open_listener(&owner, unix_address(&folder, address));
    snprintf(inherited, sizeof inherited, "fd:%d", owner.fd);
    open_listener(&heir, inherited);
    assert_string_equal(heir.name, address);
    hw_listener_close(&heir);
    assert_true(is_there(address + 5));
    hw_listener_close(&owner);
    hw_test_folder_fini(&folder);
}

HW_TEST(listener_inherits_only_what_listens)
{
    hw_listener listener;
    hw_fault fault = {0};
    char address[32];
    int fd = hw_sys_socket(AF_INET, SOCK_STREAM), file = hw_sys_open("/dev/null");
    assert_true(fd >= 0 && file >= 0);
    snprintf(address, sizeof address, "fd:%d", fd);
    assert_int_equal(hw_listener_open(&listener, address, &fault), -EINVAL);
    assert_string_equal(fault.where, address);
    snprintf(address, sizeof address, "fd:%d", file);
    assert_int_equal(hw_listener_open(&listener, address, &fault), -ENOTSOCK);
    assert_int_equal(hw_listener_open(&listener, "fd:2147483647", &fault), -EBADF);
    hw_sys_close(fd);
    hw_sys_close(file);
}

HW_TEST(listener_inherits_nothing_without_a_descriptor_of_its_own)
{
    hw_listener owner, heir;
    hw_fault fault = {0};
    char address[32];
    open_listener(&owner, "127.0.0.1:0");
    snprintf(address, sizeof address, "fd:%d", owner.fd);
    hw_seam_fail("duplicate", 1, EMFILE);
    assert_int_equal(hw_listener_open(&heir, address, &fault), -EMFILE);
    hw_seam_reset();
    assert_string_equal(fault.where, address);
    assert_carries(&owner, "127.0.0.1"); /* it is its owner's still */
    hw_listener_close(&owner);
}

HW_TEST(listener_hands_the_errors_of_accept_on)
{
    hw_listener listener;
    hw_loop loop;
    hw_tcp_pool pool = {.loop = &loop};
    hw_stream *stream = NULL;
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    open_listener(&listener, "127.0.0.1:0");
    int client = hw_test_connect(listener.name);
    hw_seam_fail("accept", 1, EMFILE);
    assert_int_equal(hw_listener_accept(&listener, &pool, &stream), -EMFILE);
    unsigned closed = hw_seam_calls("close");
    hw_seam_fail_allocation(1);
    assert_int_equal(hw_listener_accept(&listener, &pool, &stream), -ENOMEM);
    assert_int_equal(hw_seam_calls("close"), closed + 1);
    assert_null(stream);
    close(client);
    hw_listener_close(&listener);
    hw_tcp_pool_fini(&pool);
    hw_loop_fini(&loop);
}

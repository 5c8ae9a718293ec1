#include "run/holder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/harness.h"

/* Listens on a port of the system's choice. */
static int listen_somewhere(in_addr_t host, char *ret_address, size_t bytes)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(host)}};
    socklen_t length = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(fd, errno);
    assert_return_code(bind(fd, (struct sockaddr *)&in, length), errno);
    assert_return_code(listen(fd, 1), errno);
    assert_return_code(getsockname(fd, (struct sockaddr *)&in, &length), errno);
    snprintf(ret_address, bytes, "127.0.0.1:%d", ntohs(in.sin_port));
    return fd;
}

static void assert_held_by_us(const char *address)
{
    hw_holder holder = {.pid = 0};
    bool is_found = hw_holder_find(address, &holder);
    if (!is_found && hw_test_is_struck())
        return;
    assert_true(is_found);
    assert_int_equal(holder.pid, getpid());
    assert_true(strlen(holder.command) > 0);
    assert_null(strchr(holder.command, '\n'));
}

HW_TEST(holder_is_this_process)
{
    char address[32];
    int fd = listen_somewhere(INADDR_LOOPBACK, address, sizeof address);
    assert_held_by_us(address);
    close(fd);
}

HW_TEST(holder_of_all_interfaces_has_each_of_them)
{
    char address[32];
    int fd = listen_somewhere(INADDR_ANY, address, sizeof address);
    assert_held_by_us(address);
    close(fd);
}

HW_TEST(holder_is_not_found_where_nobody_listens)
{
    char address[32];
    hw_holder holder;
    close(listen_somewhere(INADDR_LOOPBACK, address, sizeof address));
    assert_false(hw_holder_find(address, &holder));
    assert_false(hw_holder_find("unix:/run/x", &holder));
    assert_false(hw_holder_find("no address", &holder));
}

HW_TEST(holder_cannot_be_seen_without_the_tables)
{
    char address[32];
    hw_holder holder;
    int fd = listen_somewhere(INADDR_LOOPBACK, address, sizeof address);
    hw_seam_reset();
    hw_seam_fail("open", 1, EACCES);
    hw_seam_fail("open", 2, EACCES);
    assert_false(hw_holder_find(address, &holder));
    hw_seam_reset();
    close(fd);
}

/* At an address and a port of which it is told in words of its own. */
static int listen_as(int family, const char *host, uint16_t port, uint16_t *ret_port)
{
    struct sockaddr_storage storage = {.ss_family = (sa_family_t)family};
    struct sockaddr_in *in = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
    socklen_t length = family == AF_INET ? sizeof *in : sizeof *in6;
    void *address = family == AF_INET ? (void *)&in->sin_addr : (void *)&in6->sin6_addr;
    assert_int_equal(inet_pton(family, host, address), 1);
    in->sin_port = htons(port); /* of both in the same place */
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&storage, length) < 0) {
        close(fd);
        skip();
    }
    assert_return_code(listen(fd, 1), errno);
    assert_return_code(getsockname(fd, (struct sockaddr *)&storage, &length), errno);
    *ret_port = ntohs(in->sin_port);
    return fd;
}

HW_TEST(holder_of_an_address_is_not_that_of_another)
{
    static const char *const others[] = {"127.0.0.1", "[::1]", "[::2]"};
    char address[32];
    hw_holder holder;
    uint16_t port;
    int fd = listen_as(AF_INET, "127.0.0.2", 0, &port);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(address, sizeof address, "%s:%u", others[i], port);
        assert_false(hw_holder_find(address, &holder));
    }
    snprintf(address, sizeof address, "0.0.0.0:%u", port);
    assert_held_by_us(address);
    snprintf(address, sizeof address, "[::]:%u", port);
    assert_held_by_us(address);
    close(fd);
}

HW_TEST(holder_of_an_address_of_ipv6)
{
    char address[32];
    hw_holder holder;
    uint16_t port;
    int fd = listen_as(AF_INET6, "::1", 0, &port);
    snprintf(address, sizeof address, "[::2]:%u", port);
    assert_false(hw_holder_find(address, &holder));
    snprintf(address, sizeof address, "[::1]:%u", port);
    assert_held_by_us(address);
    close(fd);
}

HW_TEST(holder_is_named_without_what_a_terminal_would_obey)
{
    char address[32], before[16] = "";
    hw_holder holder = {.pid = 0};
    int fd = listen_somewhere(INADDR_LOOPBACK, address, sizeof address);
    assert_return_code(prctl(PR_GET_NAME, before), errno);
    assert_return_code(prctl(PR_SET_NAME, "b\xc3\xbc\x1b\x7fx"), errno);
    bool is_found = hw_holder_find(address, &holder);
    assert_return_code(prctl(PR_SET_NAME, before), errno);
    close(fd);
    if (!is_found && hw_test_is_struck())
        return;
    assert_true(is_found);
    assert_string_equal(holder.command, "b????x");
}

/* Of one that ends just now, and of one whose name cannot be read. */
HW_TEST(holder_without_a_name_is_nobody)
{
    for (unsigned nth = 2; nth <= 3; nth++) {
        char address[32];
        hw_holder holder = {.pid = 7};
        int fd = listen_somewhere(INADDR_LOOPBACK, address, sizeof address);
        hw_seam_fail("open", nth, ESRCH);
        assert_false(hw_holder_find(address, &holder));
        hw_seam_reset();
        assert_int_equal(holder.pid, 7);
        close(fd);
    }
}

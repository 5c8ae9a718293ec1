#include "run/holder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
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

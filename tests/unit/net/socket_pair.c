#include "unit/net/socket_pair.h"

#include "unit/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

int hw_test_connect(const char *name)
{
    hw_address address;
    const struct timeval patience = {.tv_sec = 10};
    assert_int_equal(hw_address_parse(hw_text_of(name), NULL, &address), 0);
    int client = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(client >= 0);
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    if (connect(client, (struct sockaddr *)&address.storage, address.length) < 0)
        fail_msg("cannot connect to %s: %s", name, strerror(errno));
    return client;
}

void hw_test_send(int client, const char *string)
{
    size_t length = strlen(string);
    assert_int_equal(send(client, string, length, MSG_NOSIGNAL), length);
}

long hw_test_receive(int client, char *memory, size_t bytes)
{
    size_t length = 0;
    while (length < bytes) {
        ssize_t count = recv(client, memory + length, bytes - length, 0);
        if (count < 0)
            return -errno;
        if (count == 0)
            break;
        length += (size_t)count;
    }
    return (long)length;
}

/* One connection of a client. */
#include "fault/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool connect_to(fault_client *client, const void *address, socklen_t length)
{
    int family = ((const struct sockaddr *)address)->sa_family;
    client->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    client->is_ended = client->is_broken = false;
    client->heard.length = 0;
    if (client->fd >= 0 && connect(client->fd, address, length) == 0)
        return true;
    fault_client_close(client);
    return false;
}

bool fault_client_connect(fault_client *client, uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    return connect_to(client, &address, sizeof address) &&
           setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) == 0;
}

bool fault_client_connect_unix(fault_client *client, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return connect_to(client, &address, sizeof address);
}

void fault_client_close(fault_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    client->is_ended = true;
}

void fault_client_free(fault_client *client)
{
    fault_client_close(client);
    talk_bytes_free(&client->heard);
}

size_t fault_client_send(fault_client *client, hw_text bytes)
{
    ssize_t count = send(client->fd, bytes.at, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return count > 0 ? (size_t)count : 0;
}

bool fault_client_hear(fault_client *client, int wait_ms)
{
    char piece[64 * 1024];
    struct pollfd waiting = {.fd = client->fd, .events = POLLIN};
    bool is_new = false;
    if (client->is_ended || (wait_ms > 0 && poll(&waiting, 1, wait_ms) <= 0))
        return false;
    for (;;) {
        ssize_t count = recv(client->fd, piece, sizeof piece, MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return is_new;
        is_new = true;
        client->is_broken = count < 0;
        if (count <= 0)
            client->is_ended = true;
        if (count <= 0)
            return true;
        talk_bytes_put(&client->heard, (hw_text){piece, (size_t)count});
    }
}

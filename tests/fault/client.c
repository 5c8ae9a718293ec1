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
    client->is_ended = client->is_broken = client->is_senseless = false;
    client->heard.length = 0;
    if (client->fd >= 0 && connect(client->fd, address, length) == 0)
        return true;
    fault_client_close(client);
    return false;
}

/* What is encrypted, as far as there is room. */
static void flush_client(fault_client *client)
{
    hw_text out = fault_tls_output(client->tls);
    ssize_t count = send(client->fd, out.at, out.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0)
        fault_tls_take(client->tls, (size_t)count);
}

static void begin_tls(fault_client *client)
{
    client->tls = fault_tls_new();
    flush_client(client);
}

bool fault_client_connect(fault_client *client, uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    bool is_open = connect_to(client, &address, sizeof address) &&
                   setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) == 0;
    if (is_open && client->is_secure)
        begin_tls(client);
    return is_open;
}

bool fault_client_connect_unix(fault_client *client, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return connect_to(client, &address, sizeof address);
}

void fault_client_end(fault_client *client)
{
    if (client->tls) {
        fault_tls_end(client->tls);
        flush_client(client);
    } else {
        shutdown(client->fd, SHUT_WR);
    }
}

void fault_client_close(fault_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    fault_tls_free(client->tls);
    client->tls = NULL;
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
    if (!client->tls) {
        ssize_t count = send(client->fd, bytes.at, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
        return count > 0 ? (size_t)count : 0;
    }
    fault_tls_say(client->tls, bytes);
    flush_client(client);
    return bytes.length;
}

static void hear_bytes(fault_client *client, hw_text bytes)
{
    if (!client->tls) {
        talk_bytes_put(&client->heard, bytes);
        return;
    }
    client->is_senseless |= !fault_tls_hear(client->tls, bytes, &client->heard);
    flush_client(client);
}

/* Who speaks TLS tells its end. */
static void hear_end(fault_client *client, bool is_reset)
{
    client->is_ended = true;
    client->is_broken = is_reset || (client->tls && !fault_tls_is_ended(client->tls));
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
        if (count <= 0)
            hear_end(client, count < 0);
        if (count <= 0)
            return true;
        hear_bytes(client, (hw_text){piece, (size_t)count});
    }
}

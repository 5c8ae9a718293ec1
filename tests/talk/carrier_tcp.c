/* A connection over TCP to a whole server with one loop, in real time.
 *
 * Waiting is polling, up to five seconds: a server that answers is never late, and one that does
 * not answer is found out. While the client sends, it also receives, so that an echo of more than
 * the sockets hold cannot stop both sides. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "server/server.h"
#include "sys/memory.h"
#include "talk/carrier.h"

#define ANSWER_MS 5000

typedef struct tcp_carrier {
    talk_carrier carrier;
    hw_server *server;
    int fd;
    talk_bytes early; /* received while sending */
    bool is_ended, is_broken;
} tcp_carrier;

static tcp_carrier *tcp_of(talk_carrier *carrier)
{
    return (tcp_carrier *)(void *)carrier;
}

/* One recv that does not wait. */
static talk_heard receive_now(tcp_carrier *tcp, talk_bytes *bytes)
{
    char piece[64 * 1024];
    ssize_t count = recv(tcp->fd, piece, sizeof piece, MSG_DONTWAIT);
    if (count > 0) {
        talk_bytes_put(bytes, (hw_text){piece, (size_t)count});
        return TALK_HEARD_BYTES;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return TALK_HEARD_NOTHING;
    tcp->is_ended = true;
    tcp->is_broken = count < 0;
    return count < 0 ? TALK_HEARD_RESET : TALK_HEARD_END;
}

static bool wait_for_socket(tcp_carrier *tcp, short events, short *ret_events)
{
    struct pollfd waiting = {.fd = tcp->fd, .events = events};
    int count = poll(&waiting, 1, ANSWER_MS);
    *ret_events = waiting.revents;
    return count > 0;
}

static void send_over_tcp(talk_carrier *carrier, hw_text bytes)
{
    tcp_carrier *tcp = tcp_of(carrier);
    short ready;
    while (bytes.length > 0 && !tcp->is_broken) {
        short wanted = tcp->is_ended ? POLLOUT : POLLIN | POLLOUT;
        if (!wait_for_socket(tcp, wanted, &ready))
            return;
        if (!tcp->is_ended && (ready & POLLIN))
            receive_now(tcp, &tcp->early);
        if (!(ready & (POLLOUT | POLLERR | POLLHUP)))
            continue;
        ssize_t count = send(tcp->fd, bytes.at, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return;
        bytes = hw_text_from(bytes, count > 0 ? (size_t)count : 0);
    }
}

static void end_send_over_tcp(talk_carrier *carrier)
{
    shutdown(tcp_of(carrier)->fd, SHUT_WR);
}

static void close_socket(tcp_carrier *tcp)
{
    if (tcp->fd >= 0)
        close(tcp->fd);
    tcp->fd = -1;
    tcp->is_ended = tcp->is_broken = false;
    tcp->early.length = 0;
}

static void reset_over_tcp(talk_carrier *carrier)
{
    tcp_carrier *tcp = tcp_of(carrier);
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(tcp->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close_socket(tcp);
    tcp->is_ended = tcp->is_broken = true;
}

static uint16_t port_of(const hw_server *server)
{
    hw_text address = hw_text_of(hw_server_address(server, 0));
    uint64_t port = 0;
    hw_number_decimal(hw_text_from(address, hw_text_find_last(address, ':') + 1), &port);
    return (uint16_t)port;
}

static void connect_over_tcp(talk_carrier *carrier)
{
    tcp_carrier *tcp = tcp_of(carrier);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port_of(tcp->server)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    close_socket(tcp);
    tcp->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (tcp->fd < 0 || connect(tcp->fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        setsockopt(tcp->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) < 0)
        talk_give_up("connecting", errno);
}

static void wait_over_tcp(talk_carrier *carrier, uint64_t ms)
{
    (void)carrier;
    (void)ms;
    abort(); /* the script does not let it */
}

static void stop_over_tcp(talk_carrier *carrier)
{
    hw_server_stop(tcp_of(carrier)->server);
}

static talk_heard receive_over_tcp(talk_carrier *carrier, talk_bytes *bytes)
{
    tcp_carrier *tcp = tcp_of(carrier);
    short ready;
    if (tcp->early.length > 0) {
        talk_bytes_put(bytes, talk_bytes_text(&tcp->early));
        tcp->early.length = 0;
        return TALK_HEARD_BYTES;
    }
    if (tcp->is_ended)
        return tcp->is_broken ? TALK_HEARD_RESET : TALK_HEARD_END;
    if (!wait_for_socket(tcp, POLLIN, &ready))
        return TALK_HEARD_NOTHING;
    return receive_now(tcp, bytes);
}

static bool is_closed_over_tcp(talk_carrier *carrier)
{
    return tcp_of(carrier)->is_ended;
}

/* A server that does not end by itself within its drain deadline is ended; the client's connection
 * is gone by then, so nothing keeps it. */
static const char *close_over_tcp(talk_carrier *carrier)
{
    tcp_carrier *tcp = tcp_of(carrier);
    close_socket(tcp);
    hw_server_stop(tcp->server);
    int error = hw_server_wait(tcp->server);
    hw_server_numbers left = hw_server_count(tcp->server);
    const char *words = error < 0              ? "the server drains when its client is gone"
                        : left.connections > 0 ? "no connection is left when the server has drained"
                        : left.exchanges > 0   ? "no exchange is left when the server has drained"
                                               : NULL;
    hw_server_free(tcp->server);
    talk_bytes_free(&tcp->early);
    hw_sys_free(tcp);
    return words;
}

static const talk_carrier_ops tcp_carrier_ops = {
    .name = "tcp",
    .send = send_over_tcp,
    .end_send = end_send_over_tcp,
    .reset = reset_over_tcp,
    .connect = connect_over_tcp,
    .wait = wait_over_tcp,
    .stop = stop_over_tcp,
    .receive = receive_over_tcp,
    .is_closed = is_closed_over_tcp,
    .close = close_over_tcp,
};

talk_carrier *talk_carrier_tcp(const talk_service *service)
{
    static const hw_listen listen = {.address = "127.0.0.1:0"};
    tcp_carrier *tcp = hw_sys_alloc_zeroed(1, sizeof *tcp);
    if (!tcp)
        talk_give_up("a server", ENOMEM);
    tcp->carrier.ops = &tcp_carrier_ops;
    tcp->fd = -1;
    hw_server_setup setup = {
        .listens = &listen,
        .listen_count = 1,
        .limits = service->limits,
        .loops = 1,
        .answerer = service->answerer,
        .locals = service->locals,
        .local_count = service->local_count,
    };
    int error = hw_server_new(&setup, NULL, &tcp->server);
    if (error == 0)
        error = hw_server_start(tcp->server);
    if (error < 0)
        talk_give_up("a server on 127.0.0.1", error);
    connect_over_tcp(&tcp->carrier);
    return &tcp->carrier;
}

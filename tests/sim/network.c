/* Sockets, with every freedom that TCP leaves to the network.
 *
 * What a client sends is on its way until it arrives, in pieces of any size; what the server sends
 * waits until the client takes it, at most a window of it, and a write takes as much as there is
 * room for, or less. A server that closes while bytes of the client's are unread, or still on
 * their way, resets the connection, and what the client had not taken is lost: the worst that RFC
 * 9112 9.6 warns of happens every time. */
#include "sim/network.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/number.h"
#include "sim/fiber.h"
#include "sim/files.h"
#include "sim/kernel.h"
#include "sim/queue.h"
#include "sim/world.h"
#include "sys/socket.h"

#define BACKLOG_MAX 64

struct sim_socket {
    int fd, id;        /* fd -1: not accepted, or closed by the server */
    sim_queue coming;  /* from the client, on the way */
    sim_queue arrived; /* the same, not read by the server yet */
    sim_queue going;   /* from the server */
    size_t window_bytes;
    uint64_t arrived_bytes, read_bytes;
    bool is_accepted, is_closed;       /* by the server */
    bool is_end_sent, has_end_arrived; /* the client's */
    bool is_write_ended;               /* the server's */
    bool is_to_be_reset;               /* by the server, when it closes */
    bool is_left;                      /* the client has done with it */
    bool is_reset;                     /* for the server; its next calls fail */
    bool is_reset_told;
    bool is_lost; /* for the client */
    bool was_full;
};

static sim_socket *backlog[BACKLOG_MAX];
static size_t backlog_count, open_count;
static int listener;

void sim_network_begin(void)
{
    backlog_count = open_count = 0;
    listener = -1;
}

static void free_if_over(sim_socket *socket)
{
    if (!socket->is_left || !socket->is_closed)
        return;
    talk_bytes_free(&socket->coming.bytes);
    talk_bytes_free(&socket->arrived.bytes);
    talk_bytes_free(&socket->going.bytes);
    free(socket);
}

static void tell_server(const sim_socket *socket)
{
    bool is_deaf = sim_planted() == SIM_PLANT_DEAF && sim_chance(1);
    if (socket->fd >= 0 && !is_deaf)
        sim_poll_tell(socket->fd);
}

static void lose(sim_socket *socket)
{
    socket->is_lost = true;
    sim_queue_clear(&socket->going);
}

sim_socket *sim_connect(int id, size_t window_bytes)
{
    if (listener < 0 || backlog_count == BACKLOG_MAX)
        return NULL;
    sim_socket *socket = calloc(1, sizeof *socket);
    if (!socket)
        sim_fail("no memory for a socket");
    socket->fd = -1;
    socket->id = id;
    socket->window_bytes = window_bytes;
    backlog[backlog_count++] = socket;
    sim_tell("connect", socket->id, (int64_t)window_bytes);
    sim_poll_tell_one(listener);
    return socket;
}

void sim_socket_leave(sim_socket *socket)
{
    sim_tell("client leaves", socket->id, 0);
    socket->is_left = socket->is_end_sent = true;
    if (!socket->is_closed)
        sim_queue_put(&socket->arrived, sim_queue_text(&socket->coming));
    sim_queue_clear(&socket->coming);
    socket->has_end_arrived = true;
    /* What it has not read tells its system to reset the connection. */
    if (sim_queue_length(&socket->going) > 0)
        socket->is_reset = true;
    tell_server(socket);
    free_if_over(socket);
}

void sim_socket_send(sim_socket *socket, hw_text bytes)
{
    if (socket->is_lost || socket->is_end_sent)
        return;
    sim_tell_bytes("client sends", socket->id, bytes.at, bytes.length);
    sim_queue_put(&socket->coming, bytes);
}

size_t sim_socket_on_the_way(const sim_socket *socket)
{
    return sim_queue_length(&socket->coming);
}

void sim_socket_arrive(sim_socket *socket, size_t bytes)
{
    bytes = hw_size_min(bytes, sim_queue_length(&socket->coming));
    sim_tell("arrive", socket->id, (int64_t)bytes);
    if (socket->is_closed) {
        sim_queue_take(&socket->coming, bytes);
        lose(socket);
        return;
    }
    sim_queue_put(&socket->arrived, hw_text_upto(sim_queue_text(&socket->coming), bytes));
    sim_queue_take(&socket->coming, bytes);
    socket->arrived_bytes += bytes;
    if (socket->is_end_sent && sim_queue_length(&socket->coming) == 0)
        socket->has_end_arrived = true;
    tell_server(socket);
}

uint64_t sim_socket_arrived(const sim_socket *socket)
{
    return socket->arrived_bytes;
}

uint64_t sim_socket_read(const sim_socket *socket)
{
    return socket->read_bytes;
}

void sim_socket_end(sim_socket *socket)
{
    sim_tell("client ends", socket->id, 0);
    socket->is_end_sent = true;
    if (sim_queue_length(&socket->coming) == 0) {
        socket->has_end_arrived = true;
        tell_server(socket);
    }
}

void sim_socket_reset(sim_socket *socket)
{
    sim_tell("client resets", socket->id, 0);
    sim_queue_clear(&socket->coming);
    socket->is_reset = socket->is_end_sent = true;
    lose(socket);
    tell_server(socket);
}

bool sim_socket_has_news(const sim_socket *socket)
{
    return sim_queue_length(&socket->going) > 0 || socket->is_lost || socket->is_write_ended;
}

sim_heard sim_socket_take(sim_socket *socket, size_t bytes, talk_bytes *into)
{
    if (socket->is_lost)
        return SIM_HEARD_RESET;
    if (sim_queue_length(&socket->going) == 0)
        return socket->is_write_ended ? SIM_HEARD_END : SIM_HEARD_NOTHING;
    hw_text part = hw_text_upto(sim_queue_text(&socket->going), bytes);
    sim_tell_bytes("client takes", socket->id, part.at, part.length);
    talk_bytes_put(into, part);
    sim_queue_take(&socket->going, part.length);
    if (socket->was_full && sim_queue_length(&socket->going) <= socket->window_bytes * 2 / 3) {
        socket->was_full = false;
        tell_server(socket);
    }
    return SIM_HEARD_BYTES;
}

size_t sim_sockets_accepted_open(void)
{
    return open_count;
}

/* The server's side. */

uint32_t sim_listener_readiness(const sim_descriptor *descriptor)
{
    (void)descriptor;
    return backlog_count > 0 ? EPOLLIN : 0;
}

uint32_t sim_socket_readiness(const sim_descriptor *descriptor)
{
    const sim_socket *socket = descriptor->of;
    uint32_t events = 0;
    if (sim_queue_length(&socket->arrived) > 0 || socket->has_end_arrived)
        events |= EPOLLIN;
    if (socket->has_end_arrived)
        events |= EPOLLRDHUP;
    if (socket->has_end_arrived && socket->is_write_ended)
        events |= EPOLLHUP;
    if (socket->is_reset)
        events |= EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLOUT;
    if (!socket->was_full)
        events |= EPOLLOUT;
    return events;
}

void sim_listener_close(sim_descriptor *descriptor)
{
    (void)descriptor;
    listener = -1;
    for (size_t i = 0; i < backlog_count; i++) {
        backlog[i]->is_closed = true;
        lose(backlog[i]);
        free_if_over(backlog[i]);
    }
    backlog_count = 0;
}

void sim_socket_close(sim_descriptor *descriptor)
{
    sim_socket *socket = descriptor->of;
    sim_tell("server closes", socket->id, (int64_t)sim_queue_length(&socket->arrived));
    if (!socket->is_accepted)
        return; /* it never listened */
    if (sim_queue_length(&socket->arrived) > 0 || socket->is_to_be_reset)
        lose(socket);
    socket->is_closed = socket->is_write_ended = true;
    socket->fd = -1;
    open_count--;
    free_if_over(socket);
}

static sim_socket unbound; /* what becomes the listener */

int hw_sys_socket(int family, int type)
{
    (void)family, (void)type;
    unbound = (sim_socket){.fd = -1};
    return sim_descriptor_open(SIM_SOCKET, &unbound, 0);
}

int hw_sys_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    (void)address, (void)length;
    sim_descriptor_of(fd, SIM_SOCKET);
    return 0;
}

int hw_sys_listen(int fd, int size)
{
    (void)size;
    sim_descriptor_of(fd, SIM_SOCKET)->kind = SIM_LISTENER;
    listener = fd;
    return 0;
}

int hw_sys_unblock(int fd)
{
    (void)fd;
    return 0;
}

int hw_sys_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    (void)fd, (void)address, (void)length;
    return -ECONNREFUSED;
}

int hw_sys_set_option(int fd, int level, int name, int value)
{
    (void)fd, (void)level, (void)name, (void)value;
    return 0;
}

int hw_sys_get_option(int fd, int level, int name, int *ret_value)
{
    (void)fd, (void)level, (void)name, (void)ret_value;
    return -ENOPROTOOPT;
}

static void fill_address(struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(8080), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (ret_address) {
        memset(ret_address, 0, sizeof *ret_address);
        memcpy(ret_address, &in, sizeof in);
    }
    if (ret_length)
        *ret_length = sizeof in;
}

int hw_sys_local_address(int fd, struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
    (void)fd;
    fill_address(ret_address, ret_length);
    return 0;
}

int hw_sys_accept(int fd, struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
    static const int errors[] = {ECONNABORTED, EMFILE, ENFILE, ENOMEM, EPERM, EPROTO, ENOBUFS, 0};
    sim_descriptor_of(fd, SIM_LISTENER);
    if (backlog_count == 0)
        return -EAGAIN;
    int error = sim_call_fails("accept", errors);
    if (error < 0)
        return error;
    sim_socket *socket = backlog[0];
    int number = sim_descriptor_open(SIM_SOCKET, socket, 0);
    if (number < 0)
        return number;
    memmove(backlog, backlog + 1, --backlog_count * sizeof *backlog);
    socket->fd = number;
    socket->is_accepted = true;
    open_count++;
    fill_address(ret_address, ret_length);
    sim_tell("accept", socket->id, 0);
    return number;
}

/* The client is not there any more: its system answers with a reset. */
static bool is_broken_for_writer(sim_socket *socket)
{
    if (socket->is_left && !socket->is_reset) {
        socket->is_reset = true;
        tell_server(socket);
        return false;
    }
    return socket->is_reset;
}

static int tell_reset(sim_socket *socket, int later)
{
    int error = socket->is_reset_told ? later : -ECONNRESET;
    socket->is_reset_told = true;
    return error;
}

ssize_t hw_sys_receive(int fd, void *memory, size_t bytes)
{
    static const int errors[] = {ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENOMEM, 0};
    sim_socket *socket = sim_descriptor_of(fd, SIM_SOCKET)->of;
    int error = sim_call_fails("receive", errors);
    if (error < 0)
        return error;
    size_t count = hw_size_min(bytes, sim_queue_length(&socket->arrived));
    if (count > 0) {
        memcpy(memory, sim_queue_text(&socket->arrived).at, count);
        sim_queue_take(&socket->arrived, count);
        /* What is read past behind the last answer does not count. */
        socket->read_bytes += socket->is_write_ended ? 0 : count;
        return (ssize_t)count;
    }
    if (socket->is_reset)
        return tell_reset(socket, 0);
    return socket->has_end_arrived ? 0 : -EAGAIN;
}

/* How much of so many bytes there is room for; the rest waits for an edge. */
static size_t find_room(sim_socket *socket, size_t bytes)
{
    size_t taken = hw_size_min(sim_queue_length(&socket->going), socket->window_bytes);
    size_t room = socket->window_bytes - taken;
    if (room > 1 && sim_chance(5))
        room = sim_draw_between(1, room - 1);
    if (bytes > room)
        socket->was_full = true;
    return hw_size_min(bytes, room);
}

static int judge_writing(sim_socket *socket)
{
    static const int errors[] = {ECONNRESET, EPIPE, ENOMEM, ENOBUFS, ETIMEDOUT, 0};
    SIM_MUST(!socket->is_write_ended, "socket %d is written to after its end", socket->id);
    if (is_broken_for_writer(socket))
        return tell_reset(socket, -EPIPE);
    return sim_call_fails("send", errors);
}

ssize_t hw_sys_send(int fd, const struct iovec *parts, size_t count, int more)
{
    (void)more;
    sim_socket *socket = sim_descriptor_of(fd, SIM_SOCKET)->of;
    size_t all = 0, sent = 0;
    int error = judge_writing(socket);
    if (error < 0)
        return error;
    for (size_t i = 0; i < count; i++)
        all += parts[i].iov_len;
    size_t room = find_room(socket, all);
    for (size_t i = 0; i < count && sent < room; i++) {
        hw_text part = hw_text_upto((hw_text){parts[i].iov_base, parts[i].iov_len}, room - sent);
        if (!socket->is_left)
            sim_queue_put(&socket->going, part);
        sent += part.length;
    }
    sim_tell("send", socket->id, (int64_t)sent);
    if (sim_planted() == SIM_PLANT_LOSE_BYTE && sent > 0 && sent < all && sim_chance(5))
        sent++;
    return sent == 0 && all > 0 ? -EAGAIN : (ssize_t)sent;
}

ssize_t hw_sys_send_file(int fd, int file, uint64_t offset, size_t bytes)
{
    static const int errors[] = {EIO, 0};
    char piece[4096];
    sim_socket *socket = sim_descriptor_of(fd, SIM_SOCKET)->of;
    int error = judge_writing(socket);
    if (error == 0)
        error = sim_call_fails("send file", errors);
    if (error < 0)
        return error;
    size_t room = find_room(socket, bytes), sent = 0;
    if (room == 0)
        return -EAGAIN;
    while (sent < room) {
        size_t got =
            sim_file_copy(file, piece, hw_size_min(sizeof piece, room - sent), offset + sent);
        if (got == 0)
            break;
        if (!socket->is_left)
            sim_queue_put(&socket->going, (hw_text){piece, got});
        sent += got;
    }
    sim_tell("send file", socket->id, (int64_t)sent);
    return (ssize_t)sent;
}

int hw_sys_count_unsent(int fd)
{
    const sim_socket *socket = sim_descriptor_of(fd, SIM_SOCKET)->of;
    return (int)sim_queue_length(&socket->going);
}

int hw_sys_reset_on_close(int fd)
{
    sim_socket *socket = sim_descriptor_of(fd, SIM_SOCKET)->of;
    sim_tell("server will reset", socket->id, 0);
    socket->is_to_be_reset = true;
    return 0;
}

int hw_sys_shutdown_send(int fd)
{
    sim_socket *socket = sim_descriptor_of(fd, SIM_SOCKET)->of;
    sim_tell("server ends", socket->id, 0);
    socket->is_write_ended = true;
    return 0;
}

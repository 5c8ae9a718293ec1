/* Bytes over a connected socket.
 *
 * The socket is registered once, edge-triggered, for everything, when somebody is about to wait for
 * it: the registration tells what is so already, and many a connection ends with its first answer
 * and never waits. Afterwards no epoll_ctl is needed.
 * An edge sets `readable` or `writable`, and a call that gives less than was asked for clears it:
 * the kernel has promised another edge from there on. One case breaks that promise: data and FIN
 * that arrive together give one edge, and a short read would hide the FIN for ever. So after a
 * hang-up `readable` stays set until read has returned 0 or an error. */
#include "net/tcp.h"

#include <errno.h>

#include "base/poison.h"
#include "sys/memory.h"
#include "sys/socket.h"

#define SPARE_STREAMS_MAX 256

typedef struct tcp_stream {
    hw_stream stream;
    hw_watch watch; /* its fd is the socket */
    hw_tcp_pool *pool;
} tcp_stream;

_Static_assert(sizeof(tcp_stream) <= HW_TCP_STREAM_BYTES_MAX, "idle connections are counted");

/* A closed stream's memory; what lies behind this is poisoned. */
typedef struct tcp_spare tcp_spare;
struct tcp_spare {
    tcp_spare *next;
};

static void on_socket_ready(hw_watch *watch, uint32_t events)
{
    tcp_stream *tcp = HW_MEMBER(watch, tcp_stream, watch);
    hw_stream *stream = &tcp->stream;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        stream->is_hung_up = true;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        stream->readable = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        stream->writable = true;
    stream->on_ready(stream->arg);
}

static ssize_t read_socket(hw_stream *stream, void *memory, size_t bytes)
{
    tcp_stream *tcp = (tcp_stream *)stream;
    ssize_t count = hw_sys_receive(tcp->watch.fd, memory, bytes);
    bool is_over = count == 0 || (count < 0 && count != -EAGAIN);
    bool is_short = count < (ssize_t)bytes;
    if (is_over || (is_short && !stream->is_hung_up))
        stream->readable = false;
    return count;
}

static inline ssize_t write_some(tcp_stream *tcp, const struct iovec *parts, size_t count,
                                 bool more)
{
    ssize_t sent = hw_sys_send(tcp->watch.fd, parts, count, more);
    if (sent < (ssize_t)hw_stream_bytes_of(parts, count))
        tcp->stream.writable = false;
    hw_sink_step(tcp->pool->sink, "net/tcp", "writev / sendfile");
    return sent;
}

static __attribute__((noinline)) ssize_t write_parts(tcp_stream *tcp, const struct iovec *parts,
                                                     size_t count, bool more)
{
    return write_some(tcp, parts, count, more);
}

/* Nearly everything that is sent lies in one piece: it goes without a loop and a message. */
static ssize_t write_socket(hw_stream *stream, const struct iovec *parts, size_t count, bool more)
{
    tcp_stream *tcp = (tcp_stream *)stream;
    return count == 1 ? write_some(tcp, parts, 1, more) : write_parts(tcp, parts, count, more);
}

static ssize_t send_file_to_socket(hw_stream *stream, int file, uint64_t offset, size_t bytes)
{
    tcp_stream *tcp = (tcp_stream *)stream;
    ssize_t sent = hw_sys_send_file(tcp->watch.fd, file, offset, bytes);
    /* The kernel stops early when the socket is full, and promises an edge with that; or when the
     * file ends, which the caller finds out. */
    if (sent < (ssize_t)bytes)
        stream->writable = false;
    return sent;
}

static size_t count_unsent_in_socket(hw_stream *stream)
{
    int bytes = hw_sys_count_unsent(((tcp_stream *)stream)->watch.fd);
    return bytes > 0 ? (size_t)bytes : 0;
}

static void end_socket_write(hw_stream *stream)
{
    hw_sys_shutdown_send(((tcp_stream *)stream)->watch.fd);
}

static void break_socket_off(hw_stream *stream)
{
    (void)hw_sys_reset_on_close(((tcp_stream *)stream)->watch.fd);
}

static void poison_tcp_spare(const tcp_spare *spare)
{
    hw_poison(spare + 1, sizeof(tcp_stream) - sizeof *spare);
}

static void unpoison_tcp_spare(const tcp_spare *spare)
{
    hw_unpoison(spare + 1, sizeof(tcp_stream) - sizeof *spare);
}

static void free_tcp(hw_tcp_pool *pool, tcp_stream *tcp)
{
    hw_sys_free(tcp);
    hw_budget_give(pool->budget, sizeof *tcp);
}

/* The budget refuses none: who is turned away for want of memory is told so over a stream. */
static tcp_stream *alloc_tcp(hw_tcp_pool *pool)
{
    tcp_stream *tcp = hw_sys_alloc(sizeof *tcp);
    if (tcp)
        hw_budget_add(pool->budget, sizeof *tcp);
    return tcp;
}

static void keep_tcp_spare(hw_tcp_pool *pool, tcp_stream *tcp)
{
    if (pool->spare_count == SPARE_STREAMS_MAX) {
        free_tcp(pool, tcp);
        return;
    }
    tcp_spare *spare = (tcp_spare *)tcp;
    spare->next = pool->spares;
    pool->spares = spare;
    pool->spare_count++;
    poison_tcp_spare(spare);
}

static tcp_stream *take_tcp_spare(hw_tcp_pool *pool)
{
    tcp_spare *spare = pool->spares;
    if (!spare)
        return alloc_tcp(pool);
    pool->spares = spare->next;
    pool->spare_count--;
    unpoison_tcp_spare(spare);
    return (tcp_stream *)spare;
}

void hw_tcp_pool_fini(hw_tcp_pool *pool)
{
    while (pool->spares)
        free_tcp(pool, take_tcp_spare(pool));
}

static int watch_socket(hw_stream *stream)
{
    tcp_stream *tcp = (tcp_stream *)stream;
    const uint32_t all = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    int error = hw_loop_watch(tcp->pool->loop, &tcp->watch, all);
    stream->is_watched = error == 0;
    return error;
}

static void close_socket(hw_stream *stream)
{
    tcp_stream *tcp = (tcp_stream *)stream;
    /* Closing would end the watch too, unless a process that somebody is about to start holds the
     * socket for a moment. */
    if (stream->is_watched)
        hw_loop_unwatch(tcp->pool->loop, &tcp->watch);
    hw_sys_close(tcp->watch.fd);
    keep_tcp_spare(tcp->pool, tcp);
}

static const hw_stream_ops tcp_ops = {
    .read = read_socket,
    .write = write_socket,
    .send_file = send_file_to_socket,
    .count_unsent = count_unsent_in_socket,
    .end_write = end_socket_write,
    .break_off = break_socket_off,
    .watch = watch_socket,
    .close = close_socket,
};

int hw_tcp_open(hw_tcp_pool *pool, int fd, const hw_peer *peer, hw_stream **ret_stream)
{
    tcp_stream *tcp = take_tcp_spare(pool);
    if (!tcp)
        return -ENOMEM;
    *tcp = (tcp_stream){
        /* The first read is tried at once: a request often arrives with the connection. */
        .stream = {.ops = &tcp_ops, .readable = true, .writable = true, .peer = *peer},
        .watch = {fd, on_socket_ready},
        .pool = pool,
    };
    *ret_stream = &tcp->stream;
    return 0;
}

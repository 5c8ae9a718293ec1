/* Bytes over a connected socket.
 *
 * The socket is registered once, edge-triggered, for everything; afterwards no epoll_ctl is needed.
 * An edge sets `readable` or `writable`, and a call that gives less than was asked for clears it:
 * the kernel has promised another edge from there on. One case breaks that promise: data and FIN
 * that arrive together give one edge, and a short read would hide the FIN for ever. So after a
 * hang-up `readable` stays set until read has returned 0 or an error. */
#include "net/tcp.h"

#include <errno.h>
#include <stdio.h>

#include "sys/memory.h"
#include "sys/poll.h"
#include "sys/socket.h"

typedef struct tcp_stream {
    hw_stream stream;
    hw_watch watch; /* its fd is the socket */
    hw_loop *loop;
    const hw_sink *sink;
} tcp_stream;

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

static size_t count_bytes(const struct iovec *parts, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += parts[i].iov_len;
    return bytes;
}

static ssize_t write_socket(hw_stream *stream, const struct iovec *parts, size_t count, bool more)
{
    tcp_stream *tcp = (tcp_stream *)stream;
    hw_sink_step(tcp->sink, "net/tcp", "writev / sendfile");
    ssize_t sent = hw_sys_send(tcp->watch.fd, parts, count, more);
    if (sent < (ssize_t)count_bytes(parts, count))
        stream->writable = false;
    return sent;
}

static ssize_t send_file_to_socket(hw_stream *stream, int file, uint64_t offset, size_t bytes)
{
    tcp_stream *tcp = (tcp_stream *)stream;
    ssize_t sent = hw_sys_send_file(tcp->watch.fd, file, offset, bytes);
    /* A short count may also mean that the file ends: only EAGAIN says that the socket is full. */
    if (sent == -EAGAIN)
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

static void close_socket(hw_stream *stream)
{
    tcp_stream *tcp = (tcp_stream *)stream;
    hw_sys_close(tcp->watch.fd); /* which ends the watch too: the descriptor has no duplicate */
    hw_sys_free(tcp);
}

static const hw_stream_ops tcp_ops = {
    .read = read_socket,
    .write = write_socket,
    .send_file = send_file_to_socket,
    .count_unsent = count_unsent_in_socket,
    .end_write = end_socket_write,
    .close = close_socket,
};

int hw_tcp_open(hw_loop *loop, int fd, const char *peer, const hw_sink *sink,
                hw_stream **ret_stream)
{
    tcp_stream *tcp = hw_sys_alloc_zeroed(1, sizeof *tcp);
    if (!tcp)
        return -ENOMEM;
    tcp->stream.ops = &tcp_ops;
    snprintf(tcp->stream.peer, sizeof tcp->stream.peer, "%s", peer);
    tcp->watch = (hw_watch){fd, on_socket_ready};
    tcp->loop = loop;
    tcp->sink = sink;
    /* The first read is tried at once: a request often arrives with the connection. */
    tcp->stream.readable = tcp->stream.writable = true;
    int error = hw_loop_watch(loop, &tcp->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    if (error < 0) {
        hw_sys_free(tcp);
        return error;
    }
    *ret_stream = &tcp->stream;
    return 0;
}

/* A pair of stream ends in memory.
 *
 * Each direction is a plain byte queue: what the client sends grows as it likes (the test decides),
 * what the server writes is bounded, so that back-pressure can be seen. A part of a file is read
 * into the queue where a socket would take it by sendfile: the driver cannot tell the difference.
 */
#include "net/memory.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "sys/file.h"
#include "sys/memory.h"

typedef struct byte_queue {
    char *at;
    size_t start, end, capacity;
} byte_queue;

struct hw_pipe {
    hw_stream stream; /* the server's end */
    byte_queue to_server, to_client;
    size_t room_bytes;
    bool is_send_ended, is_reset;       /* by the client */
    bool is_write_ended, is_broken_off; /* by the server */
    bool is_server_closed, is_client_closed;
};

static size_t queue_length(const byte_queue *queue)
{
    return queue->end - queue->start;
}

/* Room for so many bytes behind the queue, or NULL. */
static char *reserve_in_queue(byte_queue *queue, size_t bytes)
{
    if (queue->start > 0) {
        memmove(queue->at, queue->at + queue->start, queue_length(queue));
        queue->end -= queue->start;
        queue->start = 0;
    }
    size_t needed;
    if (!hw_size_add(queue->end, bytes, &needed))
        return NULL;
    if (needed > queue->capacity) {
        size_t capacity = hw_size_max(needed, queue->capacity * 2);
        char *at = hw_sys_resize(queue->at, capacity);
        if (!at)
            return NULL;
        queue->at = at;
        queue->capacity = capacity;
    }
    return queue->at + queue->end;
}

static size_t room_to_client(const hw_pipe *pipe)
{
    size_t waiting = queue_length(&pipe->to_client);
    return waiting < pipe->room_bytes ? pipe->room_bytes - waiting : 0;
}

static ssize_t read_pipe(hw_stream *stream, void *memory, size_t bytes)
{
    hw_pipe *pipe = (hw_pipe *)stream;
    if (pipe->is_reset) {
        stream->readable = false;
        return -ECONNRESET;
    }
    size_t count = hw_size_min(bytes, queue_length(&pipe->to_server));
    if (count == 0) {
        stream->readable = false;
        return pipe->is_send_ended ? 0 : -EAGAIN;
    }
    memcpy(memory, pipe->to_server.at + pipe->to_server.start, count);
    pipe->to_server.start += count;
    if (count < bytes && !pipe->is_send_ended)
        stream->readable = false;
    return (ssize_t)count;
}

static ssize_t write_pipe(hw_stream *stream, const struct iovec *parts, size_t count, bool more)
{
    (void)more;
    hw_pipe *pipe = (hw_pipe *)stream;
    if (pipe->is_reset || pipe->is_client_closed)
        return pipe->is_reset ? -ECONNRESET : -EPIPE;
    size_t sent = 0;
    for (size_t i = 0; i < count && stream->writable; i++) {
        size_t part = hw_size_min(parts[i].iov_len, room_to_client(pipe));
        if (part < parts[i].iov_len)
            stream->writable = false;
        if (part == 0)
            continue;
        char *room = reserve_in_queue(&pipe->to_client, part);
        if (!room)
            return sent > 0 ? (ssize_t)sent : -ENOMEM;
        memcpy(room, parts[i].iov_base, part);
        pipe->to_client.end += part;
        sent += part;
    }
    return sent > 0 ? (ssize_t)sent : -EAGAIN;
}

static ssize_t send_file_to_pipe(hw_stream *stream, int file, uint64_t offset, size_t bytes)
{
    hw_pipe *pipe = (hw_pipe *)stream;
    if (pipe->is_reset || pipe->is_client_closed)
        return pipe->is_reset ? -ECONNRESET : -EPIPE;
    size_t part = hw_size_min(bytes, room_to_client(pipe));
    if (part == 0) {
        stream->writable = false;
        return -EAGAIN;
    }
    char *room = reserve_in_queue(&pipe->to_client, part);
    if (!room)
        return -ENOMEM;
    ssize_t count = hw_sys_read_at(file, room, part, offset);
    if (count < (ssize_t)bytes)
        stream->writable = false;
    if (count > 0)
        pipe->to_client.end += (size_t)count;
    return count;
}

static size_t count_unsent_in_pipe(hw_stream *stream)
{
    return queue_length(&((hw_pipe *)stream)->to_client);
}

static void end_pipe_write(hw_stream *stream)
{
    ((hw_pipe *)stream)->is_write_ended = true;
}

static void break_pipe_off(hw_stream *stream)
{
    ((hw_pipe *)stream)->is_broken_off = true;
}

static void free_pipe(hw_pipe *pipe)
{
    if (!pipe->is_server_closed || !pipe->is_client_closed)
        return;
    hw_sys_free(pipe->to_server.at);
    hw_sys_free(pipe->to_client.at);
    hw_sys_free(pipe);
}

static void close_pipe_server(hw_stream *stream)
{
    hw_pipe *pipe = (hw_pipe *)stream;
    pipe->is_server_closed = pipe->is_write_ended = true;
    free_pipe(pipe);
}

/* A change always tells. */
static int watch_pipe(hw_stream *stream)
{
    stream->is_watched = true;
    return 0;
}

static const hw_stream_ops pipe_ops = {
    .read = read_pipe,
    .write = write_pipe,
    .send_file = send_file_to_pipe,
    .count_unsent = count_unsent_in_pipe,
    .end_write = end_pipe_write,
    .break_off = break_pipe_off,
    .watch = watch_pipe,
    .close = close_pipe_server,
};

int hw_pipe_new(size_t room_bytes, hw_pipe **ret_client, hw_stream **ret_server)
{
    hw_pipe *pipe = hw_sys_alloc_zeroed(1, sizeof *pipe);
    if (!pipe)
        return -ENOMEM;
    pipe->stream.ops = &pipe_ops;
    pipe->stream.writable = true;
    pipe->room_bytes = room_bytes;
    *ret_client = pipe;
    *ret_server = &pipe->stream;
    return 0;
}

static void tell_server(hw_pipe *pipe)
{
    if (!pipe->is_server_closed && pipe->stream.on_ready)
        pipe->stream.on_ready(pipe->stream.arg);
}

int hw_pipe_send(hw_pipe *pipe, hw_text bytes)
{
    if (pipe->is_server_closed)
        return -EPIPE;
    if (bytes.length == 0)
        return 0;
    char *room = reserve_in_queue(&pipe->to_server, bytes.length);
    if (!room)
        return -ENOMEM;
    memcpy(room, bytes.at, bytes.length);
    pipe->to_server.end += bytes.length;
    pipe->stream.readable = true;
    tell_server(pipe);
    return 0;
}

void hw_pipe_end_send(hw_pipe *pipe)
{
    pipe->is_send_ended = true;
    pipe->stream.readable = pipe->stream.is_hung_up = true;
    tell_server(pipe);
}

void hw_pipe_reset(hw_pipe *pipe)
{
    pipe->is_reset = true;
    pipe->stream.readable = pipe->stream.writable = pipe->stream.is_hung_up = true;
    tell_server(pipe);
}

hw_text hw_pipe_received(const hw_pipe *pipe)
{
    size_t length = queue_length(&pipe->to_client);
    return (hw_text){length ? pipe->to_client.at + pipe->to_client.start : NULL, length};
}

void hw_pipe_take(hw_pipe *pipe, size_t bytes)
{
    pipe->to_client.start += hw_size_min(bytes, queue_length(&pipe->to_client));
    if (bytes > 0 && !pipe->stream.writable && room_to_client(pipe) > 0) {
        pipe->stream.writable = true;
        tell_server(pipe);
    }
}

bool hw_pipe_is_ended(const hw_pipe *pipe)
{
    return pipe->is_write_ended;
}

bool hw_pipe_is_broken_off(const hw_pipe *pipe)
{
    return pipe->is_broken_off;
}

bool hw_pipe_is_closed(const hw_pipe *pipe)
{
    return pipe->is_server_closed;
}

void hw_pipe_close(hw_pipe *pipe)
{
    pipe->is_client_closed = pipe->is_send_ended = true;
    /* As a socket's hang-up does: who waits for room learns that none will come. */
    pipe->stream.readable = pipe->stream.writable = pipe->stream.is_hung_up = true;
    tell_server(pipe);
    free_pipe(pipe);
}

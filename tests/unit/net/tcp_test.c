#include "net/tcp.h"

#include "seam/seam.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "unit/http/http_harness.h"
#include "unit/net/socket_pair.h"
#include "unit/sys/folder.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* A server's stream and its client, over a real connection of the loopback. */
typedef struct tcp_line {
    hw_loop loop;
    hw_listener listener;
    hw_tcp_pool pool;
    hw_stream *stream;
    int client, ready;
} tcp_line;

static void count_line_ready(void *arg)
{
    ((tcp_line *)arg)->ready++;
}

static void open_line(tcp_line *line, const char *address)
{
    *line = (struct tcp_line){.listener.fd = -1};
    HW_NEED_OK(hw_loop_init(&line->loop, HW_LOOP_POLL));
    HW_NEED_OK(hw_listener_open(&line->listener, address, NULL));
    line->pool.loop = &line->loop;
    line->client = hw_test_connect(line->listener.name);
    HW_NEED_OK(hw_listener_accept(&line->listener, &line->pool, &line->stream));
    line->stream->on_ready = count_line_ready;
    line->stream->arg = line;
    HW_NEED_OK(line->stream->ops->watch(line->stream));
}

static void close_line(tcp_line *line)
{
    line->stream->ops->close(line->stream);
    close(line->client);
    hw_tcp_pool_fini(&line->pool);
    hw_listener_close(&line->listener);
    hw_loop_fini(&line->loop);
}

/* Takes the steps until the loop has said that the stream is ready. */
static void wait_line(tcp_line *line)
{
    for (int before = line->ready; line->ready == before;)
        hw_loop_step(&line->loop, true);
}

static ssize_t read_line_bytes(tcp_line *line, char *memory, size_t bytes)
{
    return line->stream->ops->read(line->stream, memory, bytes);
}

HW_TEST(tcp_stream_is_tried_at_once)
{
    tcp_line line;
    char memory[16];
    open_line(&line, "127.0.0.1:0");
    char peer[HW_PEER_STRING_MAX];
    assert_string_equal(hw_peer_format(&line.stream->peer, peer), "127.0.0.1");
    assert_true(line.stream->readable && line.stream->writable);
    assert_int_equal(read_line_bytes(&line, memory, sizeof memory), -EAGAIN);
    assert_false(line.stream->readable);
    assert_false(line.stream->is_hung_up);
    close_line(&line);
}

HW_TEST(tcp_stream_reads_what_arrives)
{
    tcp_line line;
    char memory[16];
    open_line(&line, "127.0.0.1:0");
    assert_int_equal(read_line_bytes(&line, memory, sizeof memory), -EAGAIN);
    wait_line(&line); /* writable from the start */
    hw_test_send(line.client, "hello");
    wait_line(&line);
    assert_true(line.stream->readable);
    assert_int_equal(read_line_bytes(&line, memory, 2), 2);
    assert_true(line.stream->readable);
    assert_int_equal(read_line_bytes(&line, memory + 2, sizeof memory - 2), 3);
    assert_memory_equal(memory, "hello", 5);
    /* A short read: the kernel has promised another edge. */
    assert_false(line.stream->readable);
    assert_int_equal(read_line_bytes(&line, memory, sizeof memory), -EAGAIN);
    hw_test_send(line.client, "again");
    wait_line(&line);
    assert_true(line.stream->readable);
    assert_int_equal(read_line_bytes(&line, memory, sizeof memory), 5);
    close_line(&line);
}

/* The client has said its last word. */
static void open_ended_line(tcp_line *line)
{
    open_line(line, "127.0.0.1:0");
    hw_test_send(line->client, "last");
    assert_int_equal(shutdown(line->client, SHUT_WR), 0);
}

HW_TEST(tcp_stream_does_not_lose_an_end_that_came_with_data)
{
    tcp_line line;
    char memory[16];
    open_ended_line(&line);
    wait_line(&line);
    while (!line.stream->is_hung_up)
        wait_line(&line);
    assert_int_equal(read_line_bytes(&line, memory, sizeof memory), 4);
    assert_true(line.stream->readable);
    assert_int_equal(read_line_bytes(&line, memory, sizeof memory), 0);
    assert_false(line.stream->readable);
    close_line(&line);
}

/* The first read is tried before the loop has said anything: its short count hides the end, and the
 * edge of the registration must bring it back. */
HW_TEST(tcp_stream_does_not_lose_an_end_before_the_first_step)
{
    tcp_line line;
    char memory[16];
    open_ended_line(&line);
    struct pollfd both = {.fd = line.client, .events = POLLOUT};
    assert_int_equal(poll(&both, 1, 1000), 1);
    assert_int_equal(read_line_bytes(&line, memory, sizeof memory), 4);
    while (!line.stream->readable)
        wait_line(&line);
    assert_int_equal(read_line_bytes(&line, memory, sizeof memory), 0);
    close_line(&line);
}

HW_TEST(tcp_stream_is_reset)
{
    tcp_line line;
    char memory[16];
    const struct linger hard = {.l_onoff = 1};
    open_line(&line, "127.0.0.1:0");
    hw_test_send(line.client, "lost");
    assert_int_equal(setsockopt(line.client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
    close(line.client);
    while (!line.stream->is_hung_up)
        wait_line(&line);
    assert_true(line.stream->readable && line.stream->writable);
    ssize_t count = read_line_bytes(&line, memory, sizeof memory);
    if (count == 4)
        count = read_line_bytes(&line, memory, sizeof memory);
    assert_int_equal(count, -ECONNRESET);
    assert_false(line.stream->readable);
    const struct iovec part = {memory, 1};
    assert_int_equal(line.stream->ops->write(line.stream, &part, 1, false), -EPIPE);
    line.client = -1;
    close_line(&line);
}

HW_TEST(tcp_stream_writes_until_the_socket_is_full)
{
    static char many[256 * 1024], memory[64 * 1024];
    tcp_line line;
    open_line(&line, "127.0.0.1:0");
    const struct iovec parts[] = {{many, sizeof many}, {many, sizeof many}};
    size_t sent = 0;
    while (line.stream->writable) {
        ssize_t count = line.stream->ops->write(line.stream, parts, 2, false);
        if (count > 0)
            sent += (size_t)count;
        else
            assert_int_equal(count, -EAGAIN);
    }
    assert_int_equal(line.stream->ops->write(line.stream, parts, 1, false), -EAGAIN);
    size_t unsent = line.stream->ops->count_unsent(line.stream);
    assert_in_range(unsent, 1, sent);
    while (sent > 0) {
        long count = recv(line.client, memory, sizeof memory, 0);
        assert_true(count > 0);
        sent -= (size_t)count;
    }
    while (!line.stream->writable)
        wait_line(&line);
    assert_true(line.stream->ops->count_unsent(line.stream) < unsent);
    close_line(&line);
}

HW_TEST(tcp_stream_sends_files_and_ends)
{
    hw_test_folder folder;
    tcp_line line;
    char memory[16];
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "f", "0123456789");
    int file = hw_sys_open(hw_test_folder_path(&folder, "f"));
    assert_true(file >= 0);
    hw_test_folder_fini(&folder);
    open_line(&line, "127.0.0.1:0");
    hw_seam_short("send_file", 2);
    assert_int_equal(line.stream->ops->send_file(line.stream, file, 3, 4), 2);
    assert_false(line.stream->writable);
    line.stream->writable = true;
    assert_int_equal(line.stream->ops->send_file(line.stream, file, 5, 2), 2);
    assert_true(line.stream->writable);
    assert_int_equal(line.stream->ops->send_file(line.stream, file, 10, 2), 0);
    assert_false(line.stream->writable);
    line.stream->ops->end_write(line.stream);
    assert_int_equal(hw_test_receive(line.client, memory, sizeof memory), 4);
    assert_memory_equal(memory, "3456", 4);
    hw_test_send(line.client, "heard");
    while (!line.stream->readable)
        wait_line(&line);
    assert_int_equal(read_line_bytes(&line, memory, sizeof memory), 5);
    close_line(&line);
    hw_sys_close(file);
}

HW_TEST(tcp_stream_that_is_broken_off_is_reset_behind_what_was_sent)
{
    tcp_line line;
    char memory[16];
    const struct iovec part = {(void *)"half", 4};
    open_line(&line, "127.0.0.1:0");
    HW_NEED_OK(line.stream->ops->write(line.stream, &part, 1, false));
    line.stream->ops->break_off(line.stream);
    line.stream->ops->close(line.stream);
    assert_int_equal(recv(line.client, memory, sizeof memory, 0), 4);
    assert_int_equal(recv(line.client, memory, sizeof memory, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    close(line.client);
    hw_tcp_pool_fini(&line.pool);
    hw_listener_close(&line.listener);
    hw_loop_fini(&line.loop);
}

HW_TEST(tcp_stream_needs_memory_and_a_watch)
{
    hw_loop loop;
    hw_tcp_pool pool = {.loop = &loop};
    const hw_peer here = {.family = AF_UNIX};
    int fds[2];
    hw_stream *stream = NULL;
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), errno);
    hw_seam_fail_allocation(1);
    assert_int_equal(hw_tcp_open(&pool, fds[0], &here, &stream), -ENOMEM);
    assert_null(stream);
    HW_NEED_OK(hw_tcp_open(&pool, fds[0], &here, &stream));
    hw_seam_fail("poll_add", 1, ENOSPC);
    assert_int_equal(stream->ops->watch(stream), -ENOSPC);
    assert_false(stream->is_watched);
    assert_int_equal(stream->ops->watch(stream), 0);
    assert_true(stream->is_watched);
    stream->ops->close(stream);
    assert_int_equal(hw_sys_close(fds[1]), 0);
    hw_tcp_pool_fini(&pool);
    hw_loop_fini(&loop);
}

static bool open_unconnected(hw_tcp_pool *pool, hw_stream **ret_stream)
{
    const hw_peer here = {.family = AF_UNIX};
    int fd = hw_sys_socket(AF_UNIX, SOCK_STREAM);
    assert_true(fd >= 0);
    int error = hw_tcp_open(pool, fd, &here, ret_stream);
    if (error < 0)
        hw_sys_close(fd);
    return error == 0;
}

HW_TEST(tcp_memory_of_closed_streams_is_used_again)
{
    enum { STREAMS = 300 };
    hw_loop loop;
    hw_tcp_pool pool = {.loop = &loop};
    static hw_stream *streams[STREAMS];
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    size_t made = 0;
    while (made < STREAMS && open_unconnected(&pool, &streams[made]))
        made++;
    for (size_t i = 0; i < made; i++)
        streams[i]->ops->close(streams[i]);
    assert_true(hw_test_is_struck() || pool.spare_count == 256);
    if (pool.spare_count > 0) {
        uint64_t before = hw_seam_allocations();
        assert_true(open_unconnected(&pool, &streams[0]));
        assert_true(streams[0]->readable && streams[0]->writable && !streams[0]->is_hung_up);
        streams[0]->ops->close(streams[0]);
        assert_int_equal(hw_seam_allocations(), before);
    }
    hw_tcp_pool_fini(&pool);
    assert_int_equal(pool.spare_count, 0);
    hw_loop_fini(&loop);
}

#include "net/memory.h"

#include "seam/seam.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "unit/http/http_harness.h"
#include "unit/sys/folder.h"

#include <errno.h>
#include <string.h>

typedef struct pipe_ends {
    hw_pipe *client;
    hw_stream *server;
    int ready; /* how often on_ready was called */
} pipe_ends;

static void count_ready(void *arg)
{
    ((pipe_ends *)arg)->ready++;
}

static void open_ends(pipe_ends *ends, size_t room_bytes)
{
    *ends = (struct pipe_ends){0};
    HW_NEED_OK(hw_pipe_new(room_bytes, &ends->client, &ends->server));
    ends->server->on_ready = count_ready;
    ends->server->arg = ends;
}

static void close_ends(pipe_ends *ends)
{
    ends->server->ops->close(ends->server);
    hw_pipe_close(ends->client);
}

static ssize_t read_some(pipe_ends *ends, char *memory, size_t bytes)
{
    return ends->server->ops->read(ends->server, memory, bytes);
}

static ssize_t write_text(pipe_ends *ends, const char *string)
{
    const struct iovec part = {(void *)string, strlen(string)};
    return ends->server->ops->write(ends->server, &part, 1, false);
}

HW_TEST(memory_stream_carries_to_the_server)
{
    pipe_ends ends;
    char memory[16];
    open_ends(&ends, 100);
    char peer[HW_PEER_STRING_MAX];
    assert_string_equal(hw_peer_format(&ends.server->peer, peer), "memory:");
    assert_false(ends.server->readable);
    assert_int_equal(read_some(&ends, memory, sizeof memory), -EAGAIN);
    HW_NEED_OK(hw_pipe_send(ends.client, HW_TEXT("hello ")));
    HW_NEED_OK(hw_pipe_send(ends.client, HW_TEXT("world")));
    HW_NEED_OK(hw_pipe_send(ends.client, HW_TEXT("")));
    assert_int_equal(ends.ready, 2);
    assert_true(ends.server->readable);
    assert_int_equal(read_some(&ends, memory, 4), 4);
    assert_memory_equal(memory, "hell", 4);
    assert_true(ends.server->readable);
    assert_int_equal(read_some(&ends, memory, sizeof memory), 7);
    assert_memory_equal(memory, "o world", 7);
    assert_false(ends.server->readable);
    assert_int_equal(read_some(&ends, memory, sizeof memory), -EAGAIN);
    HW_NEED_OK(hw_pipe_send(ends.client, HW_TEXT("!")));
    assert_true(ends.server->readable);
    close_ends(&ends);
}

HW_TEST(memory_stream_ends_behind_the_last_byte)
{
    pipe_ends ends;
    char memory[16];
    open_ends(&ends, 100);
    HW_NEED_OK(hw_pipe_send(ends.client, HW_TEXT("bye")));
    hw_pipe_end_send(ends.client);
    assert_true(ends.server->is_hung_up);
    assert_int_equal(read_some(&ends, memory, sizeof memory), 3);
    assert_true(ends.server->readable);
    assert_int_equal(read_some(&ends, memory, sizeof memory), 0);
    assert_false(ends.server->readable);
    assert_int_equal(read_some(&ends, memory, sizeof memory), 0);
    HW_NEED_OK(write_text(&ends, "still"));
    assert_text(hw_pipe_received(ends.client), "still");
    close_ends(&ends);
}

HW_TEST(memory_stream_carries_to_the_client_as_far_as_there_is_room)
{
    pipe_ends ends;
    const struct iovec parts[] = {{(void *)"abc", 3}, {NULL, 0}, {(void *)"defgh", 5}};
    open_ends(&ends, 6);
    assert_int_equal(hw_pipe_received(ends.client).length, 0);
    ssize_t sent = ends.server->ops->write(ends.server, parts, 3, true);
    HW_NEED_OK(sent);
    if (sent == 3)
        hw_test_out_of_memory();
    assert_int_equal(sent, 6);
    assert_false(ends.server->writable);
    assert_text(hw_pipe_received(ends.client), "abcdef");
    assert_int_equal(ends.server->ops->count_unsent(ends.server), 6);
    assert_int_equal(write_text(&ends, "gh"), -EAGAIN);
    assert_int_equal(ends.ready, 0);
    hw_pipe_take(ends.client, 0);
    assert_int_equal(ends.ready, 0);
    hw_pipe_take(ends.client, 2);
    assert_int_equal(ends.ready, 1);
    assert_true(ends.server->writable);
    assert_text(hw_pipe_received(ends.client), "cdef");
    assert_int_equal(ends.server->ops->count_unsent(ends.server), 4);
    HW_NEED_OK(write_text(&ends, "gh"));
    assert_true(ends.server->writable);
    assert_text(hw_pipe_received(ends.client), "cdefgh");
    hw_pipe_take(ends.client, 1);
    assert_int_equal(ends.ready, 1);
    hw_pipe_take(ends.client, 100);
    assert_int_equal(hw_pipe_received(ends.client).length, 0);
    close_ends(&ends);
}

HW_TEST(memory_stream_takes_parts_of_files)
{
    hw_test_folder folder;
    pipe_ends ends;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "f", "0123456789");
    int file = hw_sys_open(hw_test_folder_path(&folder, "f"));
    assert_true(file >= 0);
    hw_test_folder_fini(&folder);
    open_ends(&ends, 8);
    HW_NEED_OK(ends.server->ops->send_file(ends.server, file, 2, 3));
    assert_text(hw_pipe_received(ends.client), "234");
    assert_true(ends.server->writable);
    HW_NEED_OK(ends.server->ops->send_file(ends.server, file, 5, 100));
    assert_text(hw_pipe_received(ends.client), "23456789");
    assert_false(ends.server->writable);
    assert_int_equal(ends.server->ops->send_file(ends.server, file, 5, 100), -EAGAIN);
    assert_false(ends.server->writable);
    hw_pipe_take(ends.client, 8);
    assert_true(ends.server->writable);
    assert_int_equal(ends.server->ops->send_file(ends.server, file, 10, 1), 0);
    assert_false(ends.server->writable);
    assert_int_equal(ends.server->ops->send_file(ends.server, -1, 0, 1), -EBADF);
    assert_int_equal(hw_pipe_received(ends.client).length, 0);
    close_ends(&ends);
    hw_sys_close(file);
}

HW_TEST(memory_stream_is_reset)
{
    pipe_ends ends;
    char memory[4];
    open_ends(&ends, 2);
    assert_true(write_text(&ends, "abc") <= 2);
    HW_NEED_OK(hw_pipe_send(ends.client, HW_TEXT("unread")));
    hw_pipe_reset(ends.client);
    assert_int_equal(ends.ready, 2);
    assert_true(ends.server->readable && ends.server->writable && ends.server->is_hung_up);
    assert_int_equal(write_text(&ends, "x"), -ECONNRESET);
    assert_int_equal(ends.server->ops->send_file(ends.server, 0, 0, 1), -ECONNRESET);
    assert_int_equal(read_some(&ends, memory, sizeof memory), -ECONNRESET);
    assert_false(ends.server->readable);
    close_ends(&ends);
}

HW_TEST(memory_stream_tells_that_it_was_broken_off)
{
    pipe_ends ends;
    open_ends(&ends, 100);
    assert_false(hw_pipe_is_broken_off(ends.client));
    ends.server->ops->break_off(ends.server);
    assert_true(hw_pipe_is_broken_off(ends.client));
    close_ends(&ends);
}

HW_TEST(memory_stream_closes_from_either_end)
{
    pipe_ends ends;
    char memory[4];
    open_ends(&ends, 100);
    ends.server->ops->end_write(ends.server);
    assert_true(hw_pipe_is_ended(ends.client));
    assert_false(hw_pipe_is_closed(ends.client));
    ends.server->ops->close(ends.server);
    assert_true(hw_pipe_is_closed(ends.client));
    assert_int_equal(hw_pipe_send(ends.client, HW_TEXT("x")), -EPIPE);
    hw_pipe_end_send(ends.client);
    hw_pipe_reset(ends.client);
    hw_pipe_take(ends.client, 1);
    assert_int_equal(ends.ready, 0);
    hw_pipe_close(ends.client);

    open_ends(&ends, 100);
    hw_pipe_close(ends.client);
    assert_int_equal(ends.ready, 1);
    assert_int_equal(read_some(&ends, memory, sizeof memory), 0);
    assert_int_equal(write_text(&ends, "x"), -EPIPE);
    assert_int_equal(ends.server->ops->send_file(ends.server, 0, 0, 1), -EPIPE);
    ends.server->ops->close(ends.server);
}

/* As a socket does: who waits to write must learn that nobody will read. */
HW_TEST(memory_stream_tells_a_full_writer_of_the_close)
{
    for (int half = 0; half < 2; half++) {
        pipe_ends ends;
        open_ends(&ends, 1);
        HW_NEED_OK(write_text(&ends, "ab"));
        assert_false(ends.server->writable);
        if (half)
            hw_pipe_end_send(ends.client);
        int before = ends.ready;
        hw_pipe_close(ends.client);
        assert_int_equal(ends.ready, before + 1);
        assert_true(ends.server->writable);
        assert_int_equal(write_text(&ends, "b"), -EPIPE);
        ends.server->ops->close(ends.server);
    }
}

HW_TEST(memory_stream_without_memory)
{
    pipe_ends ends;
    hw_seam_fail_allocation(1);
    assert_int_equal(hw_pipe_new(1, &ends.client, &ends.server), -ENOMEM);
    open_ends(&ends, 100);
    hw_seam_fail_allocation(1);
    assert_int_equal(hw_pipe_send(ends.client, HW_TEXT("x")), -ENOMEM);
    hw_seam_fail_allocation(1);
    assert_int_equal(write_text(&ends, "x"), -ENOMEM);
    hw_seam_fail_allocation(1);
    assert_int_equal(ends.server->ops->send_file(ends.server, 0, 0, 1), -ENOMEM);
    assert_int_equal(hw_pipe_send(ends.client, HW_TEXT("x")), 0);
    close_ends(&ends);
}

HW_TEST(memory_stream_carries_no_more_than_can_be_counted)
{
    pipe_ends ends;
    char memory[8];
    open_ends(&ends, 100);
    HW_NEED_OK(hw_pipe_send(ends.client, HW_TEXT("ab")));
    assert_int_equal(hw_pipe_send(ends.client, (hw_text){memory, SIZE_MAX - 1}), -ENOMEM);
    assert_int_equal(read_some(&ends, memory, sizeof memory), 2);
    close_ends(&ends);
}

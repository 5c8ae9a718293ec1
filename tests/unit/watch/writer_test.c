#include "watch/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/number.h"
#include "seam/seam.h"
#include "sys/thread.h"
#include "unit/harness.h"

enum { STACK = 256 * 1024, END_MS = 10 * 1000, SECOND_NS = 1000 * 1000 * 1000 };

/* A writer into a pipe, which tells its faults into another. */
typedef struct written {
    hw_log_writer *writer;
    int lines[2], faults[2];
    size_t length;
    char told[300 * 1024];
} written;

static void close_both(const int *ends)
{
    close(ends[0]);
    close(ends[1]);
}

static written *open_written(unsigned spools)
{
    static written to;
    to.length = 0;
    assert_return_code(pipe(to.lines), errno);
    assert_return_code(pipe(to.faults), errno);
    hw_seam_reset();
    int error = hw_log_writer_new(to.lines[1], to.faults[1], spools, &to.writer);
    if (error < 0) {
        close_both(to.lines);
        close_both(to.faults);
    }
    HW_NEED_OK(error);
    return &to;
}

static void close_written(written *to)
{
    hw_log_writer_free(to->writer);
    close_both(to->lines);
    close_both(to->faults);
    hw_seam_reset();
}

static void start_written(written *to)
{
    int error = hw_log_writer_start(to->writer);
    if (error < 0)
        close_written(to);
    HW_NEED_OK(error);
}

/* False: it was lost. */
static bool put_line(hw_spool *spool, const char *string)
{
    hw_buffer *line = hw_spool_line(spool);
    if (line)
        hw_buffer_put_string(line, string);
    return line;
}

static void hand_over(written *to, unsigned index)
{
    assert_true(hw_spool_hand_over(hw_log_writer_spool(to->writer, index)));
    hw_log_writer_wake(to->writer);
}

/* Reads until the words are there; with none, what there is. */
static const char *read_until(written *to, const int *ends, const char *words)
{
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    to->told[to->length] = '\0';
    while (!words || !strstr(to->told, words)) {
        if (poll(&ready, 1, words ? END_MS : 0) <= 0)
            break;
        ssize_t got = read(ends[0], to->told + to->length, sizeof to->told - 1 - to->length);
        if (got <= 0)
            break;
        to->length += (size_t)got;
        to->told[to->length] = '\0';
    }
    to->length = 0;
    return to->told;
}

HW_THREAD_TEST(writer_writes_what_there_is_before_it_ends)
{
    written *to = open_written(2);
    put_line(hw_log_writer_spool(to->writer, 0), "one\n");
    put_line(hw_log_writer_spool(to->writer, 1), "two\n");
    start_written(to);
    put_line(hw_log_writer_spool(to->writer, 0), "three\n");
    hw_log_writer_end(to->writer, END_MS);
    hw_log_writer_end(to->writer, END_MS);
    assert_int_equal(hw_log_writer_count_lost(to->writer), 0);
    assert_string_equal(read_until(to, to->lines, NULL), "one\nthree\ntwo\n");
    assert_string_equal(read_until(to, to->faults, NULL), "");
    close_written(to);
}

HW_THREAD_TEST(writer_writes_when_it_is_woken)
{
    written *to = open_written(1);
    start_written(to);
    put_line(hw_log_writer_spool(to->writer, 0), "one\n");
    hand_over(to, 0);
    assert_string_equal(read_until(to, to->lines, "one\n"), "one\n");
    put_line(hw_log_writer_spool(to->writer, 0), "two\n");
    hand_over(to, 0);
    assert_string_equal(read_until(to, to->lines, "two\n"), "two\n");
    hw_log_writer_end(to->writer, END_MS);
    close_written(to);
}

static unsigned count_lines(const char *told)
{
    unsigned lines = 0;
    for (; *told; told++)
        lines += *told == '\n';
    return lines;
}

/* Its lines go on in another pipe, which from now on is that of the writer's lines. */
static void turn_written(written *to, int *ret_old)
{
    memcpy(ret_old, to->lines, sizeof to->lines);
    assert_return_code(pipe(to->lines), errno);
    assert_int_equal(hw_log_writer_turn_to(to->writer, to->lines[1]), 0);
}

HW_THREAD_TEST(writer_turns_to_another_place_with_a_whole_line)
{
    int old[2];
    written *to = open_written(1);
    start_written(to);
    put_line(hw_log_writer_spool(to->writer, 0), "one\n");
    hand_over(to, 0);
    assert_string_equal(read_until(to, to->lines, "one\n"), "one\n");
    turn_written(to, old);
    put_line(hw_log_writer_spool(to->writer, 0), "two\n");
    hand_over(to, 0);
    assert_string_equal(read_until(to, to->lines, "two\n"), "two\n");
    hw_log_writer_end(to->writer, END_MS);
    assert_int_equal(hw_log_writer_count_lost(to->writer), 0);
    assert_string_equal(read_until(to, old, NULL), "");
    close_both(old);
    close_written(to);
}

/* A pipe of 4096 bytes, which lines of 34 do not fill evenly. */
HW_TEST(writer_writes_a_line_again_that_the_old_place_did_not_take)
{
    enum { LINES = 200, WHOLE = 4096 / 34 };
    static const char line[] = "0123456789abcdef 0123456789abcdef\n";
    char torn[4096 + 1] = "";
    int old[2];
    written *to = open_written(1);
    assert_return_code(fcntl(to->lines[1], F_SETPIPE_SZ, 4096), errno);
    for (int i = 0; i < LINES; i++)
        assert_true(put_line(hw_log_writer_spool(to->writer, 0), line));
    start_written(to);
    hand_over(to, 0);
    struct pollfd full = {.fd = to->lines[0], .events = POLLIN};
    assert_int_equal(poll(&full, 1, END_MS), 1);
    turn_written(to, old);
    hw_log_writer_end(to->writer, END_MS);
    assert_int_equal(hw_log_writer_count_lost(to->writer), 0);
    assert_int_equal(read(old[0], torn, sizeof torn - 1), 4096);
    assert_int_equal(count_lines(torn), WHOLE);
    const char *told = read_until(to, to->lines, NULL);
    assert_int_equal(count_lines(told), LINES - WHOLE);
    assert_memory_equal(told, line, sizeof line - 1);
    close_both(old);
    close_written(to);
}

/* Of two that come at once the second counts, and nothing is left open. */
HW_TEST(writer_turns_to_where_it_was_told_last)
{
    int old[2], older[2];
    written *to = open_written(1);
    put_line(hw_log_writer_spool(to->writer, 0), "line\n");
    turn_written(to, older);
    turn_written(to, old);
    hw_seam_fail("open_pipe", 1, ENOTSUP);
    hw_seam_fail("duplicate", 1, EMFILE);
    assert_int_equal(hw_log_writer_turn_to(to->writer, to->lines[1]), -EMFILE);
    start_written(to);
    hw_log_writer_end(to->writer, END_MS);
    assert_string_equal(read_until(to, to->lines, NULL), "line\n");
    close_both(old);
    assert_string_equal(read_until(to, older, NULL), "");
    assert_int_equal(hw_log_writer_turn_to(to->writer, older[1]), 0); /* too late, and harmless */
    close_both(older);
    close_written(to);
}

HW_TEST(writer_goes_on_where_a_short_write_ended)
{
    written *to = open_written(2);
    hw_seam_short("write", 5);
    put_line(hw_log_writer_spool(to->writer, 0), "one line\nand another\n");
    put_line(hw_log_writer_spool(to->writer, 1), "a third\n");
    start_written(to);
    hw_log_writer_end(to->writer, END_MS);
    assert_string_equal(read_until(to, to->lines, NULL), "one line\nand another\na third\n");
    close_written(to);
}

HW_TEST(writer_keeps_its_place_when_the_disk_is_full)
{
    written *to = open_written(2);
    hw_seam_clock_freeze(SECOND_NS, SECOND_NS);
    hw_seam_short("write", 5);
    hw_seam_fail("write", 2, ENOSPC);
    put_line(hw_log_writer_spool(to->writer, 0), "one line\n");
    put_line(hw_log_writer_spool(to->writer, 1), "another\n");
    start_written(to);
    hand_over(to, 0);
    assert_string_equal(read_until(to, to->faults, "\n"), "hewn:");
    hand_over(to, 1);
    assert_string_equal(read_until(to, to->lines, "another\n"), "one line\nanother\n");
    hw_seam_short("write", 0);
    hw_seam_clock_advance(INT64_C(5) * SECOND_NS);
    hw_log_writer_wake(to->writer);
    assert_string_equal(read_until(to, to->faults, "again"),
                        "hewn: log: lines are written again; 0 were lost\n");
    hw_log_writer_end(to->writer, END_MS);
    assert_int_equal(hw_log_writer_count_lost(to->writer), 0);
    close_written(to);
}

HW_TEST(writer_tells_once_why_it_cannot_write)
{
    written *to = open_written(1);
    for (unsigned call = 1; call < 10; call++)
        if (call != 2) /* which tells of the first */
            hw_seam_fail("write", call, EPIPE);
    put_line(hw_log_writer_spool(to->writer, 0), "kept\n");
    start_written(to);
    hand_over(to, 0);
    read_until(to, to->faults, "\n");
    assert_string_equal(to->told, "hewn: log: lines cannot be written: Broken pipe\n");
    put_line(hw_log_writer_spool(to->writer, 0), "kept too\n");
    hand_over(to, 0);
    assert_false(put_line(hw_log_writer_spool(to->writer, 0), "lost\n"));
    hw_log_writer_wake(to->writer);
    hw_log_writer_end(to->writer, END_MS); /* at once: nobody will ever read */
    assert_int_equal(hw_log_writer_count_lost(to->writer), 3);
    assert_string_equal(read_until(to, to->faults, NULL), "");
    assert_string_equal(read_until(to, to->lines, NULL), "");
    close_written(to);
}

HW_TEST(writer_does_not_wait_for_a_stopped_reader_for_ever)
{
    enum { LINES = 5000 };
    written *to = open_written(1);
    assert_return_code(fcntl(to->lines[1], F_SETPIPE_SZ, 4096), errno);
    start_written(to);
    unsigned put = 0;
    for (int i = 0; i < LINES; i++) {
        put += put_line(hw_log_writer_spool(to->writer, 0), "0123456789abcdef 0123456789abcdef\n");
        if (hw_spool_is_full(hw_log_writer_spool(to->writer, 0)))
            hand_over(to, 0);
    }
    assert_in_range(put, 1, LINES - 1);
    hw_log_writer_end(to->writer, 50);
    unsigned lost = (unsigned)hw_log_writer_count_lost(to->writer);
    unsigned read = count_lines(read_until(to, to->lines, NULL));
    assert_int_equal(lost + read, LINES);
    assert_in_range(read, 1, 4096 / 34);
    assert_string_equal(read_until(to, to->faults, NULL),
                        "hewn: log: lines come faster than they are taken: some are lost\n");
    close_written(to);
}

HW_TEST(writer_that_blocks_is_left_alone)
{
    int ends[2];
    hw_log_writer *writer;
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), errno);
    int bytes = 4096;
    assert_return_code(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), errno);
    int error = hw_log_writer_new(ends[1], STDERR_FILENO, 1, &writer);
    if (error == 0) {
        while (!hw_spool_is_full(hw_log_writer_spool(writer, 0)))
            put_line(hw_log_writer_spool(writer, 0), "0123456789abcdef\n");
        if (hw_log_writer_start(writer) == 0) {
            hw_log_writer_end(writer, 10);
            assert_in_range(hw_log_writer_count_lost(writer), 1, HW_SPOOL_HALF_BYTES / 16);
        }
        hw_log_writer_free(writer);
    }
    /* Its write ends with EPIPE, and then its thread, with what it still has. */
    close_both(ends);
    HW_NEED_OK(error);
}

/* The number may be another file's by the time it has something to tell. */
HW_TEST(writer_tells_faults_to_a_descriptor_of_its_own)
{
    int faults[2], other[2];
    hw_log_writer *writer;
    char told[128] = "";
    assert_return_code(pipe(faults), errno);
    assert_return_code(pipe(other), errno);
    assert_return_code(fcntl(other[0], F_SETFL, O_NONBLOCK), errno);
    int error = hw_log_writer_new(-1, faults[1], 1, &writer);
    assert_return_code(dup2(other[1], faults[1]), errno);
    if (error == 0) {
        put_line(hw_log_writer_spool(writer, 0), "lost\n");
        if (hw_log_writer_start(writer) == 0) {
            hw_log_writer_end(writer, END_MS);
            assert_true(read(faults[0], told, sizeof told - 1) > 0);
            assert_string_equal(told, "hewn: log: lines cannot be written: Bad file descriptor\n");
            assert_int_equal(read(other[0], told, sizeof told), -1);
        }
        hw_log_writer_free(writer);
    }
    close_both(faults);
    close_both(other);
    HW_NEED_OK(error);
}

HW_TEST(writer_without_a_descriptor_loses_all)
{
    int faults[2];
    hw_log_writer *writer;
    char told[128] = "";
    assert_return_code(pipe(faults), errno);
    int error = hw_log_writer_new(-1, faults[1], 1, &writer);
    if (error == 0) {
        put_line(hw_log_writer_spool(writer, 0), "lost\n");
        if (hw_log_writer_start(writer) == 0) {
            hw_log_writer_end(writer, END_MS);
            assert_int_equal(hw_log_writer_count_lost(writer), 1);
            assert_true(read(faults[0], told, sizeof told - 1) > 0);
            assert_string_equal(told, "hewn: log: lines cannot be written: Bad file descriptor\n");
        }
        hw_log_writer_free(writer);
    }
    close_both(faults);
    HW_NEED_OK(error);
}

HW_TEST(writer_that_cannot_be_made_says_so)
{
    hw_log_writer *writer = NULL;
    static const char *const calls[] = {"duplicate", "event_new"};
    for (size_t i = 0; i < 2; i++) {
        hw_seam_reset();
        hw_seam_fail("open_pipe", 1, ENOTSUP);
        hw_seam_fail(calls[i], 1, EMFILE);
        int error = hw_log_writer_new(STDERR_FILENO, STDERR_FILENO, 1, &writer);
        assert_true(error == -EMFILE || (error == -ENOMEM && hw_test_is_struck()));
    }
    hw_seam_reset();
    hw_seam_fail("thread_start", 1, EAGAIN);
    HW_NEED_OK(hw_log_writer_new(STDERR_FILENO, STDERR_FILENO, 1, &writer));
    assert_int_equal(hw_log_writer_start(writer), -EAGAIN);
    hw_log_writer_end(writer, END_MS);
    hw_log_writer_free(writer);
    hw_log_writer_free(NULL);
    hw_seam_reset();
}

enum { LOOPS = 3, LINES_OF_LOOP = 20000, LINE_BYTES = 20 };

typedef struct test_loop {
    written *to;
    unsigned index;
    pthread_t thread;
} test_loop;

static void *fill_spool(void *arg)
{
    test_loop *loop = arg;
    hw_spool *spool = hw_log_writer_spool(loop->to->writer, loop->index);
    for (unsigned i = 0; i < LINES_OF_LOOP; i++) {
        char line[40];
        snprintf(line, sizeof line, "%u %08u abcdefgh\n", loop->index, i);
        (void)put_line(spool, line);
        bool is_tick = i % 100 == 0 && hw_spool_is_idle(spool);
        if ((hw_spool_is_full(spool) || is_tick) && hw_spool_hand_over(spool))
            hw_log_writer_wake(loop->to->writer);
    }
    return NULL;
}

typedef struct slow_reader {
    int fd;
    unsigned lines;
    uint64_t next[LOOPS];
    bool is_torn, is_out_of_order;
} slow_reader;

static void check_line(slow_reader *reader, const char *line)
{
    hw_cursor cursor = hw_cursor_of((hw_text){line, LINE_BYTES});
    uint64_t loop, number;
    reader->lines++;
    bool is_whole = hw_number_decimal(hw_cursor_take_until(&cursor, ' '), &loop) &&
                    hw_cursor_take(&cursor, ' ') &&
                    hw_number_decimal(hw_cursor_take_until(&cursor, ' '), &number) &&
                    hw_cursor_take_text(&cursor, HW_TEXT(" abcdefgh\n")) && loop < LOOPS;
    if (!is_whole) {
        reader->is_torn = true;
        return;
    }
    reader->is_out_of_order |= number < reader->next[loop];
    reader->next[loop] = number + 1;
}

static void *read_slowly(void *arg)
{
    slow_reader *reader = arg;
    char line[LINE_BYTES];
    size_t length = 0;
    ssize_t got;
    while ((got = read(reader->fd, line + length, sizeof line - length)) > 0) {
        length += (size_t)got;
        if (length < sizeof line)
            continue;
        check_line(reader, line);
        length = 0;
    }
    reader->is_torn |= length > 0;
    return NULL;
}

HW_THREAD_TEST(writer_keeps_lines_of_several_loops_whole)
{
    written *to = open_written(LOOPS);
    start_written(to);
    test_loop loops[LOOPS];
    slow_reader reader = {.fd = to->lines[0]};
    pthread_t reading;
    assert_int_equal(hw_sys_thread_start(&reading, read_slowly, &reader, STACK), 0);
    for (unsigned i = 0; i < LOOPS; i++) {
        loops[i] = (test_loop){.to = to, .index = i};
        assert_int_equal(hw_sys_thread_start(&loops[i].thread, fill_spool, &loops[i], STACK), 0);
    }
    for (unsigned i = 0; i < LOOPS; i++)
        hw_sys_thread_join(loops[i].thread);
    hw_log_writer_end(to->writer, END_MS);
    unsigned lost = (unsigned)hw_log_writer_count_lost(to->writer);
    hw_log_writer_free(to->writer);
    close(to->lines[1]);
    hw_sys_thread_join(reading);
    assert_false(reader.is_torn);
    assert_false(reader.is_out_of_order);
    assert_int_equal(reader.lines + lost, LOOPS * LINES_OF_LOOP);
    assert_true(reader.lines > 0);
    close(to->lines[0]);
    close_both(to->faults);
}

static void assert_not_made(const char *call, unsigned nth)
{
    int ends[2];
    hw_log_writer *writer = NULL;
    assert_return_code(pipe(ends), errno);
    hw_seam_reset();
    hw_seam_fail(call, nth, EMFILE);
    int error = hw_log_writer_new(ends[1], ends[1], 1, &writer);
    hw_seam_reset();
    hw_log_writer_free(writer);
    close_both(ends);
    HW_NEED_OK(error == -EMFILE ? 0 : error);
    assert_int_equal(error, -EMFILE);
}

HW_TEST(writer_that_finds_no_descriptor_is_not_made)
{
    assert_not_made("duplicate", 1); /* for its faults */
    assert_not_made("event_new", 1);
    assert_not_made("event_new", 2);
}

/* A program may have been started without a place for them. */
HW_TEST(writer_does_without_a_place_for_its_faults)
{
    int ends[2];
    char told[16] = "";
    hw_log_writer *writer;
    assert_return_code(pipe(ends), errno);
    int error = hw_log_writer_new(ends[1], -1, 1, &writer);
    if (error == 0) {
        put_line(hw_log_writer_spool(writer, 0), "line\n");
        if (hw_log_writer_start(writer) == 0) {
            hw_log_writer_end(writer, END_MS);
            assert_int_equal(read(ends[0], told, sizeof told - 1), 5);
            assert_string_equal(told, "line\n");
        }
        hw_log_writer_free(writer);
    }
    close_both(ends);
    HW_NEED_OK(error);
}

/* What it has not written yet is not lost as long as it runs. */
HW_THREAD_TEST(writer_that_runs_has_lost_nothing_yet)
{
    written *to = open_written(1);
    put_line(hw_log_writer_spool(to->writer, 0), "line\n");
    hand_over(to, 0);
    assert_int_equal(hw_log_writer_count_lost(to->writer), 1);
    start_written(to);
    assert_int_equal(hw_log_writer_count_lost(to->writer), 0);
    hw_log_writer_end(to->writer, END_MS);
    assert_int_equal(hw_log_writer_count_lost(to->writer), 0);
    close_written(to);
}

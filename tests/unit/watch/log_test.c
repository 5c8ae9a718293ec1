#include "watch/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "exchange/record.h"
#include "seam/seam.h"
#include "unit/harness.h"
#include "watch/spool.h"

/* A log of two loops that writes into pipes, which hold what it wrote. */
typedef struct piped_log {
    hw_log *log;
    hw_sink sinks[2];
    int lines[2], faults[2];
    char told[HW_LINE_BYTES_MAX];
} piped_log;

static void close_piped(piped_log *piped)
{
    hw_log_free(piped->log);
    for (int end = 0; end < 2; end++) {
        close(piped->lines[end]);
        close(piped->faults[end]);
    }
    hw_seam_reset();
}

static void open_piped(piped_log *piped, hw_log_format format, bool steps)
{
    assert_return_code(pipe(piped->lines), errno);
    assert_return_code(pipe(piped->faults), errno);
    hw_seam_reset();
    const hw_log_setup setup = {
        .format = format,
        .fd = piped->lines[1],
        .fault_fd = piped->faults[1],
        .steps = steps,
        .loops = 2,
        .end_ms = 50,
    };
    piped->log = NULL;
    int error = hw_log_new(&setup, &piped->log);
    if (error == 0)
        error = hw_log_start(piped->log);
    if (error < 0)
        close_piped(piped);
    HW_NEED_OK(error);
    for (unsigned i = 0; i < 2; i++)
        piped->sinks[i] = hw_log_sink(piped->log, i);
}

static const char *read_told(piped_log *piped, const int *ends)
{
    ssize_t got = read(ends[0], piped->told, sizeof piped->told - 1);
    piped->told[got > 0 ? got : 0] = '\0';
    return piped->told;
}

/* What is there when the log has ended. */
static const char *told_in_all(piped_log *piped, int *ends)
{
    hw_log_end(piped->log);
    assert_int_equal(write(ends[1], ".", 1), 1); /* so that there is something to read */
    return read_told(piped, ends);
}

static const hw_record one_record = {
    .method = HW_TEXT_INIT("GET"),
    .target = HW_TEXT_INIT("/\033[2J"),
    .status = 404,
    .is_complete = true,
};

HW_TEST(log_knows_its_formats)
{
    hw_log_format format = HW_LOG_OFF;
    assert_true(hw_log_format_of("json", &format));
    assert_int_equal(format, HW_LOG_JSON);
    assert_true(hw_log_format_of("pretty", &format));
    assert_true(hw_log_format_of("combined", &format));
    assert_true(hw_log_format_of("off", &format));
    assert_int_equal(format, HW_LOG_OFF);
    assert_false(hw_log_format_of("JSON", &format));
    assert_false(hw_log_format_of("", &format));
}

HW_TEST(log_makes_a_line_of_a_record)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_JSON, false);
    assert_true(piped.sinks[0].records && piped.sinks[0].ticks);
    hw_sink_put(&piped.sinks[0], HW_SINK_RECORD, &one_record);
    const char *told = told_in_all(&piped, piped.lines);
    assert_ptr_equal(strstr(told,
                            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"method\":\"GET\",\"target\":"
                            "\"/\\u001b[2J\",\"status\":404,"),
                     told);
    assert_string_equal(told_in_all(&piped, piped.faults), ".");
    close_piped(&piped);
}

HW_TEST(log_has_other_formats)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_COMBINED, false);
    hw_seam_clock_freeze(0, 0); /* in Greenwich */
    hw_sink_put(&piped.sinks[0], HW_SINK_RECORD, &one_record);
    assert_string_equal(
        told_in_all(&piped, piped.lines),
        "- - - [01/Jan/1970:00:00:00 +0000] \"GET /\\x1b[2J -\" 404 0 \"-\" \"-\"\n.");
    close_piped(&piped);
    open_piped(&piped, HW_LOG_PRETTY, false);
    hw_sink_put(&piped.sinks[0], HW_SINK_RECORD, &one_record);
    assert_non_null(strstr(told_in_all(&piped, piped.lines), "  404  GET  /\\x1b[2J "));
    close_piped(&piped);
}

HW_TEST(log_of_a_second_is_one_wake_and_one_write)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_JSON, false);
    hw_seam_reset();
    for (int i = 0; i < 10; i++)
        hw_sink_put(&piped.sinks[1], HW_SINK_RECORD, &one_record);
    assert_int_equal(hw_seam_calls("event_post"), 0);
    hw_sink_tick(&piped.sinks[1]);
    hw_sink_tick(&piped.sinks[1]);
    hw_sink_tick(&piped.sinks[0]);
    assert_int_equal(hw_seam_calls("event_post"), 1);
    read_told(&piped, piped.lines);
    assert_int_equal(hw_seam_calls("write"), 1);
    hw_log_end(piped.log);
    close_piped(&piped);
}

HW_TEST(log_hands_over_what_is_full)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_JSON, false);
    hw_seam_reset();
    for (int i = 0; i < HW_SPOOL_HALF_BYTES / 150; i++)
        hw_sink_put(&piped.sinks[1], HW_SINK_RECORD, &one_record);
    assert_int_equal(hw_seam_calls("event_post"), 1);
    hw_log_end(piped.log);
    close_piped(&piped);
}

HW_TEST(log_that_is_watched_shows_lines_before_its_loop_waits)
{
    piped_log piped;
    const hw_log_setup setup = {
        .format = HW_LOG_JSON, .fd = STDERR_FILENO, .loops = 1, .is_watched = true};
    HW_NEED_OK(hw_log_new(&setup, &piped.log));
    assert_true(hw_log_sink(piped.log, 0).idles);
    hw_log_free(piped.log);
    open_piped(&piped, HW_LOG_PRETTY, true);
    assert_false(piped.sinks[0].idles);
    hw_sink_step(&piped.sinks[0], "a", "b");
    hw_sink_put(&piped.sinks[0], HW_SINK_IDLE, NULL);
    assert_string_equal(read_told(&piped, piped.lines), "step a  b\n");
    hw_log_end(piped.log);
    close_piped(&piped);
}

HW_TEST(log_that_is_off_has_no_thread)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_OFF, false);
    assert_int_equal(hw_seam_calls("thread_start"), 0);
    assert_false(piped.sinks[0].records || piped.sinks[0].ticks || piped.sinks[0].idles);
    hw_sink_put(&piped.sinks[0], HW_SINK_RECORD, &one_record);
    hw_sink_put(&piped.sinks[0], HW_SINK_TICK, NULL);
    hw_sink_put(&piped.sinks[0], HW_SINK_STEP, &(hw_step){"a", "b"});
    hw_sink_fault(&piped.sinks[0], EIO, "here", "all the same");
    assert_string_equal(told_in_all(&piped, piped.lines), ".");
    assert_string_equal(told_in_all(&piped, piped.faults), "hewn: here: all the same\n.");
    close_piped(&piped);
}

HW_TEST(log_tells_faults_at_once_and_apart)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_JSON, false);
    hw_sink_fault(&piped.sinks[1], EIO, "/x", "the disk said %d", 7);
    assert_string_equal(read_told(&piped, piped.faults), "hewn: /x: the disk said 7\n");
    assert_string_equal(told_in_all(&piped, piped.lines), ".");
    close_piped(&piped);
}

HW_TEST(log_keeps_steps_and_records_in_order)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_JSON, true);
    hw_sink_step(&piped.sinks[0], "h1/parser", "next event: HEAD");
    hw_sink_put(&piped.sinks[0], HW_SINK_RECORD, &one_record);
    hw_sink_step(&piped.sinks[0], "server/conn_h1", "reset");
    const char *told = told_in_all(&piped, piped.lines);
    assert_ptr_equal(strstr(told, "step h1/parser  next event: HEAD\n{\"time\""), told);
    assert_non_null(strstr(told, "}\nstep server/conn_h1  reset\n."));
    close_piped(&piped);
    open_piped(&piped, HW_LOG_OFF, true);
    hw_sink_put(&piped.sinks[0], HW_SINK_RECORD, &one_record);
    hw_sink_step(&piped.sinks[0], "h1/parser", "next event: HEAD");
    assert_string_equal(told_in_all(&piped, piped.lines), "step h1/parser  next event: HEAD\n.");
    close_piped(&piped);
}

HW_TEST(log_tells_at_its_end_how_many_lines_were_lost)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_PRETTY, false);
    hw_seam_fail("write", 1, EPIPE);
    hw_seam_fail("write", 2, EPIPE); /* what tells of it */
    hw_sink_put(&piped.sinks[0], HW_SINK_RECORD, &one_record);
    hw_sink_put(&piped.sinks[1], HW_SINK_RECORD, &one_record);
    assert_string_equal(told_in_all(&piped, piped.faults),
                        "hewn: log: 2 lines could not be written\n.");
    assert_string_equal(told_in_all(&piped, piped.faults), ".");
    close_piped(&piped);
}

HW_TEST(log_that_cannot_be_made_says_so)
{
    hw_log *log;
    const hw_log_setup setup = {.format = HW_LOG_JSON, .fd = STDERR_FILENO, .loops = 1};
    hw_seam_reset();
    hw_seam_fail("event_new", 1, EMFILE);
    int error = hw_log_new(&setup, &log);
    hw_seam_reset();
    HW_NEED_OK(error == -EMFILE ? 0 : error);
    hw_log_free(NULL);
}

/* As when files are rotated: what comes from now on stands in the other. */
HW_TEST(log_turns_to_another_place)
{
    piped_log piped;
    int other[2];
    open_piped(&piped, HW_LOG_COMBINED, false);
    assert_return_code(pipe(other), errno);
    int error = hw_log_turn_to(piped.log, other[1]);
    if (error == 0)
        hw_sink_put(&piped.sinks[0], HW_SINK_RECORD, &one_record);
    hw_log_end(piped.log);
    if (error == 0)
        assert_non_null(strstr(read_told(&piped, other), " 404 "));
    close(other[0]);
    close(other[1]);
    close_piped(&piped);
    HW_NEED_OK(error);
}

/* One that writes nothing has no place. */
HW_TEST(log_that_is_off_turns_nowhere)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_OFF, false);
    assert_int_equal(hw_log_turn_to(piped.log, -1), 0);
    hw_sink_put(&piped.sinks[0], HW_SINK_RECORD, &one_record);
    assert_string_equal(told_in_all(&piped, piped.lines), ".");
    close_piped(&piped);
}

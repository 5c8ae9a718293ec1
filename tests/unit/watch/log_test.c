#include "watch/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "exchange/record.h"
#include "seam/seam.h"
#include "unit/harness.h"

/* A log that writes into pipes, which hold what it wrote. */
typedef struct piped_log {
    hw_log log;
    hw_sink sink;
    int lines[2], faults[2];
    char told[4096];
} piped_log;

static void open_piped(piped_log *piped, hw_log_format format)
{
    assert_return_code(pipe(piped->lines), errno);
    assert_return_code(pipe(piped->faults), errno);
    hw_log_init(&piped->log, format, piped->lines[1], piped->faults[1], false);
    piped->sink = (hw_sink){.take = hw_log_take, .arg = &piped->log, .steps = true};
}

static void close_piped(piped_log *piped)
{
    for (int end = 0; end < 2; end++) {
        close(piped->lines[end]);
        close(piped->faults[end]);
    }
}

static const char *read_told(piped_log *piped, const int *ends)
{
    close(ends[1]);
    ssize_t got = read(ends[0], piped->told, sizeof piped->told - 1);
    piped->told[got > 0 ? got : 0] = '\0';
    return piped->told;
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

HW_TEST(log_writes_one_line_a_record_with_one_call)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_JSON);
    hw_seam_reset();
    hw_sink_put(&piped.sink, HW_SINK_RECORD, &one_record);
    assert_int_equal(hw_seam_calls("write"), 1);
    const char *told = read_told(&piped, piped.lines);
    assert_ptr_equal(strstr(told,
                            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"method\":\"GET\",\"target\":"
                            "\"/\\u001b[2J\",\"status\":404,"),
                     told);
    assert_string_equal(read_told(&piped, piped.faults), "");
    close_piped(&piped);
}

HW_TEST(log_that_is_off_writes_no_records)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_OFF);
    hw_sink_put(&piped.sink, HW_SINK_RECORD, &one_record);
    assert_string_equal(read_told(&piped, piped.lines), "");
    close_piped(&piped);
}

HW_TEST(log_tells_faults_in_words_apart)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_JSON);
    hw_sink_fault(&piped.sink, EIO, "/x\033[m", "the disk said %d", 7);
    hw_sink_fault(&piped.sink, EIO, NULL, "nowhere\n");
    assert_string_equal(read_told(&piped, piped.faults),
                        "hewn: /x\\x1b[m: the disk said 7\nhewn: nowhere\\x0a\n");
    assert_string_equal(read_told(&piped, piped.lines), "");
    close_piped(&piped);
}

HW_TEST(log_writes_steps)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_OFF);
    hw_sink_step(&piped.sink, "h1/parser", "next event: HEAD");
    assert_string_equal(read_told(&piped, piped.lines), "step h1/parser  next event: HEAD\n");
    close_piped(&piped);
}

HW_TEST(log_counts_what_it_cannot_write)
{
    piped_log piped;
    open_piped(&piped, HW_LOG_PRETTY);
    hw_seam_reset();
    hw_seam_fail("write", 1, EPIPE);
    hw_sink_put(&piped.sink, HW_SINK_RECORD, &one_record);
    assert_int_equal(atomic_load(&piped.log.lost), 1);
    assert_int_equal(hw_seam_calls("write"), 1);
    hw_seam_short("write", 5);
    hw_sink_put(&piped.sink, HW_SINK_RECORD, &one_record);
    assert_int_equal(atomic_load(&piped.log.lost), 2);
    assert_int_equal(hw_seam_calls("write"), 2);
    hw_seam_reset();
    close_piped(&piped);
}

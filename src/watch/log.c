/* Takes what the loops of a server have to tell and makes lines of it.
 *
 * Each loop has a feed of its own: a spool that its lines are built in, where they stand until they
 * are written, and the second it showed last. So loops never meet here, and a request costs no call
 * and no copy: the loop wakes the writer once for 32 KiB or a second, or, when somebody watches,
 * before it waits. A crash loses at most the second that was not handed over.
 *
 * A log is never worth a request: what the writer cannot get rid of is lost, counted and told.
 * Faults do not wait in line: they go to standard error at once. */
#include "watch/log.h"

#include <string.h>

#include "base/assert.h"
#include "base/error.h"
#include "sys/clock.h"
#include "sys/memory.h"
#include "watch/fault.h"
#include "watch/line.h"
#include "watch/stamp.h"
#include "watch/writer.h"

/* What one loop tells. */
typedef struct hw_feed {
    hw_log *log;
    hw_spool *spool; /* NULL: nothing is written */
    hw_stamp stamp;
} hw_feed;

struct hw_log {
    hw_log_setup setup;
    hw_log_writer *writer; /* NULL: nothing is written */
    bool is_started;
    hw_feed feeds[]; /* setup.loops */
};

bool hw_log_format_of(const char *name, hw_log_format *ret_format)
{
    static const char *const names[] = {
        [HW_LOG_OFF] = "off",
        [HW_LOG_PRETTY] = "pretty",
        [HW_LOG_JSON] = "json",
        [HW_LOG_COMBINED] = "combined",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_format = (hw_log_format)i;
            return true;
        }
    }
    return false;
}

/* The seam is called, never pointed to. */
static int tell_utc_offset(int64_t at_s)
{
    return hw_sys_utc_offset_s(at_s);
}

static void init_feed(hw_feed *feed, hw_log *log, unsigned loop)
{
    static const hw_stamp_style styles[] = {
        [HW_LOG_OFF] = HW_STAMP_JSON,
        [HW_LOG_PRETTY] = HW_STAMP_PRETTY,
        [HW_LOG_JSON] = HW_STAMP_JSON,
        [HW_LOG_COMBINED] = HW_STAMP_COMBINED,
    };
    feed->log = log;
    feed->spool = log->writer ? hw_log_writer_spool(log->writer, loop) : NULL;
    hw_stamp_init(&feed->stamp, styles[log->setup.format], tell_utc_offset);
}

int hw_log_new(const hw_log_setup *setup, hw_log **ret_log)
{
    hw_log *log = hw_sys_alloc_zeroed(1, sizeof *log + setup->loops * sizeof *log->feeds);
    if (!log)
        return -ENOMEM;
    log->setup = *setup;
    if (setup->format != HW_LOG_OFF || setup->steps) {
        int error = hw_log_writer_new(setup->fd, setup->fault_fd, setup->loops, &log->writer);
        if (error < 0) {
            hw_sys_free(log);
            return error;
        }
    }
    for (unsigned i = 0; i < setup->loops; i++)
        init_feed(&log->feeds[i], log, i);
    *ret_log = log;
    return 0;
}

static void hand_over(hw_feed *feed)
{
    if (hw_spool_hand_over(feed->spool))
        hw_log_writer_wake(feed->log->writer);
}

static void end_line(hw_feed *feed)
{
    hw_assert(!feed->spool->lines.overflow);
    if (hw_spool_is_full(feed->spool))
        hand_over(feed);
}

static void take_record(hw_feed *feed, const hw_record *record)
{
    hw_log_format format = feed->log->setup.format;
    hw_buffer *line = format == HW_LOG_OFF ? NULL : hw_spool_line(feed->spool);
    if (!line)
        return;
    hw_text time = hw_stamp_show(&feed->stamp, record->at_ms);
    if (format == HW_LOG_COMBINED)
        hw_line_put_combined(line, record, time);
    else if (format == HW_LOG_JSON)
        hw_line_put_json(line, record, time);
    else
        hw_line_put_pretty(line, record, time, feed->log->setup.colors);
    end_line(feed);
}

static void take_step(hw_feed *feed, const hw_step *step)
{
    hw_buffer *line = feed->spool ? hw_spool_line(feed->spool) : NULL;
    if (!line)
        return;
    hw_buffer_put_string(line, "step ");
    hw_buffer_put_string(line, step->file);
    hw_buffer_put_string(line, "  ");
    hw_buffer_put_string(line, step->what);
    hw_buffer_put_char(line, '\n');
    end_line(feed);
}

/* A writer that is still busy will not be faster for having both halves, and the loop would have
 * none. */
static void take_moment(hw_feed *feed)
{
    if (feed->spool && hw_spool_is_idle(feed->spool))
        hand_over(feed);
}

static void take_item(void *arg, hw_sink_kind kind, const void *item)
{
    hw_feed *feed = arg;
    switch (kind) {
    case HW_SINK_RECORD:
        take_record(feed, item);
        break;
    case HW_SINK_FAULT:
        hw_fault_write(feed->log->setup.fault_fd, item);
        break;
    case HW_SINK_STEP:
        take_step(feed, item);
        break;
    case HW_SINK_TICK:
    case HW_SINK_IDLE:
        take_moment(feed);
        break;
    }
}

hw_sink hw_log_sink(hw_log *log, unsigned loop)
{
    hw_assert(loop < log->setup.loops);
    return (hw_sink){
        .take = take_item,
        .arg = &log->feeds[loop],
        .steps = log->setup.steps,
        .records = log->setup.format != HW_LOG_OFF,
        .ticks = log->writer != NULL,
        .idles = log->writer != NULL && log->setup.is_watched,
    };
}

int hw_log_turn_to(hw_log *log, int fd)
{
    return log->writer ? hw_log_writer_turn_to(log->writer, fd) : 0;
}

int hw_log_start(hw_log *log)
{
    int error = log->writer ? hw_log_writer_start(log->writer) : 0;
    log->is_started = error == 0;
    return error;
}

void hw_log_end(hw_log *log)
{
    if (!log->is_started)
        return;
    log->is_started = false;
    if (!log->writer)
        return;
    hw_log_writer_end(log->writer, log->setup.end_ms);
    unsigned long long lost = hw_log_writer_count_lost(log->writer);
    hw_fault fault;
    (void)hw_fault_set(&fault, EIO, "log", "%llu line%s could not be written", lost,
                       lost == 1 ? "" : "s");
    if (lost > 0)
        hw_fault_write(log->setup.fault_fd, &fault);
}

void hw_log_free(hw_log *log)
{
    if (!log)
        return;
    hw_log_writer_free(log->writer);
    hw_sys_free(log);
}

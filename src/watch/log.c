/* Takes what a server has to tell and writes it down, one write a line.
 *
 * Lines are built on the stack and written at once: no lock, no buffer to lose in a crash, nothing
 * to flush. A log is never worth a request: a write that fails is counted and not tried again, and
 * a descriptor that does not block (run sees to it for pipes) loses lines rather than stopping a
 * loop. */
#include "watch/log.h"

#include <string.h>

#include "base/error.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "watch/escape.h"
#include "watch/line.h"

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

void hw_log_init(hw_log *log, hw_log_format format, int fd, int fault_fd, bool colors)
{
    log->format = format;
    log->fd = fd;
    log->fault_fd = fault_fd;
    log->colors = colors;
    atomic_init(&log->lost, 0);
}

static void write_line(hw_log *log, int fd, const hw_buffer *line)
{
    ssize_t written = hw_sys_write(fd, line->at, line->length);
    if (line->overflow || written < 0 || (size_t)written != line->length)
        atomic_fetch_add_explicit(&log->lost, 1, memory_order_relaxed);
}

static void write_record(hw_log *log, const hw_record *record)
{
    char memory[HW_LINE_BYTES_MAX];
    hw_buffer line = HW_BUFFER_OVER(memory);
    switch (log->format) {
    case HW_LOG_OFF:
        return;
    case HW_LOG_PRETTY:
        hw_line_put_pretty(&line, record, log->colors, hw_sys_utc_offset_s(record->at_ms / 1000));
        break;
    case HW_LOG_JSON:
        hw_line_put_json(&line, record);
        break;
    case HW_LOG_COMBINED:
        hw_line_put_combined(&line, record, hw_sys_utc_offset_s(record->at_ms / 1000));
        break;
    }
    write_line(log, log->fd, &line);
}

static void write_fault(hw_log *log, const hw_fault *fault)
{
    char memory[HW_LINE_BYTES_MAX];
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&line, "hewn: ");
    if (fault->where[0]) {
        hw_escape_put(&line, hw_text_of(fault->where), HW_ESCAPE_EYES, 4 * sizeof fault->where);
        hw_buffer_put_string(&line, ": ");
    }
    hw_escape_put(&line, hw_text_of(fault->what), HW_ESCAPE_EYES, 4 * sizeof fault->what);
    hw_buffer_put_char(&line, '\n');
    write_line(log, log->fault_fd, &line);
}

static void write_step(hw_log *log, const hw_step *step)
{
    char memory[256];
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&line, "step ");
    hw_buffer_put_string(&line, step->file);
    hw_buffer_put_string(&line, "  ");
    hw_buffer_put_string(&line, step->what);
    hw_buffer_put_char(&line, '\n');
    write_line(log, log->fd, &line);
}

void hw_log_take(void *arg, hw_sink_kind kind, const void *item)
{
    hw_log *log = arg;
    switch (kind) {
    case HW_SINK_RECORD:
        write_record(log, item);
        break;
    case HW_SINK_FAULT:
        write_fault(log, item);
        break;
    case HW_SINK_STEP:
        write_step(log, item);
        break;
    }
}

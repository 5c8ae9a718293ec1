/* Writes a finished exchange as a line: for eyes, for programs, and for the tools that read what
 * everybody's servers write.
 *
 * A line has a bound, and so has each text in it; together they stay below the line's, so a line is
 * always whole, and one write is enough for lines of several loops not to mix. Everything a client
 * may have chosen goes through watch/escape, method and protocol too. */
#include "watch/line.h"

#include "base/number.h"
#include "watch/escape.h"

enum {
    METHOD_MAX = 32,
    TARGET_MAX = 1600,
    PROTOCOL_MAX = 16,
    PEER_MAX = 128,
    HOST_MAX = 255,
    REFERER_MAX = 900,
    AGENT_MAX = 600,
    PRETTY_TARGET_MAX = 400,
    PRETTY_TARGET_WIDTH = 23,
    PRETTY_METHOD_WIDTH = 4,
    PRETTY_SIZE_WIDTH = 7,
};

/* A moment in the Gregorian calendar. */
typedef struct hw_moment {
    uint64_t year;
    unsigned month, day, hour, minute, second, ms;
} hw_moment;

/* Moments before 1970 are 1970: no clock that says so can be believed. The year begins in March
 * here, so that the day that leap years add is its last. */
static hw_moment moment_of(int64_t at_ms, int offset_s)
{
    int64_t moved = 0;
    if (__builtin_add_overflow(at_ms, (int64_t)offset_s * 1000, &moved) || moved < 0)
        moved = 0;
    uint64_t ms = (uint64_t)moved, seconds = ms / 1000, of_day = seconds % 86400;
    uint64_t days = seconds / 86400 + 719468; /* since 0000-03-01 */
    uint64_t era = days / 146097, of_era = days % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * of_year + 2) / 153; /* from March */
    return (hw_moment){
        .year = era * 400 + year + (month >= 10),
        .month = (unsigned)(month < 10 ? month + 3 : month - 9),
        .day = (unsigned)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (unsigned)(of_day / 3600),
        .minute = (unsigned)(of_day / 60 % 60),
        .second = (unsigned)(of_day % 60),
        .ms = (unsigned)(ms % 1000),
    };
}

static void put_clock(hw_buffer *line, const hw_moment *moment)
{
    hw_buffer_put_decimal_padded(line, moment->hour, 2);
    hw_buffer_put_char(line, ':');
    hw_buffer_put_decimal_padded(line, moment->minute, 2);
    hw_buffer_put_char(line, ':');
    hw_buffer_put_decimal_padded(line, moment->second, 2);
}

static void put_blanks(hw_buffer *line, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hw_buffer_put_char(line, ' ');
}

/* How many columns a text takes that hw_escape_put has made: its bytes less those that continue a
 * character. */
static size_t columns_of(hw_text text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.length; i++)
        columns += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return columns;
}

/* A broken request has no method and no target. */
static hw_text text_or_dash(hw_text text)
{
    return text.length > 0 ? text : HW_TEXT("-");
}

static void put_escaped_padded(hw_buffer *line, hw_text text, size_t bytes_max, size_t width)
{
    size_t start = line->length;
    hw_escape_put(line, text_or_dash(text), HW_ESCAPE_EYES, bytes_max);
    size_t columns = columns_of(hw_text_from(hw_buffer_text(line), start));
    put_blanks(line, width > columns ? width - columns : 0);
}

/* Two digits are enough to judge by: "4.2 kB", "61 kB", "128 B". */
static void put_scaled(hw_buffer *out, uint64_t tenths, const char *unit)
{
    if (tenths < 100) {
        hw_buffer_put_decimal(out, tenths / 10);
        hw_buffer_put_char(out, '.');
        hw_buffer_put_decimal(out, tenths % 10);
    } else {
        hw_buffer_put_decimal(out, tenths / 10);
    }
    hw_buffer_put_char(out, ' ');
    hw_buffer_put_string(out, unit);
}

static void put_bytes_scaled(hw_buffer *out, uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) {
        hw_buffer_put_decimal(out, bytes);
        hw_buffer_put_string(out, " B");
        return;
    }
    size_t unit = 0;
    for (bytes /= 100; bytes >= 10000; bytes /= 1000)
        unit++;
    put_scaled(out, bytes, units[unit]);
}

static void put_size_column(hw_buffer *line, uint64_t bytes)
{
    if (bytes == 0) {
        hw_buffer_put_string(line, "   -   ");
        return;
    }
    char memory[16];
    hw_buffer size = HW_BUFFER_OVER(memory);
    put_bytes_scaled(&size, bytes);
    put_blanks(line, PRETTY_SIZE_WIDTH > size.length ? PRETTY_SIZE_WIDTH - size.length : 0);
    hw_buffer_put(line, hw_buffer_text(&size));
}

static void put_duration(hw_buffer *line, uint64_t us)
{
    if (us < 1000 * 1000)
        put_scaled(line, us / 100, "ms");
    else
        put_scaled(line, us / (100 * 1000), "s");
}

static const char *color_of_status(int status)
{
    switch (status / 100) {
    case 2:
        return "\033[32m";
    case 3:
        return "\033[36m";
    case 4:
        return "\033[33m";
    default:
        return "\033[31m";
    }
}

static void put_status_column(hw_buffer *line, int status, bool colors)
{
    if (colors)
        hw_buffer_put_string(line, color_of_status(status));
    if (status > 0)
        hw_buffer_put_decimal(line, (uint64_t)status);
    else
        hw_buffer_put_string(line, "---");
    if (colors)
        hw_buffer_put_string(line, "\033[0m");
}

void hw_line_put_pretty(hw_buffer *line, const hw_record *record, bool colors, int offset_s)
{
    hw_moment moment = moment_of(record->at_ms, offset_s);
    put_clock(line, &moment);
    put_blanks(line, 2);
    put_status_column(line, record->status, colors);
    put_blanks(line, 2);
    put_escaped_padded(line, record->method, METHOD_MAX, PRETTY_METHOD_WIDTH);
    put_blanks(line, 1);
    put_escaped_padded(line, record->target, PRETTY_TARGET_MAX, PRETTY_TARGET_WIDTH);
    put_blanks(line, 1);
    put_size_column(line, record->bytes_out);
    put_blanks(line, 2);
    put_duration(line, record->us);
    if (!record->is_complete)
        hw_buffer_put_string(line, "  cut off");
    hw_buffer_put_char(line, '\n');
}

static void put_json_text(hw_buffer *line, const char *name, hw_text value, size_t bytes_max)
{
    hw_buffer_put_string(line, ",\"");
    hw_buffer_put_string(line, name);
    hw_buffer_put_string(line, "\":\"");
    hw_escape_put(line, value, HW_ESCAPE_JSON, bytes_max);
    hw_buffer_put_char(line, '"');
}

static void put_json_number(hw_buffer *line, const char *name, uint64_t value)
{
    hw_buffer_put_string(line, ",\"");
    hw_buffer_put_string(line, name);
    hw_buffer_put_string(line, "\":");
    hw_buffer_put_decimal(line, value);
}

/* RFC 3339, UTC, with milliseconds. */
static void put_json_time(hw_buffer *line, int64_t at_ms)
{
    hw_moment moment = moment_of(at_ms, 0);
    hw_buffer_put_string(line, "\"time\":\"");
    hw_buffer_put_decimal_padded(line, moment.year, 4);
    hw_buffer_put_char(line, '-');
    hw_buffer_put_decimal_padded(line, moment.month, 2);
    hw_buffer_put_char(line, '-');
    hw_buffer_put_decimal_padded(line, moment.day, 2);
    hw_buffer_put_char(line, 'T');
    put_clock(line, &moment);
    hw_buffer_put_char(line, '.');
    hw_buffer_put_decimal_padded(line, moment.ms, 3);
    hw_buffer_put_string(line, "Z\"");
}

void hw_line_put_json(hw_buffer *line, const hw_record *record)
{
    hw_buffer_put_char(line, '{');
    put_json_time(line, record->at_ms);
    put_json_text(line, "method", record->method, METHOD_MAX);
    put_json_text(line, "target", record->target, TARGET_MAX);
    put_json_number(line, "status", (uint64_t)(record->status > 0 ? record->status : 0));
    put_json_number(line, "bytes", record->bytes_out);
    put_json_number(line, "us", record->us);
    put_json_text(line, "peer", record->peer, PEER_MAX);
    put_json_text(line, "host", record->host, HOST_MAX);
    put_json_text(line, "referer", record->referer, REFERER_MAX);
    put_json_text(line, "user_agent", record->user_agent, AGENT_MAX);
    put_json_text(line, "protocol", record->protocol, PROTOCOL_MAX);
    hw_buffer_put_string(line,
                         record->is_complete ? ",\"complete\":true}\n" : ",\"complete\":false}\n");
}

static void put_combined_time(hw_buffer *line, int64_t at_ms, int offset_s)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    hw_moment moment = moment_of(at_ms, offset_s);
    unsigned minutes = (unsigned)(offset_s < 0 ? -offset_s : offset_s) / 60;
    hw_buffer_put_decimal_padded(line, moment.day, 2);
    hw_buffer_put_char(line, '/');
    hw_buffer_put_string(line, months[moment.month - 1]);
    hw_buffer_put_char(line, '/');
    hw_buffer_put_decimal_padded(line, moment.year, 4);
    hw_buffer_put_char(line, ':');
    put_clock(line, &moment);
    hw_buffer_put_string(line, offset_s < 0 ? " -" : " +");
    hw_buffer_put_decimal_padded(line, minutes / 60, 2);
    hw_buffer_put_decimal_padded(line, minutes % 60, 2);
}

static void put_combined_text(hw_buffer *line, hw_text text, size_t bytes_max)
{
    hw_buffer_put_string(line, " \"");
    hw_escape_put(line, text_or_dash(text), HW_ESCAPE_COMBINED, bytes_max);
    hw_buffer_put_char(line, '"');
}

void hw_line_put_combined(hw_buffer *line, const hw_record *record, int offset_s)
{
    hw_escape_put(line, text_or_dash(record->peer), HW_ESCAPE_COMBINED, PEER_MAX);
    hw_buffer_put_string(line, " - - [");
    put_combined_time(line, record->at_ms, offset_s);
    hw_buffer_put_string(line, "] \"");
    hw_escape_put(line, text_or_dash(record->method), HW_ESCAPE_COMBINED, METHOD_MAX);
    hw_buffer_put_char(line, ' ');
    hw_escape_put(line, text_or_dash(record->target), HW_ESCAPE_COMBINED, TARGET_MAX);
    hw_buffer_put_char(line, ' ');
    hw_escape_put(line, text_or_dash(record->protocol), HW_ESCAPE_COMBINED, PROTOCOL_MAX);
    hw_buffer_put_string(line, "\" ");
    hw_buffer_put_decimal(line, (uint64_t)(record->status > 0 ? record->status : 0));
    hw_buffer_put_char(line, ' ');
    hw_buffer_put_decimal(line, record->bytes_out);
    put_combined_text(line, record->referer, REFERER_MAX);
    put_combined_text(line, record->user_agent, AGENT_MAX);
    hw_buffer_put_char(line, '\n');
}

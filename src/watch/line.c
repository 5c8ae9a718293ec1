/* Writes a finished exchange as a line: for eyes, for programs, and for the tools that read what
 * everybody's servers write.
 *
 * A line has a bound, and so has each text in it; together they stay below the line's, so a line is
 * always whole where there is room for the longest. Everything a client may have chosen goes
 * through watch/escape, method and protocol too.
 *
 * JSON and combined are written for every request of a busy server: the room for the longest line
 * is asked for once, what is between the texts is copied without a call, and small numbers without
 * a loop. Pretty is for eyes, which are slower. */
#include "watch/line.h"

#include <string.h>

#include "base/assert.h"
#include "base/decimal.h"
#include "watch/escape.h"

enum {
    METHOD_MAX = 32,
    TARGET_MAX = 1600,
    PROTOCOL_MAX = 16,
    PEER_MAX = 128,
    HOST_MAX = 255,
    REFERER_MAX = 900,
    AGENT_MAX = 600,
    ID_MAX = 128,
    TIME_MAX = 48,
    MARKS_MAX = 256, /* what is the same in every line */
    PRETTY_TARGET_MAX = 400,
    PRETTY_TARGET_WIDTH = 23,
    PRETTY_METHOD_WIDTH = 4,
    PRETTY_SIZE_WIDTH = 7,
};

_Static_assert(METHOD_MAX + TARGET_MAX + PROTOCOL_MAX + PEER_MAX + HOST_MAX + REFERER_MAX +
                       AGENT_MAX + ID_MAX + TIME_MAX + MARKS_MAX + 3 * HW_DECIMAL_BYTES_MAX <=
                   HW_LINE_BYTES_MAX,
               "a line has room for the longest");

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

static uint64_t status_or_zero(const hw_record *record)
{
    return record->status > 0 ? (uint64_t)record->status : 0;
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

void hw_line_put_pretty(hw_buffer *line, const hw_record *record, hw_text time, bool colors)
{
    hw_buffer_put(line, time);
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

/* In the two that follow, each piece is written at `at`, in the room of a longest line, and returns
 * where the next one goes. */

/* What is the same in every line; inlined, its length is known and copying it takes no call. */
static inline __attribute__((always_inline)) char *write_mark(char *at, hw_text mark)
{
    memcpy(at, mark.at, mark.length);
    return at + mark.length;
}

static char *write_time(char *at, hw_text time)
{
    hw_assert(time.length <= TIME_MAX);
    memcpy(at, time.at, time.length);
    return at + time.length;
}

static inline __attribute__((always_inline)) char *write_json_text(char *at, hw_text before,
                                                                   hw_text value, size_t bytes_max)
{
    return hw_escape_write(write_mark(at, before), value, HW_ESCAPE_JSON, bytes_max);
}

static inline __attribute__((always_inline)) char *write_number(char *at, hw_text before,
                                                                uint64_t value)
{
    return hw_decimal_write(write_mark(at, before), value);
}

void hw_line_put_json(hw_buffer *line, const hw_record *record, hw_text time)
{
    char *at = hw_buffer_claim(line, HW_LINE_BYTES_MAX);
    if (!at)
        return;
    at = write_time(write_mark(at, HW_TEXT("{\"time\":\"")), time);
    at = write_json_text(at, HW_TEXT("\",\"method\":\""), record->method, METHOD_MAX);
    at = write_json_text(at, HW_TEXT("\",\"target\":\""), record->target, TARGET_MAX);
    at = write_number(at, HW_TEXT("\",\"status\":"), status_or_zero(record));
    at = write_number(at, HW_TEXT(",\"bytes\":"), record->bytes_out);
    at = write_number(at, HW_TEXT(",\"us\":"), record->us);
    at = write_json_text(at, HW_TEXT(",\"peer\":\""), record->peer, PEER_MAX);
    at = write_json_text(at, HW_TEXT("\",\"host\":\""), record->host, HOST_MAX);
    at = write_json_text(at, HW_TEXT("\",\"referer\":\""), record->referer, REFERER_MAX);
    at = write_json_text(at, HW_TEXT("\",\"user_agent\":\""), record->user_agent, AGENT_MAX);
    at = write_json_text(at, HW_TEXT("\",\"protocol\":\""), record->protocol, PROTOCOL_MAX);
    if (record->id.length > 0)
        at = write_json_text(at, HW_TEXT("\",\"id\":\""), record->id, ID_MAX);
    if (record->is_complete)
        at = write_mark(at, HW_TEXT("\",\"complete\":true}\n"));
    else
        at = write_mark(at, HW_TEXT("\",\"complete\":false}\n"));
    line->length = (size_t)(at - line->at);
}

static inline __attribute__((always_inline)) char *
write_combined_text(char *at, hw_text before, hw_text value, size_t bytes_max)
{
    at = write_mark(at, before);
    return value.length > 0 ? hw_escape_write(at, value, HW_ESCAPE_COMBINED, bytes_max)
                            : write_mark(at, HW_TEXT("-"));
}

void hw_line_put_combined(hw_buffer *line, const hw_record *record, hw_text time)
{
    char *at = hw_buffer_claim(line, HW_LINE_BYTES_MAX);
    if (!at)
        return;
    at = write_combined_text(at, HW_TEXT(""), record->peer, PEER_MAX);
    at = write_time(write_mark(at, HW_TEXT(" - - [")), time);
    at = write_combined_text(at, HW_TEXT("] \""), record->method, METHOD_MAX);
    at = write_combined_text(at, HW_TEXT(" "), record->target, TARGET_MAX);
    at = write_combined_text(at, HW_TEXT(" "), record->protocol, PROTOCOL_MAX);
    at = write_number(at, HW_TEXT("\" "), status_or_zero(record));
    at = write_number(at, HW_TEXT(" "), record->bytes_out);
    at = write_combined_text(at, HW_TEXT(" \""), record->referer, REFERER_MAX);
    at = write_combined_text(at, HW_TEXT("\" \""), record->user_agent, AGENT_MAX);
    at = write_mark(at, HW_TEXT("\"\n"));
    line->length = (size_t)(at - line->at);
}

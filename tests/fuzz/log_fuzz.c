/* Any bytes as what a client sent: whatever they are, each format of the log is one whole line that cannot talk to a
 * terminal, and JSON is JSON. The first byte says where the rest is cut into the record's texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "watch/line.h"
#include "watch/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

#ifdef HW_FUZZ_PLANTED
/* A right-to-left override. */
static void check_planted(hw_text target)
{
    if (memmem(target.at, target.length, "\xe2\x80\xae", 3))
        abort();
}
#else
static void check_planted(hw_text target)
{
    (void)target;
}
#endif

/* One character of UTF-8 that is fit to be shown (RFC 3629, written anew). */
static void take_shown_character(hw_cursor *cursor)
{
    static const uint32_t least[] = {0, 0xa0, 0x800, 0x10000};
    uint32_t lead = (uint32_t)hw_cursor_next(cursor);
    unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
    hw_assert(more == 0 ? lead >= 0x20 && lead != 0x7f : lead >= 0xc2 && lead <= 0xf4);
    for (unsigned i = 0; i < more; i++) {
        uint32_t next = (uint32_t)hw_cursor_next(cursor);
        hw_assert((next & ~0x3fu) == 0x80);
        code = code << 6 | (next & 0x3f);
    }
    hw_assert(code >= least[more] && code <= 0x10ffff && (code & 0xfffff800) != 0xd800);
    hw_assert(code < 0x202a || code > 0x202e);
}

static void check_line(const hw_buffer *line)
{
    hw_assert(!line->overflow && line->length > 0 && line->at[line->length - 1] == '\n');
    hw_cursor cursor = hw_cursor_of((hw_text){line->at, line->length - 1});
    while (!hw_cursor_at_end(&cursor))
        take_shown_character(&cursor);
}

static void take_json_string(hw_cursor *cursor)
{
    hw_assert(hw_cursor_take(cursor, '"'));
    for (int byte; (byte = hw_cursor_next(cursor)) != '"';) {
        hw_assert(byte >= 0x20);
        if (byte != '\\')
            continue;
        byte = hw_cursor_next(cursor);
        hw_assert(byte == '"' || byte == '\\' || byte == 'u');
        for (int digits = byte == 'u' ? 4 : 0; digits > 0; digits--)
            hw_assert(hw_char_hex((char)hw_cursor_next(cursor)) >= 0);
    }
}

static void take_json_value(hw_cursor *cursor)
{
    if (hw_cursor_peek(cursor) == '"')
        take_json_string(cursor);
    else if (!hw_cursor_take_text(cursor, HW_TEXT("true")) &&
             !hw_cursor_take_text(cursor, HW_TEXT("false")))
        hw_assert(hw_cursor_take_while(cursor, hw_char_is_digit).length > 0);
}

static void check_json(hw_text line)
{
    hw_cursor cursor = hw_cursor_of(line);
    unsigned members = 0;
    hw_assert(hw_cursor_take(&cursor, '{'));
    do {
        take_json_string(&cursor);
        hw_assert(hw_cursor_take(&cursor, ':'));
        take_json_value(&cursor);
        members++;
    } while (hw_cursor_take(&cursor, ','));
    hw_assert(hw_cursor_take_text(&cursor, HW_TEXT("}\n")) && hw_cursor_at_end(&cursor));
    hw_assert(members == 12);
}

static int ahead_of_utc(int64_t at_s)
{
    return (int)(at_s % 57600);
}

static int behind_utc(int64_t at_s)
{
    return -(int)(at_s % 57600);
}

/* Quotes that are not escaped: of request, referer and user agent. */
static void check_combined(hw_text line)
{
    unsigned quotes = 0;
    for (size_t i = 0; i < line.length; i++) {
        hw_assert((unsigned char)line.at[i] < 0x80);
        if (line.at[i] == '\\')
            i++;
        else
            quotes += line.at[i] == '"';
    }
    hw_assert(quotes == 6);
}

static hw_text next_part(hw_cursor *cursor, char separator)
{
    hw_text part = hw_cursor_take_until(cursor, separator);
    (void)hw_cursor_take(cursor, separator);
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    hw_cursor cursor = hw_cursor_of((hw_text){(const char *)input, bytes});
    char separator = (char)hw_cursor_next(&cursor);
    hw_record record = {
        .target = next_part(&cursor, separator),
        .method = next_part(&cursor, separator),
        .referer = next_part(&cursor, separator),
        .user_agent = next_part(&cursor, separator),
        .host = next_part(&cursor, separator),
        .protocol = next_part(&cursor, separator),
        .peer = next_part(&cursor, separator),
        .status = (int)bytes % 600,
        .bytes_out = bytes * bytes * bytes,
        .us = bytes * 1000,
        .at_ms = (int64_t)bytes << (bytes % 40),
    };
    char memory[HW_LINE_BYTES_MAX];
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_stamp stamp;
    hw_stamp_init(&stamp, HW_STAMP_PRETTY, ahead_of_utc);
    hw_line_put_pretty(&line, &record, hw_stamp_show(&stamp, record.at_ms), false);
    check_line(&line);
    hw_buffer_clear(&line);
    hw_stamp_init(&stamp, HW_STAMP_JSON, NULL);
    hw_line_put_json(&line, &record, hw_stamp_show(&stamp, record.at_ms));
    check_line(&line);
    check_json(hw_buffer_text(&line));
    hw_buffer_clear(&line);
    hw_stamp_init(&stamp, HW_STAMP_COMBINED, behind_utc);
    hw_line_put_combined(&line, &record, hw_stamp_show(&stamp, record.at_ms));
    check_line(&line);
    check_combined(hw_buffer_text(&line));
    check_planted(record.target);
    return 0;
}

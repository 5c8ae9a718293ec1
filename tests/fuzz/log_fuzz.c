/* Any bytes as what a client sent: whatever they are, each format of the log is one whole line that
 * cannot talk to a terminal; JSON is JSON, and a reader of it gets back what was sent, as does one
 * of combined lines. The first byte says where the rest is cut into the record's texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "base/number.h"
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

/* A text read back from a line. */
typedef struct read_text {
    size_t length;
    char at[HW_LINE_BYTES_MAX * 3];
} read_text;

static void keep_byte(read_text *text, unsigned byte)
{
    text->at[text->length++] = (char)byte;
}

/* RFC 3629 3: the bytes of a character. */
static void keep_character(read_text *text, uint32_t code)
{
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned leads[] = {0, 0xc0, 0xe0, 0xf0};
    keep_byte(text, leads[more] | code >> (6 * more));
    while (more-- > 0)
        keep_byte(text, 0x80 | (code >> (6 * more) & 0x3f));
}

static uint32_t take_hex_digits(hw_cursor *cursor, int count)
{
    uint32_t number = 0;
    while (count-- > 0) {
        int digit = hw_char_hex((char)hw_cursor_next(cursor));
        hw_assert(digit >= 0);
        number = number * 16 + (uint32_t)digit;
    }
    return number;
}

/* RFC 8259 7 */
static void take_json_string(hw_cursor *cursor, read_text *text)
{
    text->length = 0;
    hw_assert(hw_cursor_take(cursor, '"'));
    for (int byte; (byte = hw_cursor_next(cursor)) != '"';) {
        hw_assert(byte >= 0x20);
        if (byte != '\\') {
            keep_byte(text, (unsigned)byte);
            continue;
        }
        byte = hw_cursor_next(cursor);
        hw_assert(byte == '"' || byte == '\\' || byte == 'u');
        if (byte != 'u') {
            keep_byte(text, (unsigned)byte);
            continue;
        }
        uint32_t code = take_hex_digits(cursor, 4);
        if (code >= 0xd800 && code < 0xdc00) {
            hw_assert(hw_cursor_take_text(cursor, HW_TEXT("\\u")));
            uint32_t low = take_hex_digits(cursor, 4);
            hw_assert(low >= 0xdc00 && low < 0xe000);
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        hw_assert(code < 0xd800 || code >= 0xe000);
        keep_character(text, code);
    }
}

/* How many bytes the character takes that begins a text; 0: it is no UTF-8 (the table of RFC 3629
 * 4, row by row). */
static size_t character_length(hw_text text)
{
    static const unsigned char rows[][4] = {
        /* first byte from, to; second byte from, to */
        {0xc2, 0xdf, 0x80, 0xbf}, {0xe0, 0xe0, 0xa0, 0xbf}, {0xe1, 0xec, 0x80, 0xbf},
        {0xed, 0xed, 0x80, 0x9f}, {0xee, 0xef, 0x80, 0xbf}, {0xf0, 0xf0, 0x90, 0xbf},
        {0xf1, 0xf3, 0x80, 0xbf}, {0xf4, 0xf4, 0x80, 0x8f},
    };
    const unsigned char *at = (const unsigned char *)text.at;
    if (at[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = i == 0 ? 2 : i < 5 ? 3 : 4;
        bool is_row = at[0] >= rows[i][0] && at[0] <= rows[i][1] && text.length >= length &&
                      at[1] >= rows[i][2] && at[1] <= rows[i][3];
        for (size_t j = 2; is_row && j < length; j++)
            is_row = at[j] >= 0x80 && at[j] <= 0xbf;
        if (is_row)
            return length;
    }
    return 0;
}

/* What a reader gets must be what was sent, or begin as that and end in "...", where it was cut. */
static void check_read_back(const read_text *text, const read_text *sent)
{
    if (text->length == sent->length && !memcmp(text->at, sent->at, sent->length))
        return;
    hw_assert(text->length >= 3 && !memcmp(text->at + text->length - 3, "...", 3));
    hw_assert(text->length - 3 < sent->length && !memcmp(text->at, sent->at, text->length - 3));
}

/* A text as JSON can say it: what is no UTF-8 becomes U+FFFD, byte by byte. Cut where no line is as
 * long. */
static void make_sayable(hw_text text, read_text *sayable)
{
    sayable->length = 0;
    while (text.length > 0 && sayable->length < HW_LINE_BYTES_MAX) {
        size_t length = character_length(text);
        for (size_t i = 0; i < length; i++)
            keep_byte(sayable, (unsigned char)text.at[i]);
        if (length == 0)
            keep_character(sayable, 0xfffd);
        text = hw_text_from(text, length ? length : 1);
    }
}

static void take_member_name(hw_cursor *cursor, const char *expected)
{
    static read_text name;
    take_json_string(cursor, &name);
    hw_assert(hw_text_equal((hw_text){name.at, name.length}, hw_text_of(expected)));
    hw_assert(hw_cursor_take(cursor, ':'));
}

static void take_text_member(hw_cursor *cursor, const char *name, hw_text sent)
{
    static read_text value, sayable;
    hw_assert(hw_cursor_take(cursor, ','));
    take_member_name(cursor, name);
    take_json_string(cursor, &value);
    make_sayable(sent, &sayable);
    check_read_back(&value, &sayable);
}

static void take_number_member(hw_cursor *cursor, const char *name, uint64_t expected)
{
    uint64_t number;
    hw_assert(hw_cursor_take(cursor, ','));
    take_member_name(cursor, name);
    hw_assert(hw_number_decimal(hw_cursor_take_while(cursor, hw_char_is_digit), &number));
    hw_assert(number == expected);
}

static void check_json(hw_text line, const hw_record *record)
{
    static read_text time;
    hw_cursor cursor = hw_cursor_of(line);
    hw_assert(hw_cursor_take(&cursor, '{'));
    take_member_name(&cursor, "time");
    take_json_string(&cursor, &time);
    take_text_member(&cursor, "method", record->method);
    take_text_member(&cursor, "target", record->target);
    take_number_member(&cursor, "status", (uint64_t)record->status);
    take_number_member(&cursor, "bytes", record->bytes_out);
    take_number_member(&cursor, "us", record->us);
    take_text_member(&cursor, "peer", record->peer);
    take_text_member(&cursor, "host", record->host);
    take_text_member(&cursor, "referer", record->referer);
    take_text_member(&cursor, "user_agent", record->user_agent);
    take_text_member(&cursor, "protocol", record->protocol);
    hw_assert(hw_cursor_take(&cursor, ','));
    take_member_name(&cursor, "complete");
    hw_assert(
        hw_cursor_take_text(&cursor, record->is_complete ? HW_TEXT("true") : HW_TEXT("false")));
    hw_assert(hw_cursor_take_text(&cursor, HW_TEXT("}\n")) && hw_cursor_at_end(&cursor));
}

static int ahead_of_utc(int64_t at_s)
{
    return (int)(at_s % 57600);
}

static int behind_utc(int64_t at_s)
{
    return -(int)(at_s % 57600);
}

/* A text of a combined line and what ends it, which is not escaped; "-" is the empty one. */
static void take_combined_text(hw_cursor *cursor, const char *end, hw_text sent)
{
    static read_text text, expected;
    text.length = expected.length = 0;
    while (!hw_cursor_take_text(cursor, hw_text_of(end))) {
        int byte = hw_cursor_next(cursor);
        hw_assert(byte >= ' ' && byte < 0x7f && byte != '"');
        if (byte != '\\') {
            keep_byte(&text, (unsigned)byte);
            continue;
        }
        byte = hw_cursor_next(cursor);
        hw_assert(byte == '"' || byte == '\\' || byte == 'x');
        keep_byte(&text, byte == 'x' ? take_hex_digits(cursor, 2) : (unsigned)byte);
    }
    for (size_t i = 0; i < sent.length && i < HW_LINE_BYTES_MAX; i++)
        keep_byte(&expected, (unsigned char)sent.at[i]);
    if (sent.length == 0)
        keep_byte(&expected, '-');
    check_read_back(&text, &expected);
}

static void take_combined_number(hw_cursor *cursor, uint64_t expected)
{
    uint64_t number;
    hw_assert(hw_number_decimal(hw_cursor_take_while(cursor, hw_char_is_digit), &number));
    hw_assert(number == expected && hw_cursor_take(cursor, ' '));
}

static bool has_blank(hw_text text)
{
    return hw_text_find(text, ' ') < text.length;
}

/* Peer, method and target end where a blank is, so those that have one cannot be told apart. */
static void check_combined(hw_text line, const hw_record *record)
{
    hw_cursor cursor = hw_cursor_of(line);
    if (has_blank(record->peer) || has_blank(record->method) || has_blank(record->target))
        return;
    take_combined_text(&cursor, " - - [", record->peer);
    (void)hw_cursor_take_until(&cursor, ']');
    hw_assert(hw_cursor_take_text(&cursor, HW_TEXT("] \"")));
    take_combined_text(&cursor, " ", record->method);
    take_combined_text(&cursor, " ", record->target);
    take_combined_text(&cursor, "\" ", record->protocol);
    take_combined_number(&cursor, (uint64_t)record->status);
    take_combined_number(&cursor, record->bytes_out);
    hw_assert(hw_cursor_take(&cursor, '"'));
    take_combined_text(&cursor, "\" \"", record->referer);
    take_combined_text(&cursor, "\"\n", record->user_agent);
    hw_assert(hw_cursor_at_end(&cursor));
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
        .is_complete = bytes % 2 == 0,
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
    check_json(hw_buffer_text(&line), &record);
    hw_buffer_clear(&line);
    hw_stamp_init(&stamp, HW_STAMP_COMBINED, behind_utc);
    hw_line_put_combined(&line, &record, hw_stamp_show(&stamp, record.at_ms));
    check_line(&line);
    check_combined(hw_buffer_text(&line), &record);
    check_planted(record.target);
    return 0;
}

/* Turns escapes and quoted, repeated strings into bytes. */
#include "talk/quote.h"

#include "base/cursor.h"
#include "base/number.h"

#define REPEATED_BYTES_MAX (16 * 1024 * 1024)

static int read_hex_pair(hw_cursor *cursor)
{
    int high = hw_char_hex((char)hw_cursor_next(cursor));
    int low = hw_char_hex((char)hw_cursor_next(cursor));
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* What stands behind a backslash; -1: no such escape. */
static int read_escape(hw_cursor *cursor)
{
    switch (hw_cursor_next(cursor)) {
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '0':
        return '\0';
    case '\\':
        return '\\';
    case '"':
        return '"';
    case 'x':
        return read_hex_pair(cursor);
    default:
        return -1;
    }
}

static bool put_byte(hw_cursor *cursor, talk_bytes *bytes)
{
    int byte = hw_cursor_next(cursor);
    if (byte == '\\')
        byte = read_escape(cursor);
    if (byte < 0)
        return false;
    talk_bytes_put(bytes, (hw_text){&(char){(char)byte}, 1});
    return true;
}

bool talk_quote_unescape(hw_text text, talk_bytes *bytes)
{
    hw_cursor cursor = hw_cursor_of(text);
    while (!hw_cursor_at_end(&cursor))
        if (!put_byte(&cursor, bytes))
            return false;
    return true;
}

static bool read_quoted(hw_cursor *cursor, talk_bytes *bytes)
{
    if (!hw_cursor_take(cursor, '"'))
        return false;
    while (!hw_cursor_take(cursor, '"'))
        if (!put_byte(cursor, bytes))
            return false;
    return true;
}

static bool read_repeated(hw_cursor *cursor, talk_bytes *bytes)
{
    hw_text digits = hw_cursor_take_while(cursor, hw_char_is_digit);
    talk_bytes once = {0};
    uint64_t times = 1;
    bool is_good =
        digits.length == 0 || (hw_number_decimal(digits, &times) && hw_cursor_take(cursor, '*'));
    is_good = is_good && read_quoted(cursor, &once);
    is_good = is_good && (once.length == 0 || times <= REPEATED_BYTES_MAX / once.length);
    for (uint64_t i = 0; is_good && i < times; i++)
        talk_bytes_put(bytes, talk_bytes_text(&once));
    talk_bytes_free(&once);
    return is_good;
}

bool talk_quote_read(hw_text text, talk_bytes *bytes)
{
    hw_cursor cursor = hw_cursor_of(hw_text_trim(text));
    do {
        if (!read_repeated(&cursor, bytes))
            return false;
        hw_cursor_skip_blanks(&cursor);
    } while (!hw_cursor_at_end(&cursor));
    return true;
}

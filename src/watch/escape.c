/* Escapes what clients sent, for three kinds of readers.
 *
 * A log is read by terminals and by programs, and whoever sends a request chooses what stands in
 * it. So nothing is trusted: text is read one character at a time (UTF-8 as RFC 3629 has it, no
 * overlong forms, no surrogates), what is harmless is copied, and all else is spelled in ASCII.
 * Backslashes are escaped too: a reader can tell what was sent from what was escaped. Rejected:
 * dropping what is not printable, which hides an attack from the one who looks for it.
 *
 * Nearly all that honest clients send is printable ASCII without quotes and backslashes, which
 * every style leaves as it is. So a text is copied sixteen bytes at a time first, each looked at on
 * its way, and only when something else turns up is that thrown away; a test compares the two
 * ways. */
#include "watch/escape.h"

#include <string.h>

#include "base/cursor.h"
#include "http/scan.h"

/* One character of a text. `code` is -1 for a byte that is no UTF-8. */
typedef struct hw_character {
    hw_text bytes;
    int32_t code;
} hw_character;

static int32_t take_continuations(hw_cursor *cursor, unsigned count, int32_t code)
{
    for (unsigned i = 0; i < count; i++) {
        int next = hw_cursor_next(cursor);
        if (next < 0 || (next & 0xc0) != 0x80)
            return -1;
        code = code << 6 | (next & 0x3f);
    }
    return code;
}

/* RFC 3629 3 and 4. */
static int32_t decode_utf8(hw_cursor *cursor)
{
    static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
    int lead = hw_cursor_next(cursor);
    if (lead < 0x80)
        return lead;
    unsigned count = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4)
        return -1;
    int32_t code = take_continuations(cursor, count, lead & (0x3f >> count));
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least[count] || is_surrogate || code > 0x10ffff ? -1 : code;
}

static hw_character next_character(hw_cursor *cursor)
{
    hw_text rest = hw_cursor_rest(cursor);
    hw_cursor ahead = *cursor;
    hw_character character = {.code = decode_utf8(&ahead)};
    if (character.code < 0) { /* one byte, then try again: never swallow what may be harmless */
        ahead = *cursor;
        (void)hw_cursor_next(&ahead);
    }
    character.bytes = hw_text_upto(rest, rest.length - hw_cursor_left(&ahead));
    *cursor = ahead;
    return character;
}

/* Invisible, or with power over what stands around it: controls, line separators, marks of
 * direction. */
static bool is_tricky(int32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) || code >= 0xe0000;
}

static void put_hex_digits(hw_buffer *out, uint32_t number, int digits)
{
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
        hw_buffer_put_char(out, "0123456789abcdef"[number >> shift & 0xf]);
}

static void put_bytes_spelled(hw_buffer *out, hw_text bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        hw_buffer_put_string(out, "\\x");
        put_hex_digits(out, (unsigned char)bytes.at[i], 2);
    }
}

/* RFC 8259 7: beyond the basic plane, two surrogates. */
static void put_json_spelled(hw_buffer *out, int32_t code)
{
    uint32_t value = code < 0 ? 0xfffd : (uint32_t)code;
    if (value >= 0x10000) {
        hw_buffer_put_string(out, "\\u");
        put_hex_digits(out, 0xd800 + ((value - 0x10000) >> 10), 4);
        value = 0xdc00 + ((value - 0x10000) & 0x3ff);
    }
    hw_buffer_put_string(out, "\\u");
    put_hex_digits(out, value, 4);
}

static void put_character(hw_buffer *out, hw_character character, hw_escape style)
{
    int32_t code = character.code;
    bool is_plain = code >= 0 && !is_tricky(code) && (style != HW_ESCAPE_COMBINED || code < 0x80);
    if (code == '\\' || (code == '"' && style != HW_ESCAPE_EYES)) {
        hw_buffer_put_char(out, '\\');
        hw_buffer_put_char(out, (char)code);
    } else if (is_plain) {
        hw_buffer_put(out, character.bytes);
    } else if (style == HW_ESCAPE_JSON) {
        put_json_spelled(out, code);
    } else {
        put_bytes_spelled(out, character.bytes);
    }
}

/* Printable ASCII without quotes and backslashes: a set. */
static inline hw_block find_plain(hw_block block)
{
    return hw_scan_print(block) & ~(hw_block_same(block, '"') | hw_block_same(block, '\\'));
}

static inline hw_block copy_block(char *to, const char *from)
{
    hw_block block = hw_block_load(from);
    memcpy(to, &block, sizeof block);
    return find_plain(block);
}

/* Fewer than a block: from both ends, which may overlap. */
static inline hw_block copy_few(char *to, const char *from, size_t length)
{
    char low[8], high[8];
    memset(low, ' ', sizeof low);
    memset(high, ' ', sizeof high);
    if (length >= 8) {
        memcpy(low, from, 8);
        memcpy(high, from + length - 8, 8);
        memcpy(to, low, 8);
        memcpy(to + length - 8, high, 8);
    } else if (length >= 4) {
        memcpy(low, from, 4);
        memcpy(high, from + length - 4, 4);
        memcpy(to, low, 4);
        memcpy(to + length - 4, high, 4);
    } else if (length > 0) {
        low[0] = to[0] = from[0];
        low[1] = to[length / 2] = from[length / 2];
        low[2] = to[length - 1] = from[length - 1];
    }
    return find_plain(hw_block_load_halves(low, high));
}

/* Every style leaves it as it is. False: it does not, and what was written means nothing. */
static bool copy_plain(char *to, hw_text text)
{
    if (text.length < HW_BLOCK_BYTES)
        return hw_block_is_full(copy_few(to, text.at, text.length));
    size_t last = text.length - HW_BLOCK_BYTES;
    hw_block plain = copy_block(to + last, text.at + last);
    for (size_t i = 0; i < last; i += HW_BLOCK_BYTES)
        plain &= copy_block(to + i, text.at + i);
    return hw_block_is_full(plain);
}

/* Apart, so that its variables do not cost the texts that are plain. */
static __attribute__((noinline)) void put_escaped(hw_buffer *line, hw_text text, hw_escape style,
                                                  size_t bytes_max)
{
    static const hw_text cut = HW_TEXT_INIT("...");
    size_t start = line->length, fitting = start;
    hw_cursor cursor = hw_cursor_of(text);
    while (!hw_cursor_at_end(&cursor)) {
        char memory[16];
        hw_buffer one = HW_BUFFER_OVER(memory);
        put_character(&one, next_character(&cursor), style);
        if (line->length - start + one.length > bytes_max) {
            line->length = fitting;
            hw_buffer_put(line, cut);
            return;
        }
        hw_buffer_put(line, hw_buffer_text(&one));
        if (line->length - start + cut.length <= bytes_max)
            fitting = line->length;
    }
}

char *hw_escape_write(char *to, hw_text text, hw_escape style, size_t bytes_max)
{
    if (text.length <= bytes_max && copy_plain(to, text))
        return to + text.length;
    hw_buffer escaped = hw_buffer_over(to, bytes_max);
    put_escaped(&escaped, text, style, bytes_max);
    return to + escaped.length;
}

void hw_escape_put(hw_buffer *line, hw_text text, hw_escape style, size_t bytes_max)
{
    bool fits = !line->overflow && text.length <= hw_buffer_room(line);
    if (fits && text.length <= bytes_max && copy_plain(line->at + line->length, text))
        line->length += text.length;
    else
        put_escaped(line, text, style, bytes_max);
}

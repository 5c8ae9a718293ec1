/* Writes texts as JSON strings.
 *
 * Escaped are what RFC 8259 7 wants, and a few characters it does not mind: "<", so that neither
 * "</script" nor "<!--" ends or changes the element that a value is put into, and U+2028 and U+2029,
 * which ended lines of JavaScript until 2019. What a client sent need not be UTF-8, and JSON must be
 * (RFC 8259 8.1): a byte that belongs to no character becomes U+FFFD. */
#include "http/json.h"

#include <string.h>

static unsigned char byte_at(hw_text text, size_t at)
{
    return at < text.length ? (unsigned char)text.at[at] : 0;
}

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The length of the character a text begins with, all of it well-formed (RFC 3629 4); 0: none is. */
static size_t measure_character(hw_text text)
{
    unsigned char first = byte_at(text, 0), second = byte_at(text, 1);
    if (first < 0x80)
        return text.length > 0;
    if (first < 0xc2 || first > 0xf4 || !is_continuation(second))
        return 0;
    if (first < 0xe0)
        return 2;
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) ||
        !is_continuation(byte_at(text, 2)))
        return 0;
    if (first < 0xf0)
        return 3;
    return is_continuation(byte_at(text, 3)) ? 4 : 0;
}

bool hw_json_is_utf8(hw_text text)
{
    size_t at = 0, length;
    while ((length = measure_character(hw_text_from(text, at))) > 0)
        at += length;
    return at == text.length;
}

static bool is_line_separator(hw_text text)
{
    return hw_text_has_prefix(text, HW_TEXT("\xe2\x80\xa8")) ||
           hw_text_has_prefix(text, HW_TEXT("\xe2\x80\xa9"));
}

static bool is_plain_byte(char byte)
{
    return (unsigned char)byte >= 0x20 && byte != '"' && byte != '\\' && byte != '<' &&
           (unsigned char)byte < 0x7f;
}

/* The bytes of the next character, if it may stand as it is; 0: it may not. */
static size_t measure_plain(hw_text text)
{
    if (text.length > 0 && (unsigned char)text.at[0] < 0x80)
        return is_plain_byte(text.at[0]);
    return is_line_separator(text) ? 0 : measure_character(text);
}

hw_text hw_json_take_plain(hw_cursor *text)
{
    hw_text rest = hw_cursor_rest(text), taken;
    size_t length = 0, more;
    while ((more = measure_plain(hw_text_from(rest, length))) > 0)
        length += more;
    (void)hw_cursor_take_bytes(text, length, &taken);
    return taken;
}

static size_t spell_unit(unsigned unit, char *memory)
{
    static const char digits[] = "0123456789abcdef";
    const char spelt[] = {'\\',
                          'u',
                          digits[unit >> 12 & 15],
                          digits[unit >> 8 & 15],
                          digits[unit >> 4 & 15],
                          digits[unit & 15]};
    memcpy(memory, spelt, sizeof spelt);
    return sizeof spelt;
}

size_t hw_json_take_odd(hw_cursor *text, char memory[HW_JSON_ESCAPE_BYTES])
{
    static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    hw_text rest = hw_cursor_rest(text), taken;
    if (is_line_separator(rest)) {
        (void)hw_cursor_take_bytes(text, 3, &taken);
        return spell_unit(0x2000u + ((unsigned char)taken.at[2] - 0x80u), memory);
    }
    int byte = hw_cursor_next(text);
    const char *name = byte > 0 ? strchr(named, byte) : NULL;
    if (name) {
        memory[0] = '\\';
        memory[1] = names[name - named];
        return 2;
    }
    return spell_unit(byte < 0x80 ? (unsigned)byte : 0xfffd, memory);
}

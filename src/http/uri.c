/* Characters of URIs, as one table. RFC 3986 gives every part of a URI its own set of bytes; a
 * table of bits answers "may this stand here?" with one load, and holds all sets side by side, so
 * that nobody writes a second, slightly different one. What is in no set (controls, space, DEL,
 * bytes over 127, and "<>\^`{|}#) must be percent-encoded everywhere. */
#include "http/uri.h"

/* unreserved and sub-delims stand everywhere: RFC 3986 2.2, 2.3 */
#define EVERYWHERE (HW_URI_REG_NAME | HW_URI_PATH | HW_URI_QUERY)
#define PATH_AND_QUERY (HW_URI_PATH | HW_URI_QUERY)

const uint8_t hw_uri_classes[256] = {
    ['a' ... 'z'] = EVERYWHERE, ['A' ... 'Z'] = EVERYWHERE, ['0' ... '9'] = EVERYWHERE,
    ['-'] = EVERYWHERE,         ['.'] = EVERYWHERE,         ['_'] = EVERYWHERE,
    ['~'] = EVERYWHERE,         ['!'] = EVERYWHERE,         ['$'] = EVERYWHERE,
    ['&'] = EVERYWHERE,         ['\''] = EVERYWHERE,        ['('] = EVERYWHERE,
    [')'] = EVERYWHERE,         ['*'] = EVERYWHERE,         ['+'] = EVERYWHERE,
    [','] = EVERYWHERE,         [';'] = EVERYWHERE,         ['='] = EVERYWHERE,
    [':'] = PATH_AND_QUERY,     ['@'] = PATH_AND_QUERY,     ['/'] = PATH_AND_QUERY,
    ['?'] = HW_URI_QUERY,
};

bool hw_uri_take_percent(hw_cursor *cursor, char *ret_byte)
{
    hw_cursor probe = *cursor;
    hw_text digits;
    if (!hw_cursor_take(&probe, '%') || !hw_cursor_take_bytes(&probe, 2, &digits))
        return false;
    int high = hw_char_hex(digits.at[0]), low = hw_char_hex(digits.at[1]);
    if (high < 0 || low < 0)
        return false;
    *ret_byte = (char)(high * 16 + low);
    *cursor = probe;
    return true;
}

bool hw_uri_is_made_of(hw_text text, unsigned classes)
{
    hw_cursor cursor = hw_cursor_of(text);
    int byte;
    while ((byte = hw_cursor_peek(&cursor)) >= 0) {
        char decoded;
        if (hw_uri_has_char((char)byte, classes))
            hw_cursor_next(&cursor);
        else if (!hw_uri_take_percent(&cursor, &decoded))
            return false;
    }
    return true;
}

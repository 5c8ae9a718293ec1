/* Percent-encoding. Which bytes may stand without it is in the table of http/scan, beside the other
 * kinds, so that nobody writes a second, slightly different one. */
#include "http/uri.h"

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

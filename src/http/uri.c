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
    /*@ assert probe.at == cursor->at + 3 && probe.end == cursor->end; */
    *cursor = probe;
    /*@ assert cursor->at == probe.at && cursor->end == probe.end; */
    return true;
}

bool hw_uri_is_made_of(hw_text text, unsigned classes)
{
    hw_cursor cursor = hw_cursor_of(text);
    int byte;
    /*@ loop invariant hw_cursor_is_sound(cursor);
        loop assigns cursor, byte;
        loop variant cursor.end - cursor.at; */
    while ((byte = hw_cursor_peek(&cursor)) >= 0) {
        char decoded;
        if (hw_uri_has_char((char)byte, classes))
            hw_cursor_next(&cursor);
        else if (!hw_uri_take_percent(&cursor, &decoded))
            return false;
    }
    return true;
}

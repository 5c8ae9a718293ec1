/* Reads and compares entity tags (RFC 9110 8.8.3).
 *
 * A tag knows no escapes: a backslash in it is a byte like any other, and only a quote ends it. So
 * lists of tags have a reader of their own instead of http/element's, which would read "a\" on into
 * the next one. What is not a tag ends the reading: a condition that names no tag we can read is
 * one that nothing matches, which is the safe side of If-Match, and merely slower for
 * If-None-Match. */
#include "http/etag.h"

/* RFC 9110 8.8.3: etagc is anything printable but the quote, and obs-text. */
static bool is_etag_byte(char byte)
{
    unsigned char value = (unsigned char)byte;
    return value > ' ' && value != '"' && value != 0x7f;
}

/* The cursor stays where it was when there is no tag. */
static bool take_etag(hw_cursor *cursor, hw_etag *ret_etag)
{
    hw_cursor probe = *cursor;
    bool is_weak = hw_cursor_take_text(&probe, HW_TEXT("W/"));
    hw_text from_quote = hw_cursor_rest(&probe);
    if (!hw_cursor_take(&probe, '"'))
        return false;
    hw_text inside = hw_cursor_take_while(&probe, is_etag_byte);
    if (!hw_cursor_take(&probe, '"'))
        return false;
    *ret_etag = (hw_etag){hw_text_upto(from_quote, inside.length + 2), is_weak};
    *cursor = probe;
    return true;
}

bool hw_etag_parse(hw_text text, hw_etag *ret_etag)
{
    hw_cursor cursor = hw_cursor_of(text);
    hw_etag etag;
    if (!take_etag(&cursor, &etag) || !hw_cursor_at_end(&cursor))
        return false;
    *ret_etag = etag;
    return true;
}

static bool is_list_gap(char byte)
{
    return byte == ',' || byte == ' ' || byte == '\t';
}

bool hw_etag_next(hw_cursor *list, hw_etag *ret_etag)
{
    /* RFC 9110 5.6.1.2: empty elements are skipped. */
    hw_cursor_take_while(list, is_list_gap);
    hw_cursor probe = *list;
    hw_etag etag;
    if (!take_etag(&probe, &etag))
        return false;
    hw_cursor_skip_blanks(&probe);
    if (!hw_cursor_at_end(&probe) && hw_cursor_peek(&probe) != ',')
        return false;
    *list = probe;
    *ret_etag = etag;
    return true;
}

bool hw_etag_equal_strong(hw_etag a, hw_etag b)
{
    return !a.is_weak && !b.is_weak && hw_text_equal(a.opaque, b.opaque);
}

bool hw_etag_equal_weak(hw_etag a, hw_etag b)
{
    return hw_text_equal(a.opaque, b.opaque);
}

bool hw_etag_is_any(hw_fields fields, hw_field_id id)
{
    return hw_text_equal(hw_fields_single(fields, id), HW_TEXT("*"));
}

bool hw_etag_is_listed(hw_fields fields, hw_field_id id, hw_etag etag,
                       bool (*equal)(hw_etag, hw_etag))
{
    const hw_field *field = NULL;
    while ((field = hw_fields_next(fields, id, field))) {
        hw_cursor list = hw_cursor_of(field->value);
        hw_etag candidate;
        while (hw_etag_next(&list, &candidate))
            if (equal(candidate, etag))
                return true;
    }
    return false;
}

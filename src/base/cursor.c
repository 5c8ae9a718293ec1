/* Reads a text from front to back without ever leaving it.
 *
 * A cursor is two pointers rather than a text and an index: the step that is taken most, one byte
 * on, is then one comparison and one addition. Invariant: at <= end; at only grows. A cursor of a
 * text that points nowhere points at an empty literal instead, so no arithmetic meets NULL. */
#include "base/cursor.h"

hw_cursor hw_cursor_of(hw_text text)
{
    const char *at = text.length > 0 ? text.at : "";
    return (hw_cursor){at, at + text.length};
}

size_t hw_cursor_left(const hw_cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

bool hw_cursor_at_end(const hw_cursor *cursor)
{
    return cursor->at == cursor->end;
}

hw_text hw_cursor_rest(const hw_cursor *cursor)
{
    return (hw_text){cursor->at, hw_cursor_left(cursor)};
}

int hw_cursor_peek(const hw_cursor *cursor)
{
    return hw_cursor_at_end(cursor) ? -1 : (unsigned char)*cursor->at;
}

int hw_cursor_next(hw_cursor *cursor)
{
    return hw_cursor_at_end(cursor) ? -1 : (unsigned char)*cursor->at++;
}

bool hw_cursor_take(hw_cursor *cursor, char byte)
{
    if (hw_cursor_at_end(cursor) || *cursor->at != byte)
        return false;
    cursor->at++;
    return true;
}

bool hw_cursor_take_text(hw_cursor *cursor, hw_text text)
{
    if (!hw_text_has_prefix(hw_cursor_rest(cursor), text))
        return false;
    cursor->at += text.length;
    return true;
}

bool hw_cursor_take_bytes(hw_cursor *cursor, size_t count, hw_text *ret_text)
{
    if (count > hw_cursor_left(cursor))
        return false;
    *ret_text = (hw_text){cursor->at, count};
    cursor->at += count;
    return true;
}

/* The proof has one predicate stand in for all: none does more than look at its byte. */
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor) && accepts == &hw_char_is_digit;
    assigns cursor->at;
    ensures hw_cursor_is_sound(*cursor) && hw_text_is_sound(\result);
    ensures hw_cursor_has_gone{Pre, Post}(cursor, \result.length);
    ensures \result.at == \old(cursor->at); */
hw_text hw_cursor_take_while(hw_cursor *cursor, bool (*accepts)(char byte))
{
    const char *start = cursor->at;
    /*@ loop invariant hw_cursor_is_sound(*cursor);
        loop invariant hw_cursor_has_gone{Pre, Here}(cursor, cursor->at - start);
        loop assigns cursor->at;
        loop variant cursor->end - cursor->at; */
    while (!hw_cursor_at_end(cursor)) {
        /*@ calls hw_char_is_digit; */
        if (!accepts(*cursor->at))
            break;
        cursor->at++;
    }
    return (hw_text){start, (size_t)(cursor->at - start)};
}

hw_text hw_cursor_take_until(hw_cursor *cursor, char byte)
{
    hw_text rest = hw_cursor_rest(cursor);
    hw_text taken = hw_text_upto(rest, hw_text_find(rest, byte));
    cursor->at += taken.length;
    return taken;
}

void hw_cursor_skip_blanks(hw_cursor *cursor)
{
    /*@ loop invariant hw_cursor_is_sound(*cursor);
        loop invariant hw_cursor_has_gone{Pre, Here}(cursor, cursor->at - \at(cursor->at, Pre));
        loop assigns cursor->at;
        loop variant cursor->end - cursor->at; */
    while (!hw_cursor_at_end(cursor) && hw_char_is_blank(*cursor->at))
        cursor->at++;
}

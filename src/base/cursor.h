/* A cursor reads a text from front to back. It never leaves the text: every step either happens
 * whole or not at all, and says which. All reading of bytes from outside goes through cursors. */
#ifndef HW_BASE_CURSOR_H
#define HW_BASE_CURSOR_H

#include "base/text.h"

typedef struct hw_cursor {
    const char *at, *end;
} hw_cursor;

/* It stands inside its text or at its end. */
/*@ predicate hw_cursor_is_sound{L}(hw_cursor cursor) =
        \base_addr(cursor.at) == \base_addr(cursor.end) &&
        0 <= cursor.end - cursor.at <= PTRDIFF_MAX &&
        \object_pointer(cursor.at) && \object_pointer(cursor.end) &&
        \valid_read(cursor.at + (0 .. cursor.end - cursor.at - 1)); */
/* How far a step has gone: never back, never over the end. */
/*@ predicate hw_cursor_has_gone{Before, After}(hw_cursor *cursor, integer bytes) =
        \at(cursor->end, After) == \at(cursor->end, Before) &&
        \at(cursor->at, After) == \at(cursor->at, Before) + bytes &&
        0 <= bytes <= \at(cursor->end - cursor->at, Before); */

/*@ requires hw_text_is_sound(text);
    assigns \nothing;
    ensures hw_cursor_is_sound(\result);
    ensures \result.end - \result.at == text.length;
    ensures text.length > 0 ==> \result.at == text.at; */
hw_cursor hw_cursor_of(hw_text text);
/*@ requires \valid_read(cursor) && hw_cursor_is_sound(*cursor);
    assigns \nothing;
    ensures \result == cursor->end - cursor->at; */
size_t hw_cursor_left(const hw_cursor *cursor);
/*@ requires \valid_read(cursor) && hw_cursor_is_sound(*cursor);
    assigns \nothing;
    ensures \result <==> cursor->at == cursor->end; */
bool hw_cursor_at_end(const hw_cursor *cursor);
/* What has not been read yet. */
/*@ requires \valid_read(cursor) && hw_cursor_is_sound(*cursor);
    assigns \nothing;
    ensures hw_text_is_sound(\result);
    ensures \result.at == cursor->at && \result.length == cursor->end - cursor->at; */
hw_text hw_cursor_rest(const hw_cursor *cursor);

/* The next byte as 0..255, or -1 at the end; the cursor stays. */
/*@ requires \valid_read(cursor) && hw_cursor_is_sound(*cursor);
    assigns \nothing;
    ensures -1 <= \result <= 255;
    ensures \result == -1 <==> cursor->at == cursor->end; */
int hw_cursor_peek(const hw_cursor *cursor);
/* The next byte as 0..255, or -1 at the end; the cursor moves past it. */
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor);
    assigns cursor->at;
    ensures hw_cursor_is_sound(*cursor);
    ensures hw_cursor_has_gone{Pre, Post}(cursor, \result == -1 ? 0 : 1);
    ensures -1 <= \result <= 255;
    ensures \result == -1 <==> \old(cursor->at) == cursor->end; */
int hw_cursor_next(hw_cursor *cursor);

/* Moves past the byte (the text) and returns true when it comes next; else stays and returns false.
 */
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor);
    assigns cursor->at;
    ensures hw_cursor_is_sound(*cursor);
    ensures hw_cursor_has_gone{Pre, Post}(cursor, \result ? 1 : 0); */
bool hw_cursor_take(hw_cursor *cursor, char byte);
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor) && hw_text_is_sound(text);
    assigns cursor->at;
    ensures hw_cursor_is_sound(*cursor);
    ensures hw_cursor_has_gone{Pre, Post}(cursor, \result ? text.length : 0); */
bool hw_cursor_take_text(hw_cursor *cursor, hw_text text);
/* Exactly count bytes into ret_text, or false (and the cursor stays) when fewer are left. */
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor);
    requires \valid(ret_text) && \separated(cursor, ret_text);
    assigns cursor->at, *ret_text;
    ensures hw_cursor_is_sound(*cursor);
    ensures hw_cursor_has_gone{Pre, Post}(cursor, \result ? count : 0);
    ensures \result <==> count <= \old(cursor->end - cursor->at);
    ensures \result ==> hw_text_is_sound(*ret_text);
    ensures \result ==> ret_text->at == \old(cursor->at) && ret_text->length == count;
    ensures !\result ==> *ret_text == \old(*ret_text); */
bool hw_cursor_take_bytes(hw_cursor *cursor, size_t count, hw_text *ret_text);
/* The longest run of bytes the predicate accepts; may be empty. */
hw_text hw_cursor_take_while(hw_cursor *cursor, bool (*accepts)(char byte));
/* Everything up to, not including, the byte; the whole rest when it does not occur. The cursor
 * stops before the byte. */
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor);
    assigns cursor->at;
    ensures hw_cursor_is_sound(*cursor) && hw_text_is_sound(\result);
    ensures hw_cursor_has_gone{Pre, Post}(cursor, \result.length);
    ensures \result.at == \old(cursor->at); */
hw_text hw_cursor_take_until(hw_cursor *cursor, char byte);
/* Moves past SP and HTAB (RFC 9110 5.6.3 OWS). */
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor);
    assigns cursor->at;
    ensures hw_cursor_is_sound(*cursor);
    ensures hw_cursor_has_gone{Pre, Post}(cursor, cursor->at - \old(cursor->at)); */
void hw_cursor_skip_blanks(hw_cursor *cursor);

#endif

/* A cursor reads a text from front to back. It never leaves the text: every step either happens
 * whole or not at all, and says which. All reading of bytes from outside goes through cursors. */
#ifndef HW_BASE_CURSOR_H
#define HW_BASE_CURSOR_H

#include "base/text.h"

typedef struct hw_cursor {
    const char *at, *end;
} hw_cursor;

hw_cursor hw_cursor_of(hw_text text);
size_t hw_cursor_left(const hw_cursor *cursor);
bool hw_cursor_at_end(const hw_cursor *cursor);
/* What has not been read yet. */
hw_text hw_cursor_rest(const hw_cursor *cursor);

/* The next byte as 0..255, or -1 at the end; the cursor stays. */
int hw_cursor_peek(const hw_cursor *cursor);
/* The next byte as 0..255, or -1 at the end; the cursor moves past it. */
int hw_cursor_next(hw_cursor *cursor);

/* Moves past the byte (the text) and returns true when it comes next; else stays and returns false.
 */
bool hw_cursor_take(hw_cursor *cursor, char byte);
bool hw_cursor_take_text(hw_cursor *cursor, hw_text text);
/* Exactly count bytes into ret_text, or false (and the cursor stays) when fewer are left. */
bool hw_cursor_take_bytes(hw_cursor *cursor, size_t count, hw_text *ret_text);
/* The longest run of bytes the predicate accepts; may be empty. */
hw_text hw_cursor_take_while(hw_cursor *cursor, bool (*accepts)(char byte));
/* Everything up to, not including, the byte; the whole rest when it does not occur. The cursor
 * stops before the byte. */
hw_text hw_cursor_take_until(hw_cursor *cursor, char byte);
/* Moves past SP and HTAB (RFC 9110 5.6.3 OWS). */
void hw_cursor_skip_blanks(hw_cursor *cursor);

#endif

/* Characters of URIs (RFC 3986 2). */
#ifndef HW_HTTP_URI_H
#define HW_HTTP_URI_H

#include <stdint.h>

#include "base/cursor.h"
#include "http/scan.h"

/* Bits of a character's class; a character may have several. */
#define HW_URI_REG_NAME ((unsigned)HW_SCAN_REG_NAME) /* RFC 3986 3.2.2 */
#define HW_URI_PATH ((unsigned)HW_SCAN_PATH)         /* RFC 3986 3.3 */
#define HW_URI_QUERY ((unsigned)HW_SCAN_QUERY)       /* RFC 3986 3.4 */

/*@ assigns \nothing; */
static inline bool hw_uri_has_char(char byte, unsigned classes)
{
    return hw_scan_is(byte, classes);
}

/* Moves past "%41" and gives the byte it stands for (RFC 3986 2.1). False, and the cursor stays,
 * when a percent sign with two hexadecimal digits does not come next. */
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor);
    requires \valid(ret_byte) && \separated(cursor, ret_byte);
    assigns *cursor, *ret_byte;
    ensures hw_cursor_is_sound(*cursor);
    ensures hw_cursor_has_gone{Pre, Post}(cursor, \result ? 3 : 0);
    ensures !\result ==> *ret_byte == \old(*ret_byte); */
bool hw_uri_take_percent(hw_cursor *cursor, char *ret_byte);
/* Whether all bytes are of these classes or percent-encoded. */
/*@ requires hw_text_is_sound(text);
    assigns \nothing; */
bool hw_uri_is_made_of(hw_text text, unsigned classes);

#endif

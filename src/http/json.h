/* JSON strings (RFC 8259 7), written so that they may also stand in a script element. */
#ifndef HW_HTTP_JSON_H
#define HW_HTTP_JSON_H

#include "base/cursor.h"

/* Whether a text is UTF-8, which JSON must be (RFC 8259 8.1). */
bool hw_json_is_utf8(hw_text text);

/* One character takes no more than this. */
#define HW_JSON_ESCAPE_BYTES 6

/* The bytes from here on that may stand in a string as they are; often all. */
hw_text hw_json_take_plain(hw_cursor *text);
/* The next character, which may not: writes what stands for it and returns how long that is. What is
 * no UTF-8 is U+FFFD, a byte at a time. */
size_t hw_json_take_odd(hw_cursor *text, char memory[HW_JSON_ESCAPE_BYTES]);

#endif

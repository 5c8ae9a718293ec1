/* What a client sent, made safe to show. */
#ifndef HW_WATCH_ESCAPE_H
#define HW_WATCH_ESCAPE_H

#include "base/buffer.h"

typedef enum hw_escape {
    HW_ESCAPE_EYES,     /* readable UTF-8 as it is; all else as \xNN */
    HW_ESCAPE_JSON,     /* the inside of a JSON string, always valid: broken UTF-8 becomes U+FFFD */
    HW_ESCAPE_COMBINED, /* the inside of a quoted word of a combined log: ASCII and \xNN */
} hw_escape;

/* Appends a text so that it cannot end its line, its quotes, or talk to a terminal: no control
 * characters (C1 too), no characters that turn the direction of writing. At most bytes_max bytes; a
 * longer text is cut between two characters and ends in "..." (bytes_max is at least 3). */
void hw_escape_put(hw_buffer *line, hw_text text, hw_escape style, size_t bytes_max);
/* The same into room for bytes_max, none of which is left; returns where it ends. */
char *hw_escape_write(char *to, hw_text text, hw_escape style, size_t bytes_max);

#endif

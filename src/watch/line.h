/* A finished exchange as a line of a log. */
#ifndef HW_WATCH_LINE_H
#define HW_WATCH_LINE_H

#include "base/buffer.h"
#include "exchange/record.h"

/* No line is longer, its line end included. */
#define HW_LINE_BYTES_MAX 4096

/* Each appends one whole line; time is what watch/stamp shows in the same style. */

/* "15:04:07  200  GET  /path                    4.2 kB  0.3 ms" */
void hw_line_put_pretty(hw_buffer *line, const hw_record *record, hw_text time, bool colors);
/* The two below want room for HW_LINE_BYTES_MAX, else they write nothing, and it is an overflow. */

/* One JSON object; the same members in every line, "" where something is absent; and the id where
 * there is one. */
void hw_line_put_json(hw_buffer *line, const hw_record *record, hw_text time);
/* The combined format of Apache and nginx. */
void hw_line_put_combined(hw_buffer *line, const hw_record *record, hw_text time);

#endif

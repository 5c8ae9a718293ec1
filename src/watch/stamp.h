/* A moment as it stands in a line of a log, kept from one line to the next. */
#ifndef HW_WATCH_STAMP_H
#define HW_WATCH_STAMP_H

#include <stdint.h>

#include "base/buffer.h"

typedef enum hw_stamp_style {
    HW_STAMP_PRETTY,   /* "15:04:07", local */
    HW_STAMP_COMBINED, /* "22/Nov/2026:15:04:07 +0000", local */
    HW_STAMP_JSON,     /* "2026-11-22T15:04:07.089Z", RFC 3339 */
} hw_stamp_style;

/* How far local time is ahead of UTC (seconds since 1970). */
typedef int hw_stamp_offset_fn(int64_t at_s);

typedef struct hw_stamp {
    hw_stamp_style style;
    hw_stamp_offset_fn *offset_of;
    int64_t from_ms;   /* the second that `shown` shows */
    int64_t quarter_s; /* the quarter of an hour for which the offset was asked */
    int offset_s;
    hw_buffer shown;
    char memory[48];
} hw_stamp;

/* offset_of is not asked for JSON. The stamp must not move. */
void hw_stamp_init(hw_stamp *stamp, hw_stamp_style style, hw_stamp_offset_fn *offset_of);
/* Moments before 1970 are 1970: no clock that says so can be believed.
 * Valid: until the next call. */
hw_text hw_stamp_show(hw_stamp *stamp, int64_t at_ms);

#endif

/* Byte ranges (RFC 9110 14). */
#ifndef HW_HTTP_RANGE_H
#define HW_HTTP_RANGE_H

#include <stdint.h>

#include "base/buffer.h"

#define HW_RANGES_MAX 8
#define HW_RANGE_FIELD_BYTES_MAX 1024

typedef struct hw_range {
    uint64_t first, length; /* length is not 0 */
} hw_range;

/* Inside the representation, no two overlapping or touching, in the order they were asked for (RFC
 * 9110 15.3.7.2). */
typedef struct hw_ranges {
    hw_range at[HW_RANGES_MAX];
    unsigned count;
} hw_ranges;

/* Its last byte, first + length - 1, comes before the end. */
/*@ predicate hw_range_is_within(hw_range range, integer end) =
        0 < range.length && range.first + range.length <= end; */
/*@ predicate hw_ranges_are_within{L}(hw_ranges *ranges, integer end) =
        ranges->count <= HW_RANGES_MAX && (\forall integer i; 0 <= i < ranges->count ==>
        0 < ranges->at[i].length &&
        ranges->at[i].first + ranges->at[i].length <= end); */

typedef enum hw_range_outcome {
    HW_RANGE_IGNORE,        /* not ours, broken, or too much: answer with the whole */
    HW_RANGE_SATISFIABLE,   /* ret_ranges holds at least one */
    HW_RANGE_UNSATISFIABLE, /* 416 */
} hw_range_outcome;

/* Reads a Range value against a representation of `length` bytes (RFC 9110 14.1.2, 14.2). Ranges
 * that overlap or touch are merged as they come; ranges past the end are dropped. A value over
 * HW_RANGE_FIELD_BYTES_MAX or more than HW_RANGES_MAX ranges at a time is ignored (17.15).
 * ret_ranges is written only with HW_RANGE_SATISFIABLE. */
/*@ requires hw_text_is_sound(value) && \valid(ret_ranges);
    assigns *ret_ranges; */
hw_range_outcome hw_range_parse(hw_text value, uint64_t length, hw_ranges *ret_ranges);

/* A Content-Range value: "bytes 0-3/10"; with range NULL, for 416, an asterisk stands for "0-3"
 * (RFC 9110 14.4). */
void hw_range_put(hw_buffer *buffer, const hw_range *range, uint64_t length);

#endif

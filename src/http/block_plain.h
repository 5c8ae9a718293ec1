/* What of http/block.h is the processor's own, for processors that have no file: plain C. */
#ifndef HW_HTTP_BLOCK_PLAIN_H
#define HW_HTTP_BLOCK_PLAIN_H

#include <stdint.h>

/* A bit for each byte of a block, the first one lowest. */
typedef uint32_t hw_block_stops;

/* The stops of all bytes but the first `count`, which is below 16. */
static inline hw_block_stops hw_block_skip(hw_block_stops stops, size_t count)
{
    return stops >> count;
}

static inline hw_block_stops hw_block_collect(hw_block set)
{
    hw_block_stops stops = 0;
    for (unsigned i = 0; i < sizeof set; i++)
        stops |= (set[i] & 1u) << i;
    return stops;
}

static inline hw_block_stops hw_block_invert(hw_block_stops stops)
{
    return stops ^ 0xffff;
}

static inline unsigned hw_block_first(hw_block_stops stops)
{
    return (unsigned)__builtin_ctz(stops);
}

#endif

/* What of http/block.h is the processor's own: NEON, which every 64-bit ARM has. */
#ifndef HW_HTTP_BLOCK_ARM_H
#define HW_HTTP_BLOCK_ARM_H

#include <arm_neon.h>
#include <stdint.h>

/* Four bits for each byte of a block, the first one lowest: no instruction collects single bits,
 * but one narrows pairs of bytes to the halves of one. */
typedef uint64_t hw_block_stops;

/* The stops of all bytes but the first `count`, which is below 16. */
static inline hw_block_stops hw_block_skip(hw_block_stops stops, size_t count)
{
    return stops >> (4 * count);
}

static inline hw_block_stops hw_block_collect(hw_block set)
{
    uint8x8_t halves = vshrn_n_u16((uint16x8_t)set, 4);
    return vget_lane_u64(vreinterpret_u64_u8(halves), 0);
}

static inline hw_block_stops hw_block_invert(hw_block_stops stops)
{
    return ~stops;
}

static inline unsigned hw_block_first(hw_block_stops stops)
{
    return (unsigned)__builtin_ctzll(stops) / 4;
}

#endif

/* What of http/block.h is the processor's own: SSE2, which every x86-64 has. */
#ifndef HW_HTTP_BLOCK_X86_H
#define HW_HTTP_BLOCK_X86_H

#include <emmintrin.h>
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
    return (uint32_t)_mm_movemask_epi8((__m128i)set);
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

/* Sixteen bytes at once: which of them are in a set.
 *
 * Written with the vectors that gcc and clang both have, which become SSE2 or NEON; only how
 * sixteen answers become one number differs, and is written once for each processor. A set of bytes
 * is itself a block, of 0 and 255. */
#ifndef HW_HTTP_BLOCK_H
#define HW_HTTP_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { HW_BLOCK_BYTES = 16 };

typedef unsigned char hw_block __attribute__((vector_size(16)));
typedef signed char hw_block_numbers __attribute__((vector_size(16)));

/* What is the processor's own. stops: which bytes of a block end a run; collect: those of a set;
 * invert: all other bytes; skip: without the first bytes, the next one lowest; without_first: with
 * no answer for the first byte; first: the index of the first stop, of which there is one; run: how
 * many bytes from the first on are in a set. */
#if defined(__x86_64__) /* SSE2, which every x86-64 has */
#include <emmintrin.h>

/* A bit for each byte of a block, the first one lowest. */
typedef uint32_t hw_block_stops;

/* The stops of all bytes but the first `count`, which is below 16. */
static inline hw_block_stops hw_block_skip(hw_block_stops stops, size_t count)
{
    return stops >> count;
}

static inline hw_block_stops hw_block_without_first(hw_block_stops stops)
{
    return stops & ~(hw_block_stops)1;
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

static inline unsigned hw_block_run(hw_block set)
{
    return (unsigned)__builtin_ctz(~hw_block_collect(set)); /* 16 bits of them are answers */
}

#elif defined(__aarch64__) /* NEON, which every 64-bit ARM has */
#include <arm_neon.h>

/* Four bits for each byte of a block, the first one lowest: no instruction collects single bits,
 * but one narrows pairs of bytes to the halves of one. */
typedef uint64_t hw_block_stops;

/* The stops of all bytes but the first `count`, which is below 16. */
static inline hw_block_stops hw_block_skip(hw_block_stops stops, size_t count)
{
    return stops >> (4 * count);
}

static inline hw_block_stops hw_block_without_first(hw_block_stops stops)
{
    return stops & ~(hw_block_stops)15;
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

static inline unsigned hw_block_run(hw_block set)
{
    hw_block_stops stops = ~hw_block_collect(set);
    return stops ? hw_block_first(stops) : HW_BLOCK_BYTES;
}

#else

/* A bit for each byte of a block, the first one lowest. */
typedef uint32_t hw_block_stops;

/* The stops of all bytes but the first `count`, which is below 16. */
static inline hw_block_stops hw_block_skip(hw_block_stops stops, size_t count)
{
    return stops >> count;
}

static inline hw_block_stops hw_block_without_first(hw_block_stops stops)
{
    return stops & ~(hw_block_stops)1;
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

static inline unsigned hw_block_run(hw_block set)
{
    return (unsigned)__builtin_ctz(~hw_block_collect(set)); /* 16 bits of them are answers */
}

#endif

static inline hw_block hw_block_load(const char *at)
{
    hw_block block;
    memcpy(&block, at, sizeof block);
    return block;
}

/* Eight bytes from one place and eight from another: 8 to 16 bytes, without leaving them. */
static inline hw_block hw_block_load_halves(const char *low, const char *high)
{
    unsigned long long halves[2];
    memcpy(&halves[0], low, 8);
    memcpy(&halves[1], high, 8);
    return (hw_block)(unsigned long long __attribute__((vector_size(16)))){halves[0], halves[1]};
}

static inline hw_block hw_block_equal(hw_block one, hw_block other)
{
    return (hw_block)(one == other);
}

/* Whether all bytes are in a set. */
static inline bool hw_block_is_full(hw_block set)
{
    return !hw_block_invert(hw_block_collect(set));
}

/* How many bytes of two blocks, one behind the other, are in a set from the first one on. */
static inline unsigned hw_block_run_of_two(hw_block low, hw_block high)
{
    unsigned run = hw_block_run(low);
    return run < HW_BLOCK_BYTES ? run : run + hw_block_run(high);
}

static inline hw_block hw_block_same(hw_block block, unsigned char byte)
{
    return (hw_block)(block == byte);
}

/* The bytes low..high, both below 0x80: `high` is moved to 127, the largest number of its type, so
 * that one comparison (signed, as SSE2 has no other) finds both ends. */
static inline hw_block hw_block_range(hw_block block, int low, int high)
{
    hw_block_numbers moved = (hw_block_numbers)(block + (unsigned char)(127 - high));
    return (hw_block)(moved > (signed char)(126 - (high - low)));
}

static inline hw_block hw_block_letters(hw_block block)
{
    return hw_block_range(block | 0x20, 'a', 'z');
}

#endif

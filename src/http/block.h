/* Sixteen bytes at once: which of them are in a set.
 *
 * Written with the vectors that gcc and clang both have, which become SSE2 or NEON; only how sixteen
 * answers become one number differs, and is in a file for each processor. A set of bytes is itself
 * a block, of 0 and 255. `stops` say which bytes of a block end a run; the first is found with
 * hw_block_first. */
#ifndef HW_HTTP_BLOCK_H
#define HW_HTTP_BLOCK_H

#include <string.h>

enum { HW_BLOCK_BYTES = 16 };

typedef unsigned char hw_block __attribute__((vector_size(16)));
typedef signed char hw_block_numbers __attribute__((vector_size(16)));

/* Each has hw_block_stops; collect: the stops of a set; invert: all other bytes; skip: without the
 * first bytes; first: the index of the first stop, of which there is one. */
#if defined(__x86_64__)
#include "http/block_x86.h"
#elif defined(__aarch64__)
#include "http/block_arm.h"
#else
#include "http/block_plain.h"
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

/* src/http/block.h as the proofs see it: vectors are no part of what Frama-C reads, so a block is
 * a number that nothing is known about, and each function keeps a contract instead of having a
 * body. What is proved with it: where blocks are loaded from, and what is done with the places
 * that they give. */
#ifndef HW_HTTP_BLOCK_H
#define HW_HTTP_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { HW_BLOCK_BYTES = 16 };

typedef uint64_t hw_block;
typedef uint64_t hw_block_stops;

/*@ assigns \nothing; */
hw_block_stops hw_block_skip(hw_block_stops stops, size_t count);
/*@ assigns \nothing; */
hw_block_stops hw_block_without_first(hw_block_stops stops);
/*@ assigns \nothing; */
hw_block_stops hw_block_collect(hw_block set);
/*@ assigns \nothing; */
hw_block_stops hw_block_invert(hw_block_stops stops);
/*@ requires stops != 0;
    assigns \nothing;
    ensures \result < HW_BLOCK_BYTES; */
unsigned hw_block_first(hw_block_stops stops);
/*@ assigns \nothing;
    ensures \result <= HW_BLOCK_BYTES; */
unsigned hw_block_run(hw_block set);
/*@ requires \valid_read(at + (0 .. HW_BLOCK_BYTES - 1));
    assigns \nothing; */
hw_block hw_block_load(const char *at);
/*@ requires \valid_read(low + (0 .. HW_BLOCK_BYTES / 2 - 1));
    requires \valid_read(high + (0 .. HW_BLOCK_BYTES / 2 - 1));
    assigns \nothing; */
hw_block hw_block_load_halves(const char *low, const char *high);
/*@ assigns \nothing; */
hw_block hw_block_equal(hw_block one, hw_block other);
/*@ assigns \nothing; */
bool hw_block_is_full(hw_block set);
/*@ assigns \nothing;
    ensures \result <= 2 * HW_BLOCK_BYTES; */
unsigned hw_block_run_of_two(hw_block low, hw_block high);
/*@ assigns \nothing; */
hw_block hw_block_same(hw_block block, unsigned char byte);
/*@ assigns \nothing; */
hw_block hw_block_range(hw_block block, int low, int high);
/*@ assigns \nothing; */
hw_block hw_block_letters(hw_block block);

#endif

/* A loop's mark says whether its owner is inside a handler. Whoever swaps it out of that handler
 * has the loop from there on: the owner itself when it is back, or another thread that did not want
 * to wait for it.
 *
 * The value counts: odd inside a handler, even outside, and never the same twice, so that who comes
 * late cannot take a later handler for its own. Begin and swap order all memory: what the owner did
 * before is the next owner's to see. The protocol is modelled in prove/takeover.pml. */
#ifndef HW_LOOP_MARK_H
#define HW_LOOP_MARK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hw_mark {
    _Atomic uint64_t value;
} hw_mark;

static inline bool hw_mark_is_inside(uint64_t value)
{
    return value & 1;
}

/* By the owner, in front of a handler; returns what hw_mark_swap wants. */
static inline uint64_t hw_mark_begin(hw_mark *mark)
{
    uint64_t inside = atomic_load_explicit(&mark->value, memory_order_relaxed) + 1;
    atomic_store(&mark->value, inside);
    return inside;
}

/* By the owner behind it, or by who takes the loop over. True for the first of them alone. */
static inline bool hw_mark_swap(hw_mark *mark, uint64_t inside)
{
    return atomic_compare_exchange_strong(&mark->value, &inside, inside + 1);
}

#endif

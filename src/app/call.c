/* Keeps what a handler has asked for about its request.
 *
 * Most requests are asked for nothing that would have to be kept, so an exchange has a pointer and
 * no more: what it points to is made in the arena with the first thing to keep, and goes with it.
 */
#include "app/call.h"

#include <string.h>

hw_call *hw_call_of(hw_exchange *exchange)
{
    if (!exchange->call)
        exchange->call = hw_arena_alloc_zeroed(&exchange->arena, 1, sizeof *exchange->call);
    return exchange->call;
}

static bool grow_pairs(hw_pairs *pairs, hw_arena *arena)
{
    enum { PAIRS_FIRST = 8 };
    size_t capacity = pairs->capacity ? pairs->capacity * 2 : PAIRS_FIRST;
    hw_pair *at = hw_arena_alloc_zeroed(arena, capacity, sizeof *at);
    if (!at)
        return false;
    if (pairs->count > 0)
        memcpy(at, pairs->at, pairs->count * sizeof *at);
    pairs->at = at;
    pairs->capacity = capacity;
    return true;
}

bool hw_pairs_add(hw_pairs *pairs, hw_arena *arena, hw_text name, hw_text value)
{
    if (pairs->count == pairs->capacity && !grow_pairs(pairs, arena))
        return false;
    pairs->at[pairs->count++] = (hw_pair){name, value};
    return true;
}

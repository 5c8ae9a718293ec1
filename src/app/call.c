/* Keeps what a handler has asked for about its request.
 *
 * Most requests are asked for nothing that would have to be kept, so an exchange has a pointer and
 * no more: what it points to is made in the arena with the first thing to keep, and goes with it.
 */
#include "app/call.h"

hw_call *hw_call_of(hw_exchange *exchange)
{
    if (!exchange->call)
        exchange->call = hw_arena_alloc_zeroed(&exchange->arena, 1, sizeof *exchange->call);
    return exchange->call;
}

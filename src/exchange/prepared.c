/* A head whose encoding is made once and remembered.
 *
 * The memo is an optimisation and nothing else: an answer from a memo and one encoded anew are the
 * same bytes. It lies in the arena of whoever owns the head, so that an entry of a cache and what
 * is said of it are one piece of memory. */
#include "exchange/prepared.h"

void hw_prepared_init(hw_prepared *prepared, int status, hw_fields fields, hw_arena *arena)
{
    *prepared = (hw_prepared){.status = status, .fields = fields, .arena = arena};
}

void hw_prepared_keep(hw_prepared *prepared, hw_protocol protocol, hw_text encoding)
{
    hw_text memo;
    if (prepared->arena && hw_arena_copy_text(prepared->arena, encoding, &memo))
        prepared->memo[protocol] = memo;
}

/* A head whose encoding is made once and remembered.
 *
 * The memo is an optimisation and nothing else: an answer from a memo and one encoded anew are the
 * same bytes. */
#include "exchange/prepared.h"

/* A head is a few hundred bytes; one that is longer gets a block of its own, and one past the limit
 * is not kept. */
#define MEMO_BLOCK_BYTES 512
#define MEMO_BYTES_MAX ((size_t)128 * 1024)

void hw_prepared_init(hw_prepared *prepared, int status, hw_fields fields)
{
    *prepared = (hw_prepared){.status = status, .fields = fields};
    hw_arena_init(&prepared->arena, MEMO_BLOCK_BYTES, MEMO_BYTES_MAX);
}

void hw_prepared_fini(hw_prepared *prepared)
{
    hw_arena_fini(&prepared->arena);
    *prepared = (hw_prepared){0};
}

void hw_prepared_keep(hw_prepared *prepared, hw_protocol protocol, hw_text encoding)
{
    hw_text memo;
    if (hw_arena_copy_text(&prepared->arena, encoding, &memo))
        prepared->memo[protocol] = memo;
}

/* Bodies that are pulled: the simplest kind, memory.
 *
 * A source lives in the arena of its exchange and is dropped before the arena is reset. It never
 * knows who pulls it, so the same body goes out over any protocol, whole or in parts. */
#include "exchange/body.h"

#include "base/assert.h"

bool hw_segment_is_current(const hw_segment *file)
{
    return !file->identity || hw_identity_is_still(file->identity, file->fd);
}

hw_pull hw_source_pull(hw_source *source, size_t want, hw_piece *ret_piece)
{
    hw_assert(want > 0);
    return source->ops->pull(source, want, ret_piece);
}

void hw_source_drop(hw_source *source)
{
    if (source)
        source->ops->drop(source);
}

typedef struct memory_source {
    hw_source source;
    hw_text rest;
} memory_source;

static hw_pull pull_memory(hw_source *source, size_t want, hw_piece *ret_piece)
{
    memory_source *memory = (memory_source *)source;
    if (memory->rest.length == 0) {
        *ret_piece = (hw_piece){0};
        return HW_PULL_END;
    }
    hw_text bytes = hw_text_upto(memory->rest, want);
    memory->rest = hw_text_from(memory->rest, bytes.length);
    *ret_piece = (hw_piece){.bytes = bytes};
    return HW_PULL_BYTES;
}

static void drop_memory(hw_source *source)
{
    (void)source; /* the bytes are the arena's, or somebody else's */
}

static const hw_source_ops memory_ops = {.pull = pull_memory, .drop = drop_memory};

hw_source *hw_source_memory(hw_arena *arena, hw_text bytes)
{
    memory_source *memory = hw_arena_alloc(arena, sizeof *memory);
    if (!memory)
        return NULL;
    *memory = (memory_source){{&memory_ops, bytes.length, bytes.at}, bytes};
    return &memory->source;
}

/* Bodies that are pulled: the two simplest kinds, memory and an open file.
 *
 * A source lives in the arena of its exchange and is dropped before the arena is reset. It never
 * knows who pulls it, so the same body goes out over any protocol, whole or in parts. */
#include "exchange/body.h"

#include "base/assert.h"
#include "base/number.h"
#include "sys/socket.h"

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

static const hw_source_ops memory_ops = {pull_memory, drop_memory};

hw_source *hw_source_memory(hw_arena *arena, hw_text bytes)
{
    memory_source *memory = hw_arena_alloc(arena, sizeof *memory);
    if (!memory)
        return NULL;
    *memory = (memory_source){{&memory_ops, bytes.length}, bytes};
    return &memory->source;
}

typedef struct file_source {
    hw_source source;
    int fd;
    uint64_t offset, left;
} file_source;

static hw_pull pull_file(hw_source *source, size_t want, hw_piece *ret_piece)
{
    file_source *file = (file_source *)source;
    *ret_piece = (hw_piece){0};
    if (file->left == 0)
        return HW_PULL_END;
    size_t length = (size_t)hw_number_min(file->left, want);
    ret_piece->file = (hw_segment){file->fd, file->offset, length};
    file->offset += length;
    file->left -= length;
    return HW_PULL_FILE;
}

static void drop_file(hw_source *source)
{
    file_source *file = (file_source *)source;
    hw_sys_close(file->fd);
}

static const hw_source_ops file_ops = {pull_file, drop_file};

hw_source *hw_source_file(hw_arena *arena, int fd, uint64_t offset, uint64_t length)
{
    file_source *file = hw_arena_alloc(arena, sizeof *file);
    if (!file)
        return NULL;
    *file = (file_source){{&file_ops, length}, fd, offset, length};
    return &file->source;
}

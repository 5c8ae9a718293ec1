/* An open file as a body: it is lent to the driver in segments, which sends them without reading
 * them (sendfile).
 *
 * The length was promised when the head was made. Should the file become shorter meanwhile, the
 * driver finds out when it sends, and breaks off: nothing is ever sent in place of what is missing.
 */
#include "kit/file.h"

#include "base/number.h"
#include "sys/socket.h"

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

hw_source *hw_file_source(hw_arena *arena, int fd, uint64_t offset, uint64_t length)
{
    file_source *file = hw_arena_alloc(arena, sizeof *file);
    if (!file)
        return NULL;
    *file = (file_source){{&file_ops, length}, fd, offset, length};
    return &file->source;
}

/* A file that was found: its validators and its body.
 *
 * Everything is asked of the open descriptor, never of the name, so that validators, length and
 * bytes are of one file even when the name changes hands meanwhile. The tag has inode, size, mtime
 * and ctime: mtime alone can be set back by anybody who owns the file, ctime cannot. It is weak
 * because two writes within one tick of the file system's clock leave the same four numbers (RFC
 * 9110 8.8.1). Small parts are read before the head is sent: a file that was cut short by then is
 * an error we can still report. */
#include "kit/entry.h"

#include <errno.h>

#include "base/buffer.h"
#include "http/date.h"
#include "kit/file.h"
#include "sys/file.h"
#include "sys/socket.h"

/* 1981-01-01 00:00:00 UTC. Build tools that hide the date write 1970 or 1980, where ZIP begins. */
#define ENTRY_DATE_MIN 347155200
/* W/"", four numbers of 16 digits and what parts them. */
#define ENTRY_TAG_BYTES (4 + 4 * 16 + 3)

int hw_entry_open(hw_entry *entry, int fd)
{
    struct stat seen;
    int error = hw_sys_stat(fd, &seen);
    if (error < 0)
        return error;
    if (S_ISDIR(seen.st_mode))
        return -EISDIR;
    if (!S_ISREG(seen.st_mode))
        return -ENOENT;
    *entry = (hw_entry){
        .fd = fd,
        .inode = seen.st_ino,
        .size = (uint64_t)seen.st_size,
        .modified = seen.st_mtim,
        .changed = seen.st_ctim,
    };
    return 0;
}

void hw_entry_close(hw_entry *entry)
{
    if (entry->fd >= 0)
        (void)hw_sys_close(entry->fd);
    entry->fd = -1;
}

/* Wraps around after the year 2554, which makes no two neighbouring times alike. */
static uint64_t count_nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

hw_text hw_entry_tag(const hw_entry *entry, hw_arena *arena)
{
    char *memory = hw_arena_alloc(arena, ENTRY_TAG_BYTES);
    if (!memory)
        return (hw_text){0};
    hw_buffer tag = hw_buffer_over(memory, ENTRY_TAG_BYTES);
    hw_buffer_put_string(&tag, "W/\"");
    hw_buffer_put_hex(&tag, entry->inode);
    hw_buffer_put_char(&tag, '-');
    hw_buffer_put_hex(&tag, entry->size);
    hw_buffer_put_char(&tag, '-');
    hw_buffer_put_hex(&tag, count_nanoseconds(entry->modified));
    hw_buffer_put_char(&tag, '-');
    hw_buffer_put_hex(&tag, count_nanoseconds(entry->changed));
    hw_buffer_put_char(&tag, '"');
    return hw_buffer_text(&tag);
}

int64_t hw_entry_last_modified(const hw_entry *entry, int64_t now)
{
    int64_t seconds = entry->modified.tv_sec;
    /* RFC 9110 8.8.2.1: never later than Date. Now in its place would be a date that nobody set. */
    return seconds < ENTRY_DATE_MIN || seconds > now ? HW_NO_DATE : seconds;
}

static int read_entry(const hw_entry *entry, uint64_t offset, char *memory, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got = hw_sys_read_at(entry->fd, memory + done, length - done, offset + done);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return -ESTALE;
        done += (size_t)got;
    }
    return 0;
}

int hw_entry_body(hw_entry *entry, hw_range part, hw_arena *arena, hw_source **ret_body)
{
    if (part.length > HW_ENTRY_READ_MAX)
        return hw_entry_body_unread(entry, part, arena, ret_body);
    char *memory = hw_arena_alloc(arena, (size_t)part.length);
    if (!memory)
        return -ENOMEM;
    int error = read_entry(entry, part.first, memory, (size_t)part.length);
    if (error < 0)
        return error;
    hw_source *body = hw_source_memory(arena, (hw_text){memory, (size_t)part.length});
    if (!body)
        return -ENOMEM;
    *ret_body = body;
    return 0;
}

int hw_entry_body_unread(hw_entry *entry, hw_range part, hw_arena *arena, hw_source **ret_body)
{
    hw_source *body = hw_file_source(arena, entry->fd, part.first, part.length);
    if (!body)
        return -ENOMEM;
    entry->fd = -1;
    *ret_body = body;
    return 0;
}

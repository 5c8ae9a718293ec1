/* An entry is a regular file that has been found and opened: what was true of it at that moment. */
#ifndef HW_KIT_ENTRY_H
#define HW_KIT_ENTRY_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "exchange/body.h"
#include "http/range.h"

/* A part up to this size is read at once and leaves with its head. */
#define HW_ENTRY_READ_MAX (16 * 1024)

typedef struct hw_entry {
    int fd; /* -1: closed, or a body's */
    uint64_t inode, size;
    struct timespec modified, changed;
} hw_entry;

/* Owns: fd, on success; on failure it stays the caller's. Errors: -EISDIR a folder; -ENOENT neither
 * file nor folder. */
int hw_entry_open(hw_entry *entry, int fd);
void hw_entry_close(hw_entry *entry); /* once more is fine */

/* The ETag value: weak, for it is made of what the file system says of the content, not of the
 * content. Empty: no memory in the arena. */
hw_text hw_entry_tag(const hw_entry *entry, hw_arena *arena);
/* Seconds, or HW_NO_DATE where the file's date says nothing. */
int64_t hw_entry_last_modified(const hw_entry *entry, int64_t now);

/* A body of this part of the file, which is not empty: read now if it is small, else sent from the
 * file; then the body takes the descriptor. Errors: -ESTALE the file is shorter than it was;
 * -ENOMEM; what reading gives. */
int hw_entry_body(hw_entry *entry, hw_range part, hw_arena *arena, hw_source **ret_body);
/* The same for somebody who wants to know its length alone: nothing is read. */
int hw_entry_body_unread(hw_entry *entry, hw_range part, hw_arena *arena, hw_source **ret_body);

#endif

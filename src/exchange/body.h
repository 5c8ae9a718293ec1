/* A body is a source: whoever carries it pulls, so nothing is produced faster than it can leave.
 * Memory, a file, a ring that somebody feeds, a filter around another source are all the same to
 * the one who pulls. A request's body is the same type as a response's. */
#ifndef HW_EXCHANGE_BODY_H
#define HW_EXCHANGE_BODY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/identity.h"
#include "http/field.h"

#define HW_LENGTH_UNKNOWN UINT64_MAX

typedef enum hw_pull {
    HW_PULL_BYTES, /* piece.bytes, at least one */
    HW_PULL_FILE,  /* piece.file, at least one byte of an open file */
    HW_PULL_WAIT,  /* nothing now; the carrier is woken when there is */
    HW_PULL_COLD, /* nothing before piece.file, or its first part, is in memory: the carrier sees to
                       that, and pulls again */
    HW_PULL_END,  /* that was all; piece.trailers, often none */
    HW_PULL_FAILED, /* it cannot be completed: the carrier must not let it look complete */
} hw_pull;

/* How one finds out whether a part of an open file can be had without waiting for a disk. */
typedef enum hw_warmth_kind {
    HW_WARMTH_ASKED,   /* by reading without waiting; nothing else is known yet */
    HW_WARMTH_MEMORY,  /* it always can: the file system is memory */
    HW_WARMTH_COUNTED, /* by asking for the number of pages */
    HW_WARMTH_UNTOLD,  /* one does not: whatever was not read lately counts as cold */
} hw_warmth_kind;

/* What the one who sends from an open file has learnt of it, kept by whoever keeps it open, for the
 * next slice or the next exchange. Zeroed: nothing yet. It belongs to the loop. */
typedef struct hw_warmth {
    hw_warmth_kind kind;
    uint64_t first, end; /* were in the page cache ... */
    int64_t until_ms;    /* ... and count as being there until then, on the loop's clock */
} hw_warmth;

/* A part of an open file; descriptor and warmth stay the source's. */
typedef struct hw_segment {
    int fd;
    uint64_t offset;
    size_t length;
    hw_warmth *warmth;           /* NULL: it may be sent as it is */
    const hw_identity *identity; /* of which version of the file it is; NULL: of any */
} hw_segment;

/* Whether the file is still the version that was meant: asked before its last bytes go. */
bool hw_segment_is_current(const hw_segment *file);

typedef struct hw_piece {
    hw_text bytes;
    hw_segment file;
    hw_fields trailers;
} hw_piece;

typedef struct hw_source hw_source;

typedef struct hw_source_ops {
    /* The next piece: at most `want` bytes (want > 0), or all there is of a file, which takes no
     * memory. Valid: until the next pull or drop. Never blocks. */
    hw_pull (*pull)(hw_source *source, size_t want, hw_piece *ret_piece);
    /* Gives up the source and what it holds, finished or not. Called exactly once. */
    void (*drop)(hw_source *source);
    /* Its type is said in the body itself, and is to be another; the text lives as long as the
     * source, of which nothing has been pulled. False: no memory. NULL: the head alone says it. */
    bool (*retype)(hw_source *source, hw_text type);
} hw_source_ops;

/* The first member of every kind of source. */
struct hw_source {
    const hw_source_ops *ops;
    uint64_t length; /* all bytes it will give, known from the start; or HW_LENGTH_UNKNOWN */
    /* Where all of them lie, unchanged until the source is dropped: whoever takes them there need
     * not pull. NULL: they must be pulled. */
    const char *at;
};

hw_pull hw_source_pull(hw_source *source, size_t want, hw_piece *ret_piece);
void hw_source_drop(hw_source *source); /* NULL is fine */

/* Bytes that stay unchanged until the source is dropped. NULL: no memory in the arena. */
hw_source *hw_source_memory(hw_arena *arena, hw_text bytes);

#endif

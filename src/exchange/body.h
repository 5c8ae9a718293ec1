/* A body is a source: whoever carries it pulls, so nothing is produced faster than it can leave.
 * Memory, a file, a ring that somebody feeds, a filter around another source are all the same to
 * the one who pulls. A request's body is the same type as a response's. */
#ifndef HW_EXCHANGE_BODY_H
#define HW_EXCHANGE_BODY_H

#include <stdint.h>

#include "base/arena.h"
#include "http/field.h"

#define HW_LENGTH_UNKNOWN UINT64_MAX

typedef enum hw_pull {
    HW_PULL_BYTES,  /* piece.bytes, at least one */
    HW_PULL_FILE,   /* piece.file, at least one byte of an open file */
    HW_PULL_WAIT,   /* nothing now; the carrier is woken when there is */
    HW_PULL_END,    /* that was all; piece.trailers, often none */
    HW_PULL_FAILED, /* it cannot be completed: the carrier must not let it look complete */
} hw_pull;

/* A part of an open file; the descriptor stays the source's. */
typedef struct hw_segment {
    int fd;
    uint64_t offset;
    size_t length;
} hw_segment;

typedef struct hw_piece {
    hw_text bytes;
    hw_segment file;
    hw_fields trailers;
} hw_piece;

typedef struct hw_source hw_source;

typedef struct hw_source_ops {
    /* The next piece, at most `want` bytes of it (want > 0). Valid: until the next pull or drop.
     * Never blocks. */
    hw_pull (*pull)(hw_source *source, size_t want, hw_piece *ret_piece);
    /* Gives up the source and what it holds, finished or not. Called exactly once. */
    void (*drop)(hw_source *source);
} hw_source_ops;

/* The first member of every kind of source. */
struct hw_source {
    const hw_source_ops *ops;
    uint64_t length; /* all bytes it will give, known from the start; or HW_LENGTH_UNKNOWN */
};

hw_pull hw_source_pull(hw_source *source, size_t want, hw_piece *ret_piece);
void hw_source_drop(hw_source *source); /* NULL is fine */

/* Bytes that stay unchanged until the source is dropped. NULL: no memory in the arena. */
hw_source *hw_source_memory(hw_arena *arena, hw_text bytes);

#endif

/* An arena hands out memory that is freed all at once. It is a chain of blocks; the first ordinary
 * block stays when the arena is reset, so a recycled arena costs no allocation. Under
 * AddressSanitizer what is not handed out is poisoned. An arena has one user at a time. */
#ifndef HW_BASE_ARENA_H
#define HW_BASE_ARENA_H

#include <stdarg.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/poison.h"
#include "base/text.h"

#define HW_ARENA_ALIGNMENT _Alignof(max_align_t)

typedef struct hw_arena_block hw_arena_block;

typedef struct hw_arena {
    hw_arena_block *first;
    char *at, *end;     /* free part of the ordinary block in use */
    size_t held;        /* bytes of all blocks, their heads included */
    size_t bytes_max;   /* `held` never passes it */
    size_t block_bytes; /* size of an ordinary block, its head included */
    size_t first_bytes; /* ... of the first one */
    hw_budget *budget;  /* what its blocks are charged to; NULL: nothing */
} hw_arena;

/* Starts empty and takes no memory yet. A zeroed arena is legal to fini; it never has memory. */
void hw_arena_init(hw_arena *arena, size_t block_bytes, size_t bytes_max);
/* After init: the first block is smaller. An arena that needed more keeps a full one when it is
 * reset, so that only the first user pays for it. */
void hw_arena_start_small(hw_arena *arena, size_t first_bytes);
/* From now on its blocks are charged to the budget, those it has too: then and only then that may
 * be passed. NULL: to none. */
void hw_arena_charge(hw_arena *arena, hw_budget *budget);
/* Frees everything; the arena is as after init, with the budget it had. */
void hw_arena_fini(hw_arena *arena);
/* Frees all but the first ordinary block, which it empties. Everything handed out becomes invalid.
 */
void hw_arena_reset(hw_arena *arena);

/* For hw_arena_alloc: the piece lies in another block than the one in use. */
void *hw_arena_alloc_elsewhere(hw_arena *arena, size_t bytes);

/* Memory aligned for any type, not zeroed; bytes 0 is fine. NULL: out of memory, or bytes_max would
 * be passed. */
static inline void *hw_arena_alloc(hw_arena *arena, size_t bytes)
{
    size_t room = arena->at ? (size_t)(arena->end - arena->at) : 0;
    if (bytes > room)
        return hw_arena_alloc_elsewhere(arena, bytes);
    size_t step = (bytes + (bytes == 0) + HW_ARENA_ALIGNMENT - 1) & ~(HW_ARENA_ALIGNMENT - 1);
    if (step > room)
        return hw_arena_alloc_elsewhere(arena, bytes);
    void *piece = arena->at;
    arena->at += step;
    hw_unpoison(piece, bytes);
    return piece;
}

/* The same, zeroed; count * bytes is checked. */
void *hw_arena_alloc_zeroed(hw_arena *arena, size_t count, size_t bytes);
/* A copy with a NUL after it; NULL when there is no memory. */
char *hw_arena_copy(hw_arena *arena, hw_text text);
/* The same as a text (the NUL is there but not counted). False: no memory. */
bool hw_arena_copy_text(hw_arena *arena, hw_text text, hw_text *ret_copy);
/* printf into the arena, NUL-terminated; NULL when there is no memory. */
char *hw_arena_format(hw_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *hw_arena_formatv(hw_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif

/* A heap hands out memory piece by piece, to a library that wants to free each piece by itself. All
 * of it is charged to a budget and bounded together. One user at a time. */
#ifndef HW_BASE_HEAP_H
#define HW_BASE_HEAP_H

#include <stddef.h>

#include "base/budget.h"

/* The budget is charged in steps of so many bytes, so that small pieces cost it nothing. */
#define HW_HEAP_STEP_BYTES ((size_t)4096)

typedef struct hw_heap_piece hw_heap_piece;

typedef struct hw_heap {
    hw_budget *budget; /* borrowed; NULL: charged to nobody */
    size_t bytes_max;  /* `used` never passes it */
    size_t used;       /* bytes of all pieces, what is kept of each included */
    size_t charged;    /* to the budget */
    hw_heap_piece *first;
} hw_heap;

/* Takes no memory yet. A heap may be moved: nothing points to it. A zeroed one is legal to fini. */
void hw_heap_init(hw_heap *heap, hw_budget *budget, size_t bytes_max);
/* Frees every piece that is still there. */
void hw_heap_fini(hw_heap *heap);

/* Aligned for any type; bytes 0 is fine. NULL: there is no memory, or one of the bounds would be
 * passed. Owns: the caller; freed by hw_heap_free of this heap. */
void *hw_heap_alloc(hw_heap *heap, size_t bytes);
/* The same, zeroed; count * bytes is checked. */
void *hw_heap_alloc_zeroed(hw_heap *heap, size_t count, size_t bytes);
/* As realloc: memory may be NULL; NULL leaves the old memory as it was. */
void *hw_heap_resize(hw_heap *heap, void *memory, size_t bytes);
void hw_heap_free(hw_heap *heap, void *memory); /* NULL is fine */

#endif

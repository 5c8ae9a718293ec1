/* Hands out memory piece by piece, charged to a budget and bounded.
 *
 * The arena is what this house takes memory from; a heap is for libraries that come with an
 * allocator's four functions in mind, and free without saying how much. So a piece has its size in
 * front of it. Pieces are on a list, so that all that is left can be freed at once: a library that
 * ran out of memory halfway may not be able to clean up any more. The budget is an atomic that all
 * threads share, and such libraries ask for many small pieces: it is charged in steps, ahead of use
 * by less than one when pieces are taken, and by up to two while they come and go.
 * Invariants: used <= charged <= used + two steps, and charged is a multiple of a step; used is the
 * sum of the pieces and never over bytes_max. */
#include "base/heap.h"

#include <string.h>

#include "base/list.h"
#include "base/number.h"
#include "sys/memory.h"

struct hw_heap_piece {
    hw_heap_piece *next, *prev;
    size_t bytes; /* this head included */
    _Alignas(max_align_t) char memory[];
};

void hw_heap_init(hw_heap *heap, hw_budget *budget, size_t bytes_max)
{
    *heap = (hw_heap){.budget = budget, .bytes_max = bytes_max};
}

void hw_heap_fini(hw_heap *heap)
{
    while (heap->first) {
        hw_heap_piece *piece = heap->first;
        heap->first = piece->next;
        hw_sys_free(piece);
    }
    hw_budget_give(heap->budget, heap->charged);
    heap->used = heap->charged = 0;
}

static void link_piece(hw_heap *heap, hw_heap_piece *piece)
{
    piece->prev = NULL;
    piece->next = heap->first;
    if (piece->next)
        piece->next->prev = piece;
    heap->first = piece;
}

static void unlink_piece(hw_heap *heap, hw_heap_piece *piece)
{
    if (piece->prev)
        piece->prev->next = piece->next;
    else
        heap->first = piece->next;
    if (piece->next)
        piece->next->prev = piece->prev;
}

static hw_heap_piece *piece_of(void *memory)
{
    return HW_MEMBER(memory, hw_heap_piece, memory);
}

/* False: a bound would be passed, and nothing is charged. */
static bool charge_heap(hw_heap *heap, size_t bytes)
{
    if (bytes > heap->bytes_max - heap->used)
        return false;
    size_t used = heap->used + bytes;
    if (used > heap->charged) {
        size_t missing = used - heap->charged;
        size_t steps = missing / HW_HEAP_STEP_BYTES + (missing % HW_HEAP_STEP_BYTES > 0);
        size_t more;
        if (!hw_size_multiply(steps, HW_HEAP_STEP_BYTES, &more) ||
            !hw_budget_take(heap->budget, more))
            return false;
        heap->charged += more;
    }
    heap->used = used;
    return true;
}

static void discharge_heap(hw_heap *heap, size_t bytes)
{
    heap->used -= bytes;
    size_t spare = heap->charged - heap->used;
    if (spare < 2 * HW_HEAP_STEP_BYTES)
        return;
    size_t back = (spare / HW_HEAP_STEP_BYTES - 1) * HW_HEAP_STEP_BYTES;
    heap->charged -= back;
    hw_budget_give(heap->budget, back);
}

void *hw_heap_alloc(hw_heap *heap, size_t bytes)
{
    size_t total;
    if (!hw_size_add(bytes, sizeof(hw_heap_piece), &total) || !charge_heap(heap, total))
        return NULL;
    hw_heap_piece *piece = hw_sys_alloc(total);
    if (!piece) {
        discharge_heap(heap, total);
        return NULL;
    }
    piece->bytes = total;
    link_piece(heap, piece);
    return piece->memory;
}

void *hw_heap_alloc_zeroed(hw_heap *heap, size_t count, size_t bytes)
{
    size_t total;
    if (!hw_size_multiply(count, bytes, &total))
        return NULL;
    void *memory = hw_heap_alloc(heap, total);
    if (memory)
        memset(memory, 0, total);
    return memory;
}

void *hw_heap_resize(hw_heap *heap, void *memory, size_t bytes)
{
    if (!memory)
        return hw_heap_alloc(heap, bytes);
    hw_heap_piece *piece = piece_of(memory);
    size_t before = piece->bytes, total;
    if (!hw_size_add(bytes, sizeof(hw_heap_piece), &total))
        return NULL;
    if (total > before && !charge_heap(heap, total - before))
        return NULL;
    unlink_piece(heap, piece);
    hw_heap_piece *resized = hw_sys_resize(piece, total);
    link_piece(heap, resized ? resized : piece);
    if (!resized) {
        if (total > before)
            discharge_heap(heap, total - before);
        return NULL;
    }
    if (total < before)
        discharge_heap(heap, before - total);
    resized->bytes = total;
    return resized->memory;
}

void hw_heap_free(hw_heap *heap, void *memory)
{
    if (!memory)
        return;
    hw_heap_piece *piece = piece_of(memory);
    discharge_heap(heap, piece->bytes);
    unlink_piece(heap, piece);
    hw_sys_free(piece);
}

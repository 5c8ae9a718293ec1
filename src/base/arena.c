/* Hands out memory that is freed all at once.
 *
 * A chain of blocks, each one allocation. A piece that fits no ordinary block gets a block of its
 * own, so that the free part of the ordinary block stays in use. Near bytes_max an ordinary block
 * is as large as what is left. Blocks do not grow geometrically: an arena is charged to a
 * connection, and what it holds should follow what it uses. reset keeps the first block when it is
 * an ordinary one, or a full one in place of a small one; a block made for one large piece would be
 * a burden to every later exchange.
 * Invariants: at is NULL until there is an ordinary block, which then is the first; at is aligned;
 * [at, end) is poisoned; held is the sum of the blocks and never over bytes_max, and is what the
 * budget is charged with. */
#include "base/arena.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/poison.h"
#include "sys/memory.h"

struct hw_arena_block {
    hw_arena_block *next;
    size_t bytes; /* this head included */
    _Alignas(max_align_t) char memory[];
};

void hw_arena_init(hw_arena *arena, size_t block_bytes, size_t bytes_max)
{
    *arena =
        (hw_arena){.block_bytes = block_bytes, .bytes_max = bytes_max, .first_bytes = block_bytes};
}

void hw_arena_start_small(hw_arena *arena, size_t first_bytes)
{
    arena->first_bytes = first_bytes;
}

void hw_arena_charge(hw_arena *arena, hw_budget *budget)
{
    hw_budget_add(budget, arena->held);
    hw_budget_give(arena->budget, arena->held);
    arena->budget = budget;
}

static void free_arena_blocks(hw_arena *arena)
{
    size_t bytes = 0;
    while (arena->first) {
        hw_arena_block *block = arena->first;
        arena->first = block->next;
        bytes += block->bytes;
        hw_unpoison(block, block->bytes);
        hw_sys_free(block);
    }
    if (bytes > 0)
        hw_budget_give(arena->budget, bytes);
}

void hw_arena_fini(hw_arena *arena)
{
    hw_budget *budget = arena->budget;
    size_t first_bytes = arena->first_bytes;
    free_arena_blocks(arena);
    hw_arena_init(arena, arena->block_bytes, arena->bytes_max);
    hw_arena_start_small(arena, first_bytes);
    arena->budget = budget;
}

/* Makes the block, all of it free, the one that is handed out from. */
static void open_arena_block(hw_arena *arena, hw_arena_block *block)
{
    arena->at = block->memory;
    arena->end = (char *)block + block->bytes;
    hw_poison(arena->at, (size_t)(arena->end - arena->at));
}

/* Puts a full block in front of the small one the chain began with, if there is one. */
static void prefer_full_block(hw_arena *arena)
{
    hw_arena_block **place = &arena->first;
    while (*place && (*place)->bytes != arena->block_bytes)
        place = &(*place)->next;
    hw_arena_block *full = *place;
    if (!full)
        return;
    *place = full->next;
    full->next = arena->first;
    arena->first = full;
}

void hw_arena_reset(hw_arena *arena)
{
    if (arena->first && arena->first->next && arena->first->bytes < arena->block_bytes)
        prefer_full_block(arena);
    hw_arena_block *kept = arena->first;
    if (!kept || kept->bytes > arena->block_bytes) {
        hw_arena_fini(arena);
        return;
    }
    if (!kept->next) {
        open_arena_block(arena, kept);
        return;
    }
    arena->first = kept->next;
    hw_arena_fini(arena);
    kept->next = NULL;
    arena->first = kept;
    arena->held = kept->bytes;
    open_arena_block(arena, kept);
}

static hw_arena_block *add_arena_block(hw_arena *arena, size_t bytes)
{
    if (!hw_budget_take(arena->budget, bytes))
        return NULL;
    hw_arena_block *block = hw_sys_alloc(bytes);
    if (!block) {
        hw_budget_give(arena->budget, bytes);
        return NULL;
    }
    /* Behind the one in use, which stays the first. */
    hw_arena_block *before = arena->at ? arena->first : NULL;
    block->bytes = bytes;
    block->next = before ? before->next : arena->first;
    if (before)
        before->next = block;
    else
        arena->first = block;
    arena->held += bytes;
    return block;
}

static size_t count_arena_room(const hw_arena *arena)
{
    return arena->at ? (size_t)(arena->end - arena->at) : 0;
}

/* The bytes a piece takes from its block. False: no block could hold it. */
static bool pad_arena_piece(size_t bytes, size_t *ret_step)
{
    size_t padded;
    if (!hw_size_add(hw_size_max(bytes, 1), HW_ARENA_ALIGNMENT - 1, &padded))
        return false;
    *ret_step = padded & ~(HW_ARENA_ALIGNMENT - 1);
    return true;
}

void *hw_arena_alloc_elsewhere(hw_arena *arena, size_t bytes)
{
    size_t step, needed, left = arena->bytes_max - arena->held;
    if (!pad_arena_piece(bytes, &step) || !hw_size_add(step, sizeof(hw_arena_block), &needed))
        return NULL;
    if (needed > left)
        return NULL;
    bool is_large = needed > arena->block_bytes;
    bool is_small = !arena->first && needed <= arena->first_bytes;
    size_t ordinary = is_small ? arena->first_bytes : arena->block_bytes;
    hw_arena_block *block = add_arena_block(arena, is_large ? needed : hw_size_min(ordinary, left));
    if (!block)
        return NULL;
    if (is_large) {
        hw_poison(block->memory, step);
        hw_unpoison(block->memory, bytes);
        return block->memory;
    }
    open_arena_block(arena, block);
    arena->at += step;
    hw_unpoison(block->memory, bytes);
    return block->memory;
}

void *hw_arena_alloc_zeroed(hw_arena *arena, size_t count, size_t bytes)
{
    size_t total;
    if (!hw_size_multiply(count, bytes, &total))
        return NULL;
    void *piece = hw_arena_alloc(arena, total);
    if (piece)
        memset(piece, 0, total);
    return piece;
}

char *hw_arena_copy(hw_arena *arena, hw_text text)
{
    size_t bytes;
    if (!hw_size_add(text.length, 1, &bytes))
        return NULL;
    char *copy = hw_arena_alloc(arena, bytes);
    if (!copy)
        return NULL;
    if (text.length > 0)
        memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return copy;
}

bool hw_arena_copy_text(hw_arena *arena, hw_text text, hw_text *ret_copy)
{
    const char *copy = hw_arena_copy(arena, text);
    if (!copy)
        return false;
    *ret_copy = (hw_text){copy, text.length};
    return true;
}

char *hw_arena_format(hw_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *string = hw_arena_formatv(arena, format, args);
    va_end(args);
    return string;
}

char *hw_arena_formatv(hw_arena *arena, const char *format, va_list args)
{
    size_t room = count_arena_room(arena);
    const char *tried = arena->at;
    va_list again;
    va_copy(again, args);
    hw_unpoison(arena->at, room);
    int length = vsnprintf(arena->at, room, format, args);
    hw_poison(arena->at, room);

    char *string = length < 0 ? NULL : hw_arena_alloc(arena, (size_t)length + 1);
    /* The try above wrote where the piece now lies, unless the piece needed another block: that may
     * be for its padding alone. */
    if (string && string != tried)
        vsnprintf(string, (size_t)length + 1, format, again);
    va_end(again);
    return string;
}

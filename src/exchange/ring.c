/* A bounded queue of bytes between somebody who feeds and somebody who pulls.
 *
 * Bytes are copied in once and lent out in place. What is lent stays where it is until the next
 * pull, so the puller may send it in several steps. Each side is told only what it has asked for:
 * the feeder of room after it was turned away, the puller of bytes after it was told to wait.
 *
 * A body that comes in drops needs no more than a drop's memory, and there may be thousands of
 * them: so a ring begins small, and grows once, to all it may hold. What was lent stays where it
 * is, for an arena takes nothing back. If there is no memory to grow it stays as it is.
 *
 * Invariants: start < capacity; length <= capacity <= capacity_max; lent <= length. */
#include "exchange/ring.h"

#include <string.h>

#include "base/assert.h"
#include "base/number.h"

#define CAPACITY_FIRST 512

static void tell_room(hw_ring *ring)
{
    if (!ring->was_full)
        return;
    ring->was_full = false;
    if (ring->on_room)
        ring->on_room(ring->room_arg);
}

static void tell_bytes(hw_ring *ring)
{
    if (!ring->was_empty)
        return;
    ring->was_empty = false;
    if (ring->on_bytes)
        ring->on_bytes(ring->bytes_arg);
}

static void take_back_lent(hw_ring *ring)
{
    if (ring->lent == 0)
        return;
    ring->start = (ring->start + ring->lent) % ring->capacity;
    ring->length -= ring->lent;
    ring->lent = 0;
    tell_room(ring);
}

static hw_pull pull_ring(hw_source *source, size_t want, hw_piece *ret_piece)
{
    hw_ring *ring = (hw_ring *)source;
    *ret_piece = (hw_piece){0};
    take_back_lent(ring);
    if (ring->length > 0) {
        size_t until_wrap = ring->capacity - ring->start;
        ring->lent = hw_size_min(hw_size_min(ring->length, until_wrap), want);
        ret_piece->bytes = (hw_text){ring->memory + ring->start, ring->lent};
        return HW_PULL_BYTES;
    }
    if (ring->is_failed)
        return HW_PULL_FAILED;
    if (ring->is_ended) {
        ret_piece->trailers = ring->trailers;
        return HW_PULL_END;
    }
    ring->was_empty = true;
    return HW_PULL_WAIT;
}

static void drop_ring(hw_source *source)
{
    hw_ring *ring = (hw_ring *)source;
    ring->is_dropped = true;
    ring->start = ring->length = ring->lent = 0;
    tell_room(ring);
}

static const hw_source_ops ring_ops = {.pull = pull_ring, .drop = drop_ring};

hw_ring *hw_ring_new(hw_arena *arena, size_t capacity, uint64_t length)
{
    hw_assert(capacity > 0);
    hw_ring *ring = hw_arena_alloc_zeroed(arena, 1, sizeof *ring);
    if (!ring)
        return NULL;
    ring->capacity = hw_size_min(capacity, CAPACITY_FIRST);
    ring->memory = hw_arena_alloc(arena, ring->capacity);
    if (!ring->memory)
        return NULL;
    ring->source = (hw_source){.ops = &ring_ops, .length = length};
    ring->arena = arena;
    ring->capacity_max = capacity;
    return ring;
}

/* Room for so many bytes more, if there may be. */
static void grow_ring(hw_ring *ring, size_t more)
{
    if (more <= ring->capacity - ring->length || ring->capacity == ring->capacity_max)
        return;
    char *memory = hw_arena_alloc(ring->arena, ring->capacity_max);
    if (!memory) {
        ring->capacity_max = ring->capacity;
        return;
    }
    size_t first = hw_size_min(ring->length, ring->capacity - ring->start);
    memcpy(memory, ring->memory + ring->start, first);
    memcpy(memory + first, ring->memory, ring->length - first);
    ring->memory = memory;
    ring->capacity = ring->capacity_max;
    ring->start = 0;
}

size_t hw_ring_feed(hw_ring *ring, hw_text bytes)
{
    hw_assert(!ring->is_ended && !ring->is_failed);
    if (ring->is_dropped)
        return bytes.length;
    size_t taken = 0;
    grow_ring(ring, bytes.length);
    while (taken < bytes.length && ring->length < ring->capacity) {
        size_t end = (ring->start + ring->length) % ring->capacity;
        size_t until_wrap = end < ring->start ? ring->start - end : ring->capacity - end;
        size_t count = hw_size_min(bytes.length - taken, until_wrap);
        memcpy(ring->memory + end, bytes.at + taken, count);
        ring->length += count;
        taken += count;
    }
    if (taken < bytes.length)
        ring->was_full = true;
    if (taken > 0)
        tell_bytes(ring);
    return taken;
}

size_t hw_ring_room(hw_ring *ring)
{
    if (ring->is_dropped)
        return SIZE_MAX;
    if (ring->length == ring->capacity_max)
        ring->was_full = true;
    return ring->capacity_max - ring->length;
}

size_t hw_ring_follow(hw_ring *ring)
{
    ring->was_full = ring->length > 0;
    return ring->length;
}

void hw_ring_end(hw_ring *ring, hw_fields trailers)
{
    ring->is_ended = true;
    ring->trailers = trailers;
    tell_bytes(ring);
}

void hw_ring_fail(hw_ring *ring)
{
    ring->is_failed = true;
    tell_bytes(ring);
}

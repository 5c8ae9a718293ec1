/* A bounded queue of bytes between a loop and a thread.
 *
 * One lock guards all of it and is held for a copy of at most 64 KiB. What the loop was lent stays
 * where it is until the loop pulls again, so the loop reads it without the lock: the thread writes
 * behind it only.
 *
 * Nobody is told of what he has not asked for: the loop hears of bytes after it was told to wait,
 * and of room after it was turned away. It is told under the lock, so that whoever breaks the flow
 * off and takes the lock afterwards knows that nobody is still about to tell.
 *
 * Invariants: start < capacity; length <= capacity; lent <= length. */
#include "exchange/flow.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "exchange/exchange.h"
#include "sys/thread.h"

static void tell_loop(hw_flow *flow)
{
    if (!flow->is_loop_waiting)
        return;
    flow->is_loop_waiting = false;
    flow->exchange->carrier->notify(flow->exchange);
}

/* Where the next byte goes, and how many fit there in one piece. */
static size_t find_room(const hw_flow *flow, char **ret_at)
{
    size_t end = (flow->start + flow->length) % flow->capacity;
    size_t until_wrap = end < flow->start ? flow->start - end : flow->capacity - end;
    *ret_at = flow->memory + end;
    return flow->length == flow->capacity ? 0 : until_wrap;
}

static size_t put_bytes(hw_flow *flow, hw_text bytes)
{
    size_t taken = 0, room;
    char *at;
    while (taken < bytes.length && (room = find_room(flow, &at)) > 0) {
        size_t count = hw_size_min(bytes.length - taken, room);
        memcpy(at, bytes.at + taken, count);
        flow->length += count;
        taken += count;
    }
    return taken;
}

static void take_off(hw_flow *flow, size_t count)
{
    flow->start = (flow->start + count) % flow->capacity;
    flow->length -= count;
}

static hw_pull pull_locked(hw_flow *flow, size_t want, hw_piece *ret_piece)
{
    if (flow->lent > 0) {
        take_off(flow, flow->lent);
        flow->lent = 0;
        hw_sys_condition_wake_all(&flow->moved);
    }
    if (flow->length > 0 && !flow->is_failed) {
        size_t until_wrap = flow->capacity - flow->start;
        flow->lent = hw_size_min(hw_size_min(flow->length, until_wrap), want);
        ret_piece->bytes = (hw_text){flow->memory + flow->start, flow->lent};
        return HW_PULL_BYTES;
    }
    if (flow->is_failed)
        return HW_PULL_FAILED;
    if (flow->is_ended)
        return HW_PULL_END;
    flow->is_loop_waiting = true;
    return HW_PULL_WAIT;
}

static hw_pull pull_flow(hw_source *source, size_t want, hw_piece *ret_piece)
{
    hw_flow *flow = (hw_flow *)source;
    *ret_piece = (hw_piece){0};
    hw_sys_mutex_lock(&flow->lock);
    hw_pull pull = pull_locked(flow, want, ret_piece);
    hw_sys_mutex_unlock(&flow->lock);
    return pull;
}

static void drop_flow(hw_source *source)
{
    hw_flow_fini((hw_flow *)source);
}

static const hw_source_ops flow_ops = {.pull = pull_flow, .drop = drop_flow};

int hw_flow_init(hw_flow *flow, hw_exchange *exchange, size_t capacity)
{
    hw_assert(capacity > 0);
    *flow = (hw_flow){.exchange = exchange, .capacity = hw_size_min(capacity, HW_FLOW_BYTES)};
    flow->source = (hw_source){.ops = &flow_ops, .length = HW_LENGTH_UNKNOWN};
    flow->memory = hw_arena_alloc(&exchange->arena, flow->capacity);
    if (!flow->memory)
        return -ENOMEM;
    hw_sys_mutex_init(&flow->lock);
    hw_sys_condition_init(&flow->moved);
    return 0;
}

void hw_flow_fini(hw_flow *flow)
{
    hw_sys_condition_fini(&flow->moved);
    hw_sys_mutex_fini(&flow->lock);
}

size_t hw_flow_feed(hw_flow *flow, hw_text bytes)
{
    hw_sys_mutex_lock(&flow->lock);
    hw_assert(!flow->is_ended);
    size_t taken = flow->is_failed ? bytes.length : put_bytes(flow, bytes);
    flow->is_loop_waiting = taken < bytes.length;
    if (taken > 0)
        hw_sys_condition_wake_all(&flow->moved);
    hw_sys_mutex_unlock(&flow->lock);
    return taken;
}

size_t hw_flow_room(hw_flow *flow)
{
    hw_sys_mutex_lock(&flow->lock);
    size_t room = flow->is_failed ? SIZE_MAX : flow->capacity - flow->length;
    flow->is_loop_waiting = room == 0;
    hw_sys_mutex_unlock(&flow->lock);
    return room;
}

void hw_flow_end(hw_flow *flow)
{
    hw_sys_mutex_lock(&flow->lock);
    flow->is_ended = true;
    hw_sys_condition_wake_all(&flow->moved);
    hw_sys_mutex_unlock(&flow->lock);
}

void hw_flow_fail(hw_flow *flow, int error)
{
    hw_assert(error < 0);
    hw_sys_mutex_lock(&flow->lock);
    flow->is_failed = true;
    flow->error = flow->error ? flow->error : error;
    hw_sys_condition_wake_all(&flow->moved);
    hw_sys_mutex_unlock(&flow->lock);
}

uint64_t hw_flow_taken(hw_flow *flow)
{
    hw_sys_mutex_lock(&flow->lock);
    uint64_t taken = flow->taken;
    hw_sys_mutex_unlock(&flow->lock);
    return taken;
}

uint64_t hw_flow_follow(hw_flow *flow)
{
    hw_sys_mutex_lock(&flow->lock);
    uint64_t taken = flow->taken;
    flow->is_loop_waiting = !flow->is_failed && flow->length > 0;
    hw_sys_mutex_unlock(&flow->lock);
    return taken;
}

bool hw_flow_is_wanted(hw_flow *flow)
{
    hw_sys_mutex_lock(&flow->lock);
    bool is_wanted = flow->is_wanted;
    hw_sys_mutex_unlock(&flow->lock);
    return is_wanted;
}

/* The loop asks the client for its content when it hears of this. */
static void want_first(hw_flow *flow)
{
    if (flow->is_wanted || flow->is_failed)
        return;
    flow->is_wanted = true;
    if (flow->length == 0 && !flow->is_ended)
        flow->exchange->carrier->notify(flow->exchange);
}

static ssize_t read_locked(hw_flow *flow, char *to, size_t bytes)
{
    want_first(flow);
    while (flow->length == 0 && !flow->is_ended && !flow->is_failed)
        hw_sys_condition_wait(&flow->moved, &flow->lock);
    if (flow->is_failed)
        return flow->error;
    size_t count = hw_size_min(hw_size_min(bytes, flow->length), flow->capacity - flow->start);
    if (count == 0)
        return 0;
    memcpy(to, flow->memory + flow->start, count);
    take_off(flow, count);
    flow->taken += count;
    tell_loop(flow);
    return (ssize_t)count;
}

ssize_t hw_flow_read(hw_flow *flow, void *to, size_t bytes)
{
    hw_sys_mutex_lock(&flow->lock);
    ssize_t result = read_locked(flow, to, bytes);
    hw_sys_mutex_unlock(&flow->lock);
    return result;
}

static int write_locked(hw_flow *flow, hw_text bytes, bool may_wait)
{
    if (!may_wait && !flow->is_failed && bytes.length > flow->capacity - flow->length)
        return -ENOBUFS;
    while (!flow->is_failed) {
        size_t taken = put_bytes(flow, bytes);
        bytes = hw_text_from(bytes, taken);
        /* Who may not wait is run by the loop, which looks when he is done. */
        if (taken > 0 && may_wait)
            tell_loop(flow);
        if (bytes.length == 0)
            return 0;
        hw_sys_condition_wait(&flow->moved, &flow->lock);
    }
    return flow->error;
}

int hw_flow_write(hw_flow *flow, hw_text bytes, bool may_wait)
{
    hw_sys_mutex_lock(&flow->lock);
    int result = write_locked(flow, bytes, may_wait);
    hw_sys_mutex_unlock(&flow->lock);
    return result;
}

int hw_flow_state(hw_flow *flow)
{
    hw_sys_mutex_lock(&flow->lock);
    int error = flow->is_failed ? flow->error : 0;
    hw_sys_mutex_unlock(&flow->lock);
    return error;
}

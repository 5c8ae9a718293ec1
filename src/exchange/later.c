/* The table of promises.
 *
 * A slot is used for one promise after the other, and counts them: a number names slot and count,
 * so that one of an earlier use is known to be stale. Slots are never freed, for anybody may still
 * ask for one; there are as many as promises were ever open at the same time.
 *
 * One lock guards the table, and what an exchange knows of its place in it. It is held for a few
 * instructions, and while a carrier is notified or given something back: so an exchange whose waker
 * is closed is notified by nobody any more, and nobody is still busy with a loop for whose exchanges
 * there is no promise left.
 *
 * An exchange is at any time of: the thread that begins it (BEGINNING), nobody (OPEN), or one that
 * holds it (HELD). Only the first and the last may touch it; the loop takes it back from nobody, and
 * waits for the others. */
#include "exchange/later.h"

#include <pthread.h>

#include "base/assert.h"
#include "sys/memory.h"
#include "sys/thread.h"

#define CHUNKS_MAX 24
#define CHUNK_SLOTS_FIRST 64

typedef enum later_state {
    LATER_FREE,
    LATER_BEGINNING,
    LATER_OPEN,
    LATER_HELD,
    LATER_WAKER,
} later_state;

typedef struct later_slot {
    hw_exchange *exchange;
    struct later_slot *next_free;
    pthread_t beginner; /* or who holds it */
    uint32_t number;    /* of the slot, from 1 */
    uint32_t use;
    later_state state;
    bool is_sent;     /* while it was beginning */
    bool is_unwanted; /* the loop waits for it to be given back, and for nothing more */
} later_slot;

/* Chunk k has CHUNK_SLOTS_FIRST << k slots, so that slots stay where they are. */
typedef struct later_table {
    pthread_mutex_t lock;
    pthread_cond_t begun;
    later_slot *chunks[CHUNKS_MAX];
    uint32_t chunk_count;
    later_slot *free;
} later_table;

static later_table promises = {.lock = PTHREAD_MUTEX_INITIALIZER,
                               .begun = PTHREAD_COND_INITIALIZER};

static bool add_slots(void)
{
    uint32_t index = promises.chunk_count, count = (uint32_t)CHUNK_SLOTS_FIRST << index;
    if (index == CHUNKS_MAX)
        return false;
    later_slot *slots = hw_sys_alloc_zeroed(count, sizeof *slots);
    if (!slots)
        return false;
    uint32_t first = (uint32_t)CHUNK_SLOTS_FIRST * ((1U << index) - 1) + 1;
    for (uint32_t i = count; i-- > 0;) {
        slots[i].number = first + i;
        slots[i].next_free = promises.free;
        promises.free = &slots[i];
    }
    promises.chunks[promises.chunk_count++] = slots;
    return true;
}

static uint64_t id_of(const later_slot *slot)
{
    return (uint64_t)slot->use << 32 | slot->number;
}

/* NULL: it is stale, or never was one. */
static later_slot *find_slot(uint64_t id)
{
    uint32_t number = (uint32_t)id;
    if (number == 0)
        return NULL;
    uint32_t at = number - 1, size = CHUNK_SLOTS_FIRST;
    for (uint32_t chunk = 0; chunk < promises.chunk_count; chunk++) {
        if (at < size) {
            later_slot *slot = &promises.chunks[chunk][at];
            return slot->state != LATER_FREE && id_of(slot) == id ? slot : NULL;
        }
        at -= size;
        size *= 2;
    }
    return NULL;
}

static later_slot *open_slot(hw_exchange *exchange, later_state state)
{
    if (!promises.free && !add_slots())
        return NULL;
    later_slot *slot = promises.free;
    promises.free = slot->next_free;
    slot->use++;
    slot->exchange = exchange;
    slot->beginner = pthread_self();
    slot->state = state;
    slot->is_sent = slot->is_unwanted = false;
    exchange->later = id_of(slot);
    return slot;
}

static void close_slot(later_slot *slot)
{
    slot->exchange->later = 0;
    slot->state = LATER_FREE;
    slot->next_free = promises.free;
    promises.free = slot;
}

uint64_t hw_later_open(hw_exchange *exchange)
{
    hw_sys_mutex_lock(&promises.lock);
    const later_slot *slot = open_slot(exchange, LATER_BEGINNING);
    uint64_t id = slot ? id_of(slot) : 0;
    hw_sys_mutex_unlock(&promises.lock);
    return id;
}

bool hw_later_begun(uint64_t id)
{
    hw_sys_mutex_lock(&promises.lock);
    later_slot *slot = find_slot(id);
    hw_assert(slot && slot->state == LATER_BEGINNING);
    /* One that is unwanted already, perhaps since before it was opened, is over as soon as nobody
     * has it. */
    bool is_over = slot->is_sent || slot->is_unwanted || atomic_load(&slot->exchange->is_gone);
    slot->state = LATER_OPEN;
    if (is_over)
        close_slot(slot);
    hw_sys_condition_wake_all(&promises.begun);
    hw_sys_mutex_unlock(&promises.lock);
    return is_over;
}

/* The slot, when its beginning is over, unless it is the caller's own. */
static later_slot *await_slot(uint64_t id)
{
    later_slot *slot;
    while ((slot = find_slot(id)) && slot->state == LATER_BEGINNING &&
           !pthread_equal(slot->beginner, pthread_self()))
        hw_sys_condition_wait(&promises.begun, &promises.lock);
    return slot && slot->state != LATER_WAKER ? slot : NULL;
}

hw_exchange *hw_later_hold(uint64_t id)
{
    hw_sys_mutex_lock(&promises.lock);
    later_slot *slot = await_slot(id);
    hw_exchange *exchange = NULL;
    if (slot && slot->state == LATER_OPEN) {
        slot->state = LATER_HELD;
        slot->beginner = pthread_self();
        exchange = slot->exchange;
    } else if (slot && slot->state == LATER_BEGINNING && !slot->is_sent) {
        exchange = slot->exchange; /* its own */
    }
    hw_sys_mutex_unlock(&promises.lock);
    return exchange;
}

hw_exchange *hw_later_claim(uint64_t id, const hw_response *response, int *ret_error)
{
    hw_sys_mutex_lock(&promises.lock);
    later_slot *slot = await_slot(id);
    hw_exchange *exchange = slot && !slot->is_sent ? slot->exchange : NULL;
    /* Only who holds it may give it up then, and nobody else can tell that he does not. */
    bool is_others = exchange && !response && slot->state == LATER_HELD &&
                     !pthread_equal(slot->beginner, pthread_self());
    if (is_others)
        exchange = NULL;
    *ret_error = is_others ? -EBUSY : !exchange || slot->is_unwanted ? -ESTALE : 0;
    if (exchange && response && (slot->state == LATER_OPEN || response != &exchange->response))
        hw_misuse_abort(NULL, 0,
                        "hewn_later_send: the response is not one of a request that was asked for "
                        "with hewn_later_request");
    if (exchange && slot->state == LATER_OPEN)
        slot->state = LATER_HELD;
    hw_sys_mutex_unlock(&promises.lock);
    return exchange;
}

void hw_later_give_back(uint64_t id, hw_exchange *exchange)
{
    hw_sys_mutex_lock(&promises.lock);
    later_slot *slot = find_slot(id);
    hw_assert(slot && slot->exchange == exchange);
    bool is_beginning = slot->state == LATER_BEGINNING;
    if (is_beginning)
        slot->is_sent = true;
    else
        close_slot(slot);
    if (!is_beginning)
        exchange->carrier->give_back(exchange);
    hw_sys_mutex_unlock(&promises.lock);
}

void hw_later_settle(void)
{
    hw_sys_mutex_lock(&promises.lock);
    hw_sys_mutex_unlock(&promises.lock);
}

bool hw_later_take_back(hw_exchange *exchange)
{
    hw_sys_mutex_lock(&promises.lock);
    later_slot *slot = exchange->later ? find_slot(exchange->later) : NULL;
    bool is_nobodys = slot && slot->state == LATER_OPEN;
    if (is_nobodys)
        close_slot(slot);
    else if (slot)
        slot->is_unwanted = true;
    hw_sys_mutex_unlock(&promises.lock);
    return is_nobodys;
}

uint64_t hw_waker_open(hw_exchange *exchange)
{
    hw_sys_mutex_lock(&promises.lock);
    if (!exchange->later)
        (void)open_slot(exchange, LATER_WAKER);
    uint64_t id = exchange->later;
    hw_sys_mutex_unlock(&promises.lock);
    return id;
}

void hw_waker_close(hw_exchange *exchange)
{
    hw_sys_mutex_lock(&promises.lock);
    later_slot *slot = exchange->later ? find_slot(exchange->later) : NULL;
    if (slot) {
        hw_assert(slot->state == LATER_WAKER);
        close_slot(slot);
    }
    hw_sys_mutex_unlock(&promises.lock);
}

int hw_waker_wake(uint64_t id)
{
    hw_sys_mutex_lock(&promises.lock);
    const later_slot *slot = find_slot(id);
    bool is_there = slot && slot->state == LATER_WAKER;
    if (is_there)
        slot->exchange->carrier->notify(slot->exchange);
    hw_sys_mutex_unlock(&promises.lock);
    return is_there ? 0 : -ESTALE;
}

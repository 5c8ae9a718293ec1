/* A hierarchical timer wheel.
 *
 * Level 0 has a slot for each millisecond of the current 64, level 1 one for each 64 ms of the
 * current 4096, and so on; seven levels reach 139 years. A timer is filed at the level of the
 * highest bit in which its time differs from now, so every timer of a level lies ahead in that
 * level's current round and nothing ever wraps. When time reaches a slot of a higher level its
 * timers are filed anew, further down: each timer moves at most six times in its life, however
 * long.
 *
 * When the first occupied slot begins is kept, for it is asked for twice in every step of a loop
 * and changes seldom.
 *
 * A heap was rejected: every request moves its connection's deadline, and the heap pays log n for
 * each. */
#include "loop/wheel.h"

#include "base/assert.h"

#define BITS_PER_LEVEL 6
#define WHEEL_TIME_MAX ((INT64_C(1) << (BITS_PER_LEVEL * HW_WHEEL_LEVELS)) - 1)

void hw_wheel_init(hw_wheel *wheel, int64_t now_ms)
{
    hw_assert(now_ms >= 0 && now_ms <= WHEEL_TIME_MAX);
    wheel->now_ms = now_ms;
    wheel->next_ms = HW_WHEEL_NEVER;
    for (unsigned level = 0; level < HW_WHEEL_LEVELS; level++) {
        wheel->occupied[level] = 0;
        for (unsigned slot = 0; slot < HW_WHEEL_SLOTS; slot++)
            hw_list_init(&wheel->slots[level][slot]);
    }
}

void hw_timer_init(hw_timer *timer, void (*fire)(hw_timer *timer))
{
    *timer = (hw_timer){.fire = fire};
    hw_link_init(&timer->link);
}

bool hw_timer_is_armed(const hw_timer *timer)
{
    return hw_link_is_linked(&timer->link);
}

static void file_timer(hw_wheel *wheel, hw_timer *timer)
{
    int64_t at_ms = timer->at_ms > wheel->now_ms ? timer->at_ms : wheel->now_ms + 1;
    if (at_ms > WHEEL_TIME_MAX)
        at_ms = WHEEL_TIME_MAX;
    uint64_t differing = (uint64_t)(at_ms ^ wheel->now_ms) | (HW_WHEEL_SLOTS - 1);
    timer->level = (63 - (unsigned)__builtin_clzll(differing)) / BITS_PER_LEVEL;
    timer->slot = (unsigned)(at_ms >> (BITS_PER_LEVEL * timer->level)) % HW_WHEEL_SLOTS;
    hw_list_append(&wheel->slots[timer->level][timer->slot], &timer->link);
    wheel->occupied[timer->level] |= UINT64_C(1) << timer->slot;
    unsigned shift = BITS_PER_LEVEL * timer->level;
    int64_t slot_ms = at_ms >> shift << shift;
    if (slot_ms < wheel->next_ms)
        wheel->next_ms = slot_ms;
}

/* The first occupied slot and the moment it begins; false when nothing is armed. */
static bool find_next_slot(const hw_wheel *wheel, unsigned *ret_level, unsigned *ret_slot,
                           int64_t *ret_at_ms)
{
    for (unsigned level = 0; level < HW_WHEEL_LEVELS; level++) {
        if (wheel->occupied[level] == 0)
            continue;
        unsigned slot = (unsigned)__builtin_ctzll(wheel->occupied[level]);
        unsigned shift = BITS_PER_LEVEL * level;
        int64_t round = wheel->now_ms >> (shift + BITS_PER_LEVEL) << (shift + BITS_PER_LEVEL);
        *ret_level = level;
        *ret_slot = slot;
        *ret_at_ms = round + ((int64_t)slot << shift);
        return true;
    }
    return false;
}

static void find_next_ms(hw_wheel *wheel)
{
    unsigned level, slot;
    int64_t at_ms;
    wheel->next_ms = find_next_slot(wheel, &level, &slot, &at_ms) ? at_ms : HW_WHEEL_NEVER;
}

void hw_wheel_disarm(hw_wheel *wheel, hw_timer *timer)
{
    if (!hw_timer_is_armed(timer))
        return;
    hw_link_remove(&timer->link);
    if (!hw_list_is_empty(&wheel->slots[timer->level][timer->slot]))
        return;
    wheel->occupied[timer->level] &= ~(UINT64_C(1) << timer->slot);
    find_next_ms(wheel);
}

void hw_wheel_arm(hw_wheel *wheel, hw_timer *timer, int64_t at_ms)
{
    hw_wheel_disarm(wheel, timer);
    timer->at_ms = at_ms;
    file_timer(wheel, timer);
}

void hw_wheel_fire(hw_wheel *wheel, int64_t now_ms)
{
    unsigned level, slot;
    int64_t at_ms;
    hw_list due;
    while (find_next_slot(wheel, &level, &slot, &at_ms) && at_ms <= now_ms) {
        if (at_ms > wheel->now_ms)
            wheel->now_ms = at_ms;
        hw_list_init(&due);
        hw_list_append_all(&due, &wheel->slots[level][slot]);
        wheel->occupied[level] &= ~(UINT64_C(1) << slot);
        /* What was filed higher up, or armed anew while this slot fires, is filed again; the rest
         * is due. */
        for (hw_link *link; (link = hw_list_take_first(&due));) {
            hw_timer *timer = HW_MEMBER(link, hw_timer, link);
            if (timer->at_ms > wheel->now_ms)
                file_timer(wheel, timer);
            else
                timer->fire(timer);
        }
    }
    wheel->now_ms = now_ms;
    find_next_ms(wheel);
}

int64_t hw_wheel_next_ms(const hw_wheel *wheel)
{
    return wheel->next_ms;
}

/* Wakes sleepers early.
 *
 * Who rings does nothing but one atomic load while nobody sleeps. A sleeper counts itself before it
 * looks, and who rings looks for sleepers after the change: so one of the two sees the other. */
#include "exchange/bell.h"

#include <stdint.h>

#include "sys/clock.h"
#include "sys/thread.h"

#define NS_IN_MS INT64_C(1000000)

void hw_bell_init(hw_bell *bell)
{
    hw_sys_mutex_init(&bell->lock);
    hw_sys_condition_init(&bell->rung);
    atomic_init(&bell->sleepers, 0);
}

void hw_bell_fini(hw_bell *bell)
{
    hw_sys_condition_fini(&bell->rung);
    hw_sys_mutex_fini(&bell->lock);
}

bool hw_bell_sleep(hw_bell *bell, unsigned ms, bool (*is_over)(const void *arg), const void *arg)
{
    int64_t end_ns = hw_sys_monotonic_ns() + ms * NS_IN_MS, left_ns = ms * NS_IN_MS;
    bool is_early;
    atomic_fetch_add(&bell->sleepers, 1);
    hw_sys_mutex_lock(&bell->lock);
    while (!(is_early = is_over(arg)) && left_ns > 0) {
        hw_sys_condition_wait_for(&bell->rung, &bell->lock,
                                  (unsigned)((left_ns + NS_IN_MS - 1) / NS_IN_MS));
        left_ns = end_ns - hw_sys_monotonic_ns();
    }
    hw_sys_mutex_unlock(&bell->lock);
    atomic_fetch_sub(&bell->sleepers, 1);
    return is_early;
}

void hw_bell_ring(hw_bell *bell)
{
    if (atomic_load(&bell->sleepers) == 0)
        return;
    hw_sys_mutex_lock(&bell->lock);
    hw_sys_condition_wake_all(&bell->rung);
    hw_sys_mutex_unlock(&bell->lock);
}

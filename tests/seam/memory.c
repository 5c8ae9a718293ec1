/* Memory that runs out when a test says so. */
#include "sys/memory.h"

#include "seam/script.h"
#include "seam/seam.h"

#include <stdatomic.h>

HW_SCRIPT_REAL(alloc);
HW_SCRIPT_REAL(alloc_zeroed);
HW_SCRIPT_REAL(resize);
HW_SCRIPT_REAL(free);

static atomic_uint_fast64_t allocations;
static atomic_int_fast64_t live;
static atomic_uint_fast64_t failing; /* the number of the allocation that fails, or 0 */

static atomic_bool stays; /* those behind it fail too */

static void fail_allocation(uint64_t nth, bool all)
{
    atomic_store(&stays, all);
    atomic_store(&failing, nth > 0 ? atomic_load(&allocations) + nth : 0);
}

void hw_seam_fail_allocation(uint64_t nth)
{
    fail_allocation(nth, false);
}

void hw_seam_fail_allocations_from(uint64_t nth)
{
    fail_allocation(nth, true);
}

uint64_t hw_seam_allocations(void)
{
    return atomic_load(&allocations);
}

int64_t hw_seam_live_allocations(void)
{
    return atomic_load(&live);
}

static void *note_new(void *memory)
{
    if (memory)
        atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return memory;
}

static bool is_memory_out(void)
{
    uint64_t number = atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed) + 1;
    uint64_t first = atomic_load_explicit(&failing, memory_order_relaxed);
    return number == first ||
           (first > 0 && number > first && atomic_load_explicit(&stays, memory_order_relaxed));
}

void *hw_sys_alloc(size_t bytes)
{
    return is_memory_out() ? NULL : note_new(real_hw_sys_alloc(bytes));
}

void *hw_sys_alloc_zeroed(size_t count, size_t bytes)
{
    return is_memory_out() ? NULL : note_new(real_hw_sys_alloc_zeroed(count, bytes));
}

void *hw_sys_resize(void *memory, size_t bytes)
{
    if (is_memory_out())
        return NULL;
    void *resized = real_hw_sys_resize(memory, bytes);
    return memory ? resized : note_new(resized);
}

void hw_sys_free(void *memory)
{
    if (memory)
        atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    real_hw_sys_free(memory);
}

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
static atomic_uint_fast64_t failing; /* the number of the allocation that fails, or 0 */

void hw_seam_fail_allocation(uint64_t nth)
{
    atomic_store(&failing, nth > 0 ? atomic_load(&allocations) + nth : 0);
}

uint64_t hw_seam_allocations(void)
{
    return atomic_load(&allocations);
}

static bool is_memory_out(void)
{
    uint64_t number = atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed) + 1;
    return number == atomic_load_explicit(&failing, memory_order_relaxed);
}

void *hw_sys_alloc(size_t bytes)
{
    return is_memory_out() ? NULL : real_hw_sys_alloc(bytes);
}

void *hw_sys_alloc_zeroed(size_t count, size_t bytes)
{
    return is_memory_out() ? NULL : real_hw_sys_alloc_zeroed(count, bytes);
}

void *hw_sys_resize(void *memory, size_t bytes)
{
    return is_memory_out() ? NULL : real_hw_sys_resize(memory, bytes);
}

void hw_sys_free(void *memory)
{
    real_hw_sys_free(memory);
}

/* Clocks that a test can stop and move by hand. */
#include "sys/clock.h"

#include "seam/script.h"
#include "seam/seam.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

HW_SCRIPT_REAL(monotonic_ns);
HW_SCRIPT_REAL(realtime_ns);
HW_SCRIPT_REAL(process_cpu_ns);
HW_SCRIPT_REAL(thread_cpu_ns);
HW_SCRIPT_REAL(utc_offset_s);

static atomic_bool is_frozen;
static atomic_int_fast64_t monotonic, realtime;

void hw_seam_clock_freeze(int64_t monotonic_ns, int64_t realtime_ns)
{
    atomic_store(&monotonic, monotonic_ns);
    atomic_store(&realtime, realtime_ns);
    atomic_store(&is_frozen, true);
}

void hw_seam_clock_advance(int64_t ns)
{
    if (!atomic_load(&is_frozen)) {
        fprintf(stderr, "seam: only a frozen clock can be moved\n");
        abort();
    }
    atomic_fetch_add(&monotonic, ns);
    atomic_fetch_add(&realtime, ns);
}

void hw_seam_clock_thaw(void)
{
    atomic_store(&is_frozen, false);
}

int64_t hw_sys_monotonic_ns(void)
{
    return atomic_load(&is_frozen) ? atomic_load(&monotonic) : real_hw_sys_monotonic_ns();
}

int64_t hw_sys_realtime_ns(void)
{
    return atomic_load(&is_frozen) ? atomic_load(&realtime) : real_hw_sys_realtime_ns();
}

/* While clocks stand still nobody works, unless a test says so: then from each look to the next. */
static atomic_bool is_busy_meanwhile;
static atomic_int_fast64_t process_cpu;

void hw_seam_cpu_busy(bool is_busy)
{
    atomic_store(&is_busy_meanwhile, is_busy);
}

int64_t hw_sys_process_cpu_ns(void)
{
    if (!atomic_load(&is_frozen))
        return real_hw_sys_process_cpu_ns();
    return atomic_fetch_add(&process_cpu, atomic_load(&is_busy_meanwhile));
}

int64_t hw_sys_thread_cpu_ns(void)
{
    return atomic_load(&is_frozen) ? 0 : real_hw_sys_thread_cpu_ns();
}

/* A frozen clock stands in Greenwich. */
int hw_sys_utc_offset_s(int64_t at_s)
{
    return atomic_load(&is_frozen) ? 0 : real_hw_sys_utc_offset_s(at_s);
}

/* Tells the time.
 *
 * These clocks always exist and the pointer is good, so clock_gettime cannot fail; but for
 * those of processors it runs in user space. */
#include "sys/clock.h"

#include <time.h>

static int64_t read_clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t hw_sys_monotonic_ns(void)
{
    return read_clock_ns(CLOCK_MONOTONIC);
}

int64_t hw_sys_realtime_ns(void)
{
    return read_clock_ns(CLOCK_REALTIME);
}

int64_t hw_sys_process_cpu_ns(void)
{
    return read_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t hw_sys_thread_cpu_ns(void)
{
    return read_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

int hw_sys_utc_offset_s(int64_t at_s)
{
    time_t at = (time_t)at_s;
    struct tm local;
    return localtime_r(&at, &local) ? (int)local.tm_gmtoff : 0;
}

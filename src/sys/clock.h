/* The seam: time. Tests link a clock they move by hand. */
#ifndef HW_SYS_CLOCK_H
#define HW_SYS_CLOCK_H

#include <stdint.h>

#define HW_NS_PER_MS INT64_C(1000000)
#define HW_NS_PER_S INT64_C(1000000000)

int64_t hw_sys_monotonic_ns(void); /* never goes back; its zero means nothing */
int64_t hw_sys_realtime_ns(void);  /* since 1970-01-01 UTC; may jump */
/* What all threads of this process have had of the processors, and what this one has. */
int64_t hw_sys_process_cpu_ns(void);
int64_t hw_sys_thread_cpu_ns(void);
/* How far local time is ahead of UTC at this moment (seconds since 1970). */
int hw_sys_utc_offset_s(int64_t at_s);

#endif

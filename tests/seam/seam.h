/* What a test says to the seam: which call fails and how, and what time it is.
 *
 * Tests link this second set of hw_sys_* functions. Each asks the script first and then calls the
 * real one, compiled under the name real_hw_sys_*. A call is named without its prefix: "receive".
 * A name that is no call is a mistake and aborts. Threads: any. */
#ifndef HW_TESTS_SEAM_H
#define HW_TESTS_SEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No rule, no frozen clock, all counts 0 but that of the allocations. */
void hw_seam_reset(void);

/* The nth allocation from now fails, once; 0: none does. Resizing counts as an allocation. */
void hw_seam_fail_allocation(uint64_t nth);
/* The nth and every one behind it. */
void hw_seam_fail_allocations_from(uint64_t nth);
/* How many allocations were asked for since the program started, and how many live now. */
uint64_t hw_seam_allocations(void);
int64_t hw_seam_live_allocations(void);

/* The nth call from now fails with this errno value (positive), without reaching the kernel; only
 * "close", "thread_join" and "thread_detach" do their work first. Rules add up. Calls that cannot
 * fail, such as "processors", are only counted. */
void hw_seam_fail(const char *call, unsigned nth, int error);
/* The same, and so does every later one until the reset. */
void hw_seam_fail_from(const char *call, unsigned nth, int error);
/* Reads and writes move at most so many bytes at once; 0: as many as they can; HW_SEAM_HALF: half
 * of what they are asked for. */
#define HW_SEAM_HALF SIZE_MAX
void hw_seam_short(const char *call, size_t bytes);
/* Whether it may be short. */
bool hw_seam_moves_bytes(const char *call);
/* The name of every call, in turn; NULL: there are no more. */
const char *hw_seam_call(size_t index);
/* Every errno with which it can fail (calls.h), up to a 0. */
const int *hw_seam_errors(const char *call);
/* How often "close" was given what was not open. */
unsigned hw_seam_bad_closes(void);
/* How often the call was made since the reset; allocations and clocks are not counted here. */
unsigned hw_seam_calls(const char *call);

/* Who waits for a condition or for some time to pass does not wait for the time. */
void hw_seam_hurry(bool hurries);
/* How often somebody has waited for some time to pass, hurried or not. */
unsigned hw_seam_waits(void);

/* Both clocks stand still, at these times. */
void hw_seam_clock_freeze(int64_t monotonic_ns, int64_t realtime_ns);
/* Moves both; they must be frozen. */
void hw_seam_clock_advance(int64_t ns);
void hw_seam_clock_thaw(void);
/* While they are frozen, whether the other threads of the process are at work all the time. */
void hw_seam_cpu_busy(bool is_busy);

#endif

/* The failing-allocator sweep: every test again with its first, second, ... allocation failing. */
#ifndef HW_TESTS_SWEEP_H
#define HW_TESTS_SWEEP_H

#include "unit/harness.h"

/* Prints what failed, how, and the totals; the exit status of the program. A whole sweep that had
 * no allocation to fail is blind, and has failed. */
int hw_sweep(hw_test *const *tests, size_t count, unsigned deadline_s, bool is_whole);

/* Whether this is a sweep's child and its failure has been injected. */
bool hw_sweep_is_struck(void);
/* Whether this is a sweep's child at all. */
bool hw_sweep_is_on(void);
/* In a sweep's child: from here on allocations are counted, and one fails. */
void hw_sweep_arm(void);
/* Ends a sweep's child where it stands: the test says that it had no memory to go on. */
void hw_sweep_end_child(void) __attribute__((noreturn));

/* The harness's side. */
bool hw_test_run_quietly(hw_test *test); /* true: passed */
bool hw_test_has_leak(void);
void hw_test_format_id(const hw_test *test, char *ret_id, size_t bytes);

#endif

/* What the second set of hw_sys_* functions asks of the script. */
#ifndef HW_TESTS_SCRIPT_H
#define HW_TESTS_SCRIPT_H

#include <stddef.h>

#include "seam/calls.h"

typedef enum hw_script_call {
#define HW_SCRIPT_ENUMERATOR(name, first, ...) HW_CALL_##name,
    HW_SCRIPT_CALLS(HW_SCRIPT_ENUMERATOR)
#undef HW_SCRIPT_ENUMERATOR
        HW_SCRIPT_CALL_COUNT
} hw_script_call;

/* Counts the call: 0 when it may go ahead, or the negative errno it must return. */
int hw_script_take(hw_script_call call);
/* How many of these bytes the call may move. */
size_t hw_script_limit(hw_script_call call, size_t bytes);

/* Declares real_hw_sys_x as hw_sys_x was declared. */
#define HW_SCRIPT_REAL(name) extern __typeof__(hw_sys_##name) real_hw_sys_##name

#endif

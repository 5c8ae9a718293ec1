/* Randomness that runs dry when a test says so. */
#include "sys/random.h"

#include "seam/script.h"

HW_SCRIPT_REAL(random);

int hw_sys_random(void *memory, size_t bytes)
{
    int failure = hw_script_take(HW_CALL_random);
    return failure ? failure : real_hw_sys_random(memory, bytes);
}

/* Fills memory with the kernel's randomness.
 *
 * getrandom rather than /dev/urandom: it needs no descriptor, works in any root, and waits while a
 * machine that has just started has no randomness yet. */
#include "sys/random.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>
#include <unistd.h>

int hw_sys_random(void *memory, size_t bytes)
{
    char *at = memory;
    while (bytes > 0) {
        ssize_t count = TEMP_FAILURE_RETRY(getrandom(at, bytes, 0));
        if (count < 0)
            return -errno;
        at += count;
        bytes -= (size_t)count;
    }
    return 0;
}

/* Ends the process when the programmer made a mistake.
 *
 * The message is put together on the stack and written with one call: an assertion may fail while
 * the allocator, stdio or a buffer is in a bad state, so none of them is used. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

#include "sys/file.h"

void hw_assert_failed(const char *condition, const char *file, int line)
{
    char message[1024];
    int length = snprintf(message, sizeof message, "hewn: %s:%d: assertion failed: %s\n", file,
                          line, condition);
    size_t bytes = length < 0 ? 0 : (size_t)length;
    if (bytes >= sizeof message) {
        bytes = sizeof message - 1;
        message[bytes - 1] = '\n';
    }
    (void)hw_sys_write(2, message, bytes);
    abort();
}

/* Asks the C library for memory and gives it back.
 *
 * No bytes are treated as one: then NULL means "out of memory" and nothing else, also for resize.
 */
#include "sys/memory.h"

#include <stdlib.h>

void *hw_sys_alloc(size_t bytes)
{
    return malloc(bytes > 0 ? bytes : 1);
}

void *hw_sys_alloc_zeroed(size_t count, size_t bytes)
{
    return count > 0 && bytes > 0 ? calloc(count, bytes) : calloc(1, 1);
}

void *hw_sys_resize(void *memory, size_t bytes)
{
    return realloc(memory, bytes > 0 ? bytes : 1);
}

void hw_sys_free(void *memory)
{
    free(memory);
}

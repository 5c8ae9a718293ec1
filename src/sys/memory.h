/* The seam: memory. The only code that calls the allocator. */
#ifndef HW_SYS_MEMORY_H
#define HW_SYS_MEMORY_H

#include <stddef.h>

/* Owns: the caller; freed by hw_sys_free. NULL when there is none. bytes 0 is treated as 1. */
void *hw_sys_alloc(size_t bytes);
void *hw_sys_alloc_zeroed(size_t count, size_t bytes);
/* As realloc: NULL leaves the old memory as it was. */
void *hw_sys_resize(void *memory, size_t bytes);
void hw_sys_free(void *memory); /* NULL is fine */

#endif

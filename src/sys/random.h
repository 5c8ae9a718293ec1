/* The seam: randomness. */
#ifndef HW_SYS_RANDOM_H
#define HW_SYS_RANDOM_H

#include <stddef.h>

/* Fills memory with unpredictable bytes. 0, or a negative errno. */
int hw_sys_random(void *memory, size_t bytes);

#endif

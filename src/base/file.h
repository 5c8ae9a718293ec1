/* Reads files whole; what a call of the seam gives may be less than what is there. */
#ifndef HW_BASE_FILE_H
#define HW_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* From where the file stands to its end, or as far as the memory goes: a result of `bytes` may not be
 * all. How many bytes, or a negative errno, whatever has been read before it. */
ssize_t hw_file_read(int fd, char *memory, size_t bytes);

#endif

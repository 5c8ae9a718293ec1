/* A file, or a part of it, as a body. */
#ifndef HW_KIT_FILE_H
#define HW_KIT_FILE_H

#include "exchange/body.h"

/* `length` bytes of a file from `offset`. Owns: fd from success on, closed by drop. NULL: no memory
 * in the arena. */
hw_source *hw_file_source(hw_arena *arena, int fd, uint64_t offset, uint64_t length);

#endif

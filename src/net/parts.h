/* The parts of a write, read on from where one is: in pieces of another size than they have. */
#ifndef HW_NET_PARTS_H
#define HW_NET_PARTS_H

#include <sys/uio.h>

#include "base/text.h"

typedef struct hw_parts {
    const struct iovec *at; /* borrowed */
    size_t count;           /* 0: there are no more bytes */
    size_t offset;          /* in the first of them, which has more */
} hw_parts;

hw_parts hw_parts_of(const struct iovec *parts, size_t count);
/* Passes so many bytes by; how many there were. */
size_t hw_parts_skip(hw_parts *parts, size_t bytes);
/* The next bytes, at most so many (at least one), and fewer only at the end: where they lie, if they lie
 * in one piece, else gathered in `memory`, which has room for them. Empty: there are no more. Valid: as
 * long as the parts, and until the memory is used otherwise. */
hw_text hw_parts_take(hw_parts *parts, size_t bytes, char *memory);

#endif

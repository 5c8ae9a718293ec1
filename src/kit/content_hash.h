/* What a content comes to: the same 128 bits for the same bytes, and others for any others, but on
 * purpose (XXH3 is no cryptographic hash). */
#ifndef HW_KIT_CONTENT_HASH_H
#define HW_KIT_CONTENT_HASH_H

#include "base/text.h"

typedef struct hw_content_hash {
    uint64_t high, low;
} hw_content_hash;

/* Whether this build can make one (the library xxhash). */
bool hw_content_hash_exists(void);

hw_content_hash hw_content_hash_of(hw_text content);

/* Asked after each piece, behind which so many bytes are done: 0, or a negative errno to end it. */
typedef int hw_content_check(void *arg, uint64_t done);

/* Of the first `length` bytes of a file, read in pieces of a power of two. Threads: any; it waits for
 * the disk. Errors: -ESTALE: the file is shorter; what `check` says (NULL: it is not asked); -ENOSYS;
 * what reading gives. */
int hw_content_hash_of_file(int fd, uint64_t length, hw_content_check *check, void *arg,
                            hw_content_hash *ret_hash);

#endif

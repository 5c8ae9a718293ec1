/* What a content comes to: the same 128 bits for the same bytes, and others for any others, but on
 * purpose (XXH3 is no cryptographic hash). */
#ifndef HW_KIT_CONTENT_HASH_H
#define HW_KIT_CONTENT_HASH_H

#include <stdatomic.h>

#include "base/text.h"

typedef struct hw_content_hash {
    uint64_t high, low;
} hw_content_hash;

/* Whether this build can make one (the library xxhash). */
bool hw_content_hash_exists(void);

hw_content_hash hw_content_hash_of(hw_text content);

/* Of the first `length` bytes of a file, read in pieces. Threads: any; it waits for the disk.
 * Errors: -ESTALE: the file is shorter; -ECANCELED: *is_given_up (NULL: it never is); -ENOSYS; what
 * reading gives. */
int hw_content_hash_of_file(int fd, uint64_t length, const atomic_bool *is_given_up,
                            hw_content_hash *ret_hash);

#endif

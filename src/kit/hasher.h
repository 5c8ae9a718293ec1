/* Knows the hashes of files that are too large to be hashed while somebody waits, or to be hashed for
 * every request. One serves all folders of files of an application; threads share it. */
#ifndef HW_KIT_HASHER_H
#define HW_KIT_HASHER_H

#include "base/identity.h"
#include "kit/content_hash.h"

typedef struct hw_hasher hw_hasher;

/* Owns: the caller has the only reference. 0, or a negative errno. */
int hw_hasher_new(hw_hasher **ret_hasher);
hw_hasher *hw_hasher_hold(hw_hasher *hasher);
/* Gives a reference back; the last one ends what is under way, and frees. NULL is fine. */
void hw_hasher_release(hw_hasher *hasher);

/* The hash of this version of a file, if it is known. */
bool hw_hasher_find(hw_hasher *hasher, const hw_identity *file, hw_content_hash *ret_hash);
/* Makes it known. The file was not written when it was hashed, nor shortly before: two versions
 * within one tick of a file system's clock have the same identity. */
void hw_hasher_keep(hw_hasher *hasher, const hw_identity *file, hw_content_hash hash);

/* Has an open file hashed in the background, by the one thread there is for that. The descriptor
 * stays the caller's. Without memory, and where too many wait, nothing happens. */
void hw_hasher_ask(hw_hasher *hasher, int fd, const hw_identity *file);
/* The same, before all who do not wait, and waits for it. 0 and the hash; -EAGAIN: too many wait;
 * -ESTALE: the file changes; -ENOMEM; -ETIMEDOUT; what reading gives. */
int hw_hasher_wait(hw_hasher *hasher, int fd, const hw_identity *file, hw_content_hash *ret_hash);

/* How often a hash was made in the background, of this file or another: where it is what it was, nothing
 * new is known of this one. */
unsigned hw_hasher_count(const hw_hasher *hasher, const hw_identity *file);

#endif

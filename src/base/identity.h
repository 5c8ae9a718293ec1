/* What a file system says of a file by which one version of it is told from another. */
#ifndef HW_BASE_IDENTITY_H
#define HW_BASE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Who owns a file may set the time of its last modification back, but not that of its last change,
 * which is the system's own. */
typedef struct hw_identity {
    uint64_t device, inode, size;
    uint64_t modified_ns, changed_ns; /* since 1970; they wrap around after the year 2554 */
    uint64_t links;
} hw_identity;

hw_identity hw_identity_of(const struct stat *seen);

/* Whether both are of one version, so that nothing was written between them. */
bool hw_identity_is_same(const hw_identity *a, const hw_identity *b);

/* Whether the content is the same for all that can be told. A name more or less, as when another file
 * takes the place of an open one, changes `changed_ns` too: that alone is no other content. */
bool hw_identity_has_same_content(const hw_identity *a, const hw_identity *b);

/* The same of what an open file is at this moment; false too where that cannot be told. */
bool hw_identity_is_still(const hw_identity *file, int fd);

/* Whether its last change is so long ago at `now_ns` that another one would have another time: the
 * clocks of file systems tick every few milliseconds. A change that lies in the future by more than
 * that was dated by another clock, and tells as much as any. */
bool hw_identity_is_settled(const hw_identity *file, int64_t now_ns);

#endif

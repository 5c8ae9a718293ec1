/* Tells versions of a file apart. */
#include "base/identity.h"

#include "sys/file.h"

#define SETTLED_NS (UINT64_C(20) * 1000 * 1000)

static uint64_t count_nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

hw_identity hw_identity_of(const struct stat *seen)
{
    return (hw_identity){
        .device = seen->st_dev,
        .inode = seen->st_ino,
        .size = (uint64_t)seen->st_size,
        .modified_ns = count_nanoseconds(seen->st_mtim),
        .changed_ns = count_nanoseconds(seen->st_ctim),
        .links = seen->st_nlink,
    };
}

static bool has_same_place_and_size(const hw_identity *a, const hw_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified_ns == b->modified_ns;
}

bool hw_identity_is_same(const hw_identity *a, const hw_identity *b)
{
    return has_same_place_and_size(a, b) && a->changed_ns == b->changed_ns;
}

bool hw_identity_has_same_content(const hw_identity *a, const hw_identity *b)
{
    return has_same_place_and_size(a, b) &&
           (a->changed_ns == b->changed_ns || a->links != b->links);
}

bool hw_identity_is_still(const hw_identity *file, int fd)
{
    struct stat seen;
    if (hw_sys_stat(fd, &seen) < 0)
        return false;
    hw_identity now = hw_identity_of(&seen);
    return hw_identity_has_same_content(file, &now);
}

bool hw_identity_is_settled(const hw_identity *file, int64_t now_ns)
{
    uint64_t age_ns = (uint64_t)now_ns - file->changed_ns; /* of the future: nearly 2^64 */
    return age_ns >= SETTLED_NS && age_ns <= UINT64_MAX - (SETTLED_NS - 1);
}

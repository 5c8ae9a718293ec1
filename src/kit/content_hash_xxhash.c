/* Hashes contents with XXH3-128, as fast as memory is read.
 *
 * The library is used by its header alone: nothing is called through the loader, and the state, some
 * hundred bytes whose size no other version can change under us, lies on the stack. */
#include <errno.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/number.h"
#include "kit/content_hash.h"
#include "sys/file.h"

#define HASH_PIECE_BYTES (32 * 1024)

bool hw_content_hash_exists(void)
{
    return true;
}

static hw_content_hash hash_of_xxhash(XXH128_hash_t hash)
{
    return (hw_content_hash){hash.high64, hash.low64};
}

hw_content_hash hw_content_hash_of(hw_text content)
{
    return hash_of_xxhash(XXH3_128bits(content.at, content.length));
}

int hw_content_hash_of_file(int fd, uint64_t length, hw_content_check *check, void *arg,
                            hw_content_hash *ret_hash)
{
    char piece[HASH_PIECE_BYTES];
    XXH3_state_t state;
    (void)XXH3_128bits_reset(&state);
    for (uint64_t done = 0; done < length;) {
        size_t wanted = (size_t)hw_number_min(length - done, sizeof piece);
        ssize_t got = hw_sys_read_at(fd, piece, wanted, done);
        if (got <= 0)
            return got < 0 ? (int)got : -ESTALE;
        (void)XXH3_128bits_update(&state, piece, (size_t)got);
        done += (uint64_t)got;
        int error = check ? check(arg, done) : 0;
        if (error < 0)
            return error;
    }
    *ret_hash = hash_of_xxhash(XXH3_128bits_digest(&state));
    return 0;
}

/* Looks for files that are coded already.
 *
 * They are looked for when their source is, under the same vigil: an event of `app.js.br` is one of
 * `app.js` too (notice.c). One that is older than its source was made of something else. A sibling
 * with other names, or behind a symbolic link, could be changed without an event of its folder: what
 * is known of the file then is looked up again after a while, as where nothing is told. */
#include "kit/siblings.h"

#include <errno.h>
#include <limits.h>

#include "base/buffer.h"
#include "exchange/narrator.h"
#include "kit/vigil.h"
#include "sys/socket.h"

static bool is_older(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static bool is_sibling_of(const struct stat *seen, const struct stat *source)
{
    return seen->st_size > 0 && !is_older(&seen->st_mtim, &source->st_mtim);
}

/* False: there is none. Whether there will be one is told, but not when there are descriptors again,
 * or whatever else was missing. */
static bool find_sibling(const hw_root *root, const char *name, const hw_finding *source,
                         const hw_exchange *exchange, hw_vigil *vigil, hw_finding *ret_finding)
{
    int error = hw_root_find(root, name, NULL, ret_finding);
    bool is_there = error == 0;
    bool is_told = is_there ? ret_finding->seen.st_nlink == 1 && !ret_finding->is_behind_link
                            : error == -EISDIR || hw_root_is_absence(error);
    if (vigil && !is_told)
        vigil->is_blind = true;
    if (!is_there || is_sibling_of(&ret_finding->seen, &source->seen))
        return is_there;
    hw_exchange_tell(exchange, "coding", "'%s' is not used: it is %s", name,
                     ret_finding->seen.st_size > 0 ? "older than its source" : "empty");
    (void)hw_sys_close(ret_finding->fd);
    return false;
}

void hw_siblings_find(const hw_root *root, const char *name, const hw_finding *source,
                      const hw_exchange *exchange, hw_vigil *vigil, hw_siblings *ret_siblings)
{
    char memory[PATH_MAX];
    ret_siblings->codings = 0;
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++) {
        hw_buffer path = HW_BUFFER_OVER(memory);
        hw_buffer_put_string(&path, name);
        hw_buffer_put(&path, hw_coding_suffix(coding));
        const char *sibling = hw_buffer_string(&path);
        if (sibling &&
            find_sibling(root, sibling, source, exchange, vigil, &ret_siblings->found[coding]))
            ret_siblings->codings |= HW_CODING_BIT(coding);
    }
}

void hw_siblings_close(hw_siblings *siblings)
{
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++)
        if (siblings->codings & HW_CODING_BIT(coding))
            (void)hw_sys_close(siblings->found[coding].fd);
    siblings->codings = 0;
}

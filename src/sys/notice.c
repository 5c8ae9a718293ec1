/* Asks to be told of changes to files.
 *
 * inotify takes paths alone, and the only path that cannot be led astray by a rename begins at a
 * descriptor: /proc/self/fd. Where there is no /proc, nothing can be watched, and the caller falls
 * back to looking.
 *
 * Only file systems that are known to tell of everything are taken. Others are changed by other
 * machines, or behind the kernel's back, or tell of a name in another case than it was asked for:
 * to be told of some changes only would be worse than of none. */
#include "sys/notice.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { NOTICE_PATH_BYTES = PATH_MAX + 64 };

static int tell_notice_result(int result)
{
    return result < 0 ? -errno : result;
}

int hw_sys_notice_new(void)
{
    return tell_notice_result(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
}

/* ext, XFS, Btrfs, F2FS, bcachefs, ZFS, memory, overlays, and those that nobody can write to. */
static bool is_told_of(const struct statfs *system)
{
    static const unsigned long magics[] = {
        EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
        F2FS_SUPER_MAGIC, 0xca451a4e,      0x2fc12fc1,
        TMPFS_MAGIC,      RAMFS_MAGIC,     OVERLAYFS_SUPER_MAGIC,
        SQUASHFS_MAGIC,   0xe0f5e1e2,      ISOFS_SUPER_MAGIC,
    };
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if ((unsigned long)system->f_type == magics[i])
            return true;
    return false;
}

int hw_sys_notice_add(int notice, int fd, const char *name, uint32_t mask)
{
    struct statfs system;
    char path[NOTICE_PATH_BYTES];
    int length = snprintf(path, sizeof path, "/proc/self/fd/%d%s%s", fd, *name ? "/" : "", name);
    if (length < 0 || (size_t)length >= sizeof path)
        return -ENAMETOOLONG;
    if (TEMP_FAILURE_RETRY(statfs(path, &system)) < 0)
        return -errno;
    if (!is_told_of(&system))
        return -EREMOTE;
    return tell_notice_result(inotify_add_watch(notice, path, mask));
}

int hw_sys_notice_remove(int notice, int number)
{
    return tell_notice_result(inotify_rm_watch(notice, number));
}

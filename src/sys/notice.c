/* Asks to be told of changes to files.
 *
 * inotify takes paths alone, and the only path that cannot be led astray by a rename begins at a
 * descriptor: /proc/self/fd. Where there is no /proc, nothing can be watched, and the caller falls
 * back to looking.
 *
 * File systems that other machines, or a process behind the kernel's back, change without a word
 * are refused: to be told of some changes only would be worse than of none. */
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

static bool is_changed_elsewhere(const struct statfs *system)
{
    static const unsigned long magics[] = {
        NFS_SUPER_MAGIC,    SMB_SUPER_MAGIC,     SMB2_SUPER_MAGIC,  CIFS_SUPER_MAGIC,
        FUSE_SUPER_MAGIC,   V9FS_MAGIC,          CEPH_SUPER_MAGIC,  AFS_SUPER_MAGIC,
        AFS_FS_MAGIC,       CODA_SUPER_MAGIC,    OCFS2_SUPER_MAGIC, 0x01161970 /* GFS2 */,
        PROC_SUPER_MAGIC,   SYSFS_MAGIC,         DEBUGFS_MAGIC,     TRACEFS_MAGIC,
        CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
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
    if (is_changed_elsewhere(&system))
        return -EREMOTE;
    return tell_notice_result(inotify_add_watch(notice, path, mask));
}

int hw_sys_notice_remove(int notice, int number)
{
    return tell_notice_result(inotify_rm_watch(notice, number));
}

/* Opens, reads and writes files and folders.
 *
 * Names below a served folder are resolved by the kernel (openat2, RESOLVE_BENEATH), not by us:
 * checking a name first and opening it after can be raced. Everything opened for reading is
 * non-blocking, so that a FIFO or a device somebody left there cannot hold a thread; regular files
 * do not know the difference. glibc has no openat2 and no cachestat of its own, hence syscall. */
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FILE_READ_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* cachestat(2), which older headers do not have yet: the same number everywhere but on alpha. */
enum { CACHESTAT_NUMBER = 451 };

typedef struct cache_range {
    uint64_t offset, bytes;
} cache_range;

typedef struct cache_counts {
    uint64_t cached, dirty, written_back, evicted, evicted_lately;
} cache_counts;

static ssize_t tell_file_result(ssize_t result)
{
    return result < 0 ? -errno : result;
}

static int tell_new_file(ssize_t result)
{
    return (int)tell_file_result(result);
}

int hw_sys_open_folder(const char *path)
{
    return tell_new_file(TEMP_FAILURE_RETRY(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)));
}

int hw_sys_open_folder_at(int folder, const char *path)
{
    return tell_new_file(
        TEMP_FAILURE_RETRY(openat(folder, path, FILE_READ_FLAGS | O_DIRECTORY | O_NOFOLLOW)));
}

static int open_as(int folder, const char *path, int flags, uint64_t rule)
{
    struct open_how how = {.flags = (unsigned)flags, .resolve = rule};
    return tell_new_file(TEMP_FAILURE_RETRY(syscall(SYS_openat2, folder, path, &how, sizeof how)));
}

static int open_resolved(int folder, const char *path, uint64_t rule)
{
    return open_as(folder, path, FILE_READ_FLAGS, rule);
}

int hw_sys_open_beneath(int folder, const char *path, bool follows_links)
{
    uint64_t links = follows_links ? RESOLVE_NO_MAGICLINKS : RESOLVE_NO_SYMLINKS;
    return open_resolved(folder, path, RESOLVE_BENEATH | links);
}

int hw_sys_open_at(int folder, const char *path)
{
    return open_resolved(folder, path, RESOLVE_NO_MAGICLINKS);
}

int hw_sys_find_beneath(int folder, const char *path, bool may_leave)
{
    uint64_t bounds = may_leave ? 0 : RESOLVE_BENEATH;
    return open_as(folder, path, O_PATH | O_CLOEXEC, bounds | RESOLVE_NO_MAGICLINKS);
}

int hw_sys_open(const char *path)
{
    return tell_new_file(TEMP_FAILURE_RETRY(open(path, FILE_READ_FLAGS)));
}

int hw_sys_stat(int fd, struct stat *ret_stat)
{
    return fstat(fd, ret_stat) < 0 ? -errno : 0;
}

int hw_sys_stat_at(int folder, const char *name, struct stat *ret_stat)
{
    return fstatat(folder, name, ret_stat, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

ssize_t hw_sys_read(int fd, void *memory, size_t bytes)
{
    return tell_file_result(TEMP_FAILURE_RETRY(read(fd, memory, bytes)));
}

ssize_t hw_sys_read_at(int fd, void *memory, size_t bytes, uint64_t offset)
{
    return tell_file_result(TEMP_FAILURE_RETRY(pread(fd, memory, bytes, (off_t)offset)));
}

ssize_t hw_sys_read_cached(int fd, void *memory, size_t bytes, uint64_t offset)
{
    const struct iovec part = {memory, bytes};
    return tell_file_result(TEMP_FAILURE_RETRY(preadv2(fd, &part, 1, (off_t)offset, RWF_NOWAIT)));
}

int hw_sys_is_cached(int fd, uint64_t offset, uint64_t bytes)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t pages = bytes > 0 ? (offset + bytes - 1) / page - offset / page + 1 : 0;
    const struct cache_range range = {offset, bytes};
    struct cache_counts counts = {0};
    if (syscall(CACHESTAT_NUMBER, fd, &range, &counts, 0) < 0)
        return -errno;
    return counts.cached >= pages;
}

int hw_sys_is_in_memory(int fd)
{
    struct statfs seen;
    if (TEMP_FAILURE_RETRY(fstatfs(fd, &seen)) < 0)
        return -errno;
    return seen.f_type == TMPFS_MAGIC || seen.f_type == RAMFS_MAGIC;
}

int64_t hw_sys_size(int fd)
{
    struct statx seen;
    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_SIZE, &seen) < 0)
        return -errno;
    return (int64_t)seen.stx_size;
}

ssize_t hw_sys_write(int fd, const void *memory, size_t bytes)
{
    return tell_file_result(TEMP_FAILURE_RETRY(write(fd, memory, bytes)));
}

int hw_sys_duplicate(int fd)
{
    return tell_new_file(TEMP_FAILURE_RETRY(fcntl(fd, F_DUPFD_CLOEXEC, 0)));
}

int hw_sys_open_pipe(int fd)
{
    struct stat seen;
    char path[32];
    if (fstat(fd, &seen) < 0)
        return -errno;
    if (!S_ISFIFO(seen.st_mode))
        return -ENOTSUP;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return tell_new_file(TEMP_FAILURE_RETRY(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)));
}

int hw_sys_unlink(const char *path)
{
    return (int)tell_file_result(TEMP_FAILURE_RETRY(unlink(path)));
}

int hw_sys_make_folder(const char *path)
{
    if (mkdir(path, 0700) < 0)
        return -errno;
    /* A umask may have taken the owner's own rights. */
    return chmod(path, 0700) < 0 ? -errno : 0;
}

int hw_sys_make_at(int folder, const char *name, bool is_new)
{
    int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    return tell_new_file(
        TEMP_FAILURE_RETRY(openat(folder, name, flags | (is_new ? O_EXCL : 0), 0600)));
}

int hw_sys_set_mode(int fd, mode_t mode)
{
    return (int)tell_file_result(TEMP_FAILURE_RETRY(fchmod(fd, mode)));
}

int hw_sys_flush(int fd)
{
    return (int)tell_file_result(TEMP_FAILURE_RETRY(fsync(fd)));
}

int hw_sys_lock(int fd)
{
    return (int)tell_file_result(TEMP_FAILURE_RETRY(flock(fd, LOCK_EX | LOCK_NB)));
}

int hw_sys_rename_at(int folder, const char *from, const char *to)
{
    return (int)tell_file_result(TEMP_FAILURE_RETRY(renameat(folder, from, folder, to)));
}

int hw_sys_unlink_at(int folder, const char *name)
{
    return (int)tell_file_result(TEMP_FAILURE_RETRY(unlinkat(folder, name, 0)));
}

ssize_t hw_sys_read_folder(int fd, void *memory, size_t bytes)
{
    return tell_file_result(TEMP_FAILURE_RETRY(getdents64(fd, memory, bytes)));
}

ssize_t hw_sys_read_link(int folder, const char *path, char *memory, size_t bytes)
{
    return tell_file_result(TEMP_FAILURE_RETRY(readlinkat(folder, path, memory, bytes)));
}

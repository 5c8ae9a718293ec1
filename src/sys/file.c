/* Opens, reads and writes files and folders.
 *
 * Names below a served folder are resolved by the kernel (openat2, RESOLVE_BENEATH), not by us:
 * checking a name first and opening it after can be raced. Everything opened for reading is
 * non-blocking, so that a FIFO or a device somebody left there cannot hold a thread; regular files
 * do not know the difference. glibc has no openat2 of its own, hence syscall. */
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILE_READ_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

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

int hw_sys_open_beneath(int folder, const char *path, bool follows_links)
{
    struct open_how how = {
        .flags = FILE_READ_FLAGS,
        .resolve = RESOLVE_BENEATH | (follows_links ? RESOLVE_NO_MAGICLINKS : RESOLVE_NO_SYMLINKS),
    };
    return tell_new_file(TEMP_FAILURE_RETRY(syscall(SYS_openat2, folder, path, &how, sizeof how)));
}

int hw_sys_open(const char *path)
{
    return tell_new_file(TEMP_FAILURE_RETRY(open(path, FILE_READ_FLAGS)));
}

int hw_sys_stat(int fd, struct stat *ret_stat)
{
    return fstat(fd, ret_stat) < 0 ? -errno : 0;
}

ssize_t hw_sys_read(int fd, void *memory, size_t bytes)
{
    return tell_file_result(TEMP_FAILURE_RETRY(read(fd, memory, bytes)));
}

ssize_t hw_sys_read_at(int fd, void *memory, size_t bytes, uint64_t offset)
{
    return tell_file_result(TEMP_FAILURE_RETRY(pread(fd, memory, bytes, (off_t)offset)));
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

ssize_t hw_sys_read_folder(int fd, void *memory, size_t bytes)
{
    return tell_file_result(TEMP_FAILURE_RETRY(getdents64(fd, memory, bytes)));
}

ssize_t hw_sys_read_link(int folder, const char *path, char *memory, size_t bytes)
{
    return tell_file_result(TEMP_FAILURE_RETRY(readlinkat(folder, path, memory, bytes)));
}

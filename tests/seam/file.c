/* Files and folders that fail or come in pieces when a test says so. */
#include "sys/file.h"

#include "seam/script.h"

#include <errno.h>

HW_SCRIPT_REAL(open_folder);
HW_SCRIPT_REAL(open_folder_at);
HW_SCRIPT_REAL(open_beneath);
HW_SCRIPT_REAL(open_at);
HW_SCRIPT_REAL(open);
HW_SCRIPT_REAL(find_beneath);
HW_SCRIPT_REAL(stat);
HW_SCRIPT_REAL(stat_at);
HW_SCRIPT_REAL(read);
HW_SCRIPT_REAL(read_at);
HW_SCRIPT_REAL(read_cached);
HW_SCRIPT_REAL(is_cached);
HW_SCRIPT_REAL(is_in_memory);
HW_SCRIPT_REAL(size);
HW_SCRIPT_REAL(write);
HW_SCRIPT_REAL(duplicate);
HW_SCRIPT_REAL(open_pipe);
HW_SCRIPT_REAL(unlink);
HW_SCRIPT_REAL(make_folder);
HW_SCRIPT_REAL(make_at);
HW_SCRIPT_REAL(set_mode);
HW_SCRIPT_REAL(flush);
HW_SCRIPT_REAL(lock);
HW_SCRIPT_REAL(rename_at);
HW_SCRIPT_REAL(unlink_at);
HW_SCRIPT_REAL(read_folder);
HW_SCRIPT_REAL(read_link);

int hw_sys_open_folder(const char *path)
{
    int failure = hw_script_take(HW_CALL_open_folder);
    return failure ? failure : real_hw_sys_open_folder(path);
}

int hw_sys_open_folder_at(int folder, const char *path)
{
    int failure = hw_script_take(HW_CALL_open_folder_at);
    return failure ? failure : real_hw_sys_open_folder_at(folder, path);
}

int hw_sys_open_beneath(int folder, const char *path, bool follows_links)
{
    int failure = hw_script_take(HW_CALL_open_beneath);
    return failure ? failure : real_hw_sys_open_beneath(folder, path, follows_links);
}

int hw_sys_open_at(int folder, const char *path)
{
    int failure = hw_script_take(HW_CALL_open_at);
    return failure ? failure : real_hw_sys_open_at(folder, path);
}

int hw_sys_open(const char *path)
{
    int failure = hw_script_take(HW_CALL_open);
    return failure ? failure : real_hw_sys_open(path);
}

int hw_sys_stat(int fd, struct stat *ret_stat)
{
    int failure = hw_script_take(HW_CALL_stat);
    return failure ? failure : real_hw_sys_stat(fd, ret_stat);
}

int hw_sys_find_beneath(int folder, const char *path, bool may_leave)
{
    int failure = hw_script_take(HW_CALL_find_beneath);
    return failure ? failure : real_hw_sys_find_beneath(folder, path, may_leave);
}

int hw_sys_stat_at(int folder, const char *name, struct stat *ret_stat)
{
    int failure = hw_script_take(HW_CALL_stat_at);
    return failure ? failure : real_hw_sys_stat_at(folder, name, ret_stat);
}

ssize_t hw_sys_read(int fd, void *memory, size_t bytes)
{
    int failure = hw_script_take(HW_CALL_read);
    return failure ? failure : real_hw_sys_read(fd, memory, hw_script_limit(HW_CALL_read, bytes));
}

ssize_t hw_sys_read_at(int fd, void *memory, size_t bytes, uint64_t offset)
{
    int failure = hw_script_take(HW_CALL_read_at);
    return failure
               ? failure
               : real_hw_sys_read_at(fd, memory, hw_script_limit(HW_CALL_read_at, bytes), offset);
}

/* Every file system can be asked, and has what it is asked for, unless the script says
 * otherwise. */
ssize_t hw_sys_read_cached(int fd, void *memory, size_t bytes, uint64_t offset)
{
    int failure = hw_script_take(HW_CALL_read_cached);
    if (failure)
        return failure;
    ssize_t count = real_hw_sys_read_cached(fd, memory, bytes, offset);
    return count == -EOPNOTSUPP ? real_hw_sys_read_at(fd, memory, bytes, offset) : count;
}

int hw_sys_is_cached(int fd, uint64_t offset, uint64_t bytes)
{
    int failure = hw_script_take(HW_CALL_is_cached);
    return failure ? failure : real_hw_sys_is_cached(fd, offset, bytes);
}

int hw_sys_is_in_memory(int fd)
{
    int failure = hw_script_take(HW_CALL_is_in_memory);
    return failure ? failure : real_hw_sys_is_in_memory(fd);
}

int64_t hw_sys_size(int fd)
{
    int failure = hw_script_take(HW_CALL_size);
    return failure ? failure : real_hw_sys_size(fd);
}

ssize_t hw_sys_write(int fd, const void *memory, size_t bytes)
{
    int failure = hw_script_take(HW_CALL_write);
    return failure ? failure : real_hw_sys_write(fd, memory, hw_script_limit(HW_CALL_write, bytes));
}

int hw_sys_duplicate(int fd)
{
    int failure = hw_script_take(HW_CALL_duplicate);
    return failure ? failure : real_hw_sys_duplicate(fd);
}

int hw_sys_unlink(const char *path)
{
    int failure = hw_script_take(HW_CALL_unlink);
    return failure ? failure : real_hw_sys_unlink(path);
}

ssize_t hw_sys_read_folder(int fd, void *memory, size_t bytes)
{
    int failure = hw_script_take(HW_CALL_read_folder);
    return failure ? failure : real_hw_sys_read_folder(fd, memory, bytes);
}

ssize_t hw_sys_read_link(int folder, const char *path, char *memory, size_t bytes)
{
    int failure = hw_script_take(HW_CALL_read_link);
    return failure ? failure : real_hw_sys_read_link(folder, path, memory, bytes);
}

int hw_sys_open_pipe(int fd)
{
    int failure = hw_script_take(HW_CALL_open_pipe);
    return failure ? failure : real_hw_sys_open_pipe(fd);
}

int hw_sys_make_folder(const char *path)
{
    int failure = hw_script_take(HW_CALL_make_folder);
    return failure ? failure : real_hw_sys_make_folder(path);
}

int hw_sys_make_at(int folder, const char *name, bool is_new)
{
    int failure = hw_script_take(HW_CALL_make_at);
    return failure ? failure : real_hw_sys_make_at(folder, name, is_new);
}

int hw_sys_set_mode(int fd, mode_t mode)
{
    int failure = hw_script_take(HW_CALL_set_mode);
    return failure ? failure : real_hw_sys_set_mode(fd, mode);
}

int hw_sys_flush(int fd)
{
    int failure = hw_script_take(HW_CALL_flush);
    return failure ? failure : real_hw_sys_flush(fd);
}

int hw_sys_lock(int fd)
{
    int failure = hw_script_take(HW_CALL_lock);
    return failure ? failure : real_hw_sys_lock(fd);
}

int hw_sys_rename_at(int folder, const char *from, const char *to)
{
    int failure = hw_script_take(HW_CALL_rename_at);
    return failure ? failure : real_hw_sys_rename_at(folder, from, to);
}

int hw_sys_unlink_at(int folder, const char *name)
{
    int failure = hw_script_take(HW_CALL_unlink_at);
    return failure ? failure : real_hw_sys_unlink_at(folder, name);
}

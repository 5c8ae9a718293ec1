/* The seam: files and folders. Every descriptor is closed on exec.
 * All return 0 or a count or a descriptor, or a negative errno; EINTR is retried inside. */
#ifndef HW_SYS_FILE_H
#define HW_SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum { HW_STDOUT = 1, HW_STDERR = 2 };

/* A folder as a place to open from (O_PATH): needs no read permission. */
int hw_sys_open_folder(const char *path);
/* A folder below another, for hw_sys_read_folder; "." is the folder itself. No symbolic link is
 * followed at its end. */
int hw_sys_open_folder_at(int folder, const char *path);
/* For reading, never leaving the folder: openat2 with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS,
 * O_NONBLOCK. -EXDEV: the name (or a symbolic link in it) leads out of the folder. -EAGAIN: a
 * folder on the way was moved meanwhile, or somebody holds a lease on the file. -ELOOP: a symbolic
 * link is on the way, and follows_links is false. */
int hw_sys_open_beneath(int folder, const char *path, bool follows_links);
/* The same for a name whose symbolic links may lead anywhere, but never through the magic ones of
 * /proc (-ELOOP). What "/" and ".." in the name itself mean is the caller's to know. */
int hw_sys_open_at(int folder, const char *path);
/* For reading, anywhere: the program's own files. */
int hw_sys_open(const char *path);
/* What a name leads to, as a descriptor for hw_sys_stat alone (O_PATH): needs no right to the file
 * itself, and opens no device. Resolved as hw_sys_open_beneath does it, or, may_leave, as
 * hw_sys_open_at; symbolic links are followed. */
int hw_sys_find_beneath(int folder, const char *path, bool may_leave);
int hw_sys_stat(int fd, struct stat *ret_stat);
/* Of a name in a folder that is open for reading; of a symbolic link itself. */
int hw_sys_stat_at(int folder, const char *name, struct stat *ret_stat);
ssize_t hw_sys_read(int fd, void *memory, size_t bytes);
ssize_t hw_sys_read_at(int fd, void *memory, size_t bytes, uint64_t offset);
/* The same, but only what the page cache has: -EAGAIN: it does not have the first byte;
 * -EOPNOTSUPP: this file system cannot tell. */
ssize_t hw_sys_read_cached(int fd, void *memory, size_t bytes, uint64_t offset);
/* 1: the page cache has every page of the range; 0: it does not; -ENOSYS before Linux 6.5. */
int hw_sys_is_cached(int fd, uint64_t offset, uint64_t bytes);
/* 1: on a file system that is memory (tmpfs, ramfs); 0: on another one. */
int hw_sys_is_in_memory(int fd);
/* How long the file is as far as this system knows: asks no file server. */
int64_t hw_sys_size(int fd);
ssize_t hw_sys_write(int fd, const void *memory, size_t bytes);
int hw_sys_duplicate(int fd);
/* The writing end of the pipe behind fd as a new descriptor that does not block, whatever others do
 * with theirs. -ENOTSUP: it is no pipe. */
int hw_sys_open_pipe(int fd);
int hw_sys_unlink(const char *path);
/* A folder for its owner alone, 0700 whatever the umask says. -EEXIST: the name is taken. */
int hw_sys_make_folder(const char *path);
/* A file of a folder, to be read and written, made where there is none, for its owner alone (0600,
 * less what the umask takes); is_new: there may be none (-EEXIST). A symbolic link is never
 * followed (-ELOOP), a FIFO not waited for. */
int hw_sys_make_at(int folder, const char *name, bool is_new);
/* Who may do what with a file, whatever the umask says. */
int hw_sys_set_mode(int fd, mode_t mode);
/* What was written to a file, or a folder's names, outlives a loss of power from now on. */
int hw_sys_flush(int fd);
/* The lock that whole files have, as long as the file is open; -EAGAIN: somebody else has it. */
int hw_sys_lock(int fd);
/* Within a folder; a file that has the new name gives way, at once for whoever looks. */
int hw_sys_rename_at(int folder, const char *from, const char *to);
int hw_sys_unlink_at(int folder, const char *name);
/* Entries as the kernel's struct linux_dirent64 records; 0 at the end. */
ssize_t hw_sys_read_folder(int fd, void *memory, size_t bytes);
/* The target without a NUL; a result of `bytes` may have been cut. */
ssize_t hw_sys_read_link(int folder, const char *path, char *memory, size_t bytes);

#endif

/* Keeps keys in files of a folder so that nobody else reads them and nobody ever sees half of one.
 *
 * A file is written beside its place, with the rights of its owner alone from its first moment,
 * flushed, and renamed: before that the old one is there, behind it the whole new one. The umask
 * decides nothing, for rights are set on the descriptor. One writer at a time: a lock on a file of
 * its own, which goes with its process, so that a crash leaves nothing locked; the folder itself is
 * not locked, for network file systems want a file that is open for writing. So the name of what
 * is being written may be a fixed one, and a leftover of a crash is simply removed.
 *
 * What is found is not trusted blindly: a folder of somebody else, or one that others may write
 * into, is refused, and so is a secret that others may read. That is told and not mended: who has
 * opened it to others should know, and may want another key. */
#include "run/vault.h"

#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "sys/thread.h"

enum {
    FILE_BYTES_LIMIT = 64 * 1024,
    LOCK_STEP_MS = 20,
    LOCK_WAIT_MS = 10 * 1000,
    OTHERS_RIGHTS = 077,
    OTHERS_WRITE = 022,
};

#define LOCK_NAME "lock"
#define NEW_NAME "new"

static int blame_vault(const char *path, int error, hw_fault *fault)
{
    return hw_fault_set(fault, -error, path, "%s", hw_error_words(error));
}

int hw_vault_blame(const hw_vault *vault, const char *name, int error, hw_fault *fault,
                   const char *format, ...)
{
    char memory[HW_VAULT_PATH_BYTES];
    hw_buffer path = HW_BUFFER_OVER(memory);
    va_list args;
    hw_buffer_put_format(&path, "%s/%s", vault->path, name);
    va_start(args, format);
    int result = hw_fault_setv(fault, -error, hw_buffer_string(&path), format, args);
    va_end(args);
    return result;
}

static int blame_file(const hw_vault *vault, const char *name, int error, hw_fault *fault)
{
    return hw_vault_blame(vault, name, error, fault, "%s", hw_error_words(error));
}

static int check_vault(int fd, const char *path, hw_fault *fault)
{
    struct stat seen;
    int error = hw_sys_stat(fd, &seen);
    if (error < 0)
        return blame_vault(path, error, fault);
    if (!S_ISDIR(seen.st_mode))
        return blame_vault(path, -ENOTDIR, fault);
    if (seen.st_uid != hw_sys_user())
        return hw_fault_set(fault, EPERM, path,
                            "it is another user's (%u); XDG_DATA_HOME can name another place",
                            seen.st_uid);
    if (seen.st_mode & OTHERS_WRITE)
        return hw_fault_set(fault, EPERM, path, "others may write into it: chmod 700 %s", path);
    return 0;
}

int hw_vault_open(const char *path, hw_fault *fault, hw_vault *ret_vault)
{
    int fd = hw_sys_open(path);
    if (fd == -ENOENT)
        return fd;
    if (fd < 0)
        return blame_vault(path, fd, fault);
    int error = check_vault(fd, path, fault);
    if (error < 0) {
        (void)hw_sys_close(fd);
        return error;
    }
    *ret_vault = (hw_vault){path, fd, -1};
    return 0;
}

void hw_vault_close(hw_vault *vault)
{
    if (vault->lock >= 0)
        (void)hw_sys_close(vault->lock);
    if (vault->fd >= 0)
        (void)hw_sys_close(vault->fd);
    vault->fd = vault->lock = -1;
}

/* One that is there already, or is made by somebody else meanwhile, is as good. */
static int make_folder(const char *path, hw_fault *fault)
{
    int fd = hw_sys_open_folder(path);
    if (fd >= 0) {
        (void)hw_sys_close(fd);
        return 0;
    }
    int error = hw_sys_make_folder(path);
    if (error == 0 || error == -EEXIST)
        return 0;
    return hw_fault_set(fault, -error, path,
                        "cannot make this folder: %s; XDG_DATA_HOME can name another place",
                        hw_error_words(error));
}

/* Those above it first. */
static int make_folders(const char *path, hw_fault *fault)
{
    char memory[HW_VAULT_PATH_BYTES];
    hw_text whole = hw_text_of(path);
    int error = 0;
    if (whole.length >= sizeof memory)
        return blame_vault(path, -ENAMETOOLONG, fault);
    for (size_t end = 1; error == 0 && end <= whole.length; end++) {
        if (end < whole.length && whole.at[end] != '/')
            continue;
        memcpy(memory, whole.at, end);
        memory[end] = '\0';
        error = make_folder(memory, fault);
    }
    return error;
}

/* There is no other end that would tell: looks again after some time. */
static int wait_for_lock(int fd)
{
    pthread_mutex_t mutex;
    pthread_cond_t never;
    hw_sys_mutex_init(&mutex);
    hw_sys_condition_init(&never);
    hw_sys_mutex_lock(&mutex);
    int error = hw_sys_lock(fd);
    for (int waited = 0; error == -EAGAIN && waited < LOCK_WAIT_MS; waited += LOCK_STEP_MS) {
        hw_sys_condition_wait_for(&never, &mutex, LOCK_STEP_MS);
        error = hw_sys_lock(fd);
    }
    hw_sys_mutex_unlock(&mutex);
    hw_sys_condition_fini(&never);
    hw_sys_mutex_fini(&mutex);
    return error;
}

static int take_lock(hw_vault *vault, hw_fault *fault)
{
    int fd = hw_sys_make_at(vault->fd, LOCK_NAME, false);
    if (fd < 0)
        return hw_vault_blame(vault, LOCK_NAME, fd, fault,
                              "cannot write here: %s; XDG_DATA_HOME can name another place",
                              hw_error_words(fd));
    int error = wait_for_lock(fd);
    if (error < 0) {
        (void)hw_sys_close(fd);
        return error == -EAGAIN ? hw_vault_blame(vault, LOCK_NAME, error, fault,
                                                 "another program has held it for %d seconds",
                                                 LOCK_WAIT_MS / 1000)
                                : blame_file(vault, LOCK_NAME, error, fault);
    }
    vault->lock = fd;
    return 0;
}

int hw_vault_hold(const char *path, hw_fault *fault, hw_vault *ret_vault)
{
    hw_vault vault = {.fd = -1};
    int error = make_folders(path, fault);
    if (error == 0)
        error = hw_vault_open(path, fault, &vault);
    if (error == -ENOENT)
        return blame_vault(path, error, fault); /* gone again */
    if (error != 0)
        return error;
    error = take_lock(&vault, fault);
    if (error < 0) {
        hw_vault_close(&vault);
        return error;
    }
    *ret_vault = vault;
    return 0;
}

static int check_file(const hw_vault *vault, const char *name, hw_vault_access access,
                      const struct stat *seen, hw_fault *fault)
{
    if (!S_ISREG(seen->st_mode))
        return hw_vault_blame(vault, name, -EINVAL, fault, "is no file");
    if (seen->st_size > FILE_BYTES_LIMIT)
        return hw_vault_blame(vault, name, -EFBIG, fault, "is longer than 64 KiB");
    if (access == HW_VAULT_SECRET && (seen->st_mode & OTHERS_RIGHTS))
        return hw_vault_blame(vault, name, -EPERM, fault, "others may read it: chmod 600 %s/%s",
                              vault->path, name);
    return 0;
}

static int read_checked(const hw_vault *vault, const char *name, hw_vault_access access, int fd,
                        hw_arena *arena, hw_fault *fault, hw_text *ret_text)
{
    struct stat seen;
    int error = hw_sys_stat(fd, &seen);
    if (error < 0)
        return blame_file(vault, name, error, fault);
    error = check_file(vault, name, access, &seen, fault);
    if (error < 0)
        return error;
    char *memory = hw_arena_alloc(arena, (size_t)seen.st_size + 1);
    if (!memory)
        return blame_file(vault, name, -ENOMEM, fault);
    ssize_t length = hw_file_read(fd, memory, (size_t)seen.st_size);
    if (length < 0)
        return blame_file(vault, name, (int)length, fault);
    memory[length] = '\0';
    *ret_text = (hw_text){memory, (size_t)length};
    return 0;
}

int hw_vault_read(const hw_vault *vault, const char *name, hw_vault_access access, hw_arena *arena,
                  hw_fault *fault, hw_text *ret_text)
{
    int fd = hw_sys_open_at(vault->fd, name);
    if (fd == -ENOENT)
        return fd;
    if (fd < 0)
        return blame_file(vault, name, fd, fault);
    int error = read_checked(vault, name, access, fd, arena, fault, ret_text);
    (void)hw_sys_close(fd);
    return error;
}

static int write_all(int fd, hw_text text)
{
    while (text.length > 0) {
        ssize_t count = hw_sys_write(fd, text.at, text.length);
        if (count < 0)
            return (int)count;
        text = hw_text_from(text, (size_t)count);
    }
    return 0;
}

/* Its own rights first: between making and this it has at most its owner's. */
static int fill_new_file(int fd, hw_vault_access access, hw_text text)
{
    int error = hw_sys_set_mode(fd, access == HW_VAULT_SECRET ? 0600 : 0644);
    if (error == 0)
        error = write_all(fd, text);
    return error < 0 ? error : hw_sys_flush(fd);
}

int hw_vault_write(const hw_vault *vault, const char *name, hw_vault_access access, hw_text text,
                   hw_fault *fault)
{
    int error = hw_sys_unlink_at(vault->fd, NEW_NAME);
    if (error < 0 && error != -ENOENT)
        return blame_file(vault, NEW_NAME, error, fault);
    int fd = hw_sys_make_at(vault->fd, NEW_NAME, true);
    if (fd < 0)
        return blame_file(vault, NEW_NAME, fd, fault);
    error = fill_new_file(fd, access, text);
    int closing = hw_sys_close(fd);
    if (error == 0)
        error = closing;
    if (error == 0)
        error = hw_sys_rename_at(vault->fd, NEW_NAME, name);
    if (error < 0) {
        (void)hw_sys_unlink_at(vault->fd, NEW_NAME);
        return blame_file(vault, name, error, fault);
    }
    /* The name, too, outlives a loss of power; file systems that cannot promise it have it still. */
    (void)hw_sys_flush(vault->fd);
    return 0;
}

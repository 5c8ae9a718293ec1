/* Describes the certificates of a file, and looks for the key that belongs to it.
 *
 * Which file has the key nobody says, so those are tried that are in use beside such a name: the
 * file itself, what mkcert, openssl and certbot write, and our own. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "run/certificate.h"
#include "run/development.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/socket.h"

enum { CERTIFICATES_BYTES_MAX = 1024 * 1024, SHOW_BLOCK_BYTES = 4096, OPEN_TO_OTHERS = 077 };

/* A file that was read. */
typedef struct shown_file {
    hw_text text;
    bool is_open; /* others may do something with it */
} shown_file;

static int read_shown_file(int fd, hw_arena *arena, shown_file *ret_file)
{
    struct stat seen;
    int error = hw_sys_stat(fd, &seen);
    if (error < 0)
        return error;
    if (!S_ISREG(seen.st_mode))
        return S_ISDIR(seen.st_mode) ? -EISDIR : -EINVAL;
    if (seen.st_size > CERTIFICATES_BYTES_MAX)
        return -EFBIG;
    size_t bytes = (size_t)seen.st_size;
    char *memory = hw_arena_alloc(arena, bytes);
    if (!memory)
        return -ENOMEM;
    ssize_t length = hw_file_read(fd, memory, bytes);
    if (length < 0)
        return (int)length;
    *ret_file = (shown_file){{memory, (size_t)length}, (seen.st_mode & OPEN_TO_OTHERS) != 0};
    return 0;
}

static int open_shown_file(const char *path, hw_arena *arena, shown_file *ret_file)
{
    int fd = hw_sys_open(path);
    if (fd < 0)
        return fd;
    int error = read_shown_file(fd, arena, ret_file);
    (void)hw_sys_close(fd);
    return error;
}

/* "dir/ca" of "dir/ca.pem", or "dir/". */
static hw_text stem_of_certificate(const char *path, bool is_folder_only)
{
    hw_text whole = hw_text_of(path);
    size_t slash = hw_text_find_last(whole, '/');
    size_t name = slash < whole.length ? slash + 1 : 0;
    size_t dot = hw_text_find_last(hw_text_from(whole, name), '.');
    return hw_text_upto(whole, is_folder_only ? name : name + dot);
}

/* The first that is there; -ENOENT: none is. */
static int find_leaf_key(const char *path, hw_arena *arena, const char **ret_path,
                         shown_file *ret_file)
{
    static const struct {
        bool is_folder_only;
        const char *end;
    } places[] = {{false, "-key.pem"}, {false, ".key"}, {true, "key.pem"}, {true, "privkey.pem"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *beside = hw_arena_format(
            arena, "%.*s%s", HW_TEXT_ARGS(stem_of_certificate(path, places[i].is_folder_only)),
            places[i].end);
        if (!beside)
            return -ENOMEM;
        int error = open_shown_file(beside, arena, ret_file);
        if (error == -ENOENT)
            continue;
        *ret_path = beside;
        return error;
    }
    return -ENOENT;
}

static int tell_key_file(const char *path, const shown_file *file, hw_arena *arena,
                         hewn_tell_fn *tell, void *arg)
{
    shown_file key = *file;
    const char *at = path, *words;
    int fits = hw_certificate_fits_key(file->text, file->text);
    int error = 0;
    if (fits < 0) {
        error = find_leaf_key(path, arena, &at, &key);
        fits = error < 0 ? 0 : hw_certificate_fits_key(file->text, key.text);
    }
    if (error == -ENOMEM)
        return error;
    if (error == -ENOENT) {
        tell(arg, "key file", "none is beside it");
        return 0;
    }
    words = error < 0   ? hw_error_words(error)
            : fits < 0  ? "there is no key in it that can be read"
            : fits == 0 ? "it is another certificate's"
                        : "it fits";
    const char *line = hw_arena_format(arena, "%s: %s%s", at, words,
                                       error == 0 && key.is_open ? ", but others may read it" : "");
    if (!line)
        return -ENOMEM;
    tell(arg, "key file", line);
    return 0;
}

static int show_file(const char *path, bool is_ours, hw_arena *arena, hewn_tell_fn *tell, void *arg,
                     hw_fault *fault)
{
    shown_file file;
    int64_t until_s;
    int error = open_shown_file(path, arena, &file);
    if (error == -ENOENT && is_ours)
        return hw_fault_set(fault, ENOENT, path,
                            "there is no certificate for development yet (hewn cert dev)");
    if (error < 0)
        return hw_fault_set(fault, -error, path, "%s", hw_error_words(error));
    if (!hw_certificate_until(file.text, &until_s))
        return hw_fault_set(fault, EBADMSG, path,
                            "there is no certificate in it that can be read (PEM)");
    tell(arg, "file", path);
    error = hw_certificate_tell(file.text, hw_sys_realtime_ns() / HW_NS_PER_S, tell, arg);
    if (error == 0)
        error = tell_key_file(path, &file, arena, tell, arg);
    return error < 0 ? hw_fault_set(fault, -error, path, "%s", hw_error_words(error)) : 0;
}

int hewn_certificate_show(const char *file, hewn_tell_fn *tell, void *arg, hewn_fault *fault)
{
    char path[HW_VAULT_PATH_BYTES + sizeof HW_DEVELOPMENT_CERTIFICATE];
    hw_fault said = {.error = 0};
    hw_arena arena;
    int error = 0;
    if (!hw_certificate_is_built)
        error = hw_fault_set(&said, ENOTSUP, NULL,
                             "this program was built without OpenSSL, and reads no certificates");
    else if (!file)
        error = hw_development_folder(NULL, &said, path);
    if (error < 0)
        return hw_development_blame(&said, fault);
    if (!file)
        memcpy(path + strlen(path), "/" HW_DEVELOPMENT_CERTIFICATE,
               sizeof "/" HW_DEVELOPMENT_CERTIFICATE);
    hw_arena_init(&arena, SHOW_BLOCK_BYTES, 4 * CERTIFICATES_BYTES_MAX);
    error = show_file(file ? file : path, !file, &arena, tell, arg, &said);
    hw_arena_fini(&arena);
    return error < 0 ? hw_development_blame(&said, fault) : 0;
}

/* Reads the secrets that cookies are signed with from a file of their own: a command line is seen by
 * everybody who can list processes, and an environment is passed on to children. */
#include "run/secrets.h"

#include <errno.h>

#include "app/sign.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/file.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "watch/escape.h"

enum { FILE_BYTES_MAX = 64 * 1024, PATH_SHOWN_BYTES_MAX = 400 };

static int refuse_secrets(hw_buffer *words, const char *path, int error, const char *why)
{
    hw_buffer_put_string(words, "--secret-file ");
    hw_escape_put(words, hw_text_of(path), HW_ESCAPE_EYES, PATH_SHOWN_BYTES_MAX);
    hw_buffer_put_format(words, ": %s", why);
    return error;
}

/* With the command that makes what is missing. */
static int refuse_with_advice(hw_buffer *words, const char *path, const char *why)
{
    (void)refuse_secrets(words, path, -EINVAL, why);
    hw_buffer_put_string(words, "\n  make one with: (umask 077; openssl rand -hex 32 >> ");
    hw_escape_put(words, hw_text_of(path), HW_ESCAPE_EYES, PATH_SHOWN_BYTES_MAX);
    hw_buffer_put_char(words, ')');
    return -EINVAL;
}

/* All of it, in the arena, which may be FILE_BYTES_MAX + 1 when there is more. */
static int read_secret_file(const char *path, hw_arena *arena, hw_text *ret_text, bool *ret_is_open)
{
    struct stat seen;
    ssize_t length = 0;
    int fd = hw_sys_open(path);
    if (fd < 0)
        return fd;
    int error = hw_sys_stat(fd, &seen);
    char *memory = hw_arena_alloc(arena, FILE_BYTES_MAX + 1);
    if (error == 0 && !memory)
        error = -ENOMEM;
    if (error == 0)
        length = hw_file_read(fd, memory, FILE_BYTES_MAX + 1);
    (void)hw_sys_close(fd);
    if (error < 0 || length < 0)
        return error < 0 ? error : (int)length;
    *ret_text = (hw_text){memory, (size_t)length};
    *ret_is_open = (seen.st_mode & 077) != 0;
    return 0;
}

static hw_text take_secret(hw_cursor *cursor)
{
    hw_text line = hw_cursor_take_until(cursor, '\n');
    (void)hw_cursor_take(cursor, '\n');
    if (line.length > 0 && line.at[line.length - 1] == '\r')
        line = hw_text_upto(line, line.length - 1);
    return line;
}

static int cut_secrets(hw_text text, hw_arena *arena, hw_buffer *words, const char *path,
                       const char *const **ret_secrets)
{
    hw_cursor cursor = hw_cursor_of(text);
    size_t count = 0, lines = 1;
    for (size_t i = 0; i < text.length; i++)
        lines += text.at[i] == '\n';
    const char **secrets = hw_arena_alloc_zeroed(arena, lines + 1, sizeof *secrets);
    if (!secrets)
        return -ENOMEM;
    while (!hw_cursor_at_end(&cursor)) {
        hw_text secret = take_secret(&cursor);
        if (secret.length == 0)
            continue;
        if (secret.length < HW_SIGN_SECRET_MIN)
            return refuse_with_advice(words, path, "a secret has fewer than 32 bytes");
        if (hw_text_find(secret, '\0') < secret.length)
            return refuse_secrets(words, path, -EINVAL,
                                  "a secret is text, and this has a zero byte");
        secrets[count] = hw_arena_copy(arena, secret);
        if (!secrets[count++])
            return -ENOMEM;
    }
    if (count == 0)
        return refuse_with_advice(words, path, "there is no secret in it");
    *ret_secrets = secrets;
    return 0;
}

int hw_secrets_read(const char *path, hw_arena *arena, hw_buffer *words,
                    const char *const **ret_secrets, bool *ret_is_open)
{
    hw_text text;
    if (!hw_signer_is_built)
        return refuse_secrets(words, path, -EINVAL,
                              "this program was built without OpenSSL, and signs nothing");
    int error = read_secret_file(path, arena, &text, ret_is_open);
    if (error == -ENOMEM)
        return error;
    if (error == -ENOENT)
        return refuse_with_advice(words, path, "there is no such file");
    if (error < 0)
        return refuse_secrets(words, path, error, hw_error_words(error));
    if (text.length > FILE_BYTES_MAX)
        return refuse_secrets(words, path, -EINVAL, "it is longer than 64 KiB");
    return cut_secrets(text, arena, words, path, ret_secrets);
}

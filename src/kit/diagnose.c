/* Finds out why a name leads nowhere: goes down the path as the kernel does, and looks at each part.
 *
 * What it finds may have changed since; it is for somebody who wonders, not for an answer. */
#include "kit/diagnose.h"

#include <limits.h>

#include "base/buffer.h"
#include "base/error.h"
#include "exchange/narrator.h"
#include "sys/file.h"
#include "sys/socket.h"

#define SUBJECT "refused"

typedef struct name_part {
    const char *path; /* of the name, up to and with this part */
    struct stat seen; /* of the part itself: of a link, not where it leads */
} name_part;

/* "drwx------" */
static void put_mode(char mode[static 11], mode_t bits)
{
    static const char letters[] = "rwxrwxrwx";
    mode[0] = S_ISDIR(bits) ? 'd' : '-';
    for (int i = 0; i < 9; i++)
        mode[i + 1] = bits & (1u << (8 - i)) ? letters[i] : '-';
    mode[10] = '\0';
}

static void tell_of_right(const hw_exchange *exchange, const name_part *part, const char *right)
{
    char mode[11];
    put_mode(mode, part->seen.st_mode);
    hw_exchange_tell(exchange, SUBJECT,
                     "'%s' is %s of user %u, group %u: this process needs %s on it", part->path,
                     mode, (unsigned)part->seen.st_uid, (unsigned)part->seen.st_gid, right);
}

static void tell_of_link(const hw_exchange *exchange, const hw_root *root, const name_part *part)
{
    char target[PATH_MAX];
    ssize_t length = hw_sys_read_link(root->folder, part->path, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    hw_exchange_tell(
        exchange, SUBJECT, "'%s' is a symbolic link to '%s', which %s", part->path, target,
        root->follows_links
            ? "leads nowhere"
            : "leads out of the folder or nowhere; --follow-links (hewn_files_opts.follow_links) "
              "follows links that lead out");
}

static const char *kind_of_file(mode_t mode)
{
    return S_ISFIFO(mode)                   ? "a pipe"
           : S_ISSOCK(mode)                 ? "a socket"
           : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
                                            : "no file";
}

/* A part that is there. True: it is what stands in the way. */
static bool tell_of_part(const hw_exchange *exchange, const hw_root *root, const name_part *part,
                         bool is_last, int error)
{
    mode_t mode = part->seen.st_mode;
    if (S_ISLNK(mode)) {
        struct stat behind;
        bool leads_somewhere = hw_root_look(root, part->path, &behind) == 0;
        if (!leads_somewhere)
            tell_of_link(exchange, root, part);
        return !leads_somewhere;
    }
    if (!is_last && !S_ISDIR(mode))
        hw_exchange_tell(exchange, SUBJECT, "'%s' is a file, and has nothing in it", part->path);
    else if (is_last && !S_ISREG(mode) && !S_ISDIR(mode))
        hw_exchange_tell(exchange, SUBJECT, "'%s' is %s: only regular files are sent", part->path,
                         kind_of_file(mode));
    else if (is_last && error == -EACCES)
        tell_of_right(exchange, part, S_ISDIR(mode) ? "r and x" : "r");
    else
        return false;
    return true;
}

/* The part that ends before a slash, or with the name. 0, or why it cannot be looked at. */
static int look_at_part(const hw_root *root, hw_buffer *path, hw_text segment, name_part *ret_part)
{
    if (path->length > 0)
        hw_buffer_put_char(path, '/');
    hw_buffer_put(path, segment);
    ret_part->path = hw_buffer_string(path);
    return ret_part->path ? hw_sys_stat_at(root->folder, ret_part->path, &ret_part->seen)
                          : -ENAMETOOLONG;
}

void hw_diagnose(const hw_exchange *exchange, const hw_root *root, const char *name, int error)
{
    char memory[PATH_MAX], above[PATH_MAX] = ".";
    hw_buffer path = HW_BUFFER_OVER(memory);
    hw_cursor segments = hw_cursor_of(hw_text_of(name));
    hw_text segment;
    name_part last = {.path = "."}, found;
    if (!exchange->place->narrator || hw_sys_stat(root->folder, &last.seen) < 0)
        return;
    while (hw_path_next_segment(&segments, &segment)) {
        int look = look_at_part(root, &path, segment, &found);
        if (look == -EACCES) {
            last.path = above;
            tell_of_right(exchange, &last, "x");
        } else if (look < 0) {
            hw_exchange_tell(exchange, SUBJECT, "there is no '%s'%s%s",
                             found.path ? found.path : name, look == -ENOENT ? "" : ": ",
                             look == -ENOENT ? "" : hw_error_words(look));
        }
        if (look < 0 || tell_of_part(exchange, root, &found, hw_cursor_at_end(&segments), error))
            return;
        last.seen = found.seen;
        hw_buffer copy = HW_BUFFER_OVER(above);
        hw_buffer_put_string(&copy, found.path);
        (void)hw_buffer_string(&copy);
    }
}

void hw_diagnose_hidden(const hw_exchange *exchange, const hw_root *root, hw_path below)
{
    hw_cursor segments = hw_cursor_of(below.text);
    hw_text segment;
    if (root->only.length > 0 && !hw_root_shows(root, below)) {
        hw_exchange_tell(exchange, SUBJECT, "of this folder '%s' alone is served", root->only.at);
        return;
    }
    for (bool is_first = true; hw_path_next_segment(&segments, &segment); is_first = false) {
        if (hw_root_shows_name(root, segment, is_first))
            continue;
        hw_exchange_tell(
            exchange, SUBJECT, "'%.*s' is hidden: %s; --hidden (hewn_files_opts.hidden) shows it",
            HW_TEXT_ARGS(segment),
            segment.at[0] == '.' ? "it begins with a dot" : "editors leave such names behind");
        return;
    }
}

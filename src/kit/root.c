/* The folder that is served: what may be seen of it, and how a name in it is opened.
 *
 * Two guards, on purpose of different kinds. Whether a name leads out of the folder is decided by
 * the kernel while it opens it (RESOLVE_BENEATH, from the folder's descriptor): comparing strings,
 * or checking before opening, loses against a sibling with the same prefix or a symbolic link made
 * in between. What should not be shown although it is inside is decided by name before anything is
 * opened; every segment counts, since
 * `.git/config` is no better than `.git`. Symbolic links that stay inside are followed: whoever may
 * write in the folder may publish in it. Where links may lead anywhere, the kernel is asked without
 * its guard only for a name that it has refused with it, and that has neither ".." nor a slash at
 * its front: so nothing but a link has led out. */
#include "kit/root.h"

#include <errno.h>

#include "kit/vigil.h"
#include "sys/file.h"
#include "sys/socket.h"

enum { ROOT_TRIES_MAX = 4 };

int hw_root_open(hw_root *root, const hw_root *rule)
{
    int own = hw_sys_duplicate(rule->folder);
    if (own < 0)
        return own;
    *root = *rule;
    root->folder = own;
    return 0;
}

void hw_root_close(hw_root *root)
{
    if (root->folder >= 0)
        (void)hw_sys_close(root->folder);
    root->folder = -1;
}

/* What editors and patch leave beside a file: its source, where the file itself is a script. */
static bool is_leftover_name(hw_text segment)
{
    static const hw_text endings[] = {HW_TEXT_INIT("~"), HW_TEXT_INIT(".bak"), HW_TEXT_INIT(".swp"),
                                      HW_TEXT_INIT(".orig")};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        hw_text ending = endings[i];
        if (segment.length >= ending.length &&
            hw_text_equal_nocase(hw_text_from(segment, segment.length - ending.length), ending))
            return true;
    }
    return false;
}

bool hw_root_shows_name(const hw_root *root, hw_text name, bool at_top)
{
    if (root->shows_hidden)
        return true;
    /* RFC 8615 3: it is well known at the top alone. */
    bool is_well_known = at_top && hw_text_equal(name, HW_TEXT(".well-known"));
    if (hw_text_has_prefix(name, HW_TEXT(".")) && !is_well_known)
        return false;
    return !is_leftover_name(name);
}

bool hw_root_shows(const hw_root *root, hw_path below)
{
    if (root->only.length > 0)
        return hw_text_equal(below.text, HW_TEXT("/")) ||
               hw_text_equal(hw_text_from(below.text, 1), root->only);
    if (root->shows_hidden)
        return true;
    hw_cursor path = hw_cursor_of(below.text);
    hw_text segment;
    for (bool is_first = true; hw_path_next_segment(&path, &segment); is_first = false)
        if (!hw_root_shows_name(root, segment, is_first))
            return false;
    return true;
}

/* The kernel gives up on "..", when something was renamed or mounted just then, and asks us to try
 * again. */
static int open_name(const hw_root *root, const char *name, bool follows_links)
{
    int fd = -EAGAIN;
    for (int tries = 0; fd == -EAGAIN && tries < ROOT_TRIES_MAX; tries++)
        fd = hw_sys_open_beneath(root->folder, name, follows_links);
    return fd;
}

static bool leads_out_itself(const char *name)
{
    hw_cursor path = hw_cursor_of(hw_text_of(name));
    hw_text segment;
    if (*name == '/')
        return true;
    while (hw_path_next_segment(&path, &segment))
        if (hw_text_equal(segment, HW_TEXT("..")))
            return true;
    return false;
}

/* A name with a symbolic link in it. */
static int open_linked_name(const hw_root *root, const char *name)
{
    int fd = open_name(root, name, true);
    if (fd != -EXDEV || !root->follows_links || leads_out_itself(name))
        return fd;
    return hw_sys_open_at(root->folder, name);
}

int hw_root_open_folder(const hw_root *root, hw_path below)
{
    const char *name = below.text.length > 1 ? below.text.at + 1 : ".";
    struct stat seen;
    int fd = open_name(root, name, false);
    if (fd == -ELOOP)
        fd = open_linked_name(root, name);
    if (fd < 0)
        return fd;
    int error = hw_sys_stat(fd, &seen);
    if (error == 0 && !S_ISDIR(seen.st_mode))
        error = -ENOTDIR;
    if (error < 0)
        (void)hw_sys_close(fd);
    return error < 0 ? error : fd;
}

int hw_root_look(const hw_root *root, const char *name, struct stat *ret_seen)
{
    struct stat seen;
    int fd = hw_sys_find_beneath(root->folder, name, false);
    if (fd == -EXDEV && root->follows_links && !leads_out_itself(name))
        fd = hw_sys_find_beneath(root->folder, name, true);
    if (fd < 0)
        return fd;
    int error = hw_sys_stat(fd, &seen);
    (void)hw_sys_close(fd);
    if (error < 0)
        return error;
    if (!S_ISDIR(seen.st_mode) && !S_ISREG(seen.st_mode))
        return -ENOENT;
    *ret_seen = seen;
    return 0;
}

static int look_at_file(int fd, struct stat *ret_seen)
{
    int error = hw_sys_stat(fd, ret_seen);
    if (error < 0)
        return error;
    if (S_ISDIR(ret_seen->st_mode))
        return -EISDIR;
    return S_ISREG(ret_seen->st_mode) ? 0 : -ENOENT;
}

/* What is true of a file may change until it is watched: so it is looked at again after that. */
static int look_with_vigil(hw_vigil *vigil, int fd, bool is_behind_link, struct stat *ret_seen)
{
    bool watches = vigil->watches_file || is_behind_link;
    if (watches)
        hw_vigil_watch_file(vigil, fd, is_behind_link);
    int error = look_at_file(fd, ret_seen);
    if (error < 0 || ret_seen->st_nlink == 1 || (watches && vigil->file >= 0))
        return error;
    hw_vigil_watch_file(vigil, fd, true);
    return look_at_file(fd, ret_seen);
}

int hw_root_find(const hw_root *root, const char *name, hw_vigil *vigil, hw_finding *ret_finding)
{
    struct stat seen;
    bool is_behind_link = false;
    int fd = open_name(root, name, false);
    if (fd == -ELOOP) {
        is_behind_link = true;
        fd = open_linked_name(root, name);
        /* What else may be renamed behind a link, the folders of the name do not tell. */
        if (vigil)
            vigil->is_blind = true;
    }
    if (fd < 0)
        return fd;
    int error = vigil ? look_with_vigil(vigil, fd, is_behind_link, &seen) : look_at_file(fd, &seen);
    if (error < 0) {
        (void)hw_sys_close(fd);
        return error;
    }
    *ret_finding = (hw_finding){fd, seen, is_behind_link};
    return 0;
}

bool hw_root_is_absence(int error)
{
    switch (-error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EXDEV:  /* out of the root */
    case ENXIO:  /* a socket */
    case ENODEV: /* a device nobody drives */
    case EILSEQ: /* a name this file system cannot have */
    case EINVAL:
        return true;
    default:
        return false;
    }
}

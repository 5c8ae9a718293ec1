/* The folder that is served: what may be seen of it, and how a name in it is opened.
 *
 * Two guards, on purpose of different kinds. Whether a name leads out of the folder is decided by
 * the kernel while it opens it (RESOLVE_BENEATH, from the folder's descriptor): comparing strings,
 * or checking before opening, loses against a sibling with the same prefix or a symbolic link made
 * in between. What should not be shown although it is inside is decided by name before anything is
 * opened; every segment counts, since
 * `.git/config` is no better than `.git`. Symbolic links that stay inside are followed: whoever may
 * write in the folder may publish in it. */
#include "kit/root.h"

#include <errno.h>

#include "sys/file.h"
#include "sys/socket.h"

enum { ROOT_TRIES_MAX = 4 };

int hw_root_open(hw_root *root, int folder, bool shows_hidden)
{
    int own = hw_sys_duplicate(folder);
    if (own < 0)
        return own;
    *root = (hw_root){own, shows_hidden};
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

bool hw_root_shows(const hw_root *root, hw_path below)
{
    if (root->shows_hidden)
        return true;
    hw_cursor path = hw_cursor_of(below.text);
    hw_text segment;
    for (bool is_first = true; hw_path_next_segment(&path, &segment); is_first = false) {
        /* RFC 8615 3: it is well known at the top alone. */
        bool is_well_known = is_first && hw_text_equal(segment, HW_TEXT(".well-known"));
        if (hw_text_has_prefix(segment, HW_TEXT(".")) && !is_well_known)
            return false;
        if (is_leftover_name(segment))
            return false;
    }
    return true;
}

int hw_root_find(const hw_root *root, const char *name, hw_entry *ret_entry)
{
    int fd = -EAGAIN;
    /* The kernel gives up on "..", when something was renamed or mounted just then, and asks us to
     * try again. */
    for (int tries = 0; fd == -EAGAIN && tries < ROOT_TRIES_MAX; tries++)
        fd = hw_sys_open_beneath(root->folder, name);
    if (fd < 0)
        return fd;
    int error = hw_entry_open(ret_entry, fd);
    if (error < 0)
        (void)hw_sys_close(fd);
    return error;
}

/* Watches a name while it is looked up.
 *
 * A folder tells what happens to the names in it, whoever does it; so the folders from the root
 * down to the name are watched, each before the next is entered. It does not tell of a write
 * through another of the file's names, which may be in a folder nobody watches, nor of what lies
 * behind a symbolic link: then the file is watched itself. A name that ends where there is no
 * folder is watched as far as folders go: whatever is to come must begin there. */
#include "kit/vigil.h"

#include <errno.h>
#include <limits.h>

#include "base/buffer.h"
#include "sys/notice.h"

enum {
    VIGIL_SELF_MASK = IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF,
    VIGIL_WRITE_MASK = IN_MODIFY | IN_CLOSE_WRITE,
    VIGIL_NAMES_MASK = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR,
    /* Added to what is watched already: the file may turn out to be a folder. */
    VIGIL_FILE_MASK = VIGIL_SELF_MASK | VIGIL_WRITE_MASK | IN_MASK_ADD,
    VIGIL_FOLDER_MASK = VIGIL_SELF_MASK | VIGIL_WRITE_MASK | VIGIL_NAMES_MASK,
};

/* The folder whose path is the first `length` bytes of the vigil's. */
static int watch_folder(const hw_vigil *vigil, const hw_root *root, size_t length)
{
    char memory[PATH_MAX];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_text path = hw_text_upto(vigil->path, length - 1); /* "/a/" is "a", below the root */
    hw_buffer_put(&buffer, hw_text_from(path, 1));
    const char *name = hw_buffer_string(&buffer);
    return name ? hw_sys_notice_add(vigil->notice, root->folder, name, VIGIL_FOLDER_MASK)
                : -ENAMETOOLONG;
}

void hw_vigil_watch_folders(hw_vigil *vigil, const hw_root *root)
{
    for (size_t length = 1; length <= vigil->path.length && !vigil->is_blind; length++) {
        if (vigil->path.at[length - 1] != '/' || length <= vigil->known)
            continue;
        bool is_too_deep = vigil->folder_count == HW_VIGIL_DEPTH_MAX;
        int number = is_too_deep ? -ENAMETOOLONG : watch_folder(vigil, root, length);
        bool is_absent = number == -ENOENT || number == -ENOTDIR;
        /* The root is there: what is not is the way to name it. */
        if (is_absent && length > 1) {
            vigil->ends_early = true;
            return;
        }
        if (number < 0)
            vigil->is_blind = true;
        else
            vigil->folders[vigil->folder_count++] = (hw_vigil_folder){number, length};
    }
}

/* An index may be looked for under several names; what was watched for another is not needed, but
 * not forgotten: it is the cache's to end, which may watch the same file for another name. */
static void set_file_aside(hw_vigil *vigil, int number)
{
    if (vigil->file >= 0 && vigil->file != number)
        vigil->folders[vigil->folder_count++] = (hw_vigil_folder){vigil->file, 0};
}

static bool has_room_aside(const hw_vigil *vigil)
{
    return vigil->file < 0 || vigil->folder_count < HW_VIGIL_DEPTH_MAX;
}

void hw_vigil_watch_file(hw_vigil *vigil, int fd, bool must)
{
    int number = -ENOSPC;
    if (vigil->notice >= 0 && has_room_aside(vigil))
        number = hw_sys_notice_add(vigil->notice, fd, "", VIGIL_FILE_MASK);
    if (number < 0) {
        vigil->is_blind |= must;
        return;
    }
    set_file_aside(vigil, number);
    vigil->file = number;
}

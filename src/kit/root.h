/* A root is a folder that is served, and the rule of what may be seen of it. */
#ifndef HW_KIT_ROOT_H
#define HW_KIT_ROOT_H

#include <sys/stat.h>

#include "http/path.h"

typedef struct hw_vigil hw_vigil;

typedef struct hw_root {
    int folder;
    hw_text only;       /* of all names this one; empty: all */
    bool shows_hidden;  /* dotfiles, and what editors leave behind */
    bool follows_links; /* also those that lead out of the folder */
} hw_root;

/* A regular file that has been found and opened, and what was true of it at that moment. */
typedef struct hw_finding {
    int fd;
    struct stat seen;
    bool is_behind_link; /* a symbolic one */
} hw_finding;

/* The folder of `rule`, by a descriptor of its own, under the same rule. 0, or a negative errno. */
int hw_root_open(hw_root *root, const hw_root *rule);
void hw_root_close(hw_root *root);

/* Whether this path may be looked for at all. Asks the rule alone, not the file system. */
bool hw_root_shows(const hw_root *root, hw_path below);

/* The same of one name in a folder that may itself be looked for; at_top: in the root. */
bool hw_root_shows_name(const hw_root *root, hw_text name, bool at_top);

/* Opens a folder for reading; `below` is its path, with its last '/'. Errors: those of
 * hw_root_find; -ENOTDIR it is none. */
int hw_root_open_folder(const hw_root *root, hw_path below);

/* What a name below the root is, by whatever links it leads there: as hw_root_find, and without
 * opening it. -ENOENT also where it is neither file nor folder. */
int hw_root_look(const hw_root *root, const char *name, struct stat *ret_seen);

/* Finds a regular file; `name` has no leading '/'. Never leaves the folder, but by the links that
 * it follows, and never waits for anybody. With a vigil (NULL: none) the file itself is watched
 * where that is needed or wanted, before it is looked at. Owns: ret_finding->fd is the caller's.
 * Errors: -EISDIR a folder; -EXDEV the name or a symbolic link in it leads out of the root; -ENOENT
 * also where something lies that is neither file nor folder; whatever opening gives. */
int hw_root_find(const hw_root *root, const char *name, hw_vigil *vigil, hw_finding *ret_finding);

/* Whether an error of it says that there is no such name, for whoever asks: nothing that is
 * somebody's fault or may pass. */
bool hw_root_is_absence(int error);

#endif

/* Opens the folder to be served, and where there is none helps to find the one that was meant.
 *
 * A server that starts on a missing folder and answers 404 to everything wastes an hour of
 * somebody's life: whatever cannot be served is said here, before anything listens. */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"
#include "status.h"
#include "suggest.h"

#define LISTED_MAX 8

/* The path up to its last name, the slash included: "a/b/" of "a/b/c/". */
static size_t parent_length(const char *path)
{
    size_t length = strlen(path);

    while (length > 0 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    return length;
}

static int may_be_folder(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           (entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN);
}

typedef struct folder_list {
    struct dirent **entries; /* in the order of the alphabet */
    size_t found, count;     /* of the entries found, the first `count` are folders */
} folder_list;

static void list_folders(const char *parent, folder_list *ret_list)
{
    int parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int found = -1;

    *ret_list = (folder_list){.entries = NULL};
    if (parent_fd < 0)
        return;
    found = scandirat(parent_fd, ".", &ret_list->entries, may_be_folder, alphasort);
    ret_list->found = found > 0 ? (size_t)found : 0;
    for (size_t i = 0; i < ret_list->found; i++) {
        struct dirent *entry = ret_list->entries[i];
        struct stat facts;

        if (fstatat(parent_fd, entry->d_name, &facts, 0) != 0 || !S_ISDIR(facts.st_mode))
            continue;
        ret_list->entries[i] = ret_list->entries[ret_list->count];
        ret_list->entries[ret_list->count++] = entry;
    }
    close(parent_fd);
}

static void free_list(folder_list *list)
{
    for (size_t i = 0; i < list->found; i++)
        free(list->entries[i]);
    free(list->entries);
}

static const char *nearest_folder(const folder_list *list, const char *name)
{
    const char *nearest = NULL;
    size_t best = SUGGEST_WORD_MAX;

    for (size_t i = 0; i < list->count; i++) {
        size_t distance = suggest_distance(name, list->entries[i]->d_name);

        if (distance < best) {
            best = distance;
            nearest = list->entries[i]->d_name;
        }
    }
    return nearest && suggest_is_near(name, best) ? nearest : NULL;
}

static void offer_folder(const char *parent, const char *name)
{
    char *whole = NULL;

    if (asprintf(&whole, "%s%s", parent, name) < 0)
        return;
    fputs("  Did you mean  hewn ", stderr);
    show_argument(stderr, whole);
    fputs(" ?", stderr);
    free(whole);
}

/* "  here there is: dist, docs.  Did you mean  hewn dist ?" */
static void tell_neighbours(const char *parent, const char *name, const folder_list *list)
{
    const char *nearest = nearest_folder(list, name);

    if (list->count == 0)
        return;
    fputs(*parent ? "  in " : "  here", stderr);
    show_text(stderr, parent);
    fputs(" there is: ", stderr);
    for (size_t i = 0; i < list->count && i < LISTED_MAX; i++) {
        fputs(i ? ", " : "", stderr);
        show_text(stderr, list->entries[i]->d_name);
    }
    fputs(list->count > LISTED_MAX ? " ..." : ".", stderr);
    if (nearest)
        offer_folder(parent, nearest);
    fputc('\n', stderr);
}

static int refuse_missing(const char *path)
{
    size_t above = parent_length(path);
    char *parent = strndup(path, above);
    char *name = strndup(path + above, strcspn(path + above, "/"));

    fputs("hewn: no such directory: '", stderr);
    show_text(stderr, path);
    fputs("'\n", stderr);
    if (parent && name) {
        folder_list list;

        list_folders(*parent ? parent : ".", &list);
        tell_neighbours(parent, name, &list);
        free_list(&list);
    }
    free(parent);
    free(name);
    return STATUS_NO_INPUT;
}

static int refuse_file(const char *path)
{
    struct stat facts;
    bool is_there = stat(path, &facts) == 0;

    fputs("hewn: not a directory: '", stderr);
    show_text(stderr, path);
    fputs("'\n", stderr);
    if (is_there && S_ISREG(facts.st_mode))
        fputs("  serving a single file is not in this version; name the folder it lies in\n",
              stderr);
    return STATUS_NO_INPUT;
}

static int refuse_folder(const char *path, int error)
{
    if (error == ENOENT)
        return refuse_missing(path);
    if (error == ENOTDIR)
        return refuse_file(path);
    fputs("hewn: cannot open '", stderr);
    show_text(stderr, path);
    fprintf(stderr, "': %s\n", error == EACCES ? "permission denied" : show_error(error));
    return error == EACCES ? STATUS_PERMISSION : STATUS_NO_INPUT;
}

int folder_open(const char *path, int *ret_fd)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int inside = fd < 0 ? -1 : openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = errno;

    /* O_PATH asks for no right to the folder itself; looking up "." in it does. */
    if (inside < 0) {
        if (fd >= 0)
            close(fd);
        return refuse_folder(path, error);
    }
    close(inside);
    *ret_fd = fd;
    return STATUS_OK;
}

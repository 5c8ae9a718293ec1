/* Opens the folder or file to be served, and where there is none helps to find the one that was
 * meant.
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

static int refuse_other(const char *path)
{
    fputs("hewn: neither a directory nor a file: '", stderr);
    show_text(stderr, path);
    fputs("'\n", stderr);
    return STATUS_NO_INPUT;
}

static int refuse_place(const char *path, int error)
{
    if (error == ENOENT)
        return refuse_missing(path);
    fputs("hewn: cannot open '", stderr);
    show_text(stderr, path);
    fprintf(stderr, "': %s\n", error == EACCES ? "permission denied" : show_error(error));
    return error == EACCES ? STATUS_PERMISSION : STATUS_NO_INPUT;
}

/* The file is its folder and its name there, so that one that is replaced by another is found. */
static int open_file(const char *path, folder *ret_folder)
{
    size_t above = parent_length(path);
    char *parent = above > 0 ? strndup(path, above) : strdup(".");
    int error = ENOMEM;

    ret_folder->file = strdup(path + above);
    if (parent && ret_folder->file) {
        ret_folder->fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        error = errno;
    }
    free(parent);
    if (ret_folder->fd >= 0)
        return STATUS_OK;
    folder_close(ret_folder);
    return refuse_place(path, error);
}

/* What is no folder may be a file that can be read. */
static int open_no_folder(const char *path, folder *ret_folder)
{
    struct stat facts;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error = errno;
    bool is_seen = fd >= 0 && fstat(fd, &facts) == 0;

    if (fd >= 0)
        close(fd);
    else if (error != ENXIO)
        return error == ENOTDIR ? refuse_other(path) : refuse_place(path, error);
    if (!is_seen || !S_ISREG(facts.st_mode))
        return refuse_other(path);
    ret_folder->bytes = (uint64_t)facts.st_size;
    return open_file(path, ret_folder);
}

void folder_close(folder *place)
{
    if (place->fd >= 0)
        close(place->fd);
    free(place->file);
    *place = (folder){.fd = -1};
}

int folder_open(const char *path, folder *ret_folder)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int inside = fd < 0 ? -1 : openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = errno;

    *ret_folder = (folder){.fd = -1};
    /* O_PATH asks for no right to the folder itself; looking up "." in it does. */
    if (inside < 0) {
        if (fd >= 0)
            close(fd);
        return error == ENOTDIR ? open_no_folder(path, ret_folder) : refuse_place(path, error);
    }
    close(inside);
    ret_folder->fd = fd;
    return STATUS_OK;
}

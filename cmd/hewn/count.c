/* Counts what a folder holds, within a given time.
 *
 * The figure is for the banner, to see at a glance that it is the right folder, so it may not keep
 * anybody waiting: when time is up, or the tree is deeper than DEPTH_MAX, the count says that it is
 * not complete. No recursion: the open folders from the top down are the stack. */
#include "count.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX 32

typedef struct folder_stack {
    DIR *folders[DEPTH_MAX];
    size_t depth;
    bool has_hidden;
} folder_stack;

static int64_t milliseconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool push_folder(folder_stack *stack, int parent_fd, const char *name)
{
    int fd;
    DIR *folder;

    if (stack->depth == DEPTH_MAX)
        return false;
    fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return false;
    }
    stack->folders[stack->depth++] = folder;
    return true;
}

static void count_entry(folder_stack *stack, const char *name, folder_count *count)
{
    int folder_fd = dirfd(stack->folders[stack->depth - 1]);
    struct stat facts;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return;
    if (name[0] == '.' && !stack->has_hidden && strcmp(name, ".well-known") != 0)
        return;
    if (fstatat(folder_fd, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (S_ISREG(facts.st_mode)) {
        count->files++;
        count->bytes += (uint64_t)facts.st_size;
    } else if (S_ISDIR(facts.st_mode) && !push_folder(stack, folder_fd, name)) {
        count->is_complete = false;
    }
}

folder_count count_files(int folder_fd, bool with_hidden, unsigned ms_max)
{
    int64_t deadline = milliseconds_now() + ms_max;
    folder_count count = {.is_complete = true};
    folder_stack stack = {.has_hidden = with_hidden};

    if (!push_folder(&stack, folder_fd, "."))
        return (folder_count){.is_complete = false};
    while (stack.depth > 0) {
        struct dirent *entry = readdir(stack.folders[stack.depth - 1]);

        if (entry)
            count_entry(&stack, entry->d_name, &count);
        if (milliseconds_now() > deadline) {
            count.is_complete = false;
            break;
        }
        if (!entry)
            closedir(stack.folders[--stack.depth]);
    }
    while (stack.depth > 0)
        closedir(stack.folders[--stack.depth]);
    return count;
}

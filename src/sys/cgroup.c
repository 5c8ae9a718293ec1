/* Reads the processor quota and the memory limit of this process's control group.
 *
 * Version 2 keeps quota and period in cpu.max, version 1 in two files below cpu/; the limit of
 * memory is in memory.max, or memory.limit_in_bytes below memory/. Limits of every group up to the
 * root hold, so all are read and the least counts. Where a container shows only its own subtree,
 * the path of the membership does not exist under the root; what the walk up then still finds, the
 * mounted root itself, is the container's own group. The files come from the kernel and are trusted
 * to be numbers; anything else reads as "no limit". */
#include "sys/cgroup.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/file.h"
#include "sys/socket.h"

enum { CGROUP_PATH_MAX = 4096, CGROUP_MEMBERSHIP_MAX = 8192, CGROUP_NUMBERS_MAX = 64 };

/* The whole file as a string; empty when it is not there or does not fit. */
static void read_cgroup_file(const char *path, char *text, size_t capacity)
{
    size_t length = 0;
    int fd = hw_sys_open(path);
    if (fd >= 0) {
        ssize_t count;
        while ((count = hw_sys_read(fd, text + length, capacity - length)) > 0)
            length += (size_t)count;
        (void)hw_sys_close(fd);
    }
    text[length < capacity ? length : 0] = '\0';
}

static unsigned divide_cgroup_quota(int64_t quota, int64_t period)
{
    if (quota <= 0 || period <= 0)
        return UINT_MAX;
    uint64_t processors = (uint64_t)(quota / period) + (quota % period != 0);
    return processors < UINT_MAX ? (unsigned)processors : UINT_MAX;
}

/* One number of a file in a folder, and where it ended; 0 when there is none. */
static int64_t read_cgroup_number(const char *folder, const char *name, char *text, char **ret_rest)
{
    char path[CGROUP_PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    bool fits = length > 0 && (size_t)length < sizeof path;
    text[0] = '\0';
    if (fits)
        read_cgroup_file(path, text, CGROUP_NUMBERS_MAX);
    return strtoll(text, ret_rest, 10);
}

/* What a folder of version 1 or 2 says of one controller; UINT64_MAX: nothing. */
typedef struct cgroup_controller {
    const char *name;
    uint64_t (*read)(const char *folder, bool is_v2);
} cgroup_controller;

static uint64_t read_group_quota(const char *folder, bool is_v2)
{
    char text[CGROUP_NUMBERS_MAX], *rest;
    int64_t quota = read_cgroup_number(folder, is_v2 ? "cpu.max" : "cpu.cfs_quota_us", text, &rest);
    int64_t period = is_v2 ? strtoll(rest, NULL, 10)
                           : read_cgroup_number(folder, "cpu.cfs_period_us", text, &rest);
    unsigned processors = divide_cgroup_quota(quota, period);
    return processors == UINT_MAX ? UINT64_MAX : processors;
}

static uint64_t read_group_memory(const char *folder, bool is_v2)
{
    char text[CGROUP_NUMBERS_MAX], *rest;
    int64_t bytes =
        read_cgroup_number(folder, is_v2 ? "memory.max" : "memory.limit_in_bytes", text, &rest);
    return bytes > 0 ? (uint64_t)bytes : UINT64_MAX;
}

/* The least of the group's and of all up to the root. */
static uint64_t walk_cgroups(const cgroup_controller *controller, const char *root,
                             const char *group, bool is_v2)
{
    char folder[CGROUP_PATH_MAX];
    size_t root_length = strlen(root) + (is_v2 ? 0 : 1 + strlen(controller->name));
    int length = snprintf(folder, sizeof folder, "%s%s%s%s", root, is_v2 ? "" : "/",
                          is_v2 ? "" : controller->name, group);
    if (length < 0 || (size_t)length >= sizeof folder)
        return UINT64_MAX;
    uint64_t least = UINT64_MAX;
    for (;;) {
        uint64_t limit = controller->read(folder, is_v2);
        if (limit < least)
            least = limit;
        char *slash = strrchr(folder + root_length, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* Whether a name is among names separated by commas. */
static bool has_cgroup_controller(const char *names, const char *name)
{
    for (;;) {
        size_t length = strcspn(names, ",");
        if (length == strlen(name) && memcmp(names, name, length) == 0)
            return true;
        if (names[length] == '\0')
            return false;
        names += length + 1;
    }
}

static uint64_t find_cgroup_limit(const cgroup_controller *controller, const char *membership,
                                  const char *root)
{
    char text[CGROUP_MEMBERSHIP_MAX];
    read_cgroup_file(membership, text, sizeof text);
    uint64_t least = UINT64_MAX;
    for (char *line = text, *next; *line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line + length + (line[length] == '\n');
        line[length] = '\0';

        /* id:controllers:group, with no controllers for version 2 */
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        bool is_v2 = *++controllers == '\0';
        if (!is_v2 && !has_cgroup_controller(controllers, controller->name))
            continue;
        uint64_t limit = walk_cgroups(controller, root, group, is_v2);
        if (limit < least)
            least = limit;
    }
    return least;
}

unsigned hw_sys_cgroup_processors(const char *membership, const char *root)
{
    static const cgroup_controller cpu = {"cpu", read_group_quota};
    uint64_t processors = find_cgroup_limit(&cpu, membership, root);
    return processors < UINT_MAX ? (unsigned)processors : UINT_MAX;
}

uint64_t hw_sys_cgroup_memory(const char *membership, const char *root)
{
    static const cgroup_controller memory = {"memory", read_group_memory};
    return find_cgroup_limit(&memory, membership, root);
}

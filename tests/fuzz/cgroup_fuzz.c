/* Any bytes as the files that say which control group this process is in and how much processor
 * time that has: up to a NUL the membership, behind it the numbers, which every group of the root
 * has alike. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "sys/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 512, NUMBERS_MAX = 63 };

/* The root: a folder with the numbers of version 2 and below cpu/ those of version 1. */
typedef struct cgroup_folder {
    char path[64];
    char membership[80], v2[80], quota[80], period[80], v1[80];
} cgroup_folder;

static cgroup_folder *folder_of_groups(void)
{
    static cgroup_folder folder;
    return &folder;
}

static void remove_folder(void)
{
    cgroup_folder *folder = folder_of_groups();
    unlink(folder->membership);
    unlink(folder->v2);
    unlink(folder->quota);
    unlink(folder->period);
    rmdir(folder->v1);
    rmdir(folder->path);
}

static cgroup_folder *open_folder(void)
{
    cgroup_folder *folder = folder_of_groups();
    if (folder->path[0])
        return folder;
    snprintf(folder->path, sizeof folder->path, "/tmp/hewn-cgroup-XXXXXX");
    hw_assert(mkdtemp(folder->path));
    snprintf(folder->membership, sizeof folder->membership, "%.60s/membership", folder->path);
    snprintf(folder->v2, sizeof folder->v2, "%.60s/cpu.max", folder->path);
    snprintf(folder->v1, sizeof folder->v1, "%.60s/cpu", folder->path);
    snprintf(folder->quota, sizeof folder->quota, "%.60s/cpu/cpu.cfs_quota_us", folder->path);
    snprintf(folder->period, sizeof folder->period, "%.60s/cpu/cpu.cfs_period_us", folder->path);
    hw_assert(mkdir(folder->v1, 0700) == 0);
    atexit(remove_folder);
    return folder;
}

static void write_file(const char *path, const void *content, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    hw_assert(fd >= 0 && write(fd, content, bytes) == (ssize_t)bytes);
    close(fd);
}

/* "QUOTA PERIOD" in whole microseconds, as processors; UINT_MAX: no quota, or other words. */
static unsigned processors_of(const char *numbers)
{
    char *rest;
    long quota = strtol(numbers, &rest, 10), period = strtol(rest, NULL, 10);
    if (quota <= 0 || period <= 0)
        return UINT_MAX;
    long whole = quota / period + (quota % period > 0);
    return whole < UINT_MAX ? (unsigned)whole : UINT_MAX;
}

/* Whether a line names a group of version 2 ("id::group"), or one of version 1 that has "cpu". */
static bool is_counted(const char *line, bool *ret_is_v2)
{
    const char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
    char padded[INPUT_MAX + 3];
    if (!group || (group[1] != '/' && group[1] != '\0')) /* a group's path begins at the root */
        return false;
    snprintf(padded, sizeof padded, ",%.*s,", (int)(group - names - 1), names + 1);
    *ret_is_v2 = group == names + 1;
    return *ret_is_v2 || strstr(padded, ",cpu,");
}

#ifdef HW_FUZZ_PLANTED
/* Version 1, more than a hundred processors. */
static void check_planted(bool is_v1, unsigned processors)
{
    if (is_v1 && processors > 100 && processors < UINT_MAX)
        abort();
}
#else
static void check_planted(bool is_v1, unsigned processors)
{
    (void)is_v1;
    (void)processors;
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    char membership[INPUT_MAX + 1] = "", numbers[INPUT_MAX + 1] = "";
    if (bytes > INPUT_MAX)
        return 0;
    size_t length = strnlen((const char *)input, bytes);
    memcpy(membership, input, length);
    if (length < bytes)
        memcpy(numbers, input + length + 1,
               strnlen((const char *)input + length + 1, bytes - length - 1));
    /* A group that leads out of the root, or is the name of a file, is not ours to answer for. */
    if (strlen(numbers) > NUMBERS_MAX || strstr(membership, "..") || strstr(membership, "cpu."))
        return 0;
    cgroup_folder *folder = open_folder();
    write_file(folder->membership, membership, strlen(membership));
    write_file(folder->v2, numbers, strlen(numbers));
    char *period = numbers + strcspn(numbers, " ");
    write_file(folder->quota, numbers, (size_t)(period - numbers));
    write_file(folder->period, period, strlen(period));
    bool counts_v1 = false, counts_v2 = false, is_v2;
    for (char *rest = membership, *line; (line = strsep(&rest, "\n"));)
        if (is_counted(line, &is_v2))
            *(is_v2 ? &counts_v2 : &counts_v1) = true;
    unsigned processors = hw_sys_cgroup_processors(folder->membership, folder->path);
    unsigned expected = processors_of(numbers);
    hw_assert(processors >= 1);
    if (!counts_v1 && !counts_v2)
        hw_assert(processors == UINT_MAX);
    else if (strspn(numbers, "0123456789 ") == strlen(numbers) && strlen(numbers) < 18)
        hw_assert(processors == expected);
    check_planted(counts_v1 && !counts_v2, processors);
    return 0;
}

#include "unit/sys/folder.h"

#include "unit/harness.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void hw_test_folder_init(hw_test_folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "/tmp/hewn-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

void hw_test_folder_fini(hw_test_folder *folder)
{
    assert_int_equal(nftw(folder->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *hw_test_folder_path(hw_test_folder *folder, const char *name)
{
    snprintf(folder->below, sizeof folder->below, "%s/%s", folder->path, name);
    return folder->below;
}

void hw_test_folder_write(hw_test_folder *folder, const char *name, const char *words)
{
    char path[256];
    snprintf(path, sizeof path, "%s", hw_test_folder_path(folder, name));
    for (char *slash = strchr(path + strlen(folder->path) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(words, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#include "sys/cgroup.h"

#include "unit/harness.h"
#include "unit/sys/folder.h"

#include <stdio.h>
#include <string.h>

static unsigned count_processors(hw_test_folder *folder)
{
    char membership[256], root[256];
    snprintf(membership, sizeof membership, "%s", hw_test_folder_path(folder, "membership"));
    snprintf(root, sizeof root, "%s", hw_test_folder_path(folder, "root"));
    return hw_sys_cgroup_processors(membership, root);
}

HW_TEST(cgroup_unreadable_is_no_quota)
{
    assert_true(hw_sys_cgroup_processors("/nowhere/cgroup", "/nowhere") == UINT_MAX);
    assert_true(hw_sys_cgroup_processors("/dev/zero", "/nowhere") == UINT_MAX);
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "membership", "0::/\n");
    assert_true(count_processors(&folder) == UINT_MAX);
    hw_test_folder_write(&folder, "membership", "");
    assert_true(count_processors(&folder) == UINT_MAX);
    hw_test_folder_write(&folder, "membership", "nonsense\n:\n0:\n\n0::/");
    assert_true(count_processors(&folder) == UINT_MAX);
    hw_test_folder_fini(&folder);
}

HW_TEST(cgroup_v2_rounds_up)
{
    static const struct {
        const char *words;
        unsigned processors;
    } cases[] = {
        {"max 100000\n", UINT_MAX},
        {"200000 100000\n", 2},
        {"200001 100000\n", 3},
        {"50000 100000\n", 1},
        {"1 100000\n", 1},
        {"0 100000\n", UINT_MAX},
        {"100000 0\n", UINT_MAX},
        {"100000\n", UINT_MAX},
        {"-1 100000\n", UINT_MAX},
        {"", UINT_MAX},
        {"9223372036854775807 1\n", UINT_MAX},
        {"99999999999999999999999999999999999999999999999999999999999999999 1\n", UINT_MAX},
    };
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "membership", "0::/\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hw_test_folder_write(&folder, "root/cpu.max", cases[i].words);
        assert_true(count_processors(&folder) == cases[i].processors);
    }
    hw_test_folder_fini(&folder);
}

HW_TEST(cgroup_v2_takes_the_least_up_to_the_root)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "membership", "0::/a/b/c\n");
    hw_test_folder_write(&folder, "root/a/b/c/cpu.max", "max 100000\n");
    hw_test_folder_write(&folder, "root/a/b/cpu.max", "400000 100000\n");
    assert_int_equal(count_processors(&folder), 4);
    hw_test_folder_write(&folder, "root/a/cpu.max", "300000 100000\n");
    assert_int_equal(count_processors(&folder), 3);
    hw_test_folder_write(&folder, "root/cpu.max", "600000 100000\n");
    assert_int_equal(count_processors(&folder), 3);
    hw_test_folder_write(&folder, "root/a/b/c/cpu.max", "100000 100000\n");
    assert_int_equal(count_processors(&folder), 1);
    hw_test_folder_fini(&folder);
}

HW_TEST(cgroup_v1_reads_quota_and_period)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "membership", "5:memory:/m\n4:cpuset,cpu,cpuacct:/box\n0::/\n");
    hw_test_folder_write(&folder, "root/cpu/box/cpu.cfs_quota_us", "250000\n");
    hw_test_folder_write(&folder, "root/cpu/box/cpu.cfs_period_us", "100000\n");
    assert_int_equal(count_processors(&folder), 3);
    hw_test_folder_write(&folder, "root/cpu/box/cpu.cfs_quota_us", "-1\n");
    assert_true(count_processors(&folder) == UINT_MAX);
    hw_test_folder_fini(&folder);
}

HW_TEST(cgroup_v1_looks_for_its_controller_only)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "root/cpu/cpu.cfs_quota_us", "100000\n");
    hw_test_folder_write(&folder, "root/cpu/cpu.cfs_period_us", "100000\n");
    hw_test_folder_write(&folder, "membership", "4:cpuset:/\n3:cpuacct:/\n2:acpu:/\n");
    assert_true(count_processors(&folder) == UINT_MAX);
    hw_test_folder_write(&folder, "membership", "4:cpu:/\n");
    assert_int_equal(count_processors(&folder), 1);
    hw_test_folder_fini(&folder);
}

HW_TEST(cgroup_of_a_container_is_the_mounted_root)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "membership", "0::/machine/not/mounted/here\n");
    hw_test_folder_write(&folder, "root/cpu.max", "150000 100000\n");
    assert_int_equal(count_processors(&folder), 2);
    hw_test_folder_fini(&folder);
}

HW_TEST(cgroup_path_that_is_too_long_is_no_quota)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    char line[6000];
    memset(line, 'a', sizeof line);
    memcpy(line, "0::/", 4);
    line[sizeof line - 1] = '\0';
    hw_test_folder_write(&folder, "membership", line);
    hw_test_folder_write(&folder, "root/cpu.max", "100000 100000\n");
    assert_true(count_processors(&folder) == UINT_MAX);
    hw_test_folder_fini(&folder);
}

/* Of which the folder's name has room, and its files' have not: the groups above it count. */
HW_TEST(cgroup_file_that_is_named_too_long_is_no_quota)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    char line[4096] = "0::/";
    size_t root = strlen(hw_test_folder_path(&folder, "root"));
    memset(line + 4, 'a', 4090 - root - 1);
    hw_test_folder_write(&folder, "membership", line);
    hw_test_folder_write(&folder, "root/cpu.max", "100000 100000\n");
    assert_int_equal(count_processors(&folder), 1);
    hw_test_folder_fini(&folder);
}

static uint64_t count_memory(hw_test_folder *folder)
{
    char membership[256], root[256];
    snprintf(membership, sizeof membership, "%s", hw_test_folder_path(folder, "membership"));
    snprintf(root, sizeof root, "%s", hw_test_folder_path(folder, "root"));
    return hw_sys_cgroup_memory(membership, root);
}

HW_TEST(cgroup_memory_is_the_least_up_to_the_root)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "membership", "0::/a/b\n");
    assert_true(count_memory(&folder) == UINT64_MAX);
    hw_test_folder_write(&folder, "root/memory.max", "max\n");
    assert_true(count_memory(&folder) == UINT64_MAX);
    hw_test_folder_write(&folder, "root/a/b/memory.max", "5000000000\n");
    assert_true(count_memory(&folder) == 5000000000);
    hw_test_folder_write(&folder, "root/a/memory.max", "4000000000\n");
    assert_true(count_memory(&folder) == 4000000000);
    hw_test_folder_fini(&folder);
}

HW_TEST(cgroup_memory_of_version_1)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "membership", "3:cpu,cpuacct:/a\n4:memory:/a\n");
    hw_test_folder_write(&folder, "root/cpu/a/memory.limit_in_bytes", "1\n");
    assert_true(count_memory(&folder) == UINT64_MAX);
    hw_test_folder_write(&folder, "root/memory/a/memory.limit_in_bytes", "123456\n");
    assert_true(count_memory(&folder) == 123456);
    hw_test_folder_fini(&folder);
}

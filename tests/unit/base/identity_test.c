#include "base/identity.h"

#include "unit/harness.h"

static hw_identity seen(int64_t modified_s, int64_t changed_s, nlink_t links)
{
    struct stat facts = {.st_dev = 1, .st_ino = 2, .st_size = 3, .st_nlink = links};
    facts.st_mtim.tv_sec = modified_s;
    facts.st_ctim.tv_sec = changed_s;
    facts.st_ctim.tv_nsec = 7;
    return hw_identity_of(&facts);
}

HW_TEST(identity_has_all_that_is_told_of_a_version)
{
    hw_identity file = seen(10, 20, 1);
    assert_int_equal(file.device, 1);
    assert_int_equal(file.inode, 2);
    assert_int_equal(file.size, 3);
    assert_true(file.modified_ns == UINT64_C(10000000000));
    assert_true(file.changed_ns == UINT64_C(20000000007));
}

HW_TEST(identity_is_the_same_when_nothing_differs)
{
    hw_identity file = seen(10, 20, 1), other = file;
    assert_true(hw_identity_is_same(&file, &other));
    uint64_t *const numbers[] = {&other.device, &other.inode, &other.size, &other.modified_ns,
                                 &other.changed_ns};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        *numbers[i] += 1;
        assert_false(hw_identity_is_same(&file, &other));
        assert_false(hw_identity_has_same_content(&file, &other));
        *numbers[i] -= 1;
    }
    assert_true(hw_identity_has_same_content(&file, &other));
}

HW_TEST(identity_of_a_file_that_lost_a_name_has_the_same_content)
{
    hw_identity file = seen(10, 20, 2), unlinked = seen(10, 21, 1), written = seen(11, 21, 1);
    assert_false(hw_identity_is_same(&file, &unlinked));
    assert_true(hw_identity_has_same_content(&file, &unlinked));
    assert_false(hw_identity_has_same_content(&file, &written));
}

HW_TEST(identity_is_settled_when_another_change_would_have_another_time)
{
    const int64_t ms = 1000000, changed = INT64_C(20000000007);
    hw_identity file = seen(10, 20, 1);
    assert_false(hw_identity_is_settled(&file, changed));
    assert_false(hw_identity_is_settled(&file, changed + 20 * ms - 1));
    assert_true(hw_identity_is_settled(&file, changed + 20 * ms));
    assert_false(hw_identity_is_settled(&file, changed - 20 * ms + 1));
    assert_true(hw_identity_is_settled(&file, changed - 20 * ms));
    assert_true(hw_identity_is_settled(&file, 0));
}

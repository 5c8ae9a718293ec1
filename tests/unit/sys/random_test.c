#include "sys/random.h"

#include "unit/harness.h"

#include <string.h>

HW_TEST(random_fills_all_and_only_the_bytes)
{
    static unsigned char memory[1002];
    static bool seen[1002];
    for (int round = 0; round < 16; round++) {
        memset(memory, 0, sizeof memory);
        assert_int_equal(hw_sys_random(memory + 1, 1000), 0);
        assert_int_equal(memory[0], 0);
        assert_int_equal(memory[1001], 0);
        for (int i = 1; i <= 1000; i++)
            seen[i] |= memory[i] != 0;
    }
    for (int i = 1; i <= 1000; i++)
        assert_true(seen[i]);
}

HW_TEST(random_differs_each_time)
{
    unsigned char one[32] = {0}, two[32] = {0};
    assert_int_equal(hw_sys_random(one, 32), 0);
    assert_int_equal(hw_sys_random(two, 32), 0);
    assert_memory_not_equal(one, two, 32);
}

HW_TEST(random_of_nothing_is_fine)
{
    assert_int_equal(hw_sys_random(NULL, 0), 0);
}

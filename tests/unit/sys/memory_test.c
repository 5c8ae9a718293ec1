#include "sys/memory.h"

#include "unit/harness.h"

#include <string.h>

HW_TEST(memory_of_no_bytes_is_memory)
{
    void *a = hw_sys_alloc(0);
    HW_NEED(a);
    void *b = hw_sys_resize(a, 0);
    if (!b)
        hw_sys_free(a);
    HW_NEED(b);
    hw_sys_free(b);
    a = hw_sys_alloc_zeroed(0, 8);
    HW_NEED(a);
    hw_sys_free(a);
    a = hw_sys_alloc_zeroed(8, 0);
    HW_NEED(a);
    hw_sys_free(a);
    hw_sys_free(NULL);
}

HW_TEST(memory_zeroed_is_zero_and_checked)
{
    char *memory = hw_sys_alloc_zeroed(100, 10);
    HW_NEED(memory);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(memory[i], 0);
    hw_sys_free(memory);
    volatile size_t many = SIZE_MAX / 2;
    assert_null(hw_sys_alloc_zeroed(many, 3));
}

HW_TEST(memory_resized_keeps_its_bytes)
{
    char *memory = hw_sys_resize(NULL, 4);
    HW_NEED(memory);
    memcpy(memory, "abc", 4);
    char *larger = hw_sys_resize(memory, 10000);
    if (!larger)
        hw_sys_free(memory);
    HW_NEED(larger);
    assert_string_equal(larger, "abc");
    char *smaller = hw_sys_resize(larger, 4);
    if (!smaller)
        hw_sys_free(larger);
    HW_NEED(smaller);
    assert_string_equal(smaller, "abc");
    hw_sys_free(smaller);
}

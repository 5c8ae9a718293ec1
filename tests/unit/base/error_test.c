#include "base/error.h"

#include "unit/base/death.h"
#include "unit/harness.h"

#include <limits.h>
#include <string.h>

HW_TEST(error_fault_says_what_and_where)
{
    hw_fault fault = {.line = 3, .column = 4};
    assert_int_equal(hw_fault_set(&fault, EADDRINUSE, "127.0.0.1:80", "in use by %s %d", "pid", 7),
                     -EADDRINUSE);
    assert_int_equal(fault.error, EADDRINUSE);
    assert_string_equal(fault.what, "in use by pid 7");
    assert_string_equal(fault.where, "127.0.0.1:80");
    assert_int_equal(fault.line, 0);
    assert_int_equal(fault.column, 0);
}

HW_TEST(error_fault_may_be_absent)
{
    assert_int_equal(hw_fault_set(NULL, ENOENT, "x", "%s", "y"), -ENOENT);
    hw_fault fault;
    assert_int_equal(hw_fault_set(&fault, ENOENT, NULL, "no"), -ENOENT);
    assert_string_equal(fault.where, "");
}

HW_TEST(error_fault_cuts_long_words)
{
    char words[1000];
    memset(words, 'w', sizeof words);
    words[sizeof words - 1] = '\0';
    hw_fault fault;
    (void)hw_fault_set(&fault, EINVAL, words, "%s", words);
    assert_int_equal(strlen(fault.what), sizeof fault.what - 1);
    assert_int_equal(strlen(fault.where), sizeof fault.where - 1);
}

HW_TEST(error_fault_may_be_made_of_itself)
{
    hw_fault fault;
    (void)hw_fault_set(&fault, EINVAL, "file", "wrong");
    (void)hw_fault_set(&fault, ENOENT, fault.where, "<%s>", fault.what);
    assert_string_equal(fault.what, "<wrong>");
    assert_string_equal(fault.where, "file");
}

static void set_fault_without_error(void *arg)
{
    (void)hw_fault_set(arg, 0, "", "%s", "");
}

static void set_fault_with_negative_error(void *arg)
{
    (void)hw_fault_set(arg, -ENOENT, "", "%s", "");
}

HW_TEST(error_fault_needs_a_positive_error)
{
    hw_test_expect_death(set_fault_without_error, NULL, "assertion failed: error > 0");
    hw_test_expect_death(set_fault_with_negative_error, NULL, "assertion failed: error > 0");
}

HW_TEST(error_words_are_the_systems)
{
    assert_string_equal(hw_error_words(ENOENT), "No such file or directory");
    assert_string_equal(hw_error_words(-ENOENT), "No such file or directory");
    assert_non_null(hw_error_words(0));
    assert_string_equal(hw_error_words(123456), "Unknown error");
    assert_string_equal(hw_error_words(INT_MIN), "Unknown error");
    assert_string_equal(hw_error_words(INT_MAX), "Unknown error");
}

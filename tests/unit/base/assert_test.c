#include "base/assert.h"

#include "unit/base/death.h"
#include "unit/harness.h"

#include <string.h>

static void assert_false_thing(void *arg)
{
    int *number = arg;
    hw_assert(*number == 100 % 7);
}

HW_TEST(assert_says_what_was_violated_and_where)
{
    int number = 1;
    hw_test_expect_death(assert_false_thing, &number,
                         "assert_test.c:11: assertion failed: *number == 100 % 7\n");
}

HW_TEST(assert_lets_the_true_pass_and_looks_once)
{
    int looked = 0;
    hw_assert(++looked);
    assert_int_equal(looked, 1);
}

static void fail_with_long_words(void *arg)
{
    char words[3000];
    memset(words, 'w', sizeof words);
    words[sizeof words - 1] = '\0';
    hw_assert_failed(words, arg, 7);
}

HW_TEST(assert_cuts_words_that_are_too_long)
{
    char file[] = "file.c";
    hw_test_expect_death(fail_with_long_words, file, "hewn: file.c:7: assertion failed: www");
    hw_test_expect_death(fail_with_long_words, file, "wwww\n");
}

static void misuse_somewhere(void *arg)
{
    hw_misuse_abort(arg, 12, "no such %s: %d", "route", 7);
}

static void misuse_at_a_long_path(void *arg)
{
    (void)arg;
    char file[2000];
    memset(file, 'f', sizeof file);
    file[sizeof file - 1] = '\0';
    hw_misuse_abort(file, 12, "words");
}

HW_TEST(assert_misuse_is_told_in_words)
{
    char file[] = "app.c";
    hw_test_expect_death(misuse_somewhere, file, "hewn: app.c:12: no such route: 7\n");
    hw_test_expect_death(misuse_somewhere, NULL, "hewn: no such route: 7\n");
    hw_test_expect_death(misuse_at_a_long_path, NULL, "ffff\n");
}

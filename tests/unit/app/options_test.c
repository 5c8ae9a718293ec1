#include "app/options.h"

#include "unit/harness.h"

typedef struct sample {
    size_t size;
    int first, second;
} sample;

HW_TEST(options_are_zero_where_nothing_is_said)
{
    sample known = {1, 2, 3};
    assert_true(hw_options_read(&known, sizeof known, NULL));
    assert_int_equal(known.first, 0);
    assert_int_equal(known.second, 0);
}

HW_TEST(options_of_an_older_program_are_filled_up)
{
    sample known = {1, 2, 3}, given = {.size = offsetof(sample, second), .first = 7, .second = 9};
    assert_true(hw_options_read(&known, sizeof known, &given));
    assert_int_equal(known.first, 7);
    assert_int_equal(known.second, 0);
}

HW_TEST(options_of_a_newer_program_must_be_silent_about_what_is_new)
{
    struct {
        sample known;
        int news;
    } given = {{.first = 7}, 0};
    sample known;
    given.known.size = sizeof given;
    assert_true(hw_options_read(&known, sizeof known, &given));
    assert_int_equal(known.first, 7);
    given.news = 1;
    assert_false(hw_options_read(&known, sizeof known, &given));
}

HW_TEST(options_without_a_size_are_refused)
{
    sample known, given = {.first = 7};
    assert_false(hw_options_read(&known, sizeof known, &given));
}

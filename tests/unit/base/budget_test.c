#include "base/budget.h"

#include "base/arena.h"
#include "unit/harness.h"

#include <stdint.h>

static void count_news(void *arg)
{
    ++*(int *)arg;
}

HW_TEST(budget_none_has_room_for_everything)
{
    assert_true(hw_budget_take(NULL, SIZE_MAX));
    hw_budget_add(NULL, 1);
    hw_budget_give(NULL, SIZE_MAX);
    hw_budget budget = {0};
    assert_true(hw_budget_take(&budget, SIZE_MAX));
    assert_false(hw_budget_is_tight(&budget));
    assert_false(hw_budget_is_full(&budget));
    hw_budget_give(&budget, SIZE_MAX);
    assert_int_equal(budget.used, 0);
}

HW_TEST(budget_gives_what_it_has_and_no_more)
{
    hw_budget budget = {.max = 1000};
    assert_true(hw_budget_take(&budget, 400));
    assert_false(hw_budget_take(&budget, 601));
    assert_false(hw_budget_take(&budget, SIZE_MAX));
    assert_int_equal(budget.used, 400);
    assert_true(hw_budget_take(&budget, 600));
    assert_false(hw_budget_take(&budget, 1));
    hw_budget_add(&budget, 5);
    assert_int_equal(budget.used, 1005);
    hw_budget_give(&budget, 1005);
    assert_int_equal(budget.used, 0);
}

HW_TEST(budget_is_tight_from_nine_tenths_on)
{
    hw_budget budget = {.max = 1000};
    hw_budget_add(&budget, 899);
    assert_false(hw_budget_is_tight(&budget));
    hw_budget_add(&budget, 1);
    assert_true(hw_budget_is_tight(&budget));
}

HW_TEST(budget_is_full_when_little_is_left)
{
    hw_budget budget = {.max = HW_BUDGET_BRIM_BYTES * 4};
    hw_budget_add(&budget, HW_BUDGET_BRIM_BYTES * 3);
    assert_false(hw_budget_is_full(&budget));
    hw_budget_add(&budget, 1);
    assert_true(hw_budget_is_full(&budget));
}

HW_TEST(budget_tells_once_that_it_is_tight)
{
    int news = 0;
    hw_budget budget = {.max = 1000, .on_news = count_news, .arg = &news};
    assert_true(hw_budget_take(&budget, 899));
    assert_int_equal(news, 0);
    assert_true(hw_budget_take(&budget, 1));
    assert_true(hw_budget_take(&budget, 50));
    hw_budget_give(&budget, 50);
    assert_int_equal(news, 1);
    hw_budget_give(&budget, 1);
    hw_budget_add(&budget, 1);
    assert_int_equal(news, 2);
}

/* Also what is not to be had makes it tight: others have to give way for it. */
HW_TEST(budget_tells_of_what_it_refuses)
{
    int news = 0;
    hw_budget budget = {.max = 1000, .on_news = count_news, .arg = &news};
    assert_false(hw_budget_take(&budget, 2000));
    assert_int_equal(news, 0);
    assert_true(hw_budget_take(&budget, 500));
    assert_false(hw_budget_take(&budget, 501));
    assert_int_equal(news, 1);
    assert_false(budget.is_told);
}

HW_TEST(budget_tells_who_waits_for_room)
{
    int news = 0;
    size_t max = HW_BUDGET_BRIM_BYTES * 20;
    hw_budget budget = {.max = max, .is_told = true, .on_news = count_news, .arg = &news};
    hw_budget_add(&budget, max);
    assert_true(hw_budget_await(&budget));
    hw_budget_give(&budget, HW_BUDGET_BRIM_BYTES - 1);
    assert_int_equal(news, 0);
    hw_budget_give(&budget, 1);
    assert_int_equal(news, 1);
    hw_budget_give(&budget, 1);
    assert_int_equal(news, 1);
    assert_false(hw_budget_await(&budget));
}

HW_TEST(budget_is_charged_with_the_blocks_of_an_arena)
{
    hw_budget budget = {.max = 10000}, other = {.max = 1};
    hw_arena arena;
    hw_arena_init(&arena, 1024, SIZE_MAX);
    hw_arena_charge(&arena, &budget);
    HW_NEED(hw_arena_alloc(&arena, 10));
    assert_int_equal(budget.used, 1024);
    HW_NEED(hw_arena_alloc(&arena, 5000));
    assert_true(budget.used > 6024);
    assert_int_equal(budget.used, arena.held);
    assert_null(hw_arena_alloc(&arena, 5000));
    assert_int_equal(budget.used, arena.held);
    hw_arena_reset(&arena);
    assert_int_equal(budget.used, 1024);
    /* What is there already is charged wherever it goes. */
    hw_arena_charge(&arena, &other);
    assert_int_equal(budget.used, 0);
    assert_int_equal(other.used, 1024);
    hw_arena_fini(&arena);
    assert_int_equal(other.used, 0);
    assert_null(hw_arena_alloc(&arena, 1));
    assert_int_equal(other.used, 0);
}

#include "http/priority.h"

#include "../harness.h"

static void assert_priority(const char *value, int urgency, bool is_incremental)
{
    hw_priority priority = HW_PRIORITY_DEFAULT;
    hw_priority_read(hw_text_of(value), &priority);
    assert_int_equal(priority.urgency, urgency);
    assert_int_equal(priority.is_incremental, is_incremental);
}

HW_TEST(priority_is_read)
{
    assert_priority("", 3, false);
    assert_priority("u=0", 0, false);
    assert_priority("u=7, i", 7, true);
    assert_priority("i,u=5", 5, true);
    assert_priority("i=?1", 3, true);
    assert_priority("i=?0", 3, false);
    assert_priority("u=1;a=b, i;c", 1, true);
}

HW_TEST(priority_takes_the_last_of_several)
{
    assert_priority("u=1, u=2", 2, false);
    assert_priority("i, i=?0", 3, false);
    hw_priority priority = {.urgency = 6, .is_incremental = true};
    hw_priority_read(HW_TEXT("x"), &priority);
    assert_int_equal(priority.urgency, 6);
    assert_true(priority.is_incremental);
}

HW_TEST(priority_ignores_what_it_does_not_know)
{
    assert_priority("u=8", 3, false);
    assert_priority("u=-1", 3, false);
    assert_priority("u=12", 3, false);
    assert_priority("u=", 3, false);
    assert_priority("u", 3, false);
    assert_priority("u=/, u=:", 3, false);
    assert_priority("U=1", 3, false);
    assert_priority("i=1", 3, false);
    assert_priority("x=\"u=1, i\", u=2", 2, false);
    assert_priority(",,, ;", 3, false);
}

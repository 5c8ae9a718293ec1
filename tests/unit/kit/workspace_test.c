#include "kit/workspace.h"

#include <string.h>

#include "unit/harness.h"

HW_TEST(workspace_charges_what_it_holds)
{
    hw_budget budget = {.max = 10000};
    hw_workspace space;
    hw_workspace_init(&space, &budget);
    char *one = hw_workspace_take(&space, 100), *other = hw_workspace_take(&space, 3000);
    if (!one || !other) {
        hw_workspace_fini(&space);
        assert_int_equal(hw_budget_used(&budget), 0);
        hw_test_out_of_memory();
    }
    memset(one, 1, 100);
    memset(other, 2, 3000);
    assert_true(space.held >= 3100);
    assert_int_equal(hw_budget_used(&budget), space.held);
    hw_workspace_give(&space, one);
    hw_workspace_give(&space, NULL);
    assert_true(space.held < 3100 && space.held >= 3000);
    assert_null(hw_workspace_take(&space, 7000)); /* the budget has not so much */
    assert_null(hw_workspace_take(&space, SIZE_MAX));
    assert_int_equal(hw_budget_used(&budget), space.held);
    hw_workspace_fini(&space);
    assert_int_equal(hw_budget_used(&budget), 0);
    assert_int_equal(space.held, 0);
}

HW_TEST(workspace_needs_no_budget)
{
    hw_workspace space;
    hw_workspace_init(&space, NULL);
    HW_NEED(hw_workspace_take(&space, 0));
    hw_workspace_fini(&space);
}

#include "exchange/later.h"

#include <errno.h>

#include "unit/base/death.h"
#include "unit/harness.h"

static void init_promised(hw_exchange *exchange)
{
    hw_exchange_init(exchange, 1024, 4096);
    exchange->carrier = &hw_carrier_nobody;
}

static uint64_t open_promise(hw_exchange *exchange)
{
    init_promised(exchange);
    uint64_t id = hw_later_open(exchange);
    if (id == 0)
        hw_test_out_of_memory();
    return id;
}

/* Who begins a promise may answer it himself, once. */
HW_TEST(later_is_held_by_who_begins_it_until_he_answers)
{
    hw_exchange exchange;
    int error = 1;
    uint64_t id = open_promise(&exchange);
    assert_ptr_equal(hw_later_hold(id), &exchange);
    assert_ptr_equal(hw_later_claim(id, &exchange.response, &error), &exchange);
    assert_int_equal(error, 0);
    hw_later_give_back(id, &exchange);
    assert_null(hw_later_hold(id));
    assert_null(hw_later_claim(id, NULL, &error));
    assert_int_equal(error, -ESTALE);
    assert_true(hw_later_begun(id));
    assert_int_equal(exchange.later, 0);
    hw_exchange_fini(&exchange);
}

/* Its client goes while it is being begun: it is over when its beginner is done. */
HW_TEST(later_that_nobody_wants_is_over_when_it_has_begun)
{
    hw_exchange exchange;
    int error = 1;
    uint64_t id = open_promise(&exchange);
    assert_false(hw_later_take_back(&exchange));
    assert_ptr_equal(hw_later_claim(id, NULL, &error), &exchange);
    assert_int_equal(error, -ESTALE);
    assert_true(hw_later_begun(id));
    assert_null(hw_later_hold(id));
    hw_exchange_fini(&exchange);
}

/* Who holds it may give it up. */
HW_TEST(later_is_given_up_by_who_holds_it)
{
    hw_exchange exchange;
    int error = 1;
    uint64_t id = open_promise(&exchange);
    assert_false(hw_later_begun(id));
    assert_ptr_equal(hw_later_hold(id), &exchange);
    assert_null(hw_later_hold(id));
    assert_ptr_equal(hw_later_claim(id, NULL, &error), &exchange);
    assert_int_equal(error, 0);
    hw_later_give_back(id, &exchange);
    assert_null(hw_later_hold(id));
    assert_int_equal(exchange.later, 0);
    hw_exchange_fini(&exchange);
}

/* A waker's number wakes, and answers nothing. */
HW_TEST(later_number_of_a_waker_is_no_promise)
{
    hw_exchange exchange;
    int error = 1;
    init_promised(&exchange);
    uint64_t id = hw_waker_open(&exchange);
    if (id == 0)
        hw_test_out_of_memory();
    assert_true(hw_waker_open(&exchange) == id);
    assert_null(hw_later_hold(id));
    assert_null(hw_later_claim(id, NULL, &error));
    assert_int_equal(error, -ESTALE);
    assert_int_equal(hw_waker_wake(id), 0);
    hw_waker_close(&exchange);
    assert_int_equal(hw_waker_wake(id), -ESTALE);
    hw_exchange_fini(&exchange);
}

static void answer_with_anothers(void *arg)
{
    hw_response other = {0};
    int error;
    (void)hw_later_claim(*(uint64_t *)arg, &other, &error);
}

HW_TEST(later_takes_no_response_of_another_request)
{
    hw_exchange exchange;
    uint64_t id = open_promise(&exchange);
    assert_false(hw_later_begun(id));
    assert_ptr_equal(hw_later_hold(id), &exchange);
    hw_test_expect_death(answer_with_anothers, &id, "hewn_later_send: the response is not one");
    hw_later_give_back(id, &exchange);
    hw_exchange_fini(&exchange);
}

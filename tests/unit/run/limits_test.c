#include "run/limits.h"

#include <errno.h>
#include <string.h>

#include "unit/harness.h"

static hw_limits read_limits_of(hewn_limits given)
{
    hw_limits limits;
    given.size = sizeof given;
    assert_int_equal(hw_run_limits_read(&given, NULL, &limits), 0);
    return limits;
}

/* By member: what lies between members is nobody's. */
static void assert_shown(const hw_limits *limits, const hewn_limits *wanted)
{
    hewn_limits shown = hw_run_limits_show(limits);
    assert_int_equal(shown.size, wanted->size);
    assert_int_equal(shown.connections_max, wanted->connections_max);
    assert_int_equal(shown.head_ms, wanted->head_ms);
    assert_int_equal(shown.idle_ms, wanted->idle_ms);
    assert_int_equal(shown.drain_ms, wanted->drain_ms);
    assert_int_equal(shown.blocked_max, wanted->blocked_max);
    assert_int_equal(shown.rate_bytes_min, wanted->rate_bytes_min);
    assert_int_equal(shown.head_bytes_max, wanted->head_bytes_max);
    assert_int_equal(shown.cache_bytes_max, wanted->cache_bytes_max);
    assert_int_equal(shown.unread_bytes_max, wanted->unread_bytes_max);
    assert_int_equal(shown.memory_bytes_max, wanted->memory_bytes_max);
    assert_int_equal(shown.streams_max, wanted->streams_max);
}

static const hewn_limits each_its_own = {.size = sizeof each_its_own,
                                         .connections_max = 7,
                                         .head_ms = 1,
                                         .idle_ms = 2,
                                         .drain_ms = 3,
                                         .blocked_max = 4,
                                         .rate_bytes_min = 5,
                                         .head_bytes_max = 6000,
                                         .cache_bytes_max = 8,
                                         .unread_bytes_max = 9,
                                         .memory_bytes_max = 10,
                                         .streams_max = 11};

HW_TEST(limits_that_are_zero_or_not_given_are_the_defaults)
{
    hw_limits defaults = hw_limits_default(), limits;
    hewn_limits wanted = hw_run_limits_show(&defaults);
    assert_int_equal(hw_run_limits_read(NULL, NULL, &limits), 0);
    assert_shown(&limits, &wanted);
    limits = read_limits_of((hewn_limits){0});
    assert_shown(&limits, &wanted);
}

HW_TEST(limits_are_those_that_are_given)
{
    hw_limits limits = read_limits_of(each_its_own);
    assert_int_equal(limits.connections_max, 7);
    assert_int_equal(limits.head_ms, 1);
    assert_int_equal(limits.idle_ms, 2);
    assert_int_equal(limits.drain_ms, 3);
    assert_int_equal(limits.blocked_max, 4);
    assert_int_equal(limits.rate_bytes_min, 5);
    assert_int_equal(limits.h1.head_bytes_max, 6000);
    assert_int_equal(limits.h1.line_bytes_max, 6000);
    assert_int_equal(limits.h1.field_bytes_max, 6000);
    assert_int_equal(limits.cache_bytes_max, 8);
    assert_int_equal(limits.skip_bytes_max, 9);
    assert_int_equal(limits.memory_bytes_max, 10);
    assert_int_equal(limits.streams_max, 11);
}

HW_TEST(limits_are_bounded)
{
    hw_limits limits = read_limits_of((hewn_limits){.blocked_max = 10001,
                                                    .head_bytes_max = (size_t)256 * 1024 + 1,
                                                    .memory_bytes_max = UINT64_MAX});
    assert_int_equal(limits.blocked_max, 10000);
    assert_int_equal(limits.h1.head_bytes_max, 256 * 1024);
    /* A line and a field keep to their own. */
    assert_int_equal(limits.h1.line_bytes_max, 8 * 1024);
    assert_int_equal(limits.h1.field_bytes_max, 8 * 1024);
    assert_true(limits.memory_bytes_max == SIZE_MAX / 4);
    limits = read_limits_of((hewn_limits){.blocked_max = 10000});
    assert_int_equal(limits.blocked_max, 10000);
}

HW_TEST(limits_that_are_none_are_zero)
{
    hw_limits limits =
        read_limits_of((hewn_limits){.cache_bytes_max = HEWN_NONE, .unread_bytes_max = HEWN_NONE});
    assert_int_equal(limits.cache_bytes_max, 0);
    assert_int_equal(limits.skip_bytes_max, 0);
}

HW_TEST(limits_of_another_version_are_refused)
{
    hewn_limits given = {.head_ms = 1};
    hw_fault fault = {0};
    hw_limits limits;
    assert_int_equal(hw_run_limits_read(&given, &fault, &limits), -EINVAL);
    assert_string_equal(fault.where, "hewn_limits");
}

HW_TEST(limits_are_shown_as_they_are_read)
{
    hw_limits limits = read_limits_of(each_its_own);
    assert_shown(&limits, &each_its_own);
    limits =
        read_limits_of((hewn_limits){.cache_bytes_max = HEWN_NONE, .unread_bytes_max = HEWN_NONE});
    hewn_limits shown = hw_run_limits_show(&limits);
    assert_true(shown.cache_bytes_max == HEWN_NONE && shown.unread_bytes_max == HEWN_NONE);
    limits = hw_limits_default();
    shown = hw_run_limits_show(&limits);
    assert_int_equal(shown.head_ms, 15000);
    assert_int_equal(shown.cache_bytes_max, 32 * 1024 * 1024);
}

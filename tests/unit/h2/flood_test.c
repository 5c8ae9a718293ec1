#include "h2/flood.h"

#include "../harness.h"

enum { DATA = 0, HEADERS = 1, PRIORITY = 2, RST_STREAM = 3, SETTINGS = 4, PING = 6 };
enum { WINDOW_UPDATE = 8, CONTINUATION = 9, PRIORITY_UPDATE = 16, UNKNOWN = 200 };

static hw_h2_flood_limits limits; /* of the flood being made */

static hw_h2_flood begun(void)
{
    hw_h2_flood flood;
    limits = hw_h2_flood_limits_default();
    hw_h2_flood_init(&flood, &limits, 5000);
    return flood;
}

/* How many frames pass, up to a bound. */
static unsigned count_frames(hw_h2_flood *flood, uint8_t type, uint32_t length, unsigned bound)
{
    unsigned count = 0;
    while (count < bound && !hw_h2_flood_frame(flood, type, 0, length))
        count++;
    return count;
}

static unsigned count_resets(hw_h2_flood *flood, unsigned bound)
{
    unsigned count = 0;
    while (count < bound && !hw_h2_flood_reset(flood))
        count++;
    return count;
}

HW_TEST(flood_has_the_limits_that_are_documented)
{
    hw_h2_flood_limits l = hw_h2_flood_limits_default();
    assert_int_equal(l.resets_burst, 100);
    assert_int_equal(l.resets_per_second, 10);
    assert_int_equal(l.empty_frames, 1000);
    assert_int_equal(l.empty_per_answer, 10);
    assert_int_equal(l.empty_per_frame, 2);
    assert_int_equal(l.empty_per_second, 1);
    assert_int_equal(l.continuations_max, 8);
}

HW_TEST(flood_counts_every_kind_of_frame_without_content)
{
    static const uint8_t types[] = {DATA, PRIORITY,      SETTINGS,        PING,
                                    7,    WINDOW_UPDATE, PRIORITY_UPDATE, UNKNOWN};
    for (size_t i = 0; i < sizeof types; i++) {
        hw_h2_flood flood = begun();
        assert_int_equal(count_frames(&flood, types[i], 0, 5000), 1000);
        const hw_problem *problem = hw_h2_flood_frame(&flood, types[i], 0, 0);
        assert_non_null(problem);
        assert_int_equal(problem->status, 429);
    }
    /* All of them together. */
    hw_h2_flood flood = begun();
    for (int i = 0; i < 1000; i++)
        assert_null(hw_h2_flood_frame(&flood, types[(size_t)i % sizeof types], 0, 0));
    assert_non_null(hw_h2_flood_frame(&flood, PING, 0, 0));
}

HW_TEST(flood_lets_content_pass)
{
    hw_h2_flood flood = begun();
    assert_int_equal(count_frames(&flood, DATA, 1, 100000), 100000);
    assert_int_equal(count_frames(&flood, HEADERS, 0, 100000), 100000);
    for (int i = 0; i < 100000; i++)
        assert_null(hw_h2_flood_frame(&flood, DATA, 1, 0)); /* END_STREAM */
    assert_int_equal(count_frames(&flood, PING, 8, 5000), 1000);
}

HW_TEST(flood_allows_more_to_who_works_more)
{
    hw_h2_flood flood = begun();
    hw_h2_flood_answered(&flood);
    assert_int_equal(count_frames(&flood, PING, 8, 5000), 1010);
    flood = begun();
    for (int i = 0; i < 100; i++)
        hw_h2_flood_sent(&flood);
    assert_int_equal(count_frames(&flood, WINDOW_UPDATE, 4, 5000), 1200);
}

/* Who asks every fifteen seconds whether we are there may stay for good. */
HW_TEST(flood_allows_more_to_who_stays_longer)
{
    hw_h2_flood flood = begun();
    hw_h2_flood_tell_time(&flood, 5000 + 999);
    assert_int_equal(count_frames(&flood, PING, 8, 5000), 1000);
    flood = begun();
    hw_h2_flood_tell_time(&flood, 5000 + 60000);
    hw_h2_flood_tell_time(&flood, 0); /* is ignored */
    assert_int_equal(count_frames(&flood, PING, 8, 5000), 1060);
}

HW_TEST(flood_bounds_the_pieces_of_a_head)
{
    hw_h2_flood flood = begun();
    for (int i = 0; i < 3; i++) {
        assert_null(hw_h2_flood_frame(&flood, HEADERS, 0, 10));
        assert_int_equal(count_frames(&flood, CONTINUATION, 10, 8), 8);
    }
    assert_non_null(hw_h2_flood_frame(&flood, CONTINUATION, 0, 10));
}

HW_TEST(flood_bounds_resets)
{
    hw_h2_flood flood = begun();
    assert_int_equal(count_resets(&flood, 1000), 100);
    hw_h2_flood_tell_time(&flood, 5000 + 99);
    assert_int_equal(count_resets(&flood, 1000), 0);
    hw_h2_flood_tell_time(&flood, 5000 + 100);
    assert_int_equal(count_resets(&flood, 1000), 1);
    hw_h2_flood_tell_time(&flood, 5000 + 1100);
    assert_int_equal(count_resets(&flood, 1000), 10);
    hw_h2_flood_tell_time(&flood, 5000 + 1000 * INT64_C(1000000));
    assert_int_equal(count_resets(&flood, 1000), 100);
    hw_h2_flood_tell_time(&flood, INT64_MAX);
    assert_int_equal(count_resets(&flood, 1000), 100);
}

/* Of streams that are over they are nothing else. */
HW_TEST(flood_counts_resets_as_frames_without_content)
{
    hw_h2_flood flood = begun();
    assert_int_equal(count_frames(&flood, RST_STREAM, 4, 5000), 1000);
    assert_int_equal(count_resets(&flood, 1000), 100);
    const hw_problem *problem = hw_h2_flood_reset(&flood);
    assert_non_null(problem);
    assert_int_equal(problem->status, 429);
}

HW_TEST(flood_counts_resets_over_the_life_of_a_connection)
{
    hw_h2_flood flood = begun();
    limits.empty_per_second = 0;
    unsigned count = 0;
    for (int64_t now = 5000; count < 5000; now += 1000) {
        hw_h2_flood_tell_time(&flood, now);
        unsigned passed = count_frames(&flood, RST_STREAM, 4, 10);
        count += passed;
        if (passed < 10)
            break;
    }
    assert_int_equal(count, 1000);
}

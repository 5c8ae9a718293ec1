#include "watch/stamp.h"

#include <string.h>

#include "unit/harness.h"

/* 2026-11-22 15:04:07.089 UTC */
#define AT_MS INT64_C(1795359847089)

static void assert_next(hw_stamp *stamp, int64_t at_ms, const char *expected)
{
    hw_text shown = hw_stamp_show(stamp, at_ms);
    assert_int_equal(shown.length, strlen(expected));
    assert_memory_equal(shown.at, expected, shown.length);
}

static void assert_shown(hw_stamp_style style, hw_stamp_offset_fn *offset_of, int64_t at_ms,
                         const char *expected)
{
    hw_stamp stamp;
    hw_stamp_init(&stamp, style, offset_of);
    assert_next(&stamp, at_ms, expected);
}

static int ahead(int64_t at_s)
{
    (void)at_s;
    return 5 * 3600 + 1800;
}

static int behind(int64_t at_s)
{
    (void)at_s;
    return -16 * 3600;
}

HW_TEST(stamp_has_three_styles)
{
    assert_shown(HW_STAMP_PRETTY, ahead, AT_MS, "20:34:07");
    assert_shown(HW_STAMP_PRETTY, behind, AT_MS, "23:04:07");
    assert_shown(HW_STAMP_COMBINED, ahead, AT_MS, "22/Nov/2026:20:34:07 +0530");
    assert_shown(HW_STAMP_COMBINED, behind, AT_MS, "21/Nov/2026:23:04:07 -1600");
    assert_shown(HW_STAMP_JSON, NULL, AT_MS, "2026-11-22T15:04:07.089Z");
}

HW_TEST(stamp_knows_the_calendar)
{
    static const struct {
        int64_t at_ms;
        const char *shown;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1970-01-01T00:00:00.000Z"},
        {INT64_MIN, "1970-01-01T00:00:00.000Z"},
        {INT64_C(951782399999), "2000-02-28T23:59:59.999Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(951868800000), "2000-03-01T00:00:00.000Z"},
        {INT64_C(1735689599000), "2024-12-31T23:59:59.000Z"},
        {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
        {INT64_MAX, "292278994-08-17T07:12:55.807Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_shown(HW_STAMP_JSON, NULL, cases[i].at_ms, cases[i].shown);
    assert_shown(HW_STAMP_COMBINED, behind, 0, "01/Jan/1970:00:00:00 -1600");
}

HW_TEST(stamp_follows_time_in_both_directions)
{
    hw_stamp stamp;
    hw_stamp_init(&stamp, HW_STAMP_JSON, NULL);
    assert_next(&stamp, AT_MS, "2026-11-22T15:04:07.089Z");
    assert_next(&stamp, AT_MS + 1, "2026-11-22T15:04:07.090Z");
    assert_next(&stamp, AT_MS + 910, "2026-11-22T15:04:07.999Z");
    assert_next(&stamp, AT_MS + 911, "2026-11-22T15:04:08.000Z");
    assert_next(&stamp, AT_MS - 90, "2026-11-22T15:04:06.999Z");
    assert_next(&stamp, AT_MS - 89, "2026-11-22T15:04:07.000Z");
}

static int times_asked;

static int ask_offset(int64_t at_s)
{
    times_asked++;
    return at_s < 1795360500 ? 3600 : 7200;
}

HW_TEST(stamp_asks_for_the_offset_once_a_quarter_of_an_hour)
{
    hw_stamp stamp;
    hw_stamp_init(&stamp, HW_STAMP_PRETTY, ask_offset);
    times_asked = 0;
    for (int second = 0; second < 600; second++)
        (void)hw_stamp_show(&stamp, AT_MS + second * 1000);
    assert_int_equal(times_asked, 1);
    assert_next(&stamp, INT64_C(1795360499999), "16:14:59");
    assert_next(&stamp, INT64_C(1795360500000), "17:15:00");
    assert_int_equal(times_asked, 2);
}

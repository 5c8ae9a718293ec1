#include "unit/http/http_harness.h"

#include <string.h>

#include "http/date.h"

#define NOW INT64_C(1700000000) /* Tue, 14 Nov 2023 22:13:20 GMT */

static int64_t parsed_date(const char *text, int64_t now)
{
    int64_t seconds = HW_NO_DATE;
    return hw_date_parse(hw_text_of(text), now, &seconds) ? seconds : HW_NO_DATE;
}

HW_TEST(date_is_read_in_three_formats)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Thu Jan  1 00:00:00 1970", 0},
        {"Tue Nov 14 22:13:20 2023", NOW},
        {"Tuesday, 14-Nov-23 22:13:20 GMT", NOW},
        {"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
        {"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
        {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
        {"Mon, 01 Jan 0001 00:00:00 GMT", INT64_C(-62135596800)},
        {"Tue, 19 Jan 2038 03:14:08 GMT", INT64_C(2147483648)},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* leap second */
        {"Mon, 06 Nov 1994 08:49:37 GMT", 784111777},  /* it was a Sunday */
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_int_equal(parsed_date(rows[i].text, NOW), rows[i].seconds);
}

HW_TEST(date_that_is_none_is_refused)
{
    static const char *const rows[] = {
        "",
        "yesterday",
        "0",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06  Nov 1994 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Oct 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Fri, 31 Feb 2023 00:00:00 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT",
        "Thu, 29 Feb 1900 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 +8:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06 Nov 94 08:49:37 GMT",
        "Sunday, 31-Feb-94 08:49:37 GMT",
        "Sunday",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov 06 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  0 08:49:37 1994",
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        if (parsed_date(rows[i], NOW) != HW_NO_DATE)
            fail_msg("\"%s\" passes", rows[i]);
    assert_false(hw_date_parse(HW_TEXT("Sun, 06 Nov 1994 08:49:37 GMT\0"), NOW, &(int64_t){0}));
}

/* No byte can be another one, none can be missing, none be too many. */
HW_TEST(date_is_exact_in_every_byte)
{
    static const char *const rows[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                       "Sunday, 06-Nov-94 08:49:37 GMT",
                                       "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < ROWS(rows); i++)
        for (size_t at = 0; at < strlen(rows[i]); at++) {
            char changed[64] = "";
            int64_t seconds;
            memcpy(changed, rows[i], strlen(rows[i]));
            changed[at] = '?';
            assert_true(parsed_date(changed, NOW) == HW_NO_DATE);
            assert_false(hw_date_parse((hw_text){rows[i], at}, NOW, &seconds));
        }
}

HW_TEST(date_asctime_day_may_have_a_leading_zero)
{
    assert_int_equal(parsed_date("Sun Nov 06 08:49:37 1994", NOW), 784111777);
}

/* RFC 9110 5.6.7: "more than 50 years in the future" is the past. */
HW_TEST(date_two_digit_years_are_at_most_fifty_years_ahead)
{
    char out[HW_DATE_BYTES];
    static const struct {
        const char *text;
        int64_t now;
        const char *date;
    } rows[] = {
        {"Monday, 14-Nov-73 22:13:20 GMT", NOW, "Tue, 14 Nov 2073 22:13:20 GMT"},
        {"Monday, 14-Nov-73 22:13:21 GMT", NOW, "Wed, 14 Nov 1973 22:13:21 GMT"},
        {"Monday, 15-Nov-73 00:00:00 GMT", NOW, "Thu, 15 Nov 1973 00:00:00 GMT"},
        {"Monday, 01-Jan-99 00:00:00 GMT", NOW, "Fri, 01 Jan 1999 00:00:00 GMT"},
        {"Monday, 01-Jan-00 00:00:00 GMT", NOW, "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"Monday, 29-Feb-24 00:00:00 GMT", NOW, "Thu, 29 Feb 2024 00:00:00 GMT"},
        {"Monday, 01-Jan-10 00:00:00 GMT", 915148800 /* 1999 */, "Fri, 01 Jan 2010 00:00:00 GMT"},
        {"Monday, 01-Jan-70 00:00:00 GMT", 915148800 /* 1999 */, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"Monday, 01-Jan-05 00:00:00 GMT", INT64_C(3786912000) /* 2090 */,
         "Thu, 01 Jan 2105 00:00:00 GMT"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_date_format(parsed_date(rows[i].text, rows[i].now), out);
        assert_string_equal(out, rows[i].date);
    }
}

HW_TEST(date_survives_any_now)
{
    int64_t seconds;
    static const int64_t nows[] = {INT64_MIN, -1, 0, INT64_MAX};
    for (size_t i = 0; i < ROWS(nows); i++)
        assert_true(hw_date_parse(HW_TEXT("Monday, 01-Mar-99 00:00:00 GMT"), nows[i], &seconds));
}

HW_TEST(date_is_written_as_imf_fixdate)
{
    char out[HW_DATE_BYTES];
    static const struct {
        int64_t seconds;
        const char *date;
    } rows[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {NOW, "Tue, 14 Nov 2023 22:13:20 GMT"},
        {INT64_C(253402300799), "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_C(253402300800), "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_MIN, "Sat, 01 Jan 0000 00:00:00 GMT"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_date_format(rows[i].seconds, out);
        assert_string_equal(out, rows[i].date);
    }
}

HW_TEST(date_comes_back_for_every_day_of_eight_centuries)
{
    char out[HW_DATE_BYTES];
    for (int64_t day = -200000; day < 100000; day += 7) {
        int64_t seconds = day * 86400 + (day * 7919 % 86400 + 86400) % 86400, again;
        hw_date_format(seconds, out);
        assert_true(hw_date_parse(hw_text_of(out), NOW, &again));
        assert_true(again == seconds);
    }
}

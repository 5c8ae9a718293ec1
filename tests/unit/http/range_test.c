#include "unit/http/http_harness.h"

#include "http/range.h"

/* "ignore", "416", or the ranges as first+length. */
static hw_text say_ranges(hw_text value, uint64_t length, hw_buffer *said)
{
    hw_ranges ranges;
    hw_buffer_clear(said);
    switch (hw_range_parse(value, length, &ranges)) {
    case HW_RANGE_IGNORE:
        return HW_TEXT("ignore");
    case HW_RANGE_UNSATISFIABLE:
        return HW_TEXT("416");
    case HW_RANGE_SATISFIABLE:
        break;
    }
    for (unsigned i = 0; i < ranges.count; i++) {
        hw_buffer_put_string(said, i ? " " : "");
        hw_buffer_put_decimal(said, ranges.at[i].first);
        hw_buffer_put_char(said, '+');
        hw_buffer_put_decimal(said, ranges.at[i].length);
    }
    return hw_buffer_text(said);
}

HW_TEST(ranges_are_read_against_the_length)
{
    static const struct {
        const char *value;
        uint64_t length;
        const char *said;
    } rows[] = {
        {"bytes=0-3", 1000, "0+4"},
        {"BYTES=0-3", 1000, "0+4"},
        {"bytes=0-0", 1000, "0+1"},
        {"bytes=996-", 1000, "996+4"},
        {"bytes=-4", 1000, "996+4"},
        {"bytes=-2000", 1000, "0+1000"},
        {"bytes=0-999", 1000, "0+1000"},
        {"bytes=990-2000", 1000, "990+10"},
        {"bytes=999-", 1000, "999+1"},
        {"bytes=0003-0005", 10, "3+3"},
        {"bytes=1000-", 1000, "416"},
        {"bytes=5000-6000", 1000, "416"},
        {"bytes=5000-,6000-", 1000, "416"},
        {"bytes=-0", 1000, "416"},
        {"bytes=0-3,5000-6000", 1000, "0+4"},
        {"bytes=5000-6000,-0,0-3", 1000, "0+4"},
        {"bytes=0-3, 900-903", 1000, "0+4 900+4"},
        {"bytes=900-903,0-3", 1000, "900+4 0+4"},
        {"bytes=,0-3 , ,8-11,", 1000, "0+4 8+4"},
        {"bytes= 0-3", 1000, "0+4"},
    };
    char memory[200];
    hw_buffer said = HW_BUFFER_OVER(memory);
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_text(say_ranges(hw_text_of(rows[i].value), rows[i].length, &said), rows[i].said);
}

HW_TEST(ranges_that_are_broken_or_foreign_are_ignored)
{
    static const char *const rows[] = {
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a",
        "bytes=5-2",
        "bytes=0-3,5-2",
        "bytes 0-3",
        "bytes=+0-3",
        "bytes=0x0-3",
        "bytes=0-3-5",
        "bytes=0-3x",
        "bytes=0 -3",
        "bytes=0- 3",
        "bytes=--3",
        "bytes=0-3;x",
        "bytes=0-3,x",
        "lines=0-3",
        "byte=0-3",
        "bytess=0-3",
        "bytes =0-3",
        "=0-3",
        "0-3",
        "bytes=1.5-3",
        "bytes=\"0-3\"",
    };
    char memory[200];
    hw_buffer said = HW_BUFFER_OVER(memory);
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_text(say_ranges(hw_text_of(rows[i]), 1000, &said), "ignore");
}

HW_TEST(ranges_that_overlap_or_touch_are_merged)
{
    static const struct {
        const char *value, *said;
    } rows[] = {
        {"bytes=0-9,5-14", "0+15"},
        {"bytes=5-14,0-9", "0+15"},
        {"bytes=0-4,5-9", "0+10"},
        {"bytes=5-9,0-4", "0+10"},
        {"bytes=0-4,6-9", "0+5 6+4"},
        {"bytes=0-9,2-3", "0+10"},
        {"bytes=2-3,0-9", "0+10"},
        {"bytes=0-1,10-11,20-21,1-20", "0+22"},
        {"bytes=20-21,0-1,40-41,1-20", "0+22 40+2"},
        {"bytes=40-41,20-21,0-1,1-20", "40+2 0+22"},
        {"bytes=0-1,10-11,20-21,5-10", "0+2 5+7 20+2"},
        {"bytes=-1,0-", "0+1000"},
        {"bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", "0+1"},
        {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14", "0+1 2+1 4+1 6+1 8+1 10+1 12+1 14+1"},
        {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,0-14", "0+15"},
        {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16", "ignore"},
        {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,5000-", "0+1 2+1 4+1 6+1 8+1 10+1 12+1 14+1"},
    };
    char memory[200];
    hw_buffer said = HW_BUFFER_OVER(memory);
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_text(say_ranges(hw_text_of(rows[i].value), 1000, &said), rows[i].said);
}

HW_TEST(range_numbers_do_not_overflow)
{
    static const struct {
        const char *value;
        uint64_t length;
        const char *said;
    } rows[] = {
        {"bytes=18446744073709551616-", 1000, "416"},
        {"bytes=0-18446744073709551616", 1000, "0+1000"},
        {"bytes=0-99999999999999999999999999", 1000, "0+1000"},
        {"bytes=-99999999999999999999999999", 1000, "0+1000"},
        {"bytes=-9223372036854775608,-1200", 1000, "0+1000"},
        {"bytes=99999999999999999999-99999999999999999998", 1000, "416"},
        {"bytes=0-", UINT64_MAX, "0+18446744073709551615"},
        {"bytes=18446744073709551614-18446744073709551615", UINT64_MAX, "18446744073709551614+1"},
        {"bytes=0-0,18446744073709551614-,1-", UINT64_MAX, "0+18446744073709551615"},
        {"bytes=-18446744073709551615", UINT64_MAX, "0+18446744073709551615"},
    };
    char memory[200];
    hw_buffer said = HW_BUFFER_OVER(memory);
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_text(say_ranges(hw_text_of(rows[i].value), rows[i].length, &said), rows[i].said);
}

HW_TEST(range_of_nothing_is_unsatisfiable_but_for_suffixes)
{
    char memory[200];
    hw_buffer said = HW_BUFFER_OVER(memory);
    assert_text(say_ranges(HW_TEXT("bytes=0-"), 0, &said), "416");
    assert_text(say_ranges(HW_TEXT("bytes=0-0,1-1"), 0, &said), "416");
    assert_text(say_ranges(HW_TEXT("bytes=-0"), 0, &said), "416");
    assert_text(say_ranges(HW_TEXT("bytes=-5"), 0, &said), "ignore");
    assert_text(say_ranges(HW_TEXT("bytes=0-,-5"), 0, &said), "ignore");
    assert_text(say_ranges(HW_TEXT("bytes=x"), 0, &said), "ignore");
}

HW_TEST(range_field_over_a_kibibyte_is_ignored)
{
    char memory[2000], spoken[200];
    hw_buffer said = HW_BUFFER_OVER(spoken), value = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&value, "bytes=0-3");
    while (value.length < HW_RANGE_FIELD_BYTES_MAX)
        hw_buffer_put_char(&value, ',');
    assert_text(say_ranges(hw_buffer_text(&value), 1000, &said), "0+4");
    hw_buffer_put_char(&value, ',');
    assert_text(say_ranges(hw_buffer_text(&value), 1000, &said), "ignore");
}

HW_TEST(range_is_written_for_content_range)
{
    char memory[100];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_range_put(&buffer, &(hw_range){996, 4}, 1000);
    assert_text(hw_buffer_text(&buffer), "bytes 996-999/1000");
    hw_buffer_clear(&buffer);
    hw_range_put(&buffer, NULL, 1000);
    assert_text(hw_buffer_text(&buffer), "bytes */1000");
}

#include "base/cursor.h"

#include "unit/harness.h"

#include <string.h>

static void assert_cursor_rest(const hw_cursor *cursor, const char *expected)
{
    hw_text rest = hw_cursor_rest(cursor);
    assert_int_equal(hw_cursor_left(cursor), strlen(expected));
    assert_true(hw_text_equal(rest, hw_text_of(expected)));
    assert_int_equal(hw_cursor_at_end(cursor), *expected == '\0');
}

HW_TEST(cursor_reads_bytes_and_stops_at_the_end)
{
    hw_cursor cursor = hw_cursor_of(HW_TEXT("a\xff\0"));
    assert_int_equal(hw_cursor_peek(&cursor), 'a');
    assert_int_equal(hw_cursor_next(&cursor), 'a');
    assert_int_equal(hw_cursor_peek(&cursor), 255);
    assert_int_equal(hw_cursor_next(&cursor), 255);
    assert_int_equal(hw_cursor_next(&cursor), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hw_cursor_peek(&cursor), -1);
        assert_int_equal(hw_cursor_next(&cursor), -1);
    }
    assert_cursor_rest(&cursor, "");
}

HW_TEST(cursor_of_nothing_gives_nothing)
{
    hw_cursor cursor = hw_cursor_of((hw_text){NULL, 0});
    hw_text taken;
    assert_cursor_rest(&cursor, "");
    assert_int_equal(hw_cursor_next(&cursor), -1);
    assert_false(hw_cursor_take(&cursor, '\0'));
    assert_true(hw_cursor_take_text(&cursor, HW_TEXT("")));
    assert_true(hw_cursor_take_bytes(&cursor, 0, &taken));
    assert_int_equal(taken.length, 0);
    assert_int_equal(hw_cursor_take_until(&cursor, 'a').length, 0);
    assert_int_equal(hw_cursor_take_while(&cursor, hw_char_is_digit).length, 0);
    hw_cursor_skip_blanks(&cursor);
    assert_cursor_rest(&cursor, "");
}

HW_TEST(cursor_takes_a_byte_or_stays)
{
    hw_cursor cursor = hw_cursor_of(HW_TEXT("ab"));
    assert_false(hw_cursor_take(&cursor, 'b'));
    assert_cursor_rest(&cursor, "ab");
    assert_true(hw_cursor_take(&cursor, 'a'));
    assert_true(hw_cursor_take(&cursor, 'b'));
    assert_false(hw_cursor_take(&cursor, 'b'));
    assert_cursor_rest(&cursor, "");
}

HW_TEST(cursor_takes_a_text_or_stays)
{
    hw_cursor cursor = hw_cursor_of(HW_TEXT("HTTP/1"));
    assert_false(hw_cursor_take_text(&cursor, HW_TEXT("HTTP/1.1")));
    assert_false(hw_cursor_take_text(&cursor, HW_TEXT("HTTX")));
    assert_cursor_rest(&cursor, "HTTP/1");
    assert_true(hw_cursor_take_text(&cursor, HW_TEXT("HTTP/")));
    assert_true(hw_cursor_take_text(&cursor, HW_TEXT("")));
    assert_cursor_rest(&cursor, "1");
    assert_true(hw_cursor_take_text(&cursor, HW_TEXT("1")));
    assert_cursor_rest(&cursor, "");
}

HW_TEST(cursor_takes_all_the_bytes_or_none)
{
    hw_cursor cursor = hw_cursor_of(HW_TEXT("abc"));
    hw_text taken = HW_TEXT("before");
    assert_false(hw_cursor_take_bytes(&cursor, 4, &taken));
    assert_false(hw_cursor_take_bytes(&cursor, SIZE_MAX, &taken));
    assert_true(hw_text_equal(taken, HW_TEXT("before")));
    assert_true(hw_cursor_take_bytes(&cursor, 2, &taken));
    assert_true(hw_text_equal(taken, HW_TEXT("ab")));
    assert_cursor_rest(&cursor, "c");
    assert_true(hw_cursor_take_bytes(&cursor, 1, &taken));
    assert_true(hw_cursor_take_bytes(&cursor, 0, &taken));
    assert_false(hw_cursor_take_bytes(&cursor, 1, &taken));
}

HW_TEST(cursor_takes_runs)
{
    hw_cursor cursor = hw_cursor_of(HW_TEXT("12ab,cd"));
    assert_true(hw_text_equal(hw_cursor_take_while(&cursor, hw_char_is_digit), HW_TEXT("12")));
    assert_int_equal(hw_cursor_take_while(&cursor, hw_char_is_digit).length, 0);
    assert_true(hw_text_equal(hw_cursor_take_until(&cursor, ','), HW_TEXT("ab")));
    assert_int_equal(hw_cursor_take_until(&cursor, ',').length, 0);
    assert_cursor_rest(&cursor, ",cd");
    assert_true(hw_cursor_take(&cursor, ','));
    assert_true(hw_text_equal(hw_cursor_take_until(&cursor, ','), HW_TEXT("cd")));
    assert_cursor_rest(&cursor, "");

    cursor = hw_cursor_of(HW_TEXT("123"));
    assert_int_equal(hw_cursor_take_while(&cursor, hw_char_is_digit).length, 3);
    assert_cursor_rest(&cursor, "");
}

HW_TEST(cursor_skips_spaces_and_tabs_only)
{
    hw_cursor cursor = hw_cursor_of(HW_TEXT(" \t \r\n"));
    hw_cursor_skip_blanks(&cursor);
    assert_cursor_rest(&cursor, "\r\n");
    cursor = hw_cursor_of(HW_TEXT(" \t"));
    hw_cursor_skip_blanks(&cursor);
    assert_cursor_rest(&cursor, "");
}

HW_TEST(cursor_never_reads_behind_its_text)
{
    hw_cursor cursor = hw_cursor_of(hw_text_upto(HW_TEXT("12345"), 2));
    assert_false(hw_cursor_take_text(&cursor, HW_TEXT("123")));
    assert_int_equal(hw_cursor_take_while(&cursor, hw_char_is_digit).length, 2);
    assert_false(hw_cursor_take(&cursor, '3'));
    assert_int_equal(hw_cursor_peek(&cursor), -1);
}

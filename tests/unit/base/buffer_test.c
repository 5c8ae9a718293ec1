#include "base/buffer.h"

#include "unit/harness.h"

#include <string.h>
#include <wchar.h>

static void assert_buffer(const hw_buffer *buffer, const char *expected)
{
    hw_text text = hw_buffer_text(buffer);
    assert_int_equal(text.length, strlen(expected));
    assert_true(hw_text_equal(text, hw_text_of(expected)));
}

HW_TEST(buffer_builds_what_is_put)
{
    char memory[64];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    assert_int_equal(hw_buffer_room(&buffer), 64);
    hw_buffer_put(&buffer, HW_TEXT("a"));
    hw_buffer_put(&buffer, (hw_text){NULL, 0});
    hw_buffer_put_char(&buffer, '-');
    hw_buffer_put_string(&buffer, "string");
    hw_buffer_put_string(&buffer, NULL);
    hw_buffer_put_format(&buffer, " %d%%%s", 5, "!");
    assert_buffer(&buffer, "a-string 5%!");
    assert_false(buffer.overflow);
    assert_int_equal(hw_buffer_room(&buffer), 64 - 12);
    assert_string_equal(hw_buffer_string(&buffer), "a-string 5%!");
}

HW_TEST(buffer_writes_numbers)
{
    char memory[256];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_buffer_put_decimal(&buffer, 0);
    hw_buffer_put_char(&buffer, ' ');
    hw_buffer_put_decimal(&buffer, UINT64_MAX);
    hw_buffer_put_char(&buffer, ' ');
    hw_buffer_put_decimal_padded(&buffer, 7, 2);
    hw_buffer_put_decimal_padded(&buffer, 123, 2);
    hw_buffer_put_decimal_padded(&buffer, 0, 3);
    hw_buffer_put_char(&buffer, ' ');
    hw_buffer_put_decimal_padded(&buffer, 1, 30);
    hw_buffer_put_char(&buffer, ' ');
    hw_buffer_put_hex(&buffer, 0);
    hw_buffer_put_hex(&buffer, 0xab10);
    hw_buffer_put_hex(&buffer, UINT64_MAX);
    assert_buffer(&buffer, "0 18446744073709551615 07123000 000000000000000000000000000001 "
                           "0ab10ffffffffffffffff");
}

HW_TEST(buffer_takes_a_piece_whole_or_not_at_all)
{
    char memory[5] = "....";
    hw_buffer buffer = hw_buffer_over(memory, 4);
    hw_buffer_put(&buffer, HW_TEXT("abcde"));
    assert_true(buffer.overflow);
    assert_buffer(&buffer, "");
    assert_string_equal(memory, "....");

    hw_buffer_clear(&buffer);
    assert_false(buffer.overflow);
    hw_buffer_put(&buffer, HW_TEXT("abcd"));
    assert_false(buffer.overflow);
    assert_buffer(&buffer, "abcd");
    assert_int_equal(hw_buffer_room(&buffer), 0);
    hw_buffer_put(&buffer, HW_TEXT(""));
    assert_false(buffer.overflow);
    hw_buffer_put_char(&buffer, 'e');
    assert_true(buffer.overflow);
    assert_buffer(&buffer, "abcd");
}

HW_TEST(buffer_overflow_stays)
{
    char memory[8];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&buffer, "abcde");
    hw_buffer_put_string(&buffer, "fghi");
    assert_true(buffer.overflow);
    hw_buffer_put_char(&buffer, 'x');
    hw_buffer_put_string(&buffer, "x");
    hw_buffer_put_decimal(&buffer, 1);
    hw_buffer_put_hex(&buffer, 1);
    hw_buffer_put_format(&buffer, "x");
    assert_buffer(&buffer, "abcde");
    assert_true(buffer.overflow);
    assert_null(hw_buffer_string(&buffer));
    hw_buffer_clear(&buffer);
    hw_buffer_put_char(&buffer, 'x');
    assert_string_equal(hw_buffer_string(&buffer), "x");
}

HW_TEST(buffer_numbers_overflow_whole)
{
    char memory[3];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_buffer_put_decimal(&buffer, 1234);
    assert_true(buffer.overflow);
    assert_buffer(&buffer, "");
    hw_buffer_clear(&buffer);
    hw_buffer_put_decimal_padded(&buffer, 1, 4);
    assert_true(buffer.overflow);
    hw_buffer_clear(&buffer);
    hw_buffer_put_decimal_padded(&buffer, 1, UINT32_MAX);
    assert_true(buffer.overflow);
    hw_buffer_clear(&buffer);
    hw_buffer_put_hex(&buffer, 0x1234);
    assert_true(buffer.overflow);
    hw_buffer_clear(&buffer);
    hw_buffer_put_decimal(&buffer, 123);
    assert_false(buffer.overflow);
    assert_buffer(&buffer, "123");
}

HW_TEST(buffer_formats_need_a_byte_more)
{
    char memory[4];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_buffer_put_format(&buffer, "%s", "abcd");
    assert_true(buffer.overflow);
    assert_buffer(&buffer, "");
    hw_buffer_clear(&buffer);
    hw_buffer_put_format(&buffer, "%s", "abc");
    assert_false(buffer.overflow);
    assert_buffer(&buffer, "abc");
    hw_buffer_put_char(&buffer, 'd');
    assert_false(buffer.overflow);
    assert_buffer(&buffer, "abcd");
    hw_buffer_put_format(&buffer, "%s", "");
    assert_true(buffer.overflow);
}

HW_TEST(buffer_string_needs_room_for_its_end)
{
    char memory[4];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&buffer, "abc");
    assert_string_equal(hw_buffer_string(&buffer), "abc");
    hw_buffer_put_char(&buffer, 'd');
    assert_null(hw_buffer_string(&buffer));
    assert_false(buffer.overflow);
}

HW_TEST(buffer_over_nothing_overflows)
{
    hw_buffer buffer = hw_buffer_over(NULL, 0);
    hw_buffer_put_string(&buffer, "");
    assert_false(buffer.overflow);
    assert_null(hw_buffer_string(&buffer));
    assert_buffer(&buffer, "");
    hw_buffer_put_format(&buffer, "%d", 1);
    assert_true(buffer.overflow);
    hw_buffer_clear(&buffer);
    hw_buffer_put_char(&buffer, 'a');
    assert_true(buffer.overflow);
}

HW_TEST(buffer_text_stays_while_more_is_put)
{
    char memory[16];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&buffer, "one");
    hw_text one = hw_buffer_text(&buffer);
    hw_buffer_put_string(&buffer, "two");
    assert_true(hw_text_equal(one, HW_TEXT("one")));
}

/* A character that the locale, which is C, cannot say. */
HW_TEST(buffer_overflows_by_what_cannot_be_said)
{
    char memory[16];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&buffer, "a");
    hw_buffer_put_format(&buffer, "%lc", (wint_t)0x20ac);
    assert_true(buffer.overflow);
    assert_null(hw_buffer_string(&buffer));
    assert_int_equal(buffer.length, 1);
}

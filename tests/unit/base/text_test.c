#include "base/text.h"

#include "unit/harness.h"

#include <limits.h>
#include <string.h>

static const hw_text nowhere = {NULL, 0};
static const hw_text from_initialiser = HW_TEXT_INIT("static");

static void assert_text(hw_text text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    if (text.length > 0)
        assert_memory_equal(text.at, expected, text.length);
}

HW_TEST(text_of_strings)
{
    assert_text(hw_text_of("abc"), "abc");
    assert_text(hw_text_of(""), "");
    assert_text(hw_text_of(NULL), "");
    assert_text(from_initialiser, "static");
    assert_int_equal(HW_TEXT("a\0b").length, 3);
}

HW_TEST(text_equal_compares_bytes)
{
    assert_true(hw_text_equal(HW_TEXT("abc"), HW_TEXT("abc")));
    assert_false(hw_text_equal(HW_TEXT("abc"), HW_TEXT("abd")));
    assert_false(hw_text_equal(HW_TEXT("abc"), HW_TEXT("ab")));
    assert_false(hw_text_equal(HW_TEXT("abc"), HW_TEXT("Abc")));
    assert_true(hw_text_equal(HW_TEXT("a\0b"), HW_TEXT("a\0b")));
    assert_false(hw_text_equal(HW_TEXT("a\0b"), HW_TEXT("a\0c")));
    assert_true(hw_text_equal(nowhere, HW_TEXT("")));
    assert_true(hw_text_equal(nowhere, nowhere));
    assert_false(hw_text_equal(nowhere, HW_TEXT("a")));
}

HW_TEST(text_equal_nocase_folds_ascii_letters_only)
{
    assert_true(hw_text_equal_nocase(HW_TEXT("Content-Length"), HW_TEXT("cONTENT-lENGTH")));
    assert_false(hw_text_equal_nocase(HW_TEXT("abc"), HW_TEXT("abcd")));
    assert_false(hw_text_equal_nocase(HW_TEXT("@"), HW_TEXT("`")));
    assert_false(hw_text_equal_nocase(HW_TEXT("["), HW_TEXT("{")));
    assert_false(hw_text_equal_nocase(HW_TEXT("\xc4"), HW_TEXT("\xe4")));
    assert_true(hw_text_equal_nocase(nowhere, HW_TEXT("")));
}

HW_TEST(text_prefix_and_suffix)
{
    assert_true(hw_text_has_prefix(HW_TEXT("abc"), HW_TEXT("ab")));
    assert_true(hw_text_has_prefix(HW_TEXT("abc"), HW_TEXT("abc")));
    assert_true(hw_text_has_prefix(HW_TEXT("abc"), HW_TEXT("")));
    assert_true(hw_text_has_prefix(nowhere, nowhere));
    assert_false(hw_text_has_prefix(HW_TEXT("abc"), HW_TEXT("abcd")));
    assert_false(hw_text_has_prefix(HW_TEXT("abc"), HW_TEXT("b")));
    assert_true(hw_text_has_suffix(HW_TEXT("abc"), HW_TEXT("bc")));
    assert_true(hw_text_has_suffix(HW_TEXT("abc"), HW_TEXT("abc")));
    assert_true(hw_text_has_suffix(HW_TEXT("abc"), HW_TEXT("")));
    assert_true(hw_text_has_suffix(nowhere, nowhere));
    assert_false(hw_text_has_suffix(HW_TEXT("abc"), HW_TEXT("0abc")));
    assert_false(hw_text_has_suffix(HW_TEXT("abc"), HW_TEXT("b")));
}

HW_TEST(text_find_from_both_ends)
{
    hw_text text = HW_TEXT("a/b/c");
    assert_int_equal(hw_text_find(text, '/'), 1);
    assert_int_equal(hw_text_find_last(text, '/'), 3);
    assert_int_equal(hw_text_find(text, 'x'), 5);
    assert_int_equal(hw_text_find_last(text, 'x'), 5);
    assert_int_equal(hw_text_find(text, 'a'), 0);
    assert_int_equal(hw_text_find_last(text, 'a'), 0);
    assert_int_equal(hw_text_find_last(text, 'c'), 4);
    assert_int_equal(hw_text_find(nowhere, 'a'), 0);
    assert_int_equal(hw_text_find_last(nowhere, 'a'), 0);
    assert_int_equal(hw_text_find(HW_TEXT("a\xff"), '\xff'), 1);
    assert_int_equal(hw_text_find(hw_text_upto(text, 1), '/'), 1);
}

HW_TEST(text_parts_stop_at_the_ends)
{
    hw_text text = HW_TEXT("abc");
    assert_text(hw_text_from(text, 0), "abc");
    assert_text(hw_text_from(text, 2), "c");
    assert_text(hw_text_from(text, 3), "");
    assert_text(hw_text_from(text, 4), "");
    assert_text(hw_text_from(text, SIZE_MAX), "");
    assert_ptr_equal(hw_text_from(text, SIZE_MAX).at, text.at + 3);
    assert_text(hw_text_upto(text, 0), "");
    assert_text(hw_text_upto(text, 2), "ab");
    assert_text(hw_text_upto(text, SIZE_MAX), "abc");
    assert_text(hw_text_from(nowhere, 1), "");
    assert_text(hw_text_upto(nowhere, 1), "");
}

HW_TEST(text_trim_takes_blanks_off)
{
    assert_text(hw_text_trim(HW_TEXT(" \t a b\t ")), "a b");
    assert_text(hw_text_trim(HW_TEXT("ab")), "ab");
    assert_text(hw_text_trim(HW_TEXT(" \t ")), "");
    assert_text(hw_text_trim(nowhere), "");
    assert_text(hw_text_trim(HW_TEXT("\r\n\v\f")), "\r\n\v\f");
}

HW_TEST(text_characters_are_ascii)
{
    for (int i = CHAR_MIN; i <= CHAR_MAX; i++) {
        char byte = (char)i;
        bool is_upper = i >= 'A' && i <= 'Z', is_lower = i >= 'a' && i <= 'z';
        bool is_digit = i >= '0' && i <= '9';
        assert_int_equal(hw_char_lower(byte), is_upper ? i + 32 : i);
        assert_int_equal(hw_char_is_blank(byte), i == 32 || i == 9);
        assert_int_equal(hw_char_is_digit(byte), is_digit);
        assert_int_equal(hw_char_is_alpha(byte), is_upper || is_lower);
        const char *digits = "0123456789abcdefABCDEF";
        const char *at = i ? strchr(digits, i) : NULL;
        int value = at ? (int)(at - digits) : -1;
        assert_int_equal(hw_char_hex(byte), value > 15 ? value - 6 : value);
    }
}

#include "unit/http/http_harness.h"

#include "http/uri.h"

HW_TEST(uri_characters_have_the_classes_of_the_rfc)
{
    static const char everywhere[] = "azAZ09-._~!$&'()*+,;=";
    static const char nowhere[] = "\"#%<>[\\]^`{|} \t\r\n\x7f\x80\xff";
    for (size_t i = 0; i < sizeof(everywhere) - 1; i++) {
        assert_true(hw_uri_has_char(everywhere[i], HW_URI_REG_NAME));
        assert_true(hw_uri_has_char(everywhere[i], HW_URI_PATH));
        assert_true(hw_uri_has_char(everywhere[i], HW_URI_QUERY));
    }
    for (size_t i = 0; i < sizeof(nowhere); i++)
        assert_false(hw_uri_has_char(nowhere[i], HW_URI_REG_NAME | HW_URI_PATH | HW_URI_QUERY));
    for (const char *at = ":@/"; *at; at++) {
        assert_true(hw_uri_has_char(*at, HW_URI_PATH));
        assert_true(hw_uri_has_char(*at, HW_URI_QUERY));
        assert_false(hw_uri_has_char(*at, HW_URI_REG_NAME));
    }
    assert_true(hw_uri_has_char('?', HW_URI_QUERY));
    assert_false(hw_uri_has_char('?', HW_URI_PATH));
}

HW_TEST(percent_is_taken_whole_or_not_at_all)
{
    static const char *const broken[] = {"", "%", "%4", "%4g", "%g4", "41", "%%41", "% 41"};
    char byte = 0;
    hw_cursor cursor = hw_cursor_of(HW_TEXT("%41%fF%00x"));
    assert_true(hw_uri_take_percent(&cursor, &byte));
    assert_int_equal(byte, 'A');
    assert_true(hw_uri_take_percent(&cursor, &byte));
    assert_int_equal((unsigned char)byte, 0xff);
    assert_true(hw_uri_take_percent(&cursor, &byte));
    assert_int_equal(byte, 0);
    assert_text(hw_cursor_rest(&cursor), "x");
    for (size_t i = 0; i < ROWS(broken); i++) {
        cursor = hw_cursor_of(hw_text_of(broken[i]));
        assert_false(hw_uri_take_percent(&cursor, &byte));
        assert_text(hw_cursor_rest(&cursor), broken[i]);
    }
}

HW_TEST(uri_part_is_made_of_its_characters)
{
    assert_true(hw_uri_is_made_of(HW_TEXT(""), HW_URI_PATH));
    assert_true(hw_uri_is_made_of(HW_TEXT("/a%20b"), HW_URI_PATH));
    assert_false(hw_uri_is_made_of(HW_TEXT("/a b"), HW_URI_PATH));
    assert_false(hw_uri_is_made_of(HW_TEXT("/a%2"), HW_URI_PATH));
    assert_false(hw_uri_is_made_of(HW_TEXT("a?"), HW_URI_PATH));
}

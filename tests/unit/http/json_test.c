#include "http/json.h"

#include "base/buffer.h"
#include "http/html.h"
#include "unit/http/http_harness.h"

static void escape_json(hw_text text, hw_buffer *out)
{
    char escape[HW_JSON_ESCAPE_BYTES];
    hw_cursor cursor = hw_cursor_of(text);
    while (!hw_cursor_at_end(&cursor)) {
        hw_buffer_put(out, hw_json_take_plain(&cursor));
        if (!hw_cursor_at_end(&cursor))
            hw_buffer_put(out, (hw_text){escape, hw_json_take_odd(&cursor, escape)});
    }
}

HW_TEST(json_characters_are_escaped_or_replaced)
{
    static const struct {
        hw_text text;
        const char *escaped;
    } rows[] = {
        {HW_TEXT_INIT("plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
         "plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {HW_TEXT_INIT("\"\\\b\f\n\r\t"), "\\\"\\\\\\b\\f\\n\\r\\t"},
        {HW_TEXT_INIT("a\0b"), "a\\u0000b"},
        {HW_TEXT_INIT("\x1f\x7f</"), "\\u001f\\u007f\\u003c/"},
        {HW_TEXT_INIT("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"),
         "\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa"},
        {HW_TEXT_INIT("\x80"), "\\ufffd"},
        {HW_TEXT_INIT("\xc1\xbf"), "\\ufffd\\ufffd"},
        {HW_TEXT_INIT("\xc3"), "\\ufffd"},
        {HW_TEXT_INIT("\xc3("), "\\ufffd("},
        {HW_TEXT_INIT("\xe0\x9f\xbf"), "\\ufffd\\ufffd\\ufffd"},
        {HW_TEXT_INIT("\xe0\xa0\x80"), "\xe0\xa0\x80"},
        {HW_TEXT_INIT("\xed\x9f\xbf\xed\xa0\x80"), "\xed\x9f\xbf\\ufffd\\ufffd\\ufffd"},
        {HW_TEXT_INIT("\xe2\x82"), "\\ufffd\\ufffd"},
        {HW_TEXT_INIT("\xf0\x8f\xbf\xbf"), "\\ufffd\\ufffd\\ufffd\\ufffd"},
        {HW_TEXT_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {HW_TEXT_INIT("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd"},
        {HW_TEXT_INIT("\xf5\x80"), "\\ufffd\\ufffd"},
        {HW_TEXT_INIT("\xf0\x9f\x98"), "\\ufffd\\ufffd\\ufffd"},
        {HW_TEXT_INIT(""), ""},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[200];
        hw_buffer out = HW_BUFFER_OVER(memory);
        escape_json(rows[i].text, &out);
        assert_string_equal(hw_buffer_string(&out), rows[i].escaped);
    }
}

HW_TEST(json_is_utf8_or_it_is_none)
{
    assert_true(hw_json_is_utf8(HW_TEXT("")));
    assert_true(hw_json_is_utf8(HW_TEXT("a\xc3\xa4")));
    assert_false(hw_json_is_utf8(HW_TEXT("a\xc3")));
    assert_false(hw_json_is_utf8(HW_TEXT("\xff")));
}

HW_TEST(html_characters_are_escaped)
{
    char memory[200];
    hw_buffer out = HW_BUFFER_OVER(memory);
    hw_cursor cursor = hw_cursor_of(HW_TEXT("a<b>&\"'\xc3\xa4"));
    while (!hw_cursor_at_end(&cursor)) {
        hw_buffer_put(&out, hw_html_take_plain(&cursor));
        if (!hw_cursor_at_end(&cursor))
            hw_buffer_put(&out, hw_html_take_odd(&cursor));
    }
    assert_string_equal(hw_buffer_string(&out), "a&lt;b&gt;&amp;&quot;&#39;\xc3\xa4");
}

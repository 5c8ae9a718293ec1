#include "unit/http/http_harness.h"

#include "http/etag.h"

HW_TEST(etag_is_read_strong_and_weak)
{
    static const struct {
        const char *text, *opaque;
        bool is_weak;
    } rows[] = {
        {"\"x\"", "\"x\"", false},
        {"W/\"x\"", "\"x\"", true},
        {"\"\"", "\"\"", false},
        {"W/\"\"", "\"\"", true},
        {"\"a,b\"", "\"a,b\"", false},
        {"\"a\\\"", "\"a\\\"", false},
        {"\"\x80\xff!\"", "\"\x80\xff!\"", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_etag etag;
        assert_true(hw_etag_parse(hw_text_of(rows[i].text), &etag));
        assert_text(etag.opaque, rows[i].opaque);
        assert_int_equal(etag.is_weak, rows[i].is_weak);
    }
}

HW_TEST(etag_that_is_none_is_refused)
{
    static const char *const rows[] = {
        "",       "x",  "\"",       "\"x",     "x\"",      "w/\"x\"",
        "W\"x\"", "W/", "W/x",      "\"a b\"", "\"a\"b\"", "\"x\" ",
        " \"x\"", "*",  "\"\x7f\"", "\"\t\"",  "W/ \"x\"", "\"a\",\"b\"",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_etag etag = {HW_TEXT_INIT("before"), false};
        assert_false(hw_etag_parse(hw_text_of(rows[i]), &etag));
        assert_text(etag.opaque, "before");
    }
}

HW_TEST(etags_of_a_list_are_walked)
{
    hw_cursor list = hw_cursor_of(HW_TEXT(" ,\"a,b\" ,,\tW/\"\\\",\"c\","));
    hw_etag etag;
    assert_true(hw_etag_next(&list, &etag));
    assert_text(etag.opaque, "\"a,b\"");
    assert_false(etag.is_weak);
    assert_true(hw_etag_next(&list, &etag));
    assert_text(etag.opaque, "\"\\\"");
    assert_true(etag.is_weak);
    assert_true(hw_etag_next(&list, &etag));
    assert_text(etag.opaque, "\"c\"");
    assert_false(hw_etag_next(&list, &etag));
    assert_true(hw_cursor_at_end(&list));
}

HW_TEST(etag_list_that_breaks_leaves_its_rest)
{
    hw_cursor list = hw_cursor_of(HW_TEXT("\"a\", b, \"c\""));
    hw_etag etag;
    assert_true(hw_etag_next(&list, &etag));
    assert_false(hw_etag_next(&list, &etag));
    assert_text(hw_cursor_rest(&list), "b, \"c\"");
    list = hw_cursor_of(HW_TEXT("\"a\" \"b\""));
    assert_false(hw_etag_next(&list, &etag));
}

/* RFC 9110 8.8.3.2, the table there. */
HW_TEST(etags_compare_strongly_and_weakly)
{
    static const struct {
        hw_etag a, b;
        bool strong, weak;
    } rows[] = {
        {{HW_TEXT_INIT("\"1\""), true}, {HW_TEXT_INIT("\"1\""), true}, false, true},
        {{HW_TEXT_INIT("\"1\""), true}, {HW_TEXT_INIT("\"2\""), true}, false, false},
        {{HW_TEXT_INIT("\"1\""), true}, {HW_TEXT_INIT("\"1\""), false}, false, true},
        {{HW_TEXT_INIT("\"1\""), false}, {HW_TEXT_INIT("\"1\""), false}, true, true},
        {{HW_TEXT_INIT("\"a\""), false}, {HW_TEXT_INIT("\"A\""), false}, false, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(hw_etag_equal_strong(rows[i].a, rows[i].b), rows[i].strong);
        assert_int_equal(hw_etag_equal_strong(rows[i].b, rows[i].a), rows[i].strong);
        assert_int_equal(hw_etag_equal_weak(rows[i].a, rows[i].b), rows[i].weak);
        assert_int_equal(hw_etag_equal_weak(rows[i].b, rows[i].a), rows[i].weak);
    }
}

HW_TEST(etag_is_found_over_all_lines)
{
    hw_etag etag = {HW_TEXT_INIT("\"b\""), false};
    hw_fields fields = FIELDS(FIELD(IF_MATCH, "\"a\""), FIELD(IF_NONE_MATCH, "\"c\""),
                              FIELD(IF_MATCH, "\"x\", W/\"b\""));
    assert_true(hw_etag_is_listed(fields, HW_FIELD_IF_MATCH, etag, hw_etag_equal_weak));
    assert_false(hw_etag_is_listed(fields, HW_FIELD_IF_MATCH, etag, hw_etag_equal_strong));
    assert_false(hw_etag_is_listed(fields, HW_FIELD_IF_NONE_MATCH, etag, hw_etag_equal_weak));
}

HW_TEST(etag_field_is_any_when_it_is_an_asterisk_alone)
{
    assert_true(hw_etag_is_any(FIELDS(FIELD(IF_MATCH, "*")), HW_FIELD_IF_MATCH));
    assert_false(hw_etag_is_any(FIELDS(FIELD(IF_MATCH, "\"*\"")), HW_FIELD_IF_MATCH));
    assert_false(hw_etag_is_any(FIELDS(FIELD(IF_MATCH, "*, \"a\"")), HW_FIELD_IF_MATCH));
    assert_false(hw_etag_is_any(NO_FIELDS, HW_FIELD_IF_MATCH));
}

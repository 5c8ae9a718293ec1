#include "unit/http/http_harness.h"

#include "base/buffer.h"
#include "http/element.h"

/* All elements, each in angle brackets. */
static hw_text join_elements(hw_text list, hw_buffer *buffer)
{
    hw_cursor cursor = hw_cursor_of(list);
    hw_text element;
    hw_buffer_clear(buffer);
    while (hw_element_next(&cursor, &element))
        hw_buffer_put_format(buffer, "<%.*s>", HW_TEXT_ARGS(element));
    return hw_buffer_text(buffer);
}

HW_TEST(elements_are_cut_at_commas_outside_quotes)
{
    static const struct {
        const char *list, *elements;
    } rows[] = {
        {"", ""},
        {",", ""},
        {" , ,\t,", ""},
        {"a", "<a>"},
        {"a,b", "<a><b>"},
        {" a ,\tb\t", "<a><b>"},
        {",a,,b,", "<a><b>"},
        {"a b, c", "<a b><c>"},
        {"\"a,b\",c", "<\"a,b\"><c>"},
        {"x=\"a,b\";y, c", "<x=\"a,b\";y><c>"},
        {"\"a\\\",b\",c", "<\"a\\\",b\"><c>"},
        {"\"a\\\\\",b", "<\"a\\\\\"><b>"},
        {"\"a,b", "<\"a,b>"},
        {"a\\,b", "<a\\><b>"},
        {"\"a\\", "<\"a\\>"},
    };
    char memory[100];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_text(join_elements(hw_text_of(rows[i].list), &buffer), rows[i].elements);
}

HW_TEST(element_is_found_over_all_lines_whole_and_in_any_case)
{
    hw_fields fields = FIELDS(FIELD(CONNECTION, "keep-alive, Upgrade"), FIELD(HOST, "close"),
                              FIELD(CONNECTION, "foo,CLOSE"));
    assert_true(hw_fields_has_element(fields, HW_FIELD_CONNECTION, HW_TEXT("close")));
    assert_true(hw_fields_has_element(fields, HW_FIELD_CONNECTION, HW_TEXT("upgrade")));
    assert_false(hw_fields_has_element(fields, HW_FIELD_CONNECTION, HW_TEXT("clos")));
    assert_false(hw_fields_has_element(fields, HW_FIELD_CONNECTION, HW_TEXT("keep")));
    assert_false(hw_fields_has_element(fields, HW_FIELD_TE, HW_TEXT("close")));
    assert_false(hw_fields_has_element(FIELDS(FIELD(CONNECTION, "\"close\"")), HW_FIELD_CONNECTION,
                                       HW_TEXT("close")));
}

HW_TEST(element_splits_into_value_and_parameters)
{
    hw_text value, parameters, name;
    hw_element_split(HW_TEXT("text/html ; level=\"1;2\" ;; q = 0.5; flag;"), &value, &parameters);
    assert_text(value, "text/html");
    hw_cursor cursor = hw_cursor_of(parameters);
    assert_true(hw_parameter_next(&cursor, &name, &value));
    assert_text(name, "level");
    assert_text(value, "\"1;2\"");
    assert_true(hw_parameter_next(&cursor, &name, &value));
    assert_text(name, "q");
    assert_text(value, "0.5");
    assert_true(hw_parameter_next(&cursor, &name, &value));
    assert_text(name, "flag");
    assert_text(value, "");
    assert_false(hw_parameter_next(&cursor, &name, &value));
}

HW_TEST(element_without_parameters_is_its_value)
{
    hw_text value, parameters;
    hw_element_split(HW_TEXT("gzip"), &value, &parameters);
    assert_text(value, "gzip");
    assert_text(parameters, "");
}

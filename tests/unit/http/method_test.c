#include <string.h>

#include "unit/http/http_harness.h"

#include "http/method.h"

HW_TEST(method_names_come_back)
{
    for (hw_method method = HW_METHOD_GET; method <= HW_METHOD_PATCH; method++)
        assert_int_equal(hw_method_of(hw_text_of(hw_method_name(method))), method);
    assert_string_equal(hw_method_name(HW_METHOD_OTHER), "");
}

HW_TEST(methods_are_case_sensitive)
{
    assert_int_equal(hw_method_of(HW_TEXT("get")), HW_METHOD_OTHER);
    assert_int_equal(hw_method_of(HW_TEXT("GETS")), HW_METHOD_OTHER);
    assert_int_equal(hw_method_of(HW_TEXT("GE")), HW_METHOD_OTHER);
    assert_int_equal(hw_method_of(HW_TEXT("")), HW_METHOD_OTHER);
    assert_int_equal(hw_method_of(HW_TEXT("PROPFIND")), HW_METHOD_OTHER);
}

HW_TEST(methods_are_safe_and_idempotent_as_registered)
{
    static const struct {
        hw_method method;
        bool is_safe, is_idempotent;
    } rows[] = {
        {HW_METHOD_OTHER, false, false},   {HW_METHOD_GET, true, true},
        {HW_METHOD_HEAD, true, true},      {HW_METHOD_POST, false, false},
        {HW_METHOD_PUT, false, true},      {HW_METHOD_DELETE, false, true},
        {HW_METHOD_CONNECT, false, false}, {HW_METHOD_OPTIONS, true, true},
        {HW_METHOD_TRACE, true, true},     {HW_METHOD_PATCH, false, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(hw_method_is_safe(rows[i].method), rows[i].is_safe);
        assert_int_equal(hw_method_is_idempotent(rows[i].method), rows[i].is_idempotent);
    }
}

HW_TEST(method_of_a_longer_or_other_name_is_other)
{
    for (hw_method method = HW_METHOD_GET; method <= HW_METHOD_PATCH; method++) {
        char changed[16];
        hw_text name = hw_text_of(hw_method_name(method));
        memcpy(changed, name.at, name.length);
        assert_int_equal(hw_method_of((hw_text){changed, name.length}), method);
        assert_int_equal(hw_method_of((hw_text){changed, name.length - 1}), HW_METHOD_OTHER);
        for (size_t i = 0; i < name.length; i++) {
            changed[i] = (char)(changed[i] ^ 0x20);
            assert_int_equal(hw_method_of((hw_text){changed, name.length}), HW_METHOD_OTHER);
            changed[i] = name.at[i];
        }
    }
}

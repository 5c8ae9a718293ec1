#include "unit/http/http_harness.h"

#include "http/status.h"

HW_TEST(status_reasons_are_the_registered_ones)
{
    assert_string_equal(hw_status_reason(100), "Continue");
    assert_string_equal(hw_status_reason(103), "Early Hints");
    assert_string_equal(hw_status_reason(200), "OK");
    assert_string_equal(hw_status_reason(206), "Partial Content");
    assert_string_equal(hw_status_reason(226), "IM Used");
    assert_string_equal(hw_status_reason(304), "Not Modified");
    assert_string_equal(hw_status_reason(308), "Permanent Redirect");
    assert_string_equal(hw_status_reason(400), "Bad Request");
    assert_string_equal(hw_status_reason(413), "Content Too Large");
    assert_string_equal(hw_status_reason(416), "Range Not Satisfiable");
    assert_string_equal(hw_status_reason(421), "Misdirected Request");
    assert_string_equal(hw_status_reason(431), "Request Header Fields Too Large");
    assert_string_equal(hw_status_reason(451), "Unavailable For Legal Reasons");
    assert_string_equal(hw_status_reason(500), "Internal Server Error");
    assert_string_equal(hw_status_reason(505), "HTTP Version Not Supported");
    assert_string_equal(hw_status_reason(511), "Network Authentication Required");
}

HW_TEST(status_reason_of_an_unregistered_number_is_empty)
{
    static const int numbers[] = {-1,  0,   99,  104, 199, 227, 299, 306, 309, 399,   418,
                                  420, 430, 452, 499, 509, 512, 599, 600, 999, 100000};
    for (size_t i = 0; i < ROWS(numbers); i++)
        assert_string_equal(hw_status_reason(numbers[i]), "");
}

HW_TEST(status_says_whether_there_is_content)
{
    assert_false(hw_status_has_content(100));
    assert_false(hw_status_has_content(101));
    assert_false(hw_status_has_content(204));
    assert_false(hw_status_has_content(304));
    assert_true(hw_status_has_content(200));
    assert_true(hw_status_has_content(205));
    assert_true(hw_status_has_content(206));
    assert_true(hw_status_has_content(404));
    assert_true(hw_status_has_content(500));
}

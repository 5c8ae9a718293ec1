#include "h1/scan.h"

#include <string.h>

#include "../harness.h"
#include "http/field.h"

HW_TEST(scan_knows_the_same_tokens_as_http)
{
    for (int byte = 0; byte < 256; byte++)
        assert_int_equal(hw_h1_scan_is((char)byte, HW_H1_KIND_TOKEN), hw_char_is_token((char)byte));
}

HW_TEST(scan_knows_the_bytes_of_a_field_value)
{
    for (int byte = 0; byte < 256; byte++) {
        bool is_value = byte == '\t' || (byte >= ' ' && byte != 0x7f);
        assert_int_equal(hw_h1_scan_is((char)byte, HW_H1_KIND_VALUE), is_value);
    }
}

HW_TEST(scan_knows_visible_ascii_and_blanks)
{
    for (int byte = 0; byte < 256; byte++) {
        assert_int_equal(hw_h1_scan_is((char)byte, HW_H1_KIND_TARGET), byte > ' ' && byte < 0x7f);
        assert_int_equal(hw_h1_scan_is((char)byte, HW_H1_KIND_BLANK), byte == ' ' || byte == '\t');
    }
}

HW_TEST(scan_stops_at_the_first_other_byte_at_every_place)
{
    char bytes[80];
    for (uint32_t other = 0; other <= sizeof bytes; other++) {
        memset(bytes, 'a', sizeof bytes);
        if (other < sizeof bytes)
            bytes[other] = ' ';
        for (uint32_t from = 0; from <= other; from++)
            assert_int_equal(hw_h1_scan(bytes, from, sizeof bytes, HW_H1_KIND_TOKEN), other);
    }
}

HW_TEST(scan_stays_inside_its_bounds)
{
    assert_int_equal(hw_h1_scan("aaaa", 1, 3, HW_H1_KIND_TOKEN), 3);
    assert_int_equal(hw_h1_scan("aaaa", 2, 2, HW_H1_KIND_TOKEN), 2);
    assert_int_equal(hw_h1_scan("aaaa", 3, 2, HW_H1_KIND_TOKEN), 3);
}

#include "unit/http/http_harness.h"

#include "http/quality.h"

HW_TEST(qvalue_is_read_in_thousandths)
{
    static const struct {
        const char *text;
        int quality; /* negative: it is none */
    } rows[] = {
        {"0", 0},     {"0.", 0},      {"0.0", 0},      {"0.000", 0}, {"1", 1000},
        {"1.", 1000}, {"1.0", 1000},  {"1.000", 1000}, {"0.5", 500}, {"0.25", 250},
        {"0.001", 1}, {"0.999", 999}, {"", -1},        {".5", -1},   {"1.001", -1},
        {"1.5", -1},  {"2", -1},      {"0.5555", -1},  {"0.x", -1},  {"-1", -1},
        {"00", -1},   {"0,5", -1},    {"1.0000", -1},  {"0.5 ", -1},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        int quality = -1;
        assert_int_equal(hw_quality_parse(hw_text_of(rows[i].text), &quality),
                         rows[i].quality >= 0);
        assert_int_equal(quality, rows[i].quality);
    }
}

HW_TEST(coding_quality_is_what_the_request_says)
{
    static const struct {
        const char *accept, *coding;
        int quality;
    } rows[] = {
        {"gzip", "gzip", 1000},
        {"GZip", "gzip", 1000},
        {"gzip, br;q=0.5", "br", 500},
        {"br; q=0.5", "br", 500},
        {"br;Q=0.5", "br", 500},
        {"gzip", "br", 0},
        {"gzipped", "gzip", 0},
        {"notgzip", "gzip", 0},
        {"*", "br", 1000},
        {"*;q=0.3", "br", 300},
        {"gzip;q=0, *;q=0.5", "gzip", 0},
        {"*;q=0.5, gzip;q=0", "gzip", 0},
        {"gzip;q=0, *;q=0.5", "br", 500},
        {"x-gzip", "gzip", 1000},
        {"gzip;q=0.2", "x-gzip", 200},
        {"x-compress", "compress", 1000},
        {"gzip;q=nonsense", "gzip", 0},
        {"gzip;q=nonsense, *;q=0.1", "gzip", 100},
        {"", "gzip", 0},
        {"", "identity", 1},
        {"gzip", "identity", 1},
        {"identity", "identity", 1000},
        {"identity;q=0", "identity", 0},
        {"*;q=0", "identity", 0},
        {"*;q=0, identity;q=0.1", "identity", 100},
        {"gzip, *;q=0.7", "identity", 700},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_field field = {HW_TEXT(""), hw_text_of(rows[i].accept), HW_FIELD_ACCEPT_ENCODING};
        assert_int_equal(hw_quality_of_coding(hw_fields_of(&field, 1), hw_text_of(rows[i].coding)),
                         rows[i].quality);
    }
}

HW_TEST(coding_quality_without_the_field_wants_identity)
{
    assert_int_equal(hw_quality_of_coding(NO_FIELDS, HW_TEXT("identity")), 1000);
    assert_int_equal(hw_quality_of_coding(NO_FIELDS, HW_TEXT("gzip")), 0);
}

HW_TEST(coding_quality_is_read_over_all_lines)
{
    hw_fields request = FIELDS(FIELD(ACCEPT_ENCODING, "gzip;q=0.5"), FIELD(ACCEPT_ENCODING, "br"));
    assert_int_equal(hw_quality_of_coding(request, HW_TEXT("gzip")), 500);
    assert_int_equal(hw_quality_of_coding(request, HW_TEXT("br")), 1000);
}

/* The first rows are the examples of RFC 9110 12.5.1. */
HW_TEST(media_quality_is_that_of_the_most_specific_range)
{
    static const char rfc[] = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, "
                              "text/plain;format=fixed;q=0.4, */*;q=0.5";
    static const char browser[] = "text/html,application/xhtml+xml,application/xml;q=0.9,"
                                  "image/avif,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
    static const struct {
        const char *accept, *media;
        int quality;
    } rows[] = {
        {rfc, "text/plain;format=flowed", 1000},
        {rfc, "text/plain", 700},
        {rfc, "text/html", 300},
        {rfc, "image/jpeg", 500},
        {rfc, "text/plain;format=fixed", 400},
        {rfc, "text/html;level=3", 300},
        {browser, "text/html; charset=utf-8", 1000},
        {browser, "application/xml", 900},
        {browser, "application/json", 800},
        {browser, "application/signed-exchange;v=b3", 700},
        {browser, "application/signed-exchange;v=b2", 800},
        {"text/html", "text/html", 1000},
        {"TEXT/Html", "text/html", 1000},
        {"text/html", "text/plain", 0},
        {"text/html", "text/htmlx", 0},
        {"text/*", "text/html", 1000},
        {"text/*", "textual/html", 0},
        {"tex/*", "text/html", 0},
        {"font/*", "text/html", 0},
        {"text/html;a=b", "text/html;a=\"b\"", 1000},
        {"text/html;a=b", "text/html;a=\"", 0},
        {"text/html;a=b", "text/html;a=\"b", 0},
        {"*/*;q=0", "text/html", 0},
        {"text/html;q=0, */*", "text/html", 0},
        {"text/html;q=0, */*", "image/png", 1000},
        {"*", "text/html", 0},
        {"*/html", "text/html", 0},
        {"text/html;charset=\"UTF-8\"", "text/html; charset=utf-8", 1000},
        {"text/html;charset=latin1", "text/html; charset=utf-8", 0},
        {"text/html;q=0.5;ext=1", "text/html", 500},
        {"", "text/html", 0},
        {"/,;,text/", "text/html", 0},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_field field = {HW_TEXT(""), hw_text_of(rows[i].accept), HW_FIELD_ACCEPT};
        assert_int_equal(hw_quality_of_media(hw_fields_of(&field, 1), hw_text_of(rows[i].media)),
                         rows[i].quality);
    }
    assert_int_equal(hw_quality_of_media(NO_FIELDS, HW_TEXT("text/html")), 1000);
}

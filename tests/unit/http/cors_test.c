/* Who may read an answer from a page of another origin. */
#include "unit/http/http_harness.h"

#include <string.h>

#include "http/cors.h"

static const hw_text two_origins[] = {HW_TEXT_INIT("https://a.example"),
                                      HW_TEXT_INIT("http://b.example:8080")};
static const hw_cors listed = {two_origins, 2, false};
static const hw_cors any = {.is_any = true};
static const hw_cors nobody_reads = {0};

#define OTHER(name, value)                                                                         \
    {                                                                                              \
        HW_TEXT_INIT(name), HW_TEXT_INIT(value), HW_FIELD_OTHER                                    \
    }

static hw_cors_outcome check_origin(const hw_cors *cors, hw_method method, hw_fields fields,
                                    const char *wanted)
{
    hw_text origin = HW_TEXT("untouched");
    hw_cors_outcome outcome = hw_cors_check(cors, method, fields, &origin);
    assert_text(origin, wanted);
    return outcome;
}

HW_TEST(cors_echoes_an_origin_that_is_listed)
{
    assert_int_equal(check_origin(&listed, HW_METHOD_GET,
                                  FIELDS(FIELD(ORIGIN, "https://a.example")), "https://a.example"),
                     HW_CORS_READABLE);
    assert_int_equal(check_origin(&listed, HW_METHOD_HEAD,
                                  FIELDS(FIELD(ORIGIN, "http://b.example:8080")),
                                  "http://b.example:8080"),
                     HW_CORS_READABLE);
}

HW_TEST(cors_says_nothing_to_others)
{
    static const hw_field others[] = {
        FIELD(ORIGIN, "https://a.example.evil"),
        FIELD(ORIGIN, "https://A.example"),
        FIELD(ORIGIN, "http://a.example"),
        FIELD(ORIGIN, "https://a.example/"),
        FIELD(ORIGIN, "null"),
        FIELD(ORIGIN, "*"),
        FIELD(ORIGIN, "https://a.exampl"),
        FIELD(ORIGIN, ""),
    };
    for (size_t i = 0; i < ROWS(others); i++)
        assert_int_equal(
            check_origin(&listed, HW_METHOD_GET, hw_fields_of(&others[i], 1), "untouched"),
            HW_CORS_SILENT);
    assert_int_equal(check_origin(&listed, HW_METHOD_GET, NO_FIELDS, "untouched"), HW_CORS_SILENT);
    assert_int_equal(check_origin(&any, HW_METHOD_GET, NO_FIELDS, "untouched"), HW_CORS_SILENT);
    assert_int_equal(check_origin(&nobody_reads, HW_METHOD_GET,
                                  FIELDS(FIELD(ORIGIN, "https://a.example")), "untouched"),
                     HW_CORS_SILENT);
}

HW_TEST(cors_does_not_choose_between_two_origins)
{
    hw_fields both =
        FIELDS(FIELD(ORIGIN, "https://a.example"), FIELD(ORIGIN, "http://b.example:8080"));
    assert_int_equal(check_origin(&listed, HW_METHOD_GET, both, "untouched"), HW_CORS_SILENT);
}

HW_TEST(cors_lets_everybody_read_as_nobody)
{
    assert_int_equal(
        check_origin(&any, HW_METHOD_GET, FIELDS(FIELD(ORIGIN, "https://c.example")), "*"),
        HW_CORS_READABLE);
    assert_int_equal(check_origin(&any, HW_METHOD_GET, FIELDS(FIELD(ORIGIN, "null")), "*"),
                     HW_CORS_READABLE);
}

HW_TEST(cors_knows_a_preflight)
{
    hw_fields preflight =
        FIELDS(FIELD(ORIGIN, "https://a.example"), OTHER("access-control-request-method", "GET"));
    assert_int_equal(check_origin(&listed, HW_METHOD_OPTIONS, preflight, "https://a.example"),
                     HW_CORS_PREFLIGHT);
    assert_int_equal(check_origin(&any, HW_METHOD_OPTIONS, preflight, "*"), HW_CORS_PREFLIGHT);
    assert_int_equal(check_origin(&listed, HW_METHOD_GET, preflight, "https://a.example"),
                     HW_CORS_READABLE);
    assert_int_equal(check_origin(&listed, HW_METHOD_OPTIONS,
                                  FIELDS(FIELD(ORIGIN, "https://a.example")), "https://a.example"),
                     HW_CORS_READABLE);
}

HW_TEST(cors_allows_fields_with_harmless_names)
{
    static const struct {
        const char *asked, *allowed;
    } cases[] = {
        {"x-1", "x-1"},   {"range", "range"}, {"x-a, X_B,authorization", "x-a, X_B,authorization"},
        {"", ""},         {"*", ""},          {"a, b c", ""},
        {"a, \"b\"", ""}, {"a; q=1", ""},     {"a, caf\xc3\xa9", ""},
    };
    for (size_t i = 0; i < ROWS(cases); i++) {
        hw_field field = {HW_TEXT("Access-Control-Request-Headers"), hw_text_of(cases[i].asked),
                          HW_FIELD_OTHER};
        assert_text(hw_cors_headers_allowed(hw_fields_of(&field, 1)), cases[i].allowed);
    }
    assert_text(hw_cors_headers_allowed(NO_FIELDS), "");
}

HW_TEST(cors_allows_no_long_list_of_fields)
{
    static char names[HW_CORS_HEADERS_BYTES_MAX + 1];
    memset(names, 'a', sizeof names);
    hw_field field = {
        HW_TEXT("Access-Control-Request-Headers"), {names, sizeof names - 1}, HW_FIELD_OTHER};
    assert_int_equal(hw_cors_headers_allowed(hw_fields_of(&field, 1)).length, sizeof names - 1);
    field.value.length++;
    assert_int_equal(hw_cors_headers_allowed(hw_fields_of(&field, 1)).length, 0);
}

HW_TEST(cors_origins_are_as_browsers_write_them)
{
    static const char *const good[] = {"https://example.org", "http://127.0.0.1:3000",
                                       "http://[::1]:9000", "moz-extension://a_b-c.d",
                                       "a+b.c1://x"};
    static const char *const bad[] = {"",
                                      "null",
                                      "*",
                                      "example.org",
                                      "https://",
                                      "https:/a",
                                      "https://example.org/",
                                      "https://Example.org",
                                      "HTTPS://example.org",
                                      "https://a b",
                                      "://a",
                                      "1a://b",
                                      "https://user@a",
                                      "https://a\r\nb",
                                      "a_b://c",
                                      "https",
                                      "https://a?b",
                                      "-a://b",
                                      "a{://b",
                                      "https://a{b"};
    for (size_t i = 0; i < ROWS(good); i++)
        if (!hw_cors_origin_is_valid(hw_text_of(good[i])))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < ROWS(bad); i++)
        if (hw_cors_origin_is_valid(hw_text_of(bad[i])))
            fail_msg("%s", bad[i]);
}

#include "http/forwarded.h"

#include "unit/http/http_harness.h"

#define FORWARDED(value)                                                                           \
    {                                                                                              \
        HW_TEXT_INIT("forwarded"), HW_TEXT_INIT(value), HW_FIELD_OTHER                             \
    }

#define PROTO(value)                                                                               \
    {                                                                                              \
        HW_TEXT_INIT("x-forwarded-proto"), HW_TEXT_INIT(value), HW_FIELD_OTHER                     \
    }

static const char *find_client(hw_fields fields, char string[HW_IP_STRING_MAX])
{
    hw_arena arena;
    hw_cidrs trusted;
    hw_text bad;
    const char *words;
    hw_ip peer = {{10, 0, 0, 1}, HW_IP_V4};
    hw_arena_init(&arena, 1024, 65536);
    int result =
        hw_cidrs_parse(HW_TEXT("10.0.0.0/8, fd00::/8, unix:"), &arena, &bad, &words, &trusted);
    hw_ip client = result == 0 ? hw_forwarded_client(fields, &trusted, peer) : peer;
    hw_arena_fini(&arena);
    HW_NEED_OK(result);
    return hw_ip_format(&client, string);
}

HW_TEST(forwarded_client_is_the_first_that_is_not_trusted)
{
    static const char *const rows[][2] = {
        {"1.2.3.4", "1.2.3.4"},
        {"9.9.9.9, 1.2.3.4", "1.2.3.4"},
        {"9.9.9.9, 1.2.3.4, 10.0.0.2", "1.2.3.4"},
        {"9.9.9.9 ,1.2.3.4,10.0.0.2, fd00::1", "1.2.3.4"},
        {"10.0.0.3, 10.0.0.2", "10.0.0.3"},
        {"", "10.0.0.1"},
        {", ,", "10.0.0.1"},
        {"x", "10.0.0.1"},
        {"1.2.3.4, x", "10.0.0.1"},
        {"1.2.3.4, x, 10.0.0.2", "10.0.0.2"},
        {"1.2.3.4, x, 10.0.0.2, 10.0.0.3", "10.0.0.2"},
        {"x, 1.2.3.4", "1.2.3.4"},
        {"\"x, 1.2.3.4", "1.2.3.4"},
        {"1.2.3.4:5678", "1.2.3.4"},
        {"1.2.3.4:", "10.0.0.1"},
        {"1.2.3.4:65536", "10.0.0.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:80", "2001:db8::1"},
        {"[2001:db8::1", "10.0.0.1"},
        {"[1.2.3.4]", "10.0.0.1"},
        {"[2001:db8::1]x", "10.0.0.1"},
        {"::ffff:1.2.3.4", "1.2.3.4"},
        {"1.2.3.4, ::ffff:10.0.0.9", "1.2.3.4"},
        {"1.2.3.4, unix:", "10.0.0.1"},
        {"unknown", "10.0.0.1"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char string[HW_IP_STRING_MAX];
        hw_field field = {HW_TEXT_INIT("X-Forwarded-For"), hw_text_of(rows[i][0]),
                          HW_FIELD_X_FORWARDED_FOR};
        assert_string_equal(find_client(hw_fields_of(&field, 1), string), rows[i][1]);
    }
}

HW_TEST(forwarded_elements_are_read_as_rfc_7239_has_them)
{
    static const char *const rows[][2] = {
        {"for=1.2.3.4", "1.2.3.4"},
        {"For=\"1.2.3.4\";proto=https;by=10.0.0.1", "1.2.3.4"},
        {"for=9.9.9.9, for=1.2.3.4, for=10.0.0.2", "1.2.3.4"},
        {"for=\"[2001:db8::1]\"", "2001:db8::1"},
        {"for=\"[2001:db8::1]:4711\"", "2001:db8::1"},
        {"for=\"1.2.3.4:4711\"", "1.2.3.4"},
        {"for=\"1.2.3.4:_x\"", "1.2.3.4"},
        {"for=\"1.2.3.4:_\"", "10.0.0.1"},
        {"for=\"1.2.3.4:_a.1_-Z\"", "1.2.3.4"},
        {"for=\"1.2.3.4:123456\"", "10.0.0.1"},
        {"for=\"unix:\"", "10.0.0.1"},
        {"for=\"[unix:]\"", "10.0.0.1"},
        {"for=\"", "10.0.0.1"},
        {"for=1.2.3.4;=x", "10.0.0.1"},
        {"for=1.2.3.4;a b=x", "10.0.0.1"},
        {"for=\"1.2.3.4:_x:1\"", "10.0.0.1"},
        {"for=unknown", "10.0.0.1"},
        {"for=_hidden", "10.0.0.1"},
        {"for=1.2.3.4, for=_hidden, for=10.0.0.2", "10.0.0.2"},
        {"for=1.2.3.4;for=9.9.9.9", "10.0.0.1"},
        {"proto=https", "10.0.0.1"},
        {"for=1.2.3.4, proto=https", "10.0.0.1"},
        {"1.2.3.4", "10.0.0.1"},
        {"for=2001:db8::1", "10.0.0.1"},
        {"for=\"2001:db8::1\"", "10.0.0.1"},
        {"for=\"x, for=1.2.3.4", "10.0.0.1"},
        {"for=\"9.9.9.9\", for=\", for=1.2.3.4", "10.0.0.1"},
        {"for=\"x, for=\"[2001:db8::1]\"", "10.0.0.1"},
        {"for=\"1\\.2.3.4\"", "10.0.0.1"},
        {"", "10.0.0.1"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char string[HW_IP_STRING_MAX];
        hw_field field = {HW_TEXT_INIT("Forwarded"), hw_text_of(rows[i][0]), HW_FIELD_OTHER};
        assert_string_equal(find_client(hw_fields_of(&field, 1), string), rows[i][1]);
    }
}

HW_TEST(forwarded_lines_are_one_list)
{
    char string[HW_IP_STRING_MAX];
    hw_fields fields = FIELDS(FIELD(X_FORWARDED_FOR, "9.9.9.9"), FIELD(HOST, "8.8.8.8"),
                              FIELD(X_FORWARDED_FOR, "1.2.3.4, 10.0.0.2"));
    assert_string_equal(find_client(fields, string), "1.2.3.4");
    assert_string_equal(find_client(NO_FIELDS, string), "10.0.0.1");
}

HW_TEST(forwarded_fields_that_disagree_are_not_believed)
{
    char string[HW_IP_STRING_MAX];
    hw_fields same = FIELDS(FIELD(X_FORWARDED_FOR, "9.9.9.9, 1.2.3.4"), FORWARDED("for=1.2.3.4"));
    assert_string_equal(find_client(same, string), "1.2.3.4");
    hw_fields other = FIELDS(FIELD(X_FORWARDED_FOR, "1.2.3.4"), FORWARDED("for=9.9.9.9"));
    assert_string_equal(find_client(other, string), "10.0.0.1");
    hw_fields broken = FIELDS(FIELD(X_FORWARDED_FOR, "1.2.3.4"), FORWARDED("x"));
    assert_string_equal(find_client(broken, string), "10.0.0.1");
}

/* What is said of the scheme; the connection itself is of the other one each time. */
static const char *find_scheme(hw_fields fields)
{
    hw_arena arena;
    hw_cidrs trusted;
    hw_text bad;
    const char *words;
    hw_arena_init(&arena, 1024, 65536);
    int result =
        hw_cidrs_parse(HW_TEXT("10.0.0.0/8, fd00::/8, unix:"), &arena, &bad, &words, &trusted);
    bool over_clear = result == 0 && hw_forwarded_is_secure(fields, &trusted, false);
    bool over_tls = result == 0 && hw_forwarded_is_secure(fields, &trusted, true);
    hw_arena_fini(&arena);
    HW_NEED_OK(result);
    return over_clear == over_tls ? (over_tls ? "https" : "http") : over_tls ? "own" : "wrong";
}

HW_TEST(forwarded_scheme_is_what_all_values_say)
{
    static const char *const rows[][2] = {
        {"https", "https"},
        {"http", "http"},
        {"HTTPS", "https"},
        {" https ", "https"},
        {"https,https", "https"},
        {"https, https , https", "https"},
        {"http, http", "http"},
        {"https,", "https"},
        {"https, http", "own"},
        {"http, https", "own"},
        {"https, ", "own"},
        {",https", "own"},
        {"https,,https", "own"},
        {"", "own"},
        {",", "own"},
        {"wss", "own"},
        {"https, wss", "own"},
        {"\"https\"", "own"},
        {"https;http", "own"},
        {"httpss", "own"},
        {"on", "own"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_field field = {HW_TEXT_INIT("X-Forwarded-Proto"), hw_text_of(rows[i][0]),
                          HW_FIELD_OTHER};
        assert_string_equal(find_scheme(hw_fields_of(&field, 1)), rows[i][1]);
    }
}

/* The last element was said by the proxy that asks here, the one before by whom it names if he is trusted. */
HW_TEST(forwarded_scheme_is_that_of_the_clients_element)
{
    static const char *const rows[][2] = {
        {"for=1.2.3.4;proto=https", "https"},
        {"proto=HTTPS;for=1.2.3.4", "https"},
        {"for=1.2.3.4;proto=\"https\"", "https"},
        {"for=1.2.3.4;proto=http", "http"},
        {"for=1.2.3.4;Proto=http", "http"},
        {"proto=https", "https"},
        {"for=unknown;proto=https", "https"},
        {"for=10.0.0.2;proto=https", "https"},
        {"for=1.2.3.4;proto=https, for=10.0.0.2;proto=http", "https"},
        {"for=1.2.3.4;proto=http, for=10.0.0.2;proto=https", "http"},
        {"for=9.9.9.9;proto=https, for=1.2.3.4;proto=http", "http"},
        {"proto=https, for=1.2.3.4;proto=http, for=10.0.0.2", "http"},
        {"for=1.2.3.4;proto=https, for=unknown;proto=http", "http"},
        {"for=1.2.3.4;proto=https, proto=http", "http"},
        {"proto=https, for=10.0.0.3, for=10.0.0.2", "https"},
        {"for=1.2.3.4, for=10.0.0.2;proto=https", "own"},
        {"for=1.2.3.4;proto=https, for=1.2.3.5", "own"},
        {"for=1.2.3.4", "own"},
        {"for=1.2.3.4;proto=https;proto=https", "own"},
        {"for=1.2.3.4;proto=wss", "own"},
        {"for=1.2.3.4;proto=", "own"},
        {"for=1.2.3.4;proto=\"", "own"},
        {"x", "own"},
        {"proto=https;=x", "own"},
        {"for=1.2.3.4;proto=https, \"x, for=10.0.0.2;proto=http", "own"},
        {"", "own"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_field field = {HW_TEXT_INIT("Forwarded"), hw_text_of(rows[i][0]), HW_FIELD_OTHER};
        assert_string_equal(find_scheme(hw_fields_of(&field, 1)), rows[i][1]);
    }
}

HW_TEST(forwarded_schemes_that_disagree_are_not_believed)
{
    assert_string_equal(find_scheme(NO_FIELDS), "own");
    assert_string_equal(find_scheme(FIELDS(PROTO("https"), FORWARDED("proto=https"))), "https");
    assert_string_equal(find_scheme(FIELDS(PROTO("http"), FORWARDED("proto=https"))), "own");
    assert_string_equal(find_scheme(FIELDS(PROTO("https"), FORWARDED("proto=http"))), "own");
    assert_string_equal(find_scheme(FIELDS(PROTO("https"), FORWARDED("for=1.2.3.4"))), "own");
    assert_string_equal(find_scheme(FIELDS(PROTO("x"), FORWARDED("proto=https"))), "own");
    assert_string_equal(find_scheme(FIELDS(PROTO("https"), PROTO("https"))), "https");
    assert_string_equal(find_scheme(FIELDS(PROTO("https"), PROTO("http"))), "own");
    assert_string_equal(find_scheme(FIELDS(FORWARDED("for=1.2.3.4;proto=https"),
                                           FORWARDED("for=10.0.0.2;proto=http"))),
                        "https");
}

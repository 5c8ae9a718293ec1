#include "unit/http/http_harness.h"

#include <string.h>

#include "http/cookie.h"

/* All pairs as <name=value>. */
static hw_text join_cookies(hw_fields fields, hw_buffer *joined)
{
    hw_cookies cookies;
    hw_text name, value;
    hw_buffer_clear(joined);
    hw_cookies_init(&cookies, fields);
    while (hw_cookies_next(&cookies, &name, &value))
        hw_buffer_put_format(joined, "<%.*s=%.*s>", HW_TEXT_ARGS(name), HW_TEXT_ARGS(value));
    assert_false(hw_cookies_next(&cookies, &name, &value));
    return hw_buffer_text(joined);
}

HW_TEST(cookies_are_pairs_and_the_rest_is_passed_over)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"a=b", "<a=b>"},
        {"a=b; c=d", "<a=b><c=d>"},
        {"a=b;c=d", "<a=b><c=d>"},
        {" a = b ;\t c=d ; ", "<a=b><c=d>"},
        {"a=b; a=c", "<a=b><a=c>"},
        {"a=", "<a=>"},
        {"a=b=c", "<a=b=c>"},
        {"a=\"b c\"", "<a=b c>"},
        {"a=\"\"", "<a=>"},
        {"a=\"", "<a=\">"},
        {"a=\"b", "<a=\"b>"},
        {"a=\"b;c=d\"", "<a=\"b><c=d\">"},
        {"a; =b; ; c=d", "<c=d>"},
        {"a b=c; d=e", "<d=e>"},
        {"a,b=c; d=e, f=g", "<d=e, f=g>"},
        {"__Host-a=%41", "<__Host-a=%41>"},
        {"a=\xc3\xa4", "<a=\xc3\xa4>"},
        {";;;", ""},
    };
    char memory[200];
    hw_buffer joined = HW_BUFFER_OVER(memory);
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_field field = {HW_TEXT_INIT("Cookie"), hw_text_of(rows[i][0]), HW_FIELD_COOKIE};
        assert_text(join_cookies(hw_fields_of(&field, 1), &joined), rows[i][1]);
    }
}

HW_TEST(cookies_of_all_fields_are_one_list)
{
    char memory[200];
    hw_buffer joined = HW_BUFFER_OVER(memory);
    hw_fields fields = FIELDS(FIELD(COOKIE, "a=1; b=2"), FIELD(HOST, "x=y"), FIELD(COOKIE, ""),
                              FIELD(COOKIE, "a=3"));
    assert_text(join_cookies(fields, &joined), "<a=1><b=2><a=3>");
    assert_text(join_cookies(NO_FIELDS, &joined), "");
    assert_text(join_cookies(FIELDS(FIELD(HOST, "x=y")), &joined), "");
}

HW_TEST(cookie_values_are_decoded_where_they_can_be)
{
    static const char *const rows[][2] = {
        {"", ""},         {"plain", "plain"},     {"a%20b", "a b"},
        {"100%", "100%"}, {"%zz%41", "%zz%41"},   {"%00", "%00"},
        {"a+b", "a+b"},   {"%c3%A4", "\xc3\xa4"},
    };
    hw_arena arena;
    hw_arena_init(&arena, 1024, 65536);
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_text value;
        if (!hw_cookie_decode(&arena, hw_text_of(rows[i][0]), &value))
            break;
        assert_text(value, rows[i][1]);
        assert_int_equal(value.at[value.length], '\0');
    }
    hw_arena_fini(&arena);
}

HW_TEST(cookie_values_come_back_whatever_they_hold)
{
    char all[255], memory[3 * sizeof all];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)(i + 1);
    hw_buffer encoded = HW_BUFFER_OVER(memory);
    hw_cookie_encode(&encoded, (hw_text){all, sizeof all});
    assert_false(encoded.overflow);
    for (size_t i = 0; i < encoded.length; i++)
        assert_null(strchr(" \t\",;\\!\x7f", encoded.at[i]));
    hw_arena arena;
    hw_text value;
    hw_arena_init(&arena, 1024, 65536);
    if (hw_cookie_decode(&arena, hw_buffer_text(&encoded), &value))
        assert_true(hw_text_equal(value, (hw_text){all, sizeof all}));
    hw_arena_fini(&arena);
}

static const hw_cookie usual = {
    .name = HW_TEXT_INIT("a"),
    .value = HW_TEXT_INIT("b"),
    .path = HW_TEXT_INIT("/"),
    .same_site = 'L',
    .is_secure = true,
    .is_http_only = true,
};

static void assert_set_cookie(hw_cookie cookie, const char *expected)
{
    char memory[400];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    assert_null(hw_cookie_problem(&cookie));
    hw_cookie_put(&buffer, &cookie);
    assert_text(hw_buffer_text(&buffer), expected);
    assert_true(buffer.length <= cookie.name.length + cookie.value.length + cookie.path.length +
                                     cookie.domain.length + HW_COOKIE_WORDS_MAX);
}

HW_TEST(cookie_is_written_with_its_attributes)
{
    hw_cookie cookie = usual;
    assert_set_cookie(cookie, "a=b; Path=/; Secure; HttpOnly; SameSite=Lax");
    cookie.is_http_only = cookie.is_secure = false;
    cookie.same_site = 'S';
    assert_set_cookie(cookie, "a=b; Path=/; SameSite=Strict");
    cookie = usual;
    cookie.max_age = INT64_MAX;
    cookie.domain = HW_TEXT("example.org");
    cookie.path = HW_TEXT("/x");
    cookie.same_site = 'N';
    assert_set_cookie(cookie, "a=b; Path=/x; Domain=example.org; Max-Age=9223372036854775807; "
                              "Secure; HttpOnly; SameSite=None");
    cookie = usual;
    cookie.is_deleted = true;
    cookie.domain = HW_TEXT("example.org");
    cookie.same_site = 'S';
    assert_set_cookie(cookie, "a=; Path=/; Domain=example.org; Max-Age=0; Expires=Thu, 01 Jan 1970 "
                              "00:00:00 GMT; Secure; HttpOnly; SameSite=Strict");
}

HW_TEST(cookie_that_a_browser_would_drop_is_a_problem)
{
    static char long_value[HW_COOKIE_BYTES_MAX + 1];
    hw_cookie rows[20];
    size_t count = 0;
#define WITH(member, ...) rows[count] = usual, rows[count++].member = __VA_ARGS__
    memset(long_value, 'x', sizeof long_value);
    WITH(name, HW_TEXT(""));
    WITH(name, HW_TEXT("a b"));
    WITH(name, HW_TEXT("a=b"));
    WITH(path, HW_TEXT(""));
    WITH(path, HW_TEXT("x"));
    WITH(path, HW_TEXT("/;Domain=evil"));
    WITH(path, HW_TEXT("/\r\n"));
    WITH(path, HW_TEXT("/\x7f"));
    WITH(path, HW_TEXT("/a "));
    WITH(domain, HW_TEXT("a;b"));
    WITH(domain, HW_TEXT("a_b"));
    WITH(max_age, -1);
    WITH(same_site, 'l');
    WITH(value, (hw_text){long_value, HW_COOKIE_BYTES_MAX});
    WITH(same_site, 'N'), rows[count - 1].is_secure = false;
    WITH(name, HW_TEXT("__secure-a")), rows[count - 1].is_secure = false;
    WITH(name, HW_TEXT("__Host-a")), rows[count - 1].is_secure = false;
    WITH(name, HW_TEXT("__Host-a")), rows[count - 1].path = HW_TEXT("/x");
    WITH(name, HW_TEXT("__HOST-a")), rows[count - 1].domain = HW_TEXT("a.org");
#undef WITH
    for (size_t i = 0; i < count; i++)
        if (!hw_cookie_problem(&rows[i]))
            fail_msg("row %zu has no problem", i);
    hw_cookie longest = usual;
    longest.value = (hw_text){long_value, HW_COOKIE_BYTES_MAX - 1};
    assert_null(hw_cookie_problem(&longest));
    hw_cookie host = usual;
    host.name = HW_TEXT("__Host-a");
    assert_null(hw_cookie_problem(&host));
    host.name = HW_TEXT("__Secure-a");
    assert_null(hw_cookie_problem(&host));
    host.name = HW_TEXT("longer-than-any-prefix");
    host.domain = HW_TEXT("a-1.example.org");
    assert_null(hw_cookie_problem(&host));
}

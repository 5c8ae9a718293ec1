#include "unit/http/http_harness.h"

#include "http/target.h"
#include "http/uri.h"

HW_TEST(target_forms_are_taken_apart)
{
    static const struct {
        hw_method method;
        hw_target_form form;
        const char *raw;
        const char *scheme, *authority, *path, *query; /* query NULL: there is none */
    } rows[] = {
        {HW_METHOD_GET, HW_TARGET_ORIGIN, "/", "", "", "/", NULL},
        {HW_METHOD_GET, HW_TARGET_ORIGIN, "/a/b?c=d&e", "", "", "/a/b", "c=d&e"},
        {HW_METHOD_GET, HW_TARGET_ORIGIN, "/a?", "", "", "/a", ""},
        {HW_METHOD_GET, HW_TARGET_ORIGIN, "/a?b?c/d", "", "", "/a", "b?c/d"},
        {HW_METHOD_GET, HW_TARGET_ORIGIN, "//h/x", "", "", "//h/x", NULL},
        {HW_METHOD_OPTIONS, HW_TARGET_ASTERISK, "*", "", "", "", NULL},
        {HW_METHOD_OPTIONS, HW_TARGET_ORIGIN, "/*", "", "", "/*", NULL},
        {HW_METHOD_GET, HW_TARGET_ABSOLUTE, "http://localhost/a?b", "http", "localhost", "/a", "b"},
        {HW_METHOD_GET, HW_TARGET_ABSOLUTE, "http://localhost", "http", "localhost", "/", NULL},
        {HW_METHOD_GET, HW_TARGET_ABSOLUTE, "http://h?a=b", "http", "h", "/", "a=b"},
        {HW_METHOD_GET, HW_TARGET_ABSOLUTE, "HTTPS://[::1]:8443/", "HTTPS", "[::1]:8443", "/",
         NULL},
        {HW_METHOD_POST, HW_TARGET_ABSOLUTE, "http://h:/", "http", "h:", "/", NULL},
        {HW_METHOD_CONNECT, HW_TARGET_AUTHORITY, "h:80", "", "h:80", "", NULL},
        {HW_METHOD_CONNECT, HW_TARGET_AUTHORITY, "[::1]:443", "", "[::1]:443", "", NULL},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_target target;
        const hw_problem *problem =
            hw_target_parse(hw_text_of(rows[i].raw), rows[i].method, &target);
        assert_null(problem);
        assert_int_equal(target.form, rows[i].form);
        assert_text(target.scheme, rows[i].scheme);
        assert_text(target.authority, rows[i].authority);
        assert_text(target.path, rows[i].path);
        assert_text(target.query, rows[i].query);
        assert_int_equal(target.has_query, rows[i].query != NULL);
    }
}

HW_TEST(target_that_is_none_is_refused)
{
    static const struct {
        hw_method method;
        const char *raw;
    } rows[] = {
        {HW_METHOD_GET, ""},
        {HW_METHOD_GET, "*"},
        {HW_METHOD_OTHER, "*"},
        {HW_METHOD_OPTIONS, "**"},
        {HW_METHOD_GET, "hello.txt"},
        {HW_METHOD_GET, "?a"},
        {HW_METHOD_GET, "localhost:80"},
        {HW_METHOD_GET, "ftp://localhost/"},
        {HW_METHOD_GET, "httpx://localhost/"},
        {HW_METHOD_GET, "http:/localhost/"},
        {HW_METHOD_GET, "http:localhost"},
        {HW_METHOD_GET, "http://"},
        {HW_METHOD_GET, "http:///a"},
        {HW_METHOD_GET, "http://?a"},
        {HW_METHOD_GET, "http://:80/"},
        {HW_METHOD_GET, "http://localhost:x1/"},
        {HW_METHOD_GET, "http://[::1/"},
        {HW_METHOD_GET, "http://user@localhost/"},
        {HW_METHOD_GET, "http://user:secret@localhost/"},
        {HW_METHOD_GET, "http://h#f"},
        {HW_METHOD_GET, "http://h\\@other/"},
        {HW_METHOD_GET, "://h/"},
        {HW_METHOD_CONNECT, "/"},
        {HW_METHOD_CONNECT, "localhost"},
        {HW_METHOD_CONNECT, "localhost:"},
        {HW_METHOD_CONNECT, "http://localhost:80/"},
        {HW_METHOD_CONNECT, "localhost:80/"},
        {HW_METHOD_CONNECT, "*"},
        {HW_METHOD_GET, "/%"},
        {HW_METHOD_GET, "/%4"},
        {HW_METHOD_GET, "/%zz"},
        {HW_METHOD_GET, "/a?%"},
        {HW_METHOD_GET, "/a?%4x"},
        {HW_METHOD_GET, "http://h/%"},
        {HW_METHOD_GET, "/a#b"},
        {HW_METHOD_GET, "/a?b#c"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_target target;
        const hw_problem *problem =
            hw_target_parse(hw_text_of(rows[i].raw), rows[i].method, &target);
        if (!problem)
            fail_msg("\"%s\" passes", rows[i].raw);
        else
            assert_int_equal(problem->status, 400);
    }
}

HW_TEST(target_refuses_each_byte_that_must_be_encoded)
{
    for (int byte = 0; byte < 256; byte++) {
        bool is_allowed = byte < 128 && byte > ' ' && byte != 0x7f && byte != '"' && byte != '#' &&
                          byte != '%' && byte != '<' && byte != '>' && byte != '[' &&
                          byte != '\\' && byte != ']' && byte != '^' && byte != '`' &&
                          byte != '{' && byte != '|' && byte != '}';
        const char path[] = {'/', 'a', (char)byte, 'b'}, query[] = {'/', '?', (char)byte};
        hw_target target;
        assert_int_equal(!hw_target_parse((hw_text){path, 4}, HW_METHOD_GET, &target), is_allowed);
        assert_int_equal(!hw_target_parse((hw_text){query, 3}, HW_METHOD_GET, &target), is_allowed);
    }
}

HW_TEST(target_that_is_none_writes_nothing)
{
    hw_target target = {.path = HW_TEXT_INIT("before")};
    assert_non_null(hw_target_parse(HW_TEXT("/a b"), HW_METHOD_GET, &target));
    assert_text(target.path, "before");
}

/* Runs and what is looked at byte by byte: path and query are what they are made of. */
HW_TEST(target_is_made_of_its_characters)
{
    static const char letters[] = "aaaaaaaa/b-.1&=;@~??%4#\\";
    uint32_t random = 1;
    for (int round = 0; round < 50000; round++) {
        char bytes[60] = "/";
        random = random * 1664525 + 1013904223;
        size_t length = 1 + (random >> 8) % (sizeof bytes - 1);
        size_t kinds = sizeof letters - 1 - (random >> 20) % 6;
        for (size_t i = 1; i < length; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = letters[(random >> 9) % kinds];
        }
        hw_text raw = {bytes, length}, path = hw_text_upto(raw, hw_text_find(raw, '?'));
        hw_text query = hw_text_from(raw, path.length + 1);
        bool is_valid =
            hw_uri_is_made_of(path, HW_URI_PATH) && hw_uri_is_made_of(query, HW_URI_QUERY);
        hw_target target;
        assert_int_equal(!hw_target_parse(raw, HW_METHOD_GET, &target), is_valid);
        if (!is_valid)
            continue;
        assert_true(hw_text_equal(target.path, path) && hw_text_equal(target.query, query));
        assert_int_equal(target.has_query, path.length < length);
    }
}

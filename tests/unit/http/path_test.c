#include "unit/http/http_harness.h"

#include <string.h>

#include "http/path.h"

HW_TEST(path_has_one_canonical_reading)
{
    static const struct {
        const char *raw, *decoded;
    } rows[] = {
        {"/", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"/a/b/c", "/a/b/c"},
        {"/%68ello%2etxt", "/hello.txt"},
        {"/a%20b.txt", "/a b.txt"},
        {"/a+b", "/a+b"},
        {"/caf%C3%A9", "/caf\xc3\xa9"},
        {"/%ff", "/\xff"},
        {"/%25", "/%"},
        {"/%2541", "/%41"}, /* decoded once */
        {"/a%5Cb", "/a\\b"},
        {"/a;b=c,d", "/a;b=c,d"},
        {"/.", "/"},
        {"/./", "/"},
        {"/./a", "/a"},
        {"/a/.", "/a/"},
        {"/a/./b", "/a/b"},
        {"/a/..", "/"},
        {"/a/../", "/"},
        {"/a/../b", "/b"},
        {"/a/b/..", "/a/"},
        {"/a/b/../", "/a/"},
        {"/a/b/../../c", "/c"},
        {"/a/b/../../c/", "/c/"},
        {"/a/%2e%2e/b", "/b"},
        {"/a/.%2E/b", "/b"},
        {"/a/%2e/b", "/a/b"},
        {"/...", "/..."},
        {"/..a", "/..a"},
        {"/a..", "/a.."},
        {"/.well-known/x", "/.well-known/x"},
        {"/a/....", "/a/...."},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[64];
        hw_buffer out = HW_BUFFER_OVER(memory);
        hw_path path;
        assert_null(hw_path_decode(hw_text_of(rows[i].raw), &out, &path));
        assert_text(path.text, rows[i].decoded);
        assert_int_equal(path.text.at[path.text.length], '\0');
    }
}

HW_TEST(path_with_two_readings_is_refused)
{
    static const char *const rows[] = {
        "",
        "a",
        "*",
        "?",
        "/..",
        "/../",
        "/../a",
        "/a/../..",
        "/a/../../b",
        "/%2e%2e",
        "/.%2e/",
        "/%2E./a",
        "/./..",
        "//",
        "//a",
        "/a//b",
        "/a//",
        "/a/..//b",
        "//../a",
        "/.//",
        "//localhost.example/%2e%2e",
        "/....//....//etc",
        "/%2f",
        "/a%2Fb",
        "/..%2f",
        "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/%00",
        "/a%00.html",
        "/.%00./",
        "/%0d%0aX:%201",
        "/%1b",
        "/%7f",
        "/%09",
        "/%",
        "/%4",
        "/%zz",
        "/a%",
        "/%u0041",
        "/a b",
        "/a?b",
        "/a#b",
        "/a\\b",
        "/caf\xc3\xa9",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[64];
        hw_buffer out = HW_BUFFER_OVER(memory);
        hw_path path = {HW_TEXT_INIT("before")};
        const hw_problem *problem = hw_path_decode(hw_text_of(rows[i]), &out, &path);
        if (!problem)
            fail_msg("\"%s\" passes", rows[i]);
        else
            assert_int_equal(problem->status, 400);
        assert_text(path.text, "before");
        assert_int_equal(out.length, 0);
    }
}

HW_TEST(path_refuses_every_encoded_control)
{
    static const char digits[] = "0123456789abcdef";
    for (int byte = 0; byte < 256; byte++) {
        const char raw[] = {'/', '%', digits[byte >> 4], digits[byte & 15], 'x'};
        char memory[8];
        hw_buffer out = HW_BUFFER_OVER(memory);
        hw_path path;
        bool is_fine = !hw_path_decode((hw_text){raw, sizeof(raw)}, &out, &path);
        assert_int_equal(is_fine, byte >= ' ' && byte != 0x7f && byte != '/');
    }
}

HW_TEST(path_is_appended_and_needs_its_own_bytes_and_two)
{
    char memory[8] = "";
    hw_path path;
    for (size_t room = 0; room < 6; room++) {
        hw_buffer out = hw_buffer_over(memory, room);
        const hw_problem *problem = hw_path_decode(HW_TEXT("/abc"), &out, &path);
        assert_int_equal(problem ? problem->status : 0, room < 5 ? 414 : 0);
    }
    hw_buffer out = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&out, "x/y");
    assert_null(hw_path_decode(HW_TEXT("/b/.."), &out, &path));
    assert_text(hw_buffer_text(&out), "x/y/");
    assert_text(path.text, "/");
    assert_non_null(hw_path_decode(HW_TEXT("/.."), &out, &path)); /* does not climb into "x/y/" */
    assert_text(hw_buffer_text(&out), "x/y/");
}

HW_TEST(path_is_not_written_behind_what_did_not_fit)
{
    char memory[20];
    hw_path path;
    hw_buffer out = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&out, "this is longer than that");
    assert_int_equal(hw_path_decode(HW_TEXT("/a"), &out, &path)->status, 414);
}

HW_TEST(path_too_long_is_414_even_in_the_middle)
{
    char memory[6];
    hw_path path;
    static const char *const rows[] = {"/abcdefgh/..", "/abc/defgh/../..", "/abcd/e", "/abcde"};
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_buffer out = HW_BUFFER_OVER(memory);
        const hw_problem *problem = hw_path_decode(hw_text_of(rows[i]), &out, &path);
        assert_non_null(problem);
        assert_int_equal(problem->status, 414);
    }
}

HW_TEST(path_encodes_what_a_uri_cannot_hold)
{
    static const struct {
        const char *decoded, *encoded;
    } rows[] = {
        {"/", "/"},
        {"/a b", "/a%20b"},
        {"/a\"<>\\^`{|}#?%b", "/a%22%3C%3E%5C%5E%60%7B%7C%7D%23%3F%25b"},
        {"/caf\xc3\xa9/", "/caf%C3%A9/"},
        {"/a:b@c!$&'()*+,;=-._~", "/a:b@c!$&'()*+,;=-._~"},
        {"/\r\n", "/%0D%0A"},
        {"/[1]", "/%5B1%5D"},
        {"//evil.example/", "/.//evil.example/"},
        {"a/b", "a/b"},
        {"", ""},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[64];
        hw_buffer out = HW_BUFFER_OVER(memory);
        hw_path_encode(&out, hw_text_of(rows[i].decoded));
        assert_text(hw_buffer_text(&out), rows[i].encoded);
    }
}

HW_TEST(path_comes_back_after_encoding)
{
    char decoded[300], encoded[1000], again[300];
    hw_path path;
    hw_buffer first = HW_BUFFER_OVER(decoded), second = HW_BUFFER_OVER(encoded),
              third = HW_BUFFER_OVER(again);
    hw_buffer_put_char(&first, '/');
    for (int byte = ' '; byte < 256; byte++)
        if (byte != 0x7f && byte != '/')
            hw_buffer_put_char(&first, (char)byte);
    hw_path_encode(&second, hw_buffer_text(&first));
    assert_false(second.overflow);
    assert_null(hw_path_decode(hw_buffer_text(&second), &third, &path));
    assert_true(hw_text_equal(path.text, hw_buffer_text(&first)));
}

HW_TEST(path_segments_are_walked)
{
    static const struct {
        const char *path, *segments;
        bool is_folder;
    } rows[] = {
        {"/", "", true},           {"/a", "<a>", false},           {"/a/", "<a>", true},
        {"/a/b", "<a><b>", false}, {"/a/b/c/", "<a><b><c>", true},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[64];
        hw_buffer joined = HW_BUFFER_OVER(memory);
        hw_path path = {hw_text_of(rows[i].path)};
        hw_cursor cursor = hw_cursor_of(path.text);
        hw_text segment;
        while (hw_path_next_segment(&cursor, &segment))
            hw_buffer_put_format(&joined, "<%.*s>", HW_TEXT_ARGS(segment));
        assert_text(hw_buffer_text(&joined), rows[i].segments);
        assert_int_equal(hw_path_is_folder(path), rows[i].is_folder);
    }
}

/* Paths that are copied as they are, and all others: with a letter encoded they are read segment by
 * segment, and must say the same. */
HW_TEST(path_is_the_same_however_it_is_read)
{
    static const char letters[] = "aaaaab-_1///..~@=\\?";
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        char raw[60] = "/", encoded[64] = "/", one[64], other[64];
        random = random * 1664525 + 1013904223;
        size_t length = 2 + (random >> 8) % (sizeof raw - 2),
               letter = 1 + (random >> 16) % (length - 1);
        for (size_t i = 1; i < length; i++) {
            random = random * 1664525 + 1013904223;
            raw[i] = i == letter ? 'a' : letters[(random >> 9) % (sizeof letters - 1)];
        }
        memcpy(encoded, raw, letter);
        memcpy(encoded + letter, "%61", 3);
        memcpy(encoded + letter + 3, raw + letter + 1, length - letter - 1);
        hw_buffer one_buffer = HW_BUFFER_OVER(one), other_buffer = HW_BUFFER_OVER(other);
        hw_path one_path = {0}, other_path = {0};
        const hw_problem *problem = hw_path_decode((hw_text){raw, length}, &one_buffer, &one_path);
        assert_ptr_equal(hw_path_decode((hw_text){encoded, length + 2}, &other_buffer, &other_path),
                         problem);
        assert_true(hw_text_equal(one_path.text, other_path.text));
        assert_true(problem || !one_path.text.at[one_path.text.length]);
        assert_int_equal(one_buffer.length, other_buffer.length);
    }
}

HW_TEST(path_that_needs_no_decoding_needs_its_room)
{
    char memory[8];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_path path;
    assert_null(hw_path_decode(HW_TEXT("/123456"), &buffer, &path));
    assert_text(path.text, "/123456");
    hw_buffer_clear(&buffer);
    assert_non_null(hw_path_decode(HW_TEXT("/1234567"), &buffer, &path));
    assert_int_equal(buffer.length, 0);
}

#include "unit/http/http_harness.h"

#include "http/authority.h"

HW_TEST(authority_splits_into_host_and_port)
{
    static const struct {
        const char *authority, *host, *port;
    } rows[] = {
        {"localhost", "localhost", ""},
        {"LOCALHOST", "LOCALHOST", ""},
        {"localhost.", "localhost.", ""},
        {"localhost:", "localhost", ""},
        {"localhost:80", "localhost", "80"},
        {"localhost:65535", "localhost", "65535"},
        {"h:0", "h", "0"},
        {"h:00080", "h", "00080"},
        {"my_host", "my_host", ""},
        {"%6cocalhost", "%6cocalhost", ""},
        {"a,b;c=d", "a,b;c=d", ""},
        {"127.0.0.1:9000", "127.0.0.1", "9000"},
        {"999.0.0.1", "999.0.0.1", ""},
        {"[::1]", "[::1]", ""},
        {"[::1]:8080", "[::1]", "8080"},
        {"[::]:", "[::]", ""},
        {"[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]", ""},
        {"[1::]", "[1::]", ""},
        {"[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7::]", ""},
        {"[::2:3:4:5:6:7:8]", "[::2:3:4:5:6:7:8]", ""},
        {"[fe80::ABCD:abcd]", "[fe80::ABCD:abcd]", ""},
        {"[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", ""},
        {"[::ffff:10.20.130.4]", "[::ffff:10.20.130.4]", ""},
        {"[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]", ""},
        {"[v1.a:b]", "[v1.a:b]", ""},
        {"[Vf.~]:1", "[Vf.~]", "1"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_text host, port;
        assert_true(hw_authority_split(hw_text_of(rows[i].authority), &host, &port));
        assert_text(host, rows[i].host);
        assert_text(port, rows[i].port);
        assert_true(hw_authority_is_valid(hw_text_of(rows[i].authority)));
    }
}

static const char *const no_authorities[] = {
    "",
    ":80",
    "a b",
    "u@h",
    "u:p@h",
    "a?b",
    "a#b",
    "<h>",
    "a\\b",
    "h:x",
    "h:-1",
    "h:80x",
    "h:+80",
    "h:65536",
    "h:99999999999999999999",
    "::1",
    "a:b:c",
    "[::1",
    "::1]",
    "[zz]",
    "[]",
    "[::1]x",
    "[::1]:x",
    "[::1] ",
    "a\"b",
    "a^b",
    "a|b",
    "http://h",
    "h/",
    "[1]",
    "[1:2:3:4:5:6:7]",
    "[1:2:3:4:5:6:7:8:9]",
    "[1::2::3]",
    "[:::]",
    "[:1]",
    "[1:]",
    "[1::2:]",
    "[12345::]",
    "[1:2:3:4:5:6:7:8::]",
    "[::1.2.3]",
    "[::1.2.3.4.5]",
    "[::01.2.3.4]",
    "[::1.2.3.04]",
    "[::256.1.1.1]",
    "[1.2.3.4]",
    "[1:2:3:4:5:6:7:1.2.3.4]",
    "[::1.2.3.4:5]",
    "[fe80::1%25eth0]",
    "[v.a]",
    "[v1.]",
    "[v1]",
    "[vg.a]",
    "[v1.a/b]",
    "[v1./]",
    "%",
    "%4",
    "%zz",
    "caf\xc3\xa9",
};

HW_TEST(authority_that_is_none_is_refused)
{
    for (size_t i = 0; i < ROWS(no_authorities); i++)
        if (hw_authority_is_valid(hw_text_of(no_authorities[i])))
            fail_msg("\"%s\" passes", no_authorities[i]);
    assert_false(hw_authority_is_valid(HW_TEXT("a\0b")));
}

HW_TEST(authority_that_is_none_writes_nothing)
{
    hw_text host = HW_TEXT("h"), port = HW_TEXT("p");
    assert_false(hw_authority_split(HW_TEXT("a:b"), &host, &port));
    assert_text(host, "h");
    assert_text(port, "p");
}

/* What is quickly told to be valid, and what is split for it. */
HW_TEST(authority_is_valid_when_it_can_be_split)
{
    static const char letters[] = "aaab.-19:%]@_~/6";
    uint32_t random = 1;
    for (int round = 0; round < 50000; round++) {
        char bytes[40];
        hw_text host, port;
        random = random * 1664525 + 1013904223;
        size_t length = (random >> 8) % sizeof bytes, colon = (random >> 16) % sizeof bytes;
        for (size_t i = 0; i < length; i++) {
            random = random * 1664525 + 1013904223;
            /* Half of them: letters, a colon, digits. */
            bytes[i] = round % 2   ? letters[(random >> 9) % (sizeof letters - 1)]
                       : i < colon ? letters[(random >> 9) % 6]
                       : i > colon ? (char)('0' + (random >> 9) % 10)
                                   : ':';
        }
        hw_text authority = {bytes, length};
        assert_int_equal(hw_authority_is_valid(authority),
                         hw_authority_split(authority, &host, &port));
    }
    assert_true(hw_authority_is_valid(HW_TEXT("a:65535")));
    assert_true(hw_authority_is_valid(HW_TEXT("a:")));
    assert_false(hw_authority_is_valid(HW_TEXT("a:65536")));
    assert_false(hw_authority_is_valid(HW_TEXT(":80")));
    assert_false(hw_authority_is_valid((hw_text){NULL, 0}));
}

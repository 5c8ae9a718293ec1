#include "unit/http/http_harness.h"

#include <errno.h>

#include "http/cidr.h"

HW_TEST(ip_has_one_form)
{
    static const char *const rows[][2] = {
        {"1.2.3.4", "1.2.3.4"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::1", "::1"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"2001:DB8::00A", "2001:db8::a"},
        {"::", "::"},
        {"::ffff:1.2.3.4", "1.2.3.4"},
        {"::FFFF:102:304", "1.2.3.4"},
        {"unix:", "unix:"},
        {"::1.2.3.4", "::1.2.3.4"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char string[HW_IP_STRING_MAX];
        hw_ip ip;
        assert_true(hw_ip_parse(hw_text_of(rows[i][0]), &ip));
        assert_string_equal(hw_ip_format(&ip, string), rows[i][1]);
    }
    const hw_ip none = {{0}, HW_IP_NONE};
    char string[HW_IP_STRING_MAX];
    assert_string_equal(hw_ip_format(&none, string), "");
}

HW_TEST(ip_is_nothing_else)
{
    static const char *const rows[] = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "0x1.2.3.4",
        "1.2.3.4:80",
        "[::1]",
        ":::",
        "::1%eth0",
        "12345::",
        "1:2:3:4:5:6:7:8:9",
        "localhost",
        "unix",
        "unix:/run/x",
        "memory:",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
    };
    hw_ip ip;
    for (size_t i = 0; i < ROWS(rows); i++)
        if (hw_ip_parse(hw_text_of(rows[i]), &ip))
            fail_msg("\"%s\" is no address", rows[i]);
    assert_false(hw_ip_parse((hw_text){"1.2.3.4\0", 8}, &ip));
}

HW_TEST(cidr_has_what_shares_its_bits)
{
    static const struct {
        const char *cidr, *inside, *outside;
    } rows[] = {
        {"10.0.0.0/8", "10.255.1.2", "11.0.0.0"},
        {"10.1.2.3", "10.1.2.3", "10.1.2.4"},
        {"0.0.0.0/0", "200.1.1.1", "::1"},
        {"10.0.0.128/25", "10.0.0.129", "10.0.0.127"},
        {"10.1.2.3/32", "10.1.2.3", "10.1.2.2"},
        {"::/0", "2001:db8::1", "10.0.0.1"},
        {"fe80::/10", "febf::1", "fec0::1"},
        {"::1", "::1", "::2"},
        {"2001:db8::/127", "2001:db8::1", "2001:db8::2"},
        {"unix:", "unix:", "127.0.0.1"},
        {"::ffff:10.0.0.0/104", "10.9.9.9", "::ffff"},
        {"10.0.0.0/7", "11.0.0.1", "12.0.0.1"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_cidr cidr;
        hw_ip inside, outside;
        assert_null(hw_cidr_parse(hw_text_of(rows[i].cidr), &cidr));
        assert_true(hw_ip_parse(hw_text_of(rows[i].inside), &inside));
        assert_true(hw_ip_parse(hw_text_of(rows[i].outside), &outside));
        if (!hw_cidr_has(&cidr, &inside) || hw_cidr_has(&cidr, &outside))
            fail_msg("%s", rows[i].cidr);
    }
}

HW_TEST(cidr_is_refused_in_words)
{
    static const char *const rows[][2] = {
        {"10.0.0.0/33", "must have 0 to 32 bits behind the slash"},
        {"10.0.0.0/", "must have 0 to 32 bits behind the slash"},
        {"10.0.0.0/08", "must have 0 to 32 bits behind the slash"},
        {"10.0.0.0/8/8", "must have 0 to 32 bits behind the slash"},
        {"::/129", "must have 0 to 128 bits behind the slash"},
        {"unix:/0", "has no bits"},
        {"10.1.0.0/8", "has bits set behind those that its length counts"},
        {"::1/127", "has bits set behind those that its length counts"},
        {"localhost", "is not an IP address, a range as in 10.0.0.0/8, or unix:"},
        {"/8", "is not an IP address, a range as in 10.0.0.0/8, or unix:"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_cidr cidr;
        assert_string_equal(hw_cidr_parse(hw_text_of(rows[i][0]), &cidr), rows[i][1]);
    }
}

HW_TEST(cidrs_are_a_list)
{
    hw_arena arena;
    hw_cidrs cidrs = {0};
    hw_text bad;
    const char *words;
    hw_ip ip;
    hw_arena_init(&arena, 1024, 65536);
    int result = hw_cidrs_parse(HW_TEXT(" 10.0.0.0/8,, ::1 ,unix: "), &arena, &bad, &words, &cidrs);
    if (result == 0) {
        assert_int_equal(cidrs.count, 3);
        assert_true(hw_ip_parse(HW_TEXT("::1"), &ip) && hw_cidrs_have(&cidrs, &ip));
        assert_true(hw_ip_parse(HW_TEXT("unix:"), &ip) && hw_cidrs_have(&cidrs, &ip));
        assert_true(hw_ip_parse(HW_TEXT("11.0.0.0"), &ip) && !hw_cidrs_have(&cidrs, &ip));
        result = hw_cidrs_parse(HW_TEXT(""), &arena, &bad, &words, &cidrs);
    }
    if (result == 0) {
        assert_int_equal(cidrs.count, 0);
        result = hw_cidrs_parse(HW_TEXT("::1, x ,y"), &arena, &bad, &words, &cidrs);
    }
    if (result == -EINVAL)
        assert_text(bad, "x");
    assert_true(result == -EINVAL || result == -ENOMEM);
    hw_arena_fini(&arena);
}

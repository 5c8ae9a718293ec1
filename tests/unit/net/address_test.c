#include "net/address.h"

#include "seam/seam.h"
#include "unit/http/http_harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

HW_TEST(address_is_read_and_written)
{
    static const struct {
        const char *text, *formatted, *host;
    } rows[] = {
        {"9000", "127.0.0.1:9000", "127.0.0.1"},
        {"0", "127.0.0.1:0", "127.0.0.1"},
        {"65535", "127.0.0.1:65535", "127.0.0.1"},
        {"localhost:80", "127.0.0.1:80", "127.0.0.1"},
        {"LocalHost:80", "127.0.0.1:80", "127.0.0.1"},
        {"1.2.3.4:80", "1.2.3.4:80", "1.2.3.4"},
        {"0.0.0.0:1", "0.0.0.0:1", "0.0.0.0"},
        {"[::1]:9000", "[::1]:9000", "::1"},
        {"[::]:9000", "[::]:9000", "::"},
        {"[2001:DB8:0:0::1]:1", "[2001:db8::1]:1", "2001:db8::1"},
        {"unix:/run/x", "unix:/run/x", "unix:"},
        {"unix:x:80", "unix:x:80", "unix:"},
    };
    char string[HW_ADDRESS_STRING_MAX], host[HW_PEER_STRING_MAX];
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_address address;
        hw_fault fault = {0};
        if (hw_address_parse(hw_text_of(rows[i].text), &fault, &address) != 0)
            fail_msg("%s: %s", rows[i].text, fault.what);
        assert_int_equal(address.fd, -1);
        assert_int_equal(fault.error, 0);
        assert_string_equal(hw_address_format(&address.storage, address.length, string),
                            rows[i].formatted);
        const hw_peer peer = hw_peer_of(&address.storage);
        assert_string_equal(hw_peer_format(&peer, host), rows[i].host);
    }
}

HW_TEST(address_that_is_none_is_refused)
{
    static const char *const rows[] = {
        "",
        ":",
        "port",
        "-1",
        "65536",
        "99999999999999999999",
        "80 ",
        " 80",
        "+80",
        "0x50",
        "1.2.3.4",
        "1.2.3.4:",
        "1.2.3:80",
        "1.2.3.4.5:1",
        "1.2.3.4:a",
        "::1",
        "::1:80",
        "[::1]",
        "[::1]:",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[1.2.3.4]:80",
        "host:80",
        "localhost:",
        "localhost",
        "[localhost]:80",
        "1.2.3.4:65536",
        "unix:",
        "fd:",
        "fd:-1",
        "fd:3x",
        "fd:4294967296",
        "http://1.2.3.4:80",
        "[::g]:80",
        "[fe80::1%lo]:80",
        "256.1.1.1:80",
        "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd]:80",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_address address = {.fd = 77};
        hw_fault fault = {0};
        if (hw_address_parse(hw_text_of(rows[i]), &fault, &address) != -EINVAL)
            fail_msg("\"%s\" is taken", rows[i]);
        assert_int_equal(fault.error, EINVAL);
        assert_string_equal(fault.where, rows[i]);
        assert_true(strlen(fault.what) > 0);
        assert_int_equal(address.fd, 77);
        assert_int_equal(hw_address_parse(hw_text_of(rows[i]), NULL, &address), -EINVAL);
    }
}

HW_TEST(address_with_a_nul_in_it_is_refused)
{
    hw_address address;
    static const hw_text rows[] = {HW_TEXT_INIT("1.2.3.4\0:80"), HW_TEXT_INIT("unix:/a\0b"),
                                   HW_TEXT_INIT("unix:\0abstract"), HW_TEXT_INIT("80\0")};
    for (size_t i = 0; i < ROWS(rows); i++)
        if (hw_address_parse(rows[i], NULL, &address) != -EINVAL)
            fail_msg("row %zu is taken", i);
}

HW_TEST(address_of_all_interfaces)
{
    hw_address address;
    char string[HW_ADDRESS_STRING_MAX];
    assert_int_equal(hw_address_parse(HW_TEXT(":80"), NULL, &address), 0);
    hw_address_format(&address.storage, address.length, string);
    if (strcmp(string, "[::]:80") != 0)
        assert_string_equal(string, "0.0.0.0:80");
}

HW_TEST(address_of_all_interfaces_without_ipv6)
{
    hw_address address;
    char string[HW_ADDRESS_STRING_MAX];
    hw_seam_fail("socket", 1, EAFNOSUPPORT);
    assert_int_equal(hw_address_parse(HW_TEXT(":80"), NULL, &address), 0);
    hw_seam_reset();
    assert_string_equal(hw_address_format(&address.storage, address.length, string), "0.0.0.0:80");
}

HW_TEST(address_has_a_port_or_none)
{
    static const struct {
        const char *name;
        uint16_t port;
    } rows[] = {
        {"1.2.3.4:80", 80},    {"[::1]:65535", 65535}, {"[::1]:65536", 0}, {"unix:/run/x", 0},
        {"unix:/run/x:80", 0}, {"1.2.3.4:", 0},        {"words", 0},       {"", 0},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        if (hw_address_port(rows[i].name) != rows[i].port)
            fail_msg("%s: %d", rows[i].name, hw_address_port(rows[i].name));
}

HW_TEST(address_that_is_inherited)
{
    hw_address address;
    assert_int_equal(hw_address_parse(HW_TEXT("fd:3"), NULL, &address), 0);
    assert_int_equal(address.fd, 3);
    assert_int_equal(address.storage.ss_family, AF_UNSPEC);
}

HW_TEST(address_of_a_unix_socket_has_107_bytes_at_most)
{
    char text[5 + 108 + 1] = "unix:", string[HW_ADDRESS_STRING_MAX];
    hw_address address;
    memset(text + 5, 'x', 108);
    assert_int_equal(hw_address_parse((hw_text){text, 5 + 108}, NULL, &address), -EINVAL);
    assert_int_equal(hw_address_parse((hw_text){text, 5 + 107}, NULL, &address), 0);
    text[5 + 107] = '\0';
    assert_string_equal(hw_address_format(&address.storage, address.length, string), text);
}

HW_TEST(address_of_a_mapped_client_is_shown_as_ipv4)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
    char string[HW_ADDRESS_STRING_MAX];
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(80);
    assert_int_equal(inet_pton(AF_INET6, "::ffff:1.2.3.4", &in6->sin6_addr), 1);
    const hw_peer peer = hw_peer_of(&storage);
    assert_string_equal(hw_peer_format(&peer, string), "1.2.3.4");
    assert_string_equal(hw_address_format(&storage, sizeof *in6, string), "1.2.3.4:80");
}

HW_TEST(address_of_a_unix_client_without_a_name)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNIX};
    char string[HW_ADDRESS_STRING_MAX];
    socklen_t bare = offsetof(struct sockaddr_un, sun_path);
    assert_string_equal(hw_address_format(&storage, bare, string), "unix:");
    const hw_peer peer = hw_peer_of(&storage);
    assert_string_equal(hw_peer_format(&peer, string), "unix:");
}

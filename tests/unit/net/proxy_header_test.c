#include "net/proxy_header.h"

#include <errno.h>
#include <string.h>

#include "unit/harness.h"

#define ROWS(rows) (sizeof(rows) / sizeof *(rows))
#define MORE "GET / HTTP/1.1\r\n\r\n" /* is nobody's business here */

/* As a connection does it: reads what is asked for, at most `step` bytes at a time. The bytes that were
 * read, once it is whole; 0: it is not; or an error. */
static ssize_t carry(hw_text bytes, size_t step, hw_peer *ret_client)
{
    size_t count = 0;
    ssize_t wanted;
    while ((wanted = hw_proxy_header_read(hw_text_upto(bytes, count), ret_client)) > 0) {
        size_t left = bytes.length - count;
        if (left == 0)
            return 0;
        size_t most = (size_t)wanted < step ? (size_t)wanted : step;
        count += most < left ? most : left;
    }
    return wanted < 0 ? wanted : (ssize_t)count;
}

/* Every way to cut it leads to the same, and never behind its end. */
static void assert_client(hw_text header, const char *client)
{
    char memory[HW_PROXY_HEADER_BYTES_MAX + sizeof MORE], string[HW_PEER_STRING_MAX];
    assert_true(header.length <= HW_PROXY_HEADER_BYTES_MAX);
    memcpy(memory, header.at, header.length);
    memcpy(memory + header.length, MORE, sizeof MORE);
    for (size_t step = 1; step <= header.length + 1; step += step < 40 ? 1 : 97) {
        hw_peer peer = {.family = AF_APPLETALK};
        ssize_t taken = carry((hw_text){memory, header.length + sizeof MORE}, step, &peer);
        assert_int_equal(taken, header.length);
        assert_string_equal(peer.family == AF_UNSPEC ? "" : hw_peer_format(&peer, string), client);
    }
    for (size_t cut = 0; cut < header.length; cut++) {
        hw_peer peer = {.family = AF_APPLETALK};
        ssize_t wanted = hw_proxy_header_read((hw_text){memory, cut}, &peer);
        assert_in_range(wanted, 1, header.length - cut);
        assert_int_equal(peer.family, AF_APPLETALK);
    }
}

static void assert_none(hw_text bytes)
{
    for (size_t step = 1; step <= 200; step += 199) {
        hw_peer peer = {.family = AF_APPLETALK};
        ssize_t taken = carry(bytes, step, &peer);
        if (taken != -EPROTO)
            fail_msg("%ld of \"%.*s\"", (long)taken, HW_TEXT_ARGS(bytes));
        assert_int_equal(peer.family, AF_APPLETALK);
    }
}

HW_TEST(proxy_header_of_version_1_is_a_line)
{
    static const char *const rows[][2] = {
        {"PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n", "192.0.2.7"},
        {"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0"},
        {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"},
        {"PROXY TCP6 2001:db8::7 ::1 56324 443\r\n", "2001:db8::7"},
        {"PROXY TCP6 :: :: 0 0\r\n", "::"},
        {"PROXY TCP6 ::ffff:192.0.2.7 ::1 56324 443\r\n", "192.0.2.7"},
        {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"PROXY UNKNOWN\r\n", ""},
        {"PROXY UNKNOWN \r\n", ""},
        {"PROXY UNKNOWN what ever\x01\xff may follow\r\n", ""},
        {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
         ""},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_client(hw_text_of(rows[i][0]), rows[i][1]);
}

HW_TEST(proxy_header_of_version_1_is_strict)
{
    static const char *const rows[] = {
        MORE,
        "proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n" MORE,
        "PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n" MORE,
        "PROXY\tTCP4 1.2.3.4 1.2.3.4 1 1\r\n" MORE,
        "PROXY TCP5 1.2.3.4 1.2.3.4 1 1\r\n" MORE,
        "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n" MORE,
        "PROXY tcp4 1.2.3.4 1.2.3.4 1 1\r\n" MORE,
        "PROXY unknown\r\n" MORE,
        "PROXY UNKNOWNS\r\n" MORE,
        "PROXY UNKNOWN\r\r\n" MORE,
        "PROXY UNKNOWN\n" MORE,
        "PROXY UNKNOWN a\nb\r\n" MORE,
        "PROXY UNKNOWN a\rb\r\n" MORE,
        "PROXY\r\n" MORE,
        "PROXY \r\n" MORE,
        "PROXY TCP4\r\n" MORE,
        "PROXY TCP4 \r\n" MORE,
        "PROXY TCP4 1.2.3.4\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n" MORE,
        "PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n" MORE,
        "PROXY TCP4 1.2.3.4  1.2.3.4 1 1\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1  1\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\r\n" MORE,
        "PROXY TCP4 1.2.3.256 1.2.3.4 1 1\r\n" MORE,
        "PROXY TCP4 1.2.3.04 1.2.3.4 1 1\r\n" MORE,
        "PROXY TCP4 1.2.3 1.2.3.4 1 1 .......\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4x 1 1\r\n" MORE,
        "PROXY TCP4 unix: 1.2.3.4 1 1 .......\r\n" MORE,
        "PROXY TCP4 ::1 ::1 1 1 ..............\r\n" MORE,
        "PROXY TCP4 1.2.3.4 ::1 1 1 ..............\r\n" MORE,
        "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n" MORE,
        "PROXY TCP6 ::1 1.2.3.4 1 1\r\n" MORE,
        "PROXY TCP6 [::1] ::1 1 1\r\n" MORE,
        "PROXY TCP6 ::1%eth0 ::1 1 1\r\n" MORE,
        "PROXY TCP6 ::: ::1 1 1\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 00\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 0x1 1\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 123456\r\n" MORE,
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 a\r\n" MORE,
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_none(hw_text_of(rows[i]));
    assert_none(HW_TEXT("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 1\r\n" MORE));
    assert_none(HW_TEXT("PROXY TCP4 1.2.3.4 1.2.3.4 1\0 1\r\n" MORE));
}

static void put_at(char *at, hw_text text)
{
    memcpy(at, text.at, text.length);
}

HW_TEST(proxy_header_of_version_1_has_107_bytes_at_most)
{
    char line[200];
    memset(line, 'x', sizeof line);
    put_at(line, HW_TEXT("PROXY UNKNOWN "));
    put_at(line + HW_PROXY_LINE_BYTES_MAX - 2, HW_TEXT("\r\n"));
    assert_client((hw_text){line, HW_PROXY_LINE_BYTES_MAX}, "");
    put_at(line + HW_PROXY_LINE_BYTES_MAX - 2, HW_TEXT("x\r\n"));
    assert_none((hw_text){line, sizeof line});
    memset(line + 14, 'x', sizeof line - 14);
    assert_none((hw_text){line, sizeof line});
}

/* A header of version 2 with so many bytes behind its first 16, which count up. */
typedef struct binary_header {
    char bytes[HW_PROXY_HEADER_BYTES_MAX + 64];
    hw_text text;
} binary_header;

static void make_header(binary_header *header, unsigned command, unsigned family, size_t length)
{
    memcpy(header->bytes, "\r\n\r\n\0\r\nQUIT\n", 12);
    header->bytes[12] = (char)command;
    header->bytes[13] = (char)family;
    header->bytes[14] = (char)(length >> 8);
    header->bytes[15] = (char)length;
    for (size_t i = 16; i < sizeof header->bytes; i++)
        header->bytes[i] = (char)(i - 15);
    header->text = (hw_text){header->bytes, 16 + length};
}

#define V6_CLIENT "102:304:506:708:90a:b0c:d0e:f10"

HW_TEST(proxy_header_of_version_2_is_binary)
{
    static const struct {
        unsigned command, family;
        size_t length;
        const char *client;
    } rows[] = {
        {0x21, 0x11, 12, "1.2.3.4"},   {0x21, 0x12, 12, "1.2.3.4"}, {0x21, 0x11, 300, "1.2.3.4"},
        {0x21, 0x21, 36, V6_CLIENT},   {0x21, 0x22, 36, V6_CLIENT}, {0x21, 0x21, 37, V6_CLIENT},
        {0x21, 0x31, 216, "unix:"},    {0x21, 0x32, 500, "unix:"},  {0x21, 0x00, 0, ""},
        {0x21, 0x00, 100, ""},         {0x20, 0x00, 0, ""},         {0x20, 0x11, 12, ""},
        {0x20, 0x11, 3, ""},           {0x20, 0xff, 7, ""},         {0x20, 0x21, 36, ""},
        {0x21, 0x11, 2032, "1.2.3.4"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        binary_header header;
        make_header(&header, rows[i].command, rows[i].family, rows[i].length);
        assert_client(header.text, rows[i].client);
    }
}

HW_TEST(proxy_header_of_version_2_may_hold_ipv4_as_ipv6)
{
    binary_header header;
    make_header(&header, 0x21, 0x21, 36);
    memcpy(header.bytes + 16, "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4", 16);
    assert_client(header.text, "1.2.3.4");
}

HW_TEST(proxy_header_of_version_2_is_strict)
{
    binary_header header;
    for (unsigned at = 0; at < 12; at++) {
        make_header(&header, 0x21, 0x11, 12);
        header.bytes[at] ^= 0x20;
        assert_none(header.text);
    }
    for (unsigned command = 0; command < 256; command++) {
        make_header(&header, command, 0x11, 12);
        if (command != 0x20 && command != 0x21)
            assert_none(header.text);
    }
    for (unsigned family = 0; family < 256; family++) {
        unsigned above = family >> 4, below = family & 15;
        bool is_one = family == 0 || (above >= 1 && above <= 3 && (below == 1 || below == 2));
        make_header(&header, 0x21, family, 300);
        if (!is_one)
            assert_none(header.text);
    }
}

HW_TEST(proxy_header_of_version_2_has_room_for_its_addresses)
{
    static const struct {
        unsigned family;
        size_t least;
    } rows[] = {{0x11, 12}, {0x12, 12}, {0x21, 36}, {0x22, 36}, {0x31, 216}, {0x32, 216}};
    for (size_t i = 0; i < ROWS(rows); i++)
        for (size_t length = 0; length < rows[i].least; length++) {
            binary_header header;
            make_header(&header, 0x21, rows[i].family, length);
            assert_none(header.text);
        }
}

HW_TEST(proxy_header_of_version_2_has_2048_bytes_at_most)
{
    hw_peer peer;
    binary_header header;
    make_header(&header, 0x21, 0x11, HW_PROXY_HEADER_BYTES_MAX - 16);
    assert_int_equal(hw_proxy_header_read((hw_text){header.bytes, 16}, &peer),
                     HW_PROXY_HEADER_BYTES_MAX - 16);
    for (unsigned command = 0x20; command <= 0x21; command++) {
        make_header(&header, command, 0x11, HW_PROXY_HEADER_BYTES_MAX - 15);
        assert_none((hw_text){header.bytes, 16});
        make_header(&header, command, 0x11, 65535);
        assert_none((hw_text){header.bytes, 16});
    }
}

/* Whoever gives it more than it has asked for is told so: what follows would be lost. */
HW_TEST(proxy_header_is_given_no_more_than_it_asks_for)
{
    hw_peer peer;
    binary_header header;
    make_header(&header, 0x21, 0x11, 12);
    assert_int_equal(hw_proxy_header_read((hw_text){header.bytes, 29}, &peer), -EPROTO);
    assert_int_equal(hw_proxy_header_read(HW_TEXT("PROXY UNKNOWN\r\nG"), &peer), -EPROTO);
}

HW_TEST(proxy_header_asks_for_what_is_certain)
{
    hw_peer peer;
    assert_int_equal(hw_proxy_header_read(HW_TEXT(""), &peer), 12);
    assert_int_equal(hw_proxy_header_read(HW_TEXT("\r\n\r\n\0\r\nQUIT\n"), &peer), 4);
    assert_int_equal(hw_proxy_header_read(HW_TEXT("PROXY UNKNOW"), &peer), 3);
    assert_int_equal(hw_proxy_header_read(HW_TEXT("PROXY TCP4 1"), &peer), 20);
    assert_int_equal(hw_proxy_header_read(HW_TEXT("PROXY TCP6 :"), &peer), 10);
    assert_int_equal(hw_proxy_header_read(HW_TEXT("PROXY TCP6 2001:db8::7 ::1 56"), &peer), 2);
    assert_int_equal(hw_proxy_header_read(HW_TEXT("PROXY TCP6 2001:db8::7 ::1 5 4\r"), &peer), 1);
}

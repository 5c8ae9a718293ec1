/* Any bytes as the beginning of a connection of a proxy: what is read of it, however it is cut, is the
 * header that a slow reader finds in all of it at once, no byte less and none more; and what the slow
 * one refuses is refused. The first byte says how it is cut. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "net/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 4096, NONE = -1, NO_GAP = 9 };

#ifdef HW_FUZZ_PLANTED
/* An IPv4 client over datagrams. */
static void check_planted(hw_text header)
{
    if (header.length > 14 && header.at[0] == '\r' && header.at[13] == 0x12)
        abort();
}
#else
static void check_planted(hw_text header)
{
    (void)header;
}
#endif

/* Whom a header names, as text: "": nobody. */
typedef struct named {
    char client[HW_PEER_STRING_MAX];
    long length; /* of the header, or NONE */
} named;

static void name_v6(const unsigned *groups, char *ret_client)
{
    struct sockaddr_storage storage;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    for (size_t i = 0; i < 8; i++) {
        in6.sin6_addr.s6_addr[2 * i] = (uint8_t)(groups[i] >> 8);
        in6.sin6_addr.s6_addr[2 * i + 1] = (uint8_t)groups[i];
    }
    memset(&storage, 0, sizeof storage);
    memcpy(&storage, &in6, sizeof in6);
    const hw_peer peer = hw_peer_of(&storage);
    (void)hw_peer_format(&peer, ret_client);
}

/* Digits up to a bound, without a zero ahead. */
static bool refer_number(const char **at, unsigned most, unsigned *ret_number)
{
    const char *start = *at;
    unsigned number = 0;
    while (**at >= '0' && **at <= '9' && *at - start < 6)
        number = number * 10 + (unsigned)(*(*at)++ - '0');
    *ret_number = number;
    return *at > start && number <= most && !(*at - start > 1 && *start == '0');
}

static bool refer_port(const char **at)
{
    unsigned port;
    return refer_number(at, 65535, &port);
}

static bool refer_v4(const char **at, unsigned ret_octets[4])
{
    for (int i = 0; i < 4; i++)
        if ((i > 0 && *(*at)++ != '.') || !refer_number(at, 255, &ret_octets[i]))
            return false;
    return true;
}

static int hex_value(char digit)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF", *found = strchr(digits, digit);
    return digit && found ? (int)((found - digits) % 16) : -1;
}

/* How many bytes an IPv4 address takes that ends an IPv6 one; 0: there is none. */
static unsigned refer_octets(const char *at, unsigned ret_groups[2])
{
    unsigned octets[4];
    const char *end = at;
    if (!refer_v4(&end, octets) || *end != ' ')
        return 0;
    ret_groups[0] = octets[0] << 8 | octets[1];
    ret_groups[1] = octets[2] << 8 | octets[3];
    return (unsigned)(end - at);
}

/* RFC 4291 2.2: groups, one gap of at least one of them, the last two perhaps as IPv4. */
static bool refer_v6(const char **at, unsigned ret_groups[8])
{
    unsigned groups[8] = {0}, count = 0, gap = NO_GAP, length;
    const char *next = *at;
    bool needs_group = false;
    if (next[0] == ':' && next[1] == ':') {
        gap = 0;
        next += 2;
    }
    while (*next != ' ') {
        unsigned value = 0, digits = 0;
        if (count <= 6 && (length = refer_octets(next, groups + count)) > 0) {
            count += 2;
            next += length;
            needs_group = false;
            break;
        }
        for (; digits < 4 && hex_value(*next) >= 0; digits++)
            value = value * 16 + (unsigned)hex_value(*next++);
        if (digits == 0 || count == 8)
            return false;
        groups[count++] = value;
        needs_group = *next == ':';
        if (*next == ' ')
            break;
        if (*next++ != ':')
            return false;
        if (*next == ':') {
            if (gap != NO_GAP)
                return false;
            gap = count;
            next++;
            needs_group = false;
        }
    }
    if (needs_group || (gap == NO_GAP ? count != 8 : count > 7))
        return false;
    memset(ret_groups, 0, 8 * sizeof *ret_groups);
    for (unsigned i = 0; i < count; i++)
        ret_groups[i < gap ? i : 8 - count + i] = groups[i];
    *at = next;
    return true;
}

static bool refer_blank(const char **at)
{
    return *(*at)++ == ' ';
}

/* A line without CRLF, with a NUL behind it. */
static bool refer_line(const char *line, size_t length, char *ret_client)
{
    unsigned from[8], to[8], octets[4];
    const char *at = line + 11;
    *ret_client = '\0';
    if (strncmp(line, "PROXY UNKNOWN", 13) == 0)
        return length == 13 || line[13] == ' ';
    if (strncmp(line, "PROXY TCP4 ", 11) == 0) {
        const char *end;
        if (!refer_v4(&at, octets) || *at != ' ')
            return false;
        end = at++;
        if (!refer_v4(&at, octets))
            return false;
        memcpy(ret_client, line + 11, (size_t)(end - line) - 11);
        ret_client[end - line - 11] = '\0';
    } else if (strncmp(line, "PROXY TCP6 ", 11) == 0) {
        if (!refer_v6(&at, from) || !refer_blank(&at) || !refer_v6(&at, to))
            return false;
        name_v6(from, ret_client);
    } else {
        return false;
    }
    return refer_blank(&at) && refer_port(&at) && refer_blank(&at) && refer_port(&at) &&
           *at == '\0';
}

static named refer_text(hw_text bytes)
{
    named found = {.length = NONE};
    char line[HW_PROXY_LINE_BYTES_MAX + 1];
    size_t end = hw_text_find(bytes, '\n');
    if (end == bytes.length || end == 0 || end + 1 > HW_PROXY_LINE_BYTES_MAX ||
        bytes.at[end - 1] != '\r')
        return found;
    memcpy(line, bytes.at, end - 1);
    line[end - 1] = '\0';
    if (memchr(line, '\r', end - 1))
        return found;
    bool has_nul = strlen(line) < end - 1;
    if (refer_line(line, end - 1, found.client) && (!has_nul || line[6] == 'U'))
        found.length = (long)end + 1;
    return found;
}

static named refer_binary(const uint8_t *at, size_t bytes)
{
    named found = {.length = NONE};
    if (bytes < 16)
        return found;
    unsigned length = at[14] * 256u + at[15], groups[8];
    if ((at[12] != 0x20 && at[12] != 0x21) || length > 2032 || bytes < 16 + length)
        return found;
    if (at[12] == 0x21 && (at[13] == 0x11 || at[13] == 0x12)) {
        if (length < 12)
            return found;
        snprintf(found.client, sizeof found.client, "%u.%u.%u.%u", at[16], at[17], at[18], at[19]);
    } else if (at[12] == 0x21 && (at[13] == 0x21 || at[13] == 0x22)) {
        if (length < 36)
            return found;
        for (size_t i = 0; i < 8; i++)
            groups[i] = at[16 + 2 * i] * 256u + at[17 + 2 * i];
        name_v6(groups, found.client);
    } else if (at[12] == 0x21 && (at[13] == 0x31 || at[13] == 0x32)) {
        if (length < 216)
            return found;
        snprintf(found.client, sizeof found.client, "unix:");
    } else if (at[12] == 0x21 && at[13] != 0) {
        return found;
    }
    found.length = 16 + (long)length;
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
    size_t count = 0, step = bytes > 0 && input[0] % 32 > 0 ? input[0] % 32 : INPUT_MAX;
    hw_peer client = {.family = AF_APPLETALK};
    char string[HW_PEER_STRING_MAX] = "";
    ssize_t wanted;
    if (bytes < 1 || bytes > INPUT_MAX)
        return 0;
    hw_text text = {(const char *)input + 1, bytes - 1};
    while ((wanted = hw_proxy_header_read(hw_text_upto(text, count), &client)) > 0 &&
           count < text.length) {
        size_t most = (size_t)wanted < step ? (size_t)wanted : step, left = text.length - count;
        hw_assert(count + (size_t)wanted <= HW_PROXY_HEADER_BYTES_MAX);
        count += most < left ? most : left;
    }
    bool is_binary = text.length >= 12 && memcmp(text.at, signature, 12) == 0;
    named found = is_binary ? refer_binary(input + 1, bytes - 1) : refer_text(text);
    hw_assert(wanted >= 0 || wanted == -71); /* EPROTO */
    hw_assert((wanted == 0) == (found.length != NONE));
    if (wanted != 0) {
        hw_assert(client.family == AF_APPLETALK);
        return 0;
    }
    if (client.family != AF_UNSPEC)
        (void)hw_peer_format(&client, string);
    hw_assert((long)count == found.length && strcmp(string, found.client) == 0);
    check_planted(hw_text_upto(text, count));
    return 0;
}

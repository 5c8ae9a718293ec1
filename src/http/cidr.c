/* Reads IP addresses and ranges of them.
 *
 * libc's inet_pton is the reader: strict (four decimal octets without leading zeros, or RFC 4291
 * 2.2) and without a look at names, the network or the locale. An address has one form here,
 * whatever way it was written, so that equal means the same machine: an IPv4 address inside an
 * IPv6 one is the former, which is also how the kernel gives addresses to a socket that takes both.
 * A range with bits behind its length is refused rather than read as the range around it: whoever
 * writes 10.1.2.3/8 means one of two very different things. */
#include "http/cidr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/number.h"

enum { V4_BYTES = 4, V6_BYTES = 16, MAPPED_BITS = 96 };

static bool is_mapped(const unsigned char bytes[V6_BYTES])
{
    static const unsigned char mapped[MAPPED_BITS / 8] = {[10] = 0xff, [11] = 0xff};
    return memcmp(bytes, mapped, sizeof mapped) == 0;
}

/* What an address of IPv6 is, "::ffff:1.2.3.4" apart. */
static bool read_ip(hw_text text, hw_ip *ret_ip)
{
    char memory[HW_IP_STRING_MAX];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_ip ip = {{0}, HW_IP_NONE};
    if (hw_text_find(text, '\0') < text.length)
        return false;
    hw_buffer_put(&buffer, text);
    const char *string = hw_buffer_string(&buffer);
    if (!string)
        return false;
    if (strcmp(string, "unix:") == 0)
        ip.family = HW_IP_UNIX;
    else if (inet_pton(AF_INET, string, ip.bytes) == 1)
        ip.family = HW_IP_V4;
    else if (inet_pton(AF_INET6, string, ip.bytes) == 1)
        ip.family = HW_IP_V6;
    *ret_ip = ip;
    return ip.family != HW_IP_NONE;
}

static void unmap_ip(hw_ip *ip)
{
    hw_ip inner = {{0}, HW_IP_V4};
    memcpy(inner.bytes, ip->bytes + MAPPED_BITS / 8, V4_BYTES);
    *ip = inner;
}

bool hw_ip_parse(hw_text text, hw_ip *ret_ip)
{
    hw_ip ip;
    if (!read_ip(text, &ip))
        return false;
    if (ip.family == HW_IP_V6 && is_mapped(ip.bytes))
        unmap_ip(&ip);
    *ret_ip = ip;
    return true;
}

const char *hw_ip_format(const hw_ip *ip, char string[HW_IP_STRING_MAX])
{
    hw_buffer buffer = hw_buffer_over(string, HW_IP_STRING_MAX);
    string[0] = '\0';
    if (ip->family == HW_IP_V4)
        hw_buffer_put_format(&buffer, "%u.%u.%u.%u", ip->bytes[0], ip->bytes[1], ip->bytes[2],
                             ip->bytes[3]);
    else if (ip->family == HW_IP_V6)
        inet_ntop(AF_INET6, ip->bytes, string, HW_IP_STRING_MAX);
    else if (ip->family == HW_IP_UNIX)
        hw_buffer_put_format(&buffer, "unix:");
    return string;
}

bool hw_ip_equal(const hw_ip *one, const hw_ip *other)
{
    return one->family == other->family && memcmp(one->bytes, other->bytes, V6_BYTES) == 0;
}

static unsigned count_ip_bits(const hw_ip *ip)
{
    return ip->family == HW_IP_V4 ? V4_BYTES * 8 : ip->family == HW_IP_V6 ? V6_BYTES * 8 : 0;
}

/* Whether the first bits of two addresses are the same. */
static bool has_same_bits(const hw_ip *one, const hw_ip *other, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(one->bytes, other->bytes, whole) != 0)
        return false;
    return rest == 0 || ((one->bytes[whole] ^ other->bytes[whole]) >> (8 - rest)) == 0;
}

/* Whether all bits but the first are 0. */
static bool is_clear_behind(const hw_ip *ip, unsigned bits)
{
    for (unsigned bit = bits; bit < V6_BYTES * 8; bit++)
        if (ip->bytes[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

/* The number behind the slash. */
static bool read_bits(hw_text digits, const hw_ip *ip, unsigned *ret_bits)
{
    uint64_t bits;
    if (!hw_number_decimal(digits, &bits) || bits > count_ip_bits(ip) ||
        (digits.length > 1 && digits.at[0] == '0'))
        return false;
    *ret_bits = (unsigned)bits;
    return true;
}

const char *hw_cidr_parse(hw_text text, hw_cidr *ret_cidr)
{
    hw_cidr cidr;
    size_t slash = hw_text_find(text, '/');
    if (!read_ip(hw_text_upto(text, slash), &cidr.ip))
        return "is not an IP address, a range as in 10.0.0.0/8, or unix:";
    cidr.bits = count_ip_bits(&cidr.ip);
    if (slash < text.length && (cidr.ip.family == HW_IP_UNIX ||
                                !read_bits(hw_text_from(text, slash + 1), &cidr.ip, &cidr.bits)))
        return cidr.ip.family == HW_IP_V4   ? "must have 0 to 32 bits behind the slash"
               : cidr.ip.family == HW_IP_V6 ? "must have 0 to 128 bits behind the slash"
                                            : "has no bits";
    if (!is_clear_behind(&cidr.ip, cidr.bits))
        return "has bits set behind those that its length counts";
    if (cidr.ip.family == HW_IP_V6 && cidr.bits >= MAPPED_BITS && is_mapped(cidr.ip.bytes)) {
        unmap_ip(&cidr.ip);
        cidr.bits -= MAPPED_BITS;
    }
    *ret_cidr = cidr;
    return NULL;
}

bool hw_cidr_has(const hw_cidr *cidr, const hw_ip *ip)
{
    return cidr->ip.family == ip->family && has_same_bits(&cidr->ip, ip, cidr->bits);
}

static size_t count_list(hw_text list)
{
    size_t count = 1;
    for (size_t i = 0; i < list.length; i++)
        count += list.at[i] == ',';
    return count;
}

int hw_cidrs_parse(hw_text list, hw_arena *arena, hw_text *ret_bad, const char **ret_words,
                   hw_cidrs *ret_cidrs)
{
    hw_cidr *cidrs = hw_arena_alloc_zeroed(arena, count_list(list), sizeof *cidrs);
    hw_cursor cursor = hw_cursor_of(list);
    size_t count = 0;
    if (!cidrs)
        return -ENOMEM;
    while (!hw_cursor_at_end(&cursor)) {
        hw_text element = hw_text_trim(hw_cursor_take_until(&cursor, ','));
        hw_cursor_take(&cursor, ',');
        if (element.length == 0)
            continue;
        const char *words = hw_cidr_parse(element, &cidrs[count++]);
        if (!words)
            continue;
        *ret_bad = element;
        *ret_words = words;
        return -EINVAL;
    }
    *ret_cidrs = (hw_cidrs){cidrs, count};
    return 0;
}

bool hw_cidrs_have(const hw_cidrs *cidrs, const hw_ip *ip)
{
    for (size_t i = 0; i < cidrs->count; i++)
        if (hw_cidr_has(&cidrs->at[i], ip))
            return true;
    return false;
}

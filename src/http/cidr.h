/* IP addresses, and ranges of them: "10.0.0.0/8" (RFC 4632 3.1, RFC 4291 2.3). */
#ifndef HW_HTTP_CIDR_H
#define HW_HTTP_CIDR_H

#include "base/arena.h"

typedef enum hw_ip_family {
    HW_IP_NONE,
    HW_IP_V4,
    HW_IP_V6,
    HW_IP_UNIX, /* a Unix socket: no address at all */
} hw_ip_family;

typedef struct hw_ip {
    unsigned char bytes[16]; /* in network order; of IPv4 the first four; the rest is 0 */
    unsigned char family;    /* hw_ip_family */
} hw_ip;

#define HW_IP_STRING_MAX 48

/* "1.2.3.4", "2001:db8::1" or "unix:", and nothing else. An IPv4 address that is written as IPv6
 * ("::ffff:1.2.3.4") is the former. False: it is none. */
bool hw_ip_parse(hw_text text, hw_ip *ret_ip);
/* The one way to write it; "" for none. Returns string. */
const char *hw_ip_format(const hw_ip *ip, char string[HW_IP_STRING_MAX]);
bool hw_ip_equal(const hw_ip *one, const hw_ip *other);

typedef struct hw_cidr {
    hw_ip ip;
    unsigned bits; /* of it that count */
} hw_cidr;

/* An address, or one with "/" and how many of its bits count; the others must be 0. NULL, or why it
 * is none, in words that follow its name: "has bits behind its /8". */
const char *hw_cidr_parse(hw_text text, hw_cidr *ret_cidr);
bool hw_cidr_has(const hw_cidr *cidr, const hw_ip *ip);

typedef struct hw_cidrs {
    const hw_cidr *at;
    size_t count;
} hw_cidrs;

/* A list, separated by commas, in the arena. 0; -EINVAL: ret_bad is the one that is none and
 * ret_words says why; -ENOMEM. */
int hw_cidrs_parse(hw_text list, hw_arena *arena, hw_text *ret_bad, const char **ret_words,
                   hw_cidrs *ret_cidrs);
bool hw_cidrs_have(const hw_cidrs *cidrs, const hw_ip *ip);

#endif

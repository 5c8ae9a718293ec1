/* Authorities: the value of Host and the part of a target that names the server (RFC 3986 3.2, RFC
 * 9110 7.2). */
#ifndef HW_HTTP_AUTHORITY_H
#define HW_HTTP_AUTHORITY_H

#include "base/text.h"
#include "http/scan.h"

/* host [":" port] with a host that is not empty (RFC 9110 4.2.1): a registered name
 * (percent-encoded too), an IPv4 address, or an IP literal in brackets; a port is digits up to
 * 65535 and may be empty. No userinfo (RFC 9110 4.2.4). */
bool hw_authority_is_valid(hw_text authority);

/* Quickly, for one that ends a run of sixteen bytes or more which may all be read: whether it is a
 * registered name of up to sixteen letters, digits, "-" and ".", and no port. False says
 * nothing. */
static inline bool hw_authority_is_short_name(hw_text authority)
{
    if (authority.length - 1 >= HW_BLOCK_BYTES)
        return false;
    const char *end = authority.at + authority.length;
    hw_block_stops stops = hw_scan_word_stops(hw_block_load(end - HW_BLOCK_BYTES));
    return !hw_block_skip(stops, HW_BLOCK_BYTES - authority.length);
}

/* Both parts of a valid authority: the host with its brackets; the port's digits, empty when there
 * are none. False: not valid. */
bool hw_authority_split(hw_text authority, hw_text *ret_host, hw_text *ret_port);

#endif

/* Checks and splits authorities (RFC 3986 3.2), as they stand in Host, in absolute-form and in
 * authority-form.
 *
 * What names the server decides which site answers, so it has one reading: userinfo is refused
 * (RFC 9110 4.2.4), so is an empty host (RFC 9110 4.2.1) and a port that no TCP port can be. A
 * registered name is not looked into further: "999.1.1.1" and "my_host" are names like any other,
 * and a percent-encoded one stays as it is. Addresses in brackets are read to the last group, for
 * nothing but a correct one may later be printed inside a URL. Zone identifiers (RFC 6874) mean
 * something on the client's machine alone, and are refused. */
#include "http/authority.h"

#include "base/cursor.h"
#include "base/number.h"
#include "http/scan.h"
#include "http/uri.h"

#define PORT_MAX 65535
#define PORT_DIGITS_MAX 5
#define IPV6_GROUPS 8

static bool is_hex_digit(char byte)
{
    return hw_char_hex(byte) >= 0;
}

/* RFC 3986 3.2.2: dec-octet has no leading zeros. */
static bool take_dec_octet(hw_cursor *cursor)
{
    uint64_t octet;
    hw_text digits = hw_cursor_take_while(cursor, hw_char_is_digit);
    return hw_number_decimal(digits, &octet) && octet <= 255 &&
           (digits.length == 1 || digits.at[0] != '0');
}

static bool is_ipv4_address(hw_text text)
{
    hw_cursor cursor = hw_cursor_of(text);
    for (int octets = 0; octets < 4; octets++)
        if ((octets > 0 && !hw_cursor_take(&cursor, '.')) || !take_dec_octet(&cursor))
            return false;
    return hw_cursor_at_end(&cursor);
}

/* RFC 3986 3.2.2: h16 */
static bool take_ipv6_group(hw_cursor *cursor)
{
    size_t digits = hw_cursor_take_while(cursor, is_hex_digit).length;
    return digits >= 1 && digits <= 4;
}

/* RFC 3986 3.2.2: eight groups, of which "::" may stand once for one or more, and of which the last
 * two may be written as an IPv4 address. */
static bool is_ipv6_address(hw_text text)
{
    hw_cursor cursor = hw_cursor_of(text);
    bool has_gap = hw_cursor_take_text(&cursor, HW_TEXT("::"));
    int groups = 0;
    while (!hw_cursor_at_end(&cursor)) {
        if (is_ipv4_address(hw_cursor_rest(&cursor))) {
            groups += 2;
            break;
        }
        if (!take_ipv6_group(&cursor))
            return false;
        groups++;
        if (hw_cursor_at_end(&cursor))
            break;
        if (!hw_cursor_take(&cursor, ':'))
            return false;
        if (hw_cursor_take(&cursor, ':')) {
            if (has_gap)
                return false;
            has_gap = true;
        } else if (hw_cursor_at_end(&cursor)) {
            return false;
        }
    }
    return has_gap ? groups < IPV6_GROUPS : groups == IPV6_GROUPS;
}

static bool is_ipvfuture_byte(char byte)
{
    return byte == ':' || hw_uri_has_char(byte, HW_URI_REG_NAME);
}

/* RFC 3986 3.2.2: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool is_ipvfuture_address(hw_text text)
{
    hw_cursor cursor = hw_cursor_of(text);
    return (hw_cursor_take(&cursor, 'v') || hw_cursor_take(&cursor, 'V')) &&
           hw_cursor_take_while(&cursor, is_hex_digit).length > 0 && hw_cursor_take(&cursor, '.') &&
           hw_cursor_take_while(&cursor, is_ipvfuture_byte).length > 0 && hw_cursor_at_end(&cursor);
}

/* The host as it stands, brackets included; empty when it is not valid. */
static hw_text take_host(hw_cursor *cursor)
{
    hw_text all = hw_cursor_rest(cursor);
    if (!hw_cursor_take(cursor, '[')) {
        hw_text name = hw_cursor_take_until(cursor, ':');
        return hw_uri_is_made_of(name, HW_URI_REG_NAME) ? name : HW_TEXT("");
    }
    hw_text address = hw_cursor_take_until(cursor, ']');
    if (!hw_cursor_take(cursor, ']') ||
        (!is_ipv6_address(address) && !is_ipvfuture_address(address)))
        return HW_TEXT("");
    return hw_text_upto(all, address.length + 2);
}

bool hw_authority_split(hw_text authority, hw_text *ret_host, hw_text *ret_port)
{
    hw_cursor cursor = hw_cursor_of(authority);
    hw_text host = take_host(&cursor);
    if (host.length == 0)
        return false;
    hw_text port = HW_TEXT("");
    if (hw_cursor_take(&cursor, ':')) {
        uint64_t number;
        port = hw_cursor_rest(&cursor);
        /* RFC 3986 3.2.3: port = *DIGIT */
        if (port.length > 0 && (!hw_number_decimal(port, &number) || number > PORT_MAX))
            return false;
    } else if (!hw_cursor_at_end(&cursor)) {
        return false;
    }
    *ret_host = host;
    *ret_port = port;
    return true;
}

/* Whether it is a registered name without an encoded byte, and a port of 0 to 5 digits if any: what
 * nearly every Host is. */
static bool is_plain_authority(hw_text authority)
{
    const char *at = authority.at, *end = at + authority.length;
    const char *colon = hw_scan_with(at, end, HW_SCAN_REG_NAME, hw_scan_word_stops);
    if (colon == end || colon == at)
        return colon != at;
    if (*colon != ':' || end - colon > PORT_DIGITS_MAX + 1)
        return false;
    unsigned port = 0;
    for (at = colon + 1; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit > 9)
            return false;
        port = port * 10 + digit;
    }
    return port <= PORT_MAX;
}

bool hw_authority_is_valid(hw_text authority)
{
    hw_text host, port;
    if (authority.length > 0 && is_plain_authority(authority))
        return true;
    return hw_authority_split(authority, &host, &port);
}

/* Reads and writes socket addresses as people write them.
 *
 * No names are looked up: a listener's address that depends on a resolver is a start that fails in
 * the night. "localhost" alone is known, as 127.0.0.1. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/decimal.h"
#include "base/number.h"
#include "sys/socket.h"

static int refuse_address(hw_fault *fault, hw_text text, const char *what)
{
    char where[HW_ADDRESS_STRING_MAX];
    snprintf(where, sizeof where, "%.*s", (int)hw_size_min(text.length, sizeof where - 1), text.at);
    return hw_fault_set(fault, EINVAL, where, "%s", what);
}

static int parse_unix(hw_text path, hw_text text, hw_fault *fault, hw_address *ret_address)
{
    hw_address address = {.fd = -1};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (path.length == 0)
        return refuse_address(fault, text, "the path is missing: unix:/run/name.sock");
    if (path.length >= sizeof un.sun_path)
        return refuse_address(fault, text, "the path of a Unix socket has at most 107 bytes");
    memcpy(un.sun_path, path.at, path.length);
    memcpy(&address.storage, &un, sizeof un);
    address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.length + 1);
    *ret_address = address;
    return 0;
}

static int parse_inherited(hw_text number, hw_text text, hw_fault *fault, hw_address *ret_address)
{
    uint64_t fd;
    if (!hw_number_decimal(number, &fd) || fd > INT32_MAX)
        return refuse_address(fault, text, "fd: takes the number of an open descriptor: fd:3");
    *ret_address = (hw_address){.fd = (int)fd};
    return 0;
}

static bool has_ipv6(void)
{
    int fd = hw_sys_socket(AF_INET6, SOCK_STREAM);
    if (fd < 0)
        return false;
    hw_sys_close(fd);
    return true;
}

static void fill_v4(hw_address *address, struct in_addr host, uint16_t port)
{
    const struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = host};
    memcpy(&address->storage, &in, sizeof in);
    address->length = sizeof in;
}

static void fill_v6(hw_address *address, struct in6_addr host, uint16_t port)
{
    const struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = host};
    memcpy(&address->storage, &in6, sizeof in6);
    address->length = sizeof in6;
}

/* "1.2.3.4", "[::1]", "localhost" or "" (all interfaces). */
static bool fill_host(hw_address *address, hw_text host, uint16_t port)
{
    char string[INET6_ADDRSTRLEN + 1];
    struct in_addr v4;
    struct in6_addr v6;
    bool is_bracketed = host.length >= 2 && host.at[0] == '[' && host.at[host.length - 1] == ']';
    hw_text bare = is_bracketed ? hw_text_from(hw_text_upto(host, host.length - 1), 1) : host;
    if (host.length == 0 && has_ipv6()) {
        fill_v6(address, in6addr_any, port);
        return true;
    }
    if (host.length == 0 || hw_text_equal_nocase(host, HW_TEXT("localhost"))) {
        in_addr_t all_or_loopback = host.length == 0 ? INADDR_ANY : INADDR_LOOPBACK;
        fill_v4(address, (struct in_addr){htonl(all_or_loopback)}, port);
        return true;
    }
    if (bare.length >= sizeof string)
        return false;
    memcpy(string, bare.at, bare.length);
    string[bare.length] = '\0';
    if (!is_bracketed && inet_pton(AF_INET, string, &v4) == 1) {
        fill_v4(address, v4, port);
        return true;
    }
    if (is_bracketed && inet_pton(AF_INET6, string, &v6) == 1) {
        fill_v6(address, v6, port);
        return true;
    }
    return false;
}

int hw_address_parse(hw_text text, hw_fault *fault, hw_address *ret_address)
{
    hw_address address = {.fd = -1};
    uint64_t port;
    if (hw_text_find(text, '\0') < text.length)
        return refuse_address(fault, text, "not an address: there is a NUL in it");
    if (hw_text_has_prefix(text, HW_TEXT("unix:")))
        return parse_unix(hw_text_from(text, 5), text, fault, ret_address);
    if (hw_text_has_prefix(text, HW_TEXT("fd:")))
        return parse_inherited(hw_text_from(text, 3), text, fault, ret_address);
    size_t colon = hw_text_find_last(text, ':');
    bool is_port_alone = colon == text.length;
    hw_text host = is_port_alone ? HW_TEXT("127.0.0.1") : hw_text_upto(text, colon);
    hw_text digits = is_port_alone ? text : hw_text_from(text, colon + 1);
    if (!hw_number_decimal(digits, &port) || port > UINT16_MAX)
        return refuse_address(fault, text,
                              "not an address: the port must be a number from 0 to 65535, "
                              "as in 9000, :80, 1.2.3.4:80, [::1]:9000");
    if (!fill_host(&address, host, (uint16_t)port))
        return refuse_address(fault, text,
                              "not an address: the host must be an IP address, "
                              "IPv6 in brackets, as in 1.2.3.4:80 or [::1]:9000");
    *ret_address = address;
    return 0;
}

static uint16_t port_of(const struct sockaddr_storage *storage)
{
    return storage->ss_family == AF_INET ? ntohs(hw_address_in(storage).sin_port)
                                         : ntohs(hw_address_in6(storage).sin6_port);
}

hw_peer hw_peer_of(const struct sockaddr_storage *storage)
{
    const struct in_addr in = hw_address_in(storage).sin_addr;
    const struct in6_addr in6 = hw_address_in6(storage).sin6_addr;
    hw_peer peer = {.family = (unsigned char)storage->ss_family};
    if (storage->ss_family == AF_INET) {
        memcpy(peer.bytes, &in, sizeof in);
    } else if (storage->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6)) {
        peer.family = AF_INET;
        memcpy(peer.bytes, in6.s6_addr + 12, 4);
    } else if (storage->ss_family == AF_INET6) {
        memcpy(peer.bytes, in6.s6_addr, 16);
    }
    return peer;
}

/* inet_ntop goes through printf for it: too slow for every line of a log. */
static void format_ipv4(const unsigned char bytes[4], char string[HW_PEER_STRING_MAX])
{
    char *at = hw_decimal_write(string, bytes[0]);
    for (int i = 1; i < 4; i++) {
        *at++ = '.';
        at = hw_decimal_write(at, bytes[i]);
    }
    *at = '\0';
}

const char *hw_peer_format(const hw_peer *peer, char string[HW_PEER_STRING_MAX])
{
    if (peer->family == AF_INET)
        format_ipv4(peer->bytes, string);
    else if (peer->family == AF_INET6)
        inet_ntop(AF_INET6, peer->bytes, string, HW_PEER_STRING_MAX);
    else
        snprintf(string, HW_PEER_STRING_MAX, peer->family == AF_UNIX ? "unix:" : "memory:");
    return string;
}

const char *hw_address_format(const struct sockaddr_storage *storage, socklen_t length,
                              char string[HW_ADDRESS_STRING_MAX])
{
    char host[HW_PEER_STRING_MAX];
    const hw_peer peer = hw_peer_of(storage);
    size_t path_at = offsetof(struct sockaddr_un, sun_path);
    if (storage->ss_family == AF_UNIX) {
        /* The kernel gives names back without a NUL when they fill the structure, and none to a
         * socket without a name. */
        int path_length = length > path_at ? (int)(length - path_at) : 0;
        snprintf(string, HW_ADDRESS_STRING_MAX, "unix:%.*s", path_length,
                 ((const struct sockaddr_un *)storage)->sun_path);
        return string;
    }
    hw_peer_format(&peer, host);
    bool is_v6 = strchr(host, ':') != NULL;
    snprintf(string, HW_ADDRESS_STRING_MAX, is_v6 ? "[%s]:%u" : "%s:%u", host, port_of(storage));
    return string;
}

uint16_t hw_address_port(const char *name)
{
    hw_text text = hw_text_of(name);
    size_t colon = hw_text_find_last(text, ':');
    uint64_t port;
    bool is_number = colon < text.length && hw_number_decimal(hw_text_from(text, colon + 1), &port);
    return is_number && port <= UINT16_MAX && text.at[0] != 'u' ? (uint16_t)port : 0;
}

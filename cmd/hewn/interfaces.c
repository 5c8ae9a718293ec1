/* Lists the addresses under which this machine can be reached. */
#include "interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_private_v4(struct in_addr address)
{
    uint32_t bits = ntohl(address.s_addr);

    return bits >> 24 == 10 || bits >> 20 == 0xac1 || bits >> 16 == 0xc0a8 || bits >> 16 == 0xa9fe;
}

static bool read_v4(const struct sockaddr_in *from, interface_address *address)
{
    address->is_private = is_private_v4(from->sin_addr);
    return inet_ntop(AF_INET, &from->sin_addr, address->host, sizeof(address->host)) != NULL;
}

static bool read_v6(const struct sockaddr_in6 *from, interface_address *address)
{
    char text[INET6_ADDRSTRLEN];

    if (IN6_IS_ADDR_LINKLOCAL(&from->sin6_addr))
        return false;
    address->is_v6 = true;
    address->is_private = (from->sin6_addr.s6_addr[0] & 0xfe) == 0xfc;
    if (!inet_ntop(AF_INET6, &from->sin6_addr, text, sizeof(text)))
        return false;
    snprintf(address->host, sizeof(address->host), "[%s]", text);
    return true;
}

static bool read_interface(const struct ifaddrs *item, interface_address *ret_address)
{
    const void *from = item->ifa_addr;

    if (!item->ifa_addr || !(item->ifa_flags & IFF_UP))
        return false;
    *ret_address = (interface_address){.is_loopback = (item->ifa_flags & IFF_LOOPBACK) != 0};
    snprintf(ret_address->interface, sizeof(ret_address->interface), "%s", item->ifa_name);
    if (item->ifa_addr->sa_family == AF_INET)
        return read_v4(from, ret_address);
    return item->ifa_addr->sa_family == AF_INET6 && read_v6(from, ret_address);
}

size_t interfaces_list(interface_address *ret_addresses, size_t most)
{
    struct ifaddrs *all;
    size_t count = 0;

    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *item = all; item && count < most; item = item->ifa_next)
        if (read_interface(item, &ret_addresses[count]))
            count++;
    freeifaddrs(all);
    return count;
}

bool interfaces_has_v6_loopback(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool can_bind =
        fd >= 0 && bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) == 0;

    if (fd >= 0)
        close(fd);
    return can_bind;
}

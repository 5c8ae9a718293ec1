/* The addresses of this machine. */
#ifndef INTERFACES_H
#define INTERFACES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct interface_address {
    char host[64];      /* as in a URL: "192.168.1.5", "[fd00::5]" */
    char interface[32]; /* "eth0" */
    bool is_v6, is_loopback;
    bool is_private; /* of a local network: RFC 1918, RFC 3927, RFC 4193 */
} interface_address;

/* Addresses of interfaces that are up, in the system's order; link-local IPv6 ones, which no
 * browser can use, are left out. Returns how many, at most `most`. */
size_t interfaces_list(interface_address *ret_addresses, size_t most);
/* Whether something can listen on [::1]. */
bool interfaces_has_v6_loopback(void);

#endif

/* Addresses as people write them: "9000" and "localhost:9000" (both loopbacks are two listeners:
 * the caller's business), ":80" (all interfaces), "1.2.3.4:80", "[::1]:9000", "unix:/run/x", "fd:3"
 * (inherited). */
#ifndef HW_NET_ADDRESS_H
#define HW_NET_ADDRESS_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/text.h"

#define HW_ADDRESS_STRING_MAX 128

typedef struct hw_address {
    struct sockaddr_storage storage; /* family AF_UNSPEC: inherited, see fd */
    socklen_t length;
    int fd; /* "fd:3", else -1 */
} hw_address;

/* What the storage holds, as a copy: looked at through a pointer of another type, the compiler would
 * take it for another object. */
static inline struct sockaddr_in hw_address_in(const struct sockaddr_storage *storage)
{
    struct sockaddr_in in;
    memcpy(&in, storage, sizeof in);
    return in;
}

static inline struct sockaddr_in6 hw_address_in6(const struct sockaddr_storage *storage)
{
    struct sockaddr_in6 in6;
    memcpy(&in6, storage, sizeof in6);
    return in6;
}

/* 0, or -EINVAL and the fault says what is wrong with it. "9000" is 127.0.0.1:9000; ":80" is
 * [::]:80 where the machine has IPv6 (taking IPv4 too), else 0.0.0.0:80. Port 0: the system
 * chooses. No names are looked up but "localhost". */
int hw_address_parse(hw_text text, hw_fault *fault, hw_address *ret_address);
/* As it is written: "127.0.0.1:9000", "[::1]:9000", "unix:/run/x". Returns string. */
const char *hw_address_format(const struct sockaddr_storage *storage, socklen_t length,
                              char string[HW_ADDRESS_STRING_MAX]);

/* Whom a connection comes from, kept as it came: an idle connection needs no text of it. */
typedef struct hw_peer {
    unsigned char bytes[16]; /* in network order; of IPv4 the first four */
    unsigned char family;    /* AF_INET, AF_INET6, AF_UNIX; AF_UNSPEC: memory */
} hw_peer;

#define HW_PEER_STRING_MAX 48

/* An IPv4 address that comes as IPv6 is the former. */
hw_peer hw_peer_of(const struct sockaddr_storage *storage);
/* The port of what hw_address_format has written; 0: it has none. */
uint16_t hw_address_port(const char *name);

/* A client's address in a log: "127.0.0.1", "::1", "unix:", "memory:"; no port. Returns string. */
const char *hw_peer_format(const hw_peer *peer, char string[HW_PEER_STRING_MAX]);

#endif

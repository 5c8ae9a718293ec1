/* Addresses as people write them: "9000" and "localhost:9000" (both loopbacks are two listeners:
 * the caller's business), ":80" (all interfaces), "1.2.3.4:80", "[::1]:9000", "unix:/run/x", "fd:3"
 * (inherited). */
#ifndef HW_NET_ADDRESS_H
#define HW_NET_ADDRESS_H

#include <sys/socket.h>

#include "base/error.h"
#include "base/text.h"

#define HW_ADDRESS_STRING_MAX 128

typedef struct hw_address {
    struct sockaddr_storage storage; /* family AF_UNSPEC: inherited, see fd */
    socklen_t length;
    int fd; /* "fd:3", else -1 */
} hw_address;

/* 0, or -EINVAL and the fault says what is wrong with it. "9000" is 127.0.0.1:9000; ":80" is
 * [::]:80 where the machine has IPv6 (taking IPv4 too), else 0.0.0.0:80. Port 0: the system
 * chooses. No names are looked up but "localhost". */
int hw_address_parse(hw_text text, hw_fault *fault, hw_address *ret_address);
/* As it is written: "127.0.0.1:9000", "[::1]:9000", "unix:/run/x". Returns string. */
const char *hw_address_format(const struct sockaddr_storage *storage, socklen_t length,
                              char string[HW_ADDRESS_STRING_MAX]);
/* The same without the port: a client's address in a log. */
const char *hw_address_format_host(const struct sockaddr_storage *storage, socklen_t length,
                                   char string[HW_ADDRESS_STRING_MAX]);

#endif

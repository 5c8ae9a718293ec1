/* The header of the PROXY protocol: with it a proxy that only carries bytes begins a connection, to say
 * which client it makes it for. Version 1 is a line of text, version 2 is binary; both are those of
 * "The PROXY protocol, versions 1 & 2" (HAProxy, doc/proxy-protocol.txt). */
#ifndef HW_NET_PROXY_HEADER_H
#define HW_NET_PROXY_HEADER_H

#include <sys/types.h>

#include "base/text.h"
#include "net/address.h"

/* A header that is longer in all is refused. The addresses take 232 at most; the rest is for what
 * version 2 may add to them, which is skipped. */
#define HW_PROXY_HEADER_BYTES_MAX 2048
/* The same for version 1, with its CRLF. */
#define HW_PROXY_LINE_BYTES_MAX 107

/* Reads what has come of a header. 0: it is whole, and ret_client is the one that it names, of family
 * AF_UNSPEC where it names none and the connection is its maker's own. A positive number: so many
 * bytes more belong to it whatever they are; read no others, and ask again with all of them. -EPROTO:
 * this is the beginning of no header. Begin with the empty text. */
ssize_t hw_proxy_header_read(hw_text bytes, hw_peer *ret_client);

#endif

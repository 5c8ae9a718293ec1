/* Whom a proxy asks for: X-Forwarded-For and Forwarded (RFC 7239). */
#ifndef HW_HTTP_FORWARDED_H
#define HW_HTTP_FORWARDED_H

#include "http/cidr.h"
#include "http/field.h"

/* The client behind a peer that is trusted: from there on, from one proxy to the one before, the
 * first address that is not trusted, or the last that was said at all. Where both fields are there
 * and say something else, neither is believed: it is the peer. */
hw_ip hw_forwarded_client(hw_fields fields, const hw_cidrs *trusted, hw_ip peer);

#endif

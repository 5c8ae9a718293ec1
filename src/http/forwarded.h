/* Whom a proxy asks for, and how it was asked itself: X-Forwarded-For, X-Forwarded-Proto and Forwarded
 * (RFC 7239). */
#ifndef HW_HTTP_FORWARDED_H
#define HW_HTTP_FORWARDED_H

#include "http/cidr.h"
#include "http/field.h"

/* The client behind a peer that is trusted: from there on, from one proxy to the one before, the
 * first address that is not trusted, or the last that was said at all. Where both fields are there
 * and say something else, neither is believed: it is the peer. */
hw_ip hw_forwarded_client(hw_fields fields, const hw_cidrs *trusted, hw_ip peer);

/* Whether the client behind a peer that is trusted has come by https. Of Forwarded the element of the
 * client's own proxy says so; of X-Forwarded-Proto all values, which must be the same. is_secure: what
 * holds where nobody says, where it is neither http nor https, and where both fields are there and do
 * not say the same. */
bool hw_forwarded_is_secure(hw_fields fields, const hw_cidrs *trusted, bool is_secure);

#endif

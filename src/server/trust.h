/* Whose word counts: connections by their address. */
#ifndef HW_SERVER_TRUST_H
#define HW_SERVER_TRUST_H

#include "http/cidr.h"
#include "net/address.h"

/* NULL: nobody is. */
bool hw_trust_has(const hw_cidrs *trusted, const hw_peer *peer);

#endif

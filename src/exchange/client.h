/* Who asks, and what the request is called: what of it is not in its head, or not for certain. Both
 * are found when somebody asks for them first. */
#ifndef HW_EXCHANGE_CLIENT_H
#define HW_EXCHANGE_CLIENT_H

#include <stdatomic.h>

#include "exchange/exchange.h"

/* How long an id is that is made here. */
#define HW_ID_LENGTH 32
/* A longer one is not taken over from a proxy. */
#define HW_ID_LENGTH_MAX 128

/* What ids are made from, one a loop. Any thread may take the next. */
typedef struct hw_ids {
    uint64_t seeds[2]; /* random */
    _Atomic uint64_t count;
} hw_ids;

/* The next id: no other of these seeds, nor of others as good as certainly. No NUL behind it. */
void hw_ids_next(hw_ids *ids, char ret_id[HW_ID_LENGTH]);

/* The client's address, "127.0.0.1" or "unix:"; no port. Where the connection comes from a trusted
 * proxy (place->proxies), the address that proxy asks for. */
hw_text hw_exchange_peer(hw_exchange *exchange);

/* Whether the client has come by https. Where the connection comes from a trusted proxy, what that says of
 * the client's own; else the connection is what it is (request.is_secure). */
bool hw_exchange_is_secure(hw_exchange *exchange);

/* Whether the connection comes from a trusted proxy. */
bool hw_exchange_is_from_proxy(hw_exchange *exchange);

/* The request's id: what a trusted proxy calls it, or one of our own. "": no memory. */
const char *hw_exchange_id(hw_exchange *exchange);

#endif

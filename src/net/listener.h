/* A listener accepts connections and makes streams of them. One is shared by all loops of a server.
 */
#ifndef HW_NET_LISTENER_H
#define HW_NET_LISTENER_H

#include "base/error.h"
#include "net/address.h"
#include "net/tcp.h"

typedef struct hw_listener {
    int fd;
    bool is_unix;        /* made here: its name is removed on close */
    struct hw_tls *tls;  /* what is spoken over what it accepts; NULL: nothing but bytes */
    uint16_t https_port; /* of its streams */
    const struct hw_cidrs *senders;   /* of http/cidr.h: who says first for whom it connects, and
                                       nobody else may connect; NULL: nobody does */
    char name[HW_ADDRESS_STRING_MAX]; /* what was really bound */
} hw_listener;

/* Binds and listens. 0, or a negative errno and a fault: what, and where (the address as it was
 * given). */
int hw_listener_open(hw_listener *listener, const char *address, hw_fault *fault);
void hw_listener_close(hw_listener *listener); /* a closed one is fine */

/* From now on a connection waits to be accepted until its first bytes are there, for about a
 * second: its first read gives something then, and one that says nothing costs less for as long.
 * Where the system knows nothing of the kind, nothing changes. */
void hw_listener_defer(hw_listener *listener);

/* The next waiting connection as a stream of this pool's loop. 0; -EAGAIN: none waits; else a
 * negative errno, which concerns that connection alone (ECONNABORTED and the like of accept(2)) or
 * the listener. */
int hw_listener_accept(hw_listener *listener, hw_tcp_pool *pool, hw_stream **ret_stream);

#endif

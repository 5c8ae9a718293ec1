/* The limits and deadlines of a server (docs/limits.md tells them all), all in one place. */
#ifndef HW_SERVER_LIMITS_H
#define HW_SERVER_LIMITS_H

#include <stdint.h>

#include "h1/parser.h"
#include "h2/session.h"

typedef struct hw_limits {
    unsigned connections_max;    /* of the whole server */
    unsigned handshake_ms;       /* of TLS, in all; and before it of a PROXY header */
    unsigned head_ms;            /* a head, from accept or its first byte, in all */
    unsigned idle_ms;            /* between two requests */
    unsigned body_grace_ms;      /* a body's first span without a minimum */
    unsigned body_window_ms;     /* then, in every such span, at least rate_bytes_min a second */
    unsigned response_ms;        /* without progress while something waits to be sent */
    unsigned response_window_ms; /* in every such span at least rate_bytes_min a second are taken,
                                    while response_bytes_waiting wait to be */
    unsigned linger_ms;          /* reading on after the last answer, so that it arrives */
    unsigned answer_ms;          /* until a handler's answer is there */
    unsigned blocked_max;        /* handlers that are slow, at the same time */
    unsigned streams_max;        /* bodies that are written by a thread of their own, likewise */
    unsigned drain_ms;           /* a graceful stop */
    unsigned rate_bytes_min;     /* a second */
    unsigned requests_max;       /* of one connection */
    uint64_t
        skip_bytes_max; /* a body nobody wants is read past up to here to keep the connection */
    size_t response_bytes_waiting;
    size_t memory_bytes_max; /* of all connections and bodies together; 0: derived */
    size_t cache_bytes_max;  /* what all loops' states of the answerers may keep */
    hw_h1_limits h1;
    hw_h2_limits h2;
} hw_limits;

/* The defaults. Where they are 0 hw_server_new derives them: connections_max from the descriptor
 * limit, memory_bytes_max from the machine's memory. */
hw_limits hw_limits_default(void);

#endif

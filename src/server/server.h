/* A server: listeners, one loop a thread, and the answerer that all of them ask. */
#ifndef HW_SERVER_SERVER_H
#define HW_SERVER_SERVER_H

#include "base/error.h"
#include "base/sink.h"
#include "exchange/answerer.h"
#include "http/cidr.h"
#include "http/media.h"
#include "net/stream.h"
#include "server/limits.h"

typedef struct hw_server hw_server;

/* An address, and how it is spoken to there. */
typedef struct hw_listen {
    const char *address;    /* as net/address.h reads it */
    struct hw_tls *tls;     /* of net/tls.h; NULL: in clear */
    bool redirects;         /* who asks there is sent to https ... */
    uint16_t redirect_port; /* ... on this port; 0: that of the first that has TLS */
    const hw_cidrs
        *senders; /* proxies that begin with a PROXY header, and the only ones that are let
                                in; NULL: anybody, without one */
} hw_listen;

/* Everything is borrowed and must outlive the server, but for the array of listens and their
 * strings. */
typedef struct hw_server_setup {
    const hw_listen *listens;
    size_t listen_count;
    hw_limits limits;
    unsigned loops; /* 0: one a processor this process may use */
    const hw_answerer *answerer;
    const hw_local *locals;
    size_t local_count;
    const hw_sink
        *sinks; /* dealt out to the loops in turn; one of several loops is called by several
                             threads */
    size_t sink_count;
    const hw_media *media;
    const hw_cidrs *proxies; /* whose word about clients counts; NULL: nobody's */
} hw_server_setup;

/* Binds every address; starts no thread. 0, or a negative errno and the fault says which address
 * and why
 * (-EADDRINUSE, -EACCES, -EADDRNOTAVAIL, -EINVAL ...). */
int hw_server_new(const hw_server_setup *setup, hw_fault *fault, hw_server **ret_server);
/* Starts the loops' threads. 0, or a negative errno: then none is running. */
int hw_server_start(hw_server *server);
/* Instead of start, for a server of one loop: that runs when it is polled, inside somebody else's
 * loop (loop/guest.h), and is never taken over. -EINVAL: it has several. */
int hw_server_lend(hw_server *server);
int hw_server_descriptor(const hw_server *server);
void hw_server_poll(hw_server *server, int most_ms);
/* A connection that no listener made, on the first loop; between polls. Takes the stream. 0, or
 * -ENOMEM. */
int hw_server_connect(hw_server *server, hw_stream *stream);
/* Until every loop has ended after a stop. 0, or -ETIMEDOUT: the drain deadline cut connections
 * off. */
int hw_server_wait(hw_server *server);
/* The first call drains: no new connections, requests in flight are finished, within
 * limits.drain_ms. The second ends at once. Threads: any; also from a signal handler. */
void hw_server_stop(hw_server *server);
void hw_server_free(hw_server *server); /* not while its threads run (asserted); NULL is fine */

/* What was really bound, "127.0.0.1:9000"; NULL past the last one. Valid: as long as the server. */
const char *hw_server_address(const hw_server *server, size_t index);
/* The most memory the process should ever have: the program and its loops, what the answerers keep,
 * and limits.memory_bytes_max. Valid: from hw_server_new on. */
uint64_t hw_server_ceiling(const hw_server *server);
/* Those in force, what is derived included. Valid: as long as the server. */
const hw_limits *hw_server_limits(const hw_server *server);
/* Exchanges begun and not finished yet; requests and body bytes answered, connections shed and
 * refused so far; memory that is charged now. Threads: any. */
typedef struct hw_server_numbers {
    uint64_t connections, exchanges, requests, bytes_out, shed, refused, memory;
} hw_server_numbers;
hw_server_numbers hw_server_count(const hw_server *server);

#endif

/* What carries a talk: a connection to the server under test, from the client's side. */
#ifndef HW_TESTS_TALK_CARRIER_H
#define HW_TESTS_TALK_CARRIER_H

#include "exchange/answerer.h"
#include "net/tls.h"
#include "server/limits.h"
#include "talk/bytes.h"

/* Who answers, within which limits. */
typedef struct talk_service {
    const hw_answerer *answerer;
    const hw_local *locals;
    size_t local_count;
    hw_limits limits;
    size_t room_bytes; /* of what the client has not read, in memory; 0: as a socket has */
    size_t wire_bytes; /* of what is encrypted, that go at once; 0: all there are */
    hw_tls *tls;       /* of servers that speak TLS; NULL: it was not built */
} talk_service;

typedef enum talk_heard {
    TALK_HEARD_BYTES,
    TALK_HEARD_END,     /* the server has ended its side; nothing will follow */
    TALK_HEARD_RESET,   /* the connection broke */
    TALK_HEARD_NOTHING, /* and nothing will come by itself */
} talk_heard;

typedef struct talk_carrier talk_carrier;

typedef struct talk_carrier_ops {
    const char *name;
    bool has_time; /* the clock stands still unless `wait` moves it */
    /* Sends; what the server does not take any more is lost, as it is on a network. */
    void (*send)(talk_carrier *carrier, hw_text bytes);
    void (*end_send)(talk_carrier *carrier);
    void (*reset)(talk_carrier *carrier);
    /* Closes the client's connection, if there is one, and makes another. */
    void (*connect)(talk_carrier *carrier);
    void (*wait)(talk_carrier *carrier, uint64_t ms);
    /* The first time the server drains, the second time it ends at once. */
    void (*stop)(talk_carrier *carrier);
    /* Appends what has arrived, and waits for it where that can take time. */
    talk_heard (*receive)(talk_carrier *carrier, talk_bytes *bytes);
    /* Appends so many bytes of what has arrived or arrives at once, and leaves the rest where it
     * is. False: there are not so many. Only where `has_time`. */
    bool (*take)(talk_carrier *carrier, talk_bytes *bytes, size_t count);
    bool (*is_closed)(talk_carrier *carrier);
    /* Ends connection and server. What the server should have let go of but has not, in words;
     * NULL: nothing. */
    const char *(*close)(talk_carrier *carrier);
} talk_carrier_ops;

struct talk_carrier {
    const talk_carrier_ops *ops;
};

/* Each makes a server and one connection to it. It gives up the whole run where the system does. */
talk_carrier *talk_carrier_memory(const talk_service *service);
talk_carrier *talk_carrier_tcp(const talk_service *service);
/* The first of these, with TLS between the connection and what is said over it. */
talk_carrier *talk_carrier_tls(const talk_service *service);
/* No server at all: at whatever is expected an empty 200 is there, and it never closes. */
talk_carrier *talk_carrier_empty(const talk_service *service);

/* What others stand on: memory to a server that speaks TLS, where tls is not NULL; and TLS over that,
 * whose client offers protocols as they go over the wire, "\x08http/1.1" (RFC 7301 3.1). */
talk_carrier *talk_memory_open(const talk_service *service, hw_tls *tls);
talk_carrier *talk_tls_open(const talk_service *service, const char *protocols);

/* Ends the program: the system does not do what every test needs. */
void talk_give_up(const char *what, int error) __attribute__((noreturn));

#endif

/* One request and its response, whatever carried them: the waist of the hourglass. Drivers drive it
 * up (begin, feed, gone), and it calls down through its carrier (wake, inform, stop). */
#ifndef HW_EXCHANGE_EXCHANGE_H
#define HW_EXCHANGE_EXCHANGE_H

#include <errno.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/sink.h"
#include "exchange/answerer.h"
#include "exchange/bell.h"
#include "exchange/flow.h"
#include "exchange/request.h"
#include "exchange/response.h"
#include "exchange/ring.h"
#include "http/cidr.h"
#include "http/media.h"

/* What an exchange may ask of the driver that carries it. On the loop only, but for `peer`, which
 * its handler may ask for, and the last two. */
typedef struct hw_carrier_ops {
    void (*wake)(
        hw_exchange *exchange); /* there is something to send, or room for more of the body */
    void (*inform)(hw_exchange *exchange, int status, hw_fields fields); /* send a 1xx now */
    void (*stop)(hw_exchange *exchange, int error); /* abort what is being sent; error says why */
    hw_text (*peer)(hw_exchange *exchange); /* whom the connection is from, in the arena; "": no
                                               memory */
    /* Threads: any. Something has moved in a flow, or a waker was used: the loop looks, soon. */
    void (*notify)(hw_exchange *exchange);
    /* Threads: whoever was the last to have it. A promised answer is there (later.h). */
    void (*give_back)(hw_exchange *exchange);
} hw_carrier_ops;

/* Of an exchange that no connection carries. */
extern const hw_carrier_ops hw_carrier_nobody;

/* Where an exchange takes place: what all exchanges of one loop share. Owned by the server. */
typedef struct hw_place {
    const hw_sink *sink;
    const hw_media *media;
    const hw_cidrs *proxies; /* whose word about the client counts; NULL: nobody's */
    struct hw_ids *ids;      /* of exchange/client.h; NULL: there are none */
    void **locals;           /* one an hw_local, in order of registration */
    size_t local_count;
    hw_bell *bell;                      /* for who sleeps in a handler; NULL: nobody can */
    const struct hw_narrator *narrator; /* of exchange/narrator.h; NULL: nobody, as in a server */
    atomic_bool is_draining;            /* the server is about to end. Any thread may ask */
} hw_place;

/* Something to be done when an exchange is over. In the arena; the first member of whatever it
 * needs. */
typedef struct hw_sent {
    int status;     /* as sent; 0: nothing was */
    uint64_t bytes; /* of the body */
} hw_sent;
typedef struct hw_hook hw_hook;
struct hw_hook {
    void (*run)(hw_hook *hook, hw_exchange *exchange, const hw_sent *sent);
    hw_hook *next;
};

typedef struct hw_hint hw_hint; /* see hint.h */

/* Public code knows it as the opaque `hewn_request`: to a handler the request is the whole
 * exchange. */
struct hewn_request {
    hw_request request;
    hw_response response;
    hw_arena arena;
    const hw_carrier_ops *carrier;
    const hw_place *place;
    const hw_answerer *answerer; /* chosen by the plan; NULL: nobody yet */
    hw_body_plan plan;
    struct hw_call
        *call;           /* what the application keeps of it, in the arena: its business; or NULL */
    const hw_step *told; /* a step the answer has taken: told when it is over; or NULL */
    hw_left left;        /* for the loop's state, once the answer is over */
    hw_hook *hooks;      /* the last one first; NULL: none */
    hw_promise *promise; /* of a response of the kind LATER */
    uint64_t later;      /* later.c's; 0: none is open */
    hw_ring *inflow;     /* plan `stream`: the end of request.body the driver feeds */
    hw_flow *intake;     /* plan `read`: what the handler reads from */
    size_t content_capacity;    /* plan `buffer`: room behind request.content */
    int64_t now_ms;             /* wall clock when the head was complete */
    int64_t began_ns;           /* monotonic, the same moment */
    uint64_t fed;               /* body bytes so far */
    const void *last_resort[2]; /* for an answerer that must give something and has no memory */
    bool is_quick;              /* inside a quick step */
    bool is_answered;           /* the response is complete, or will never be */
    _Atomic(hw_hint *) hints;   /* not sent yet, the newest first; NULL whenever it is over */
    atomic_bool is_gone;        /* the client is not there any more. Any thread may ask */
};

/* Once, for memory that is used for one exchange after the other. */
void hw_exchange_init(hw_exchange *exchange, size_t block_bytes, size_t bytes_max);
void hw_exchange_fini(hw_exchange *exchange);
/* Over: drops bodies, resets the arena, and with it what was left for the loop. The rest stays as
 * it was until the next begin. */
void hw_exchange_reset(hw_exchange *exchange);

/* A head has arrived, and the driver has put it into exchange->request (hw_request says what of
 * it): reads target, host and path, and overwrites all else that was there before. NULL, or what is
 * wrong with them (the exchange can then only be answered with it). Copies nothing. is_plain: it is
 * known that raw_target is a path, canonical as it is, and nothing else. */
const hw_problem *hw_exchange_begin(hw_exchange *exchange, bool is_plain,
                                    const hw_carrier_ops *carrier, const hw_place *place,
                                    int64_t now_ms, int64_t began_ns);
/* Begins an exchange for bytes that are no request, so that they are answered and recorded in their
 * turn. */
void hw_exchange_begin_unread(hw_exchange *exchange, const hw_carrier_ops *carrier,
                              const hw_place *place, int64_t now_ms, int64_t began_ns);
/* Prepares for the body as exchange->plan says. 0, or -ENOMEM. */
int hw_exchange_expect(hw_exchange *exchange);
/* Bytes of the body; how many were taken: fewer (stream: no room) means wait for wake. -EMSGSIZE:
 * over the plan's limit; -ENOMEM. */
ssize_t hw_exchange_feed(hw_exchange *exchange, hw_text bytes);
/* The body is complete; trailers are in the arena. */
void hw_exchange_feed_end(hw_exchange *exchange, hw_fields trailers);
/* For an answerer with plan `stream`: the request's body becomes the caller's, who drops it; NULL
 * when there is none. A response may have it as its own body. */
hw_source *hw_exchange_take_body(hw_exchange *exchange);
/* For an answerer: starts a tunnel as the response (101, or 200 to CONNECT). What the client sends
 * from here on is the source returned, which is the caller's (it may be taken into the response's
 * body); what is sent to it is the body the answerer sets. NULL: no memory. */
hw_source *hw_exchange_start_tunnel(hw_exchange *exchange, int status);
/* The client is gone or the connection fails: a streamed body breaks off. */
void hw_exchange_gone(hw_exchange *exchange);
/* The same of one that a handler has: it can ask, it wakes if it sleeps or waits for the body, and
 * nothing else of it is touched. */
void hw_exchange_note_gone(hw_exchange *exchange);
/* Its handler reads no more. */
void hw_exchange_end_intake(hw_exchange *exchange);
/* Runs its hooks, the last one first; afterwards there are none. May block. */
void hw_exchange_run_hooks(hw_exchange *exchange, const hw_sent *sent);

/* The per-loop state of a slot (its place in the order of registration). Only inside a quick step
 * (asserted). */
void *hw_exchange_local(hw_exchange *exchange, size_t slot);
/* Leaves something, which lives in the arena, for the state of a slot: a quick step that does not
 * answer leaves it empty, the answer fills it in (exchange->left.item), and when that is over the
 * loop's state takes it. Only inside a quick step (asserted). */
void hw_exchange_leave(hw_exchange *exchange, size_t slot, void *item);

#endif

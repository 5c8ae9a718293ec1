/* What is answered: a status, fields and a body, built in the exchange's arena. Building never
 * fails half-way: without memory the response is marked `is_broken`, and the driver answers a
 * static 500 in its place. */
#ifndef HW_EXCHANGE_RESPONSE_H
#define HW_EXCHANGE_RESPONSE_H

#include "exchange/flow.h"
#include "exchange/prepared.h"

typedef enum hw_response_kind {
    HW_RESPONSE_NONE,    /* not answered (yet) */
    HW_RESPONSE_STARVED, /* no descriptor was to be had: the answerer wants to be asked again */
    HW_RESPONSE_LATER,   /* exchange.promise says how it comes, when the answerer has returned */
    HW_RESPONSE_MESSAGE, /* head and body */
    HW_RESPONSE_TUNNEL,  /* a head, then bytes both ways until either side ends (101, or 200 to
                            CONNECT) */
} hw_response_kind;

typedef struct hw_promise hw_promise; /* see later.h */

/* What whoever makes a body has to say. */
typedef enum hw_feeding {
    HW_FEED_END,  /* that was all */
    HW_FEED_MORE, /* ask me again */
    HW_FEED_WAIT, /* nothing now: ask me when I wake you, or a second later */
} hw_feeding;

/* Makes the body of a response while that is sent: writes into the flow. In the arena; the first
 * member of whatever it needs. */
typedef struct hw_feeder hw_feeder;
struct hw_feeder {
    hw_flow flow;
    int (*run)(hw_feeder *feeder); /* an hw_feeding, or a negative errno: the body breaks off */
    /* It is run once, on a thread of its own, where it may wait as long as it likes; else whenever
     * the flow is empty, as handlers are run, and then it never waits for room. */
    bool has_thread;
    int said; /* what `run` returned last */
};

struct hewn_response {
    hw_response_kind kind;
    int status;
    hw_field *fields; /* an array in the arena that grows */
    size_t field_count, field_capacity;
    hw_source *body;       /* NULL: empty. Owned: dropped when it is sent or given up */
    hw_prepared *prepared; /* NULL, or where status and the first fields come from */
    hw_arena *arena;
    hw_feeder *feeder;  /* of the body; NULL: nobody */
    const char *detail; /* of an error, for who writes its page; NULL: the status says it all */
    bool is_broken;     /* something could not be built */
    bool is_spoiled;    /* the answerer has done what it must not; starting over does not mend it */
    bool is_plain;      /* its body is only words for its status */
    bool is_final;      /* it is being sent, or has been: no other can be made */
};
typedef struct hewn_response hw_response;

/* Starts over with this status: fields and prepared head are gone, the body is dropped. Aborts where
 * it is final. */
void hw_response_start(hw_response *response, int status);
/* Starts over with a prepared head, and takes the body, as hw_response_take_body does. */
void hw_response_start_prepared(hw_response *response, hw_prepared *prepared, hw_source *body);
/* Appends a field. Name and value are borrowed: literals, or memory of the arena. A value that
 * cannot be sent (RFC 9110 5.5) breaks the response. Content-Length, Connection, Transfer-Encoding
 * and Date are the driver's. */
void hw_response_add(hw_response *response, hw_field_id id, hw_text value);
void hw_response_add_name(hw_response *response, hw_text name, hw_text value);
/* Replaces all fields of this name by one. Where the body says its type itself Content-Type is that
 * of what is in it. */
void hw_response_set_name(hw_response *response, hw_text name, hw_text value);
/* Takes the source (NULL breaks the response: the maker had no memory) and drops the one before. */
void hw_response_take_body(hw_response *response, hw_source *body);
/* Takes the flow of a feeder as the body. */
void hw_response_take_feeder(hw_response *response, hw_feeder *feeder);
/* A body of bytes that live as long as the arena. */
void hw_response_set_bytes(hw_response *response, hw_text bytes);
/* Starts over: a short text/plain answer, "Not Found\n", or with the words given, which are copied
 * and become its detail. */
void hw_response_plain(hw_response *response, int status, const char *words);

#endif

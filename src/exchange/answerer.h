/* Who answers: three functions that the server calls for every exchange, in this order. An
 * application is one, a folder of files is one, and so is a single handler. */
#ifndef HW_EXCHANGE_ANSWERER_H
#define HW_EXCHANGE_ANSWERER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hewn_request hw_exchange; /* see exchange.h */
typedef struct hw_serial hw_serial;      /* see serial.h */

typedef enum hw_plan_kind {
    HW_PLAN_NONE,   /* the answer needs no body: it is read past, up to the limit, or the connection
                       closes */
    HW_PLAN_BUFFER, /* answer when all of it is there */
    HW_PLAN_STREAM, /* answer at once; the body is a source */
    HW_PLAN_READ,   /* answer at once, on a thread that may wait: it reads the body from a flow */
} hw_plan_kind;

/* What is to be done with the request's body. */
typedef struct hw_body_plan {
    hw_plan_kind kind;
    uint64_t limit; /* bytes; a longer body is 413 before it is read (NONE: it is not read past) */
} hw_body_plan;

/* What a server grants the state of one loop: memory in all, and descriptors of files. */
typedef struct hw_share {
    size_t bytes_max;
    unsigned descriptors_max;
} hw_share;

/* State an answerer wants once a loop, made before the loop starts and freed after it has ended.
 * All but init and fini are called on the loop; whatever is NULL is not called. */
typedef struct hw_local {
    size_t size;
    size_t beside_bytes; /* what may be taken beside the shares of all loops, in all */
    /* Memory is zeroed; 0 or a negative errno. */
    int (*init)(void *local, void *arg, const hw_share *share);
    void (*fini)(void *local);
    void *arg;
    /* A descriptor to be watched, or -1 (asked once, after init), and what happens when it is
     * readable: before anything else of that step. */
    int (*descriptor)(const void *local);
    void (*on_readable)(void *local);
    /* Takes over what an answer has left with hw_exchange_leave, once that answer is over. */
    void (*take)(void *local, void *item);
} hw_local;

/* What an answer leaves for a loop's state. */
typedef struct hw_left {
    size_t slot;
    void *item; /* NULL: nothing */
} hw_left;

/* How long a handler takes. Shared by all loops; a loop learns for all of them. */
typedef struct hw_pace {
    unsigned timeout_ms; /* for the answer, or the client gets a 504; 0: the server's */
    bool is_blocking;    /* it never runs where a loop would wait for it */
    hw_serial *serial;   /* one of those that share this at a time; NULL: any number */
    /* What was learned, see server/answer.c. */
    _Atomic int64_t stalled_ns;  /* when a loop waited for it last; monotonic, 0: never */
    _Atomic unsigned aside_runs; /* so often it starts on a spare */
} hw_pace;

typedef struct hw_answerer {
    /* The head is there: decides who answers (may note it in the exchange) and what becomes of the
     * body. On the loop; no system call. */
    hw_body_plan (*plan)(void *arg, hw_exchange *exchange);
    /* Answers if that is possible at once: on the loop, no system call that can block; may use
     * hw_exchange_local. True: the response is complete. NULL: there is no such step. */
    bool (*quick)(void *arg, hw_exchange *exchange);
    /* Answers; where that failed for want of descriptors alone, response.kind may be left as
     * HW_RESPONSE_STARVED, and it is asked again when others may have given some back. May block:
     * between its start and its end it touches only the exchange, what is immutable, and what has a
     * lock of its own; nothing owned by a loop, which may have gone on with another thread. */
    void (*answer)(void *arg, hw_exchange *exchange);
    void *arg;
    hw_pace *pace; /* of `answer`; NULL: it is never slow for long */
} hw_answerer;

#endif

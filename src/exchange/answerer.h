/* Who answers: three functions that the server calls for every exchange, in this order. An
 * application is one, a folder of files is one, and so is a single handler. */
#ifndef HW_EXCHANGE_ANSWERER_H
#define HW_EXCHANGE_ANSWERER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hewn_request hw_exchange; /* see exchange.h */

typedef enum hw_plan_kind {
    HW_PLAN_NONE,   /* the answer needs no body: it is read past, up to the limit, or the connection
                       closes */
    HW_PLAN_BUFFER, /* answer when all of it is there */
    HW_PLAN_STREAM, /* answer at once; the body is a source */
} hw_plan_kind;

/* What is to be done with the request's body. */
typedef struct hw_body_plan {
    hw_plan_kind kind;
    uint64_t limit; /* bytes; a longer body is 413 before it is read (NONE: it is not read past) */
} hw_body_plan;

/* State an answerer wants once a loop, made before the loop starts and freed after it has ended. */
typedef struct hw_local {
    size_t size;
    int (*init)(void *local, void *arg); /* memory is zeroed; 0 or a negative errno */
    void (*fini)(void *local);
    void *arg;
} hw_local;

typedef struct hw_answerer {
    /* The head is there: decides who answers (may note it in the exchange) and what becomes of the
     * body. On the loop; no system call. */
    hw_body_plan (*plan)(void *arg, hw_exchange *exchange);
    /* Answers if that is possible at once: on the loop, no system call that can block; may use
     * hw_exchange_local. True: the response is complete. NULL: there is no such step. */
    bool (*quick)(void *arg, hw_exchange *exchange);
    /* Answers. May block: between its start and its end it touches only the exchange, what is
     * immutable, and what has a lock of its own; nothing owned by a loop. */
    void (*answer)(void *arg, hw_exchange *exchange);
    void *arg;
} hw_answerer;

#endif

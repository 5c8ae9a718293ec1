/* What an application keeps of one request beside the request itself: things that are made when a
 * handler asks for them the first time, and kept for the next time. */
#ifndef HW_APP_CALL_H
#define HW_APP_CALL_H

#include "app/tagged.h"
#include "exchange/exchange.h"
#include "hewn.h"

/* Decoded pairs, in the order they came; each text has a NUL behind it. */
typedef struct hw_pair {
    hw_text name, value;
} hw_pair;

typedef struct hw_pairs {
    hw_pair *at;
    size_t count, capacity;
    bool is_read; /* they have been looked for */
} hw_pairs;

/* What hewn_put_value has put. */
typedef struct hw_value hw_value;
struct hw_value {
    const void *key;
    void *value;
    hw_value *next;
};

/* What is wrong with the body, for hewn_body_problem. */
typedef struct hw_body_problem {
    int status; /* 0: nothing */
    const char *words;
    const char *accept; /* the media type that would have done; or NULL */
} hw_body_problem;

typedef struct hw_call {
    hw_value *values;
    hw_pairs query, cookies, form;
    hw_body_problem form_problem, json_problem;
    const hw_body_problem *body_problem; /* what the last reader of the body has found; or NULL */
    size_t read_length;                  /* of a buffered body, by hewn_read */
    const hewn_json *json;               /* NULL: not read yet, or not to be read */
    bool is_json_read;
} hw_call;

/* In the exchange's arena, empty when it is asked for first. NULL: no memory. */
hw_call *hw_call_of(hw_exchange *exchange);

/* The media type of the body, without its parameters; empty: none, or several. */
hw_text hw_body_type(const hw_exchange *exchange);
/* application/json, and what is JSON underneath: application/problem+json (RFC 6839 3.1). */
bool hw_body_is_json(hw_text type);
/* Whether the body can be read as a type at all: it has that type, and no coding. Else the problem
 * says so, with `words`. */
bool hw_body_is_readable(const hw_exchange *exchange, bool is_type, const char *words,
                         const char *accept, hw_body_problem *ret_problem);

#endif

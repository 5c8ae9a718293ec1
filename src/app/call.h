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

/* What is wrong with the body, as the one who read it last found out; status 0: nothing. */
typedef struct hw_body_problem {
    int status;
    const char *words;
    const char *accept; /* media types that would have done; or NULL */
} hw_body_problem;

typedef struct hw_call {
    hw_value *values;
    hw_pairs query, cookies, form;
    hw_body_problem form_problem, json_problem;
    const hw_body_problem *problem; /* of the two, the one of the last reader; or NULL */
    const hewn_json *json;          /* NULL: not read yet, or not to be read */
    bool is_json_read;
} hw_call;

/* In the exchange's arena, empty when it is asked for first. NULL: no memory. */
hw_call *hw_call_of(hw_exchange *exchange);
/* Appends a pair. False: no memory. */
bool hw_pairs_add(hw_pairs *pairs, hw_arena *arena, hw_text name, hw_text value);

#endif

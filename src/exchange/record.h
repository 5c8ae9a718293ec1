/* One finished exchange, for logs, numbers and tests: told to the sink once, when its last byte has
 * been handed to the system or it was given up. */
#ifndef HW_EXCHANGE_RECORD_H
#define HW_EXCHANGE_RECORD_H

#include "exchange/exchange.h"

/* Texts are valid during the call; what the client sent stands in them as it came, and must be
 * escaped to be shown. */
typedef struct hw_record {
    hw_text method, target, protocol, peer, host, referer, user_agent;
    int status;         /* 0: the client went away before an answer */
    bool is_complete;   /* all of the answer was handed to the system */
    uint64_t bytes_in;  /* of the request's body */
    uint64_t bytes_out; /* of the response's body */
    uint64_t us;        /* from the step that found the complete head to the last byte */
    int64_t at_ms;      /* wall clock of that step */
    hw_text id;         /* empty where nobody has asked for it */
} hw_record;

/* Tells the exchange's sink, when it wants records. now_ns is monotonic. */
void hw_record_put(hw_exchange *exchange, int status, bool is_complete, uint64_t bytes_out,
                   int64_t now_ns);

#endif

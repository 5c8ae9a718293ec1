/* Early hints (RFC 8297): what a handler tells its client ahead of the answer, from whatever thread it
 * runs on. */
#ifndef HW_EXCHANGE_HINT_H
#define HW_EXCHANGE_HINT_H

#include "exchange/exchange.h"

/* A Link field to be sent in a 103 response, soon: the text is copied. Over HTTP/1.1 nobody is told. False:
 * no memory. Threads: whoever has the exchange. */
bool hw_hint_add(hw_exchange *exchange, hw_text link);
/* For the one below: there are some. */
void hw_hint_send_any(hw_exchange *exchange);
/* On the loop: sends those that wait, in their order, through the carrier. Threads may add some
 * meanwhile. In line, for nearly every exchange has none. */
static inline void hw_hint_send_all(hw_exchange *exchange)
{
    if (atomic_load_explicit(&exchange->hints, memory_order_relaxed))
        hw_hint_send_any(exchange);
}

#endif

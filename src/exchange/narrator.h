/* Somebody who is told, in words, what becomes of a request on its way to an answer, and why. */
#ifndef HW_EXCHANGE_NARRATOR_H
#define HW_EXCHANGE_NARRATOR_H

#include "exchange/exchange.h"

typedef struct hw_narrator {
    /* What it is about ("index", "tag"), and what there is to say. Valid: during the call. */
    void (*tell)(void *arg, const char *subject, const char *words);
    void *arg;
} hw_narrator;

/* Tells the narrator of the exchange's place; where there is none, as in every server, it costs a look.
 * Words that are too long are cut. For paths that are not in a hurry: never in a quick step. */
void hw_exchange_tell(const hw_exchange *exchange, const char *subject, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

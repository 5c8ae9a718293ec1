/* The answer of an address that only sends its clients to https. */
#ifndef HW_SERVER_REDIRECT_H
#define HW_SERVER_REDIRECT_H

#include "exchange/exchange.h"

/* Answers with 308 to the same URL under https, on request.https_port. Not for who has come by https
 * already (hw_exchange_is_secure). */
void hw_redirect_answer(hw_exchange *exchange);

#endif

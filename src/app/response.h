/* What the makers of responses have in common. */
#ifndef HW_APP_RESPONSE_H
#define HW_APP_RESPONSE_H

#include "exchange/exchange.h"
#include "hewn.h"

/* A response with a body of this type: memory of the arena, or a literal. bytes.at NULL: there was no
 * memory for it. */
hewn_response *hw_response_make(hewn_request *rq, int status, hw_text type, hw_text bytes);

#endif

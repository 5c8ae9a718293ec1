/* What an application can answer with: somebody who answers, with the middleware around it. A
 * route's handler is one, a mounted answerer, and each of the answers that come by themselves. */
#ifndef HW_APP_REPLY_H
#define HW_APP_REPLY_H

#include "base/arena.h"
#include "exchange/exchange.h"
#include "hewn.h"

#define HW_LAYERS_MAX 64

typedef struct hw_layer {
    hewn_middleware *run;
    void *arg;
} hw_layer;

typedef struct hw_layers {
    const hw_layer *at; /* the outermost first */
    size_t count;
} hw_layers;

/* Between its making and its sealing it has only `inner` and `scope`. */
typedef struct hw_reply {
    hw_answerer answerer; /* for the server: `inner`, or that with what is around it */
    hw_answerer inner;
    const hewn_app *scope; /* the app or group it belongs to */
    hewn_error_handler *on_error;
    hw_layers layers;
    hw_pace pace;        /* of a handler, or of the layers */
    bool has_own_errors; /* it writes their bodies, unless there is an on_error */
} hw_reply;

hw_reply hw_reply_of(const hewn_app *scope, hw_answerer inner);
/* Puts the layers around it, whose array must live as long, and lets on_error (NULL: nobody) make
 * the bodies of errors; has whatever of the program runs for it take turns in `serial` (NULL: it need
 * not). */
void hw_reply_seal(hw_reply *reply, hw_layers layers, hewn_error_handler *on_error,
                   hw_serial *serial);
/* Of an exchange whose answer comes from elsewhere, with its layers left already: from here on there
 * is a response that can be sent. `words`: what is wrong when none was made. */
void hw_reply_settle(hw_exchange *exchange, const char *words);

/* The reply that answers an exchange. NULL: none was chosen. */
const hw_reply *hw_reply_to(const hw_exchange *exchange);

#endif

/* What was asked: a request's head, read and checked, whatever carried it. */
#ifndef HW_EXCHANGE_REQUEST_H
#define HW_EXCHANGE_REQUEST_H

#include <stdint.h>

#include "exchange/body.h"
#include "http/method.h"
#include "http/path.h"
#include "http/target.h"

/* All texts stand in the exchange's arena with a NUL behind them. */
typedef struct hw_request {
    /* The head, as the driver puts it here before the exchange begins. */
    hw_method method;
    hw_text method_name;
    hw_text raw_target; /* as it was sent */
    hw_fields fields;
    hw_text protocol;        /* "HTTP/1.1" */
    uint64_t content_length; /* of the body that follows; 0: none; or HW_LENGTH_UNKNOWN */
    uint16_t https_port;     /* not 0: whatever is asked for is there, by https */
    bool is_secure;          /* the connection is encrypted; see hw_exchange_is_secure */
    hw_text client_name; /* if so: of the certificate the client has shown, RFC 4514; empty: none */
    /* What the exchange makes of it. */
    hw_target target; /* its parts, still encoded */
    hw_path path;     /* decoded and canonical; "*" of OPTIONS has none: empty. May be raw_target's
                           own memory */
    hw_path below;    /* the part of `path` below the mount that answers; begins with '/' */
    hw_text host;     /* from the target or the Host field; may be empty */
    hw_text peer;     /* read it with hw_exchange_peer: empty as long as nobody has */
    const char *id;   /* the same with hw_exchange_id: NULL */
    hw_source *body;  /* plan `stream`: what the client sends; else NULL */
    hw_text content;  /* plan `buffer`: all of it, once the handler runs */
    hw_fields trailers; /* of a buffered body */
} hw_request;

#endif

/* Who may read an answer from a page of another origin (Fetch 3.2, "CORS"). A browser asks, and
 * keeps what it is not allowed to pass on; a server only says. */
#ifndef HW_HTTP_CORS_H
#define HW_HTTP_CORS_H

#include "http/field.h"
#include "http/method.h"

/* Longer lists of fields that a page wants to send are not allowed. */
#define HW_CORS_HEADERS_BYTES_MAX 512

/* Whom a server lets read; zeroed: nobody. Borrowed. */
typedef struct hw_cors {
    const hw_text *origins;
    size_t count;
    bool is_any; /* "*": everybody, and nobody with credentials */
} hw_cors;

typedef enum hw_cors_outcome {
    HW_CORS_SILENT, /* nothing is to be said: no page of another origin asks, or it may not read */
    HW_CORS_READABLE,  /* the page may read the answer */
    HW_CORS_PREFLIGHT, /* the browser asks in front whether the page may ask */
} hw_cors_outcome;

/* What a request is to such a server. ret_origin, written unless it is silent, is what
 * Access-Control-Allow-Origin has to say: "*", or the origin as the server has it. */
hw_cors_outcome hw_cors_check(const hw_cors *cors, hw_method method, hw_fields request,
                              hw_text *ret_origin);

/* The fields that a page wants to send (Access-Control-Request-Headers), if a browser may be told
 * that it can: names of letters, digits, "-" and "_", and no more of them than
 * HW_CORS_HEADERS_BYTES_MAX. Else the empty text. */
hw_text hw_cors_headers_allowed(hw_fields request);

/* Whether it is an origin as browsers write it (RFC 6454 6.2): a scheme and a host in lower case,
 * perhaps a port, and nothing behind: "https://example.org:8443". "null" is none: every page
 * without an origin has it. */
bool hw_cors_origin_is_valid(hw_text origin);

#endif

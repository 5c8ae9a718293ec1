/* Request targets (RFC 9112 3.2, RFC 3986). */
#ifndef HW_HTTP_TARGET_H
#define HW_HTTP_TARGET_H

#include "base/text.h"
#include "http/method.h"
#include "http/problem.h"

typedef enum hw_target_form {
    HW_TARGET_ORIGIN,    /* "/where?q=now" */
    HW_TARGET_ABSOLUTE,  /* "http://example.org/where?q=now" */
    HW_TARGET_AUTHORITY, /* "example.org:80", for CONNECT alone */
    HW_TARGET_ASTERISK,  /* "*", for OPTIONS alone */
} hw_target_form;

/* Slices of the raw target, nothing decoded. Valid as long as it. */
typedef struct hw_target {
    hw_target_form form;
    hw_text scheme;    /* ABSOLUTE: "http" or "https" in any case; else empty */
    hw_text authority; /* ABSOLUTE, AUTHORITY; else empty: Host says it */
    hw_text path;      /* begins with "/" (a literal where ABSOLUTE has none); empty for AUTHORITY,
                          ASTERISK */
    hw_text query;     /* without its "?" */
    bool has_query;    /* "/a?" has an empty one */
} hw_target;

/* Takes a target apart and checks every byte of it (RFC 9112 3.2). NULL: it is fine. Else a static
 * problem, 400. */
const hw_problem *hw_target_parse(hw_text raw, hw_method method, hw_target *ret_target);

#endif

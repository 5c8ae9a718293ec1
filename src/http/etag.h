/* Entity tags (RFC 9110 8.8.3). */
#ifndef HW_HTTP_ETAG_H
#define HW_HTTP_ETAG_H

#include "base/cursor.h"
#include "http/field.h"

typedef struct hw_etag {
    hw_text opaque; /* with its quotes */
    bool is_weak;
} hw_etag;

/* One entity tag and nothing else: "x" or W/"x". False: it is none. */
bool hw_etag_parse(hw_text text, hw_etag *ret_etag);

/* The next tag of a list (RFC 9110 13.1.1). False at the end, and where the list is broken: then
 * bytes are left in it. */
bool hw_etag_next(hw_cursor *list, hw_etag *ret_etag);

/* RFC 9110 8.8.3.2: strong comparison needs two strong tags, weak comparison looks at the opaque
 * parts alone. */
bool hw_etag_equal_strong(hw_etag a, hw_etag b);
bool hw_etag_equal_weak(hw_etag a, hw_etag b);

/* Whether a field of tags (If-Match, If-None-Match; all its lines) is "*" (RFC 9110 13.1.1). */
bool hw_etag_is_any(hw_fields fields, hw_field_id id);
/* Whether any line lists a tag that compares equal to `etag` by the function given. */
bool hw_etag_is_listed(hw_fields fields, hw_field_id id, hw_etag etag,
                       bool (*equal)(hw_etag, hw_etag));

#endif

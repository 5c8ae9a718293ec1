/* Preconditions of requests and their precedence (RFC 9110 13). */
#ifndef HW_HTTP_CONDITION_H
#define HW_HTTP_CONDITION_H

#include <stdint.h>

#include "http/date.h"
#include "http/field.h"
#include "http/method.h"

typedef enum hw_condition_outcome {
    HW_CONDITION_PROCEED,
    HW_CONDITION_NOT_MODIFIED, /* 304 */
    HW_CONDITION_FAILED,       /* 412 */
} hw_condition_outcome;

/* Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in this order (RFC
 * 9110 13.2.2), against the current representation: `etag` is its entity tag as the ETag field has
 * it or the empty text, `last_modified` may be HW_NO_DATE. Ask only when the answer without
 * conditions would be a 2xx (13.2.1). CONNECT, OPTIONS and TRACE proceed. */
hw_condition_outcome hw_condition_check(hw_method method, hw_fields request, hw_text etag,
                                        int64_t last_modified, int64_t now);

/* The same where there is no current representation, as before a PUT that creates one: any If-Match
 * fails (RFC 9110 13.1.1), `If-None-Match: *` holds (13.1.2). */
hw_condition_outcome hw_condition_check_absent(hw_method method, hw_fields request);

/* Whether it is known, without looking, that no field asks for anything else than the whole
 * representation: hw_condition_check says to proceed then, and no range applies. */
static inline bool hw_condition_is_absent(hw_fields request)
{
    return hw_fields_lack(
        request, HW_FIELD_BIT(HW_FIELD_IF_MATCH) | HW_FIELD_BIT(HW_FIELD_IF_UNMODIFIED_SINCE) |
                     HW_FIELD_BIT(HW_FIELD_IF_NONE_MATCH) |
                     HW_FIELD_BIT(HW_FIELD_IF_MODIFIED_SINCE) | HW_FIELD_BIT(HW_FIELD_RANGE));
}

/* Whether a condition names a strong tag, with which only a strong one can be compared. */
bool hw_condition_names_strong(hw_fields request);

/* Whether the Range field is to be honoured: the method is GET, there is one Range field (RFC
 * 9110 14.2), and If-Range, if present, holds: strong comparison of tags; a date exactly that of
 * Last-Modified and strong, that is, over by the time `now` (13.1.5, 8.8.2.2). Ask after
 * hw_condition_check said to proceed. */
bool hw_condition_range_applies(hw_method method, hw_fields request, hw_text etag,
                                int64_t last_modified, int64_t now);

#endif

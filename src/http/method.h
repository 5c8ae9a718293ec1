/* Request methods (RFC 9110 9). They are case-sensitive. */
#ifndef HW_HTTP_METHOD_H
#define HW_HTTP_METHOD_H

#include "base/text.h"

typedef enum hw_method {
    HW_METHOD_OTHER, /* a valid token this server has no name for */
    HW_METHOD_GET,
    HW_METHOD_HEAD,
    HW_METHOD_POST,
    HW_METHOD_PUT,
    HW_METHOD_DELETE,
    HW_METHOD_CONNECT,
    HW_METHOD_OPTIONS,
    HW_METHOD_TRACE,
    HW_METHOD_PATCH,
} hw_method;

hw_method hw_method_of(hw_text name);
/* "GET"; "" for HW_METHOD_OTHER. */
const char *hw_method_name(hw_method method);
bool hw_method_is_safe(hw_method method);       /* RFC 9110 9.2.1 */
bool hw_method_is_idempotent(hw_method method); /* RFC 9110 9.2.2 */

#endif

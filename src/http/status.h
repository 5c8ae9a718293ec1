/* Status codes (RFC 9110 15). */
#ifndef HW_HTTP_STATUS_H
#define HW_HTTP_STATUS_H

#include <stdbool.h>

/* The reason phrase of a registered status code, "Not Found"; "" for any other number (RFC 9110
 * 15, 16.2.1). */
const char *hw_status_reason(int status);
/* Whether a response with this status may have content: not 1xx, 204 and 304 (RFC 9110 6.4.1, RFC
 * 9112 6.3). */
bool hw_status_has_content(int status);

#endif

/* How urgent a response is to its client, and whether its parts are of use by themselves (RFC 9218).
 */
#ifndef HW_HTTP_PRIORITY_H
#define HW_HTTP_PRIORITY_H

#include <stdint.h>

#include "base/text.h"

typedef struct hw_priority {
    uint8_t urgency;     /* 0, the most urgent, to 7 (RFC 9218 4.1) */
    bool is_incremental; /* RFC 9218 4.2 */
} hw_priority;

#define HW_PRIORITY_URGENCY_MAX 7
/* What holds where the client says nothing. */
#define HW_PRIORITY_DEFAULT ((hw_priority){.urgency = 3})

/* Reads a Priority field into *priority; what it does not say stays as it was. Whatever it does not
 * know, or is out of range, is ignored (RFC 9218 4). */
void hw_priority_read(hw_text value, hw_priority *priority);

#endif

/* What the nine bytes in front of a frame say (RFC 9113 4.1), and what is wrong with it that nghttp2
 * would let pass. Pure: no nghttp2. */
#ifndef HW_H2_FRAME_H
#define HW_H2_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "http/problem.h"

#define HW_H2_FRAME_HEADER_BYTES 9

typedef struct hw_h2_frame {
    uint32_t length; /* of its payload */
    uint8_t type, flags;
    uint32_t stream; /* without the reserved bit */
} hw_h2_frame;

/* Which of its last streams a client has begun. All zero: none. */
typedef struct hw_h2_begun {
    uint32_t newest; /* the highest id of a HEADERS frame, or 0 */
    uint64_t which;  /* bit n: the one that is n streams before it */
} hw_h2_begun;

hw_h2_frame hw_h2_frame_of(const uint8_t header[HW_H2_FRAME_HEADER_BYTES]);

/* The stream that a HEADERS frame names as the one it depends on (6.2). */
#define HW_H2_DEPENDENCY_BYTES 4
/* Whether it names one, and where in its payload. */
bool hw_h2_frame_depends(const hw_h2_frame *frame, uint32_t *ret_begin);

/* Why it ends the connection, and with which code; or NULL. What it begins is noted. */
const hw_problem *hw_h2_frame_judge(const hw_h2_frame *frame, hw_h2_begun *begun,
                                    uint32_t *ret_code);

#endif

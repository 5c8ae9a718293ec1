/* What a client of HTTP/2 may ask for that costs it little and us much: counted over the life of a
 * connection, one rule for known and unknown floods. Pure: the time is told. */
#ifndef HW_H2_FLOOD_H
#define HW_H2_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#include "http/problem.h"

typedef struct hw_h2_flood_limits {
    uint32_t resets_burst;      /* streams reset, by either side */
    uint32_t resets_per_second; /* and how quickly that many are forgotten */
    uint32_t empty_frames;      /* frames without content: so many in any case ... */
    uint32_t empty_per_answer;  /* ... and so many for each answer that was finished */
    uint32_t empty_per_frame;   /* ... for each DATA frame we sent: a client may credit each */
    uint32_t empty_per_second; /* ... and for each second: who stays may ask whether we are there */
    uint32_t continuations_max; /* frames behind a HEADERS frame */
} hw_h2_flood_limits;

/* 100 resets, then 10 a second; 1000 frames without content, 10 an answer, 2 a DATA frame, 1 a
 * second; 8 CONTINUATION frames. */
hw_h2_flood_limits hw_h2_flood_limits_default(void);

typedef struct hw_h2_flood {
    const hw_h2_flood_limits *limits; /* borrowed */
    int64_t now_ms, begun_ms;
    int64_t reset_at_ms;    /* when the bucket was last looked at */
    uint64_t reset_credit;  /* thousandths of resets that may come */
    uint64_t empty;         /* frames without content so far */
    uint64_t earned;        /* ... that answers and their frames allow */
    uint32_t continuations; /* of the head being read */
} hw_h2_flood;

void hw_h2_flood_init(hw_h2_flood *flood, const hw_h2_flood_limits *limits, int64_t now_ms);
/* Time never goes backwards: an earlier one is ignored. */
void hw_h2_flood_tell_time(hw_h2_flood *flood, int64_t now_ms);

/* A frame from the client, as its header has it. These three: what is wrong with that, with status
 * 429; or NULL. */
const hw_problem *hw_h2_flood_frame(hw_h2_flood *flood, uint8_t type, uint8_t flags,
                                    uint32_t length);
/* ... and of a head for a stream that is over, which nobody hears of. */
const hw_problem *hw_h2_flood_stray(hw_h2_flood *flood);
/* A stream that was open is reset, by the client or because of it. */
const hw_problem *hw_h2_flood_reset(hw_h2_flood *flood);

/* An answer is finished. */
void hw_h2_flood_answered(hw_h2_flood *flood);
/* A DATA frame of ours was sent, which is as small as it is because of our content alone. */
void hw_h2_flood_sent(hw_h2_flood *flood);

#endif

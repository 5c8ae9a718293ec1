/* PRIORITY_UPDATE frames (RFC 9218 7.1): what they say, and what they say of streams that are yet
 * to come. Pure: no frames but their payload, no nghttp2. */
#ifndef HW_H2_UPDATE_H
#define HW_H2_UPDATE_H

#include <stdint.h>

#include "base/text.h"
#include "http/priority.h"
#include "http/problem.h"

typedef struct hw_h2_update {
    uint32_t stream;
    hw_priority priority;
} hw_h2_update;

/* The frame that is being read, and what waits for streams. */
typedef struct hw_h2_updates {
    hw_h2_update *at; /* borrowed: room for `max` */
    unsigned count, max;
    size_t length;    /* of the frame's payload so far, more than there is room for too */
    char payload[64]; /* a stream, and a value that is not out of all proportion */
} hw_h2_updates;

typedef enum hw_h2_update_verdict {
    HW_H2_UPDATE_READ,
    HW_H2_UPDATE_NOTHING, /* it says nothing that matters */
    HW_H2_UPDATE_REFUSED, /* a connection error PROTOCOL_ERROR */
    HW_H2_UPDATE_SHORT,   /* a connection error FRAME_SIZE_ERROR */
} hw_h2_update_verdict;

/* A frame begins; a part of its payload. */
void hw_h2_update_begin(hw_h2_updates *updates);
void hw_h2_update_add(hw_h2_updates *updates, hw_text bytes);
/* The frame is complete. carrier: the stream its header names. */
hw_h2_update_verdict hw_h2_update_end(const hw_h2_updates *updates, uint32_t carrier,
                                      hw_h2_update *ret_update);

/* Keeps an update for a stream that is to come, one after `last`. False: with those that are open
 * that would be more streams than may be. */
bool hw_h2_update_keep(hw_h2_updates *updates, hw_h2_update update, uint32_t last, unsigned open);
/* A stream begins: true, and what was said of it. */
bool hw_h2_update_find(const hw_h2_updates *updates, uint32_t stream, hw_priority *ret_priority);

#endif

/* A prepared head: a status and fields that never change, with one memo a protocol, in which the
 * driver keeps their encoding after it has made it once. Date and connection fields are added per
 * answer. It belongs to one loop, as the cache entry that holds it. */
#ifndef HW_EXCHANGE_PREPARED_H
#define HW_EXCHANGE_PREPARED_H

#include "base/arena.h"
#include "http/field.h"

typedef enum hw_protocol {
    HW_PROTOCOL_HTTP1,
    HW_PROTOCOL_HTTP2,
    HW_PROTOCOL_COUNT,
} hw_protocol;

/* Everything in it is borrowed and must outlive it. */
typedef struct hw_prepared {
    int status;
    hw_fields fields;                /* Content-Length included */
    hw_text memo[HW_PROTOCOL_COUNT]; /* in the arena; empty: not encoded yet */
    hw_arena *arena;                 /* of the memos; NULL: none are kept */
} hw_prepared;

void hw_prepared_init(hw_prepared *prepared, int status, hw_fields fields, hw_arena *arena);
/* Keeps a copy of the encoding. Without memory it is simply not kept. */
void hw_prepared_keep(hw_prepared *prepared, hw_protocol protocol, hw_text encoding);

#endif

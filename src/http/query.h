/* Queries as forms write them: a=b&c=d (RFC 3986 3.4; application/x-www-form-urlencoded). */
#ifndef HW_HTTP_QUERY_H
#define HW_HTTP_QUERY_H

#include "base/arena.h"
#include "base/cursor.h"

#define HW_QUERY_PAIRS_MAX 512

typedef struct hw_query {
    hw_cursor rest;
    hw_arena *arena; /* borrowed */
    unsigned pairs;  /* seen so far */
} hw_query;

/* Walks the pairs of a raw query, without its "?". Decoded texts are copied into the arena. */
void hw_query_init(hw_query *query, hw_text raw, hw_arena *arena);

/* The next pair, decoded: "+" is a space, "%41" is "A". A pair without "=" has an empty value;
 * empty pairs are skipped. Both texts have a NUL behind them that is not counted, and hold none
 * inside. Returns 1, or 0 at the end. Errors: -EINVAL broken percent-encoding or %00; -E2BIG more
 * than HW_QUERY_PAIRS_MAX pairs; -ENOMEM. After an error the walk is over. */
int hw_query_next(hw_query *query, hw_text *ret_name, hw_text *ret_value);

/* The value of the first pair with this (decoded) name. False: there is none, or the query breaks
 * before it, or there is no memory. */
bool hw_query_find(hw_arena *arena, hw_text raw, hw_text name, hw_text *ret_value);

#endif

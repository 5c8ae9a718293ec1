/* A ring is a bounded queue of bytes with two ends: one side feeds, the other pulls it as a source.
 * It is how a request's body reaches whoever reads it, and how an application feeds a response.
 * When it is full the feeder stops, when it is empty the puller waits: back-pressure without a
 * special case. Both ends belong to the loop of the exchange. */
#ifndef HW_EXCHANGE_RING_H
#define HW_EXCHANGE_RING_H

#include "exchange/body.h"

typedef struct hw_ring {
    hw_source source; /* the pulling end */
    hw_arena *arena;
    char *memory;        /* the arena's */
    size_t capacity_max; /* what it may hold, and ... */
    size_t capacity;     /* ... what there is memory for so far */
    size_t start, length;
    size_t lent; /* bytes of the piece pulled last: freed by the next pull */
    hw_fields trailers;
    bool is_ended, is_failed, is_dropped;
    bool was_full;               /* the feeder was turned away: tell it when there is room */
    bool was_empty;              /* the puller was told to wait: tell it when there are bytes */
    void (*on_room)(void *arg);  /* may be NULL */
    void (*on_bytes)(void *arg); /* also at the end; may be NULL */
    void *room_arg, *bytes_arg;
} hw_ring;

/* It begins with little memory, and takes the rest when that is full. NULL: no memory in the arena,
 * which must live as long as the ring. length is what will be fed in all, or HW_LENGTH_UNKNOWN. */
hw_ring *hw_ring_new(hw_arena *arena, size_t capacity, uint64_t length);

/* Copies as much as fits and returns how much; what is fed after the puller has dropped its end is
 * swallowed. */
size_t hw_ring_feed(hw_ring *ring, hw_text bytes);
/* How much fits now; 0 also notes that the feeder wants to hear of room. */
size_t hw_ring_room(hw_ring *ring);
/* Bytes that the puller is not done with; the feeder hears of room when he is done with some. */
size_t hw_ring_follow(hw_ring *ring);
/* No more will be fed. The trailers must live as long as the ring. */
void hw_ring_end(hw_ring *ring, hw_fields trailers);
/* No more will be fed, and what is there is not all: the next pull fails. */
void hw_ring_fail(hw_ring *ring);

#endif

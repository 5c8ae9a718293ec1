/* A flow is a bounded queue of bytes between a loop and a thread that may wait: a request's body on
 * its way to a handler that reads it as it comes, or a response's body on its way from whoever
 * writes it. It is the ring (ring.h) of those who are not on the loop.
 *
 * One end belongs to the loop of the exchange and never waits: it is told, through the carrier's
 * `notify`, when what it was turned away for has come. The other belongs to one thread at a time,
 * which waits in read and write until it can go on. The memory is the exchange's, which does not
 * end while a thread has it: so neither end needs to keep the other alive. */
#ifndef HW_EXCHANGE_FLOW_H
#define HW_EXCHANGE_FLOW_H

#include <pthread.h>
#include <sys/types.h>

#include "exchange/answerer.h"
#include "exchange/body.h"

/* What waits in a flow at most. */
#define HW_FLOW_BYTES (64 * 1024)

typedef struct hw_flow {
    hw_source source; /* the loop's end of a response's body */
    hw_exchange *exchange;
    pthread_mutex_t lock;
    pthread_cond_t moved; /* for the thread */
    char *memory;         /* HW_FLOW_BYTES at most; the arena's */
    size_t capacity;
    size_t start, length;
    size_t lent;          /* to the loop, of the piece pulled last: freed by the next pull */
    uint64_t taken;       /* by the thread's reads so far */
    int error;            /* why the thread's end fails, negative; 0: it does not */
    bool is_ended;        /* nothing follows what is there */
    bool is_failed;       /* and that is not all: the loop's end fails */
    bool is_wanted;       /* the thread has asked for a first byte */
    bool is_loop_waiting; /* the loop was told that there is nothing, or no room */
} hw_flow;

/* In memory of the caller's, for at most `capacity` bytes at a time. 0, or -ENOMEM: the arena has no
 * room for them. */
int hw_flow_init(hw_flow *flow, hw_exchange *exchange, size_t capacity);
/* No thread has it any more. */
void hw_flow_fini(hw_flow *flow);

/* The loop's end. */

/* Copies as much as fits, and returns how much; less notes that it wants to hear of room. Once the
 * flow has failed everything is swallowed. */
size_t hw_flow_feed(hw_flow *flow, hw_text bytes);
/* How much fits now; 0 notes the same. */
size_t hw_flow_room(hw_flow *flow);
/* Nothing follows: who reads finds the end, the source gives it. */
void hw_flow_end(hw_flow *flow);
/* Breaks it off: the thread's end gives this negative errno from now on, and the source fails. */
void hw_flow_fail(hw_flow *flow, int error);
/* How far the thread has come with reading; whether it has begun to. */
uint64_t hw_flow_taken(hw_flow *flow);
bool hw_flow_is_wanted(hw_flow *flow);
/* The first of these, and the loop is told when the thread comes further. */
uint64_t hw_flow_follow(hw_flow *flow);
/* `source` is the rest of the loop's end: its pull gives what was written. */

/* The thread's end: any thread, one at a time. */

/* Waits until there is something, and copies it: how much, at most `bytes`; 0: the end; or the
 * negative errno it was broken off with. */
ssize_t hw_flow_read(hw_flow *flow, void *to, size_t bytes);
/* Takes all of it; waits for room where that is allowed. 0; -ENOBUFS: there is no room, nothing was
 * taken; or the negative errno it was broken off with. */
int hw_flow_write(hw_flow *flow, hw_text bytes, bool may_wait);
/* 0, or what a write would fail with. */
int hw_flow_state(hw_flow *flow);

#endif

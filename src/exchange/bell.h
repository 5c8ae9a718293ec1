/* A bell wakes those who sleep for a while in a handler, when there is no sense in sleeping on:
 * their client has gone, or the server drains. There is one for all exchanges of a loop, for few
 * sleep and it rings seldom. */
#ifndef HW_EXCHANGE_BELL_H
#define HW_EXCHANGE_BELL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct hw_bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    atomic_uint sleepers;
} hw_bell;

void hw_bell_init(hw_bell *bell);
/* Nobody sleeps. */
void hw_bell_fini(hw_bell *bell);

/* Sleeps for ms, or until the bell rings and `is_over` says so; at once if it says so already. What
 * it returns says whether it was that. Threads: any. */
bool hw_bell_sleep(hw_bell *bell, unsigned ms, bool (*is_over)(const void *arg), const void *arg);
/* Has those who sleep look again. What they look at was changed before, with an atomic store.
 * Threads: any. */
void hw_bell_ring(hw_bell *bell);

#endif

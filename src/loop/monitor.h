/* The monitor looks at the marks of the loops and finds those whose handler does not come back. */
#ifndef HW_LOOP_MONITOR_H
#define HW_LOOP_MONITOR_H

#include <pthread.h>

#include "loop/mark.h"

typedef struct hw_loop hw_loop;

/* A loop has been inside the same handler for one look at least: takes it over, with
 * hw_mark_swap, or leaves it, to be asked again with the next look. On the monitor's thread. */
typedef void hw_monitor_take(void *arg, hw_loop *loop, uint64_t inside);

typedef struct hw_monitored {
    hw_loop *loop;
    uint64_t seen;
} hw_monitored;

typedef struct hw_monitor {
    hw_monitor_take *take;
    void *arg;
    atomic_bool is_awake; /* there is a thread that looks */
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t end;
    pthread_t thread;
    bool has_thread; /* to be joined, awake or not */
    bool is_ending;
    unsigned count;
    hw_monitored *loops; /* room is the caller's */
} hw_monitor;

void hw_monitor_init(hw_monitor *monitor, hw_monitored *room, hw_monitor_take *take, void *arg);
/* Ends its thread. */
void hw_monitor_fini(hw_monitor *monitor);
/* One more loop, which must stay until fini. */
void hw_monitor_add(hw_monitor *monitor, hw_loop *loop);
/* Starts the thread, where there is none. Threads: any. */
void hw_monitor_start(hw_monitor *monitor);

/* Behind each hw_mark_begin: from now on somebody looks. */
static inline void hw_monitor_wake(hw_monitor *monitor)
{
    /* The mark was set before this is read, and the monitor looks once more when it has said that
     * it sleeps: one of the two sees the other (both orders are sequentially consistent). */
    if (!atomic_load(&monitor->is_awake))
        hw_monitor_start(monitor);
}

#endif

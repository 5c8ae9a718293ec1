/* A loop waits for descriptors and for time and calls back. It is an object, not a thread: whoever
 * calls hw_loop_step or hw_loop_run owns it for that long, and nothing of it lives in globals or
 * thread-locals. While its owner is inside a handler another thread may become its owner (crew.h).
 *
 * One step is: wait; note who is ready; run what other threads have posted; fire timers; let
 * arrivals in; let everybody who is queued take a turn; run what became ready to be answered, at
 * the top level, inside nobody's turn; let those take their turn who were woken by that; free what
 * was retired. */
#ifndef HW_LOOP_LOOP_H
#define HW_LOOP_LOOP_H

#include <stdatomic.h>

#include "base/list.h"
#include "loop/monitor.h"
#include "loop/wheel.h"
#include "sys/poll.h"

typedef struct hw_task hw_task;
struct hw_task {
    hw_link link;
    void (*run)(hw_task *task);
};

/* Something that runs at the top level, inside nobody's turn, and so may call a handler. */
typedef struct hw_ready hw_ready;
struct hw_ready {
    hw_link link;
    /* False: the loop has another owner now, and nothing of it may be touched any more. */
    bool (*run)(hw_ready *ready);
};

typedef struct hw_watch hw_watch;
struct hw_watch {
    int fd;
    void (*on_ready)(hw_watch *watch,
                     uint32_t events); /* EPOLLIN and the like; only notes it and queues a turn */
};

/* A watch that comes before all others. */
typedef struct hw_early {
    hw_watch watch;
    hw_link link;
} hw_early;

/* Tasks that run in rounds: who is queued while a round runs comes in the next one. */
typedef struct hw_rounds {
    hw_list lists[2]; /* but for the one that runs, one of them is empty */
    hw_list *next;    /* the other: the next round */
} hw_rounds;

/* A message to a loop from another thread. */
typedef struct hw_post hw_post;
struct hw_post {
    hw_post *next;
    void (*run)(hw_post *post); /* on the loop */
};

/* Taken in one step. */
#define HW_LOOP_EVENTS_MAX 256

typedef enum hw_loop_kind {
    HW_LOOP_POLL,   /* waits for descriptors with epoll */
    HW_LOOP_MANUAL, /* has no descriptors: memory streams queue turns themselves, and a step never
                       waits */
} hw_loop_kind;

typedef struct hw_loop hw_loop;
struct hw_loop {
    int poll, event; /* -1 in a manual loop */
    hw_watch event_watch;
    hw_rounds arrivals, turns;
    hw_list ready;   /* hw_ready */
    hw_list retired; /* hw_task */
    hw_list early;   /* hw_early */
    hw_wheel wheel;
    int64_t start_ns;               /* where the wheel's clock begins */
    int64_t now_ns;                 /* monotonic, read once a step and behind each handler */
    int64_t now_ms;                 /* the same on the wheel's clock */
    int64_t next_ms_ns;             /* when that changes */
    void (*on_idle)(hw_loop *loop); /* may be NULL; it is about to wait, with nobody queued */
    hw_mark mark;
    hw_monitor *monitor; /* NULL: nobody takes it over */
    hw_link orphan;      /* the crew's, while it has no owner */
    _Atomic(hw_post *) inbox;
    atomic_bool is_asleep;
    atomic_bool is_ended;
    struct epoll_event events[HW_LOOP_EVENTS_MAX];
};

/* 0, or a negative errno. */
int hw_loop_init(hw_loop *loop, hw_loop_kind kind);
/* Runs what is retired. Nothing else may be queued or watched any more. A zeroed loop is legal. */
void hw_loop_fini(hw_loop *loop);

/* One step. may_wait: sleep until there is something to do. Returns whether more is queued already.
 */
bool hw_loop_step(hw_loop *loop, bool may_wait);
/* The same, sleeping for most_ms at most; -1: as long as it takes. */
bool hw_loop_step_within(hw_loop *loop, int most_ms);
/* Whether a turn or a handler waits for the one that runs, or for the next step. */
bool hw_loop_has_queued(const hw_loop *loop);
/* Steps until hw_loop_end: true. False: the loop has another owner now. */
bool hw_loop_run(hw_loop *loop);
/* Steps without waiting until nothing is queued: for manual loops. */
void hw_loop_settle(hw_loop *loop);
/* Ends hw_loop_run after the current step. Threads: any. */
void hw_loop_end(hw_loop *loop);

/* The clock of its timers. */
static inline int64_t hw_loop_now_ms(const hw_loop *loop)
{
    return loop->now_ms;
}

/* Watches a descriptor; the watch is the caller's until unwatched. 0, or a negative errno. */
int hw_loop_watch(hw_loop *loop, hw_watch *watch, uint32_t events);
/* Not inside an on_ready. Afterwards the watch is not called any more. */
void hw_loop_unwatch(hw_loop *loop, hw_watch *watch);

/* Watches a descriptor whose news must be known before anything else of a step happens: its
 * on_ready is called first, and may do its work there. It is also called when nothing was ready,
 * where that cannot be told: in a manual loop, and when more was ready than one wait could say. */
int hw_loop_watch_early(hw_loop *loop, hw_early *early);
void hw_loop_unwatch_early(hw_loop *loop, hw_early *early);

/* Around a handler, by who owns the loop, from a hw_ready's run. Between the two the caller may
 * lose it, so it touches nothing of the loop's there; if end returns false it has lost it, and goes
 * on touching nothing (but for hw_loop_post). */
static inline uint64_t hw_loop_begin_handler(hw_loop *loop)
{
    uint64_t inside = hw_mark_begin(&loop->mark);
    if (loop->monitor)
        hw_monitor_wake(loop->monitor);
    return inside;
}

static inline bool hw_loop_end_handler(hw_loop *loop, uint64_t inside)
{
    return hw_mark_swap(&loop->mark, inside);
}

static inline void hw_task_init(hw_task *task, void (*run)(hw_task *task))
{
    task->run = run;
    hw_link_init(&task->link);
}

/* Queueing what is queued already changes nothing.
 *
 * Before the turns of a step: for whoever brings others that take theirs in the same step. */
static inline void hw_loop_queue_arrival(hw_loop *loop, hw_task *task)
{
    hw_list_append_once(loop->arrivals.next, &task->link);
}

static inline void hw_loop_queue_turn(hw_loop *loop, hw_task *task)
{
    hw_list_append_once(loop->turns.next, &task->link);
}

static inline void hw_ready_init(hw_ready *ready, bool (*run)(hw_ready *ready))
{
    ready->run = run;
    hw_link_init(&ready->link);
}

static inline void hw_loop_queue_ready(hw_loop *loop, hw_ready *ready)
{
    hw_list_append_once(&loop->ready, &ready->link);
}

/* Runs the task at the end of the step: for freeing what callbacks of this step may still reach. */
static inline void hw_loop_retire(hw_loop *loop, hw_task *task)
{
    hw_list_append_once(&loop->retired, &task->link);
}

static inline void hw_task_cancel(hw_task *task)
{
    hw_link_remove(&task->link);
}

void hw_loop_arm(hw_loop *loop, hw_timer *timer, int64_t after_ms); /* from now */
void hw_loop_disarm(hw_loop *loop, hw_timer *timer);

/* Runs the post on the loop, soon. Threads: any. The post must stay until it has run. */
void hw_loop_post(hw_loop *loop, hw_post *post);
/* Makes a waiting loop take a step. Threads: any; also from a signal handler. */
void hw_loop_wake(hw_loop *loop);

#endif

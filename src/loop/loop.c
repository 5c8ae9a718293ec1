/* The event loop: epoll, timers, turns.
 *
 * Callbacks do no work: a descriptor that is ready, a timer that is due and a message from another
 * thread all end in somebody being queued for a turn, and turns are taken here, one after the
 * other, from one place. So no turn ever runs inside another, and what a turn frees is only retired
 * until the step is over.
 *
 * Handlers run from the ready queue between the turns: that is the place where a loop may change
 * its thread. Who has lost it there goes straight back to its crew; the new owner ends the step,
 * and takes the next.
 *
 * A watch is only ever removed in a turn, when every event of the step has been handed out already:
 * that is why on_ready may do nothing but queue, and why no event can reach a watch that is gone.
 */
#include "loop/loop.h"

#include <errno.h>

#include "base/assert.h"
#include "sys/clock.h"
#include "sys/socket.h"

static void on_event(hw_watch *watch, uint32_t events)
{
    (void)events;
    hw_sys_event_take(watch->fd);
}

static int open_poll(hw_loop *loop)
{
    loop->poll = hw_sys_poll_new();
    if (loop->poll < 0)
        return loop->poll;
    loop->event = hw_sys_event_new();
    if (loop->event < 0)
        return loop->event;
    loop->event_watch = (hw_watch){loop->event, on_event};
    return hw_loop_watch(loop, &loop->event_watch, EPOLLIN | EPOLLET);
}

static void init_rounds(hw_rounds *rounds)
{
    hw_list_init(&rounds->lists[0]);
    hw_list_init(&rounds->lists[1]);
    rounds->next = &rounds->lists[0];
}

int hw_loop_init(hw_loop *loop, hw_loop_kind kind)
{
    *loop = (hw_loop){.poll = -1, .event = -1};
    init_rounds(&loop->arrivals);
    init_rounds(&loop->turns);
    hw_list_init(&loop->ready);
    hw_list_init(&loop->retired);
    hw_list_init(&loop->early);
    loop->start_ns = loop->now_ns = hw_sys_monotonic_ns();
    loop->next_ms_ns = loop->start_ns + HW_NS_PER_MS;
    hw_wheel_init(&loop->wheel, 0);
    int error = kind == HW_LOOP_POLL ? open_poll(loop) : 0;
    if (error < 0)
        hw_loop_fini(loop);
    return error;
}

static void run_all(hw_list *list)
{
    for (hw_link *link; (link = hw_list_take_first(list));) {
        hw_task *task = HW_MEMBER(link, hw_task, link);
        task->run(task);
    }
}

static bool has_queued_in(const hw_rounds *rounds)
{
    return !hw_list_is_empty(&rounds->lists[0]) || !hw_list_is_empty(&rounds->lists[1]);
}

bool hw_loop_has_queued(const hw_loop *loop)
{
    return has_queued_in(&loop->arrivals) || has_queued_in(&loop->turns) ||
           !hw_list_is_empty(&loop->ready);
}

void hw_loop_fini(hw_loop *loop)
{
    if (!loop->retired.head.next)
        return;
    run_all(&loop->retired);
    hw_assert(!hw_loop_has_queued(loop));
    if (loop->event >= 0)
        hw_sys_close(loop->event);
    if (loop->poll >= 0)
        hw_sys_close(loop->poll);
    loop->poll = loop->event = -1;
}

/* Most steps begin in the millisecond in which the last one began. */
static void read_loop_clock(hw_loop *loop)
{
    loop->now_ns = hw_sys_monotonic_ns();
    if (loop->now_ns >= loop->next_ms_ns) {
        loop->now_ms = (loop->now_ns - loop->start_ns) / HW_NS_PER_MS;
        loop->next_ms_ns = loop->start_ns + (loop->now_ms + 1) * HW_NS_PER_MS;
    }
}

/* How long the next wait may last: not at all when somebody is queued, else until the next timer,
 * and no longer than most_ms (-1: as long as it takes).
 * Turns are short, so the clock is not read again after them. */
static int choose_timeout_ms(hw_loop *loop, int most_ms)
{
    if (most_ms == 0 || hw_loop_has_queued(loop) || atomic_load(&loop->is_ended))
        return 0;
    int64_t next_ms = hw_wheel_next_ms(&loop->wheel);
    int64_t wait_ms = next_ms - hw_loop_now_ms(loop);
    if (most_ms > 0 && wait_ms > most_ms)
        return most_ms;
    if (wait_ms > INT32_MAX)
        return next_ms == HW_WHEEL_NEVER ? -1 : INT32_MAX;
    return wait_ms < 0 ? 0 : (int)wait_ms;
}

static int wait_for_events(hw_loop *loop, int most_ms)
{
    if (loop->poll < 0)
        return 0;
    int timeout_ms = choose_timeout_ms(loop, most_ms);
    if (timeout_ms == 0)
        return hw_sys_poll_wait(loop->poll, loop->events, HW_LOOP_EVENTS_MAX, 0);
    if (loop->on_idle)
        loop->on_idle(loop);
    /* Said before the inbox is looked at for the last time, so that a post either is seen there
     * or wakes the wait. */
    atomic_store(&loop->is_asleep, true);
    if (atomic_load(&loop->inbox))
        timeout_ms = 0;
    int count = hw_sys_poll_wait(loop->poll, loop->events, HW_LOOP_EVENTS_MAX, timeout_ms);
    /* Whoever still sees the old value wakes a loop that is awake. */
    atomic_store_explicit(&loop->is_asleep, false, memory_order_relaxed);
    return count;
}

static void hand_out_events(const hw_loop *loop, int count)
{
    for (int i = 0; i < count; i++) {
        hw_watch *watch = loop->events[i].data.ptr;
        watch->on_ready(watch, loop->events[i].events);
    }
}

/* Before the turns, whose work depends on what these have to say. */
static void ask_early(hw_loop *loop)
{
    for (hw_link *link = loop->early.head.next; link != &loop->early.head; link = link->next) {
        hw_early *early = HW_MEMBER(link, hw_early, link);
        early->watch.on_ready(&early->watch, EPOLLIN);
    }
}

/* Posts are pushed in front; turned round they run in the order they came. */
static void run_inbox(hw_loop *loop)
{
    /* A post that is not seen yet has seen that nobody sleeps, or wakes the next wait. */
    if (!atomic_load_explicit(&loop->inbox, memory_order_relaxed))
        return;
    hw_post *newest = atomic_exchange(&loop->inbox, NULL), *oldest = NULL;
    while (newest) {
        hw_post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        hw_post *post = oldest;
        oldest = post->next;
        post->run(post);
    }
}

static void run_round(hw_rounds *rounds)
{
    hw_list *now = rounds->next;
    if (hw_list_is_empty(now))
        return;
    rounds->next = now == &rounds->lists[0] ? &rounds->lists[1] : &rounds->lists[0];
    run_all(now);
}

/* False: the loop is another thread's. */
static bool run_ready(hw_loop *loop)
{
    if (hw_list_is_empty(&loop->ready))
        return true;
    for (hw_link *link; (link = hw_list_take_first(&loop->ready));) {
        hw_ready *ready = HW_MEMBER(link, hw_ready, link);
        if (!ready->run(ready))
            return false;
        /* A handler may have taken any time. */
        read_loop_clock(loop);
    }
    run_round(&loop->turns);
    return true;
}

/* The part of a step that begins with handlers. False: the loop is another thread's. */
static inline bool end_step(hw_loop *loop)
{
    if (!run_ready(loop))
        return false;
    run_all(&loop->retired);
    return true;
}

/* False: the loop is another thread's. */
static inline bool step_once(hw_loop *loop, int most_ms)
{
    int count = wait_for_events(loop, most_ms);
    read_loop_clock(loop);
    if (loop->poll < 0 || count == HW_LOOP_EVENTS_MAX)
        ask_early(loop);
    hand_out_events(loop, count);
    run_inbox(loop);
    hw_wheel_advance(&loop->wheel, hw_loop_now_ms(loop));
    run_round(&loop->arrivals);
    run_round(&loop->turns);
    return end_step(loop);
}

bool hw_loop_step_within(hw_loop *loop, int most_ms)
{
    return !step_once(loop, most_ms) || hw_loop_has_queued(loop);
}

bool hw_loop_step(hw_loop *loop, bool may_wait)
{
    return hw_loop_step_within(loop, may_wait ? -1 : 0);
}

bool hw_loop_run(hw_loop *loop)
{
    /* What an owner has left undone that lost it. */
    read_loop_clock(loop);
    if (!end_step(loop))
        return false;
    while (!atomic_load(&loop->is_ended))
        if (!step_once(loop, -1))
            return false;
    return true;
}

void hw_loop_settle(hw_loop *loop)
{
    while (hw_loop_step(loop, false))
        continue;
}

void hw_loop_end(hw_loop *loop)
{
    atomic_store(&loop->is_ended, true);
    hw_loop_wake(loop);
}

int hw_loop_watch(hw_loop *loop, hw_watch *watch, uint32_t events)
{
    return hw_sys_poll_add(loop->poll, watch->fd, events, watch);
}

void hw_loop_unwatch(hw_loop *loop, hw_watch *watch)
{
    hw_sys_poll_remove(loop->poll, watch->fd);
}

int hw_loop_watch_early(hw_loop *loop, hw_early *early)
{
    int error = 0;
    if (loop->poll >= 0)
        error = hw_sys_poll_add(loop->poll, early->watch.fd, EPOLLIN | EPOLLET, &early->watch);
    if (error == 0)
        hw_list_append(&loop->early, &early->link);
    return error;
}

void hw_loop_unwatch_early(hw_loop *loop, hw_early *early)
{
    if (hw_link_is_linked(&early->link) && loop->poll >= 0)
        hw_sys_poll_remove(loop->poll, early->watch.fd);
    hw_link_remove(&early->link);
}

void hw_loop_arm(hw_loop *loop, hw_timer *timer, int64_t after_ms)
{
    hw_wheel_arm(&loop->wheel, timer, hw_loop_now_ms(loop) + after_ms);
}

void hw_loop_disarm(hw_loop *loop, hw_timer *timer)
{
    hw_wheel_disarm(&loop->wheel, timer);
}

void hw_loop_post(hw_loop *loop, hw_post *post)
{
    post->next = atomic_load(&loop->inbox);
    while (!atomic_compare_exchange_weak(&loop->inbox, &post->next, post))
        continue;
    if (atomic_load(&loop->is_asleep))
        hw_loop_wake(loop);
}

void hw_loop_wake(hw_loop *loop)
{
    if (loop->event >= 0)
        hw_sys_event_post(loop->event);
}

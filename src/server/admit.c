/* Accepts connections.
 *
 * All loops watch the same listeners, level-triggered and exclusive, so that one connection wakes
 * about one loop. That alone is not fair: the loop that wakes first takes most. So a loop that has
 * a quarter more connections than the mean (and two) leaves the listeners until it has not. It also
 * leaves them at the server's limit and when descriptors run out: watching on would spin. Whoever
 * has left tries again with the tick, once a second; at the limit, the lane whose connection closes
 * tries at once.
 *
 * A connection must not wait for the tick while some loop may take it: the kernel may have told of
 * it the very loop that leaves, and only that one. So whoever finds that it has its share recalls
 * the others, those that had left before it too; not all can have more than the mean. */
#include "server/admit.h"

#include <errno.h>

#include "server/conn.h"
#include "sys/memory.h"
#include "sys/poll.h"

#define ACCEPTS_A_TURN 8
#define TICK_MS 1000

static bool is_overloaded(const hw_lane *lane)
{
    uint64_t all = atomic_load(&lane->shared->connections);
    return all >= lane->shared->limits.connections_max;
}

static bool has_its_share(const hw_lane *lane)
{
    uint64_t all = atomic_load(&lane->shared->connections);
    return lane->conn_count * lane->shared->lane_count * 4 >
           all * 5 + (uint64_t)8 * lane->shared->lane_count;
}

static void leave(hw_acceptor *acceptor)
{
    if (acceptor->is_watching)
        hw_loop_unwatch(&acceptor->lane->loop, &acceptor->watch);
    acceptor->is_watching = false;
}

static int join(hw_acceptor *acceptor)
{
    if (acceptor->is_watching)
        return 0;
    int error = hw_loop_watch(&acceptor->lane->loop, &acceptor->watch, EPOLLIN | EPOLLEXCLUSIVE);
    acceptor->is_watching = error == 0;
    return error;
}

/* accept(2): a connection that failed while it waited says so here, and has left the queue; the next
 * one may be sound. Not EPERM: it comes before the queue is looked at, and would come for ever. */
static bool is_of_one_connection(int error)
{
    switch (-error) {
    case ECONNABORTED:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPROTO:
        return true;
    default:
        return false;
    }
}

/* One connection. False: no more now. */
static bool accept_one(hw_acceptor *acceptor)
{
    hw_lane *lane = acceptor->lane;
    const hw_sink *sink = lane->place.sink;
    hw_stream *stream;
    int error = hw_listener_accept(acceptor->listener, &lane->streams, &stream);
    if (error == -EAGAIN)
        return false;
    if (error < 0 && is_of_one_connection(error))
        return true;
    if (error < 0) {
        leave(acceptor);
        return false;
    }
    hw_sink_step(sink, "server/admit", "admit or shed (limits), make a connection");
    hw_conn_open(lane, stream);
    return true;
}

static void recall_others(const hw_lane *lane)
{
    const hw_shared *shared = lane->shared;
    for (unsigned i = 0; shared->lanes && i < shared->lane_count; i++) {
        hw_lane *other = &shared->lanes[i];
        if (other != lane && !atomic_exchange(&other->is_recalled, true))
            hw_loop_post(&other->loop, &other->recall_post);
    }
}

static void take_accept_turn(hw_task *task)
{
    hw_acceptor *acceptor = HW_MEMBER(task, hw_acceptor, turn);
    hw_lane *lane = acceptor->lane;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        bool is_share = has_its_share(lane);
        if (is_share || is_overloaded(lane)) {
            leave(acceptor);
            if (is_share)
                recall_others(lane);
            return;
        }
        if (!accept_one(acceptor))
            return;
    }
}

static void on_listener_ready(hw_watch *watch, uint32_t events)
{
    (void)events;
    hw_acceptor *acceptor = HW_MEMBER(watch, hw_acceptor, watch);
    hw_loop_queue_arrival(&acceptor->lane->loop, &acceptor->turn);
}

int hw_admit_open(hw_lane *lane)
{
    hw_shared *shared = lane->shared;
    lane->acceptors = hw_sys_alloc_zeroed(shared->listener_count, sizeof *lane->acceptors);
    if (!lane->acceptors)
        return -ENOMEM;
    for (size_t i = 0; i < shared->listener_count; i++) {
        hw_acceptor *acceptor = &lane->acceptors[i];
        acceptor->watch = (hw_watch){shared->listeners[i].fd, on_listener_ready};
        acceptor->listener = &shared->listeners[i];
        acceptor->lane = lane;
        hw_task_init(&acceptor->turn, take_accept_turn);
    }
    for (size_t i = 0; i < shared->listener_count; i++) {
        int error = join(&lane->acceptors[i]);
        if (error < 0) {
            hw_admit_close(lane);
            return error;
        }
    }
    hw_loop_arm(&lane->loop, &lane->tick, TICK_MS);
    return 0;
}

void hw_admit_close(hw_lane *lane)
{
    if (!lane->acceptors)
        return;
    for (size_t i = 0; i < lane->shared->listener_count; i++) {
        hw_acceptor *acceptor = &lane->acceptors[i];
        while (acceptor->is_watching && !is_overloaded(lane) && accept_one(acceptor))
            continue;
        leave(acceptor);
        hw_task_cancel(&acceptor->turn);
    }
    hw_sys_free(lane->acceptors);
    lane->acceptors = NULL;
}

/* Every listener once more; a turn that finds no room leaves it again. */
static void try_listeners(hw_lane *lane)
{
    for (size_t i = 0; i < lane->shared->listener_count; i++)
        if (join(&lane->acceptors[i]) == 0)
            hw_loop_queue_arrival(&lane->loop, &lane->acceptors[i].turn);
}

void hw_admit_on_recall(hw_post *post)
{
    hw_lane *lane = HW_MEMBER(post, hw_lane, recall_post);
    atomic_store(&lane->is_recalled, false);
    /* A lane that has its share passes nothing on: two such lanes would call each other for ever. */
    if (lane->acceptors && !has_its_share(lane) && !is_overloaded(lane))
        try_listeners(lane);
}

void hw_admit_on_room(hw_lane *lane)
{
    if (lane->acceptors)
        try_listeners(lane);
}

void hw_admit_on_tick(hw_timer *tick)
{
    hw_lane *lane = HW_MEMBER(tick, hw_lane, tick);
    hw_lane_feed_all(lane);
    hw_sink_tick(lane->place.sink);
    if (lane->acceptors && !is_overloaded(lane) && !has_its_share(lane))
        try_listeners(lane);
    hw_loop_arm(&lane->loop, &lane->tick, TICK_MS);
}

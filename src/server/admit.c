/* Accepts connections.
 *
 * All loops watch the same listeners, level-triggered and exclusive, so that one connection wakes
 * about one loop. That alone is not fair: the loop that wakes first takes most. So a loop that has
 * a quarter more connections than the mean (and two) leaves the listeners until it has not.
 *
 * At the server's limits accepting goes on: others give way for who comes (shed.c), and where
 * nobody does who comes is answered 503, from memory that is always there. Where accepting itself
 * fails for want of a descriptor a lane leaves the listeners, as watching on would spin, and starves
 * (lane.h): files that are being sent may have the descriptors, and the first of them that is sent
 * gives one back. Only when that has lasted for a second who comes is answered 503 too, with the
 * descriptor in reserve.
 *
 * Whoever has left tries again with the tick, once a second, at the latest.
 *
 * A connection must not wait for the tick while some loop may take it: the kernel may have told of
 * it the very loop that leaves, and only that one. So whoever finds that it has its share recalls
 * the others, those that had left before it too; and whoever has left for its share comes back by
 * itself when it has no more than the mean any more. So there is always one that watches: since the
 * last one left, every other one has found that it has more than the mean, and nothing has been let
 * in; not all can have more than the mean. */
#include "server/admit.h"

#include <errno.h>

#include "server/conn.h"
#include "server/conn_proxied.h"
#include "server/shed.h"
#include "server/trust.h"
#include "sys/memory.h"
#include "sys/poll.h"

#define ACCEPTS_A_TURN 8
/* Connections that have failed one after the other, and it is not they. */
#define FAILURES_MAX 64
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

static bool is_above_mean(const hw_lane *lane)
{
    return lane->conn_count * lane->shared->lane_count > atomic_load(&lane->shared->connections);
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

/* accept(2): a connection that failed while it waited says so here, and has left the queue; the
 * next one may be sound. Not EPERM: it comes before the queue is looked at, and would come for
 * ever. */
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

/* There is one to be accepted, and nothing to accept it with. */
static bool is_for_want(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

static int accept_next(const hw_acceptor *acceptor, hw_stream **ret_stream)
{
    return hw_listener_accept(acceptor->listener, &acceptor->lane->streams, ret_stream);
}

/* What is wanting may be with answers, which give it back in a moment: only who has waited for that
 * for as long as a tick is told that there is none. */
static bool is_want_over(hw_lane *lane)
{
    int64_t now_ms = hw_loop_now_ms(&lane->loop);
    if (lane->wants_since_ms == HW_LANE_NO_WANT)
        lane->wants_since_ms = now_ms;
    return now_ms - lane->wants_since_ms >= TICK_MS;
}

/* The same, whatever is wanting: another connection gives way for it, in the end the reserve. */
static int accept_somehow(hw_acceptor *acceptor, hw_stream **ret_stream, bool *ret_has_reserve)
{
    hw_lane *lane = acceptor->lane;
    int error = accept_next(acceptor, ret_stream);
    if (is_for_want(error) && hw_shed_one(lane))
        error = accept_next(acceptor, ret_stream);
    if (!is_for_want(error)) {
        lane->wants_since_ms = HW_LANE_NO_WANT;
    } else if (!is_want_over(lane)) {
        hw_shed_elsewhere(lane);
    } else if (hw_shed_use_reserve(lane->shared)) {
        error = accept_next(acceptor, ret_stream);
        *ret_has_reserve = false;
    }
    return error;
}

/* 503 and the end. It has no content: what was asked for has not been read, and might be a HEAD.
 * What the client has sent already is taken, for the answer to arrive: RFC 9112 9.6. */
static void refuse(hw_lane *lane, hw_stream *stream)
{
    static const char head[] = "HTTP/1.1 503 Service Unavailable\r\n"
                               "Retry-After: 1\r\n"
                               "Connection: close\r\n"
                               "Content-Length: 0\r\n";
    hw_text date = hw_lane_date(lane);
    const struct iovec parts[] = {{(void *)head, sizeof head - 1},
                                  {(void *)date.at, date.length + 2}};
    hw_lane_count(&lane->counts.refused, 1);
    hw_lane_lend_buffers(lane);
    (void)stream->ops->read(stream, lane->input, HW_LANE_INPUT_BYTES);
    hw_lane_take_buffers_back(lane);
    (void)stream->ops->write(stream, parts, sizeof parts / sizeof *parts, false);
    stream->ops->close(stream);
}

/* A handshake only to say no would cost more than the request. */
static void turn_away(hw_lane *lane, hw_stream *stream)
{
    hw_lane_count(&lane->counts.refused, 1);
    stream->ops->close(stream);
}

static void admit(hw_lane *lane, const hw_listener *listener, hw_stream *stream)
{
    hw_tls *tls = listener->tls;
    if (listener->senders)
        (void)hw_conn_proxied_open(lane, tls, stream);
    else if (!tls || hw_tls_open(tls, lane->tls, stream, &stream) == 0)
        (void)hw_conn_open(lane, stream);
}

static void admit_or_refuse(hw_lane *lane, const hw_listener *listener, hw_stream *stream,
                            bool may_stay)
{
    static const hw_peer many = {.family = AF_UNSPEC}; /* whom a proxy speaks for: conn_proxied.c */
    const hw_peer *peer = listener->senders ? &many : &stream->peer;
    hw_sink_step(lane->place.sink, "server/admit", "admit or shed (limits), make a connection");
    if (listener->senders && !hw_trust_has(listener->senders, &stream->peer))
        hw_conn_proxied_refuse(lane, stream);
    else if (may_stay && hw_shed_make_room(lane, peer))
        admit(lane, listener, stream);
    else if (!listener->tls)
        refuse(lane, stream);
    else
        turn_away(lane, stream);
}

/* One connection. False: no more now. */
static bool accept_one(hw_acceptor *acceptor)
{
    hw_lane *lane = acceptor->lane;
    hw_stream *stream;
    bool has_reserve = true;
    int error = accept_somehow(acceptor, &stream, &has_reserve);
    if (error == 0)
        admit_or_refuse(lane, acceptor->listener, stream, has_reserve);
    if (!has_reserve)
        hw_shed_keep_reserve(lane->shared, lane->loop.event);
    if (error == -EAGAIN)
        return false;
    acceptor->failures = error < 0 ? acceptor->failures + 1 : 0;
    if (error < 0 && is_of_one_connection(error) && acceptor->failures < FAILURES_MAX)
        return true;
    if (error < 0) {
        acceptor->failures = 0;
        leave(acceptor);
        hw_list_append_once(&lane->starved, &lane->admission.link);
        return false;
    }
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
        if (has_its_share(lane)) {
            leave(acceptor);
            lane->has_left = true;
            recall_others(lane);
            return;
        }
        /* Those who have just been let in may give way when they have had their turn. */
        if (i > 0 && is_overloaded(lane))
            return;
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

/* Every listener once more; a turn that finds no room leaves it again. */
static void try_listeners(hw_lane *lane)
{
    hw_link_remove(&lane->admission.link);
    lane->has_left = false;
    for (size_t i = 0; i < lane->shared->listener_count; i++)
        if (join(&lane->acceptors[i]) == 0)
            hw_loop_queue_arrival(&lane->loop, &lane->acceptors[i].turn);
}

/* There may be what was wanting. */
static bool admit_again(hw_ready *ready)
{
    try_listeners(HW_MEMBER(ready, hw_lane, admission));
    return true;
}

int hw_admit_open(hw_lane *lane)
{
    hw_shared *shared = lane->shared;
    lane->acceptors = hw_sys_alloc_zeroed(shared->listener_count + 1, sizeof *lane->acceptors);
    if (!lane->acceptors)
        return -ENOMEM;
    for (size_t i = 0; i < shared->listener_count; i++) {
        hw_acceptor *acceptor = &lane->acceptors[i];
        acceptor->watch = (hw_watch){shared->listeners[i].fd, on_listener_ready};
        acceptor->listener = &shared->listeners[i];
        acceptor->lane = lane;
        hw_task_init(&acceptor->turn, take_accept_turn);
    }
    hw_ready_init(&lane->admission, admit_again);
    lane->wants_since_ms = HW_LANE_NO_WANT;
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
    hw_link_remove(&lane->admission.link);
    hw_sys_free(lane->acceptors);
    lane->acceptors = NULL;
}

void hw_admit_on_recall(hw_post *post)
{
    hw_lane *lane = HW_MEMBER(post, hw_lane, recall_post);
    atomic_store(&lane->is_recalled, false);
    /* A lane that has its share passes nothing on: two such lanes would call each other for
     * ever. */
    if (lane->acceptors && !has_its_share(lane))
        try_listeners(lane);
}

void hw_admit_on_close(hw_lane *lane)
{
    if (lane->has_left && lane->acceptors && !is_above_mean(lane))
        try_listeners(lane);
}

void hw_admit_on_tick(hw_timer *tick)
{
    hw_lane *lane = HW_MEMBER(tick, hw_lane, tick);
    hw_lane_feed_all(lane);
    hw_sink_tick(lane->place.sink);
    hw_shed_on_tick(lane);
    hw_shed_keep_reserve(lane->shared, lane->loop.event);
    if (lane->acceptors && !has_its_share(lane))
        try_listeners(lane);
    hw_loop_arm(&lane->loop, &lane->tick, TICK_MS);
}

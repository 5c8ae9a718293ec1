/* What every connection has, whatever protocol it speaks.
 *
 * Callbacks of streams and timers only note what happened and queue a turn. Closing takes
 * everything away from the connection at once but its memory, which goes at the end of the step:
 * whoever still holds a pointer finds it closed.
 *
 * A deadline that moves away, as it does with every request, does not move its timer: one that
 * fires too early is armed anew. */
#include "server/conn.h"

#include "base/assert.h"
#include "server/admit.h"
#include "server/conn_h1.h"
#include "server/conn_h2.h"
#include "server/conn_handshake.h"
#include "server/shed.h"

int hw_conn_open(hw_lane *lane, hw_stream *stream)
{
    hw_sink_step(lane->place.sink, "server/conn", "pick the driver from ALPN or the first bytes");
    return stream->ops->handshake ? hw_conn_handshake_open(lane, stream)
                                  : hw_conn_open_protocol(lane, stream, (hw_text){0});
}

int hw_conn_open_protocol(hw_lane *lane, hw_stream *stream, hw_text input)
{
    bool is_h2 =
        stream->is_secure && hw_tls_facts_protocol(stream->ops->facts(stream)) == HW_TLS_H2;
    return is_h2 ? hw_conn_h2_open(lane, stream, input) : hw_conn_h1_open(lane, stream);
}

static void on_stream_ready(void *arg)
{
    hw_conn_queue(arg);
}

static void take_conn_turn(hw_task *task)
{
    hw_conn *conn = HW_MEMBER(task, hw_conn, turn);
    hw_lane_lend_buffers(conn->lane);
    conn->driver->turn(conn);
    hw_lane_take_buffers_back(conn->lane);
    /* It has not ended in its first turn, and waits from here on. */
    if (!conn->is_closed && !conn->stream->is_watched && conn->stream->ops->watch(conn->stream) < 0)
        hw_conn_close(conn);
}

static void free_conn(hw_task *task)
{
    hw_conn *conn = HW_MEMBER(task, hw_conn, turn);
    conn->driver->free(conn);
}

static void on_deadline(hw_timer *timer)
{
    hw_conn *conn = HW_MEMBER(timer, hw_conn, deadline);
    conn->is_late = conn->deadline_ms <= hw_loop_now_ms(&conn->lane->loop);
    if (conn->is_late)
        hw_conn_queue(conn);
    else
        hw_conn_arm(conn, conn->deadline_ms);
}

void hw_conn_init(hw_conn *conn, const hw_driver *driver, hw_lane *lane, hw_stream *stream)
{
    *conn = (hw_conn){
        .lane = lane,
        .stream = stream,
        .driver = driver,
        .deadline_ms = HW_CONN_NEVER,
        .phase = HW_PHASE_BUSY, /* until its first turn is over */
    };
    hw_link_init(&conn->link);
    hw_task_init(&conn->turn, take_conn_turn);
    hw_timer_init(&conn->deadline, on_deadline);
    hw_list_append(&lane->conns, &conn->link);
    lane->conn_count++;
    atomic_fetch_add(&lane->shared->connections, 1);
    hw_shed_count_in(conn);
    stream->on_ready = on_stream_ready;
    stream->arg = conn;
    hw_conn_queue(conn);
}

/* The lane has one less. */
static void note_end(hw_lane *lane)
{
    if (!hw_list_is_empty(&lane->starved))
        hw_lane_feed_one(lane);
    hw_admit_on_close(lane);
    hw_lane_end_if_over(lane);
}

/* It has no stream any more. */
static void end_conn(hw_conn *conn)
{
    hw_lane *lane = conn->lane;
    conn->stream = NULL;
    hw_task_cancel(&conn->turn);
    hw_loop_disarm(&lane->loop, &conn->deadline);
    hw_link_remove(&conn->link);
    lane->conn_count--;
    atomic_fetch_sub(&lane->shared->connections, 1);
    hw_task_init(&conn->turn, free_conn);
    hw_loop_retire(&lane->loop, &conn->turn);
}

void hw_conn_close(hw_conn *conn)
{
    hw_lane *lane = conn->lane;
    if (conn->is_closed)
        return;
    conn->is_closed = true;
    hw_shed_count_out(conn);
    conn->driver->gone(conn);
    conn->stream->ops->close(conn->stream);
    end_conn(conn);
    note_end(lane);
}

void hw_conn_hand_over(hw_conn *conn, hw_conn_beginner *begin, hw_text input)
{
    hw_lane *lane = conn->lane;
    hw_stream *stream = conn->stream;
    hw_assert(!conn->is_closed);
    conn->is_closed = true;
    hw_shed_count_out(conn);
    conn->driver->gone(conn);
    end_conn(conn);
    if (begin(lane, stream, input) < 0)
        note_end(lane);
}

void hw_conn_drain(hw_conn *conn)
{
    conn->driver->drain(conn);
}

void hw_conn_queue_write(hw_conn *conn)
{
    if (!conn->is_closed)
        hw_loop_queue_turn(&conn->lane->loop, &conn->turn);
}

void hw_conn_queue(hw_conn *conn)
{
    conn->has_news = true;
    hw_conn_queue_write(conn);
}

void hw_conn_enter(hw_conn *conn, hw_phase phase)
{
    if (phase == HW_PHASE_IDLE) {
        hw_conn_enter_idle(conn);
        return;
    }
    hw_waiting *waiting = &conn->lane->waiting;
    conn->phase = (unsigned char)phase;
    conn->since_ms = hw_loop_now_ms(&conn->lane->loop);
    hw_link_remove(&conn->waiting);
    if (phase == HW_PHASE_BUSY)
        return;
    if (phase == HW_PHASE_CONTENT)
        conn->moved = conn->driver->moved(conn);
    hw_list_append(&waiting->phases[phase], &conn->waiting);
    atomic_store_explicit(&waiting->may_shed, true, memory_order_relaxed);
}

void hw_conn_arm(hw_conn *conn, int64_t at_ms)
{
    hw_loop *loop = &conn->lane->loop;
    bool fires_in_time = hw_timer_is_armed(&conn->deadline) && conn->deadline.at_ms <= at_ms;
    conn->deadline_ms = at_ms;
    if (at_ms != HW_CONN_NEVER && !fires_in_time)
        hw_loop_arm(loop, &conn->deadline, at_ms - hw_loop_now_ms(loop));
}

void hw_conn_free_spares(hw_lane *lane)
{
    hw_conn_h1_free_spares(lane);
    hw_conn_h2_free_spares(lane);
}

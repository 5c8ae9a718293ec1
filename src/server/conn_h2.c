/* Drives HTTP/2 connections: the four verbs of a turn.
 *
 *    READ     stream -> the lane's input buffer
 *    ADVANCE  session events -> begin and feed exchanges (conn_h2_advance.c), whose life is in
 *             conn_h2_exchange.c
 *    WRITE    heads and pulled bodies of all streams -> session -> stream (conn_h2_write.c)
 *    ARM      one deadline; back to the loop
 *
 * A connection carries many exchanges at once, and they know nothing of one another: each has its
 * stream, is answered when its answer is there, and waits for what it waits for. Flow control is the
 * protocol's, stream by stream, so the bytes of the connection are always read while there are any:
 * what a stream may still send has its place already, and what others say must be heard.
 *
 * The session keeps what a turn's input leaves unfinished; nothing else is kept here but what a full
 * socket leaves of the output.
 *
 * The end: first a notice (RFC 9113 6.8), a while later the truth, then the streams that have begun
 * are finished. RFC 9113 as a whole. */
#include "server/conn_h2.h"

#include <errno.h>

#include "base/number.h"
#include "sys/memory.h"

/* Read in one turn, so that a fast client does not keep the others waiting. */
#define READS_MAX 4
/* Between the notice and the truth: at least a round trip, as far as that is known. */
#define NOTICE_MS 1000

static bool wants_read_h2(const conn_h2 *h2)
{
    return !h2->conn.is_closed && !h2->is_ended && h2->conn.stream->readable;
}

/* There is something to read, most likely a head, and no memory to begin anything: so nothing is read
 * (docs/design/0007). Not where exchanges are under way: content, windows and resets among it are what
 * gives memory back. */
static bool has_no_memory(const conn_h2 *h2)
{
    return hw_list_is_empty(&h2->exchanges) && h2->ending < H2_FAILED && wants_read_h2(h2) &&
           hw_budget_is_full(&h2->conn.lane->shared->budget);
}

/* READ: at most what the session takes at once. */
static hw_text read_frames(conn_h2 *h2)
{
    hw_stream *stream = h2->conn.stream;
    char *memory = h2->conn.lane->input;
    ssize_t count = stream->ops->read(stream, memory, HW_H2_INPUT_BYTES_MAX);
    if (count > 0) {
        hw_sink_step(h2->conn.lane->place.sink, "server/conn_h2", "turn: READ");
        return (hw_text){memory, (size_t)count};
    }
    if (count == 0)
        h2->is_ended = true;
    else if (count != -EAGAIN)
        hw_conn_close(&h2->conn);
    return (hw_text){0};
}

static void skip_late_input(conn_h2 *h2, size_t bytes)
{
    h2->linger_left -= hw_number_min(bytes, h2->linger_left);
    if (h2->linger_left == 0)
        hw_conn_close(&h2->conn);
}

/* READ and ADVANCE. */
static void take_input_h2(conn_h2 *h2)
{
    h2->conn.has_news = false;
    for (unsigned i = 0; i < READS_MAX && wants_read_h2(h2) && !has_no_memory(h2); i++) {
        hw_text input = read_frames(h2);
        if (input.length > 0 && h2->ending >= H2_FAILED)
            skip_late_input(h2, input.length);
        else if (input.length > 0)
            hw_conn_h2_advance(h2, input);
    }
    if (h2->conn.is_closed)
        return;
    hw_conn_h2_credit(h2);
    /* Asked once: other lanes give memory back meanwhile, and who is neither queued nor stalled would
     * wait for nothing. */
    h2->is_stalled = has_no_memory(h2);
    if (wants_read_h2(h2) && !h2->is_stalled)
        hw_conn_queue(&h2->conn);
}

/* All is said. What the client still sends would have the system discard what has not arrived yet: so
 * our side ends, and theirs is read to its end. */
static void end_connection_h2(conn_h2 *h2)
{
    hw_stream *stream = h2->conn.stream;
    if (h2->is_ended || (!stream->readable && stream->ops->count_unsent(stream) == 0)) {
        hw_conn_close(&h2->conn);
        return;
    }
    stream->ops->end_write(stream);
    h2->ending = H2_LINGER;
    h2->by_ms[H2_WAIT_OUTPUT] = HW_CONN_NEVER; /* it is for something else now, and for less long */
}

void hw_conn_h2_leave(conn_h2 *h2)
{
    if (h2->ending >= H2_LEAVING)
        return;
    h2->ending = H2_LEAVING;
    (void)hw_h2_go_away(h2->session, HW_H2_NO_ERROR);
}

/* No memory for that: the session has failed, which its next event tells. */
static void give_notice(conn_h2 *h2)
{
    h2->ending = H2_NOTICED;
    (void)hw_h2_give_notice(h2->session);
}

/* Nobody is there whom a notice could spare something. */
static void go_on_ending_h2(conn_h2 *h2)
{
    bool is_limit = h2->requests >= h2->conn.lane->shared->limits.requests_max;
    bool is_idle = hw_list_is_empty(&h2->exchanges);
    if ((h2->conn.lane->is_draining || is_limit) && h2->ending == H2_OPEN)
        give_notice(h2);
    if (h2->ending == H2_NOTICED && is_idle)
        hw_conn_h2_leave(h2);
}

/* The waits for the client to take what is sent: two spans of one thing. */
static void wait_for_client(conn_h2 *h2)
{
    const hw_limits *limits = &h2->conn.lane->shared->limits;
    bool is_lingering = h2->ending == H2_LINGER;
    bool is_full =
        h2->output.length > 0 || (!h2->conn.stream->writable && hw_h2_wants_send(h2->session));
    bool is_waiting = (is_full && !h2->goes_on) || is_lingering;
    int64_t *output = &h2->by_ms[H2_WAIT_OUTPUT], *rate = &h2->by_ms[H2_WAIT_RATE];
    size_t unsent;
    if (h2->sent_bytes != h2->sent_before)
        *output = HW_CONN_NEVER;
    h2->sent_before = h2->sent_bytes;
    if (is_waiting && *output == HW_CONN_NEVER)
        h2->taken_before = hw_conn_h2_count_taken(h2, &unsent);
    if (is_waiting && *rate == HW_CONN_NEVER)
        h2->window_taken = hw_conn_h2_count_taken(h2, &unsent);
    hw_conn_h2_wait_while(h2, output, is_waiting,
                          is_lingering ? limits->linger_ms : limits->response_ms);
    hw_conn_h2_wait_while(h2, rate, is_waiting, limits->response_window_ms);
}

/* A head, or another frame, has its time from its first byte on, in all. */
static void wait_for_head(conn_h2 *h2)
{
    uint64_t unfinished = hw_h2_unfinished(h2->session);
    bool is_first = h2->requests == 0, is_open = h2->ending < H2_FAILED;
    int64_t *head = &h2->by_ms[H2_WAIT_HEAD];
    if (unfinished != h2->unfinished && !is_first)
        *head = HW_CONN_NEVER;
    h2->unfinished = unfinished;
    hw_conn_h2_wait_while(h2, head, is_open && (is_first || unfinished != 0),
                          h2->conn.lane->shared->limits.head_ms);
}

/* What it waits for, as far as it may give way. */
static hw_phase phase_of_h2(const conn_h2 *h2)
{
    if (h2->is_stalled)
        return HW_PHASE_STALLED;
    if (h2->by_ms[H2_WAIT_OUTPUT] != HW_CONN_NEVER || hw_conn_h2_waits_for_client(h2))
        return HW_PHASE_CONTENT;
    if (!hw_list_is_empty(&h2->exchanges))
        return HW_PHASE_BUSY;
    return h2->by_ms[H2_WAIT_HEAD] != HW_CONN_NEVER ? HW_PHASE_HEAD : HW_PHASE_IDLE;
}

/* Idle is anew who has been served since. */
static void enter_phase_h2(conn_h2 *h2)
{
    hw_phase phase = phase_of_h2(h2);
    bool is_anew = phase == HW_PHASE_IDLE && h2->requests != h2->requests_before;
    h2->requests_before = h2->requests;
    if (phase != h2->conn.phase || is_anew)
        hw_conn_enter(&h2->conn, phase);
    /* There may be memory again already, and nobody to tell of it. */
    if (phase == HW_PHASE_STALLED && !hw_budget_await(&h2->conn.lane->shared->budget))
        hw_conn_queue(&h2->conn);
}

static void arm_deadlines(conn_h2 *h2)
{
    const hw_limits *limits = &h2->conn.lane->shared->limits;
    bool is_idle = hw_list_is_empty(&h2->exchanges) && h2->requests > 0 && h2->ending < H2_FAILED;
    bool is_unsettled = h2->ending < H2_FAILED && !hw_h2_is_settled(h2->session);
    wait_for_head(h2);
    if (h2->requests != h2->requests_before)
        h2->by_ms[H2_WAIT_IDLE] = HW_CONN_NEVER;
    hw_conn_h2_wait_while(h2, &h2->by_ms[H2_WAIT_IDLE], is_idle, limits->idle_ms);
    hw_conn_h2_wait_while(h2, &h2->by_ms[H2_WAIT_SETTINGS], is_unsettled, limits->head_ms);
    hw_conn_h2_wait_while(h2, &h2->by_ms[H2_WAIT_NOTICE], h2->ending == H2_NOTICED, NOTICE_MS);
    wait_for_client(h2);
    int64_t first = hw_conn_h2_arm_exchanges(h2);
    enter_phase_h2(h2);
    for (unsigned wait = 0; wait < H2_WAIT_COUNT; wait++)
        first = h2->by_ms[wait] < first ? h2->by_ms[wait] : first;
    hw_conn_arm(&h2->conn, first);
}

/* ARM: one deadline, or the end. */
static void arm_h2(conn_h2 *h2)
{
    bool is_said = h2->output.length == 0 && !hw_h2_wants_send(h2->session);
    bool is_done = hw_list_is_empty(&h2->exchanges);
    if (h2->is_ended && h2->ending != H2_FAILED)
        hw_conn_close(&h2->conn);
    else if (is_said && (h2->ending == H2_FAILED || (h2->ending == H2_LEAVING && is_done)))
        end_connection_h2(h2);
    if (h2->conn.is_closed)
        return;
    if (h2->is_stalled && h2->ending >= H2_FAILED) { /* what comes now needs none */
        h2->is_stalled = false;
        hw_conn_queue(&h2->conn);
    }
    if (h2->ending == H2_NOTICED && is_done)
        hw_conn_queue_write(&h2->conn); /* it has just answered the last: nobody is waited for */
    arm_deadlines(h2);
}

static void take_h2_turn(hw_conn *conn)
{
    conn_h2 *h2 = (conn_h2 *)conn;
    h2->is_before_write = true;
    if (conn->is_late)
        hw_conn_h2_take_deadline(h2);
    if (conn->has_news && !conn->is_closed)
        take_input_h2(h2);
    if (!conn->is_closed && h2->ending < H2_FAILED)
        go_on_ending_h2(h2);
    if (!conn->is_closed && h2->ending != H2_LINGER)
        hw_conn_h2_write(h2);
    h2->is_before_write = false;
    if (!conn->is_closed)
        arm_h2(h2);
}

static void drain_h2(hw_conn *conn)
{
    const conn_h2 *h2 = (conn_h2 *)conn;
    /* Who has nothing to write may have to say something about the end. */
    for (hw_link *link = h2->exchanges.head.next; link != &h2->exchanges.head; link = link->next) {
        h2_exchange *e = HW_MEMBER(link, h2_exchange, link);
        e->is_stirred |= e->lending.is_feeder_idle;
        e->lending.is_feeder_idle = false;
    }
    hw_conn_queue(conn);
}

static void let_go_h2(hw_conn *conn)
{
    conn_h2 *h2 = (conn_h2 *)conn;
    for (hw_link *link; (link = hw_list_first(&h2->exchanges));)
        hw_conn_h2_end(HW_MEMBER(link, h2_exchange, link), false);
    for (hw_link *link; (link = hw_list_first(&h2->left));) {
        HW_MEMBER(link, h2_exchange, link)->conn = NULL;
        hw_link_move(link, &conn->lane->abandoned);
    }
    hw_conn_h2_drop_unsent(h2);
    hw_h2_session_free(h2->session);
    h2->session = NULL;
}

static void free_h2(hw_conn *conn)
{
    hw_budget_give(&conn->lane->shared->budget, sizeof(conn_h2));
    hw_sys_free(conn);
}

static uint32_t count_moved_h2(const hw_conn *conn)
{
    size_t unsent;
    const conn_h2 *h2 = (const conn_h2 *)conn;
    return (uint32_t)hw_conn_h2_count_taken(h2, &unsent) + h2->received_bytes;
}

const hw_driver hw_conn_h2_driver = {take_h2_turn, drain_h2, let_go_h2, free_h2, count_moved_h2};

/* NULL: no memory. */
static conn_h2 *make_h2(hw_lane *lane)
{
    conn_h2 *h2 = hw_sys_alloc_zeroed(1, sizeof *h2);
    if (!h2)
        return NULL;
    const hw_h2_setup setup = {
        .limits = &lane->shared->limits.h2,
        .budget = &lane->shared->budget,
        .sink = lane->place.sink,
        .pull = hw_conn_h2_pull,
        .arg = h2,
    };
    if (hw_h2_session_new(&setup, hw_loop_now_ms(&lane->loop), &h2->session) < 0) {
        hw_sys_free(h2);
        return NULL;
    }
    hw_budget_add(&lane->shared->budget, sizeof *h2);
    return h2;
}

int hw_conn_h2_open(hw_lane *lane, hw_stream *stream, hw_text input)
{
    conn_h2 *h2 = make_h2(lane);
    if (!h2) {
        stream->ops->close(stream);
        return -ENOMEM;
    }
    hw_list_init(&h2->exchanges);
    hw_list_init(&h2->left);
    h2->linger_left = HW_CONN_LINGER_BYTES_MAX;
    for (unsigned wait = 0; wait < H2_WAIT_COUNT; wait++)
        h2->by_ms[wait] = HW_CONN_NEVER;
    hw_conn_init(&h2->conn, &hw_conn_h2_driver, lane, stream);
    if (input.length > 0)
        hw_conn_h2_advance(h2, input);
    return 0;
}

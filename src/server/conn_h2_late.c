/* Drives HTTP/2 connections: what was waited for and has not come.
 *
 * The connection waits for heads, for the socket to take what is sent, and to be told to go on; each
 * exchange waits for its handler, for its content, and for its client to take what it is sent: a window
 * that stays shut is a reader who does not read. */
#include "base/number.h"
#include "server/conn_h2.h"

static const hw_problem too_slow_content = {408, "the content arrives too slowly",
                                            "RFC 9110 15.5.9"};
static const hw_problem no_room = {503, "other content leaves no room for this", "RFC 9110 15.6.4"};

static bool is_past(const conn_h2 *h2, int64_t by_ms)
{
    return by_ms != HW_CONN_NEVER && by_ms <= hw_loop_now_ms(&h2->conn.lane->loop);
}

/* The client owes us content, its stream may send it, and it knows that. */
static bool lacks_content(const h2_exchange *e)
{
    uint32_t window = e->lending.lane->shared->limits.h2.window_bytes;
    uint64_t unread = e->exchange.fed - e->consumed + e->kept_length;
    return !e->has_whole_body && !e->wants_continue && !e->has_kept_end && unread < window / 2;
}

/* Some of its body could be sent, were it not for the client's windows. */
static bool waits_for_window(const h2_exchange *e)
{
    return e->is_sent && !e->is_waiting && hw_h2_is_blocked(e->conn->session, e->stream);
}

static void begin_content_wait(h2_exchange *e, bool is_waiting)
{
    const hw_limits *limits = &e->lending.lane->shared->limits;
    if (e->body_by_ms == HW_CONN_NEVER)
        e->body_before = e->exchange.fed + e->kept_length;
    hw_conn_h2_wait_while(e->conn, &e->body_by_ms, is_waiting,
                          limits->body_grace_ms + limits->body_window_ms);
}

/* The client may send nothing at all, for others have not taken what it has sent. Where nobody takes any
 * of that this would never end; but a handler has a deadline of its own. */
static void begin_room_wait(h2_exchange *e, bool is_waiting)
{
    if (e->conn->received_bytes != e->room_beside)
        e->room_by_ms = HW_CONN_NEVER;
    e->room_beside = e->conn->received_bytes;
    hw_conn_h2_wait_while(e->conn, &e->room_by_ms, is_waiting && !e->lending.is_lent,
                          e->lending.lane->shared->limits.answer_ms);
}

static void begin_window_waits(h2_exchange *e, bool is_waiting)
{
    const hw_limits *limits = &e->lending.lane->shared->limits;
    if (e->bytes_out != e->output_before)
        e->output_by_ms = HW_CONN_NEVER;
    e->output_before = e->bytes_out;
    if (e->output_by_ms == HW_CONN_NEVER)
        e->output_beside = e->conn->body_bytes;
    if (e->rate_by_ms == HW_CONN_NEVER) {
        e->rate_before = e->bytes_out;
        e->rate_beside = e->conn->body_bytes;
    }
    hw_conn_h2_wait_while(e->conn, &e->output_by_ms, is_waiting, limits->response_ms);
    hw_conn_h2_wait_while(e->conn, &e->rate_by_ms, is_waiting, limits->response_window_ms);
}

static int64_t arm_exchange(h2_exchange *e)
{
    if (!e->lending.is_lent)
        hw_conn_h2_wait_while(e->conn, &e->answer_by_ms, e->lending.is_feeder_idle,
                              HW_LENDING_FEEDER_MS);
    bool is_lacking = lacks_content(e), is_let = hw_h2_takes_content(e->conn->session);
    begin_content_wait(e, is_lacking && is_let);
    begin_room_wait(e, is_lacking && !is_let);
    begin_window_waits(e, waits_for_window(e));
    int64_t first = e->answer_by_ms < e->body_by_ms ? e->answer_by_ms : e->body_by_ms;
    first = e->room_by_ms < first ? e->room_by_ms : first;
    first = e->output_by_ms < first ? e->output_by_ms : first;
    return e->rate_by_ms < first ? e->rate_by_ms : first;
}

int64_t hw_conn_h2_arm_exchanges(conn_h2 *h2)
{
    int64_t first = HW_CONN_NEVER;
    for (hw_link *link = h2->exchanges.head.next; link != &h2->exchanges.head; link = link->next) {
        int64_t by_ms = arm_exchange(HW_MEMBER(link, h2_exchange, link));
        first = by_ms < first ? by_ms : first;
    }
    return first;
}

bool hw_conn_h2_waits_for_client(const conn_h2 *h2)
{
    const hw_link *end = &h2->exchanges.head;
    for (const hw_link *link = end->next; link != end; link = link->next) {
        const h2_exchange *e = HW_MEMBER(link, h2_exchange, link);
        bool is_waiting = e->output_by_ms != HW_CONN_NEVER || e->body_by_ms != HW_CONN_NEVER ||
                          e->room_by_ms != HW_CONN_NEVER;
        if (!is_waiting || e->lending.is_lent)
            return false;
    }
    return !hw_list_is_empty(&h2->exchanges);
}

/* True: the exchange is over. */
static bool take_late_content(h2_exchange *e)
{
    const hw_limits *limits = &e->lending.lane->shared->limits;
    uint64_t arrived = e->exchange.fed + e->kept_length - e->body_before;
    e->body_by_ms = HW_CONN_NEVER;
    if (arrived >= (uint64_t)limits->rate_bytes_min * limits->body_window_ms / 1000) {
        e->body_before += arrived;
        hw_conn_h2_wait_while(e->conn, &e->body_by_ms, true, limits->body_window_ms);
        return false;
    }
    return hw_conn_h2_fail_request(e, &too_slow_content);
}

/* Likewise. */
static bool take_late_room(h2_exchange *e)
{
    e->room_by_ms = HW_CONN_NEVER;
    return hw_conn_h2_fail_request(e, &no_room);
}

/* It is the connection's window alone that is shut, and others get what that lets through: so it has
 * to wait for its turn (RFC 9218 10), and its client is not to blame. `bytes`: at least so much. */
static bool gives_way(const h2_exchange *e, uint64_t beside, uint64_t bytes)
{
    return !hw_h2_is_shut(e->conn->session, e->stream) && e->conn->body_bytes - beside >= bytes;
}

/* A reader may be slow where little waits for it. */
static bool is_slow_window(const h2_exchange *e)
{
    const hw_limits *limits = &e->lending.lane->shared->limits;
    uint64_t bytes = (uint64_t)limits->rate_bytes_min * limits->response_window_ms / 1000;
    const hw_source *body = e->exchange.response.body;
    bool is_known = body && body->length != HW_LENGTH_UNKNOWN;
    uint64_t left = is_known ? body->length - hw_number_min(e->bytes_out, body->length)
                             : e->piece.length + e->file.length;
    return left >= limits->response_bytes_waiting && e->bytes_out - e->rate_before < bytes &&
           !gives_way(e, e->rate_beside, bytes);
}

/* Whatever of it has passed, one thing at a time; what is over is not looked at again. */
static void take_late_exchange(h2_exchange *e)
{
    const conn_h2 *h2 = e->conn;
    if (is_past(h2, e->output_by_ms)) {
        e->output_by_ms = HW_CONN_NEVER;
        if (!gives_way(e, e->output_beside, 1)) {
            hw_conn_h2_reset(e, HW_H2_CANCEL);
            return;
        }
    }
    if (is_past(h2, e->rate_by_ms)) {
        e->rate_by_ms = HW_CONN_NEVER;
        if (is_slow_window(e)) {
            hw_conn_h2_reset(e, HW_H2_CANCEL);
            return;
        }
    }
    if (is_past(h2, e->body_by_ms) && take_late_content(e))
        return;
    if (is_past(h2, e->room_by_ms) && take_late_room(e))
        return;
    if (!is_past(h2, e->answer_by_ms))
        return;
    e->answer_by_ms = HW_CONN_NEVER;
    if (e->lending.is_lent) {
        hw_conn_h2_give_handler_up(e);
    } else {
        e->lending.is_feeder_idle = false;
        e->is_stirred = true;
    }
}

/* As long as the client takes something of what was sent, it is given time for the rest. */
static bool has_taken_more_h2(const conn_h2 *h2)
{
    size_t unsent;
    int64_t taken = hw_conn_h2_count_taken(h2, &unsent);
    return unsent > 0 && taken != h2->taken_before;
}

static bool is_slow_client(const conn_h2 *h2)
{
    const hw_limits *limits = &h2->conn.lane->shared->limits;
    size_t unsent;
    int64_t taken = hw_conn_h2_count_taken(h2, &unsent) - h2->window_taken;
    return unsent + h2->output.length >= limits->response_bytes_waiting &&
           taken < (int64_t)limits->rate_bytes_min * limits->response_window_ms / 1000;
}

static void take_late_wait(conn_h2 *h2, h2_wait wait)
{
    switch (wait) {
    case H2_WAIT_HEAD:
        if (h2->requests == 0 && h2->unfinished == 1) /* no preface: nothing can be said */
            hw_conn_close(&h2->conn);
        else if (h2->unfinished == 0) /* it has never asked for anything */
            hw_conn_h2_leave(h2);
        else
            (void)hw_h2_go_away(h2->session, HW_H2_ENHANCE_YOUR_CALM);
        break;
    case H2_WAIT_SETTINGS:
        (void)hw_h2_go_away(h2->session, HW_H2_SETTINGS_TIMEOUT);
        break;
    case H2_WAIT_IDLE:
        /* A request that has just arrived still counts, and one that has begun to; not one that has
         * waited for memory to be read with for as long. */
        if ((!h2->conn.stream->readable || h2->is_stalled) && h2->unfinished == 0)
            hw_conn_h2_leave(h2);
        break;
    case H2_WAIT_NOTICE:
        hw_conn_h2_leave(h2);
        break;
    case H2_WAIT_OUTPUT:
        if (h2->ending == H2_LINGER || !has_taken_more_h2(h2))
            hw_conn_close(&h2->conn);
        break;
    case H2_WAIT_RATE:
        if (is_slow_client(h2))
            hw_conn_close(&h2->conn);
        break;
    case H2_WAIT_COUNT:
        break;
    }
}

void hw_conn_h2_take_deadline(conn_h2 *h2)
{
    hw_link *next;
    h2->conn.is_late = false;
    for (unsigned wait = 0; wait < H2_WAIT_COUNT && !h2->conn.is_closed; wait++) {
        if (!is_past(h2, h2->by_ms[wait]))
            continue;
        h2->by_ms[wait] = HW_CONN_NEVER;
        take_late_wait(h2, (h2_wait)wait);
    }
    if (h2->conn.is_closed)
        return;
    for (hw_link *link = h2->exchanges.head.next; link != &h2->exchanges.head; link = next) {
        next = link->next; /* it may leave */
        take_late_exchange(HW_MEMBER(link, h2_exchange, link));
    }
}

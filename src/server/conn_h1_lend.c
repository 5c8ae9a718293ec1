/* Drives HTTP/1 connections: exchanges that are lent (lending.c).
 *
 * A handler may block, so while it runs the driver goes on with the connection as if no answer were
 * in sight. Only content that is streamed into that exchange waits, and its time with it, unless the
 * handler reads it from a flow, which has a lock.
 *
 * Lent is at most one exchange of a connection, for none is answered before those in front of it.
 *
 * One that is abandoned leaves its connection, and if its time was up another one answers 504 in its
 * place. So that it needs nothing of the connection's by then, it takes the peer's address with it. */
#include "server/answer.h"
#include "server/conn_h1.h"

static void note_lent(hw_lending *lending)
{
    h1_exchange *e = HW_MEMBER(lending, h1_exchange, lending);
    conn_h1 *h1 = e->conn;
    lending->peer = h1->conn.stream->peer;
    lending->has_peer = true;
    e->is_uncounted = true;
    h1->lent = e;
    hw_conn_enter(&h1->conn, HW_PHASE_BUSY);
    hw_conn_h1_time_handler(h1, hw_answer_timeout_ms(h1->conn.lane, &e->exchange));
}

static void note_taken_back(hw_lending *lending)
{
    h1_exchange *e = HW_MEMBER(lending, h1_exchange, lending);
    e->is_uncounted = false;
    e->conn->lent = NULL;
}

static void note_returned(hw_lending *lending)
{
    note_taken_back(lending);
    hw_conn_h1_take_return(HW_MEMBER(lending, h1_exchange, lending));
}

static void note_fed(hw_lending *lending, bool is_over)
{
    h1_exchange *e = HW_MEMBER(lending, h1_exchange, lending);
    if (is_over && !e->has_whole_body)
        hw_conn_h1_leave_reading(e);
}

/* A handler reads for the first time: RFC 9110 10.1.1, now the content is wanted. */
static void note_stirred(hw_lending *lending)
{
    h1_exchange *e = HW_MEMBER(lending, h1_exchange, lending);
    if (e->wants_continue && lending->intake && hw_flow_is_wanted(lending->intake)) {
        e->wants_continue = false;
        hw_conn_h1_inform(e, 100, (hw_fields){0});
    }
}

const hw_lending_ops hw_conn_h1_lending = {
    note_lent,    note_taken_back,          note_returned,         note_fed,
    note_stirred, hw_conn_h1_end_abandoned, hw_conn_h1_free_ended,
};

void hw_conn_h1_begin_feed(h1_exchange *e)
{
    e->conn->held -= e->held;
    e->held = 0;
    e->is_uncounted = true;
    if (e->exchange.response.is_broken || !hw_conn_h1_sends_body(e))
        return;
    if (hw_lending_begin_feed(&e->lending) < 0)
        hw_answer_refuse(&e->exchange);
}

void hw_conn_h1_wake_feeders(const conn_h1 *h1)
{
    for (hw_link *link = h1->queue.head.next; link != &h1->queue.head; link = link->next) {
        h1_exchange *e = HW_MEMBER(link, h1_exchange, link);
        if (!e->lending.is_feeder_idle)
            continue;
        e->lending.is_feeder_idle = false;
        hw_conn_queue_write(&e->conn->conn);
    }
}

void hw_conn_h1_abandon(h1_exchange *e)
{
    conn_h1 *h1 = e->conn;
    if (hw_lending_revoke(&e->lending)) {
        hw_conn_h1_finish(e, false);
        return;
    }
    if (h1->lent == e)
        h1->lent = NULL;
    h1->queue_length--;
    h1->held -= e->held;
    hw_link_move(&e->link, &e->lending.lane->abandoned);
    e->conn = NULL;
}

/* It is busy: another exchange answers in its place, and it leaves. */
static void answer_in_place(conn_h1 *h1, h1_exchange *late)
{
    h1_exchange *e = hw_conn_h1_append_unread(h1);
    if (!e) {
        hw_conn_close(&h1->conn);
        return;
    }
    hw_lending_stand_in(&late->lending, &e->exchange);
    e->is_http10 = late->is_http10;
    e->is_head = late->is_head;
    /* What has begun to leave leaves whole: the stream may have a part of it. */
    if (late->interim.length > 0 && !hw_arena_copy_text(&e->unsent, late->interim, &e->interim)) {
        hw_conn_close(&h1->conn);
        return;
    }
    e->lending.ends_slowly |= e->interim.length > 0;
    hw_conn_h1_answer_problem(e, &hw_lending_too_slow);
    late->is_told = true;
    hw_link_remove(&e->link);
    hw_link_insert(&e->link, late->link.prev, &late->link);
    hw_conn_h1_abandon(late);
}

void hw_conn_h1_give_handler_up(conn_h1 *h1)
{
    h1_exchange *late = h1->lent;
    switch (hw_lending_take_late(&late->lending)) {
    case HW_LATENESS_READING:
        hw_conn_h1_time_handler(h1, hw_answer_timeout_ms(h1->conn.lane, &late->exchange));
        break;
    case HW_LATENESS_TAKEN:
        hw_conn_h1_take_return(late);
        break;
    case HW_LATENESS_BUSY:
        answer_in_place(h1, late);
        break;
    }
}

/* Drives HTTP/2 connections: exchanges that are lent (lending.c).
 *
 * Any number of a connection's exchanges may be lent at a time, and each has a deadline of its own. One
 * whose time is up gives its stream to another, which answers 504 there, and ends when its handler has
 * returned; so that it needs nothing of the connection's by then, it takes the peer's address with it. */
#include "server/answer.h"
#include "server/conn_h2.h"

static void note_lent_h2(hw_lending *lending)
{
    h2_exchange *e = HW_MEMBER(lending, h2_exchange, lending);
    lending->peer = e->conn->conn.stream->peer;
    lending->has_peer = true;
    e->answer_by_ms =
        hw_loop_now_ms(&lending->lane->loop) + hw_answer_timeout_ms(lending->lane, &e->exchange);
}

static void note_taken_back_h2(hw_lending *lending)
{
    HW_MEMBER(lending, h2_exchange, lending)->answer_by_ms = HW_CONN_NEVER;
}

static void note_returned_h2(hw_lending *lending)
{
    note_taken_back_h2(lending);
    hw_conn_h2_take_return(HW_MEMBER(lending, h2_exchange, lending));
}

static void note_fed_h2(hw_lending *lending, bool is_over)
{
    h2_exchange *e = HW_MEMBER(lending, h2_exchange, lending);
    e->is_stirred = true;
    if (is_over && !e->has_whole_body && e->stream != 0)
        hw_conn_h2_discard(e);
}

/* A handler reads for the first time: RFC 9110 10.1.1, now the content is wanted. */
static void note_stirred_h2(hw_lending *lending)
{
    h2_exchange *e = HW_MEMBER(lending, h2_exchange, lending);
    if (e->wants_continue && lending->intake && hw_flow_is_wanted(lending->intake)) {
        e->wants_continue = false;
        e->exchange.carrier->inform(&e->exchange, 100, (hw_fields){0});
    }
}

static void end_abandoned_h2(hw_lending *lending)
{
    hw_lane *lane = lending->lane;
    hw_conn_h2_finish(HW_MEMBER(lending, h2_exchange, lending), false);
    hw_lane_end_if_over(lane);
}

static void note_ended_h2(hw_lending *lending)
{
    hw_conn_h2_free_ended(HW_MEMBER(lending, h2_exchange, lending));
}

const hw_lending_ops hw_conn_h2_lending = {
    note_lent_h2,    note_taken_back_h2, note_returned_h2, note_fed_h2,
    note_stirred_h2, end_abandoned_h2,   note_ended_h2,
};

/* It is busy: another exchange answers on its stream, and it leaves. */
static void answer_in_its_place(h2_exchange *late)
{
    conn_h2 *h2 = late->conn;
    uint32_t stream = late->stream;
    h2_exchange *e = hw_conn_h2_append_unread(h2, stream);
    if (!e) {
        hw_conn_h2_reset(late, HW_H2_INTERNAL_ERROR);
        return;
    }
    hw_lending_stand_in(&late->lending, &e->exchange);
    e->is_head = late->is_head;
    e->is_tunnel = late->is_tunnel;
    e->has_whole_body = late->has_whole_body;
    e->consumed = late->consumed;
    late->is_told = true;
    hw_conn_h2_end(late, false);
    hw_conn_h2_answer_problem(e, &hw_lending_too_slow);
}

void hw_conn_h2_give_handler_up(h2_exchange *e)
{
    hw_lending *lending = &e->lending;
    switch (hw_lending_take_late(lending)) {
    case HW_LATENESS_READING:
        e->answer_by_ms = hw_loop_now_ms(&lending->lane->loop) +
                          hw_answer_timeout_ms(lending->lane, &e->exchange);
        break;
    case HW_LATENESS_TAKEN:
        hw_conn_h2_take_return(e);
        break;
    case HW_LATENESS_BUSY:
        answer_in_its_place(e);
        break;
    }
}

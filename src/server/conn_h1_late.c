/* Drives HTTP/1 connections: what was waited for and has not come.
 *
 * A deadline that passes only marks its connection as late; the next turn asks here what follows.
 * What it was for may have come in between. */
#include "server/conn_h1.h"

static const hw_problem too_slow_head = {408, "the head did not arrive in time", "RFC 9110 15.5.9"};
static const hw_problem too_slow_body = {408, "the content arrives too slowly", "RFC 9110 15.5.9"};

static void take_late_body(conn_h1 *h1)
{
    const hw_limits *limits = &h1->conn.lane->shared->limits;
    /* Nobody reads it now; its time begins anew when somebody does. */
    if (hw_conn_h1_is_reading_lent(h1))
        return;
    if (h1->window_bytes >= (uint64_t)limits->rate_bytes_min * limits->body_window_ms / 1000) {
        h1->window_bytes = 0;
        hw_conn_h1_wait_while(h1, H1_WAIT_BODY, true, limits->body_window_ms);
    } else {
        hw_conn_h1_fail_reading(h1, &too_slow_body);
    }
}

/* As long as the client takes something of what was sent, it is given time for the rest. */
static bool has_taken_more(conn_h1 *h1)
{
    size_t unsent;
    int64_t taken = hw_conn_h1_count_taken(h1, &unsent);
    return unsent > 0 && (uint32_t)taken != h1->taken_before;
}

/* A reader may be slow where little waits for it: that is not worth much to whoever wants to hold
 * the connection, and an application may have no more to say than that. */
static bool is_slow_reader(const conn_h1 *h1)
{
    const hw_limits *limits = &h1->conn.lane->shared->limits;
    size_t waiting;
    int64_t taken = hw_conn_h1_count_taken(h1, &waiting) - h1->window_taken;
    for (const hw_link *link = h1->queue.head.next; link != &h1->queue.head; link = link->next) {
        const h1_exchange *e = HW_MEMBER(link, h1_exchange, link);
        waiting += e->interim.length + hw_conn_h1_unsent_bytes(e);
    }
    return waiting >= limits->response_bytes_waiting &&
           taken < (int64_t)limits->rate_bytes_min * limits->response_window_ms / 1000;
}

/* What was waited for has not come. */
void hw_conn_h1_take_deadline(conn_h1 *h1)
{
    h1_wait wait = hw_conn_h1_first_wait(h1);
    bool is_silent = h1->requests == 0 && hw_h1_is_between(&h1->parser);
    h1->conn.is_late = false;
    /* What it was for may have come in between. */
    if (h1->by_ms[wait] > hw_loop_now_ms(&h1->conn.lane->loop))
        return;
    h1->by_ms[wait] = H1_NEVER;
    switch (wait) {
    case H1_WAIT_HEAD:
        if (is_silent)
            hw_conn_close(&h1->conn);
        else
            hw_conn_h1_append_problem(h1, &too_slow_head);
        break;
    case H1_WAIT_IDLE:
        /* A request that has just arrived still counts. */
        if (!h1->conn.stream->readable)
            hw_conn_h1_end_idle(h1);
        break;
    case H1_WAIT_BODY:
        take_late_body(h1);
        break;
    case H1_WAIT_OUTPUT:
        if (!has_taken_more(h1))
            hw_conn_close(&h1->conn);
        break;
    case H1_WAIT_RATE:
        if (is_slow_reader(h1))
            hw_conn_close(&h1->conn);
        break;
    case H1_WAIT_HANDLER:
        if (h1->lent)
            hw_conn_h1_give_handler_up(h1);
        else
            hw_conn_h1_wake_feeders(h1);
        break;
    case H1_WAIT_COUNT:
        break;
    }
}

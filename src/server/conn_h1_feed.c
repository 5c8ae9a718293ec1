/* Drives HTTP/1 connections: bodies that somebody writes while they are sent.
 *
 * Who writes one, its feeder, is a part of the program, as handlers are, and may block. So it is run
 * where they are: one with a thread of its own once, on a spare that does nothing else; every other
 * from the loop's ready queue, whenever the client could take more than the flow has. The flow is
 * the body's source: the writing half pulls it like any other.
 *
 * While it runs the feeder has the exchange: it may use the arena and ask about the request, so the
 * driver allocates nothing there, and only reads the response. If the client goes first, the flow
 * breaks off and the exchange is abandoned, as a lent one is. */
#include <errno.h>

#include "server/answer.h"
#include "server/conn_h1.h"

/* What a thread of its own costs, charged to the connections' memory. */
#define FEEDER_BYTES ((size_t)64 * 1024)

void hw_conn_h1_notify(hw_exchange *exchange)
{
    h1_exchange *e = (h1_exchange *)exchange;
    if (!atomic_exchange(&e->has_news, true))
        hw_loop_post(&e->lane->loop, &e->news);
}

/* A handler reads for the first time: RFC 9110 10.1.1, now the content is wanted. */
static void settle_wish(h1_exchange *e)
{
    if (e->wants_continue && e->intake && hw_flow_is_wanted(e->intake)) {
        e->wants_continue = false;
        hw_conn_h1_inform(e, 100, (hw_fields){0});
    }
}

static void on_news(hw_post *post)
{
    h1_exchange *e = HW_MEMBER(post, h1_exchange, news);
    atomic_store(&e->has_news, false);
    if (e->is_ending) {
        hw_conn_h1_go_on_ending(e);
        return;
    }
    if (!e->conn)
        return;
    settle_wish(e);
    e->is_feeder_woken = e->is_fed;
    hw_conn_h1_wake_feeder(e);
    hw_conn_queue(&e->conn->conn);
}

void hw_conn_h1_init_news(h1_exchange *e)
{
    e->news.run = on_news;
    atomic_init(&e->has_news, false);
}

static int start_thread_feeder(h1_exchange *e)
{
    hw_shared *shared = e->lane->shared;
    if (!shared->crew || !hw_budget_take(&shared->budget, FEEDER_BYTES))
        return -EBUSY;
    e->is_fed = e->exchange.response.is_final = true;
    int error = hw_crew_give(shared->crew, HW_WORK_STREAM, &e->lane->loop, &e->job);
    if (error < 0) {
        hw_conn_h1_end_feed(e);
        e->exchange.response.is_final = false;
    }
    return error;
}

void hw_conn_h1_begin_feed(h1_exchange *e)
{
    const hw_response *response = &e->exchange.response;
    e->conn->held -= e->held;
    e->held = 0;
    e->is_uncounted = true;
    if (response->is_broken || !hw_conn_h1_sends_body(e) || !response->feeder->has_thread)
        return;
    if (start_thread_feeder(e) < 0)
        hw_answer_refuse(&e->exchange);
}

/* It is asked when its flow is empty, which the next pull finds out. */
void hw_conn_h1_wake_feeder(h1_exchange *e)
{
    e->is_feeder_idle = false;
    hw_conn_queue_write(&e->conn->conn);
}

void hw_conn_h1_ask_feeder(h1_exchange *e)
{
    const hw_feeder *feeder = e->exchange.response.feeder;
    if (!feeder || feeder->has_thread || e->is_fed)
        return;
    hw_loop_queue_ready(&e->lane->loop, &e->ready);
}

bool hw_conn_h1_run_feeder(h1_exchange *e)
{
    hw_lane *lane = e->lane;
    bool is_over;
    e->is_fed = e->exchange.response.is_final = true;
    e->is_feeder_woken = false;
    hw_conn_queue_write(&e->conn->conn); /* its deadlines, should it take its time */
    hw_answer_note_stall(lane);
    if (lane->shared->crew && hw_answer_is_slow(lane, &e->exchange) &&
        hw_crew_give(lane->shared->crew, HW_WORK_HANDLER, &lane->loop, &e->job) == 0)
        return true;
    if (!hw_conn_h1_run_here(e, &is_over))
        return false;
    hw_conn_h1_end_feed(e);
    hw_conn_h1_take_fed(e);
    return true;
}

void hw_conn_h1_end_feed(h1_exchange *e)
{
    e->is_fed = false;
    if (e->exchange.response.feeder->has_thread)
        hw_budget_give(&e->lane->shared->budget, FEEDER_BYTES);
}

void hw_conn_h1_take_fed(h1_exchange *e)
{
    hw_feeder *feeder = e->exchange.response.feeder;
    if (feeder->said < 0)
        hw_flow_fail(&feeder->flow, feeder->said);
    else if (feeder->said == HW_FEED_END || feeder->has_thread)
        hw_flow_end(&feeder->flow);
    else /* else it is asked again when the flow is empty */
        e->is_feeder_idle = feeder->said == HW_FEED_WAIT && !e->is_feeder_woken;
    /* Nobody reads what is left of the request's body. */
    if (!e->has_whole_body && (feeder->said <= HW_FEED_END || feeder->has_thread))
        hw_conn_h1_leave_reading(e);
}

void hw_conn_h1_wake_feeders(const conn_h1 *h1)
{
    for (hw_link *link = h1->queue.head.next; link != &h1->queue.head; link = link->next) {
        h1_exchange *e = HW_MEMBER(link, h1_exchange, link);
        if (e->is_feeder_idle)
            hw_conn_h1_wake_feeder(e);
    }
}

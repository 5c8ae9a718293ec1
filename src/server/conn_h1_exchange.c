/* Drives HTTP/1 connections: the life of one exchange on them, from the engine's head to the
 * record.
 *
 * An error of the client's is an exchange like any other, so its answer waits for those before it.
 * It is the last one: after it nothing on the connection can be told apart any more.
 *
 * A quick step answers inside the turn that has read the head; every other answer is made from the
 * loop's ready queue, inside nobody's turn (docs/design/0004). Exchanges go back to the lane with
 * their arena's first block, so that a busy loop allocates nothing. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "exchange/later.h"
#include "http/status.h"
#include "server/answer.h"
#include "server/conn_h1.h"
#include "sys/memory.h"

#define SPARE_EXCHANGES_MAX 64
#define UNSENT_BLOCK_BYTES 512
/* A longer body, or one of unknown length, keeps the answers behind it from being made. */
#define AHEAD_BYTES_MAX ((uint64_t)16 * 1024)

void hw_conn_h1_inform(h1_exchange *e, int status, hw_fields fields)
{
    char memory[1024];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    /* RFC 9110 15.2: HTTP/1.0 knows no interim responses. */
    if (e->is_http10 || e->progress != H1_WAITING)
        return;
    hw_h1_put_status_line(&buffer, status);
    hw_h1_put_fields(&buffer, fields);
    hw_h1_put_head_end(&buffer, NULL);
    if (buffer.overflow)
        return;
    char *both = hw_arena_alloc(&e->unsent, e->interim.length + buffer.length);
    if (!both)
        return;
    if (e->interim.length > 0)
        memcpy(both, e->interim.at, e->interim.length);
    memcpy(both + e->interim.length, buffer.at, buffer.length);
    e->interim = (hw_text){both, e->interim.length + buffer.length};
    e->lending.ends_slowly = true;
}

static void wake_h1(hw_exchange *exchange)
{
    h1_exchange *e = (h1_exchange *)exchange;
    if (e->conn)
        hw_conn_queue(&e->conn->conn);
}

static void inform_h1(hw_exchange *exchange, int status, hw_fields fields)
{
    hw_conn_h1_inform((h1_exchange *)exchange, status, fields);
    wake_h1(exchange);
}

static void stop_h1(hw_exchange *exchange, int error)
{
    (void)error;
    ((h1_exchange *)exchange)->is_aborted = true;
    wake_h1(exchange);
}

static hw_text name_peer_h1(hw_exchange *exchange)
{
    char *string = hw_arena_alloc(&exchange->arena, HW_PEER_STRING_MAX);
    const h1_exchange *e = (h1_exchange *)exchange;
    const hw_peer *peer = e->lending.has_peer ? &e->lending.peer : &e->conn->conn.stream->peer;
    return string ? hw_text_of(hw_peer_format(peer, string)) : (hw_text){0};
}

static void notify_h1(hw_exchange *exchange)
{
    hw_lending_notify(&((h1_exchange *)exchange)->lending);
}

static void give_back_h1(hw_exchange *exchange)
{
    hw_lending_give_back(&((h1_exchange *)exchange)->lending);
}

const hw_carrier_ops hw_conn_h1_carrier = {wake_h1,      inform_h1, stop_h1,
                                           name_peer_h1, notify_h1, give_back_h1};

static bool answer_ready_h1(hw_ready *ready);

static bool waits_for_content(const h1_exchange *e)
{
    return e->exchange.plan.kind == HW_PLAN_BUFFER && !e->has_whole_body;
}

/* Out of line, and so the one below: a busy lane does neither. */
static __attribute__((noinline)) h1_exchange *make_exchange(hw_lane *lane)
{
    hw_budget *budget = &lane->shared->budget;
    if (!hw_budget_take(budget, sizeof(h1_exchange)))
        return NULL;
    h1_exchange *e = hw_sys_alloc_zeroed(1, sizeof *e);
    if (!e) {
        hw_budget_give(budget, sizeof *e);
        return NULL;
    }
    hw_exchange_init(&e->exchange, HW_CONN_EXCHANGE_BLOCK_BYTES, HW_CONN_EXCHANGE_BYTES_MAX);
    hw_arena_charge(&e->exchange.arena, budget);
    hw_arena_init(&e->unsent, UNSENT_BLOCK_BYTES, HW_CONN_EXCHANGE_BYTES_MAX);
    hw_arena_charge(&e->unsent, budget);
    hw_link_init(&e->link);
    hw_lending_init(&e->lending, &hw_conn_h1_lending, &e->exchange, lane, answer_ready_h1);
    return e;
}

static h1_exchange *take_spare(hw_lane *lane)
{
    hw_link *link = hw_list_take_first(&lane->spare_exchanges);
    if (!link)
        return make_exchange(lane);
    lane->spare_count--;
    return HW_MEMBER(link, h1_exchange, link);
}

static __attribute__((noinline)) void free_exchange(h1_exchange *e)
{
    hw_budget *budget = &e->lending.lane->shared->budget;
    hw_exchange_fini(&e->exchange);
    hw_arena_fini(&e->unsent);
    hw_sys_free(e);
    hw_budget_give(budget, sizeof *e);
}

h1_exchange *hw_conn_h1_append(conn_h1 *h1)
{
    hw_lane *lane = h1->conn.lane;
    h1_exchange *e = take_spare(lane);
    if (!e)
        return NULL;
    /* In two groups, each of which is a few vectors to the compiler: both at once would be a
     * loop. */
    memset(&e->lending.is_lent, 0,
           offsetof(h1_exchange, interim) - offsetof(h1_exchange, lending.is_lent));
    memset(&e->interim, 0, offsetof(h1_exchange, frame) - offsetof(h1_exchange, interim));
    e->conn = h1;
    hw_list_append(&h1->queue, &e->link);
    h1->queue_length++;
    hw_lane_count(&lane->counts.exchanges, 1);
    return e;
}

void hw_conn_h1_end_requests(conn_h1 *h1)
{
    h1->is_last = h1->has_late_input = true;
    h1->input = H1_INPUT_OVER;
    h1->reading = NULL;
    h1->owed = 0;
}

void hw_conn_h1_read_on(conn_h1 *h1)
{
    const h1_exchange *e = h1->reading;
    if (h1->input == H1_INPUT_BODY && e->may_upgrade && !e->exchange.is_answered) {
        h1->input = H1_INPUT_HELD;
        return;
    }
    h1->reading = NULL;
    h1->input = h1->is_last ? H1_INPUT_OVER : H1_INPUT_HEADS;
}

void hw_conn_h1_leave_reading(h1_exchange *e)
{
    conn_h1 *h1 = e->conn;
    if (h1->reading != e)
        return;
    uint64_t length = e->exchange.request.content_length;
    uint64_t limit =
        hw_number_min(e->exchange.plan.limit, h1->conn.lane->shared->limits.skip_bytes_max);
    bool is_too_long = length != HW_LENGTH_UNKNOWN && length - e->exchange.fed > limit;
    /* RFC 9110 10.1.1: who waits for 100 and gets an answer may send its body or not: nobody can
     * tell. */
    if (e->closes || is_too_long || e->wants_continue || h1->input == H1_INPUT_TUNNEL) {
        e->closes = true;
        hw_conn_h1_end_requests(h1);
        return;
    }
    h1->reading = NULL;
    h1->input = H1_INPUT_SKIP;
    h1->skip_left = limit;
}

/* From the queue to the lane's spares, or to nowhere. */
static void recycle_exchange(hw_lane *lane, h1_exchange *e)
{
    hw_exchange_reset(&e->exchange);
    e->exchange.arena.bytes_max = HW_CONN_EXCHANGE_BYTES_MAX;
    if (lane->spare_count < SPARE_EXCHANGES_MAX) {
        hw_link_move(&e->link, &lane->spare_exchanges);
        lane->spare_count++;
        return;
    }
    hw_link_remove(&e->link);
    free_exchange(e);
}

void hw_conn_h1_queue_unanswered(conn_h1 *h1)
{
    hw_link *head = &h1->queue.head, *link = head->next;
    while (link != head && HW_MEMBER(link, h1_exchange, link)->exchange.is_answered)
        link = link->next;
    if (link == head)
        return;
    h1_exchange *e = HW_MEMBER(link, h1_exchange, link);
    if (!e->lending.is_lent && e->is_planned && !waits_for_content(e))
        hw_loop_queue_ready(&h1->conn.lane->loop, &e->lending.ready);
}

/* Out of line, for who measures does not listen. */
static __attribute__((noinline)) void tell_finish(h1_exchange *e, bool is_complete)
{
    const hw_lane *lane = e->lending.lane;
    if (!e->is_told)
        hw_record_put(&e->exchange, e->status, is_complete, e->bytes_out, hw_lane_now_ns(lane));
    hw_sink_step(lane->place.sink, "server/conn_h1",
                 "reset the arena; next pipelined request, or ARM for keep-alive");
}

static inline void free_ended(h1_exchange *e)
{
    hw_lane *lane = e->lending.lane;
    hw_lane_count(&lane->counts.exchanges, (uint64_t)-1);
    hw_lane_count(&lane->counts.bytes_out, e->bytes_out);
    recycle_exchange(lane, e);
    if (!hw_list_is_empty(&lane->starved))
        hw_lane_feed_one(lane);
}

void hw_conn_h1_free_ended(hw_lending *lending)
{
    h1_exchange *e = HW_MEMBER(lending, h1_exchange, lending);
    hw_arena_reset(&e->unsent);
    free_ended(e);
}

/* One that has hooks, or of which news may be on its way, ends without its connection; and so does,
 * as it is out of line and few do, every other with something of its own to give back. */
static __attribute__((noinline)) void end_slowly(h1_exchange *e)
{
    e->conn = NULL;
    hw_link_move(&e->link, &e->lending.lane->abandoned);
    hw_lending_end(&e->lending, e->status, e->bytes_out);
}

/* It leaves nothing behind but what its connection has of it. */
static inline void end_exchange(h1_exchange *e, bool is_complete)
{
    const hw_sink *sink = e->lending.lane->place.sink;
    if (sink && (sink->records || sink->steps))
        tell_finish(e, is_complete);
    if (e->lending.ends_slowly)
        end_slowly(e);
    else
        free_ended(e);
}

void hw_conn_h1_finish(h1_exchange *e, bool is_complete)
{
    conn_h1 *h1 = e->conn;
    hw_assert(!e->lending.is_lent && !e->lending.is_fed);
    if (h1->reading == e)
        hw_conn_h1_leave_reading(e);
    hw_link_remove(&e->lending.ready.link);
    hw_ahead_leave(&e->ahead);
    h1->queue_length--;
    h1->held -= e->held;
    end_exchange(e, is_complete);
}

void hw_conn_h1_drop(h1_exchange *e)
{
    if (e->lending.is_lent || e->lending.is_fed) {
        hw_conn_h1_abandon(e);
        return;
    }
    hw_exchange_gone(&e->exchange);
    hw_conn_h1_finish(e, false);
}

void hw_conn_h1_end_abandoned(hw_lending *lending)
{
    h1_exchange *e = HW_MEMBER(lending, h1_exchange, lending);
    hw_lane *lane = lending->lane;
    hw_lending_note_left(lending);
    end_exchange(e, false);
    hw_lane_end_if_over(lane);
}

void hw_conn_h1_free_spare_exchanges(hw_lane *lane)
{
    for (hw_link *link; (link = hw_list_take_first(&lane->spare_exchanges));) {
        free_exchange(HW_MEMBER(link, h1_exchange, link));
    }
    lane->spare_count = 0;
}

void hw_conn_h1_answer_problem(h1_exchange *e, const hw_problem *problem)
{
    hw_judge_answer(&e->exchange, problem);
    e->is_planned = true;
    e->wants_continue = false;
    hw_conn_h1_end_requests(e->conn);
    e->closes = true;
}

h1_exchange *hw_conn_h1_append_unread(conn_h1 *h1)
{
    hw_lane *lane = h1->conn.lane;
    h1_exchange *e = hw_conn_h1_append(h1);
    if (e)
        hw_exchange_begin_unread(&e->exchange, &hw_conn_h1_carrier, &lane->place,
                                 hw_lane_wall_ms(lane), lane->loop.now_ns);
    return e;
}

void hw_conn_h1_append_problem(conn_h1 *h1, const hw_problem *problem)
{
    h1_exchange *e = hw_conn_h1_append_unread(h1);
    if (e)
        hw_conn_h1_answer_problem(e, problem);
    else
        hw_conn_close(&h1->conn);
}

/* What the plan makes of the body: refused before it is read, or prepared for. */
static bool prepare_body(h1_exchange *e)
{
    hw_exchange *exchange = &e->exchange;
    const hw_problem *problem = hw_judge_body(exchange);
    if (problem) {
        hw_conn_h1_answer_problem(e, problem);
        return false;
    }
    if (exchange->plan.kind == HW_PLAN_NONE)
        return true;
    e->lending.intake = exchange->intake;
    e->lending.ends_slowly |= e->lending.intake != NULL;
    if (e->has_whole_body)
        hw_exchange_feed_end(exchange, (hw_fields){0});
    /* A buffered body is wanted for certain; a streamed one when it is pulled for the first time.
     */
    if (e->wants_continue && exchange->plan.kind == HW_PLAN_BUFFER) {
        e->wants_continue = false;
        hw_conn_h1_inform(e, 100, (hw_fields){0});
    }
    return true;
}

/* RFC 9110 7.8: the client changes protocol behind its message. Who wants that one's content plans
 * for a buffer; unread, it would be taken for the tunnel's bytes. */
static void start_tunnel(h1_exchange *e)
{
    static const hw_problem unread = {400, "content before a change of protocol", "RFC 9110 7.8"};
    conn_h1 *h1 = e->conn;
    if (!e->has_whole_body) {
        hw_conn_h1_answer_problem(e, &unread);
    } else if (h1->reading != e) {
        /* Nobody asked for it, so what follows has been read as requests already. */
        e->exchange.response.is_broken = true;
    } else {
        e->closes = true;
        h1->is_last = h1->has_late_input = true;
        h1->input = H1_INPUT_TUNNEL;
    }
}

/* Answered, and with little to send. One that is not may be lent: its response is not looked at. */
static bool is_small_answer(const hw_exchange *exchange)
{
    if (!exchange->is_answered)
        return false;
    const hw_source *body = exchange->response.body;
    return !body || body->length <= AHEAD_BYTES_MAX;
}

/* Answers are made ahead of those before them only while these are small: one connection cannot
 * hold a file, or a body of unknown size, for each request it has sent. */
static bool may_answer(const h1_exchange *e)
{
    const hw_link *head = &e->conn->queue.head;
    for (const hw_link *link = e->link.prev; link != head; link = link->prev)
        if (!is_small_answer(&HW_MEMBER(link, h1_exchange, link)->exchange))
            return false;
    return true;
}

/* Whether anybody wants the rest of its request's body when it is answered. */
static bool takes_more(const h1_exchange *e)
{
    hw_plan_kind kind = e->exchange.plan.kind;
    bool is_read_on = kind == HW_PLAN_READ && e->exchange.response.feeder;
    return kind == HW_PLAN_BUFFER || kind == HW_PLAN_STREAM || is_read_on;
}

/* What an answer means for the reading, and for the body. */
static void take_answer(h1_exchange *e)
{
    conn_h1 *h1 = e->conn;
    hw_sink_step(h1->conn.lane->place.sink, "exchange", "head and body are ready; wake the driver");
    if (e->exchange.response.kind == HW_RESPONSE_TUNNEL)
        start_tunnel(e);
    else if (!e->has_whole_body && !takes_more(e))
        hw_conn_h1_leave_reading(e);
    else if (e->has_whole_body && h1->reading == e && h1->input == H1_INPUT_HELD)
        hw_conn_h1_read_on(h1);
    if (e->exchange.response.feeder)
        hw_conn_h1_begin_feed(e);
}

static void ask_quickly(h1_exchange *e)
{
    e->is_asked = true;
    hw_answer_quickly(e->conn->conn.lane, &e->exchange);
}

/* The answerer's first word: what becomes of the body, or the answer already where it may be made.
 * False: the body cannot become that, and this is answered. */
static inline bool plan_exchange(h1_exchange *e, bool is_quick)
{
    hw_exchange *exchange = &e->exchange;
    hw_answer_plan(e->conn->conn.lane, exchange);
    e->is_planned = true;
    if (is_quick)
        ask_quickly(e);
    if (!exchange->is_answered && !prepare_body(e))
        return false;
    /* What nobody wants is not read before the answer says so. */
    if (!e->has_whole_body && exchange->plan.kind != HW_PLAN_NONE)
        e->conn->input = H1_INPUT_BODY;
    return true;
}

void hw_conn_h1_ask(h1_exchange *e)
{
    conn_h1 *h1 = e->conn;
    bool is_next = h1->queue_length == 1 || h1->answers_at_once; /* as may_answer would say */
    /* Behind one with a body, or one that may change the protocol, reading goes on in another turn
     * anyway. */
    if (is_next && e->has_whole_body && !e->may_upgrade && plan_exchange(e, true) &&
        e->exchange.is_answered)
        take_answer(e);
    h1->answers_at_once = is_small_answer(&e->exchange);
    hw_conn_h1_note_held(e);
    if (!e->exchange.is_answered)
        hw_loop_queue_ready(&h1->conn.lane->loop, &e->lending.ready);
}

bool hw_conn_h1_is_answer_due(const conn_h1 *h1)
{
    const hw_link *newest = h1->queue.head.prev;
    if (newest == &h1->queue.head)
        return false;
    const h1_exchange *e = HW_MEMBER(newest, h1_exchange, link);
    return hw_link_is_linked(&e->lending.ready.link) && !e->is_starved;
}

void hw_conn_h1_take_return(h1_exchange *e)
{
    hw_lane *lane = e->lending.lane;
    int64_t now_ms = hw_loop_now_ms(&lane->loop);
    hw_lending_note_left(&e->lending);
    if (e->lending.failure.status && !e->exchange.is_answered) {
        hw_conn_h1_answer_problem(e, &e->lending.failure);
    } else if (!e->exchange.is_answered) {
        if (!e->is_starved)
            e->starved_at_ms = now_ms;
        hw_answer_finish(lane, &e->exchange, now_ms - e->starved_at_ms);
    }
    e->is_starved = !e->exchange.is_answered;
    hw_conn_h1_note_held(e);
    if (e->is_starved) {
        hw_list_append_once(&lane->starved, &e->lending.ready.link);
        return;
    }
    hw_conn_h1_queue_unanswered(e->conn);
    take_answer(e);
}

/* The answerer's word on an exchange: at first what becomes of its body, then, perhaps later, the
 * answer: the quick step, if there was no occasion for it yet, or the handler. Whoever was held by
 * the answerer goes on reading. */
static bool answer_ready_h1(hw_ready *ready)
{
    h1_exchange *e = HW_MEMBER(ready, h1_exchange, lending.ready);
    hw_exchange *exchange = &e->exchange;
    conn_h1 *h1 = e->conn;
    if (e->lending.is_ending)
        return hw_lending_run_hooks(&e->lending);
    if (e->lending.has_turn) {
        hw_conn_queue_write(&h1->conn); /* after it, for its answer */
        return hw_lending_run(&e->lending);
    }
    if (exchange->is_answered && exchange->response.feeder) {
        hw_conn_queue_write(&h1->conn); /* its deadlines, should it take its time */
        return hw_lending_run_feeder(&e->lending);
    }
    if (h1->input == H1_INPUT_HELD)
        hw_conn_queue(&h1->conn);
    else
        hw_conn_queue_write(&h1->conn);
    if (!e->is_planned && !plan_exchange(e, may_answer(e)))
        return true;
    if (!exchange->is_answered && !waits_for_content(e) && may_answer(e)) {
        if (!e->is_asked)
            ask_quickly(e);
        if (!exchange->is_answered)
            return hw_lending_run(&e->lending);
        hw_conn_h1_queue_unanswered(h1);
        hw_conn_h1_note_held(e);
    }
    if (exchange->is_answered)
        take_answer(e);
    return true;
}

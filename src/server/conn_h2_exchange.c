/* Drives HTTP/2 connections: the life of one exchange on them, from the head to the record.
 *
 * A quick step answers inside the turn that has read the head; every other answer is made from the
 * loop's ready queue, inside nobody's turn (docs/design/0004). Each exchange is on its own: nothing
 * here waits for another one.
 *
 * A stream may be over before its handler has returned: then the exchange has no stream any more, and
 * counts for its connection (`left`) until it is back, for a client that resets what it has asked for
 * must not have more of our threads than one that waits. */
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "base/poison.h"
#include "exchange/later.h"
#include "http/status.h"
#include "server/answer.h"
#include "server/conn_h2.h"
#include "sys/memory.h"

#define SPARE_EXCHANGES_MAX_H2 128

static h2_exchange *h2_of(hw_exchange *exchange)
{
    return (h2_exchange *)exchange;
}

static void wake_h2(hw_exchange *exchange)
{
    h2_exchange *e = h2_of(exchange);
    e->is_stirred = true;
    if (e->conn)
        hw_conn_queue(&e->conn->conn);
}

/* Before its head only; RFC 9110 15.2. */
static void inform_h2(hw_exchange *exchange, int status, hw_fields fields)
{
    const h2_exchange *e = h2_of(exchange);
    if (!e->conn || e->stream == 0 || e->is_sent)
        return;
    (void)hw_h2_inform(e->conn->session, e->stream, status, fields);
    hw_conn_h2_queue_write(e->conn);
}

static void stop_h2(hw_exchange *exchange, int error)
{
    (void)error;
    h2_of(exchange)->is_aborted = true;
    wake_h2(exchange);
}

static hw_text name_peer_h2(hw_exchange *exchange)
{
    char *string = hw_arena_alloc(&exchange->arena, HW_PEER_STRING_MAX);
    const h2_exchange *e = h2_of(exchange);
    const hw_peer *peer = e->lending.has_peer ? &e->lending.peer : &e->conn->conn.stream->peer;
    return string ? hw_text_of(hw_peer_format(peer, string)) : (hw_text){0};
}

static void notify_h2(hw_exchange *exchange)
{
    hw_lending_notify(&h2_of(exchange)->lending);
}

static void give_back_h2(hw_exchange *exchange)
{
    hw_lending_give_back(&h2_of(exchange)->lending);
}

const hw_carrier_ops hw_conn_h2_carrier = {wake_h2,      inform_h2, stop_h2,
                                           name_peer_h2, notify_h2, give_back_h2};

/* Memory. */

static bool take_ready_h2(hw_ready *ready);

static h2_exchange *make_h2_exchange(hw_lane *lane)
{
    hw_budget *budget = &lane->shared->budget;
    if (!hw_budget_take(budget, sizeof(h2_exchange)))
        return NULL;
    h2_exchange *e = hw_sys_alloc_zeroed(1, sizeof *e);
    if (!e) {
        hw_budget_give(budget, sizeof *e);
        return NULL;
    }
    hw_exchange_init(&e->exchange, HW_CONN_EXCHANGE_BLOCK_BYTES, HW_CONN_EXCHANGE_BYTES_MAX);
    hw_arena_charge(&e->exchange.arena, budget);
    hw_link_init(&e->link);
    hw_lending_init(&e->lending, &hw_conn_h2_lending, &e->exchange, lane, take_ready_h2);
    return e;
}

static void free_h2_exchange(h2_exchange *e)
{
    hw_budget *budget = &e->lending.lane->shared->budget;
    hw_exchange_fini(&e->exchange);
    hw_sys_free(e);
    hw_budget_give(budget, sizeof *e);
}

/* What is zeroed for each of them. Between two of them nobody may look at it. */
static void *own_part(h2_exchange *e, size_t *ret_bytes)
{
    *ret_bytes = sizeof *e - offsetof(h2_exchange, lending.is_lent);
    return &e->lending.is_lent;
}

static h2_exchange *take_spare_h2(hw_lane *lane)
{
    size_t bytes;
    hw_link *link = hw_list_take_first(&lane->spare_streams);
    if (!link)
        return make_h2_exchange(lane);
    lane->spare_stream_count--;
    h2_exchange *e = HW_MEMBER(link, h2_exchange, link);
    void *own = own_part(e, &bytes);
    hw_unpoison(own, bytes);
    return e;
}

static void keep_spare_h2(hw_lane *lane, h2_exchange *e)
{
    size_t bytes;
    hw_list_append(&lane->spare_streams, &e->link);
    lane->spare_stream_count++;
    void *own = own_part(e, &bytes);
    hw_poison(own, bytes);
}

h2_exchange *hw_conn_h2_append(conn_h2 *h2, uint32_t stream)
{
    hw_lane *lane = h2->conn.lane;
    h2_exchange *e = take_spare_h2(lane);
    size_t bytes;
    if (!e)
        return NULL;
    void *own = own_part(e, &bytes);
    memset(own, 0, bytes);
    e->conn = h2;
    e->stream = stream;
    e->answer_by_ms = e->body_by_ms = e->room_by_ms = HW_CONN_NEVER;
    e->output_by_ms = e->rate_by_ms = HW_CONN_NEVER;
    hw_list_append(&h2->exchanges, &e->link);
    h2->count++;
    hw_lane_count(&lane->counts.exchanges, 1);
    if (stream != 0)
        hw_h2_own(h2->session, stream, e);
    return e;
}

h2_exchange *hw_conn_h2_append_unread(conn_h2 *h2, uint32_t stream)
{
    hw_lane *lane = h2->conn.lane;
    h2_exchange *e = hw_conn_h2_append(h2, stream);
    if (e)
        hw_exchange_begin_unread(&e->exchange, &hw_conn_h2_carrier, &lane->place,
                                 hw_lane_wall_ms(lane), lane->loop.now_ns);
    return e;
}

void hw_conn_h2_free_spares(hw_lane *lane)
{
    while (!hw_list_is_empty(&lane->spare_streams))
        free_h2_exchange(take_spare_h2(lane));
}

/* Ends. */

/* It waits for nobody, and is on no connection's list. */
void hw_conn_h2_free_ended(h2_exchange *e)
{
    hw_lane *lane = e->lending.lane;
    if (e->conn) {
        e->conn->count--;
        e->conn->head_bytes -= e->head_bytes;
    }
    hw_lane_count(&lane->counts.exchanges, (uint64_t)-1);
    hw_lane_count(&lane->counts.bytes_out, e->bytes_out);
    hw_exchange_reset(&e->exchange);
    e->exchange.arena.bytes_max = HW_CONN_EXCHANGE_BYTES_MAX;
    hw_link_remove(&e->link);
    if (lane->spare_stream_count < SPARE_EXCHANGES_MAX_H2)
        keep_spare_h2(lane, e);
    else
        free_h2_exchange(e);
    if (!hw_list_is_empty(&lane->starved))
        hw_lane_feed_one(lane);
}

void hw_conn_h2_finish(h2_exchange *e, bool is_complete)
{
    hw_lane *lane = e->lending.lane;
    const hw_sink *sink = lane->place.sink;
    hw_link_remove(&e->lending.ready.link);
    hw_ahead_leave(&e->ahead);
    hw_conn_h2_drop_kept(e);
    e->stream = 0;
    if (sink && sink->records && !e->is_told)
        hw_record_put(&e->exchange, e->status, is_complete, e->bytes_out, hw_lane_now_ns(lane));
    hw_lending_note_left(&e->lending);
    if (!e->lending.ends_slowly) {
        hw_conn_h2_free_ended(e);
        return;
    }
    hw_link_move(&e->link, e->conn ? &e->conn->left : &lane->abandoned);
    hw_lending_end(&e->lending, e->status, e->bytes_out);
}

void hw_conn_h2_end(h2_exchange *e, bool is_complete)
{
    hw_lending *lending = &e->lending;
    e->stream = 0;
    if (!lending->is_lent && !lending->is_fed) {
        if (!is_complete)
            hw_exchange_gone(&e->exchange);
        hw_conn_h2_finish(e, is_complete);
        return;
    }
    /* What is read ahead is for the body, which goes with its borrower. */
    hw_ahead_leave(&e->ahead);
    hw_conn_h2_drop_kept(e);
    if (hw_lending_revoke(lending))
        hw_conn_h2_finish(e, is_complete);
    else
        hw_link_move(&e->link, &e->conn->left);
}

void hw_conn_h2_reset(h2_exchange *e, hw_h2_code code)
{
    (void)hw_h2_reset(e->conn->session, e->stream, code);
    hw_conn_h2_queue_write(e->conn);
    hw_conn_h2_end(e, false);
}

/* Answers. */

bool hw_conn_h2_sends_body(const h2_exchange *e)
{
    const hw_response *response = &e->exchange.response;
    if (response->kind == HW_RESPONSE_TUNNEL)
        return response->body != NULL;
    return response->body && !e->is_head && hw_status_has_content(response->status);
}

void hw_conn_h2_discard(h2_exchange *e)
{
    if (e->is_discarded)
        return;
    e->is_discarded = e->has_whole_body = true;
    e->wants_continue = e->has_kept_end = false;
    hw_conn_h2_drop_kept(e);
    hw_h2_discard(e->conn->session, e->stream);
}

/* What is there beside the fields of the answerer: Content-Length (RFC 9110 8.6) and Date (6.6.1). */
#define OWN_FIELDS_MAX 2

/* Of a prepared head's fields, as they are kept for the session. */
#define READY_BYTES_MAX ((size_t)2048)

/* The fields as they are sent. */
typedef struct field_list {
    hw_text ready; /* those in front */
    hw_field *at;
    size_t count;
} field_list;

/* "Date: " in front and CRLF behind. */
static hw_text date_value(hw_lane *lane)
{
    hw_text line = hw_lane_date(lane);
    return (hw_text){line.at + sizeof "Date: " - 1, HW_DATE_BYTES - 1};
}

static void add_own_fields(const h2_exchange *e, field_list *list, hw_buffer *digits)
{
    const hw_response *response = &e->exchange.response;
    uint64_t length = response->body ? response->body->length : 0;
    bool has_length = response->kind != HW_RESPONSE_TUNNEL && !response->prepared &&
                      hw_status_has_content(response->status) && length != HW_LENGTH_UNKNOWN;
    if (has_length) {
        hw_buffer_put_decimal(digits, length);
        list->at[list->count++] =
            (hw_field){HW_TEXT("content-length"), hw_buffer_text(digits), HW_FIELD_CONTENT_LENGTH};
    }
    list->at[list->count++] =
        (hw_field){HW_TEXT("date"), date_value(e->lending.lane), HW_FIELD_DATE};
}

static void make_ready_fields(hw_prepared *prepared)
{
    char memory[READY_BYTES_MAX];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_h2_prepare(prepared->fields, &buffer);
    if (!buffer.overflow)
        hw_prepared_keep(prepared, HW_PROTOCOL_HTTP2, hw_buffer_text(&buffer));
}

/* The fields of a head that never changes, as the session takes them; empty: they could not be
 * kept. */
static hw_text ready_fields(hw_prepared *prepared)
{
    if (prepared->memo[HW_PROTOCOL_HTTP2].length == 0)
        make_ready_fields(prepared);
    return prepared->memo[HW_PROTOCOL_HTTP2];
}

/* In the arena, which is a feeder's as soon as that has begun. `at` NULL: no memory. */
static field_list list_fields(h2_exchange *e, hw_buffer *digits)
{
    const hw_response *response = &e->exchange.response;
    field_list list = {.ready =
                           response->prepared ? ready_fields(response->prepared) : HW_TEXT("")};
    bool is_listed = response->prepared && list.ready.length == 0;
    const hw_fields prepared = is_listed ? response->prepared->fields : (hw_fields){0};
    size_t room = prepared.count + response->field_count + OWN_FIELDS_MAX;
    list.at = hw_arena_alloc_zeroed(&e->exchange.arena, room, sizeof(hw_field));
    if (!list.at)
        return list;
    for (size_t i = 0; i < prepared.count; i++)
        list.at[list.count++] = prepared.at[i];
    for (size_t i = 0; i < response->field_count; i++)
        if (!hw_field_is_framing(response->fields[i].id))
            list.at[list.count++] = response->fields[i];
    add_own_fields(e, &list, digits);
    return list;
}

/* 0, or why the session has not taken it. */
static int send_head(h2_exchange *e, const field_list *list)
{
    const hw_response *response = &e->exchange.response;
    bool is_tunnel = response->kind == HW_RESPONSE_TUNNEL;
    e->status = is_tunnel ? 200 : response->status; /* RFC 8441 5: 101 is HTTP/1.1's */
    const hw_h2_response head = {
        .status = e->status,
        .ready = list->ready,
        .fields = hw_fields_of(list->at, list->count),
        .body_bytes = hw_conn_h2_sends_body(e) ? response->body->length : 0,
    };
    return hw_h2_answer(e->conn->session, e->stream, &head);
}

/* A response that could not be built becomes a 500 that needs no memory of the arena's. */
static int send_last_resort(h2_exchange *e)
{
    const hw_h2_response head = {.status = 500};
    if (e->lending.is_fed)
        return -EBUSY;
    hw_response_start(&e->exchange.response, 500);
    e->status = 500;
    return hw_h2_answer(e->conn->session, e->stream, &head);
}

static int send_response(h2_exchange *e)
{
    hw_response *response = &e->exchange.response;
    char memory[24];
    hw_buffer digits = HW_BUFFER_OVER(memory);
    field_list list = response->is_broken ? (field_list){0} : list_fields(e, &digits);
    bool is_fed = list.at && response->feeder && hw_conn_h2_sends_body(e);
    if (is_fed && hw_lending_begin_feed(&e->lending) < 0) {
        hw_answer_refuse(&e->exchange);
        hw_buffer_clear(&digits);
        list = list_fields(e, &digits);
    }
    int error = list.at ? send_head(e, &list) : -ENOMEM;
    return error == -EMSGSIZE || error == -ENOMEM ? send_last_resort(e) : error;
}

/* Whether anybody wants the rest of its request's content when it is answered. */
static bool takes_more_content(const h2_exchange *e)
{
    hw_plan_kind kind = e->exchange.plan.kind;
    return kind == HW_PLAN_STREAM || (kind == HW_PLAN_READ && e->exchange.response.feeder);
}

/* RFC 9110 10.1.1: an answer that is still to be produced may need the content, and the client is
 * asked for it. */
static void settle_continue_h2(h2_exchange *e)
{
    if (e->wants_continue && takes_more_content(e))
        inform_h2(&e->exchange, 100, (hw_fields){0});
    e->wants_continue = false;
}

static void give_answer_h2(h2_exchange *e)
{
    hw_response *response = &e->exchange.response;
    settle_continue_h2(e);
    bool is_tunnel = response->kind == HW_RESPONSE_TUNNEL;
    if (is_tunnel && !e->is_tunnel) /* nobody asked for it */
        response->is_broken = true;
    /* RFC 9110 9.3.6: to a CONNECT success says that there is a tunnel. */
    if (e->is_tunnel && !is_tunnel && response->status / 100 == 2)
        hw_response_plain(response, 501, NULL);
    int error = send_response(e);
    e->is_sent = error == 0;
    bool is_read_on =
        (e->is_tunnel ? is_tunnel : takes_more_content(e)) && hw_conn_h2_sends_body(e);
    if ((!e->has_whole_body || e->is_tunnel) && !is_read_on)
        hw_conn_h2_discard(e);
    /* Whoever has called may still need it: the turn that is queued ends its stream. */
    e->is_aborted |= error < 0;
    if (e->kept || e->has_kept_end) /* there is a place for it now */
        hw_conn_queue(&e->conn->conn);
}

/* It is answered, and the loop's. */
static void send_answer(h2_exchange *e)
{
    conn_h2 *h2 = e->conn;
    hw_sink_step(e->lending.lane->place.sink, "exchange",
                 "head and body are ready; wake the driver");
    hw_conn_h2_queue_write(h2);
    e->is_held_back = !hw_h2_has_room(h2->session);
    h2->has_held_back |= e->is_held_back;
    if (!e->is_held_back)
        give_answer_h2(e);
    else if (!e->has_whole_body && !takes_more_content(e))
        hw_conn_h2_discard(e); /* no place has been prepared for it, or that is full */
}

void hw_conn_h2_send_held_back(conn_h2 *h2)
{
    if (!h2->has_held_back)
        return;
    h2->has_held_back = false;
    for (hw_link *link = h2->exchanges.head.next; link != &h2->exchanges.head; link = link->next) {
        h2_exchange *e = HW_MEMBER(link, h2_exchange, link);
        if (e->is_held_back)
            send_answer(e);
    }
}

void hw_conn_h2_answer_problem(h2_exchange *e, const hw_problem *problem)
{
    hw_judge_answer(&e->exchange, problem);
    e->exchange.plan.kind = HW_PLAN_NONE;
    send_answer(e);
}

bool hw_conn_h2_fail_request(h2_exchange *e, const hw_problem *problem)
{
    int error = problem->status == 413 ? EMSGSIZE : problem->status == 408 ? ETIMEDOUT : EBADMSG;
    bool is_busy = e->lending.is_lent || (e->is_sent && e->exchange.response.feeder);
    if (is_busy && e->lending.intake) {
        /* Whoever reads it finds out with his next read; what he makes of that is not sent. */
        hw_flow_fail(e->lending.intake, -error);
        e->lending.failure = *problem;
        hw_conn_h2_discard(e);
        return false;
    }
    if (is_busy || e->is_sent) {
        hw_conn_h2_reset(e, HW_H2_CANCEL);
        return true;
    }
    hw_conn_h2_answer_problem(e, problem);
    return false;
}

static bool waits_for_content_h2(const h2_exchange *e)
{
    return e->exchange.plan.kind == HW_PLAN_BUFFER && !e->has_whole_body;
}

void hw_conn_h2_ask_again(h2_exchange *e)
{
    hw_loop_queue_ready(&e->lending.lane->loop, &e->lending.ready);
}

/* False: it is answered for what the plan makes of its content. */
static bool prepare_content(h2_exchange *e)
{
    hw_exchange *exchange = &e->exchange;
    const hw_problem *problem = hw_judge_body(exchange);
    if (problem) {
        hw_conn_h2_answer_problem(e, problem);
        return false;
    }
    e->lending.intake = exchange->intake;
    if (exchange->plan.kind == HW_PLAN_NONE) {
        if (!e->has_whole_body)
            hw_conn_h2_discard(e);
    } else if (e->has_whole_body) {
        hw_exchange_feed_end(exchange, (hw_fields){0});
    } else if (e->wants_continue && exchange->plan.kind == HW_PLAN_BUFFER) {
        e->wants_continue = false;
        inform_h2(exchange, 100, (hw_fields){0});
    }
    return true;
}

void hw_conn_h2_ask(h2_exchange *e)
{
    hw_lane *lane = e->lending.lane;
    hw_exchange *exchange = &e->exchange;
    if (!exchange->is_answered) {
        hw_answer_plan(lane, exchange);
        hw_answer_quickly(lane, exchange);
    }
    if (exchange->is_answered)
        send_answer(e);
    else if (prepare_content(e) && !waits_for_content_h2(e))
        hw_conn_h2_ask_again(e);
}

void hw_conn_h2_take_return(h2_exchange *e)
{
    hw_lending *lending = &e->lending;
    hw_lane *lane = lending->lane;
    int64_t now_ms = hw_loop_now_ms(&lane->loop);
    hw_lending_note_left(lending);
    if (lending->failure.status && !e->exchange.is_answered) {
        hw_conn_h2_answer_problem(e, &lending->failure);
        return;
    }
    if (!e->exchange.is_answered) {
        if (!e->is_starved)
            e->starved_at_ms = now_ms;
        hw_answer_finish(lane, &e->exchange, now_ms - e->starved_at_ms);
    }
    e->is_starved = !e->exchange.is_answered;
    if (e->is_starved)
        hw_list_append_once(&lane->starved, &lending->ready.link);
    else
        send_answer(e);
}

/* From the ready queue. */
static bool take_ready_h2(hw_ready *ready)
{
    h2_exchange *e = HW_MEMBER(ready, h2_exchange, lending.ready);
    hw_lending *lending = &e->lending;
    if (lending->is_ending)
        return hw_lending_run_hooks(lending);
    hw_conn_queue_write(&e->conn->conn); /* its deadlines, should it take its time */
    if (!e->exchange.is_answered)
        return hw_lending_run(lending);
    return !e->exchange.response.feeder || hw_lending_run_feeder(lending);
}

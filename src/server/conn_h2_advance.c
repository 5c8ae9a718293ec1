/* Drives HTTP/2 connections: ADVANCE, from the session's events to exchanges.
 *
 * What becomes of a request's content is known before any of it is heard of: the answerer says so
 * with the head. So a BODY always has its place: a buffer, or a queue that holds as much as the stream's
 * window, or nowhere. The client may send on as far as that has been taken from there. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "exchange/client.h"
#include "server/conn_h2.h"
#include "server/redirect.h"
#include "sys/memory.h"

/* Between two lines about clients that were told to calm down. */
#define H2_CALM_QUIET_MS 1000

/* The request as HTTP/1.1 would have it. An extended CONNECT (RFC 8441) is what a GET with Upgrade is
 * there: the client may say what it likes once the answerer has begun the tunnel. */
static bool copy_head(h2_exchange *e, const hw_h2_head *head)
{
    hw_request *request = &e->exchange.request;
    hw_arena *arena = &e->exchange.arena;
    hw_h2_head copy;
    if (!hw_h2_head_copy(arena, head, &copy))
        return false;
    request->method = copy.method;
    request->method_name = copy.method_name;
    request->raw_target = copy.target;
    request->fields = copy.fields;
    request->protocol = HW_TEXT("HTTP/2.0");
    request->content_length = e->is_tunnel || head->ends ? 0 : copy.content_length;
    request->https_port = 0;
    request->is_secure = false;
    if (copy.protocol.length == 0)
        return true;
    hw_field *fields = hw_arena_alloc_zeroed(arena, copy.fields.count + 1, sizeof *fields);
    if (!fields)
        return false;
    for (size_t i = 0; i < copy.fields.count; i++)
        fields[i] = copy.fields.at[i];
    fields[copy.fields.count] = (hw_field){HW_TEXT("upgrade"), copy.protocol, HW_FIELD_UPGRADE};
    request->fields = hw_fields_of(fields, copy.fields.count + 1);
    request->method = HW_METHOD_GET;
    request->method_name = HW_TEXT("GET");
    return true;
}

static const hw_problem *begin_h2_exchange(h2_exchange *e, const hw_h2_head *head)
{
    hw_lane *lane = e->conn->conn.lane;
    bool is_copied = copy_head(e, head);
    if (!is_copied)
        e->exchange.request = (hw_request){0};
    const hw_problem *problem =
        hw_exchange_begin(&e->exchange, false, &hw_conn_h2_carrier, &lane->place,
                          hw_lane_wall_ms(lane), lane->loop.now_ns);
    return is_copied ? problem : &hw_judge_no_memory;
}

static const hw_problem *judge_h2_request(h2_exchange *e, const hw_h2_head *head)
{
    const hw_stream *stream = e->conn->conn.stream;
    const hw_problem *problem = hw_judge_stream(&e->exchange, stream);
    if (head->expects_other)
        return &hw_judge_expectation;
    if (problem || stream->is_secure || stream->https_port != 0)
        return problem;
    if (!hw_text_equal(head->scheme, HW_TEXT("https")))
        return NULL;
    /* RFC 9113 8.3.1: a proxy may say how its client has asked. HAProxy 2.6 always says https: behind a
     * PROXY header, whose sender is trusted for no more than the address, that is no proof, and no
     * reason to refuse it. */
    e->exchange.request.is_secure = hw_exchange_is_from_proxy(&e->exchange);
    return e->exchange.request.is_secure || stream->is_proxied ? NULL : &hw_judge_in_clear;
}

static void redirect_h2(h2_exchange *e)
{
    hw_redirect_answer(&e->exchange);
    e->exchange.plan.kind = HW_PLAN_NONE;
    e->exchange.is_answered = true;
    hw_conn_h2_ask(e);
}

/* What is left of nearly no memory is for the session, which has to refuse streams. */
static bool may_begin(const conn_h2 *h2)
{
    return !hw_budget_is_full(&h2->conn.lane->shared->budget);
}

/* A request that is not begun, for what its head says. */
static void refuse_head(conn_h2 *h2, uint32_t stream, const hw_problem *problem)
{
    h2_exchange *e = may_begin(h2) ? hw_conn_h2_append_unread(h2, stream) : NULL;
    if (e)
        hw_conn_h2_answer_problem(e, problem);
    else
        (void)hw_h2_reset(h2->session, stream, HW_H2_REFUSED_STREAM);
}

/* As RFC 9113 6.5.2 counts. */
static size_t count_list_bytes(const hw_h2_head *head)
{
    size_t bytes = head->target.length;
    for (size_t i = 0; i < head->fields.count; i++)
        bytes += head->fields.at[i].name.length + head->fields.at[i].value.length + 32;
    return bytes;
}

/* A new exchange for a request; NULL: there is no room or memory for it. Those whose streams have gone
 * count as long as their handlers run. */
static h2_exchange *append_request(conn_h2 *h2, uint32_t stream, const hw_h2_head *head)
{
    const hw_shared *shared = h2->conn.lane->shared;
    size_t bytes = count_list_bytes(head);
    if (h2->count >= shared->limits.h2.streams_max || !may_begin(h2) ||
        h2->head_bytes + bytes > H2_HEAD_BYTES_MAX)
        return NULL;
    h2_exchange *e = hw_conn_h2_append(h2, stream);
    if (!e)
        return NULL;
    e->head_bytes = bytes;
    h2->head_bytes += bytes;
    return e;
}

static void take_h2_head(conn_h2 *h2, uint32_t stream, const hw_h2_head *head)
{
    hw_lane *lane = h2->conn.lane;
    h2->requests++;
    hw_lane_count(&lane->counts.requests, 1);
    if (head->problem.status != 0) {
        refuse_head(h2, stream, &head->problem);
        return;
    }
    h2_exchange *e = append_request(h2, stream, head);
    if (!e) { /* RFC 9113 8.7: it may be sent again */
        (void)hw_h2_reset(h2->session, stream, HW_H2_REFUSED_STREAM);
        return;
    }
    e->is_head = head->method == HW_METHOD_HEAD;
    e->is_tunnel = head->is_tunnel;
    e->has_whole_body = head->ends || head->is_tunnel;
    e->wants_continue = head->expects_continue && !e->has_whole_body;
    const hw_problem *problem = begin_h2_exchange(e, head);
    if (!problem)
        problem = judge_h2_request(e, head);
    if (problem)
        hw_conn_h2_answer_problem(e, problem);
    else if (e->exchange.request.https_port != 0 && !hw_exchange_is_secure(&e->exchange))
        redirect_h2(e);
    else
        hw_conn_h2_ask(e);
}

/* Its queue is a handler's for the moment, or there is none yet. Content of one that is lent is read
 * or streamed; what the plan was is not to be looked at then. */
static bool has_no_place(const h2_exchange *e)
{
    return e->is_tunnel ? !e->is_sent : e->lending.is_lent && !e->lending.intake;
}

void hw_conn_h2_drop_kept(h2_exchange *e)
{
    const hw_lane *lane = e->lending.lane;
    e->has_kept_end = false;
    if (!e->kept)
        return;
    hw_sys_free(e->kept);
    hw_budget_give(&lane->shared->budget, lane->shared->limits.h2.window_bytes);
    e->kept = NULL;
    e->kept_length = 0;
}

/* The session gives no more than a window that has not been consumed. */
static bool keep_content(h2_exchange *e, hw_text bytes)
{
    hw_shared *shared = e->lending.lane->shared;
    size_t window = shared->limits.h2.window_bytes;
    if (!e->kept && hw_budget_take(&shared->budget, window)) {
        e->kept = hw_sys_alloc(window);
        if (!e->kept)
            hw_budget_give(&shared->budget, window);
    }
    if (!e->kept)
        return false;
    hw_assert(bytes.length <= window - e->kept_length);
    memcpy(e->kept + e->kept_length, bytes.at, bytes.length);
    e->kept_length += bytes.length;
    return true;
}

static void end_content(h2_exchange *e, hw_fields trailers)
{
    if (e->is_tunnel) {
        hw_ring_end(e->exchange.inflow, trailers);
        return;
    }
    e->has_whole_body = true;
    hw_exchange_feed_end(&e->exchange, trailers);
    if (e->exchange.plan.kind == HW_PLAN_BUFFER && !e->exchange.is_answered)
        hw_conn_h2_ask_again(e);
}

/* How much of it found its place. False: it is answered for, or over: not to be touched any more. */
static bool feed_content(h2_exchange *e, hw_text bytes, size_t *ret_taken)
{
    ssize_t taken = hw_exchange_feed(&e->exchange, bytes);
    *ret_taken = taken < 0 ? 0 : (size_t)taken;
    if (taken < 0)
        (void)hw_conn_h2_fail_request(e, taken == -EMSGSIZE ? &hw_judge_too_long
                                                            : &hw_judge_no_memory);
    return taken >= 0;
}

/* What was kept goes to its place, if there is one now. False: as for feed_content. */
static bool feed_kept(h2_exchange *e)
{
    size_t taken = 0;
    bool is_all = e->has_kept_end;
    if (has_no_place(e))
        return true;
    if (e->kept && !feed_content(e, (hw_text){e->kept, e->kept_length}, &taken))
        return false;
    e->kept_length -= taken;
    if (e->kept && e->kept_length > 0) {
        memmove(e->kept, e->kept + taken, e->kept_length);
        return true;
    }
    hw_conn_h2_drop_kept(e);
    if (is_all)
        end_content(e, (hw_fields){0});
    return true;
}

static void take_h2_body(h2_exchange *e, hw_text body)
{
    size_t taken = 0;
    e->conn->received_bytes += (uint32_t)body.length;
    if (!e->kept && !has_no_place(e) && !feed_content(e, body, &taken))
        return;
    if (taken < body.length && !keep_content(e, hw_text_from(body, taken)))
        (void)hw_conn_h2_fail_request(e, &hw_judge_no_memory);
}

static void take_h2_end(h2_exchange *e, hw_fields trailers)
{
    hw_fields copy = {0};
    e->wants_continue = false;
    if (e->kept || has_no_place(e)) {
        e->has_kept_end = true;
        return;
    }
    if (trailers.count > 0 && !e->lending.intake)
        (void)hw_h2_trailers_copy(&e->exchange.arena, trailers, &copy);
    end_content(e, copy);
}

/* What had a head has an owner; else only the log hears of it. */
static void take_malformed(conn_h2 *h2, h2_exchange *e, const hw_problem *problem)
{
    if (!e)
        e = hw_conn_h2_append_unread(h2, 0);
    if (!e)
        return;
    if (!e->is_sent)
        e->status = problem->status;
    hw_conn_h2_end(e, false);
}

/* Anybody can cause it, as often as he likes. */
static void tell_calming(hw_lane *lane, const hw_problem *problem)
{
    int64_t now_ms = hw_loop_now_ms(&lane->loop);
    hw_lane_count(&lane->counts.calmed, 1);
    if (now_ms < lane->calm_quiet_until_ms)
        return;
    lane->calm_quiet_until_ms = now_ms + H2_CALM_QUIET_MS;
    hw_sink_fault(lane->place.sink, EPROTO, NULL,
                  "a client of HTTP/2 is told to calm down: %s (%s)", problem->reason,
                  problem->section);
}

/* Nothing more comes of any stream. */
static void take_h2_problem(conn_h2 *h2, const hw_h2_event *event)
{
    if (h2->ending >= H2_FAILED)
        return;
    h2->ending = H2_FAILED;
    if (event->code == HW_H2_ENHANCE_YOUR_CALM)
        tell_calming(h2->conn.lane, event->problem);
    for (hw_link *link; (link = hw_list_first(&h2->exchanges));)
        hw_conn_h2_end(HW_MEMBER(link, h2_exchange, link), false);
}

static void take_h2_event(conn_h2 *h2, const hw_h2_event *event)
{
    h2_exchange *e = event->owner;
    switch (event->kind) {
    case HW_H2_HEAD:
        take_h2_head(h2, event->stream, event->head);
        break;
    case HW_H2_BODY:
        if (e && e->stream != 0 && !e->is_discarded)
            take_h2_body(e, event->body);
        break;
    case HW_H2_END:
        if (e && e->stream != 0 && !e->is_discarded)
            take_h2_end(e, event->trailers);
        break;
    case HW_H2_DONE:
    case HW_H2_RESET:
        if (e)
            hw_conn_h2_end(e, event->kind == HW_H2_DONE);
        break;
    case HW_H2_MALFORMED:
        take_malformed(h2, e, event->problem);
        break;
    case HW_H2_GONE_AWAY: /* those that are there are answered all the same */
        hw_conn_h2_leave(h2);
        break;
    case HW_H2_PROBLEM:
        take_h2_problem(h2, event);
        break;
    case HW_H2_NEED_MORE:
        break;
    }
}

void hw_conn_h2_take_events(conn_h2 *h2)
{
    hw_h2_event event;
    do {
        event = hw_h2_next(h2->session);
        take_h2_event(h2, &event);
    } while (event.kind != HW_H2_NEED_MORE && event.kind != HW_H2_PROBLEM && !h2->conn.is_closed);
}

void hw_conn_h2_advance(conn_h2 *h2, hw_text input)
{
    while (input.length > 0 && h2->ending < H2_FAILED && !h2->conn.is_closed) {
        hw_text piece = hw_text_upto(input, HW_H2_INPUT_BYTES_MAX);
        hw_h2_feed(h2->session, piece, hw_loop_now_ms(&h2->conn.lane->loop));
        hw_conn_h2_take_events(h2);
        input = hw_text_from(input, piece.length);
    }
}

/* What has been taken of a request's content so far, of what was fed. Of a queue that a handler has
 * for the moment nothing new is known. */
static uint64_t count_consumed(h2_exchange *e)
{
    uint64_t fed = e->exchange.fed;
    if (e->lending.intake && !e->is_tunnel)
        return hw_flow_follow(e->lending.intake);
    if (e->lending.is_lent)
        return e->consumed;
    return e->exchange.inflow ? fed - hw_ring_follow(e->exchange.inflow) : fed;
}

static void credit(h2_exchange *e)
{
    if (e->is_discarded || e->exchange.fed == e->consumed)
        return;
    uint64_t consumed = count_consumed(e);
    hw_h2_consume(e->conn->session, e->stream, (size_t)(consumed - e->consumed));
    e->consumed = consumed;
}

void hw_conn_h2_credit(conn_h2 *h2)
{
    hw_link *next;
    for (hw_link *link = h2->exchanges.head.next; link != &h2->exchanges.head; link = next) {
        h2_exchange *e = HW_MEMBER(link, h2_exchange, link);
        next = link->next; /* it may leave */
        /* In this order: only of what has been fed are we told when it is taken. */
        bool is_there = (!e->kept && !e->has_kept_end) || feed_kept(e);
        if (is_there)
            credit(e);
    }
}

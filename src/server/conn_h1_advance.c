/* Drives HTTP/1 connections: ADVANCE, from the engine's events to exchanges.
 *
 * Requests are read ahead, up to sixteen, and answered in order. A request with a body holds the
 * reading until the answerer has said what is to become of the body; then it is fed as far as there
 * is room for it, and no further: the client's own flow control does the rest. What may be the
 * beginning of another protocol holds it too.
 *
 * Body that found no room is `owed`: the engine is done with these bytes and must not see them
 * again, so they are fed before it is asked for more. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "server/conn_h1.h"
#include "server/conn_h2.h"
#include "server/redirect.h"

static uint64_t content_length_of(const hw_h1_head *head)
{
    if (head->framing == HW_H1_FRAMING_CHUNKED)
        return HW_LENGTH_UNKNOWN;
    return head->framing == HW_H1_FRAMING_LENGTH ? head->content_length : 0;
}

/* Begins the exchange of a complete head. NULL, or what is wrong with it. */
static const hw_problem *begin_exchange(h1_exchange *e, const hw_h1_head *head, hw_text bytes,
                                        uint64_t content_length)
{
    hw_lane *lane = e->conn->conn.lane;
    hw_request *request = &e->exchange.request;
    hw_h1_copy copy;
    bool is_copied = hw_h1_head_copy(&e->exchange.arena, bytes, head, &copy);
    if (!is_copied)
        copy = (hw_h1_copy){0};
    request->method = head->method;
    request->method_name = copy.method;
    request->raw_target = copy.target;
    request->fields = copy.fields;
    request->protocol = head->minor == 0 ? HW_TEXT("HTTP/1.0") : HW_TEXT("HTTP/1.1");
    request->content_length = content_length;
    request->https_port = 0;
    request->is_secure = false;
    const hw_problem *problem =
        hw_exchange_begin(&e->exchange, is_copied && head->has_plain_target, &hw_conn_h1_carrier,
                          &lane->place, hw_lane_wall_ms(lane), lane->loop.now_ns);
    return is_copied ? problem : &hw_judge_no_memory;
}

/* What is wrong with a request that the engine found to be sound HTTP; or NULL. */
static const hw_problem *judge_request(h1_exchange *e, const hw_h1_head *head)
{
    if (head->expects_other)
        return &hw_judge_expectation;
    const hw_target *target = &e->exchange.request.target;
    const hw_stream *stream = e->conn->conn.stream;
    if (stream->is_secure || stream->https_port != 0)
        return hw_judge_stream(&e->exchange, stream);
    if (target->form == HW_TARGET_ABSOLUTE &&
        hw_text_equal_nocase(target->scheme, HW_TEXT("https")))
        return &hw_judge_in_clear;
    return NULL;
}

/* After a CONNECT, or a wish to upgrade, another protocol may follow; RFC 9110 7.8: not in
 * HTTP/1.0. */
static bool may_change_protocol(const hw_h1_head *head)
{
    bool upgrades = (head->seen & HW_FIELD_BIT(HW_FIELD_UPGRADE)) != 0;
    return head->method == HW_METHOD_CONNECT || (upgrades && head->minor > 0);
}

/* The application does not hear of it. */
static __attribute__((noinline)) void redirect(h1_exchange *e)
{
    hw_redirect_answer(&e->exchange);
    e->exchange.plan =
        (hw_body_plan){HW_PLAN_NONE, e->conn->conn.lane->shared->limits.skip_bytes_max};
    e->exchange.is_answered = true;
    e->is_planned = e->is_asked = true;
    if (!e->has_whole_body)
        hw_conn_h1_leave_reading(e);
}

static void on_head(conn_h1 *h1, const hw_h1_head *head, hw_text bytes)
{
    hw_lane *lane = h1->conn.lane;
    h1_exchange *e = hw_conn_h1_append(h1);
    if (!e) {
        hw_conn_close(&h1->conn);
        return;
    }
    h1->requests++;
    h1->window_bytes = 0;
    /* It has come: what is waited for from here on is the next one. */
    h1->by_ms[H1_WAIT_HEAD] = h1->by_ms[H1_WAIT_IDLE] = H1_NEVER;
    hw_lane_count(&lane->counts.requests, 1);
    e->is_http10 = head->minor == 0;
    e->is_head = head->method == HW_METHOD_HEAD;
    uint64_t content_length = content_length_of(head);
    e->has_whole_body = content_length == 0;
    e->wants_continue = head->expects_continue && !e->has_whole_body;
    e->may_upgrade = may_change_protocol(head);
    bool is_limit = h1->requests >= lane->shared->limits.requests_max;
    e->closes = !head->keep_alive || is_limit || lane->is_draining;
    h1->is_last = h1->is_last || e->closes;
    h1->has_late_input = head->keep_alive;
    h1->reading = e;
    h1->input = e->has_whole_body ? H1_INPUT_BODY : H1_INPUT_HELD;
    const hw_problem *problem = begin_exchange(e, head, bytes, content_length);
    if (!problem)
        problem = judge_request(e, head);
    if (problem)
        hw_conn_h1_answer_problem(e, problem);
    else if (e->exchange.request.https_port != 0 && !hw_exchange_is_secure(&e->exchange))
        redirect(e);
    else
        hw_conn_h1_ask(e);
}

/* Whoever reads it finds out with his next read; what he makes of that is not sent. */
static void fail_intake(h1_exchange *e, const hw_problem *problem)
{
    int error = problem->status == 413 ? EMSGSIZE : problem->status == 408 ? ETIMEDOUT : EBADMSG;
    if (e->lending.intake)
        hw_flow_fail(e->lending.intake, -error);
    e->lending.failure = *problem;
    e->closes = true;
}

void hw_conn_h1_fail_reading(conn_h1 *h1, const hw_problem *problem)
{
    h1_exchange *e = h1->reading;
    hw_assert(!hw_conn_h1_is_reading_lent(h1));
    bool is_written =
        e && !e->lending.is_lent && e->exchange.is_answered && e->exchange.response.feeder;
    if (e && (e->lending.is_lent || is_written)) {
        fail_intake(e, problem);
    } else if (e && e->progress == H1_WAITING) {
        hw_conn_h1_answer_problem(e, problem);
    } else if (e) {
        hw_exchange_gone(&e->exchange);
        e->closes = true;
    }
    hw_conn_h1_end_requests(h1);
}

/* The part of a body that arrived; returns how much of it found room. */
static size_t on_body(conn_h1 *h1, hw_text body)
{
    if (h1->input == H1_INPUT_SKIP) {
        if (body.length > h1->skip_left)
            hw_conn_h1_end_requests(h1);
        h1->skip_left -= hw_number_min(body.length, h1->skip_left);
        return body.length;
    }
    ssize_t taken = hw_exchange_feed(&h1->reading->exchange, body);
    if (taken >= 0)
        return (size_t)taken;
    hw_conn_h1_fail_reading(h1, taken == -EMSGSIZE ? &hw_judge_too_long : &hw_judge_no_memory);
    return body.length;
}

/* RFC 9110 6.5.1: what decides on a message cannot come behind it. */
static hw_fields without_forbidden(hw_field *fields, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (hw_field_may_trail(fields[i].name))
            fields[kept++] = fields[i];
    return hw_fields_of(fields, kept);
}

static void on_message_end(conn_h1 *h1, hw_text trailers, const hw_h1_head *head)
{
    h1_exchange *e = h1->input == H1_INPUT_BODY ? h1->reading : NULL;
    hw_fields fields = {0};
    if (e && !e->has_whole_body) {
        e->has_whole_body = true;
        e->wants_continue = false;
        if (trailers.length > 0 && !e->lending.intake &&
            hw_h1_trailers_copy(&e->exchange.arena, trailers, head, &fields))
            fields = without_forbidden((hw_field *)fields.at, fields.count);
        hw_exchange_feed_end(&e->exchange, fields);
        if (e->exchange.plan.kind == HW_PLAN_BUFFER && !e->exchange.is_answered)
            hw_loop_queue_ready(&h1->conn.lane->loop, &e->lending.ready);
    }
    hw_conn_h1_read_on(h1);
}

bool hw_conn_h1_may_parse(const conn_h1 *h1, size_t left)
{
    if (h1->conn.is_closed || h1->owed > 0)
        return false;
    if (h1->input == H1_INPUT_HEADS)
        return hw_conn_h1_has_queue_room(h1, left);
    if (h1->input == H1_INPUT_BODY)
        return !hw_conn_h1_is_reading_lent(h1);
    return h1->input == H1_INPUT_SKIP;
}

/* First what is body already but found no room before. */
static size_t feed_owed(conn_h1 *h1, hw_text input)
{
    hw_text owed = hw_text_upto(input, h1->owed);
    if (owed.length == 0 || hw_conn_h1_is_reading_lent(h1))
        return 0;
    size_t taken = on_body(h1, owed);
    h1->owed = (uint32_t)(owed.length - taken);
    return taken;
}

static size_t feed_tunnel(conn_h1 *h1, hw_text input)
{
    hw_ring *ring = h1->reading->exchange.inflow;
    size_t taken = input.length > 0 ? hw_ring_feed(ring, input) : 0;
    h1->needs_more = taken == input.length;
    if (h1->is_ended && taken == input.length && !ring->is_ended)
        hw_ring_end(ring, (hw_fields){0});
    return taken;
}

static size_t skip_lingering(conn_h1 *h1, hw_text input)
{
    h1->skip_left -= hw_number_min(input.length, h1->skip_left);
    return input.length;
}

/* A head, and the end of its message where that has no content. */
static void take_head(conn_h1 *h1, const hw_h1_head *head, hw_text input)
{
    on_head(h1, head, input);
    if (h1->input == H1_INPUT_BODY && hw_h1_take_end(&h1->parser))
        hw_conn_h1_read_on(h1);
}

typedef enum h1_preface { PREFACE_NONE, PREFACE_PART, PREFACE_WHOLE } h1_preface;

/* RFC 9113 3.3: who knows that we speak HTTP/2 begins with its preface, which was made so that no engine
 * of HTTP/1 takes it for a request; in TLS it is agreed on before. */
static h1_preface find_preface(const conn_h1 *h1, hw_text input)
{
    static const hw_text preface = {HW_H2_PREFACE, sizeof HW_H2_PREFACE - 1};
    size_t length = hw_size_min(input.length, preface.length);
    bool is_first = h1->requests == 0 && h1->queue_length == 0;
    if (!hw_h2_is_built || h1->conn.stream->is_secure || !is_first ||
        memcmp(input.at, preface.at, length) != 0)
        return PREFACE_NONE;
    return length == preface.length ? PREFACE_WHOLE : PREFACE_PART;
}

/* What is no request of HTTP/1. */
static size_t take_problem(conn_h1 *h1, const hw_problem *problem, hw_text input)
{
    const hw_lane *lane = h1->conn.lane;
    h1_preface preface = h1->input == H1_INPUT_HEADS ? find_preface(h1, input) : PREFACE_NONE;
    if (preface == PREFACE_WHOLE) {
        hw_conn_hand_over(&h1->conn, hw_conn_h2_open, input);
        return 0;
    }
    if (preface == PREFACE_PART && !h1->is_ended) { /* it is looked at again with more of it */
        hw_h1_parser_init(&h1->parser, &lane->shared->limits.h1, lane->place.sink);
        hw_h1_parser_promise_slack(&h1->parser);
        h1->needs_more = true;
        return 0;
    }
    if (h1->input == H1_INPUT_HEADS)
        hw_conn_h1_append_problem(h1, problem);
    else
        hw_conn_h1_fail_reading(h1, problem);
    return input.length;
}

/* Any other event of the engine; how much of the input it used up. */
static __attribute__((noinline)) size_t take_event(conn_h1 *h1, const hw_h1_event *event,
                                                   const hw_h1_head *head, hw_text input)
{
    switch (event->kind) {
    case HW_H1_BODY: {
        hw_assert(event->body.at + event->body.length == input.at + event->used);
        size_t taken = on_body(h1, event->body);
        h1->owed = (uint32_t)(event->body.length - taken);
        h1->window_bytes += event->body.length;
        h1->received_bytes += (uint32_t)event->body.length;
        return event->used - h1->owed;
    }
    case HW_H1_END:
        on_message_end(h1, event->trailers, head);
        return event->used;
    case HW_H1_PROBLEM:
        return take_problem(h1, event->problem, input);
    case HW_H1_NEED_MORE:
        h1->needs_more = true;
        return event->used;
    case HW_H1_HEAD:
        break; /* take_head */
    }
    return event->used;
}

/* Out of line: within the loop below, compilers prepare the words of every problem there is before
 * they enter it. */
static __attribute__((noinline)) size_t take_next_event(conn_h1 *h1, hw_text unused)
{
    hw_h1_head *head = &h1->conn.lane->head;
    hw_h1_event event = hw_h1_next(&h1->parser, head, unused);
    if (event.kind != HW_H1_HEAD)
        return take_event(h1, &event, head, unused);
    take_head(h1, head, unused);
    return event.used;
}

/* The client has finished sending, in the middle of something or not. Out of line: the problem
 * would have every turn guard its stack. */
static __attribute__((noinline)) void take_end_of_input(conn_h1 *h1)
{
    hw_problem problem = hw_h1_finish(&h1->parser);
    if (problem.status == 0)
        hw_conn_h1_end_requests(h1);
    else if (h1->input == H1_INPUT_HEADS)
        hw_conn_h1_append_problem(h1, &problem);
    else
        hw_conn_h1_fail_reading(h1, &problem);
}

size_t hw_conn_h1_advance(conn_h1 *h1, hw_text input)
{
    if (h1->input == H1_INPUT_LINGER)
        return skip_lingering(h1, input);
    if (h1->input == H1_INPUT_TUNNEL)
        return feed_tunnel(h1, input);
    size_t used = feed_owed(h1, input);
    h1->needs_more = false;
    while (hw_conn_h1_may_parse(h1, input.length - used) && !h1->needs_more) {
        hw_text unused = hw_text_from(input, used);
        /* Between two requests the engine need not be asked to know that it wants more. */
        if (unused.length == 0 && h1->input == H1_INPUT_HEADS && hw_h1_is_between(&h1->parser)) {
            h1->needs_more = true;
            break;
        }
        used += take_next_event(h1, unused);
    }
    if (h1->is_ended && h1->needs_more)
        take_end_of_input(h1);
    return used;
}

/* Drives HTTP/1 connections: the four verbs of a turn.
 *
 *    READ     stream -> the lane's input buffer, or this connection's rest
 *    ADVANCE  engine events -> begin and feed exchanges; complete heads go to the ready queue
 *    WRITE    heads and pulled bodies -> stream (conn_h1_write.c)
 *    ARM      one deadline; back to the loop
 *
 * Requests are read ahead, up to sixteen, and answered in order. A request with a body holds the
 * reading until the answerer has said what is to become of the body; then it is fed as far as there
 * is room for it, and no further: the client's own flow control does the rest.
 *
 * What is left of the input when a turn ends moves to the connection (h1_rest): the lane's buffer
 * is the next one's. */
#include "server/conn_h1.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "http/status.h"
#include "server/answer.h"
#include "sys/memory.h"

#define QUEUE_MAX 16
#define REST_ROOM_BYTES (4 * 1024)

/* Whether the reader of the body can take more of it. */
static bool has_body_room(const conn_h1 *h1)
{
    hw_ring *inflow = h1->reading ? h1->reading->exchange.inflow : NULL;
    return !inflow || hw_ring_room(inflow) > 0;
}

static bool wants_input(const conn_h1 *h1)
{
    if (h1->is_ended || h1->owed > 0)
        return false;
    if (h1->is_lingering)
        return true;
    if (h1->tunnel)
        return hw_ring_room(h1->tunnel->exchange.inflow) > 0;
    if (h1->is_in_body && h1->reading && !h1->reading->is_planned)
        return false;
    if (h1->is_in_body)
        return has_body_room(h1);
    return !h1->is_last && !h1->upgrade && h1->queue_length < QUEUE_MAX;
}

/* Room behind the rest for some bytes more. */
static bool grow_rest(conn_h1 *h1, size_t room)
{
    size_t length = h1->rest ? h1->rest->length : 0;
    size_t capacity = h1->rest ? h1->rest->capacity : 0;
    if (capacity - length >= room)
        return true;
    capacity = hw_size_max(capacity * 2, length + room);
    bool is_new = !h1->rest;
    h1_rest *rest = hw_sys_resize(h1->rest, sizeof *rest + capacity);
    if (!rest)
        return false;
    if (is_new)
        rest->length = 0;
    rest->capacity = capacity;
    h1->rest = rest;
    return true;
}

static void drop_rest(conn_h1 *h1)
{
    hw_sys_free(h1->rest);
    h1->rest = NULL;
}

static void note_read(conn_h1 *h1, ssize_t count)
{
    if (count > 0) {
        hw_sink_step(h1->conn.lane->place.sink, "server/conn_h1", "turn: READ");
        h1->window_bytes += (uint64_t)count;
    } else if (count == 0) {
        h1->is_ended = true;
    } else if (count != -EAGAIN) {
        hw_conn_close(&h1->conn);
    }
}

/* READ: the input that is there, old and new. */
static hw_text read_input(conn_h1 *h1)
{
    hw_stream *stream = h1->conn.stream;
    hw_lane *lane = h1->conn.lane;
    bool may_read = stream->readable && wants_input(h1);
    if (!h1->rest) {
        ssize_t count =
            may_read ? stream->ops->read(stream, lane->input, HW_LANE_INPUT_BYTES) : -EAGAIN;
        note_read(h1, count);
        return (hw_text){lane->input, count > 0 ? (size_t)count : 0};
    }
    if (may_read && !grow_rest(h1, REST_ROOM_BYTES)) {
        hw_conn_close(&h1->conn);
        return (hw_text){0};
    }
    h1_rest *rest = h1->rest;
    if (may_read) {
        ssize_t count =
            stream->ops->read(stream, rest->bytes + rest->length, rest->capacity - rest->length);
        note_read(h1, count);
        if (h1->conn.is_closed)
            return (hw_text){0};
        rest->length += count > 0 ? (size_t)count : 0;
    }
    return (hw_text){rest->bytes, rest->length};
}

/* Keeps what the turn has not used. */
static void keep_rest(conn_h1 *h1, hw_text input, size_t used)
{
    hw_text left = hw_text_from(input, used);
    bool is_wanted = !h1->is_last || h1->is_in_body || h1->upgrade || h1->tunnel;
    if (left.length > 0 && !is_wanted) {
        h1->has_late_input = true;
        left.length = 0;
    }
    if (left.length == 0) {
        drop_rest(h1);
        return;
    }
    if (h1->rest && used == 0)
        return;
    if (h1->rest) {
        memmove(h1->rest->bytes, left.at, left.length);
        h1->rest->length = left.length;
        return;
    }
    if (!grow_rest(h1, left.length)) {
        hw_conn_close(&h1->conn);
        return;
    }
    memcpy(h1->rest->bytes, left.at, left.length);
    h1->rest->length = left.length;
    if (!hw_h1_is_between(&h1->parser))
        h1->rest->head = h1->conn.lane->head;
}

static void start_body_window(conn_h1 *h1, unsigned span_ms)
{
    h1->body_by_ms = hw_loop_now_ms(&h1->conn.lane->loop) + span_ms;
    h1->window_bytes = 0;
}

static uint64_t content_length_of(const hw_h1_head *head)
{
    if (head->framing == HW_H1_FRAMING_CHUNKED)
        return HW_LENGTH_UNKNOWN;
    return head->framing == HW_H1_FRAMING_LENGTH ? head->content_length : 0;
}

/* Begins the exchange of a complete head. NULL, or what is wrong with it. */
static const hw_problem *begin_exchange(h1_exchange *e, const hw_h1_head *head, hw_text bytes)
{
    conn_h1 *h1 = e->conn;
    hw_lane *lane = h1->conn.lane;
    hw_h1_copy copy = {0};
    bool is_copied = hw_h1_head_copy(&e->exchange.arena, bytes, head, &copy);
    hw_head begun = {
        .method = head->method,
        .method_name = copy.method,
        .raw_target = copy.target,
        .protocol = head->minor == 0 ? HW_TEXT("HTTP/1.0") : HW_TEXT("HTTP/1.1"),
        .peer = hw_text_of(h1->conn.stream->peer),
        .fields = copy.fields,
        .content_length = content_length_of(head),
    };
    const hw_problem *problem =
        hw_exchange_begin(&e->exchange, &begun, &hw_conn_h1_carrier, &lane->place,
                          hw_lane_wall_ms(), lane->loop.now_ns);
    return is_copied ? problem : &hw_conn_h1_no_memory;
}

static bool has_field(const hw_h1_head *head, hw_field_id id)
{
    for (unsigned i = 0; i < head->field_count; i++)
        if (head->fields[i].id == id)
            return true;
    return false;
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
    h1->head_by_ms = 0;
    atomic_fetch_add(&lane->shared->requests, 1);
    e->is_http10 = head->minor == 0;
    e->is_head = head->method == HW_METHOD_HEAD;
    e->has_whole_body = content_length_of(head) == 0;
    e->wants_continue = head->expects_continue && !e->has_whole_body;
    bool is_limit = h1->requests >= lane->shared->limits.requests_max;
    e->closes = !head->keep_alive || is_limit || lane->is_draining;
    if (e->closes)
        h1->is_last = true;
    h1->has_late_input = head->keep_alive;
    h1->reading = e;
    h1->is_in_body = true;
    /* What follows may be another protocol's: nothing is read on before that is known. */
    if (head->method == HW_METHOD_CONNECT || has_field(head, HW_FIELD_UPGRADE))
        h1->upgrade = e;
    static const hw_problem misdirected = {421, "https asked for without TLS", "RFC 9110 7.4"};
    static const hw_problem expectation = {417, "unknown expectation", "RFC 9110 10.1.1"};
    const hw_problem *problem = begin_exchange(e, head, bytes);
    if (!problem && head->expects_other)
        problem = &expectation;
    if (!problem && hw_text_equal_nocase(e->exchange.request.target.scheme, HW_TEXT("https")))
        problem = &misdirected;
    if (problem)
        hw_conn_h1_answer_problem(e, problem);
    else
        hw_loop_queue_ready(&lane->loop, &e->ready);
}

/* The part of a body that arrived; returns how much of it found room. */
static size_t on_body(conn_h1 *h1, hw_text body)
{
    h1_exchange *e = h1->reading;
    static const hw_problem too_long = {413, "the content is too long", "RFC 9110 15.5.14"};
    if (!e) {
        if (body.length > h1->skip_left)
            hw_conn_h1_end_requests(h1);
        h1->skip_left -= hw_number_min(body.length, h1->skip_left);
        return body.length;
    }
    ssize_t taken = hw_exchange_feed(&e->exchange, body);
    if (taken >= 0)
        return (size_t)taken;
    if (e->progress == H1_WAITING)
        hw_conn_h1_answer_problem(e, taken == -EMSGSIZE ? &too_long : &hw_conn_h1_no_memory);
    else
        hw_exchange_gone(&e->exchange);
    e->closes = true;
    hw_conn_h1_end_requests(h1);
    return body.length;
}

static void on_body_end(conn_h1 *h1, hw_text trailers, const hw_h1_head *head)
{
    h1_exchange *e = h1->reading;
    hw_fields fields = {0};
    h1->is_in_body = false;
    h1->reading = NULL;
    if (!e)
        return;
    bool had_body = !e->has_whole_body;
    e->has_whole_body = true;
    if (trailers.length > 0)
        hw_h1_trailers_copy(&e->exchange.arena, trailers, head, &fields);
    if (!had_body)
        return;
    hw_exchange_feed_end(&e->exchange, fields);
    if (e->exchange.plan.kind == HW_PLAN_BUFFER && !e->exchange.is_answered)
        hw_loop_queue_ready(&h1->conn.lane->loop, &e->ready);
}

/* A body waits until the answerer has said what is to become of it. */
static bool can_advance(const conn_h1 *h1)
{
    if (h1->conn.is_closed || h1->tunnel || h1->is_lingering || h1->owed > 0)
        return false;
    if (h1->is_in_body)
        return !h1->reading || h1->reading->has_whole_body || h1->reading->is_planned;
    return !h1->is_last && !h1->upgrade && h1->queue_length < QUEUE_MAX;
}

/* First what is body already but found no room before. */
static size_t feed_owed(conn_h1 *h1, hw_text input)
{
    hw_text owed = hw_text_upto(input, h1->owed);
    if (owed.length == 0)
        return 0;
    size_t taken = on_body(h1, owed);
    h1->owed = owed.length - taken;
    return taken;
}

static size_t feed_tunnel(conn_h1 *h1, hw_text input)
{
    hw_ring *ring = h1->tunnel->exchange.inflow;
    size_t taken = input.length > 0 ? hw_ring_feed(ring, input) : 0;
    if (h1->is_ended && taken == input.length && !ring->is_ended)
        hw_ring_end(ring, (hw_fields){0});
    return taken;
}

/* One event of the engine; how much of the input it used up. */
static size_t take_event(conn_h1 *h1, hw_h1_event event, const hw_h1_head *head, hw_text input)
{
    switch (event.kind) {
    case HW_H1_HEAD:
        on_head(h1, head, input);
        return event.used;
    case HW_H1_BODY: {
        size_t taken = on_body(h1, event.body);
        h1->owed = event.body.length - taken;
        return event.used - h1->owed;
    }
    case HW_H1_END:
        on_body_end(h1, event.trailers, head);
        return event.used;
    case HW_H1_PROBLEM:
        if (h1->reading && h1->reading->progress == H1_WAITING)
            hw_conn_h1_answer_problem(h1->reading, &event.problem);
        else if (h1->reading)
            hw_exchange_gone(&h1->reading->exchange);
        else if (!h1->is_in_body)
            hw_conn_h1_append_problem(h1, &event.problem);
        hw_conn_h1_end_requests(h1);
        return input.length;
    case HW_H1_NEED_MORE:
        break;
    }
    return event.used;
}

/* The client has finished sending, in the middle of something or not. */
static void take_end_of_input(conn_h1 *h1)
{
    hw_problem problem = hw_h1_finish(&h1->parser);
    if (h1->is_last && !h1->is_in_body)
        return;
    h1->is_last = true;
    if (problem.status == 0)
        return;
    if (h1->reading && h1->reading->progress == H1_WAITING)
        hw_conn_h1_answer_problem(h1->reading, &problem);
    else if (h1->reading)
        hw_exchange_gone(&h1->reading->exchange);
    else if (!h1->is_in_body)
        hw_conn_h1_append_problem(h1, &problem);
    hw_conn_h1_end_requests(h1);
}

/* ADVANCE: events to exchanges; returns how much of the input is used up. */
static size_t advance(conn_h1 *h1, hw_text input)
{
    if (h1->is_lingering)
        return input.length;
    if (h1->tunnel)
        return feed_tunnel(h1, input);
    size_t used = feed_owed(h1, input);
    h1->needs_more = false;
    while (can_advance(h1)) {
        hw_h1_head *head = h1->rest ? &h1->rest->head : &h1->conn.lane->head;
        hw_text unused = hw_text_from(input, used);
        hw_h1_event event = hw_h1_next(&h1->parser, head, unused);
        if (event.kind == HW_H1_BODY)
            hw_assert(event.body.at + event.body.length == unused.at + event.used);
        used += take_event(h1, event, head, unused);
        h1->needs_more = event.kind == HW_H1_NEED_MORE;
        if (h1->needs_more)
            break;
    }
    if (h1->is_ended && h1->needs_more)
        take_end_of_input(h1);
    return used;
}

/* The last answer has left. RFC 9112 9.6: closing while the client still sends would make the
 * system discard what it has not read yet, the answer; so our side ends, and theirs is read to its
 * end. */
static void end_connection(conn_h1 *h1)
{
    hw_stream *stream = h1->conn.stream;
    if (h1->is_ended || (!h1->has_late_input && !h1->is_in_body)) {
        hw_conn_close(&h1->conn);
        return;
    }
    stream->ops->end_write(stream);
    hw_conn_h1_end_requests(h1);
    drop_rest(h1);
    h1->is_lingering = true;
    h1->linger_by_ms =
        hw_loop_now_ms(&h1->conn.lane->loop) + h1->conn.lane->shared->limits.linger_ms;
}

static void consider_wait(conn_h1 *h1, h1_wait wait, int64_t by_ms, int64_t *at_ms)
{
    if (by_ms >= *at_ms)
        return;
    *at_ms = by_ms;
    h1->wait = wait;
}

/* An answer that waits for its own request's body is the client's turn, not the output's. */
static bool waits_for_output(const conn_h1 *h1, const h1_exchange *e)
{
    bool has_unsent =
        e->interim.length + e->prefix.length + e->piece.length + e->suffix.length + e->file.length >
        0;
    return e->exchange.is_answered && (has_unsent || h1->reading != e);
}

/* The earliest of what this connection waits for. */
static int64_t choose_deadline(conn_h1 *h1)
{
    const hw_limits *limits = &h1->conn.lane->shared->limits;
    int64_t now_ms = hw_loop_now_ms(&h1->conn.lane->loop), at_ms = INT64_MAX;
    hw_link *first = hw_list_first(&h1->queue);
    bool is_sending = first && waits_for_output(h1, HW_MEMBER(first, h1_exchange, link));
    bool is_in_head = !h1->is_in_body && !hw_h1_is_between(&h1->parser);
    if (h1->is_lingering)
        consider_wait(h1, H1_WAIT_LINGER, h1->linger_by_ms, &at_ms);
    if (is_sending && h1->output_by_ms == 0)
        h1->output_by_ms = now_ms + limits->response_ms;
    if (is_sending)
        consider_wait(h1, H1_WAIT_OUTPUT, h1->output_by_ms, &at_ms);
    if (!h1->is_in_body || !wants_input(h1))
        h1->body_by_ms = 0;
    else if (h1->body_by_ms == 0)
        start_body_window(h1, limits->body_grace_ms + limits->body_window_ms);
    if (h1->body_by_ms > 0)
        consider_wait(h1, H1_WAIT_BODY, h1->body_by_ms, &at_ms);
    if (is_in_head && h1->head_by_ms == 0)
        h1->head_by_ms = h1->requests == 0 ? h1->input_by_ms : now_ms + limits->head_ms;
    if (is_in_head && !h1->is_last)
        consider_wait(h1, H1_WAIT_HEAD, h1->head_by_ms, &at_ms);
    else if (!first && !h1->is_lingering && !h1->is_in_body)
        consider_wait(h1, H1_WAIT_IDLE, h1->input_by_ms, &at_ms);
    return at_ms;
}

/* ARM: one deadline, or the end. A turn that stopped although it could go on queues itself. */
static void arm(conn_h1 *h1)
{
    hw_lane *lane = h1->conn.lane;
    hw_stream *stream = h1->conn.stream;
    bool is_idle = h1->queue_length == 0 && !h1->is_lingering;
    bool is_between = hw_h1_is_between(&h1->parser) && !h1->is_in_body;
    if (is_idle && !h1->is_last && lane->is_draining && is_between && !stream->readable)
        hw_conn_close(&h1->conn);
    else if (is_idle && h1->is_last)
        end_connection(h1);
    if (!h1->conn.is_closed && h1->is_lingering && h1->is_ended)
        hw_conn_close(&h1->conn);
    if (h1->conn.is_closed)
        return;
    bool can_read = stream->readable && wants_input(h1);
    bool can_go_on =
        h1->rest && !h1->needs_more && (h1->owed > 0 ? has_body_room(h1) : can_advance(h1));
    if (can_read || can_go_on)
        hw_conn_queue(&h1->conn);
    int64_t at_ms = choose_deadline(h1);
    if (at_ms == INT64_MAX)
        hw_loop_disarm(&lane->loop, &h1->conn.deadline);
    else
        hw_conn_arm(&h1->conn, at_ms);
}

static const hw_problem too_slow_head = {408, "the head did not arrive in time", "RFC 9110 15.5.9"};
static const hw_problem too_slow_body = {408, "the content arrives too slowly", "RFC 9110 15.5.9"};

static void take_late_body(conn_h1 *h1)
{
    const hw_limits *limits = &h1->conn.lane->shared->limits;
    if (h1->window_bytes >= (uint64_t)limits->rate_bytes_min * limits->body_window_ms / 1000)
        start_body_window(h1, limits->body_window_ms);
    else if (h1->reading && h1->reading->progress == H1_WAITING)
        hw_conn_h1_answer_problem(h1->reading, &too_slow_body);
    else
        hw_conn_close(&h1->conn);
}

/* What was waited for has not come. */
static void take_deadline(conn_h1 *h1)
{
    h1->conn.is_late = false;
    switch (h1->wait) {
    case H1_WAIT_HEAD:
        hw_conn_h1_append_problem(h1, &too_slow_head);
        hw_conn_h1_end_requests(h1);
        break;
    case H1_WAIT_BODY:
        take_late_body(h1);
        break;
    case H1_WAIT_IDLE:
        /* A request that has just arrived still counts. */
        if (!h1->conn.stream->readable)
            hw_conn_close(&h1->conn);
        break;
    case H1_WAIT_OUTPUT:
    case H1_WAIT_LINGER:
        hw_conn_close(&h1->conn);
        break;
    }
}

static void take_h1_turn(hw_conn *conn)
{
    conn_h1 *h1 = (conn_h1 *)conn;
    if (conn->is_late)
        take_deadline(h1);
    if (conn->is_closed)
        return;
    hw_text input = read_input(h1);
    size_t used = conn->is_closed ? 0 : advance(h1, input);
    if (!conn->is_closed)
        keep_rest(h1, input, used);
    if (!conn->is_closed)
        hw_conn_h1_write(h1);
    if (!conn->is_closed)
        arm(h1);
}

static void drain_h1(hw_conn *conn)
{
    /* A request may lie in the socket already: one more read, then ARM closes what is idle. */
    hw_conn_queue(conn);
}

static void let_go_h1(hw_conn *conn)
{
    conn_h1 *h1 = (conn_h1 *)conn;
    h1->reading = NULL;
    for (hw_link *link; (link = hw_list_first(&h1->queue));) {
        h1_exchange *e = HW_MEMBER(link, h1_exchange, link);
        hw_exchange_gone(&e->exchange);
        hw_conn_h1_finish(e, false);
    }
    drop_rest(h1);
}

static void free_h1(hw_conn *conn)
{
    hw_sys_free(conn);
}

static const hw_driver h1_driver = {take_h1_turn, drain_h1, let_go_h1, free_h1};

int hw_conn_h1_open(hw_lane *lane, hw_stream *stream)
{
    conn_h1 *h1 = hw_sys_alloc_zeroed(1, sizeof *h1);
    if (!h1) {
        stream->ops->close(stream);
        return -ENOMEM;
    }
    hw_list_init(&h1->queue);
    hw_h1_parser_init(&h1->parser, &lane->shared->limits.h1, lane->place.sink);
    h1->input_by_ms = hw_loop_now_ms(&lane->loop) + lane->shared->limits.head_ms;
    hw_conn_init(&h1->conn, &h1_driver, lane, stream);
    return 0;
}

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
/* Of arenas: no more heads are read ahead while those that wait hold more. */
#define QUEUE_BYTES_MAX ((size_t)64 * 1024)
/* What a client may go on sending after the last answer before it is no longer read. */
#define LINGER_BYTES_MAX ((uint64_t)16 * 1024 * 1024)
#define REST_ROOM_BYTES (4 * 1024)

/* Whether the reader of the body can take more of it. */
static bool has_body_room(const conn_h1 *h1)
{
    hw_ring *inflow = h1->reading ? h1->reading->exchange.inflow : NULL;
    return !inflow || hw_ring_room(inflow) > 0;
}

/* Requests are read ahead as long as they are few and small. */
static bool has_queue_room(const conn_h1 *h1)
{
    size_t held = 0;
    const hw_link *head = &h1->queue.head;
    for (const hw_link *link = head->next; link != head; link = link->next)
        held += HW_MEMBER(link, h1_exchange, link)->exchange.arena.held;
    return h1->queue_length < QUEUE_MAX && held <= QUEUE_BYTES_MAX;
}

/* Whether more of the client's bytes are of use now. */
static bool has_input_room(const conn_h1 *h1)
{
    switch (h1->input) {
    case H1_INPUT_HEADS:
        return has_queue_room(h1);
    case H1_INPUT_BODY:
    case H1_INPUT_TUNNEL:
        return has_body_room(h1);
    case H1_INPUT_SKIP:
        return true;
    case H1_INPUT_LINGER:
        return h1->skip_left > 0;
    case H1_INPUT_HELD:
    case H1_INPUT_OVER:
        break;
    }
    return false;
}

static bool may_read(const conn_h1 *h1)
{
    return h1->conn.stream->readable && !h1->is_ended && h1->owed == 0 && has_input_room(h1);
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
    bool is_reading = may_read(h1);
    if (!h1->rest) {
        ssize_t count =
            is_reading ? stream->ops->read(stream, lane->input, HW_LANE_INPUT_BYTES) : -EAGAIN;
        note_read(h1, count);
        return (hw_text){lane->input, count > 0 ? (size_t)count : 0};
    }
    if (is_reading && !grow_rest(h1, REST_ROOM_BYTES)) {
        hw_conn_close(&h1->conn);
        return (hw_text){0};
    }
    h1_rest *rest = h1->rest;
    if (is_reading) {
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
    bool is_over = h1->input == H1_INPUT_OVER || h1->input == H1_INPUT_LINGER;
    if (left.length > 0 && is_over) {
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

/* What is wrong with a request that the engine found to be sound HTTP; or NULL. */
static const hw_problem *judge_request(const h1_exchange *e, const hw_h1_head *head)
{
    static const hw_problem misdirected = {421, "https asked for without TLS", "RFC 9110 7.4"};
    static const hw_problem expectation = {417, "unknown expectation", "RFC 9110 10.1.1"};
    if (head->expects_other)
        return &expectation;
    if (hw_text_equal_nocase(e->exchange.request.target.scheme, HW_TEXT("https")))
        return &misdirected;
    return NULL;
}

/* After a CONNECT, or a wish to upgrade, another protocol may follow. */
static bool may_change_protocol(const hw_h1_head *head)
{
    return head->method == HW_METHOD_CONNECT || has_field(head, HW_FIELD_UPGRADE);
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
    atomic_fetch_add(&lane->shared->requests, 1);
    e->is_http10 = head->minor == 0;
    e->is_head = head->method == HW_METHOD_HEAD;
    e->has_whole_body = content_length_of(head) == 0;
    e->wants_continue = head->expects_continue && !e->has_whole_body;
    e->may_upgrade = may_change_protocol(head);
    bool is_limit = h1->requests >= lane->shared->limits.requests_max;
    e->closes = !head->keep_alive || is_limit || lane->is_draining;
    h1->is_last = h1->is_last || e->closes;
    h1->has_late_input = head->keep_alive;
    h1->reading = e;
    h1->input = e->has_whole_body ? H1_INPUT_BODY : H1_INPUT_HELD;
    const hw_problem *problem = begin_exchange(e, head, bytes);
    if (!problem)
        problem = judge_request(e, head);
    if (problem)
        hw_conn_h1_answer_problem(e, problem);
    else
        hw_loop_queue_ready(&lane->loop, &e->ready);
}

static const hw_problem too_long = {413, "the content is too long", "RFC 9110 15.5.14"};

/* The request that is being read has failed: answered with a status while that is possible, else broken off. */
static void fail_reading(conn_h1 *h1, const hw_problem *problem)
{
    h1_exchange *e = h1->reading;
    if (e && e->progress == H1_WAITING) {
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
    fail_reading(h1, taken == -EMSGSIZE ? &too_long : &hw_conn_h1_no_memory);
    return body.length;
}

/* RFC 9110 6.5.1: what decides on a message cannot come behind it. */
static hw_fields without_forbidden(hw_field *fields, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (hw_field_may_trail(fields[i].name))
            fields[kept++] = fields[i];
    return (hw_fields){fields, kept};
}

static void on_message_end(conn_h1 *h1, hw_text trailers, const hw_h1_head *head)
{
    h1_exchange *e = h1->input == H1_INPUT_BODY ? h1->reading : NULL;
    hw_fields fields = {0};
    if (e && !e->has_whole_body) {
        e->has_whole_body = true;
        e->wants_continue = false;
        if (trailers.length > 0 && hw_h1_trailers_copy(&e->exchange.arena, trailers, head, &fields))
            fields = without_forbidden((hw_field *)fields.at, fields.count);
        hw_exchange_feed_end(&e->exchange, fields);
        if (e->exchange.plan.kind == HW_PLAN_BUFFER && !e->exchange.is_answered)
            hw_loop_queue_ready(&h1->conn.lane->loop, &e->ready);
    }
    hw_conn_h1_read_on(h1);
}

/* Whether the engine may be asked for its next event. */
static bool may_parse(const conn_h1 *h1)
{
    if (h1->conn.is_closed || h1->owed > 0)
        return false;
    if (h1->input == H1_INPUT_HEADS)
        return has_queue_room(h1);
    return h1->input == H1_INPUT_BODY || h1->input == H1_INPUT_SKIP;
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
    hw_ring *ring = h1->reading->exchange.inflow;
    size_t taken = input.length > 0 ? hw_ring_feed(ring, input) : 0;
    if (h1->is_ended && taken == input.length && !ring->is_ended)
        hw_ring_end(ring, (hw_fields){0});
    return taken;
}

static size_t skip_lingering(conn_h1 *h1, hw_text input)
{
    h1->skip_left -= hw_number_min(input.length, h1->skip_left);
    return input.length;
}

/* One event of the engine; how much of the input it used up. */
static size_t take_event(conn_h1 *h1, const hw_h1_event *event, const hw_h1_head *head,
                         hw_text input)
{
    switch (event->kind) {
    case HW_H1_HEAD:
        on_head(h1, head, input);
        return event->used;
    case HW_H1_BODY: {
        size_t taken = on_body(h1, event->body);
        h1->owed = event->body.length - taken;
        h1->window_bytes += event->body.length;
        return event->used - h1->owed;
    }
    case HW_H1_END:
        on_message_end(h1, event->trailers, head);
        return event->used;
    case HW_H1_PROBLEM:
        if (h1->input == H1_INPUT_HEADS)
            hw_conn_h1_append_problem(h1, &event->problem);
        else
            fail_reading(h1, &event->problem);
        return input.length;
    case HW_H1_NEED_MORE:
        break;
    }
    return event->used;
}

/* The client has finished sending, in the middle of something or not. */
static void take_end_of_input(conn_h1 *h1)
{
    hw_problem problem = hw_h1_finish(&h1->parser);
    if (problem.status == 0)
        hw_conn_h1_end_requests(h1);
    else if (h1->input == H1_INPUT_HEADS)
        hw_conn_h1_append_problem(h1, &problem);
    else
        fail_reading(h1, &problem);
}

/* ADVANCE: events to exchanges; returns how much of the input is used up. */
static size_t advance(conn_h1 *h1, hw_text input)
{
    if (h1->input == H1_INPUT_LINGER)
        return skip_lingering(h1, input);
    if (h1->input == H1_INPUT_TUNNEL)
        return feed_tunnel(h1, input);
    size_t used = feed_owed(h1, input);
    h1->needs_more = false;
    while (may_parse(h1) && !h1->needs_more) {
        hw_h1_head *head = h1->rest ? &h1->rest->head : &h1->conn.lane->head;
        hw_text unused = hw_text_from(input, used);
        hw_h1_event event = hw_h1_next(&h1->parser, head, unused);
        hw_assert(event.kind != HW_H1_BODY ||
                  event.body.at + event.body.length == unused.at + event.used);
        used += take_event(h1, &event, head, unused);
        h1->needs_more = event.kind == HW_H1_NEED_MORE;
    }
    if (h1->is_ended && h1->needs_more)
        take_end_of_input(h1);
    return used;
}

/* The last answer has left. RFC 9112 9.6: closing while the client still sends would make the
 * system discard what has not arrived yet, the answer; so our side ends, and theirs is read to its
 * end. */
static void end_connection(conn_h1 *h1)
{
    hw_stream *stream = h1->conn.stream;
    if (h1->is_ended || !h1->has_late_input) {
        hw_conn_close(&h1->conn);
        return;
    }
    stream->ops->end_write(stream);
    hw_conn_h1_end_requests(h1);
    drop_rest(h1);
    h1->input = H1_INPUT_LINGER;
    h1->skip_left = LINGER_BYTES_MAX;
}

/* Nothing is under way. What the client has not taken yet of the last answer still has to arrive. */
static void end_idle(conn_h1 *h1)
{
    hw_stream *stream = h1->conn.stream;
    h1->is_last = true;
    h1->has_late_input = stream->ops->count_unsent(stream) > 0;
    end_connection(h1);
}

/* An answer that waits for its own request's body is the client's turn, not the output's. */
static bool waits_for_output(const conn_h1 *h1)
{
    const hw_link *first = hw_list_first(&h1->queue);
    if (!first)
        return false;
    const h1_exchange *e = HW_MEMBER(first, h1_exchange, link);
    bool waits_for_body = h1->reading == e && hw_conn_h1_unsent_bytes(e) == 0;
    return e->exchange.is_answered && !waits_for_body;
}

/* The client owes us content, and knows it. */
static bool waits_for_body(const conn_h1 *h1)
{
    const h1_exchange *e = h1->reading;
    if (h1->is_ended || h1->owed > 0 || !has_input_room(h1))
        return false;
    if (h1->input == H1_INPUT_SKIP)
        return true;
    return h1->input == H1_INPUT_BODY && !e->has_whole_body && !e->wants_continue &&
           e->interim.length == 0;
}

/* Begins or ends a wait; one that goes on keeps its end. */
static void wait_while(conn_h1 *h1, h1_wait wait, bool is_waiting, int64_t span_ms)
{
    if (!is_waiting)
        h1->by_ms[wait] = H1_NEVER;
    else if (h1->by_ms[wait] == H1_NEVER)
        h1->by_ms[wait] = hw_loop_now_ms(&h1->conn.lane->loop) + span_ms;
}

/* The same for what has to leave: taken is what the other end's system has, not what ours has. */
static void wait_for_output(conn_h1 *h1, h1_wait wait, bool is_waiting, int64_t span_ms)
{
    if (is_waiting && h1->by_ms[wait] == H1_NEVER)
        h1->unsent_bytes = h1->conn.stream->ops->count_unsent(h1->conn.stream);
    wait_while(h1, wait, is_waiting, span_ms);
}

static h1_wait first_wait(const conn_h1 *h1)
{
    unsigned first = 0;
    for (unsigned wait = 1; wait < H1_WAIT_COUNT; wait++)
        if (h1->by_ms[wait] < h1->by_ms[first])
            first = wait;
    return (h1_wait)first;
}

static void arm_deadline(conn_h1 *h1)
{
    const hw_limits *limits = &h1->conn.lane->shared->limits;
    bool is_between = hw_h1_is_between(&h1->parser), is_heads = h1->input == H1_INPUT_HEADS;
    bool is_in_head = is_heads && (h1->requests == 0 || !is_between);
    bool is_idle = is_heads && !is_in_head && h1->queue_length == 0;
    wait_while(h1, H1_WAIT_HEAD, is_in_head, limits->head_ms);
    wait_while(h1, H1_WAIT_IDLE, is_idle, limits->idle_ms);
    wait_while(h1, H1_WAIT_BODY, waits_for_body(h1),
               limits->body_grace_ms + limits->body_window_ms);
    wait_for_output(h1, H1_WAIT_OUTPUT, waits_for_output(h1), limits->response_ms);
    wait_for_output(h1, H1_WAIT_LINGER, h1->input == H1_INPUT_LINGER, limits->linger_ms);
    int64_t at_ms = h1->by_ms[first_wait(h1)];
    if (at_ms == H1_NEVER)
        hw_loop_disarm(&h1->conn.lane->loop, &h1->conn.deadline);
    else
        hw_conn_arm(&h1->conn, at_ms);
}

/* ARM: one deadline, or the end. A turn that stopped although it could go on queues itself. */
static void arm(conn_h1 *h1)
{
    bool is_between = h1->input == H1_INPUT_HEADS && hw_h1_is_between(&h1->parser);
    if (h1->input == H1_INPUT_LINGER && h1->is_ended)
        hw_conn_close(&h1->conn);
    else if (h1->queue_length == 0 && h1->input == H1_INPUT_OVER)
        end_connection(h1);
    else if (h1->queue_length == 0 && is_between && h1->conn.lane->is_draining && !may_read(h1))
        end_idle(h1);
    if (h1->conn.is_closed)
        return;
    bool has_input = h1->rest || h1->is_ended;
    bool can_go_on = h1->owed > 0 ? has_input_room(h1) : may_parse(h1);
    if (may_read(h1) || (has_input && !h1->needs_more && can_go_on))
        hw_conn_queue(&h1->conn);
    arm_deadline(h1);
}

static const hw_problem too_slow_head = {408, "the head did not arrive in time", "RFC 9110 15.5.9"};
static const hw_problem too_slow_body = {408, "the content arrives too slowly", "RFC 9110 15.5.9"};

static void take_late_body(conn_h1 *h1)
{
    const hw_limits *limits = &h1->conn.lane->shared->limits;
    if (h1->window_bytes >= (uint64_t)limits->rate_bytes_min * limits->body_window_ms / 1000) {
        h1->window_bytes = 0;
        wait_while(h1, H1_WAIT_BODY, true, limits->body_window_ms);
    } else {
        fail_reading(h1, &too_slow_body);
    }
}

/* As long as the client takes something of what was sent, it is given time for the rest. */
static bool has_taken_more(conn_h1 *h1)
{
    size_t before = h1->unsent_bytes;
    h1->unsent_bytes = h1->conn.stream->ops->count_unsent(h1->conn.stream);
    return h1->unsent_bytes > 0 && h1->unsent_bytes < before;
}

/* What was waited for has not come. */
static void take_deadline(conn_h1 *h1)
{
    h1_wait wait = first_wait(h1);
    bool is_silent = h1->requests == 0 && hw_h1_is_between(&h1->parser);
    h1->conn.is_late = false;
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
            end_idle(h1);
        break;
    case H1_WAIT_BODY:
        take_late_body(h1);
        break;
    case H1_WAIT_OUTPUT:
    case H1_WAIT_LINGER:
        if (!has_taken_more(h1))
            hw_conn_close(&h1->conn);
        break;
    case H1_WAIT_COUNT:
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
    for (unsigned wait = 0; wait < H1_WAIT_COUNT; wait++)
        h1->by_ms[wait] = H1_NEVER;
    hw_conn_init(&h1->conn, &h1_driver, lane, stream);
    return 0;
}

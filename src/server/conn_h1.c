/* Drives HTTP/1 connections: the four verbs of a turn.
 *
 *    READ     stream -> the lane's input buffer, or this connection's rest
 *    ADVANCE  engine events -> begin and feed exchanges (conn_h1_advance.c); complete heads are
 *             answered by their quick step, or go to the ready queue (conn_h1_exchange.c)
 *    WRITE    heads and pulled bodies -> stream (conn_h1_write.c)
 *    ARM      one deadline; back to the loop
 *
 * When the ready queue has answered, only WRITE and ARM follow: nothing new has come to be read.
 *
 * What is left of the input when a turn ends moves to the connection (conn_h1_rest.c): the lane's
 * buffer is the next one's.
 *
 * Everything a connection waits for has an entry in by_ms, which ARM begins and ends; the earliest
 * is the deadline. What follows when it passes is decided in the next turn, before READ
 * (conn_h1_late.c). */
#include "server/conn_h1.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "base/poison.h"
#include "sys/memory.h"

#define LARGE_ROOM_BYTES (4 * 1024)
#define SPARE_CONNS_MAX 256

/* Whether the reader of the body can take more of it. */
static bool has_body_room(const conn_h1 *h1)
{
    if (hw_conn_h1_is_reading_lent(h1))
        return false;
    if (h1->reading && h1->reading->lending.intake)
        return hw_flow_room(h1->reading->lending.intake) > 0;
    hw_ring *inflow = h1->reading ? h1->reading->exchange.inflow : NULL;
    return !inflow || hw_ring_room(inflow) > 0;
}

static bool has_content_room(const conn_h1 *h1)
{
    switch (h1->input) {
    case H1_INPUT_BODY:
    case H1_INPUT_TUNNEL:
        return has_body_room(h1);
    case H1_INPUT_SKIP:
        return true;
    case H1_INPUT_LINGER:
        return h1->skip_left > 0;
    case H1_INPUT_HEADS:
    case H1_INPUT_HELD:
    case H1_INPUT_OVER:
        break;
    }
    return false;
}

/* Whether more of the client's bytes are of use now. */
static inline bool has_input_room(const conn_h1 *h1)
{
    return h1->input == H1_INPUT_HEADS ? hw_conn_h1_has_queue_room(h1, hw_conn_h1_rest_bytes(h1))
                                       : has_content_room(h1);
}

/* Much that was kept comes first: were more read before that is used up, a client whose small
 * messages leave one by one would have a read for each, and what is kept would grow without end. */
static bool is_rest_used_up(const conn_h1 *h1)
{
    return !h1->rest || h1->needs_more || h1->rest->length < LARGE_ROOM_BYTES;
}

/* There is something to read that would need memory, and none is to be had. What has its memory
 * already, a body under way, goes on. */
static bool is_stalled(const conn_h1 *h1)
{
    return h1->input == H1_INPUT_HEADS && h1->conn.stream->readable &&
           hw_budget_is_full(&h1->conn.lane->shared->budget);
}

static inline bool wants_read(const conn_h1 *h1)
{
    return h1->conn.stream->readable && !h1->is_ended && h1->owed == 0 && is_rest_used_up(h1) &&
           has_input_room(h1);
}

static inline bool may_read(const conn_h1 *h1)
{
    return wants_read(h1) && !is_stalled(h1);
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

/* READ behind what was kept: both go to the lane's buffer, where there is room for more than this
 * connection needs in the end. A rest that leaves too little there grows where it is. Out of line:
 * it is seldom so, and a turn is short. */
static __attribute__((noinline)) hw_text read_more(conn_h1 *h1)
{
    hw_stream *stream = h1->conn.stream;
    char *memory = h1->conn.lane->input;
    size_t kept = h1->rest->length,
           room = HW_LANE_INPUT_BYTES - hw_size_min(kept, HW_LANE_INPUT_BYTES);
    bool is_large = room < HW_LANE_INPUT_BYTES / 2;
    hw_conn_h1_load_head(h1);
    if (!may_read(h1))
        return (hw_text){h1->rest->bytes, kept};
    if (is_large && !hw_conn_h1_grow_rest(h1, LARGE_ROOM_BYTES)) {
        hw_conn_close(&h1->conn);
        return (hw_text){0};
    }
    h1_rest *rest = h1->rest;
    ssize_t count = is_large ? stream->ops->read(stream, rest->bytes + kept, rest->capacity - kept)
                             : stream->ops->read(stream, memory + kept, room);
    note_read(h1, count);
    if (h1->conn.is_closed)
        return (hw_text){0};
    if (is_large)
        rest->length += count > 0 ? (size_t)count : 0;
    if (is_large || count <= 0)
        return (hw_text){rest->bytes, rest->length};
    memcpy(memory, rest->bytes, kept);
    return (hw_text){memory, kept + (size_t)count};
}

/* READ: the input that is there, old and new. */
static hw_text read_input(conn_h1 *h1)
{
    hw_stream *stream = h1->conn.stream;
    char *memory = h1->conn.lane->input;
    if (h1->rest)
        return read_more(h1);
    ssize_t count = may_read(h1) ? stream->ops->read(stream, memory, HW_LANE_INPUT_BYTES) : -EAGAIN;
    note_read(h1, count);
    return (hw_text){memory, count > 0 ? (size_t)count : 0};
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
        if (h1->rest)
            hw_conn_h1_drop_rest(h1);
        return;
    }
    if (!hw_conn_h1_keep_rest(h1, left, used == 0))
        hw_conn_close(&h1->conn);
}

/* The last answer has left. RFC 9112 9.6: closing while the client still sends would make the
 * system discard what has not arrived yet, the answer; so our side ends, and theirs is read to its
 * end. */
static void end_connection(conn_h1 *h1)
{
    hw_stream *stream = h1->conn.stream;
    /* What a stream has to say at its end (close_notify, RFC 8446 6.1) waits for room, too. */
    bool is_quiet = !h1->has_late_input && !stream->readable && stream->writable;
    if (h1->is_ended || is_quiet) {
        hw_conn_close(&h1->conn);
        return;
    }
    stream->ops->end_write(stream);
    hw_conn_h1_end_requests(h1);
    hw_conn_h1_drop_rest(h1);
    h1->input = H1_INPUT_LINGER;
    h1->skip_left = HW_CONN_LINGER_BYTES_MAX;
    h1->by_ms[H1_WAIT_OUTPUT] = H1_NEVER; /* it is for something else now, and for less long */
}

/* Nothing is under way. What the client has not taken yet of the last answer still has to
 * arrive. */
void hw_conn_h1_end_idle(conn_h1 *h1)
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
    if (!first || h1->goes_on)
        return false;
    const h1_exchange *e = HW_MEMBER(first, h1_exchange, link);
    if (e->interim.length + hw_conn_h1_unsent_bytes(e) > 0)
        return true;
    if (!e->exchange.is_answered || h1->reading == e)
        return false;
    /* Who writes a body may take his time; but not for a client who may be gone. */
    return !e->exchange.response.feeder || h1->is_ended;
}

/* Who writes the body that is being sent has nothing now. */
static bool waits_for_feeder(const conn_h1 *h1)
{
    const hw_link *first = hw_list_first(&h1->queue);
    return first && HW_MEMBER(first, h1_exchange, link)->lending.is_feeder_idle;
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

void hw_conn_h1_time_handler(conn_h1 *h1, unsigned span_ms)
{
    h1->by_ms[H1_WAIT_HANDLER] = hw_loop_now_ms(&h1->conn.lane->loop) + span_ms;
}

/* The waits for the client to take what is sent: two spans of one thing, which is looked at
 * once. */
static void wait_for_output(conn_h1 *h1)
{
    const hw_limits *limits = &h1->conn.lane->shared->limits;
    bool is_sending = waits_for_output(h1), is_lingering = h1->input == H1_INPUT_LINGER;
    bool is_waiting = is_sending || is_lingering;
    if ((uint32_t)h1->sent_bytes != h1->sent_before)
        h1->by_ms[H1_WAIT_OUTPUT] = H1_NEVER;
    h1->sent_before = (uint32_t)h1->sent_bytes;
    bool begins = h1->by_ms[H1_WAIT_OUTPUT] == H1_NEVER;
    bool begins_window = h1->by_ms[H1_WAIT_RATE] == H1_NEVER;
    size_t unsent;
    int64_t taken =
        is_waiting && (begins || begins_window) ? hw_conn_h1_count_taken(h1, &unsent) : 0;
    if (begins)
        h1->taken_before = (uint32_t)taken;
    if (begins_window)
        h1->window_taken = taken;
    hw_conn_h1_wait_while(h1, H1_WAIT_OUTPUT, is_waiting,
                          is_lingering ? limits->linger_ms : limits->response_ms);
    hw_conn_h1_wait_while(h1, H1_WAIT_RATE, is_waiting, limits->response_window_ms);
}

/* What nearly every turn ends with: nothing is under way, and nothing to be read. */
static bool is_at_rest(const conn_h1 *h1)
{
    return h1->queue_length == 0 && h1->input == H1_INPUT_HEADS && hw_h1_is_between(&h1->parser) &&
           h1->requests > 0 && !h1->rest && !h1->is_ended && !h1->conn.stream->readable &&
           !h1->conn.lane->is_draining;
}

/* The deadline of a connection at rest. The same as below, made short. */
static void wait_idle(conn_h1 *h1)
{
    for (unsigned wait = 0; wait < H1_WAIT_COUNT; wait++)
        if (wait != H1_WAIT_IDLE)
            h1->by_ms[wait] = H1_NEVER;
    /* It may have been stalled in between, and there was nothing to be read. */
    if (h1->by_ms[H1_WAIT_IDLE] == H1_NEVER || h1->conn.phase != HW_PHASE_IDLE) {
        hw_conn_enter_idle(&h1->conn);
        h1->by_ms[H1_WAIT_IDLE] = h1->conn.since_ms + h1->conn.lane->shared->limits.idle_ms;
    }
    hw_conn_arm(&h1->conn, h1->by_ms[H1_WAIT_IDLE]);
}

/* What it waits for, as far as it may give way: who would have the server wait, and is not just
 * about to be served. */
static hw_phase phase_of(const conn_h1 *h1, bool is_held_up)
{
    if (is_held_up && h1->queue_length == 0)
        return HW_PHASE_STALLED;
    if (h1->by_ms[H1_WAIT_IDLE] != H1_NEVER)
        return HW_PHASE_IDLE;
    if (h1->by_ms[H1_WAIT_HEAD] != H1_NEVER && h1->queue_length == 0)
        return HW_PHASE_HEAD;
    bool is_stuck = h1->by_ms[H1_WAIT_OUTPUT] != H1_NEVER && !h1->conn.stream->writable;
    if (is_stuck || h1->by_ms[H1_WAIT_BODY] != H1_NEVER || h1->input == H1_INPUT_LINGER)
        return HW_PHASE_CONTENT;
    return HW_PHASE_BUSY;
}

/* A wait goes on from its beginning, but for those that begin anew with each request. */
static void enter_phase(conn_h1 *h1, bool is_new_request, bool is_held_up)
{
    hw_phase phase = phase_of(h1, is_held_up);
    bool begins_anew = is_new_request && (phase == HW_PHASE_IDLE || phase == HW_PHASE_HEAD);
    if (phase != h1->conn.phase || begins_anew)
        hw_conn_enter(&h1->conn, phase);
    /* There may be memory again already, and nobody to tell of it. */
    if (phase == HW_PHASE_STALLED && !hw_budget_await(&h1->conn.lane->shared->budget))
        hw_conn_queue(&h1->conn);
}

static void arm_deadline(conn_h1 *h1, bool is_held_up)
{
    const hw_limits *limits = &h1->conn.lane->shared->limits;
    bool is_between = hw_h1_is_between(&h1->parser), is_heads = h1->input == H1_INPUT_HEADS;
    bool is_in_head = is_heads && (h1->requests == 0 || !is_between);
    /* With no room left for it, the head may be there, unread. */
    is_in_head = is_in_head && hw_conn_h1_has_queue_room(h1, hw_conn_h1_rest_bytes(h1));
    bool is_idle = is_heads && !is_in_head && h1->queue_length == 0;
    bool is_new_request =
        h1->by_ms[H1_WAIT_IDLE] == H1_NEVER && h1->by_ms[H1_WAIT_HEAD] == H1_NEVER;
    hw_conn_h1_wait_while(h1, H1_WAIT_HEAD, is_in_head, limits->head_ms);
    hw_conn_h1_wait_while(h1, H1_WAIT_IDLE, is_idle, limits->idle_ms);
    hw_conn_h1_wait_while(h1, H1_WAIT_BODY, waits_for_body(h1),
                          limits->body_grace_ms + limits->body_window_ms);
    wait_for_output(h1);
    hw_conn_h1_wait_while(h1, H1_WAIT_HANDLER, h1->lent || waits_for_feeder(h1),
                          HW_LENDING_FEEDER_MS);
    enter_phase(h1, is_new_request, is_held_up);
    hw_conn_arm(&h1->conn, h1->by_ms[hw_conn_h1_first_wait(h1)]);
}

/* A turn that stopped although it could go on queues itself. */
static __attribute__((noinline)) void arm_busy(conn_h1 *h1)
{
    bool is_between = h1->input == H1_INPUT_HEADS && hw_h1_is_between(&h1->parser);
    /* What the queue had no room for is a request that has come. */
    bool is_read_up = is_between && (!h1->rest || h1->needs_more) && !may_read(h1);
    if (h1->input == H1_INPUT_LINGER && h1->is_ended)
        hw_conn_close(&h1->conn);
    else if (h1->queue_length == 0 && h1->input == H1_INPUT_OVER)
        end_connection(h1);
    else if (h1->queue_length == 0 && is_read_up && h1->conn.lane->is_draining)
        hw_conn_h1_end_idle(h1);
    if (h1->conn.is_closed)
        return;
    bool has_input = h1->rest || h1->is_ended;
    size_t left = hw_conn_h1_rest_bytes(h1);
    bool can_go_on = h1->owed > 0 ? has_input_room(h1) : hw_conn_h1_may_parse(h1, left);
    /* Asked once: other lanes give memory back meanwhile, and who is neither queued nor stalled
     * would wait for nothing. */
    bool is_held_up = is_stalled(h1);
    if ((wants_read(h1) && !is_held_up) || (has_input && !h1->needs_more && can_go_on))
        hw_conn_queue(&h1->conn);
    arm_deadline(h1, is_held_up);
}

/* ARM: one deadline, or the end. */
static void arm(conn_h1 *h1)
{
    if (is_at_rest(h1))
        wait_idle(h1);
    else
        arm_busy(h1);
}

/* READ and ADVANCE. */
static void take_input(conn_h1 *h1)
{
    hw_conn *conn = &h1->conn;
    conn->has_news = false;
    /* Handlers and bodies have taken memory since. */
    for (hw_link *link = h1->queue.head.next; link != &h1->queue.head; link = link->next)
        hw_conn_h1_note_held(HW_MEMBER(link, h1_exchange, link));
    hw_text input = read_input(h1);
    size_t used = conn->is_closed ? 0 : hw_conn_h1_advance(h1, input);
    if (!conn->is_closed)
        keep_rest(h1, input, used);
}

static void take_h1_turn(hw_conn *conn)
{
    conn_h1 *h1 = (conn_h1 *)conn;
    if (conn->is_late)
        hw_conn_h1_take_deadline(h1);
    if (conn->has_news && !conn->is_closed)
        take_input(h1);
    /* What is answered already leaves with what is about to be. */
    if (conn->is_closed || hw_conn_h1_is_answer_due(h1))
        return;
    hw_conn_h1_write(h1);
    if (!conn->is_closed)
        arm(h1);
}

static void drain_h1(hw_conn *conn)
{
    /* Who has nothing to write may have to say something about the end. */
    hw_conn_h1_wake_feeders((conn_h1 *)conn);
    /* A request may lie in the socket already: one more read, then ARM closes what is idle. */
    hw_conn_queue(conn);
}

/* An answer is under way that the end of the connection ends. RFC 9112 8: a client takes that for
 * complete, unless it sees the connection fail. */
static bool seems_complete(const conn_h1 *h1)
{
    const hw_link *first = hw_list_first(&h1->queue);
    if (!first)
        return false;
    const h1_exchange *e = HW_MEMBER(first, h1_exchange, link);
    const hw_source *body =
        e->is_http10 && e->progress != H1_WAITING ? e->exchange.response.body : NULL;
    return body && body->length == HW_LENGTH_UNKNOWN;
}

static void let_go_h1(hw_conn *conn)
{
    conn_h1 *h1 = (conn_h1 *)conn;
    h1->reading = NULL;
    if (seems_complete(h1))
        conn->stream->ops->break_off(conn->stream);
    for (hw_link *link; (link = hw_list_first(&h1->queue));) {
        hw_conn_h1_drop(HW_MEMBER(link, h1_exchange, link));
    }
    hw_conn_h1_drop_rest(h1);
}

/* Behind its link, which holds it among the spares. */
static void poison_spare_conn(const conn_h1 *h1)
{
    hw_poison(&h1->conn.link + 1, sizeof *h1 - sizeof h1->conn.link);
}

static void free_h1_memory(hw_lane *lane, conn_h1 *h1)
{
    hw_sys_free(h1);
    hw_budget_give(&lane->shared->budget, sizeof *h1);
}

/* The budget refuses none: whether there is room for one more has been asked (shed.c), and who
 * would be closed here would not be told why. */
static conn_h1 *alloc_h1(hw_lane *lane)
{
    conn_h1 *h1 = hw_sys_alloc(sizeof *h1);
    if (h1)
        hw_budget_add(&lane->shared->budget, sizeof *h1);
    return h1;
}

static conn_h1 *take_spare_conn(hw_lane *lane)
{
    hw_link *link = hw_list_take_first(&lane->spare_conns);
    if (!link)
        return alloc_h1(lane);
    lane->spare_conn_count--;
    conn_h1 *h1 = (conn_h1 *)HW_MEMBER(link, hw_conn, link);
    hw_unpoison(h1, sizeof *h1);
    return h1;
}

static void free_h1(hw_conn *conn)
{
    hw_lane *lane = conn->lane;
    if (lane->spare_conn_count == SPARE_CONNS_MAX) {
        free_h1_memory(lane, (conn_h1 *)conn);
        return;
    }
    hw_list_prepend(&lane->spare_conns, &conn->link);
    lane->spare_conn_count++;
    poison_spare_conn((conn_h1 *)conn);
}

void hw_conn_h1_free_spares(hw_lane *lane)
{
    while (!hw_list_is_empty(&lane->spare_conns))
        free_h1_memory(lane, take_spare_conn(lane));
    hw_conn_h1_free_spare_exchanges(lane);
}

/* What is sent lies with the system for a while; only what the client has of it counts. */
static uint32_t count_moved_h1(const hw_conn *conn)
{
    const conn_h1 *h1 = (const conn_h1 *)conn;
    size_t unsent = h1->sent_bytes > 0 ? conn->stream->ops->count_unsent(conn->stream) : 0;
    return (uint32_t)(h1->received_bytes + h1->sent_bytes - unsent);
}

static const hw_driver h1_driver = {take_h1_turn, drain_h1, let_go_h1, free_h1, count_moved_h1};

/* NULL: no memory, and the stream is closed. */
static conn_h1 *open_h1(hw_lane *lane, hw_stream *stream)
{
    conn_h1 *h1 = take_spare_conn(lane);
    if (!h1) {
        stream->ops->close(stream);
        return NULL;
    }
    *h1 = (conn_h1){0};
    hw_list_init(&h1->queue);
    hw_h1_parser_init(&h1->parser, &lane->shared->limits.h1, lane->place.sink);
    hw_h1_parser_promise_slack(&h1->parser);
    for (unsigned wait = 0; wait < H1_WAIT_COUNT; wait++)
        h1->by_ms[wait] = H1_NEVER;
    hw_conn_init(&h1->conn, &h1_driver, lane, stream);
    return h1;
}

int hw_conn_h1_open(hw_lane *lane, hw_stream *stream)
{
    return open_h1(lane, stream) ? 0 : -ENOMEM;
}

int hw_conn_h1_open_for_problem(hw_lane *lane, hw_stream *stream, const hw_problem *problem)
{
    conn_h1 *h1 = open_h1(lane, stream);
    if (h1)
        hw_conn_h1_append_problem(h1, problem);
    return h1 ? 0 : -ENOMEM;
}

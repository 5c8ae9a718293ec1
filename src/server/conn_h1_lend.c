/* Drives HTTP/1 connections: exchanges that are lent to handlers.
 *
 * A handler may block, so while it runs its exchange is lent: the handler alone touches it, but for
 * what the driver keeps around it (h1_exchange), and the driver goes on with the connection as if
 * no answer were in sight. Only content that is streamed into that exchange waits, and its time
 * with it, unless the handler reads it from a flow, which has a lock. A handler that is known to be
 * slow runs on a spare. Every other runs here, on the thread that owns the loop, between two marks;
 * if the loop has been taken over meanwhile (loop/crew.h) this thread touches nothing of it any
 * more. Both send the exchange back as a post, and on_returned goes on where a handler that was in
 * time goes on at once.
 *
 * Lent is at most one exchange of a connection, for none is answered before those in front of it.
 *
 * A handler that has returned may have promised the answer: then the exchange stays lent, to nobody
 * or to whoever holds the promise (exchange/later.h), and comes back in the same way. One whose app
 * is serial may have to wait for its turn first, and is lent already while it does.
 *
 * Nothing takes a lent exchange away from its handler. If its client goes or its time is up it is
 * abandoned: it leaves its connection, another exchange answers 504 in its place, and it ends when
 * the handler returns. So that it needs nothing of the connection's by then, it takes the peer's
 * address with it. */
#include <errno.h>

#include "exchange/later.h"
#include "server/answer.h"
#include "server/conn_h1.h"

static void lend(h1_exchange *e)
{
    conn_h1 *h1 = e->conn;
    e->peer = h1->conn.stream->peer;
    e->has_peer = true;
    e->is_lent = e->is_uncounted = true;
    h1->lent = e;
    hw_conn_enter(&h1->conn, HW_PHASE_BUSY);
    hw_conn_h1_time_handler(h1, hw_answer_timeout_ms(h1->conn.lane, &e->exchange));
}

static void take_back(h1_exchange *e)
{
    e->is_lent = e->is_uncounted = false;
    e->conn->lent = NULL;
}

static bool run_aside(hw_job *job)
{
    h1_exchange *e = HW_MEMBER(job, h1_exchange, job);
    return hw_answer_run_aside(e->lane->shared, &e->exchange);
}

static hw_serial *serial_of(const h1_exchange *e)
{
    const hw_pace *pace = hw_answer_pace_of(e->lane->shared, &e->exchange);
    return pace ? pace->serial : NULL;
}

static void leave_turn(h1_exchange *e)
{
    if (serial_of(e))
        hw_serial_leave(serial_of(e));
}

/* By whoever had the turn before, on his thread. */
static void grant_turn(hw_serial_turn *turn)
{
    h1_exchange *e = HW_MEMBER(turn, h1_exchange, turn);
    hw_loop_post(&e->lane->loop, &e->granted);
}

static void on_granted(hw_post *post)
{
    h1_exchange *e = HW_MEMBER(post, h1_exchange, granted);
    if (!e->conn) {
        leave_turn(e);
        hw_conn_h1_end_abandoned(e);
        return;
    }
    e->has_turn = true;
    hw_loop_queue_ready(&e->lane->loop, &e->ready);
}

static void on_returned(hw_post *post)
{
    h1_exchange *e = HW_MEMBER(post, h1_exchange, job.done);
    if (e->is_ending) {
        e->is_in_hook = false;
        hw_conn_h1_go_on_ending(e);
        return;
    }
    if (e->is_fed)
        hw_conn_h1_end_feed(e);
    if (!e->conn) {
        hw_answer_discard(e->lane, &e->exchange);
        hw_conn_h1_end_abandoned(e);
        return;
    }
    if (e->is_lent) {
        take_back(e);
        hw_conn_h1_take_return(e);
    } else {
        hw_conn_h1_take_fed(e);
    }
    hw_conn_queue(&e->conn->conn);
}

void hw_conn_h1_give_back(hw_exchange *exchange)
{
    h1_exchange *e = (h1_exchange *)exchange;
    hw_loop_post(&e->lane->loop, &e->job.done);
}

void hw_conn_h1_init_job(h1_exchange *e)
{
    e->job = (hw_job){.run = run_aside, .done.run = on_returned};
    e->turn.granted = grant_turn;
    e->granted.run = on_granted;
    hw_link_init(&e->turn.link);
}

/* 0: a spare has it, or will have. */
static int give_to_spare(h1_exchange *e)
{
    hw_lane *lane = e->lane;
    if (!lane->shared->crew || !hw_answer_is_slow(lane, &e->exchange))
        return -EAGAIN;
    return hw_crew_give(lane->shared->crew, HW_WORK_HANDLER, &lane->loop, &e->job);
}

bool hw_conn_h1_run_here(h1_exchange *e, bool *ret_is_over)
{
    hw_lane *lane = e->lane;
    lane->inside = hw_answer_pace_of(lane->shared, &e->exchange);
    uint64_t inside = hw_loop_begin_handler(&lane->loop);
    bool is_over = hw_answer_run(lane->shared, &e->exchange);
    if (!hw_loop_end_handler(&lane->loop, inside)) {
        if (is_over)
            hw_loop_post(&lane->loop, &e->job.done);
        return false;
    }
    lane->inside = NULL;
    *ret_is_over = is_over;
    return true;
}

/* It is lent, and its turn. */
static bool run_lent(h1_exchange *e)
{
    bool is_over = true;
    int error = give_to_spare(e);
    if (error == 0)
        return true;
    if (error == -EBUSY)
        leave_turn(e);
    else if (!hw_conn_h1_run_here(e, &is_over))
        return false;
    if (!is_over)
        return true;
    take_back(e);
    if (error == -EBUSY)
        hw_answer_refuse(&e->exchange);
    hw_conn_h1_take_return(e);
    return true;
}

bool hw_conn_h1_run_handler(h1_exchange *e)
{
    hw_serial *serial = serial_of(e);
    hw_answer_note_stall(e->lane);
    if (!e->has_turn)
        lend(e);
    if (serial && !e->has_turn && !hw_serial_enter(serial, &e->turn))
        return true;
    e->has_turn = false;
    return run_lent(e);
}

/* True: it was given to a spare, and none has begun with it. */
static bool take_from_spares(h1_exchange *e)
{
    hw_crew *crew = e->lane->shared->crew;
    return crew && hw_crew_take_back(crew, &e->job);
}

/* True: nobody has it, nor will. */
static bool take_from_all(h1_exchange *e)
{
    hw_serial *serial = e->is_lent ? serial_of(e) : NULL;
    if (serial && hw_serial_withdraw(serial, &e->turn))
        return true;
    if (e->has_turn || take_from_spares(e)) {
        hw_link_remove(&e->ready.link);
        e->has_turn = false;
        if (serial)
            hw_serial_leave(serial);
        return true;
    }
    return e->is_lent && hw_later_take_back(&e->exchange);
}

void hw_conn_h1_abandon(h1_exchange *e)
{
    conn_h1 *h1 = e->conn;
    /* First, for a promise that is made from here on must be known to be for nobody. */
    hw_exchange_note_gone(&e->exchange);
    if (take_from_all(e)) {
        if (e->is_fed)
            hw_conn_h1_end_feed(e);
        else
            take_back(e);
        hw_exchange_gone(&e->exchange);
        hw_conn_h1_note_left(e);
        hw_conn_h1_finish(e, false);
        return;
    }
    if (e->is_fed)
        hw_flow_fail(&e->exchange.response.feeder->flow, -EPIPE);
    else
        h1->lent = NULL;
    h1->queue_length--;
    h1->held -= e->held;
    hw_link_remove(&e->ready.link);
    hw_link_move(&e->link, &e->lane->abandoned);
    e->conn = NULL;
}

static const hw_problem too_slow_handler = {504, "the answer is not there in time",
                                            "RFC 9110 15.6.5"};

/* Whether a record tells it, or it says who the client is. */
static bool is_told(const hw_field *field)
{
    return field->id == HW_FIELD_REFERER || field->id == HW_FIELD_USER_AGENT ||
           field->id == HW_FIELD_X_FORWARDED_FOR ||
           hw_text_equal_nocase(field->name, HW_TEXT("Forwarded"));
}

/* Those that a record needs. False: no memory. */
static bool copy_told_fields(hw_arena *arena, hw_fields from, hw_fields *ret_fields)
{
    hw_field *fields = hw_arena_alloc_zeroed(arena, from.count, sizeof *fields);
    size_t count = 0;
    for (size_t i = 0; fields && i < from.count; i++) {
        const hw_field *field = &from.at[i];
        if (!is_told(field))
            continue;
        fields[count].id = field->id;
        if (!hw_arena_copy_text(arena, field->name, &fields[count].name) ||
            !hw_arena_copy_text(arena, field->value, &fields[count].value))
            return false;
        count++;
    }
    *ret_fields = hw_fields_of(fields, count);
    return fields != NULL;
}

/* What a record of the answer has to say of the request, in memory of its own. */
static void copy_request(hw_exchange *to, const hw_request *from)
{
    hw_request *request = &to->request;
    (void)(hw_arena_copy_text(&to->arena, from->method_name, &request->method_name) &&
           hw_arena_copy_text(&to->arena, from->raw_target, &request->raw_target) &&
           hw_arena_copy_text(&to->arena, from->protocol, &request->protocol) &&
           hw_arena_copy_text(&to->arena, from->host, &request->host) &&
           copy_told_fields(&to->arena, from->fields, &request->fields));
}

/* A handler that reads a body as it comes is as slow as its client: as long as it gets on, it is
 * given time anew. What the client owes has a deadline of its own. */
static bool is_reading_on(h1_exchange *e)
{
    if (!e->intake)
        return false;
    uint64_t before = e->read_before;
    e->read_before = hw_flow_taken(e->intake);
    return e->read_before != before;
}

/* Nobody had it: no thread was free for the handler, or it was not its turn, or it had promised
 * the answer and nobody has given it. */
static void answer_late(h1_exchange *e)
{
    if (e->exchange.response.kind != HW_RESPONSE_LATER) {
        hw_answer_refuse(&e->exchange);
        return;
    }
    hw_response_plain(&e->exchange.response, 504, NULL);
    e->exchange.is_answered = true;
}

void hw_conn_h1_give_handler_up(conn_h1 *h1)
{
    h1_exchange *late = h1->lent;
    if (is_reading_on(late)) {
        hw_conn_h1_time_handler(h1, hw_answer_timeout_ms(h1->conn.lane, &late->exchange));
        return;
    }
    if (take_from_all(late)) {
        take_back(late);
        answer_late(late);
        hw_conn_h1_take_return(late);
        return;
    }
    h1_exchange *e = hw_conn_h1_append_unread(h1);
    if (!e) {
        hw_conn_close(&h1->conn);
        return;
    }
    copy_request(&e->exchange, &late->exchange.request);
    e->exchange.began_ns = late->exchange.began_ns;
    e->exchange.now_ms = late->exchange.now_ms;
    e->exchange.fed = late->exchange.fed;
    e->is_http10 = late->is_http10;
    e->is_head = late->is_head;
    /* What has begun to leave leaves whole: the stream may have a part of it. */
    if (late->interim.length > 0 && !hw_arena_copy_text(&e->unsent, late->interim, &e->interim)) {
        hw_conn_close(&h1->conn);
        return;
    }
    e->ends_slowly |= e->interim.length > 0;
    hw_conn_h1_answer_problem(e, &too_slow_handler);
    late->is_told = true;
    hw_link_remove(&e->link);
    hw_link_insert(&e->link, late->link.prev, &late->link);
    hw_conn_h1_abandon(late);
}

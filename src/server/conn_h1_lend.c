/* Drives HTTP/1 connections: exchanges that are lent to handlers.
 *
 * A handler may block, so while it runs its exchange is lent: the handler alone touches it, but for
 * what the driver keeps around it (h1_exchange), and the driver goes on with the connection as if
 * no answer were in sight. Only content that is streamed into that exchange waits, and its time
 * with it. A handler that is known to be slow runs on a spare. Every other runs here, on the thread
 * that owns the loop, between two marks; if the loop has been taken over meanwhile (loop/crew.h)
 * this thread touches nothing of it any more. Both send the exchange back as a post, and
 * on_returned goes on where a handler that was in time goes on at once.
 *
 * Lent is at most one exchange of a connection, for none is answered before those in front of it.
 *
 * Nothing takes a lent exchange away from its handler. If its client goes or its time is up it is
 * abandoned: it leaves its connection, another exchange answers 504 in its place, and it ends when
 * the handler returns. So that it needs nothing of the connection's by then, it takes the peer's
 * address with it. */
#include "server/answer.h"
#include "server/conn_h1.h"

static void lend(h1_exchange *e)
{
    conn_h1 *h1 = e->conn;
    e->peer = h1->conn.stream->peer;
    e->has_peer = true;
    e->is_lent = true;
    h1->lent = e;
    hw_conn_enter(&h1->conn, HW_PHASE_BUSY);
    hw_conn_h1_time_handler(h1, hw_answer_timeout_ms(h1->conn.lane, &e->exchange));
}

static void take_back(h1_exchange *e)
{
    e->is_lent = false;
    e->conn->lent = NULL;
}

static void run_aside(hw_job *job)
{
    h1_exchange *e = HW_MEMBER(job, h1_exchange, job);
    hw_answer_run_aside(e->lane->shared, &e->exchange);
}

static void on_returned(hw_post *post)
{
    h1_exchange *e = HW_MEMBER(post, h1_exchange, job.done);
    if (!e->conn) {
        hw_answer_discard(e->lane, &e->exchange);
        hw_conn_h1_end_abandoned(e);
        return;
    }
    take_back(e);
    hw_conn_h1_take_return(e);
    hw_conn_queue(&e->conn->conn);
}

void hw_conn_h1_init_job(h1_exchange *e)
{
    e->job = (hw_job){.run = run_aside, .done.run = on_returned};
}

/* True: a spare has it, or it is refused because too many wait for one. */
static bool run_on_spare(h1_exchange *e)
{
    hw_lane *lane = e->lane;
    if (!lane->shared->crew || !hw_answer_is_slow(lane, &e->exchange))
        return false;
    lend(e);
    int error = hw_crew_give(lane->shared->crew, HW_WORK_HANDLER, &lane->loop, &e->job);
    if (error == 0)
        return true;
    take_back(e);
    if (error == -EBUSY)
        hw_answer_refuse(&e->exchange);
    return error == -EBUSY;
}

bool hw_conn_h1_run_handler(h1_exchange *e)
{
    hw_lane *lane = e->lane;
    hw_answer_note_stall(lane);
    if (run_on_spare(e)) {
        if (e->exchange.is_answered)
            hw_conn_h1_take_return(e);
        return true;
    }
    lend(e);
    lane->inside = hw_answer_pace_of(lane->shared, &e->exchange);
    uint64_t inside = hw_loop_begin_handler(&lane->loop);
    hw_answer_run(lane->shared, &e->exchange);
    if (!hw_loop_end_handler(&lane->loop, inside)) {
        hw_loop_post(&lane->loop, &e->job.done);
        return false;
    }
    lane->inside = NULL;
    take_back(e);
    hw_conn_h1_take_return(e);
    return true;
}

/* True: no handler has begun with it, nor will one. */
static bool take_from_spares(h1_exchange *e)
{
    hw_crew *crew = e->lane->shared->crew;
    return crew && hw_crew_take_back(crew, &e->job);
}

void hw_conn_h1_abandon(h1_exchange *e)
{
    conn_h1 *h1 = e->conn;
    if (take_from_spares(e)) {
        take_back(e);
        hw_exchange_gone(&e->exchange);
        hw_conn_h1_finish(e, false);
        return;
    }
    hw_exchange_note_gone(&e->exchange);
    h1->queue_length--;
    h1->held -= e->held;
    hw_link_move(&e->link, &e->lane->abandoned);
    h1->lent = NULL;
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

void hw_conn_h1_give_handler_up(conn_h1 *h1)
{
    h1_exchange *late = h1->lent;
    if (take_from_spares(late)) {
        take_back(late);
        hw_answer_refuse(&late->exchange);
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
    hw_conn_h1_answer_problem(e, &too_slow_handler);
    late->is_told = true;
    hw_link_remove(&e->link);
    hw_link_insert(&e->link, late->link.prev, &late->link);
    hw_conn_h1_abandon(late);
}

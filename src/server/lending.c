/* Exchanges that are lent.
 *
 * A handler that is known to be slow runs on a spare. Every other runs here, on the thread that owns
 * the loop, between two marks; if the loop has been taken over meanwhile (loop/crew.h) this thread
 * touches nothing of it any more. Both send the exchange back as a post, and on_returned goes on where
 * a handler that was in time goes on at once.
 *
 * A handler that has returned may have promised the answer: then the exchange stays lent, to nobody
 * or to whoever holds the promise (exchange/later.h), and comes back in the same way. One whose app
 * is serial may have to wait for its turn first, and is lent already while it does.
 *
 * Who writes a body, its feeder, is a part of the program, as handlers are, and may block. So it is run
 * where they are: one with a thread of its own once, on a spare that does nothing else; every other
 * from the loop's ready queue, whenever the client could take more than the flow has. The flow is
 * the body's source: the driver pulls it like any other. While it runs the feeder may use the arena and
 * ask about the request, so the driver allocates nothing there. */
#include "server/lending.h"

#include <errno.h>

#include "exchange/hint.h"
#include "exchange/later.h"
#include "server/answer.h"

/* What a thread of its own costs, charged to the connections' memory. */
#define FEEDER_BYTES ((size_t)64 * 1024)

const hw_problem hw_lending_too_slow = {504, "the answer is not there in time", "RFC 9110 15.6.5"};

static void wake_driver(hw_lending *lending)
{
    lending->exchange->carrier->wake(lending->exchange);
}

static hw_serial *serial_of(const hw_lending *lending)
{
    const hw_pace *pace = hw_answer_pace_of(lending->lane->shared, lending->exchange);
    return pace ? pace->serial : NULL;
}

static void leave_turn(hw_lending *lending)
{
    if (serial_of(lending))
        hw_serial_leave(serial_of(lending));
}

static void take_back(hw_lending *lending)
{
    lending->is_lent = false;
    lending->ops->taken_back(lending);
}

/* Its handler has returned. What it has hinted at comes before its answer. */
static void take_returned(hw_lending *lending)
{
    lending->is_lent = false;
    hw_hint_send_all(lending->exchange);
    lending->ops->returned(lending);
}

static bool run_aside(hw_job *job)
{
    const hw_lending *lending = HW_MEMBER(job, hw_lending, job);
    return hw_answer_run_aside(lending->lane->shared, lending->exchange);
}

/* By whoever had the turn before, on his thread. */
static void grant_turn(hw_serial_turn *turn)
{
    hw_lending *lending = HW_MEMBER(turn, hw_lending, turn);
    hw_loop_post(&lending->lane->loop, &lending->granted);
}

static void on_granted(hw_post *post)
{
    hw_lending *lending = HW_MEMBER(post, hw_lending, granted);
    if (lending->has_left) {
        leave_turn(lending);
        lending->ops->abandoned(lending);
        return;
    }
    lending->has_turn = true;
    hw_loop_queue_ready(&lending->lane->loop, &lending->ready);
}

/* The feeder is not busy any more: what goes with that. */
static void end_feed(hw_lending *lending)
{
    lending->is_fed = false;
    if (lending->exchange->response.feeder->has_thread)
        hw_budget_give(&lending->lane->shared->budget, FEEDER_BYTES);
}

/* What the feeder has said is done. */
static void take_fed(hw_lending *lending)
{
    hw_feeder *feeder = lending->exchange->response.feeder;
    if (feeder->said < 0)
        hw_flow_fail(&feeder->flow, feeder->said);
    else if (feeder->said == HW_FEED_END || feeder->has_thread)
        hw_flow_end(&feeder->flow);
    else /* else it is asked again when the flow is empty */
        lending->is_feeder_idle = feeder->said == HW_FEED_WAIT && !lending->is_feeder_woken;
    lending->ops->fed(lending, feeder->said <= HW_FEED_END || feeder->has_thread);
}

/* Whatever still waits comes back here. */
static void go_on_ending(hw_lending *lending)
{
    if (atomic_load(&lending->has_news) || lending->is_in_hook)
        return;
    if (lending->exchange->hooks) {
        hw_loop_queue_ready(&lending->lane->loop, &lending->ready);
        return;
    }
    hw_lane *lane = lending->lane;
    hw_exchange_end_intake(lending->exchange);
    atomic_store(&lending->exchange->hints, NULL);
    lending->intake = NULL;
    lending->failure = (hw_problem){0};
    lending->read_before = 0;
    lending->ops->ended(lending);
    hw_lane_end_if_over(lane);
}

static void on_returned(hw_post *post)
{
    hw_lending *lending = HW_MEMBER(post, hw_lending, job.done);
    if (lending->is_ending) {
        lending->is_in_hook = false;
        go_on_ending(lending);
        return;
    }
    if (lending->is_fed)
        end_feed(lending);
    if (lending->has_left) {
        atomic_store(&lending->exchange->hints, NULL);
        hw_answer_discard(lending->lane, lending->exchange);
        lending->ops->abandoned(lending);
        return;
    }
    if (lending->is_lent)
        take_returned(lending);
    else
        take_fed(lending);
    wake_driver(lending);
}

static void on_news(hw_post *post)
{
    hw_lending *lending = HW_MEMBER(post, hw_lending, news);
    atomic_store(&lending->has_news, false);
    if (lending->is_ending) {
        go_on_ending(lending);
        return;
    }
    if (lending->has_left)
        return;
    hw_hint_send_all(lending->exchange);
    lending->ops->stirred(lending);
    lending->is_feeder_woken = lending->is_fed;
    lending->is_feeder_idle =
        false; /* it is asked when its flow is empty, which the next pull tells */
    wake_driver(lending);
}

void hw_lending_init(hw_lending *lending, const hw_lending_ops *ops, hw_exchange *exchange,
                     hw_lane *lane, bool (*turn)(hw_ready *ready))
{
    lending->ops = ops;
    lending->exchange = exchange;
    lending->lane = lane;
    lending->job = (hw_job){.run = run_aside, .done.run = on_returned};
    lending->turn.granted = grant_turn;
    lending->granted.run = on_granted;
    lending->news.run = on_news;
    atomic_init(&lending->has_news, false);
    hw_link_init(&lending->turn.link);
    hw_ready_init(&lending->ready, turn);
}

void hw_lending_give_back(hw_lending *lending)
{
    hw_loop_post(&lending->lane->loop, &lending->job.done);
}

void hw_lending_notify(hw_lending *lending)
{
    if (!atomic_exchange(&lending->has_news, true))
        hw_loop_post(&lending->lane->loop, &lending->news);
}

/* 0: a spare has it, or will have. */
static int give_to_spare(hw_lending *lending)
{
    hw_lane *lane = lending->lane;
    if (!lane->shared->crew || !hw_answer_is_slow(lane, lending->exchange))
        return -EAGAIN;
    return hw_crew_give(lane->shared->crew, HW_WORK_HANDLER, &lane->loop, &lending->job);
}

/* Runs the handler, or who feeds the body, on the loop's own thread. False: the loop has another
 * owner now. is_over: it has come back. */
static bool run_here(hw_lending *lending, bool *ret_is_over)
{
    hw_lane *lane = lending->lane;
    lane->inside = hw_answer_pace_of(lane->shared, lending->exchange);
    uint64_t inside = hw_loop_begin_handler(&lane->loop);
    bool is_over = hw_answer_run(lane->shared, lending->exchange);
    if (!hw_loop_end_handler(&lane->loop, inside)) {
        if (is_over)
            hw_loop_post(&lane->loop, &lending->job.done);
        return false;
    }
    lane->inside = NULL;
    *ret_is_over = is_over;
    return true;
}

/* It is lent, and its turn. */
static bool run_lent(hw_lending *lending)
{
    bool is_over = true;
    int error = give_to_spare(lending);
    if (error == 0)
        return true;
    if (error == -EBUSY)
        leave_turn(lending);
    else if (!run_here(lending, &is_over))
        return false;
    if (!is_over)
        return true;
    if (error == -EBUSY)
        hw_answer_refuse(lending->exchange);
    take_returned(lending);
    return true;
}

bool hw_lending_run(hw_lending *lending)
{
    hw_serial *serial = serial_of(lending);
    hw_answer_note_stall(lending->lane);
    if (!lending->has_turn) {
        lending->is_lent = true;
        lending->ops->lent(lending);
    }
    if (serial && !lending->has_turn && !hw_serial_enter(serial, &lending->turn))
        return true;
    lending->has_turn = false;
    return run_lent(lending);
}

int hw_lending_begin_feed(hw_lending *lending)
{
    hw_shared *shared = lending->lane->shared;
    hw_response *response = &lending->exchange->response;
    if (!response->feeder->has_thread)
        return 0;
    if (!shared->crew || !hw_budget_take(&shared->budget, FEEDER_BYTES))
        return -EBUSY;
    lending->is_fed = response->is_final = true;
    int error = hw_crew_give(shared->crew, HW_WORK_STREAM, &lending->lane->loop, &lending->job);
    if (error < 0) {
        end_feed(lending);
        response->is_final = false;
    }
    return error;
}

void hw_lending_ask_feeder(hw_lending *lending)
{
    const hw_feeder *feeder = lending->exchange->response.feeder;
    if (!feeder || feeder->has_thread || lending->is_fed)
        return;
    hw_loop_queue_ready(&lending->lane->loop, &lending->ready);
}

bool hw_lending_run_feeder(hw_lending *lending)
{
    hw_lane *lane = lending->lane;
    bool is_over;
    lending->is_fed = lending->exchange->response.is_final = true;
    lending->is_feeder_woken = false;
    hw_answer_note_stall(lane);
    if (give_to_spare(lending) == 0)
        return true;
    if (!run_here(lending, &is_over))
        return false;
    end_feed(lending);
    take_fed(lending);
    return true;
}

/* True: it was given to a spare, and none has begun with it. */
static bool take_from_spares(hw_lending *lending)
{
    hw_crew *crew = lending->lane->shared->crew;
    return crew && hw_crew_take_back(crew, &lending->job);
}

/* True: nobody has it, nor will. */
static bool take_from_all(hw_lending *lending)
{
    hw_serial *serial = lending->is_lent ? serial_of(lending) : NULL;
    if (serial && hw_serial_withdraw(serial, &lending->turn))
        return true;
    if (lending->has_turn || take_from_spares(lending)) {
        hw_link_remove(&lending->ready.link);
        lending->has_turn = false;
        if (serial)
            hw_serial_leave(serial);
        return true;
    }
    return lending->is_lent && hw_later_take_back(lending->exchange);
}

bool hw_lending_revoke(hw_lending *lending)
{
    /* First, for a promise that is made from here on must be known to be for nobody. */
    hw_exchange_note_gone(lending->exchange);
    if (!take_from_all(lending)) {
        if (lending->is_fed)
            hw_flow_fail(&lending->exchange->response.feeder->flow, -EPIPE);
        hw_link_remove(&lending->ready.link);
        lending->has_left = true;
        return false;
    }
    if (lending->is_fed)
        end_feed(lending);
    else
        take_back(lending);
    hw_exchange_gone(lending->exchange);
    hw_lending_note_left(lending);
    return true;
}

/* A handler that reads a body as it comes is as slow as its client: as long as it gets on, it is
 * given time anew. What the client owes has a deadline of its own. */
static bool is_reading_on(hw_lending *lending)
{
    if (!lending->intake)
        return false;
    uint64_t before = lending->read_before;
    lending->read_before = hw_flow_taken(lending->intake);
    return lending->read_before != before;
}

/* Nobody had it: no thread was free for the handler, or it was not its turn, or it had promised
 * the answer and nobody has given it. */
static void answer_late(hw_exchange *exchange)
{
    if (exchange->response.kind != HW_RESPONSE_LATER) {
        hw_answer_refuse(exchange);
        return;
    }
    hw_response_plain(&exchange->response, 504, NULL);
    exchange->is_answered = true;
}

hw_lateness hw_lending_take_late(hw_lending *lending)
{
    if (is_reading_on(lending))
        return HW_LATENESS_READING;
    if (!take_from_all(lending))
        return HW_LATENESS_BUSY;
    take_back(lending);
    answer_late(lending->exchange);
    return HW_LATENESS_TAKEN;
}

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

void hw_lending_stand_in(const hw_lending *lending, hw_exchange *substitute)
{
    const hw_exchange *late = lending->exchange;
    const hw_request *from = &late->request;
    hw_request *request = &substitute->request;
    hw_arena *arena = &substitute->arena;
    (void)(hw_arena_copy_text(arena, from->method_name, &request->method_name) &&
           hw_arena_copy_text(arena, from->raw_target, &request->raw_target) &&
           hw_arena_copy_text(arena, from->protocol, &request->protocol) &&
           hw_arena_copy_text(arena, from->host, &request->host) &&
           copy_told_fields(arena, from->fields, &request->fields));
    substitute->began_ns = late->began_ns;
    substitute->now_ms = late->now_ms;
    substitute->fed = late->fed;
}

void hw_lending_end(hw_lending *lending, int status, uint64_t body_bytes)
{
    hw_exchange *exchange = lending->exchange;
    lending->sent = (hw_sent){status, body_bytes};
    if (exchange->later)
        hw_waker_close(exchange);
    if (lending->intake)
        hw_flow_fail(lending->intake, -EPIPE);
    lending->is_ending = exchange->response.is_final = true;
    go_on_ending(lending);
}

/* Hooks are a part of the program, as handlers are, and may block. */
bool hw_lending_run_hooks(hw_lending *lending)
{
    hw_lane *lane = lending->lane;
    hw_answer_note_stall(lane);
    lending->is_in_hook = true;
    uint64_t inside = hw_loop_begin_handler(&lane->loop);
    hw_exchange_run_hooks(lending->exchange, &lending->sent);
    if (!hw_loop_end_handler(&lane->loop, inside)) {
        hw_loop_post(&lane->loop, &lending->job.done);
        return false;
    }
    lending->is_in_hook = false;
    go_on_ending(lending);
    return true;
}

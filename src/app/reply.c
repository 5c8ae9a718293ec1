/* Answers through layers of middleware, and gives errors their bodies.
 *
 * The layers are an onion: each is a function that runs the rest with hewn_run_next, and may look
 * at the request before and at the response after. They are laid out flat when the app is sealed,
 * those of outer apps and groups first, so that running them is a walk over an array.
 *
 * A reply without layers is its inner answerer, and costs nothing more; its quick step is tried
 * first. With layers there is none: they may block, as handlers may.
 *
 * An error without a body of its own gets one where it comes from, so that every layer sees what
 * the client will; and once more at the end, for layers answer too. The fields it has are kept. */
#include "app/reply.h"

#include "app/dispatch.h"
#include "app/problem.h"
#include "base/assert.h"
#include "base/list.h"

struct hewn_next {
    const hw_reply *reply;
    size_t at; /* the next layer */
    bool was_run;
};

/* An answer of 400 and above that nobody has written a body for. */
static bool is_bare_error(const hw_response *response)
{
    if (response->kind != HW_RESPONSE_MESSAGE || response->status < 400)
        return false;
    return response->prepared || response->is_plain || !response->body;
}

/* The fields the error had, unless its page has set the same. */
static void keep_fields(hw_response *response, const hw_field *fields, size_t count)
{
    size_t made = response->field_count;
    for (size_t i = 0; i < count; i++) {
        bool is_there = fields[i].id == HW_FIELD_CONTENT_TYPE;
        for (size_t j = 0; j < made && !is_there; j++)
            is_there = hw_text_equal_nocase(response->fields[j].name, fields[i].name);
        if (!is_there)
            hw_response_add_name(response, fields[i].name, fields[i].value);
    }
}

/* Whatever a function of the program returned: whether its response can be sent. What was wrong with
 * it is told. */
static bool is_response(hewn_request *rq, const hewn_response *returned, const char *words)
{
    hw_response *response = &rq->response;
    bool is_whole = response->kind != HW_RESPONSE_NONE && !response->is_broken;
    if (returned != response || response->kind == HW_RESPONSE_NONE)
        hw_dispatch_misuse(rq, words);
    else if (response->is_broken && !response->is_spoiled)
        hw_dispatch_tell(rq, "the response could not be made: there was no memory");
    is_whole = is_whole && !response->is_spoiled;
    response->is_spoiled = false;
    return is_whole;
}

/* What the app's own function makes of an error. False: nothing that can be sent. */
static bool make_error_page(const hw_reply *reply, hewn_request *rq)
{
    hw_response *response = &rq->response, before = *response;
    hw_field *fields = hw_arena_alloc(&rq->arena, before.field_count * sizeof *fields);
    if (!fields)
        return false;
    for (size_t i = 0; i < before.field_count; i++)
        fields[i] = before.fields[i];
    const hewn_response *returned = reply->on_error(rq, before.status, before.detail);
    bool is_made = is_response(rq, returned, "the error handler returned no response");
    /* The page of an error is made now. */
    is_made = is_made && response->kind == HW_RESPONSE_MESSAGE;
    if (!is_made)
        hw_response_start(response, before.status);
    keep_fields(response, fields, before.field_count);
    return is_made && !response->is_broken;
}

static void dress_error(const hw_reply *reply, hewn_request *rq)
{
    if (!is_bare_error(&rq->response))
        return;
    bool is_made = reply->on_error && make_error_page(reply, rq);
    if (!is_made && !reply->has_own_errors)
        hw_problem_put(rq);
}

/* From here on there is a response that can be sent. */
static void settle_response(hewn_request *rq, const hewn_response *returned, const char *words)
{
    if (!is_response(rq, returned, words))
        hw_response_plain(&rq->response, 500, NULL);
}

static void run_inner(const hw_reply *reply, hewn_request *rq)
{
    const hw_answerer *inner = &reply->inner;
    if (inner->answer)
        inner->answer(inner->arg, rq);
    else
        (void)inner->quick(inner->arg, rq);
    /* It would be asked again, and its layers run a second time. */
    if (rq->response.kind == HW_RESPONSE_STARVED && reply->layers.count > 0)
        hw_response_plain(&rq->response, 503, NULL);
    if (rq->response.kind != HW_RESPONSE_STARVED)
        settle_response(rq, &rq->response, "the handler returned no response");
    dress_error(reply, rq);
}

static void run_from(const hw_reply *reply, size_t at, hewn_request *rq)
{
    if (at == reply->layers.count) {
        run_inner(reply, rq);
        return;
    }
    const hw_layer *layer = &reply->layers.at[at];
    hewn_next next = {reply, at + 1, false};
    settle_response(rq, layer->run(rq, &next, layer->arg), "a middleware returned no response");
}

void hw_reply_settle(hw_exchange *exchange, const char *words)
{
    /* A promise is kept with an answer, not with another promise. */
    if (exchange->response.kind == HW_RESPONSE_LATER)
        exchange->response.kind = HW_RESPONSE_NONE;
    settle_response(exchange, &exchange->response, words);
    dress_error(hw_reply_to(exchange), exchange);
}

hewn_response *hewn_run_next(hewn_request *rq, hewn_next *next)
{
    if (next->was_run) {
        hw_response_start(&rq->response, 500);
        hw_dispatch_misuse(rq, "a middleware ran the next one twice");
    } else {
        next->was_run = true;
        run_from(next->reply, next->at, rq);
    }
    return &rq->response;
}

static hw_body_plan plan_reply(void *arg, hw_exchange *exchange)
{
    const hw_reply *reply = arg;
    return reply->inner.plan(reply->inner.arg, exchange);
}

static void answer_reply(void *arg, hw_exchange *exchange)
{
    const hw_reply *reply = arg;
    run_from(reply, 0, exchange);
    dress_error(reply, exchange);
}

/* An error is made again, slowly: its page is the app's to write. */
static bool answer_reply_quickly(void *arg, hw_exchange *exchange)
{
    const hw_reply *reply = arg;
    if (!reply->inner.quick(reply->inner.arg, exchange))
        return false;
    if (reply->on_error && is_bare_error(&exchange->response))
        return false;
    dress_error(reply, exchange);
    return true;
}

hw_reply hw_reply_of(const hewn_app *scope, hw_answerer inner)
{
    return (hw_reply){.inner = inner, .answerer = inner, .scope = scope};
}

void hw_reply_seal(hw_reply *reply, hw_layers layers, hewn_error_handler *on_error,
                   hw_serial *serial)
{
    reply->layers = layers;
    reply->pace.serial = serial;
    reply->on_error = on_error;
    if (reply->has_own_errors && layers.count == 0 && !on_error)
        return;
    reply->answerer = (hw_answerer){
        .plan = plan_reply,
        .quick = layers.count == 0 && reply->inner.quick ? answer_reply_quickly : NULL,
        .answer = answer_reply,
        .arg = reply,
        .pace = reply->inner.pace && !serial ? reply->inner.pace : &reply->pace,
    };
}

const hw_reply *hw_reply_to(const hw_exchange *exchange)
{
    return exchange->answerer ? HW_MEMBER(exchange->answerer, hw_reply, answerer) : NULL;
}

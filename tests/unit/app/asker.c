/* The driver of the tests of src/app: begins an exchange, follows its plan, keeps what was
 * answered. */
#include "unit/app/asker.h"

#include <string.h>

#include "exchange/later.h"

static void note_told(void *arg, hw_sink_kind kind, const void *item)
{
    app_asker *asker = arg;
    if (kind == HW_SINK_FAULT) {
        asker->fault = *(const hw_fault *)item;
        asker->faults++;
    } else if (kind == HW_SINK_STEP && strcmp(((const hw_step *)item)->file, "app/dispatch") == 0) {
        asker->steps++;
    }
}

static void end_if_struck(app_asker *asker)
{
    if (!hw_test_is_struck())
        return;
    asker_close(asker);
    hw_test_out_of_memory();
}

void asker_split(hewn_app *app)
{
    app->arena.block_bytes = 64;
    app->arena.end = app->arena.at;
}

void asker_open(app_asker *asker, hewn_app *app)
{
    *asker = (app_asker){.app = app};
    asker->sink = (hw_sink){.take = note_told, .arg = asker, .steps = true};
    asker->place = (hw_place){.sink = &asker->sink};
    /* Each piece in a block of its own, so that each can be the one there is no memory for. */
    hw_exchange_init(&asker->exchange, 64, 256 * 1024);
    if (!hw_app_fault(app))
        (void)hw_app_seal(app, false);
    end_if_struck(asker);
    assert_null(hw_app_fault(app));
}

void asker_close(app_asker *asker)
{
    hw_exchange_fini(&asker->exchange);
    hewn_app_free(asker->app);
    asker->app = NULL;
}

/* As the driver does, on this thread. */
static void run_feeder_once(hw_feeder *feeder)
{
    assert_false(feeder->has_thread);
    int said = feeder->run(feeder);
    if (said < 0)
        hw_flow_fail(&feeder->flow, said);
    else if (said == HW_FEED_END)
        hw_flow_end(&feeder->flow);
}

static void keep_body(app_asker *asker)
{
    hw_buffer body = HW_BUFFER_OVER(asker->body);
    hw_source *source = asker->exchange.response.body;
    hw_piece piece;
    for (hw_pull pull = HW_PULL_BYTES; source && (pull == HW_PULL_BYTES || pull == HW_PULL_WAIT);) {
        pull = hw_source_pull(source, 100, &piece);
        if (pull == HW_PULL_BYTES)
            hw_buffer_put(&body, piece.bytes);
        else if (pull == HW_PULL_WAIT)
            run_feeder_once(asker->exchange.response.feeder);
    }
    assert_non_null(hw_buffer_string(&body));
}

int ask_with(app_asker *asker, const char *method, const char *target, hw_fields fields,
             const char *content)
{
    hw_exchange *exchange = &asker->exchange;
    hw_exchange_reset(exchange);
    exchange->request = (hw_request){
        .method = hw_method_of(hw_text_of(method)),
        .method_name = hw_text_of(method),
        .raw_target = hw_text_of(target),
        .protocol = HW_TEXT("HTTP/1.1"),
        .fields = fields,
        .content_length = content ? strlen(content) : 0,
    };
    const hw_problem *problem =
        hw_exchange_begin(exchange, false, &hw_carrier_nobody, &asker->place, 0, 0);
    exchange->request.peer = HW_TEXT("127.0.0.1");
    end_if_struck(asker);
    assert_null(problem);
    const hw_answerer *answerer = hw_app_answerer(asker->app);
    exchange->plan = answerer->plan(answerer->arg, exchange);
    assert_non_null(exchange->answerer);
    if (exchange->plan.kind != HW_PLAN_NONE &&
        exchange->request.content_length > exchange->plan.limit)
        return 413;
    exchange->is_quick = true;
    asker->was_quick = answerer->quick(answerer->arg, exchange);
    exchange->is_quick = false;
    int expected = hw_exchange_expect(exchange);
    end_if_struck(asker);
    assert_int_equal(expected, 0);
    if (content)
        (void)hw_exchange_feed(exchange, hw_text_of(content));
    hw_exchange_feed_end(exchange, (hw_fields){0});
    if (!asker->was_quick)
        answerer->answer(answerer->arg, exchange);
    if (exchange->response.kind == HW_RESPONSE_LATER)
        assert_true(exchange->promise->begin(exchange->promise, exchange));
    end_if_struck(asker);
    assert_false(exchange->response.is_broken);
    keep_body(asker);
    hw_waker_close(exchange);
    hw_exchange_run_hooks(exchange, &(hw_sent){exchange->response.status, strlen(asker->body)});
    end_if_struck(asker);
    return exchange->response.status;
}

int ask(app_asker *asker, const char *method, const char *target)
{
    return ask_with(asker, method, target, (hw_fields){0}, NULL);
}

const char *answer_field(const app_asker *asker, const char *name)
{
    const hw_response *response = &asker->exchange.response;
    for (size_t i = 0; i < response->field_count; i++)
        if (hw_text_equal_nocase(response->fields[i].name, hw_text_of(name)))
            return response->fields[i].value.at;
    return NULL;
}

size_t answer_field_count(const app_asker *asker, const char *name)
{
    const hw_response *response = &asker->exchange.response;
    size_t count = 0;
    for (size_t i = 0; i < response->field_count; i++)
        count += hw_text_equal_nocase(response->fields[i].name, hw_text_of(name));
    return count;
}

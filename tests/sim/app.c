/* Puts the answerers of the simulation in front of each other. */
#include "sim/app.h"

#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "hewn/server.h"
#include "http/echo.h"
#include "server/lane.h"
#include "sim/fiber.h"
#include "sim/files.h"
#include "sim/world.h"
#include "sys/memory.h"
#include "sys/socket.h"
#include "talk/answerers.h"

#define LOCALS_MAX 8
#define SLOW_PIECES 3
#define UPLOAD_BYTES_MAX 3000

struct sim_app {
    hewn_app *app;
    hw_echo echo;
    talk_answerers talk;
    hw_answerer slow; /* in front of all */
    hw_local locals[LOCALS_MAX];
    size_t local_count;
};

static const char *id_of(const hewn_request *rq)
{
    return hewn_or(hewn_query(rq, "id"), "nobody");
}

static hewn_response *say(hewn_request *rq)
{
    return hewn_textf(rq, 200, "said %s\n", id_of(rq));
}

/* The clock does not wait for who sleeps inside a handler; others do not either. */
static hewn_response *sleep_and_say(hewn_request *rq)
{
    long ms = strtol(hewn_or(hewn_query(rq, "ms"), "1"), NULL, 10);
    sim_fiber_sleep_ms(ms);
    return hewn_textf(rq, 200, "slept %s\n", id_of(rq));
}

static hewn_response *give_back(hewn_request *rq)
{
    size_t length;
    const void *body = hewn_body(rq, &length);
    return hewn_bytes(rq, 200, NULL, body, length);
}

/* Pieces that are there only after a while: each is announced by a timer of the loop. */
typedef struct slow_source {
    hw_source source;
    hw_exchange *exchange;
    hw_timer timer;
    unsigned left;
    bool is_due;
    char words[40];
} slow_source;

static hw_loop *loop_of(hw_exchange *exchange)
{
    return &HW_MEMBER(exchange->place, hw_lane, place)->loop;
}

static void on_piece_due(hw_timer *timer)
{
    slow_source *slow = HW_MEMBER(timer, slow_source, timer);
    slow->is_due = true;
    slow->exchange->carrier->wake(slow->exchange);
}

static hw_pull pull_slow(hw_source *source, size_t want, hw_piece *ret_piece)
{
    slow_source *slow = (slow_source *)source;
    (void)want;
    *ret_piece = (hw_piece){0};
    if (slow->left == 0)
        return HW_PULL_END;
    if (!slow->is_due) {
        if (!hw_timer_is_armed(&slow->timer))
            hw_loop_arm(loop_of(slow->exchange), &slow->timer, (int64_t)sim_draw_between(1, 40));
        return HW_PULL_WAIT;
    }
    hw_text words = hw_text_of(slow->words);
    size_t part = words.length / SLOW_PIECES;
    size_t start = (SLOW_PIECES - slow->left--) * part;
    ret_piece->bytes = hw_text_from(words, start);
    if (slow->left > 0)
        ret_piece->bytes = hw_text_upto(ret_piece->bytes, part);
    slow->is_due = sim_chance(30);
    return HW_PULL_BYTES;
}

static void drop_slow(hw_source *source)
{
    slow_source *slow = (slow_source *)source;
    if (hw_timer_is_armed(&slow->timer))
        hw_loop_disarm(loop_of(slow->exchange), &slow->timer);
}

static const hw_source_ops slow_ops = {.pull = pull_slow, .drop = drop_slow};

static void answer_slow(hw_exchange *exchange)
{
    slow_source *slow = hw_arena_alloc_zeroed(&exchange->arena, 1, sizeof *slow);
    hw_response_start(&exchange->response, 200);
    if (slow) {
        slow->source = (hw_source){.ops = &slow_ops, .length = HW_LENGTH_UNKNOWN};
        slow->exchange = exchange;
        slow->left = SLOW_PIECES;
        hw_timer_init(&slow->timer, on_piece_due);
        hw_buffer words = HW_BUFFER_OVER(slow->words);
        hw_buffer_put_format(&words, "slow %s\n", id_of(exchange));
    }
    hw_response_take_body(&exchange->response, slow ? &slow->source : NULL);
}

static bool is_slow(const hw_exchange *exchange)
{
    return hw_text_equal(exchange->request.path.text, HW_TEXT("/slow"));
}

static const hw_answerer *rest_of(void *arg)
{
    return &((sim_app *)arg)->talk.answerer;
}

static hw_body_plan plan(void *arg, hw_exchange *exchange)
{
    if (is_slow(exchange))
        return (hw_body_plan){HW_PLAN_NONE, UINT64_MAX};
    return rest_of(arg)->plan(rest_of(arg)->arg, exchange);
}

static bool answer_quickly(void *arg, hw_exchange *exchange)
{
    const hw_answerer *rest = rest_of(arg);
    return !is_slow(exchange) && rest->quick && rest->quick(rest->arg, exchange);
}

static void answer(void *arg, hw_exchange *exchange)
{
    if (is_slow(exchange))
        answer_slow(exchange);
    else
        rest_of(arg)->answer(rest_of(arg)->arg, exchange);
}

sim_app *sim_app_new(void)
{
    hewn_fault fault = {0};
    size_t count;
    sim_app *app = hw_sys_alloc_zeroed(1, sizeof *app);
    int root = sim_files_root();
    SIM_MUST(app && root >= 0, "no application");
    app->app = hewn_new();
    if (!app->app || hewn_files(app->app, "/", root, NULL, &fault) < 0)
        sim_fail("no application: %s", fault.what);
    hw_sys_close(root);
    hewn_get(app->app, "/say", say);
    hewn_get(app->app, "/sleep", sleep_and_say);
    hewn_get(app->app, "/block", sleep_and_say, .blocking = true);
    hewn_post(app->app, "/upload", give_back, .body_bytes_max = UPLOAD_BYTES_MAX);
    hw_app_seal(app->app, true);
    const hw_local *locals = hw_app_locals(app->app, &count);
    SIM_MUST(count < LOCALS_MAX, "too many states");
    for (size_t i = 0; i < count; i++)
        app->locals[i] = locals[i];
    app->locals[count] = talk_answerers_local();
    app->local_count = count + 1;
    hw_echo_init(&app->echo, hw_app_answerer(app->app));
    talk_answerers_init(&app->talk, &app->echo.answerer, count);
    app->slow = (hw_answerer){plan, answer_quickly, answer, app, NULL};
    return app;
}

void sim_app_free(sim_app *app)
{
    hewn_app_free(app->app);
    hw_sys_free(app);
}

const hw_answerer *sim_app_answerer(const sim_app *app)
{
    return &app->slow;
}

const hw_local *sim_app_locals(const sim_app *app, size_t *ret_count)
{
    *ret_count = app->local_count;
    return app->locals;
}

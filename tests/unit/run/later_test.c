#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "hewn.h"
#include "unit/base/death.h"
#include "unit/harness.h"

/* Answers come from a thread of the test, or from none. */
typedef struct later_bench {
    hewn_test *test;
    pthread_t thread;
    bool is_started;
    hewn_later later; /* the last one that was begun */
    int sent, deferred, hooks, after_status;
    uint64_t after_bytes;
    char order[16];
} later_bench;

static later_bench *bench_of(hewn_request *rq)
{
    return hewn_state(rq);
}

static void open_later_bench(later_bench *bench, hewn_app *app, hewn_middleware *middleware)
{
    if (middleware)
        hewn_use(app, middleware, NULL);
    bench->test = hewn_test_new(app);
    hewn_app_free(app);
}

static void *answer_on_thread(void *arg)
{
    later_bench *bench = arg;
    hewn_request *rq = hewn_later_request(bench->later);
    bench->sent = rq ? hewn_later_send(bench->later,
                                       hewn_textf(rq, 201, "%s from afar", hewn_param(rq, "id")))
                     : -ENOENT;
    return NULL;
}

static void begin_thread(hewn_later later, hewn_request *rq, void *arg)
{
    later_bench *bench = bench_of(rq);
    assert_ptr_equal(arg, bench);
    bench->later = later;
    bench->is_started = pthread_create(&bench->thread, NULL, answer_on_thread, bench) == 0;
    if (!bench->is_started)
        bench->sent = hewn_later_send(later, hewn_text(rq, 503, "no thread"));
}

static hewn_response *promise_thread(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_thread, bench_of(rq));
}

static hewn_response *mark(hewn_request *rq, hewn_next *next, void *arg)
{
    hewn_response *rs = hewn_run_next(rq, next);
    (void)arg;
    hewn_set(rs, "X-Marked", "yes");
    hewn_add(rs, "Set-Cookie", "a=1");
    return rs;
}

HW_LONG_THREAD_TEST(later_is_answered_by_another_thread)
{
    later_bench bench = {0};
    hewn_app *app = hewn_new(.state = &bench);
    HW_NEED(app);
    hewn_get(app, "/{id}", promise_thread);
    open_later_bench(&bench, app, mark);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /7", NULL, NULL);
    if (bench.is_started)
        pthread_join(bench.thread, NULL);
    if (!hw_test_is_struck()) {
        assert_int_equal(bench.sent, 0);
        assert_int_equal(hewn_status(rs), 201);
        assert_string_equal(hewn_response_body(rs, NULL), "7 from afar");
        assert_string_equal(hewn_response_header(rs, "X-Marked"), "yes");
        assert_string_equal(hewn_response_header(rs, "Set-Cookie"), "a=1");
    }
    assert_int_equal(hewn_later_send(bench.later, NULL), -ESTALE);
    assert_null(hewn_later_request(bench.later));
    hewn_test_free(bench.test);
    /* Nothing it was a promise of is there any more. */
    assert_int_equal(hewn_later_send(bench.later, NULL), -ESTALE);
    assert_null(hewn_later_request(bench.later));
}

static void begin_at_once(hewn_later later, hewn_request *rq, void *arg)
{
    later_bench *bench = bench_of(rq);
    (void)arg;
    bench->later = later;
    if (strcmp(hewn_path(rq), "/give-up") == 0) {
        bench->sent = hewn_later_send(later, NULL);
        return;
    }
    hewn_response *rs = hewn_error(rq, 404, "nothing");
    hewn_set(rs, "X-Marked", "own");
    bench->sent = hewn_later_send(later, rs);
    assert_int_equal(hewn_later_send(later, NULL), -ESTALE);
    assert_null(hewn_later_request(later));
}

static hewn_response *promise_at_once(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_at_once, NULL);
}

HW_LONG_TEST(later_is_answered_by_who_begins_it)
{
    later_bench bench = {0};
    hewn_app *app = hewn_new(.state = &bench);
    HW_NEED(app);
    hewn_get(app, "/{id}", promise_at_once);
    open_later_bench(&bench, app, mark);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /x", NULL, NULL);
    if (!hw_test_is_struck()) {
        assert_int_equal(bench.sent, 0);
        assert_int_equal(hewn_status(rs), 404);
        assert_string_equal(hewn_response_header(rs, "Content-Type"), "application/problem+json");
        assert_string_equal(hewn_response_header(rs, "X-Marked"), "own");
        assert_string_equal(hewn_response_header(rs, "Set-Cookie"), "a=1");
    }
    rs = hewn_test_send(bench.test, "GET /give-up", NULL, NULL);
    if (!hw_test_is_struck()) {
        assert_int_equal(bench.sent, 0);
        assert_int_equal(hewn_status(rs), 500);
        assert_string_equal(hewn_response_header(rs, "X-Marked"), "yes");
    }
    hewn_test_free(bench.test);
}

static void begin_nothing(hewn_later later, hewn_request *rq, void *arg)
{
    (void)arg;
    bench_of(rq)->later = later;
}

static void note_deferred(void *arg)
{
    later_bench *bench = arg;
    bench->order[bench->hooks++] = 'd';
    bench->deferred++;
}

static void note_after(hewn_request *rq, int status, uint64_t bytes)
{
    later_bench *bench = bench_of(rq);
    bench->order[bench->hooks++] = 'a';
    bench->after_status = status;
    bench->after_bytes = bytes;
}

static hewn_response *promise_nothing(hewn_request *rq)
{
    if (hewn_defer(rq, note_deferred, bench_of(rq)) < 0)
        return hewn_errno(rq, ENOMEM);
    return hewn_wait_for(rq, begin_nothing, NULL);
}

HW_LONG_TEST(later_that_nobody_sends_is_a_504_at_its_deadline)
{
    later_bench bench = {0};
    hewn_app *app = hewn_new(.state = &bench);
    HW_NEED(app);
    hewn_get(app, "/", promise_nothing, .timeout_ms = 1);
    open_later_bench(&bench, app, NULL);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /", NULL, NULL);
    if (!hw_test_is_struck())
        assert_int_equal(hewn_status(rs), 504);
    assert_int_equal(hewn_later_send(bench.later, NULL), -ESTALE);
    hewn_test_free(bench.test);
    if (!hw_test_is_struck())
        assert_int_equal(bench.deferred, 1);
}

static void *send_unheld(void *arg)
{
    later_bench *bench = arg;
    (void)hewn_later_send(bench->later, (hewn_response *)arg);
    return NULL;
}

static void begin_unheld(hewn_later later, hewn_request *rq, void *arg)
{
    (void)arg;
    bench_of(rq)->later = later;
    (void)pthread_create(&bench_of(rq)->thread, NULL, send_unheld, bench_of(rq));
}

static hewn_response *promise_unheld(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_unheld, NULL);
}

static hewn_response *promise_nobody(hewn_request *rq)
{
    return hewn_wait_for(rq, NULL, NULL);
}

static void ask_once(void *arg)
{
    later_bench bench = {0};
    hewn_app *app = hewn_new(.state = &bench);
    hewn_get(app, "/", (hewn_handler *)arg);
    open_later_bench(&bench, app, NULL);
    (void)hewn_test_send(bench.test, "GET /", NULL, NULL);
}

HW_LONG_TEST(later_that_is_misused_aborts)
{
    hw_test_expect_death(ask_once, (void *)promise_nobody, "hewn_wait_for needs a function");
    hw_test_expect_death(ask_once, (void *)promise_unheld, "hewn_later_request");
}

static hewn_response *with_hooks(hewn_request *rq)
{
    later_bench *bench = bench_of(rq);
    if (hewn_defer(rq, note_deferred, bench) < 0 || hewn_after(rq, note_after) < 0 ||
        hewn_defer(rq, note_deferred, bench) < 0)
        return hewn_text(rq, 503, "");
    return hewn_text(rq, 202, "hello");
}

HW_LONG_TEST(hooks_run_when_the_request_is_over_the_last_one_first)
{
    later_bench bench = {0};
    hewn_app *app = hewn_new(.state = &bench);
    HW_NEED(app);
    hewn_get(app, "/", with_hooks);
    open_later_bench(&bench, app, NULL);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /", NULL, NULL);
    int status = hewn_status(rs);
    hewn_test_free(bench.test);
    if (hw_test_is_struck())
        return;
    assert_int_equal(status, 202);
    assert_string_equal(bench.order, "dad");
    assert_int_equal(bench.after_status, 202);
    assert_int_equal(bench.after_bytes, 5);
}

HW_TEST(later_that_never_was_is_stale)
{
    static const uint64_t never[] = {
        0, 1, 5, UINT32_MAX, (uint64_t)77 << 32 | 3, (uint64_t)UINT32_MAX << 32 | 1000};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        const hewn_later later = {never[i]};
        assert_int_equal(hewn_later_send(later, NULL), -ESTALE);
        assert_int_equal(hewn_wake(later), -ESTALE);
        assert_null(hewn_later_request(later));
    }
}

/* Holds the request, and has another thread ask for it and give it up. */
typedef struct held_later {
    hewn_later later;
    hewn_request *second;
    int given_up, woken;
} held_later;

static void *ask_for_held(void *arg)
{
    held_later *held = arg;
    held->second = hewn_later_request(held->later);
    held->given_up = hewn_later_send(held->later, NULL);
    held->woken = hewn_wake(held->later);
    return NULL;
}

static void *hold_later(void *arg)
{
    later_bench *bench = arg;
    held_later held = {.later = bench->later};
    hewn_request *rq = hewn_later_request(bench->later);
    pthread_t other;
    if (!rq)
        return NULL;
    if (pthread_create(&other, NULL, ask_for_held, &held) == 0)
        pthread_join(other, NULL);
    bench->sent =
        hewn_later_send(bench->later, hewn_textf(rq, 200, "%d %d %d", !held.second,
                                                 held.given_up == -EBUSY, held.woken == -ESTALE));
    return NULL;
}

static void begin_held(hewn_later later, hewn_request *rq, void *arg)
{
    later_bench *bench = bench_of(rq);
    (void)arg;
    bench->later = later;
    bench->is_started = pthread_create(&bench->thread, NULL, hold_later, bench) == 0;
}

static hewn_response *promise_held(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_held, NULL);
}

HW_LONG_THREAD_TEST(later_that_is_held_is_nobody_elses)
{
    later_bench bench = {0};
    hewn_app *app = hewn_new(.state = &bench);
    HW_NEED(app);
    hewn_get(app, "/", promise_held);
    open_later_bench(&bench, app, NULL);
    const hewn_response *rs = hewn_test_send(bench.test, "GET /", NULL, NULL);
    assert_string_equal(hewn_response_body(rs, NULL), "1 1 1");
    pthread_join(bench.thread, NULL);
    assert_int_equal(bench.sent, 0);
    hewn_test_free(bench.test);
}

/* One promise is not kept with another. */
static void begin_nested(hewn_later later, hewn_request *rq, void *arg)
{
    (void)arg;
    bench_of(rq)->sent = hewn_later_send(later, hewn_wait_for(rq, begin_nested, NULL));
}

static hewn_response *promise_nested(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_nested, NULL);
}

HW_LONG_TEST(later_is_not_answered_with_another)
{
    hw_test_expect_death(ask_once, (void *)promise_nested, "the promised response was not made");
}

static void *hold_for_ever(void *arg)
{
    later_bench *bench = arg;
    (void)hewn_later_request(bench->later);
    return NULL;
}

static void begin_forgotten(hewn_later later, hewn_request *rq, void *arg)
{
    (void)arg;
    bench_of(rq)->later = later;
    (void)pthread_create(&bench_of(rq)->thread, NULL, hold_for_ever, bench_of(rq));
}

static hewn_response *promise_forgotten(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_forgotten, NULL);
}

static void forget_held(void *arg)
{
    later_bench bench = {0};
    hewn_app *app = hewn_new(.state = &bench);
    (void)arg;
    hewn_get(app, "/", promise_forgotten, .timeout_ms = 50);
    open_later_bench(&bench, app, NULL);
    (void)hewn_test_send(bench.test, "GET /", NULL, NULL);
    pthread_join(bench.thread, NULL);
    hewn_test_free(bench.test);
}

HW_LONG_TEST(later_that_is_held_for_ever_fails_its_test)
{
    hw_test_expect_death(forget_held, NULL, "holds a promise");
}

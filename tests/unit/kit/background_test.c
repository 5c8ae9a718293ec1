#include "kit/background.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "hewn.h"
#include "seam/seam.h"
#include "sys/thread.h"
#include "unit/base/death.h"
#include "unit/harness.h"

enum { MS = 1000000, JOBS_WAITING_MAX = 1024 };

/* An app of this many threads; what its jobs and timers have done. */
typedef struct background_bench {
    hewn_app *app;
    hewn_timer *timer;
    atomic_bool is_open; /* what waits at the gate may go on */
    atomic_int begun, done;
    atomic_int result; /* of what a job has tried */
    int order[8];      /* of one thread's jobs */
    int freed;         /* jobs done when the state was */
} background_bench;

static void note_freed(void *state)
{
    background_bench *bench = state;
    bench->freed = atomic_load(&bench->done);
}

static void open_background(background_bench *bench, unsigned threads)
{
    memset(bench, 0, sizeof *bench);
    bench->app = hewn_new(.state = bench, .state_free = note_freed, .background_max = threads);
    HW_NEED(bench->app);
}

static void wait_at_gate(background_bench *bench)
{
    while (!atomic_load(&bench->is_open))
        sched_yield();
}

static void wait_for_count(atomic_int *count, int least)
{
    while (atomic_load(count) < least)
        sched_yield();
}

static void count_up(void *arg)
{
    background_bench *bench = arg;
    atomic_fetch_add(&bench->begun, 1);
    atomic_fetch_add(&bench->done, 1);
}

static void count_at_gate(void *arg)
{
    background_bench *bench = arg;
    atomic_fetch_add(&bench->begun, 1);
    wait_at_gate(bench);
    atomic_fetch_add(&bench->done, 1);
}

/* Without memory the test ends; what was begun must not outlive what it works on. */
static void need_spawn(background_bench *bench, void (*run)(void *arg), void *arg)
{
    int error = hewn_spawn(bench->app, run, arg);
    if (error == 0)
        return;
    atomic_store(&bench->is_open, true);
    hewn_app_free(bench->app);
    HW_NEED_OK(error);
}

static hewn_timer *need_timer(background_bench *bench, unsigned ms, void (*run)(void *arg))
{
    hewn_timer *timer = hewn_every(bench->app, ms, run, bench);
    if (timer)
        return timer;
    atomic_store(&bench->is_open, true);
    hewn_app_free(bench->app);
    hw_test_out_of_memory();
}

HW_THREAD_TEST(background_does_what_was_given_before_the_app_goes)
{
    background_bench bench;
    open_background(&bench, 0);
    for (int i = 0; i < 3; i++)
        need_spawn(&bench, count_up, &bench);
    hewn_app_free(bench.app);
    assert_int_equal(bench.freed, 3);
}

typedef struct numbered_job {
    background_bench *bench;
    int number;
} numbered_job;

static void note_order(void *arg)
{
    const numbered_job *job = arg;
    background_bench *bench = job->bench;
    bench->order[atomic_fetch_add(&bench->done, 1)] = job->number;
}

HW_THREAD_TEST(background_begins_jobs_in_the_order_they_were_given)
{
    background_bench bench;
    numbered_job jobs[8];
    open_background(&bench, 1);
    for (int i = 0; i < 8; i++) {
        jobs[i] = (numbered_job){&bench, i};
        need_spawn(&bench, note_order, &jobs[i]);
    }
    assert_int_equal(hw_seam_calls("thread_start"), 1);
    hewn_app_free(bench.app);
    for (int i = 0; i < 8; i++)
        assert_int_equal(bench.order[i], i);
}

static void meet_another(void *arg)
{
    background_bench *bench = arg;
    atomic_fetch_add(&bench->begun, 1);
    wait_for_count(&bench->begun, 2);
    atomic_fetch_add(&bench->done, 1);
}

HW_THREAD_TEST(background_has_several_threads_when_it_needs_them)
{
    background_bench bench;
    open_background(&bench, 2);
    int error = hewn_spawn(bench.app, meet_another, &bench);
    error = error < 0 ? error : hewn_spawn(bench.app, meet_another, &bench);
    atomic_fetch_add(&bench.begun, error < 0); /* so that the other one ends */
    hewn_app_free(bench.app);
    HW_NEED_OK(error);
    assert_int_equal(bench.freed, 2);
    assert_int_equal(hw_seam_calls("thread_start"), 2);
}

HW_LONG_TEST(background_refuses_more_jobs_than_may_wait)
{
    background_bench bench;
    open_background(&bench, 1);
    need_spawn(&bench, count_at_gate, &bench);
    wait_for_count(&bench.begun, 1);
    for (int i = 0; i < JOBS_WAITING_MAX; i++)
        need_spawn(&bench, count_up, &bench);
    assert_int_equal(hewn_spawn(bench.app, count_up, &bench), -EAGAIN);
    atomic_store(&bench.is_open, true);
    wait_for_count(&bench.done, JOBS_WAITING_MAX + 1);
    need_spawn(&bench, count_up, &bench);
    hewn_app_free(bench.app);
    assert_int_equal(bench.freed, JOBS_WAITING_MAX + 2);
}

HW_TEST(background_says_that_there_is_no_thread)
{
    background_bench bench;
    open_background(&bench, 0);
    hw_seam_fail_from("thread_start", 1, EPERM);
    int error = hewn_spawn(bench.app, count_up, &bench);
    hewn_timer *timer = hewn_every(bench.app, 1, count_up, &bench);
    assert_null(timer);
    if (error != -EPERM) {
        hewn_app_free(bench.app);
        HW_NEED_OK(error);
    }
    assert_int_equal(hw_app_seal(bench.app, false), hw_test_is_struck() ? -ENOMEM : -EPERM);
    if (!hw_test_is_struck())
        assert_string_equal(hw_app_fault(bench.app)->what,
                            "a timer could not be started: Operation not permitted");
    hewn_app_free(bench.app);
    assert_int_equal(bench.freed, 0);
}

HW_THREAD_TEST(background_makes_do_with_the_threads_there_are)
{
    background_bench bench;
    open_background(&bench, 4);
    hw_seam_fail_from("thread_start", 2, EAGAIN);
    for (int i = 0; i < 4; i++)
        need_spawn(&bench, count_at_gate, &bench);
    atomic_store(&bench.is_open, true);
    hewn_app_free(bench.app);
    assert_int_equal(bench.freed, 4);
}

/* Time passes only when the test says so. */
static void open_background_in_time(background_bench *bench, unsigned threads)
{
    hw_seam_clock_freeze(1000 * (int64_t)MS, 0);
    hw_seam_hurry(true);
    open_background(bench, threads);
}

HW_THREAD_TEST(background_calls_a_timer_each_time)
{
    background_bench bench;
    open_background_in_time(&bench, 0);
    (void)need_timer(&bench, 10, count_up);
    hw_seam_clock_advance(9 * MS);
    need_spawn(&bench, count_at_gate, &bench);
    wait_for_count(&bench.begun, 1); /* the job alone */
    atomic_store(&bench.is_open, true);
    for (int i = 1; i <= 3; i++) {
        hw_seam_clock_advance(i == 1 ? MS : 10 * MS);
        wait_for_count(&bench.done, 1 + i);
    }
    hewn_app_free(bench.app);
    assert_int_equal(bench.freed, 4);
}

HW_THREAD_TEST(background_makes_one_of_the_times_a_timer_missed)
{
    background_bench bench;
    open_background_in_time(&bench, 0);
    (void)need_timer(&bench, 10, count_at_gate);
    hw_seam_clock_advance(10 * MS);
    wait_for_count(&bench.begun, 1);
    hw_seam_clock_advance(55 * MS);
    assert_int_equal(atomic_load(&bench.begun), 1);
    atomic_store(&bench.is_open, true);
    wait_for_count(&bench.done, 2); /* at 65 those of 20 to 60 */
    hw_seam_clock_advance(4 * MS);
    need_spawn(&bench, count_up, &bench);
    wait_for_count(&bench.done, 3);
    hw_seam_clock_advance(MS); /* in step again: 70 */
    wait_for_count(&bench.done, 4);
    hewn_app_free(bench.app);
    assert_int_equal(bench.freed, 4);
}

HW_THREAD_TEST(background_keeps_one_timer_from_holding_up_another)
{
    background_bench slow, quick;
    open_background_in_time(&slow, 2);
    memset(&quick, 0, sizeof quick);
    (void)need_timer(&slow, 10, count_at_gate);
    hewn_timer *timer = hewn_every(slow.app, 15, count_up, &quick);
    hw_seam_clock_advance(10 * MS);
    wait_for_count(&slow.begun, 1);
    hw_seam_clock_advance(5 * MS);
    if (timer)
        wait_for_count(&quick.done, 1);
    atomic_store(&slow.is_open, true);
    hewn_app_free(slow.app);
    HW_NEED(timer);
}

static void stop_oneself(void *arg)
{
    background_bench *bench = arg;
    if (atomic_fetch_add(&bench->begun, 1) == 0)
        hewn_timer_stop(bench->timer);
    atomic_fetch_add(&bench->done, 1);
}

HW_THREAD_TEST(background_ends_a_timer_from_inside_its_call)
{
    background_bench bench;
    open_background_in_time(&bench, 0);
    bench.timer = need_timer(&bench, 10, stop_oneself);
    hw_seam_clock_advance(10 * MS);
    wait_for_count(&bench.done, 1);
    hw_seam_clock_advance(100 * MS);
    need_spawn(&bench, count_up, &bench);
    wait_for_count(&bench.done, 2);
    hewn_app_free(bench.app);
    assert_int_equal(bench.freed, 2);
}

/* Its call returns only after somebody has begun to end it. */
static void go_on_until_stopped(void *arg)
{
    background_bench *bench = arg;
    atomic_fetch_add(&bench->begun, 1);
    while (hw_seam_calls("thread_is_self") == 0)
        sched_yield();
    atomic_fetch_add(&bench->done, 1);
}

HW_THREAD_TEST(background_waits_for_the_call_of_a_timer_that_is_ended)
{
    background_bench bench;
    open_background_in_time(&bench, 0);
    hewn_timer *timer = need_timer(&bench, 10, go_on_until_stopped);
    hw_seam_clock_advance(10 * MS);
    wait_for_count(&bench.begun, 1);
    hw_seam_clock_advance(10 * MS);
    hewn_timer_stop(timer);
    assert_int_equal(atomic_load(&bench.done), 1);
    assert_int_equal(hw_background_timers(bench.app), 0);
    hewn_app_free(bench.app);
    assert_int_equal(atomic_load(&bench.begun), 1);
}

HW_THREAD_TEST(background_ends_a_timer_that_was_never_called)
{
    background_bench bench;
    open_background_in_time(&bench, 0);
    hewn_timer *timer = need_timer(&bench, 10, count_up);
    assert_int_equal(hw_background_timers(bench.app), 1);
    hewn_timer_stop(timer);
    assert_int_equal(hw_background_timers(bench.app), 0);
    hewn_timer_stop(NULL);
    hw_seam_clock_advance(10 * MS);
    hewn_app_free(bench.app);
    assert_int_equal(bench.freed, 0);
}

/* Tries, once the app has begun to go, what is too late then. */
static void try_while_it_goes(void *arg)
{
    background_bench *bench = arg;
    atomic_fetch_add(&bench->begun, 1);
    while (hw_seam_calls("thread_join") == 0)
        sched_yield();
    atomic_store(&bench->result, hewn_spawn(bench->app, count_up, bench));
    if (hewn_every(bench->app, 1, count_up, bench))
        atomic_store(&bench->result, 0);
    hewn_timer_stop(bench->timer);
}

HW_THREAD_TEST(background_takes_nothing_more_while_the_app_goes)
{
    background_bench bench;
    open_background_in_time(&bench, 1);
    bench.timer = need_timer(&bench, 10, count_up);
    (void)need_timer(&bench, 10, count_up);
    need_spawn(&bench, try_while_it_goes, &bench);
    wait_for_count(&bench.begun, 1);
    hw_seam_clock_advance(1000 * (int64_t)MS);
    need_spawn(&bench, count_up, &bench);
    hewn_app_free(bench.app);
    assert_int_equal(bench.freed, 1); /* the job; the timers were due, but it was too late */
    if (!hw_test_is_struck())
        assert_int_equal(atomic_load(&bench.result), -ECANCELED);
}

/* An app in an app: when both go, a job of the inner one asks the outer one for something. */
typedef struct nested_apps {
    background_bench outer, inner;
} nested_apps;

static void ask_the_outer_app(void *arg)
{
    nested_apps *apps = arg;
    while (hw_seam_calls("thread_join") == 0)
        sched_yield();
    int error = hewn_spawn(apps->outer.app, count_up, &apps->outer);
    atomic_store(&apps->inner.result, error);
    atomic_fetch_add(&apps->inner.done, 1);
}

HW_THREAD_TEST(background_of_a_mounted_app_ends_before_what_it_is_mounted_in)
{
    nested_apps apps;
    open_background(&apps.outer, 0);
    open_background(&apps.inner, 0);
    hewn_timer *timer = hewn_every(apps.inner.app, 60000, count_up, &apps.inner);
    int error = hewn_spawn(apps.inner.app, ask_the_outer_app, &apps);
    hewn_mount(apps.outer.app, "/inner", apps.inner.app);
    if (hw_app_seal(apps.outer.app, false) == 0)
        assert_int_equal(hw_background_timers(apps.outer.app), timer ? 1 : 0);
    hewn_app_free(apps.outer.app);
    HW_NEED_OK(error);
    assert_int_equal(apps.inner.freed, 1);
    HW_NEED_OK(atomic_load(&apps.inner.result));
    assert_int_equal(apps.outer.freed, 1);
}

HW_THREAD_TEST(background_is_finished_before_an_app_goes)
{
    background_bench bench;
    open_background(&bench, 0);
    assert_true(hw_background_finish(bench.app));
    need_spawn(&bench, count_at_gate, &bench);
    assert_false(hw_background_finish(bench.app));
    int error = hewn_spawn(bench.app, count_up, &bench);
    assert_int_equal(error, error == -ENOMEM && hw_test_is_struck() ? -ENOMEM : -ECANCELED);
    assert_true(hw_app_is_last(bench.app));
    atomic_store(&bench.is_open, true);
    while (!hw_background_finish(bench.app))
        sched_yield();
    assert_int_equal(atomic_load(&bench.done), 1);
    hewn_app_free(bench.app);
}

static void free_from_inside(void *arg)
{
    hewn_app_free(arg);
}

static void give_the_last_reference_to_a_job(void *arg)
{
    hewn_app *app = hewn_new();
    (void)arg;
    if (hewn_spawn(app, free_from_inside, app) == 0)
        for (;;)
            sched_yield();
}

static void spawn_nothing(void *app)
{
    (void)hewn_spawn(app, NULL, NULL);
}

static void call_nothing(void *app)
{
    (void)hewn_every(app, 1, NULL, NULL);
}

static void call_all_the_time(void *app)
{
    (void)hewn_every(app, 0, count_up, NULL);
}

HW_TEST(background_refuses_what_makes_no_sense)
{
    background_bench bench;
    open_background(&bench, 0);
    hw_test_expect_death(give_the_last_reference_to_a_job, NULL, "wait for its own end");
    hw_test_expect_death(spawn_nothing, bench.app, "hewn_spawn: a job without a function");
    hw_test_expect_death(call_nothing, bench.app, "hewn_every: a timer without a function");
    hw_test_expect_death(call_all_the_time, bench.app, "hewn_every: a timer without a period");
    hewn_app_free(bench.app);
}

HW_TEST(background_of_no_app_is_none)
{
    assert_int_equal(hewn_spawn(NULL, count_up, NULL), -ENOMEM);
    assert_null(hewn_every(NULL, 1, count_up, NULL));
}

enum { STRANGERS = 3, STRANGER_ROUNDS = 50 };

/* A thread that is not the library's, and does all of it, with timers that are due at once. */
static void *be_a_stranger(void *arg)
{
    background_bench *bench = arg;
    for (int i = 0; i < STRANGER_ROUNDS; i++) {
        hewn_timer *timer = hewn_every(bench->app, 1, count_up, bench);
        if (hewn_spawn(bench->app, count_up, bench) == 0)
            atomic_fetch_add(&bench->result, 1);
        sched_yield();
        hewn_timer_stop(timer);
    }
    return NULL;
}

HW_THREAD_TEST(background_is_asked_by_any_thread)
{
    background_bench bench;
    pthread_t strangers[STRANGERS];
    hw_seam_hurry(true);
    open_background(&bench, 2);
    hewn_app *group = hewn_group(bench.app, "/group");
    for (int i = 0; i < STRANGERS; i++)
        assert_int_equal(hw_sys_thread_start(&strangers[i], be_a_stranger, &bench, 256 * 1024), 0);
    if (group && hewn_spawn(group, count_up, &bench) == 0)
        atomic_fetch_add(&bench.result, 1);
    for (int i = 0; i < STRANGERS; i++)
        assert_int_equal(hw_sys_thread_join(strangers[i]), 0);
    hewn_app_free(bench.app);
    assert_true(bench.freed >= atomic_load(&bench.result));
    if (!hw_test_is_struck())
        assert_int_equal(atomic_load(&bench.result), STRANGERS * STRANGER_ROUNDS + 1);
}

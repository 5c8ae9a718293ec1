/* Does what an app has to do beside its requests: jobs that are done once, and timers.
 *
 * An app that asks for it has a pool: a few threads, a bounded queue of jobs, and timers in the
 * order in which they are due. A thread is started when there is more to do than threads that wait,
 * up to .background_max, and stays until the app goes; an app that never asks has none of this.
 * What has waited longest comes first, be it a job or a timer, so neither keeps the other from its
 * turn. One of the idle threads watches the clock for all (`watched_ns` is the time somebody will
 * wake at); who goes to work while nobody does so wakes or starts another. A timer that is
 * being called is in no list, so it cannot overlap itself; when its call has returned, all the times
 * it has missed by then are one.
 *
 * When the app goes, timers are called no more, what is queued is done, and the threads are joined;
 * then the timers are freed, so that the last jobs can still stop them. All that happens before
 * anything else of the app goes (hw_app_part).
 *
 * Everything is under one lock, which is never held during a call. Rejected: the crew of a server
 * (an app has jobs before and without one, and several servers can have one app), a thread for each
 * timer (they sleep nearly always), and a timer that starts anew when its call has returned (it
 * would drift by what the calls take). */
#include "kit/background.h"

#include <errno.h>
#include <limits.h>

#include "base/assert.h"
#include "base/list.h"
#include "base/number.h"
#include "sys/clock.h"
#include "sys/memory.h"
#include "sys/thread.h"

enum {
    BACKGROUND_THREADS = 4,
    BACKGROUND_THREADS_MAX = 1024,
    BACKGROUND_JOBS_MAX = 1024,      /* that wait */
    WORKER_STACK_BYTES = 256 * 1024, /* a job may use half of it */
};

#define BACKGROUND_NS_PER_MS INT64_C(1000000)

typedef struct background_job {
    hw_link link;
    void (*run)(void *arg);
    void *arg;
    int64_t since_ns; /* when it was given */
} background_job;

typedef struct hw_background hw_background;

typedef struct background_worker {
    hw_background *background;
    pthread_t thread;
} background_worker;

struct hewn_timer {
    hw_link link; /* in `timers`; in none while it is called */
    hw_background *background;
    void (*run)(void *arg);
    void *arg;
    int64_t period_ns, due_ns;
    const background_worker *caller; /* who calls it at the moment; NULL: nobody */
    bool is_stopped;                 /* by its own call: who calls it frees it */
    bool is_awaited;                 /* somebody waits for the call to return, and frees it */
};

struct hw_background {
    hw_app_part part;
    hewn_app *app; /* who looks for leaks finds it, when a job is left behind at the end */
    pthread_mutex_t lock;
    pthread_cond_t work;   /* there is more to do, or the end has come */
    pthread_cond_t called; /* a call of a timer has returned */
    hw_list jobs;          /* background_job, the oldest first */
    hw_list timers;        /* hewn_timer, what is due first first */
    size_t job_count, timer_count;
    int64_t watched_ns;              /* an idle thread wakes then; INT64_MAX: none does */
    unsigned idle, count, count_max; /* workers; a new one is idle, until it looks around */
    unsigned busy;                   /* in a job, or in a call of a timer */
    bool is_ending;
    background_worker workers[];
};

/* Timers. */

static hewn_timer *first_timer(const hw_background *background)
{
    const hw_list *timers = &background->timers;
    return hw_list_is_empty(timers) ? NULL : HW_MEMBER(timers->head.next, hewn_timer, link);
}

/* From the back: where most timers of one period belong. */
static void insert_timer(hw_background *background, hewn_timer *timer)
{
    hw_link *before = background->timers.head.prev;
    while (before != &background->timers.head &&
           HW_MEMBER(before, hewn_timer, link)->due_ns > timer->due_ns)
        before = before->prev;
    hw_link_insert(&timer->link, before, before->next);
}

static void forget_timer(hewn_timer *timer)
{
    hw_link_remove(&timer->link);
    timer->background->timer_count--;
    hw_sys_free(timer);
}

static void *run_worker(void *arg);

/* 0, or a negative errno; 0 too when there are as many as may be. The lock is held. */
static int start_worker(hw_background *background)
{
    if (background->count == background->count_max)
        return 0;
    background_worker *worker = &background->workers[background->count];
    worker->background = background;
    int error = hw_sys_thread_start(&worker->thread, run_worker, worker, WORKER_STACK_BYTES);
    if (error < 0)
        return error;
    background->count++;
    background->idle++;
    return 0;
}

/* When the next timer is due somebody has to be awake. */
static void ensure_watch(hw_background *background)
{
    const hewn_timer *first = first_timer(background);
    if (!first || first->due_ns >= background->watched_ns || background->is_ending)
        return;
    if (background->idle > 0)
        hw_sys_condition_wake_one(&background->work);
    else
        (void)start_worker(background); /* or it waits until somebody is free */
}

static void wait_in_background(hw_background *background, int64_t now_ns)
{
    const hewn_timer *first = first_timer(background);
    background->idle++;
    if (!first || background->is_ending || first->due_ns >= background->watched_ns) {
        hw_sys_condition_wait(&background->work, &background->lock);
    } else {
        background->watched_ns = first->due_ns;
        int64_t ms = (first->due_ns - now_ns + BACKGROUND_NS_PER_MS - 1) / BACKGROUND_NS_PER_MS;
        hw_sys_condition_wait_for(&background->work, &background->lock,
                                  (unsigned)hw_number_min((uint64_t)ms, UINT_MAX));
        background->watched_ns = INT64_MAX;
    }
    background->idle--;
}

static void do_background_job(hw_background *background, background_job *job)
{
    hw_link_remove(&job->link);
    background->job_count--;
    ensure_watch(background);
    background->busy++;
    hw_sys_mutex_unlock(&background->lock);
    job->run(job->arg);
    hw_sys_free(job);
    hw_sys_mutex_lock(&background->lock);
    background->busy--;
}

/* All that it has missed are one time, which is due at once; then it goes on in step. */
static void set_next_time(hw_background *background, hewn_timer *timer)
{
    timer->due_ns += timer->period_ns;
    int64_t late_ns = hw_sys_monotonic_ns() - timer->due_ns;
    if (late_ns > 0)
        timer->due_ns += late_ns / timer->period_ns * timer->period_ns;
    insert_timer(background, timer);
}

static void call_timer(background_worker *worker, hewn_timer *timer)
{
    hw_background *background = worker->background;
    hw_link_remove(&timer->link);
    timer->caller = worker;
    ensure_watch(background);
    background->busy++;
    hw_sys_mutex_unlock(&background->lock);
    timer->run(timer->arg);
    hw_sys_mutex_lock(&background->lock);
    background->busy--;
    timer->caller = NULL;
    if (timer->is_awaited)
        hw_sys_condition_wake_all(&background->called);
    else if (timer->is_stopped)
        forget_timer(timer);
    else
        set_next_time(background, timer);
}

/* False: there is nothing more to do, ever. */
static bool take_work(background_worker *worker)
{
    hw_background *background = worker->background;
    int64_t now_ns = hw_sys_monotonic_ns();
    background_job *job = hw_list_is_empty(&background->jobs)
                              ? NULL
                              : HW_MEMBER(background->jobs.head.next, background_job, link);
    hewn_timer *timer = background->is_ending ? NULL : first_timer(background);
    if (timer && timer->due_ns <= now_ns && (!job || timer->due_ns <= job->since_ns))
        call_timer(worker, timer);
    else if (job)
        do_background_job(background, job);
    else if (background->is_ending)
        return false;
    else
        wait_in_background(background, now_ns);
    return true;
}

static void *run_worker(void *arg)
{
    background_worker *worker = arg;
    hw_background *background = worker->background;
    hw_sys_mutex_lock(&background->lock);
    background->idle--;
    while (take_work(worker))
        ;
    hw_sys_mutex_unlock(&background->lock);
    return NULL;
}

/* The pool of an app. */

static void end_background(hw_app_part *part)
{
    hw_background *background = HW_MEMBER(part, hw_background, part);
    hw_sys_mutex_lock(&background->lock);
    background->is_ending = true;
    hw_sys_condition_wake_all(&background->work);
    unsigned count = background->count;
    background->count = 0;
    hw_sys_mutex_unlock(&background->lock);
    for (unsigned i = 0; i < count; i++)
        if (hw_sys_thread_is_self(background->workers[i].thread))
            hw_misuse_abort(NULL, 0,
                            "hewn_app_free: a job of the app gives its last reference "
                            "back, and would wait for its own end");
    for (unsigned i = 0; i < count; i++)
        (void)hw_sys_thread_join(background->workers[i].thread);
    hewn_timer *timer;
    while ((timer = first_timer(background)) != NULL)
        forget_timer(timer);
}

static void free_background(hw_app_part *part)
{
    hw_background *background = HW_MEMBER(part, hw_background, part);
    hw_sys_condition_fini(&background->called);
    hw_sys_condition_fini(&background->work);
    hw_sys_mutex_fini(&background->lock);
    hw_sys_free(background);
}

static hw_background *new_background(hewn_app *app)
{
    unsigned count_max = app->opts.background_max ? app->opts.background_max : BACKGROUND_THREADS;
    count_max = (unsigned)hw_number_min(count_max, BACKGROUND_THREADS_MAX);
    hw_background *background =
        hw_sys_alloc_zeroed(1, sizeof *background + count_max * sizeof background->workers[0]);
    if (!background)
        return NULL;
    background->part = (hw_app_part){.end = end_background, .fini = free_background};
    background->app = app;
    background->count_max = count_max;
    background->watched_ns = INT64_MAX;
    hw_sys_mutex_init(&background->lock);
    hw_sys_condition_init(&background->work);
    hw_sys_condition_init(&background->called);
    hw_list_init(&background->jobs);
    hw_list_init(&background->timers);
    return background;
}

/* NULL: no memory. */
static hw_background *background_of(hewn_app *app)
{
    hw_app_part *part = hw_app_background(app);
    if (part)
        return HW_MEMBER(part, hw_background, part);
    hw_background *background = new_background(app);
    if (!background)
        return NULL;
    part = hw_app_set_background(app, &background->part);
    if (part != &background->part)
        free_background(&background->part);
    return HW_MEMBER(part, hw_background, part);
}

/* The lock is held. */
static int queue_job(hw_background *background, background_job *job)
{
    if (background->is_ending)
        return -ECANCELED;
    if (background->job_count == BACKGROUND_JOBS_MAX)
        return -EAGAIN;
    job->since_ns = hw_sys_monotonic_ns();
    hw_list_append(&background->jobs, &job->link);
    background->job_count++;
    int error = 0;
    if (background->job_count > background->idle)
        error = start_worker(background);
    else
        hw_sys_condition_wake_one(&background->work);
    if (error == 0 || background->count > 0)
        return 0;
    hw_link_remove(&job->link);
    background->job_count--;
    return error;
}

int hewn_spawn(hewn_app *app, void (*run)(void *arg), void *arg)
{
    if (!run)
        hw_misuse_abort(NULL, 0, "hewn_spawn: a job without a function");
    hw_background *background = app ? background_of(app->owner) : NULL;
    background_job *job = background ? hw_sys_alloc_zeroed(1, sizeof *job) : NULL;
    if (!job)
        return -ENOMEM;
    job->run = run;
    job->arg = arg;
    hw_sys_mutex_lock(&background->lock);
    int error = queue_job(background, job);
    hw_sys_mutex_unlock(&background->lock);
    if (error < 0)
        hw_sys_free(job);
    return error;
}

/* The lock is held. */
static int begin_timer(hw_background *background, hewn_timer *timer)
{
    if (background->is_ending)
        return -ECANCELED;
    int error = background->count == 0 ? start_worker(background) : 0;
    if (error < 0)
        return error;
    insert_timer(background, timer);
    background->timer_count++;
    ensure_watch(background);
    return 0;
}

static int make_timer(hewn_app *app, unsigned ms, void (*run)(void *arg), void *arg,
                      hewn_timer **ret_timer)
{
    hw_background *background = background_of(app);
    hewn_timer *timer = background ? hw_sys_alloc_zeroed(1, sizeof *timer) : NULL;
    if (!timer)
        return -ENOMEM;
    timer->background = background;
    timer->run = run;
    timer->arg = arg;
    timer->period_ns = ms * BACKGROUND_NS_PER_MS;
    timer->due_ns = hw_sys_monotonic_ns() + timer->period_ns;
    hw_sys_mutex_lock(&background->lock);
    int error = begin_timer(background, timer);
    hw_sys_mutex_unlock(&background->lock);
    if (error < 0)
        hw_sys_free(timer);
    else
        *ret_timer = timer;
    return error;
}

hewn_timer *hewn_every(hewn_app *app, unsigned ms, void (*run)(void *arg), void *arg)
{
    hewn_timer *timer = NULL;
    if (!run || ms == 0)
        hw_misuse_abort(NULL, 0, "hewn_every: a timer without a %s", run ? "period" : "function");
    int error = app ? make_timer(app->owner, ms, run, arg, &timer) : 0;
    if (error < 0)
        hw_app_fail_late(app, error);
    return timer;
}

void hewn_timer_stop(hewn_timer *timer)
{
    if (!timer)
        return;
    hw_background *background = timer->background;
    hw_sys_mutex_lock(&background->lock);
    if (timer->caller && hw_sys_thread_is_self(timer->caller->thread)) {
        timer->is_stopped = true;
    } else {
        timer->is_awaited = true;
        while (timer->caller)
            hw_sys_condition_wait(&background->called, &background->lock);
        forget_timer(timer);
    }
    hw_sys_mutex_unlock(&background->lock);
}

bool hw_background_finish(hewn_app *app)
{
    hw_app_part *part = hw_app_background(app);
    bool is_done = true;
    if (part) {
        hw_background *background = HW_MEMBER(part, hw_background, part);
        hw_sys_mutex_lock(&background->lock);
        background->is_ending = true;
        is_done = background->job_count == 0 && background->busy == 0;
        hw_sys_mutex_unlock(&background->lock);
    }
    for (hw_mount *mount = app->router.mounts; mount; mount = mount->next)
        if (mount->app && !hw_background_finish(mount->app))
            is_done = false;
    return is_done;
}

size_t hw_background_timers(const hewn_app *app)
{
    hw_app_part *part = hw_app_background(app);
    size_t count = 0;
    if (part) {
        hw_background *background = HW_MEMBER(part, hw_background, part);
        hw_sys_mutex_lock(&background->lock);
        count = background->timer_count;
        hw_sys_mutex_unlock(&background->lock);
    }
    for (const hw_mount *mount = app->router.mounts; mount; mount = mount->next)
        if (mount->app)
            count += hw_background_timers(mount->app);
    return count;
}

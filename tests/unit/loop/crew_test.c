#include "loop/crew.h"

#include "seam/seam.h"
#include "sys/thread.h"
#include "unit/harness.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

enum { JOBS = 100 };

/* A crew that reads for a loop which the test steps. The gate is locked until the test opens it. */
typedef struct crew_bench {
    hw_crew *crew;
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_int runs;
    int done;
} crew_bench;

static hw_crew *new_crew(unsigned readers)
{
    return hw_crew_new(&(hw_crew_setup){.loops = 1, .readers_max = readers});
}

static void open_bench(crew_bench *bench, unsigned readers, hw_loop_kind kind)
{
    memset(bench, 0, sizeof *bench);
    hw_sys_mutex_init(&bench->gate);
    bench->crew = new_crew(readers);
    HW_NEED(bench->crew);
    HW_NEED_OK(hw_loop_init(&bench->loop, kind));
    hw_sys_mutex_lock(&bench->gate);
}

static void open_gate(crew_bench *bench)
{
    hw_sys_mutex_unlock(&bench->gate);
}

static void step_until_done(crew_bench *bench, int count)
{
    while (bench->done < count)
        hw_loop_step(&bench->loop, true);
}

/* What is queued runs before the crew ends. */
static void close_bench(crew_bench *bench)
{
    hw_crew_free(bench->crew);
    hw_loop_settle(&bench->loop);
    hw_loop_fini(&bench->loop);
    hw_sys_mutex_fini(&bench->gate);
}

/* A job that notes which run it was; one that waits does so for the gate. */
typedef struct spare_job {
    hw_job job;
    crew_bench *bench;
    bool waits;
    int run; /* its place among those that ran */
} spare_job;

static bool run_spare_job(hw_job *job)
{
    spare_job *self = HW_MEMBER(job, spare_job, job);
    self->run = atomic_fetch_add(&self->bench->runs, 1) + 1;
    if (self->waits) {
        hw_sys_mutex_lock(&self->bench->gate);
        hw_sys_mutex_unlock(&self->bench->gate);
    }
    return true;
}

static void note_done(hw_post *post)
{
    HW_MEMBER(post, spare_job, job.done)->bench->done++;
}

static spare_job make_job(crew_bench *bench, bool waits)
{
    return (spare_job){{.run = run_spare_job, .done.run = note_done}, bench, waits, 0};
}

static int give_job(crew_bench *bench, spare_job *job)
{
    return hw_crew_give(bench->crew, HW_WORK_READ, &bench->loop, &job->job);
}

HW_THREAD_TEST(crew_runs_a_job_and_posts_it)
{
    crew_bench bench;
    open_bench(&bench, 2, HW_LOOP_POLL);
    spare_job job = make_job(&bench, false);
    assert_int_equal(hw_seam_calls("thread_start"), 0);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(give_job(&bench, &job), 0);
        step_until_done(&bench, i);
        assert_int_equal(job.run, i);
    }
    open_gate(&bench);
    close_bench(&bench);
}

HW_THREAD_TEST(crew_queues_what_is_too_much_and_keeps_the_order)
{
    crew_bench bench;
    spare_job jobs[JOBS];
    open_bench(&bench, 1, HW_LOOP_MANUAL);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = make_job(&bench, i == 0);
        assert_int_equal(give_job(&bench, &jobs[i]), 0);
    }
    assert_int_equal(hw_seam_calls("thread_start"), 1);
    hw_loop_settle(&bench.loop);
    assert_int_equal(bench.done, 0);
    open_gate(&bench);
    close_bench(&bench);
    assert_int_equal(bench.done, JOBS);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].run, i + 1);
}

HW_THREAD_TEST(crew_gives_back_what_it_has_not_begun)
{
    crew_bench bench;
    open_bench(&bench, 1, HW_LOOP_POLL);
    spare_job first = make_job(&bench, true), second = make_job(&bench, false),
              third = make_job(&bench, false);
    assert_int_equal(give_job(&bench, &first), 0);
    while (atomic_load(&bench.runs) == 0)
        sched_yield();
    assert_int_equal(give_job(&bench, &second), 0);
    assert_int_equal(give_job(&bench, &third), 0);
    assert_false(hw_crew_take_back(bench.crew, &first.job));
    assert_true(hw_crew_take_back(bench.crew, &second.job));
    assert_false(hw_crew_take_back(bench.crew, &second.job));
    open_gate(&bench);
    step_until_done(&bench, 2);
    assert_int_equal(second.run, 0);
    assert_int_equal(third.run, 2);
    /* What was taken back may be given again. */
    assert_int_equal(give_job(&bench, &second), 0);
    step_until_done(&bench, 3);
    assert_int_equal(second.run, 3);
    close_bench(&bench);
}

HW_THREAD_TEST(crew_jobs_that_wait_do_not_hold_the_others)
{
    crew_bench bench;
    spare_job jobs[6];
    open_bench(&bench, 4, HW_LOOP_POLL);
    for (int i = 0; i < 6; i++) {
        jobs[i] = make_job(&bench, i < 3);
        assert_int_equal(give_job(&bench, &jobs[i]), 0);
    }
    step_until_done(&bench, 3);
    assert_int_equal(hw_seam_calls("thread_start"), 4);
    open_gate(&bench);
    step_until_done(&bench, 6);
    close_bench(&bench);
}

HW_THREAD_TEST(crew_that_cannot_start_says_so)
{
    crew_bench bench;
    open_bench(&bench, 2, HW_LOOP_MANUAL);
    spare_job first = make_job(&bench, true), second = make_job(&bench, false);
    hw_seam_fail("thread_start", 1, EAGAIN);
    hw_seam_fail("thread_start", 3, EAGAIN);
    assert_int_equal(give_job(&bench, &first), -EAGAIN);
    assert_false(hw_link_is_linked(&first.job.link));
    /* With one thread there, the job waits for that one. */
    assert_int_equal(give_job(&bench, &first), 0);
    assert_int_equal(give_job(&bench, &second), 0);
    open_gate(&bench);
    close_bench(&bench);
    assert_int_equal(bench.done, 2);
}

HW_TEST(crew_without_work_has_no_threads)
{
    hw_crew *crew = new_crew(4);
    HW_NEED(crew);
    hw_crew_free(crew);
    hw_crew_free(NULL);
    assert_int_equal(hw_seam_calls("thread_start"), 0);
}

/* A loop that a crew runs, and handlers that are held up until a test lets them go. */
typedef struct crew_desk {
    hw_crew *crew;
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_uint inside, returned, lost, pings;
} crew_desk;

typedef struct crew_handler {
    hw_ready ready;
    hw_post ask, back;
    crew_desk *desk;
} crew_handler;

static void note_return(hw_post *post)
{
    atomic_fetch_add(&HW_MEMBER(post, crew_handler, back)->desk->returned, 1);
}

static bool handle(hw_ready *ready)
{
    crew_handler *self = HW_MEMBER(ready, crew_handler, ready);
    crew_desk *desk = self->desk;
    uint64_t inside = hw_loop_begin_handler(&desk->loop);
    atomic_fetch_add(&desk->inside, 1);
    hw_sys_mutex_lock(&desk->gate);
    hw_sys_mutex_unlock(&desk->gate);
    bool is_owner = hw_loop_end_handler(&desk->loop, inside);
    if (!is_owner)
        atomic_fetch_add(&desk->lost, 1);
    hw_loop_post(&desk->loop, &self->back);
    return is_owner;
}

static void ask_handler(hw_post *post)
{
    crew_handler *self = HW_MEMBER(post, crew_handler, ask);
    hw_loop_queue_ready(&self->desk->loop, &self->ready);
}

static void init_handler(crew_handler *self, crew_desk *desk)
{
    *self = (crew_handler){.ask.run = ask_handler, .back.run = note_return, .desk = desk};
    hw_ready_init(&self->ready, handle);
}

static void wait_for(const atomic_uint *count, unsigned wanted)
{
    while (atomic_load(count) < wanted)
        sched_yield();
}

/* Whether the loop does something while its handlers are held up. */
typedef struct crew_ping {
    hw_post post;
    crew_desk *desk;
} crew_ping;

static void note_ping(hw_post *post)
{
    atomic_fetch_add(&HW_MEMBER(post, crew_ping, post)->desk->pings, 1);
}

static void ping(crew_desk *desk)
{
    crew_ping one = {.post.run = note_ping, .desk = desk};
    unsigned before = atomic_load(&desk->pings);
    hw_loop_post(&desk->loop, &one.post);
    wait_for(&desk->pings, before + 1);
}

static void open_crew_desk(crew_desk *desk, unsigned blocked_max)
{
    memset(desk, 0, sizeof *desk);
    hw_sys_mutex_init(&desk->gate);
    desk->crew = hw_crew_new(&(hw_crew_setup){.loops = 1, .blocked_max = blocked_max});
    HW_NEED(desk->crew);
    HW_NEED_OK(hw_loop_init(&desk->loop, HW_LOOP_POLL));
    HW_NEED_OK(hw_crew_run_loop(desk->crew, &desk->loop));
    hw_sys_mutex_lock(&desk->gate);
}

static void close_crew_desk(crew_desk *desk)
{
    hw_loop_end(&desk->loop);
    hw_crew_wait(desk->crew);
    hw_crew_free(desk->crew);
    hw_loop_settle(&desk->loop);
    hw_loop_fini(&desk->loop);
    hw_sys_mutex_fini(&desk->gate);
}

HW_THREAD_TEST(crew_takes_a_loop_over_as_often_as_it_must)
{
    enum { STALLS = 3 };
    crew_desk desk;
    crew_handler handlers[STALLS];
    open_crew_desk(&desk, STALLS - 1);
    for (unsigned i = 0; i < STALLS; i++) {
        init_handler(&handlers[i], &desk);
        hw_loop_post(&desk.loop, &handlers[i].ask);
        wait_for(&desk.inside, i + 1);
        ping(&desk);
    }
    assert_int_equal(desk.returned, 0);
    /* Its owner, who takes over, and the monitor; and on a busy machine a spare for an owner that was
     * back just before it was too late, each time at most. */
    assert_in_range(hw_seam_calls("thread_start"), 1 + STALLS + 1, 1 + STALLS + 1 + STALLS);
    hw_sys_mutex_unlock(&desk.gate);
    wait_for(&desk.returned, STALLS);
    assert_int_equal(desk.lost, STALLS);
    ping(&desk);
    close_crew_desk(&desk);
}

/* As many as may be late are: the next handler keeps its loop, however often the monitor looks. */
HW_THREAD_TEST(crew_leaves_a_loop_when_nobody_is_left)
{
    crew_desk desk;
    crew_handler late, last;
    open_crew_desk(&desk, 0);
    init_handler(&late, &desk);
    init_handler(&last, &desk);
    hw_loop_post(&desk.loop, &late.ask);
    wait_for(&desk.inside, 1);
    ping(&desk);
    hw_loop_post(&desk.loop, &last.ask);
    wait_for(&desk.inside, 2);
    uint64_t inside = atomic_load(&desk.loop.mark.value);
    assert_true(hw_mark_is_inside(inside));
    for (unsigned looks = hw_seam_waits() + 4; (int)(looks - hw_seam_waits()) > 0;)
        sched_yield();
    assert_int_equal(atomic_load(&desk.loop.mark.value), inside);
    hw_sys_mutex_unlock(&desk.gate);
    wait_for(&desk.returned, 2);
    /* Who returns first may be in time to take over from the other one. */
    assert_in_range(desk.lost, 1, 2);
    close_crew_desk(&desk);
}

/* The monitor ends when no handler is called any more, and the next one starts it again. */
HW_THREAD_TEST(crew_without_handlers_has_no_monitor)
{
    crew_desk desk;
    crew_handler handler;
    hw_seam_hurry(true);
    open_crew_desk(&desk, 1);
    hw_sys_mutex_unlock(&desk.gate);
    for (unsigned i = 0; i < 20; i++) {
        ping(&desk);
        assert_false(atomic_load(&desk.loop.monitor->is_awake));
        assert_true(hw_seam_calls("thread_start") >= 1 + i);
        init_handler(&handler, &desk);
        hw_loop_post(&desk.loop, &handler.ask);
        wait_for(&desk.returned, i + 1);
        while (atomic_load(&desk.loop.monitor->is_awake))
            sched_yield();
    }
    hw_seam_hurry(false);
    close_crew_desk(&desk);
}

HW_TEST(mark_is_swapped_once)
{
    hw_mark mark = {0};
    for (unsigned i = 0; i < 3; i++) {
        uint64_t inside = hw_mark_begin(&mark);
        assert_true(hw_mark_is_inside(inside));
        assert_true(hw_mark_swap(&mark, inside));
        assert_false(hw_mark_swap(&mark, inside));
        assert_false(hw_mark_is_inside(mark.value));
        uint64_t next = hw_mark_begin(&mark);
        assert_false(hw_mark_swap(&mark, inside)); /* who is late takes nothing */
        assert_true(hw_mark_swap(&mark, next));
    }
}

#include "loop/crew.h"

#include "seam/seam.h"
#include "sys/thread.h"
#include "unit/harness.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

enum { JOBS = 100 };

/* A job that notes which run it was; `gate`, where there is one, must be open for it to end. */
typedef struct spare_job {
    hw_job job;
    pthread_mutex_t *gate;
    atomic_int *runs;
    int run; /* its place among those that ran */
    int *done;
} spare_job;

static hw_crew *new_crew(unsigned readers)
{
    return hw_crew_new(&(hw_crew_setup){.loops = 1, .readers_max = readers});
}

static void run_spare_job(hw_job *job)
{
    spare_job *self = HW_MEMBER(job, spare_job, job);
    self->run = atomic_fetch_add(self->runs, 1) + 1;
    if (self->gate) {
        hw_sys_mutex_lock(self->gate);
        hw_sys_mutex_unlock(self->gate);
    }
}

static void note_done(hw_post *post)
{
    spare_job *self = HW_MEMBER(post, spare_job, job.done);
    ++*self->done;
}

static spare_job make_job(atomic_int *runs, int *done, pthread_mutex_t *gate)
{
    return (spare_job){{.run = run_spare_job, .done.run = note_done}, gate, runs, 0, done};
}

HW_THREAD_TEST(crew_runs_a_job_and_posts_it)
{
    hw_loop loop;
    atomic_int runs = 0;
    int done = 0;
    hw_crew *crew = new_crew(2);
    HW_NEED(crew);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    spare_job job = make_job(&runs, &done, NULL);
    assert_int_equal(hw_seam_calls("thread_start"), 0);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &job.job), 0);
        while (done < i)
            hw_loop_step(&loop, true);
        assert_int_equal(job.run, i);
    }
    hw_crew_free(crew);
    hw_loop_fini(&loop);
}

HW_THREAD_TEST(crew_queues_what_is_too_much_and_keeps_the_order)
{
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_int runs = 0;
    int done = 0;
    spare_job jobs[JOBS];
    hw_sys_mutex_init(&gate);
    hw_crew *crew = new_crew(1);
    HW_NEED(crew);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_MANUAL));
    hw_sys_mutex_lock(&gate);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = make_job(&runs, &done, i == 0 ? &gate : NULL);
        assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &jobs[i].job), 0);
    }
    assert_int_equal(hw_seam_calls("thread_start"), 1);
    hw_loop_settle(&loop);
    assert_int_equal(done, 0);
    hw_sys_mutex_unlock(&gate);
    /* Those that are queued run before the end. */
    hw_crew_free(crew);
    hw_loop_settle(&loop);
    assert_int_equal(done, JOBS);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].run, i + 1);
    hw_loop_fini(&loop);
    hw_sys_mutex_fini(&gate);
}

HW_THREAD_TEST(crew_gives_back_what_it_has_not_begun)
{
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_int runs = 0;
    int done = 0;
    hw_sys_mutex_init(&gate);
    hw_crew *crew = new_crew(1);
    HW_NEED(crew);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    spare_job first = make_job(&runs, &done, &gate), second = make_job(&runs, &done, NULL),
              third = make_job(&runs, &done, NULL);
    hw_sys_mutex_lock(&gate);
    assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &first.job), 0);
    while (atomic_load(&runs) == 0)
        sched_yield();
    assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &second.job), 0);
    assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &third.job), 0);
    assert_false(hw_crew_take_back(crew, &first.job));
    assert_true(hw_crew_take_back(crew, &second.job));
    assert_false(hw_crew_take_back(crew, &second.job));
    hw_sys_mutex_unlock(&gate);
    while (done < 2)
        hw_loop_step(&loop, true);
    assert_int_equal(second.run, 0);
    assert_int_equal(third.run, 2);
    /* What was taken back may be given again. */
    assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &second.job), 0);
    while (done < 3)
        hw_loop_step(&loop, true);
    assert_int_equal(second.run, 3);
    hw_crew_free(crew);
    hw_loop_fini(&loop);
    hw_sys_mutex_fini(&gate);
}

HW_THREAD_TEST(crew_jobs_that_wait_do_not_hold_the_others)
{
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_int runs = 0;
    int done = 0;
    spare_job jobs[6];
    hw_sys_mutex_init(&gate);
    hw_crew *crew = new_crew(4);
    HW_NEED(crew);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    hw_sys_mutex_lock(&gate);
    for (int i = 0; i < 6; i++) {
        jobs[i] = make_job(&runs, &done, i < 3 ? &gate : NULL);
        assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &jobs[i].job), 0);
    }
    while (done < 3)
        hw_loop_step(&loop, true);
    assert_int_equal(hw_seam_calls("thread_start"), 4);
    hw_sys_mutex_unlock(&gate);
    while (done < 6)
        hw_loop_step(&loop, true);
    hw_crew_free(crew);
    hw_loop_fini(&loop);
    hw_sys_mutex_fini(&gate);
}

HW_THREAD_TEST(crew_that_cannot_start_says_so)
{
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_int runs = 0;
    int done = 0;
    hw_sys_mutex_init(&gate);
    hw_crew *crew = new_crew(2);
    HW_NEED(crew);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_MANUAL));
    spare_job first = make_job(&runs, &done, &gate), second = make_job(&runs, &done, NULL);
    hw_seam_fail("thread_start", 1, EAGAIN);
    hw_seam_fail("thread_start", 3, EAGAIN);
    assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &first.job), -EAGAIN);
    assert_false(hw_link_is_linked(&first.job.link));
    /* With one thread there, the job waits for that one. */
    hw_sys_mutex_lock(&gate);
    assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &first.job), 0);
    assert_int_equal(hw_crew_give(crew, HW_WORK_READ, &loop, &second.job), 0);
    hw_sys_mutex_unlock(&gate);
    hw_crew_free(crew);
    hw_loop_settle(&loop);
    assert_int_equal(done, 2);
    hw_loop_fini(&loop);
    hw_sys_mutex_fini(&gate);
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
    /* Its owner, who takes over, and the monitor. */
    assert_int_equal(hw_seam_calls("thread_start"), 1 + STALLS + 1);
    hw_sys_mutex_unlock(&desk.gate);
    wait_for(&desk.returned, STALLS);
    assert_int_equal(desk.lost, STALLS);
    ping(&desk);
    close_crew_desk(&desk);
}

/* As many as may be late are: the next handler keeps its loop. */
HW_THREAD_TEST(crew_leaves_a_loop_when_nobody_is_left)
{
    crew_desk desk;
    crew_handler late, last;
    open_crew_desk(&desk, 0);
    init_handler(&late, &desk);
    init_handler(&last, &desk);
    hw_loop_post(&desk.loop, &late.ask);
    ping(&desk);
    wait_for(&desk.inside, 1);
    ping(&desk);
    hw_loop_post(&desk.loop, &last.ask);
    wait_for(&desk.inside, 2);
    hw_sys_mutex_unlock(&desk.gate);
    wait_for(&desk.returned, 2);
    assert_true(desk.lost >= 1);
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

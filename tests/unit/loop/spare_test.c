#include "loop/spare.h"

#include "seam/seam.h"
#include "sys/thread.h"
#include "unit/harness.h"

#include <errno.h>
#include <sched.h>

enum { JOBS = 100 };

/* A job that notes which run it was; `gate`, where there is one, must be open for it to end. */
typedef struct spare_job {
    hw_job job;
    pthread_mutex_t *gate;
    atomic_int *runs;
    int run; /* its place among those that ran */
    int *done;
} spare_job;

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

HW_THREAD_TEST(spare_runs_a_job_and_posts_it)
{
    hw_loop loop;
    atomic_int runs = 0;
    int done = 0;
    hw_spares *spares = hw_spares_new(2);
    HW_NEED(spares);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    spare_job job = make_job(&runs, &done, NULL);
    assert_int_equal(hw_seam_calls("thread_start"), 0);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(hw_spares_give(spares, &loop, &job.job), 0);
        while (done < i)
            hw_loop_step(&loop, true);
        assert_int_equal(job.run, i);
    }
    hw_spares_free(spares);
    hw_loop_fini(&loop);
}

HW_THREAD_TEST(spare_queues_what_is_too_much_and_keeps_the_order)
{
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_int runs = 0;
    int done = 0;
    spare_job jobs[JOBS];
    hw_sys_mutex_init(&gate);
    hw_spares *spares = hw_spares_new(1);
    HW_NEED(spares);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_MANUAL));
    hw_sys_mutex_lock(&gate);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = make_job(&runs, &done, i == 0 ? &gate : NULL);
        assert_int_equal(hw_spares_give(spares, &loop, &jobs[i].job), 0);
    }
    assert_int_equal(hw_seam_calls("thread_start"), 1);
    hw_loop_settle(&loop);
    assert_int_equal(done, 0);
    hw_sys_mutex_unlock(&gate);
    /* Those that are queued run before the end. */
    hw_spares_free(spares);
    hw_loop_settle(&loop);
    assert_int_equal(done, JOBS);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].run, i + 1);
    hw_loop_fini(&loop);
    hw_sys_mutex_fini(&gate);
}

HW_THREAD_TEST(spare_gives_back_what_it_has_not_begun)
{
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_int runs = 0;
    int done = 0;
    hw_sys_mutex_init(&gate);
    hw_spares *spares = hw_spares_new(1);
    HW_NEED(spares);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    spare_job first = make_job(&runs, &done, &gate), second = make_job(&runs, &done, NULL),
              third = make_job(&runs, &done, NULL);
    hw_sys_mutex_lock(&gate);
    assert_int_equal(hw_spares_give(spares, &loop, &first.job), 0);
    while (atomic_load(&runs) == 0)
        sched_yield();
    assert_int_equal(hw_spares_give(spares, &loop, &second.job), 0);
    assert_int_equal(hw_spares_give(spares, &loop, &third.job), 0);
    assert_false(hw_spares_take_back(spares, &first.job));
    assert_true(hw_spares_take_back(spares, &second.job));
    assert_false(hw_spares_take_back(spares, &second.job));
    hw_sys_mutex_unlock(&gate);
    while (done < 2)
        hw_loop_step(&loop, true);
    assert_int_equal(second.run, 0);
    assert_int_equal(third.run, 2);
    /* What was taken back may be given again. */
    assert_int_equal(hw_spares_give(spares, &loop, &second.job), 0);
    while (done < 3)
        hw_loop_step(&loop, true);
    assert_int_equal(second.run, 3);
    hw_spares_free(spares);
    hw_loop_fini(&loop);
    hw_sys_mutex_fini(&gate);
}

HW_THREAD_TEST(spare_jobs_that_wait_do_not_hold_the_others)
{
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_int runs = 0;
    int done = 0;
    spare_job jobs[6];
    hw_sys_mutex_init(&gate);
    hw_spares *spares = hw_spares_new(4);
    HW_NEED(spares);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    hw_sys_mutex_lock(&gate);
    for (int i = 0; i < 6; i++) {
        jobs[i] = make_job(&runs, &done, i < 3 ? &gate : NULL);
        assert_int_equal(hw_spares_give(spares, &loop, &jobs[i].job), 0);
    }
    while (done < 3)
        hw_loop_step(&loop, true);
    assert_int_equal(hw_seam_calls("thread_start"), 4);
    hw_sys_mutex_unlock(&gate);
    while (done < 6)
        hw_loop_step(&loop, true);
    hw_spares_free(spares);
    hw_loop_fini(&loop);
    hw_sys_mutex_fini(&gate);
}

HW_THREAD_TEST(spare_that_cannot_start_says_so)
{
    hw_loop loop;
    pthread_mutex_t gate;
    atomic_int runs = 0;
    int done = 0;
    hw_sys_mutex_init(&gate);
    hw_spares *spares = hw_spares_new(2);
    HW_NEED(spares);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_MANUAL));
    spare_job first = make_job(&runs, &done, &gate), second = make_job(&runs, &done, NULL);
    hw_seam_fail("thread_start", 1, EAGAIN);
    hw_seam_fail("thread_start", 3, EAGAIN);
    assert_int_equal(hw_spares_give(spares, &loop, &first.job), -EAGAIN);
    assert_false(hw_link_is_linked(&first.job.link));
    /* With one thread there, the job waits for that one. */
    hw_sys_mutex_lock(&gate);
    assert_int_equal(hw_spares_give(spares, &loop, &first.job), 0);
    assert_int_equal(hw_spares_give(spares, &loop, &second.job), 0);
    hw_sys_mutex_unlock(&gate);
    hw_spares_free(spares);
    hw_loop_settle(&loop);
    assert_int_equal(done, 2);
    hw_loop_fini(&loop);
    hw_sys_mutex_fini(&gate);
}

HW_TEST(spares_without_work_have_no_threads)
{
    hw_spares *spares = hw_spares_new(4);
    HW_NEED(spares);
    hw_spares_free(spares);
    hw_spares_free(NULL);
    assert_int_equal(hw_seam_calls("thread_start"), 0);
}

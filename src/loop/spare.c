/* Threads that work for loops.
 *
 * They belong to the server, not to a loop: a disk that is slow for one is slow for all, and four
 * threads that wait for it are enough to keep it busy. The first job starts the first thread, and a
 * job for which none is idle another one, up to the maximum; those that have nothing to do sleep. A
 * server whose files are all in memory never has any.
 *
 * The queue is a list through the jobs themselves, so giving one cannot fail for want of room. It
 * has no bound of its own: who gives a job waits for it, or takes it back, so there are never more
 * than there are those who wait. A fixed ring was rejected: when it is full a loop would have to
 * wait for the disk itself, or to come back, and that is a second queue.
 *
 * One lock guards everything; it is held for a few instructions, and while a thread is started. A
 * job is the spare's from the moment it is given until its post is pushed, and the loop's again
 * afterwards: the lock and the inbox hand over what was written to it. */
#include "loop/spare.h"

#include <errno.h>

#include "sys/memory.h"
#include "sys/thread.h"

#define SPARE_STACK_BYTES ((size_t)256 * 1024)

struct hw_spares {
    pthread_mutex_t lock;
    pthread_cond_t work;             /* a job was queued, or the end has come */
    hw_list jobs;                    /* nobody has begun these */
    unsigned waiting;                /* jobs */
    unsigned idle, count, count_max; /* threads */
    bool is_ending;
    pthread_t threads[];
};

hw_spares *hw_spares_new(unsigned threads_max)
{
    hw_spares *spares =
        hw_sys_alloc_zeroed(1, sizeof *spares + threads_max * sizeof *spares->threads);
    if (!spares)
        return NULL;
    hw_sys_mutex_init(&spares->lock);
    hw_sys_condition_init(&spares->work);
    hw_list_init(&spares->jobs);
    spares->count_max = threads_max;
    return spares;
}

/* The next job; NULL: there will be none. */
static hw_job *take_job(hw_spares *spares)
{
    hw_link *link;
    hw_sys_mutex_lock(&spares->lock);
    while (!(link = hw_list_take_first(&spares->jobs)) && !spares->is_ending) {
        spares->idle++;
        hw_sys_condition_wait(&spares->work, &spares->lock);
        spares->idle--;
    }
    if (link)
        spares->waiting--;
    hw_sys_mutex_unlock(&spares->lock);
    return link ? HW_MEMBER(link, hw_job, link) : NULL;
}

static void *run_spare(void *arg)
{
    hw_spares *spares = arg;
    for (hw_job *job; (job = take_job(spares));) {
        job->run(job);
        hw_loop_post(job->loop, &job->done);
    }
    return NULL;
}

/* One more thread, unless each job that waits has an idle one. A thread that was woken and has not
 * come to take its job is still counted as idle, and its job as waiting. */
static int start_thread(hw_spares *spares)
{
    if (spares->waiting <= spares->idle || spares->count == spares->count_max)
        return 0;
    int error =
        hw_sys_thread_start(&spares->threads[spares->count], run_spare, spares, SPARE_STACK_BYTES);
    if (error == 0)
        spares->count++;
    return spares->count > 0 ? 0 : error;
}

int hw_spares_give(hw_spares *spares, hw_loop *loop, hw_job *job)
{
    job->loop = loop;
    hw_link_init(&job->link);
    hw_sys_mutex_lock(&spares->lock);
    hw_list_append(&spares->jobs, &job->link);
    spares->waiting++;
    int error = start_thread(spares);
    if (error < 0) {
        hw_link_remove(&job->link);
        spares->waiting--;
    }
    hw_sys_condition_wake_one(&spares->work);
    hw_sys_mutex_unlock(&spares->lock);
    return error;
}

bool hw_spares_take_back(hw_spares *spares, hw_job *job)
{
    hw_sys_mutex_lock(&spares->lock);
    bool is_queued = hw_link_is_linked(&job->link);
    hw_link_remove(&job->link);
    spares->waiting -= is_queued;
    hw_sys_mutex_unlock(&spares->lock);
    return is_queued;
}

void hw_spares_free(hw_spares *spares)
{
    if (!spares)
        return;
    hw_sys_mutex_lock(&spares->lock);
    spares->is_ending = true;
    hw_sys_condition_wake_all(&spares->work);
    hw_sys_mutex_unlock(&spares->lock);
    for (unsigned i = 0; i < spares->count; i++)
        hw_sys_thread_join(spares->threads[i]);
    hw_sys_condition_fini(&spares->work);
    hw_sys_mutex_fini(&spares->lock);
    hw_sys_free(spares);
}

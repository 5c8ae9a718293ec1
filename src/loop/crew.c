/* The threads of a server.
 *
 * They belong to the server, not to a loop. A thread that has nothing to do takes, in this order, a
 * loop that has no owner, a handler that waits, a body to be written, a signature to be waited for, a file to
 * be read. The first job starts the first
 * spare, and a job for which none is idle another one, up to the bound of its kind; a server whose
 * files are all in memory and whose handlers are quick has only the owners.
 *
 * Taking over: the monitor (monitor.c) finds an owner that is held up. First a spare is made sure
 * of, then the mark is swapped; so no loop is ever without somebody who comes for it. The owner
 * finds that out when its handler returns: hw_loop_run gives it back here without another look at
 * the loop, and it is a spare. Owners that are late count as blocked; so many may be late as there
 * are loops beyond blocked_max, because slow handlers that were given to spares must not use up
 * what keeps the loops going.
 *
 * The queues are lists through the jobs themselves, so giving one cannot fail for want of room.
 * Readings and signatures have no bound of their own: who gives one waits for it, and takes it back when
 * it is given up.
 *
 * One lock guards everything; it is held for a few instructions, and while a thread is started. A
 * job is the spare's from the moment it is given until its post is pushed, and the loop's again
 * afterwards: the lock and the inbox hand over what was written to it; the lock and the mark do so
 * for a loop. Nobody takes another lock while holding this one. */
#include "loop/crew.h"

#include <errno.h>

#include "base/assert.h"
#include "base/number.h"
#include "loop/monitor.h"
#include "sys/memory.h"
#include "sys/thread.h"

/* A handler may use half of it. */
#define THREAD_STACK_BYTES ((size_t)256 * 1024)

typedef struct job_queue {
    hw_list jobs; /* nobody has begun these */
    unsigned waiting, waiting_max;
    unsigned running, running_max;
} job_queue;

struct hw_crew {
    pthread_mutex_t lock;
    pthread_cond_t work;  /* there is more to do, or the end has come */
    pthread_cond_t ended; /* a loop has ended */
    hw_list orphans;      /* hw_loop: they want an owner */
    unsigned orphan_count;
    job_queue queues[HW_WORK_COUNT];
    unsigned loops, loops_max;       /* that have not ended */
    unsigned late;                   /* threads in a handler whose loop was taken over */
    unsigned idle, count, count_max; /* threads; a new one is idle, until it looks around */
    bool is_ending;
    hw_monitor monitor;
    hw_monitored *monitored;
    pthread_t threads[];
};

static void init_queue(job_queue *queue, unsigned running_max, unsigned waiting_max)
{
    *queue = (job_queue){.running_max = running_max, .waiting_max = waiting_max};
    hw_list_init(&queue->jobs);
}

static hw_monitor_take take_over;

hw_crew *hw_crew_new(const hw_crew_setup *setup)
{
    unsigned count_max = 2 * setup->loops + setup->readers_max + setup->signers_max +
                         setup->blocked_max + setup->streams_max;
    hw_crew *crew = hw_sys_alloc_zeroed(1, sizeof *crew + count_max * sizeof *crew->threads);
    if (!crew)
        return NULL;
    crew->monitored = hw_sys_alloc_zeroed(setup->loops, sizeof *crew->monitored);
    if (!crew->monitored) {
        hw_sys_free(crew);
        return NULL;
    }
    hw_sys_mutex_init(&crew->lock);
    hw_sys_condition_init(&crew->work);
    hw_sys_condition_init(&crew->ended);
    hw_list_init(&crew->orphans);
    init_queue(&crew->queues[HW_WORK_READ], setup->readers_max, UINT32_MAX);
    init_queue(&crew->queues[HW_WORK_SIGN], setup->signers_max, UINT32_MAX);
    init_queue(&crew->queues[HW_WORK_STREAM], setup->streams_max, UINT32_MAX);
    init_queue(&crew->queues[HW_WORK_HANDLER], setup->blocked_max, setup->waiting_max);
    crew->loops_max = setup->loops;
    crew->count_max = count_max;
    hw_monitor_init(&crew->monitor, crew->monitored, take_over, crew);
    return crew;
}

/* How many more of a queue's jobs may run. A late owner is blocked as a spare in a handler is. */
static unsigned room_of(const hw_crew *crew, const job_queue *queue)
{
    unsigned running = queue->running;
    if (queue == &crew->queues[HW_WORK_HANDLER])
        running += crew->late;
    return running < queue->running_max ? queue->running_max - running : 0;
}

/* What an idle thread could begin with now. */
static unsigned count_work(const hw_crew *crew)
{
    unsigned work = crew->orphan_count;
    for (unsigned i = 0; i < HW_WORK_COUNT; i++) {
        const job_queue *queue = &crew->queues[i];
        work += (unsigned)hw_number_min(queue->waiting, room_of(crew, queue));
    }
    return work;
}

/* A handler that waits keeps a client waiting, and so does who writes a body; then who comes anew;
 * reading ahead is done for one that has begun. */
static hw_job *take_job(hw_crew *crew)
{
    for (unsigned i = HW_WORK_COUNT; i-- > 0;) {
        job_queue *queue = &crew->queues[i];
        hw_link *link = room_of(crew, queue) > 0 ? hw_list_take_first(&queue->jobs) : NULL;
        if (!link)
            continue;
        queue->waiting--;
        queue->running++;
        return HW_MEMBER(link, hw_job, link);
    }
    return NULL;
}

static hw_loop *take_orphan(hw_crew *crew)
{
    hw_link *link = hw_list_take_first(&crew->orphans);
    if (!link)
        return NULL;
    crew->orphan_count--;
    return HW_MEMBER(link, hw_loop, orphan);
}

/* Without the lock but at both ends. */
static void own_loop(hw_crew *crew, hw_loop *loop)
{
    hw_sys_mutex_unlock(&crew->lock);
    bool has_ended = hw_loop_run(loop);
    hw_sys_mutex_lock(&crew->lock);
    if (has_ended)
        crew->loops--;
    else
        crew->late--;
    hw_sys_condition_wake_all(&crew->ended);
}

static void do_job(hw_crew *crew, hw_job *job)
{
    job_queue *queue = &crew->queues[job->work];
    hw_sys_mutex_unlock(&crew->lock);
    hw_loop *loop = job->loop;
    if (job->run(job))
        hw_loop_post(loop, &job->done);
    hw_sys_mutex_lock(&crew->lock);
    queue->running--;
}

static void *run_thread(void *arg)
{
    hw_crew *crew = arg;
    hw_sys_mutex_lock(&crew->lock);
    crew->idle--;
    for (;;) {
        hw_loop *loop = take_orphan(crew);
        hw_job *job = loop ? NULL : take_job(crew);
        if (loop) {
            own_loop(crew, loop);
        } else if (job) {
            do_job(crew, job);
        } else if (crew->is_ending) {
            break;
        } else {
            crew->idle++;
            hw_sys_condition_wait(&crew->work, &crew->lock);
            crew->idle--;
        }
    }
    hw_sys_mutex_unlock(&crew->lock);
    return NULL;
}

/* One more thread, unless each piece of work has an idle one. A thread that was woken and has not
 * come to take its work is still counted as idle, and its work as waiting. 0: there is one, or
 * there will be when another has done what it does. */
static int start_thread(hw_crew *crew)
{
    if (count_work(crew) <= crew->idle || crew->count == crew->count_max)
        return 0;
    int error =
        hw_sys_thread_start(&crew->threads[crew->count], run_thread, crew, THREAD_STACK_BYTES);
    if (error < 0)
        return error;
    crew->count++;
    crew->idle++;
    return 0;
}

static void add_orphan(hw_crew *crew, hw_loop *loop)
{
    hw_list_append(&crew->orphans, &loop->orphan);
    crew->orphan_count++;
}

static void remove_orphan(hw_crew *crew, hw_loop *loop)
{
    hw_link_remove(&loop->orphan);
    crew->orphan_count--;
}

int hw_crew_run_loop(hw_crew *crew, hw_loop *loop)
{
    loop->monitor = &crew->monitor;
    hw_monitor_add(&crew->monitor,
                   loop); /* before its first handler, or nobody might look at that */
    hw_sys_mutex_lock(&crew->lock);
    hw_assert(crew->loops < crew->loops_max);
    add_orphan(crew, loop);
    int error = start_thread(crew);
    if (error < 0)
        remove_orphan(crew, loop);
    else
        crew->loops++;
    hw_sys_condition_wake_one(&crew->work);
    hw_sys_mutex_unlock(&crew->lock);
    return error;
}

void hw_crew_wait(hw_crew *crew)
{
    hw_sys_mutex_lock(&crew->lock);
    while (crew->loops > 0)
        hw_sys_condition_wait(&crew->ended, &crew->lock);
    hw_sys_mutex_unlock(&crew->lock);
}

/* On the monitor's thread. The loop waits for its owner while there is nobody else. */
static void take_over(void *arg, hw_loop *loop, uint64_t inside)
{
    hw_crew *crew = arg;
    hw_sys_mutex_lock(&crew->lock);
    const job_queue *handlers = &crew->queues[HW_WORK_HANDLER];
    if (crew->late + handlers->running < handlers->running_max + crew->loops_max) {
        add_orphan(crew, loop);
        if (start_thread(crew) == 0 && hw_mark_swap(&loop->mark, inside)) {
            crew->late++;
            hw_sys_condition_wake_one(&crew->work);
        } else {
            remove_orphan(crew, loop);
        }
    }
    hw_sys_mutex_unlock(&crew->lock);
}

static int add_job(hw_crew *crew, job_queue *queue, hw_job *job)
{
    hw_list_append(&queue->jobs, &job->link);
    queue->waiting++;
    int error = start_thread(crew);
    /* Somebody will come to it, when the loops without an owner have theirs; but who writes a body
     * may never be done with that. */
    unsigned ending = queue == &crew->queues[HW_WORK_STREAM] ? 0 : queue->running;
    if (error == 0 || crew->idle + ending > crew->orphan_count)
        return 0;
    hw_link_remove(&job->link);
    queue->waiting--;
    return error;
}

int hw_crew_give(hw_crew *crew, hw_work work, hw_loop *loop, hw_job *job)
{
    job_queue *queue = &crew->queues[work];
    job->loop = loop;
    job->work = work;
    hw_sys_mutex_lock(&crew->lock);
    bool is_full = work == HW_WORK_STREAM ? queue->waiting >= room_of(crew, queue)
                                          : queue->waiting == queue->waiting_max;
    int error = is_full ? -EBUSY : add_job(crew, queue, job);
    hw_sys_condition_wake_one(&crew->work);
    hw_sys_mutex_unlock(&crew->lock);
    return error;
}

bool hw_crew_take_back(hw_crew *crew, hw_job *job)
{
    hw_sys_mutex_lock(&crew->lock);
    bool is_waiting = hw_link_is_linked(&job->link);
    if (is_waiting) {
        hw_link_remove(&job->link);
        crew->queues[job->work].waiting--;
    }
    hw_sys_mutex_unlock(&crew->lock);
    return is_waiting;
}

void hw_crew_free(hw_crew *crew)
{
    if (!crew)
        return;
    hw_monitor_fini(&crew->monitor);
    hw_sys_mutex_lock(&crew->lock);
    hw_assert(crew->loops == 0);
    crew->is_ending = true;
    hw_sys_condition_wake_all(&crew->work);
    hw_sys_mutex_unlock(&crew->lock);
    for (unsigned i = 0; i < crew->count; i++)
        hw_sys_thread_join(crew->threads[i]);
    hw_sys_condition_fini(&crew->ended);
    hw_sys_condition_fini(&crew->work);
    hw_sys_mutex_fini(&crew->lock);
    hw_sys_free(crew->monitored);
    hw_sys_free(crew);
}

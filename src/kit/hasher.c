/* Hashes files in the background, and remembers what came out.
 *
 * A hash is kept under the identity of the file, with its time of last change, which nobody can set:
 * so new bytes under the old size and the old time of modification are another file here. Within one
 * tick of the file system's clock even that says nothing, and a file whose last change is so young
 * is hashed without being kept.
 *
 * The thread is started for the first file and ends with the last one: a server of small files has
 * none. Files that somebody waits for come first. One thread, because it shares the disk with all
 * who are served; what it does takes as long as reading the file.
 *
 * The table has a fixed number of places, one for each remainder of a file's identity: what is
 * driven out is hashed again. Rejected: to keep hashes beside the files (attributes, a file of them),
 * which asks for the right to write, and has to be believed. */
#include "kit/hasher.h"

#include <errno.h>

#include "base/list.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/socket.h"
#include "sys/thread.h"

enum {
    HASHES_MAX = 4096, /* a power of two */
    HASH_JOBS_MAX = 64,
    HASH_WAITERS_MAX = 8, /* threads of handlers, which others need too */
    HASH_WAIT_MS = 2000,
    HASH_STACK_BYTES = 128 * 1024,
};

typedef struct known_hash {
    hw_identity file;
    hw_content_hash hash;
    bool is_there;
} known_hash;

typedef struct hash_job {
    hw_link link; /* in `jobs`; in none while it is done, and after that */
    int fd;
    hw_identity file;
    unsigned waiters; /* the last of them frees it; without any, the thread does */
    bool is_done;
    int error;
    hw_content_hash hash;
} hash_job;

struct hw_hasher {
    atomic_uint references;
    atomic_uint count;
    atomic_bool is_ending;
    pthread_mutex_t lock;
    pthread_cond_t done; /* a job is */
    known_hash *known;   /* HASHES_MAX of them; NULL: none yet */
    hw_list jobs;
    hash_job *current; /* what the thread does */
    size_t job_count;
    unsigned waiters;
    bool has_thread; /* to be joined */
    bool is_working; /* the thread has not begun to end */
    pthread_t thread;
};

int hw_hasher_new(hw_hasher **ret_hasher)
{
    hw_hasher *hasher = hw_sys_alloc_zeroed(1, sizeof *hasher);
    if (!hasher)
        return -ENOMEM;
    atomic_init(&hasher->references, 1);
    hw_sys_mutex_init(&hasher->lock);
    hw_sys_condition_init(&hasher->done);
    hw_list_init(&hasher->jobs);
    *ret_hasher = hasher;
    return 0;
}

hw_hasher *hw_hasher_hold(hw_hasher *hasher)
{
    atomic_fetch_add(&hasher->references, 1);
    return hasher;
}

static void free_job(hash_job *job)
{
    (void)hw_sys_close(job->fd);
    hw_sys_free(job);
}

/* Nobody waits any more: those who do have a reference. */
static void end_hasher(hw_hasher *hasher)
{
    atomic_store(&hasher->is_ending, true);
    if (hasher->has_thread)
        (void)hw_sys_thread_join(hasher->thread);
    for (hw_link *link; (link = hw_list_first(&hasher->jobs));) {
        hw_link_remove(link);
        free_job(HW_MEMBER(link, hash_job, link));
    }
    hw_sys_condition_fini(&hasher->done);
    hw_sys_mutex_fini(&hasher->lock);
    hw_sys_free(hasher->known);
    hw_sys_free(hasher);
}

void hw_hasher_release(hw_hasher *hasher)
{
    if (hasher && atomic_fetch_sub(&hasher->references, 1) == 1)
        end_hasher(hasher);
}

unsigned hw_hasher_count(const hw_hasher *hasher)
{
    return atomic_load_explicit(&hasher->count, memory_order_acquire);
}

/* The lock is held; `known` is there. Neighbouring inodes, and versions of one, lie apart. */
static known_hash *place_of(const hw_hasher *hasher, const hw_identity *file)
{
    uint64_t mixed =
        (file->inode ^ file->changed_ns ^ file->device << 32) * UINT64_C(0x9e3779b97f4a7c15);
    return &hasher->known[mixed >> 32 & (HASHES_MAX - 1)];
}

static bool find_known(const hw_hasher *hasher, const hw_identity *file, hw_content_hash *ret_hash)
{
    if (!hasher->known)
        return false;
    const known_hash *place = place_of(hasher, file);
    if (!place->is_there || !hw_identity_is_same(&place->file, file))
        return false;
    *ret_hash = place->hash;
    return true;
}

static void keep_known(hw_hasher *hasher, const hw_identity *file, hw_content_hash hash)
{
    if (!hasher->known)
        hasher->known = hw_sys_alloc_zeroed(HASHES_MAX, sizeof *hasher->known);
    if (hasher->known)
        *place_of(hasher, file) = (known_hash){*file, hash, true};
}

bool hw_hasher_find(hw_hasher *hasher, const hw_identity *file, hw_content_hash *ret_hash)
{
    hw_sys_mutex_lock(&hasher->lock);
    bool is_known = find_known(hasher, file, ret_hash);
    hw_sys_mutex_unlock(&hasher->lock);
    return is_known;
}

void hw_hasher_keep(hw_hasher *hasher, const hw_identity *file, hw_content_hash hash)
{
    hw_sys_mutex_lock(&hasher->lock);
    keep_known(hasher, file, hash);
    hw_sys_mutex_unlock(&hasher->lock);
}

/* Without the lock. What was written meanwhile is not hashed. */
static int hash_file(hw_hasher *hasher, const hash_job *job, hw_content_hash *ret_hash)
{
    struct stat seen;
    if (!hw_identity_is_settled(&job->file, hw_sys_realtime_ns()))
        return -ESTALE;
    int error = hw_content_hash_of_file(job->fd, job->file.size, &hasher->is_ending, ret_hash);
    if (error == 0)
        error = hw_sys_stat(job->fd, &seen);
    if (error < 0)
        return error;
    hw_identity now = hw_identity_of(&seen);
    return hw_identity_is_same(&job->file, &now) ? 0 : -ESTALE;
}

/* The lock is held. */
static void end_job(hw_hasher *hasher, hash_job *job)
{
    hasher->current = NULL;
    hasher->job_count--;
    job->is_done = true;
    if (job->error == 0) {
        keep_known(hasher, &job->file, job->hash);
        atomic_fetch_add_explicit(&hasher->count, 1, memory_order_release);
    }
    if (job->waiters == 0)
        free_job(job);
    else
        hw_sys_condition_wake_all(&hasher->done);
}

static void *run_hasher(void *arg)
{
    hw_hasher *hasher = arg;
    hw_sys_mutex_lock(&hasher->lock);
    for (hw_link *link; !hasher->is_ending && (link = hw_list_first(&hasher->jobs));) {
        hash_job *job = HW_MEMBER(link, hash_job, link);
        hw_link_remove(link);
        hasher->current = job;
        hw_sys_mutex_unlock(&hasher->lock);
        hw_content_hash hash = {0, 0};
        int error = hash_file(hasher, job, &hash);
        hw_sys_mutex_lock(&hasher->lock);
        job->error = error;
        job->hash = hash;
        end_job(hasher, job);
    }
    hasher->is_working = false;
    hw_sys_mutex_unlock(&hasher->lock);
    return NULL;
}

/* The lock is held. One that has begun to end does nothing any more but return. */
static int start_hasher(hw_hasher *hasher)
{
    if (hasher->is_working)
        return 0;
    if (hasher->has_thread)
        (void)hw_sys_thread_join(hasher->thread);
    int error = hw_sys_thread_start(&hasher->thread, run_hasher, hasher, HASH_STACK_BYTES);
    hasher->has_thread = hasher->is_working = error == 0;
    return error;
}

static hash_job *find_job(const hw_hasher *hasher, const hw_identity *file)
{
    if (hasher->current && hw_identity_is_same(&hasher->current->file, file))
        return hasher->current;
    for (hw_link *link = hasher->jobs.head.next; link != &hasher->jobs.head; link = link->next) {
        hash_job *job = HW_MEMBER(link, hash_job, link);
        if (hw_identity_is_same(&job->file, file))
            return job;
    }
    return NULL;
}

static int new_job(hw_hasher *hasher, int fd, const hw_identity *file, hash_job **ret_job)
{
    if (hasher->job_count == HASH_JOBS_MAX)
        return -EAGAIN;
    hash_job *job = hw_sys_alloc_zeroed(1, sizeof *job);
    if (!job)
        return -ENOMEM;
    job->fd = hw_sys_duplicate(fd);
    job->file = *file;
    hw_link_init(&job->link);
    int error = job->fd < 0 ? job->fd : start_hasher(hasher);
    if (error == 0) {
        hasher->job_count++;
        *ret_job = job;
        return 0;
    }
    if (job->fd >= 0)
        (void)hw_sys_close(job->fd);
    hw_sys_free(job);
    return error;
}

void hw_hasher_ask(hw_hasher *hasher, int fd, const hw_identity *file)
{
    hash_job *job;
    hw_sys_mutex_lock(&hasher->lock);
    if (!find_job(hasher, file) && new_job(hasher, fd, file, &job) == 0)
        hw_list_append(&hasher->jobs, &job->link);
    hw_sys_mutex_unlock(&hasher->lock);
}

/* The lock is held. */
static int wait_for_job(hw_hasher *hasher, hash_job *job, hw_content_hash *ret_hash)
{
    int64_t until_ns = hw_sys_monotonic_ns() + HASH_WAIT_MS * HW_NS_PER_MS;
    job->waiters++;
    hasher->waiters++;
    while (!job->is_done && hw_sys_monotonic_ns() < until_ns)
        hw_sys_condition_wait_for(&hasher->done, &hasher->lock, HASH_WAIT_MS);
    hasher->waiters--;
    int error = job->is_done ? job->error : -ETIMEDOUT;
    if (error == 0)
        *ret_hash = job->hash;
    if (--job->waiters == 0 && job->is_done)
        free_job(job);
    return error;
}

int hw_hasher_wait(hw_hasher *hasher, int fd, const hw_identity *file, hw_content_hash *ret_hash)
{
    int error = 0;
    hw_sys_mutex_lock(&hasher->lock);
    if (!find_known(hasher, file, ret_hash)) {
        hash_job *job = find_job(hasher, file);
        if (hasher->waiters == HASH_WAITERS_MAX)
            error = -EAGAIN;
        else if (!job)
            error = new_job(hasher, fd, file, &job);
        if (error == 0 && job != hasher->current) {
            hw_link_remove(&job->link);
            hw_list_prepend(&hasher->jobs, &job->link);
        }
        if (error == 0)
            error = wait_for_job(hasher, job, ret_hash);
    }
    hw_sys_mutex_unlock(&hasher->lock);
    return error;
}

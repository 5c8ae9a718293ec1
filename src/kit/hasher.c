/* Hashes files in the background, and remembers what came out.
 *
 * A hash is kept under the identity of the file, with its time of last change, which nobody can set:
 * so new bytes under the old size and the old time of modification are another file here. Within one
 * tick of the file system's clock even that says nothing, and a file whose last change is so young
 * is hashed without being kept.
 *
 * The thread is started for the first file: a server of small files has none. Files that somebody
 * waits for come first. One thread, because it shares the disk with all
 * who are served; what it does takes as long as reading the file.
 *
 * The table has a fixed number of places, one for each remainder of a file's identity: what is
 * driven out is hashed again. Rejected: to keep hashes beside the files (attributes, a file of them),
 * which asks for the right to write, and has to be believed. */
#include "kit/hasher.h"

#include <errno.h>

#include "kit/errands.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/socket.h"

enum {
    HASHES_MAX = 4096, /* a power of two */
    HASH_JOBS_MAX = 64,
    HASH_WAITERS_MAX = 8, /* threads of handlers, which others need too */
    HASH_WAIT_MS = 2000,
    HASH_STACK_BYTES = 128 * 1024,
    HASH_LOOK_BYTES =
        64 * 1024 * 1024, /* after so many it is looked at whether the file is still that */
    HASH_COUNTS = 256,
};

typedef struct known_hash {
    hw_identity file;
    hw_content_hash hash;
    bool is_there;
} known_hash;

typedef struct hash_job {
    hw_errand errand;
    int fd;
    hw_identity file;
    unsigned waiters; /* the last of them frees it; without any, the thread does */
    bool is_done;
    int error;
    hw_content_hash hash;
} hash_job;

struct hw_hasher {
    atomic_uint references;
    atomic_uint counts[HASH_COUNTS]; /* of hashes made, by what they are of */
    hw_errands errands;              /* hash_job; their lock is that of all */
    pthread_cond_t done;             /* a job is */
    known_hash *known;               /* HASHES_MAX of them; NULL: none yet */
    unsigned waiters;
};

static void run_job(void *owner, hw_errand *errand);
static void end_job(void *owner, hw_errand *errand);

int hw_hasher_new(hw_hasher **ret_hasher)
{
    hw_hasher *hasher = hw_sys_alloc_zeroed(1, sizeof *hasher);
    if (!hasher)
        return -ENOMEM;
    const hw_errands_setup setup = {.count_max = HASH_JOBS_MAX,
                                    .stack_bytes = HASH_STACK_BYTES,
                                    .run = run_job,
                                    .done = end_job,
                                    .owner = hasher};
    atomic_init(&hasher->references, 1);
    hw_errands_init(&hasher->errands, &setup);
    hw_sys_condition_init(&hasher->done);
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
    hw_errands_fini(&hasher->errands);
    hw_sys_condition_fini(&hasher->done);
    hw_sys_free(hasher->known);
    hw_sys_free(hasher);
}

void hw_hasher_release(hw_hasher *hasher)
{
    if (hasher && atomic_fetch_sub(&hasher->references, 1) == 1)
        end_hasher(hasher);
}

/* Neighbouring inodes, and versions of one, lie apart. */
static uint64_t mix_identity(const hw_identity *file)
{
    uint64_t mixed =
        (file->inode ^ file->changed_ns ^ file->device << 32) * UINT64_C(0x9e3779b97f4a7c15);
    return mixed >> 32;
}

unsigned hw_hasher_count(const hw_hasher *hasher, const hw_identity *file)
{
    const atomic_uint *count = &hasher->counts[mix_identity(file) % HASH_COUNTS];
    return atomic_load_explicit(count, memory_order_acquire);
}

/* The lock is held; `known` is there. */
static known_hash *place_of(const hw_hasher *hasher, const hw_identity *file)
{
    return &hasher->known[mix_identity(file) & (HASHES_MAX - 1)];
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
    hw_sys_mutex_lock(&hasher->errands.lock);
    bool is_known = find_known(hasher, file, ret_hash);
    hw_sys_mutex_unlock(&hasher->errands.lock);
    return is_known;
}

void hw_hasher_keep(hw_hasher *hasher, const hw_identity *file, hw_content_hash hash)
{
    hw_sys_mutex_lock(&hasher->errands.lock);
    keep_known(hasher, file, hash);
    hw_sys_mutex_unlock(&hasher->errands.lock);
}

/* What may be going on with a job: asked again and again. */
typedef struct hash_watch {
    const hw_hasher *hasher;
    const hash_job *job;
} hash_watch;

/* A file that is written all the time is not read to its end. */
static int check_job(void *arg, uint64_t done)
{
    const hash_watch *watch = arg;
    struct stat seen;
    if (atomic_load_explicit(&watch->hasher->errands.is_ending, memory_order_relaxed))
        return -ECANCELED;
    if (done % HASH_LOOK_BYTES != 0)
        return 0;
    int error = hw_sys_stat(watch->job->fd, &seen);
    if (error < 0)
        return error;
    hw_identity now = hw_identity_of(&seen);
    return hw_identity_is_same(&watch->job->file, &now) ? 0 : -ESTALE;
}

/* What was written meanwhile is not hashed. */
static int hash_file(const hw_hasher *hasher, const hash_job *job, hw_content_hash *ret_hash)
{
    hash_watch watch = {hasher, job};
    if (!hw_identity_is_settled(&job->file, hw_sys_realtime_ns()))
        return -ESTALE;
    int error = hw_content_hash_of_file(job->fd, job->file.size, check_job, &watch, ret_hash);
    return error < 0 ? error : check_job(&watch, 0);
}

static void run_job(void *owner, hw_errand *errand)
{
    hash_job *job = (hash_job *)errand;
    job->error = hash_file(owner, job, &job->hash);
}

static void end_job(void *owner, hw_errand *errand)
{
    hw_hasher *hasher = owner;
    hash_job *job = (hash_job *)errand;
    bool is_hashed = !hasher->errands.is_ending && job->error == 0;
    job->is_done = true;
    if (is_hashed) {
        keep_known(hasher, &job->file, job->hash);
        atomic_fetch_add_explicit(&hasher->counts[mix_identity(&job->file) % HASH_COUNTS], 1,
                                  memory_order_release);
    }
    if (job->waiters == 0)
        free_job(job);
    else
        hw_sys_condition_wake_all(&hasher->done);
}

static hash_job *find_job(const hw_hasher *hasher, const hw_identity *file)
{
    hw_errand *errand = NULL;
    while ((errand = hw_errands_next(&hasher->errands, errand)))
        if (hw_identity_is_same(&((hash_job *)errand)->file, file))
            break;
    return (hash_job *)errand;
}

static int put_job(hw_hasher *hasher, int fd, const hw_identity *file, bool first,
                   hash_job **ret_job)
{
    hash_job *job = hw_sys_alloc_zeroed(1, sizeof *job);
    if (!job)
        return -ENOMEM;
    job->fd = hw_sys_duplicate(fd);
    job->file = *file;
    int error = job->fd < 0 ? job->fd : hw_errands_add(&hasher->errands, &job->errand, first);
    if (error == 0) {
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
    hw_sys_mutex_lock(&hasher->errands.lock);
    if (!find_job(hasher, file))
        (void)put_job(hasher, fd, file, false, &job);
    hw_sys_mutex_unlock(&hasher->errands.lock);
}

/* The lock is held. */
static int wait_for_job(hw_hasher *hasher, hash_job *job, hw_content_hash *ret_hash)
{
    int64_t until_ns = hw_sys_monotonic_ns() + HASH_WAIT_MS * HW_NS_PER_MS;
    job->waiters++;
    hasher->waiters++;
    while (!job->is_done && hw_sys_monotonic_ns() < until_ns)
        hw_sys_condition_wait_for(&hasher->done, &hasher->errands.lock, HASH_WAIT_MS);
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
    hw_sys_mutex_lock(&hasher->errands.lock);
    if (!find_known(hasher, file, ret_hash)) {
        hash_job *job = find_job(hasher, file);
        if (hasher->waiters == HASH_WAITERS_MAX)
            error = -EAGAIN;
        else if (job)
            hw_errands_hurry(&hasher->errands, &job->errand);
        else
            error = put_job(hasher, fd, file, true, &job);
        if (error == 0)
            error = wait_for_job(hasher, job, ret_hash);
    }
    hw_sys_mutex_unlock(&hasher->errands.lock);
    return error;
}

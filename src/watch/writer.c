/* Writes what the loops' spools hold, half after half, on a thread of its own.
 *
 * Whatever fails, the writer keeps its place and tries again from there: when a full pipe has room,
 * a second later where the disk is full or the reader has gone. So a line that was begun is
 * finished first of all, and none is torn as long as the log lives; where the log is turned to
 * another output meanwhile, it is written there from its beginning. What comes while nothing can be
 * written finds the halves taken and is lost, which the loops count; the writer tells people once
 * when that begins and once when it is over, not for each line.
 *
 * Only this thread may block: in write(2), on a stopped terminal or a slow disk. Nothing can wake
 * it there without a signal handler, which a library has no right to. So hw_log_writer_end waits for so
 * long and then leaves it alone: the thread has a share in the writer, owns its descriptors, and
 * the last of the two frees it all. */
#include "watch/writer.h"

#include "base/assert.h"
#include "base/error.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/poll.h"
#include "sys/socket.h"
#include "sys/thread.h"
#include "watch/fault.h"

enum {
    STACK_BYTES = 128 * 1024,
    RETRY_MS = 1000,
    QUIET_MS = 3000, /* without a loss, and it is over */
};

/* What the thread has seen go wrong. */
typedef struct hw_log_writer_trouble {
    bool is_told;
    unsigned long long lost, lost_before; /* now, and when it began */
    int64_t last_ms;
} hw_log_writer_trouble;

struct hw_log_writer {
    int fd, fault_fd, event, done; /* its own */
    atomic_int next_fd;            /* instead of fd, from the next half on; -1: none */
    hw_spool **spools;
    unsigned count;
    unsigned turn; /* whose half is being written */
    hw_log_writer_trouble trouble;
    pthread_t thread;
    bool is_running;
    int64_t deadline_ms; /* set before is_ending */
    atomic_bool is_ending, is_left;
    atomic_uint holders;
};

static int64_t writer_now_ms(void)
{
    return hw_sys_monotonic_ns() / HW_NS_PER_MS;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        (void)hw_sys_close(fd);
}

static void drop_writer(hw_log_writer *writer)
{
    if (atomic_fetch_sub(&writer->holders, 1) > 1)
        return;
    for (unsigned i = 0; writer->spools && i < writer->count; i++)
        hw_sys_free(writer->spools[i]);
    hw_sys_free(writer->spools);
    close_if_open(writer->fd);
    close_if_open(atomic_load(&writer->next_fd));
    close_if_open(writer->fault_fd);
    close_if_open(writer->event);
    close_if_open(writer->done);
    hw_sys_free(writer);
}

static int make_spools(hw_log_writer *writer, unsigned count)
{
    writer->spools = hw_sys_alloc_zeroed(count, sizeof(hw_spool *));
    for (; writer->spools && writer->count < count; writer->count++) {
        hw_spool *spool = hw_sys_alloc(sizeof *spool);
        if (!spool)
            return -ENOMEM;
        hw_spool_init(spool);
        writer->spools[writer->count] = spool;
    }
    return writer->spools ? 0 : -ENOMEM;
}

/* A descriptor of its own for what is behind another. */
static int own_output(int fd)
{
    int own = hw_sys_open_pipe(fd);
    return own < 0 ? hw_sys_duplicate(fd) : own;
}

static int open_writer(hw_log_writer *writer, int fd, int fault_fd)
{
    writer->fd = own_output(fd);
    /* A program that was started without an output serves all the same. */
    if (writer->fd < 0 && writer->fd != -EBADF)
        return writer->fd;
    writer->fault_fd = hw_sys_duplicate(fault_fd);
    if (writer->fault_fd < 0 && writer->fault_fd != -EBADF)
        return writer->fault_fd;
    writer->event = hw_sys_event_new();
    if (writer->event < 0)
        return writer->event;
    writer->done = hw_sys_event_new();
    return writer->done < 0 ? writer->done : 0;
}

int hw_log_writer_new(int fd, int fault_fd, unsigned count, hw_log_writer **ret_writer)
{
    hw_log_writer *writer = hw_sys_alloc_zeroed(1, sizeof *writer);
    if (!writer)
        return -ENOMEM;
    writer->fd = writer->fault_fd = writer->event = writer->done = -1;
    atomic_init(&writer->next_fd, -1);
    atomic_init(&writer->holders, 1);
    int error = open_writer(writer, fd, fault_fd);
    if (error == 0)
        error = make_spools(writer, count);
    if (error < 0)
        drop_writer(writer);
    else
        *ret_writer = writer;
    return error;
}

hw_spool *hw_log_writer_spool(hw_log_writer *writer, unsigned index)
{
    hw_assert(index < writer->count);
    return writer->spools[index];
}

void hw_log_writer_wake(hw_log_writer *writer)
{
    (void)hw_sys_event_post(writer->event);
}

int hw_log_writer_turn_to(hw_log_writer *writer, int fd)
{
    int own = own_output(fd);
    if (own < 0)
        return own;
    close_if_open(atomic_exchange(&writer->next_fd, own));
    hw_log_writer_wake(writer);
    return 0;
}

/* Between two halves only: a line that the old output has a part of is the one that comes next. */
static void turn_if_told(hw_log_writer *writer)
{
    int next = atomic_exchange(&writer->next_fd, -1);
    if (next < 0)
        return;
    close_if_open(writer->fd);
    writer->fd = next;
    hw_spool_take_back(writer->spools[writer->turn]);
}

/* All of one half. 1: done; 0: there is none; or a negative errno. */
static int write_half(hw_log_writer *writer, hw_spool *spool)
{
    hw_text rest = hw_spool_next(spool);
    int result = rest.length > 0;
    while (rest.length > 0) {
        ssize_t written = hw_sys_write(writer->fd, rest.at, rest.length);
        if (written <= 0)
            return written < 0 ? (int)written : -EIO;
        if (atomic_load(&writer->is_left))
            return -ECANCELED;
        hw_spool_take(spool, (size_t)written);
        rest = hw_text_from(rest, (size_t)written);
    }
    return result;
}

/* A half of every spool, so that none waits for another that is always full; it begins with the one
 * it could not finish. 1: there may be more; 0: there was nothing; or a negative errno. */
static int write_round(hw_log_writer *writer)
{
    int result = 0;
    turn_if_told(writer);
    for (unsigned i = 0; i < writer->count; i++) {
        int written = write_half(writer, writer->spools[writer->turn]);
        if (written < 0)
            return written;
        writer->turn = (writer->turn + 1) % writer->count;
        result |= written;
    }
    return result;
}

static unsigned long long count_dropped(const hw_log_writer *writer)
{
    unsigned long long lost = 0;
    for (unsigned i = 0; i < writer->count; i++)
        lost += atomic_load_explicit(&writer->spools[i]->lost, memory_order_relaxed);
    return lost;
}

static void tell_begin(const hw_log_writer *writer, int error)
{
    hw_fault fault;
    if (error < 0 && error != -EAGAIN)
        (void)hw_fault_set(&fault, -error, "log", "lines cannot be written: %s",
                           hw_error_words(error));
    else
        (void)hw_fault_set(&fault, EAGAIN, "log",
                           "lines come faster than they are taken: some are lost");
    hw_fault_write(writer->fault_fd, &fault);
}

static void tell_end(const hw_log_writer *writer)
{
    hw_fault fault;
    unsigned long long lost = writer->trouble.lost - writer->trouble.lost_before;
    (void)hw_fault_set(&fault, EIO, "log", "lines are written again; %llu %s lost", lost,
                       lost == 1 ? "was" : "were");
    hw_fault_write(writer->fault_fd, &fault);
}

static void watch_trouble(hw_log_writer *writer, int result)
{
    hw_log_writer_trouble *trouble = &writer->trouble;
    unsigned long long lost = count_dropped(writer);
    bool is_bad = (result < 0 && result != -EAGAIN) || lost != trouble->lost;
    if (is_bad) {
        trouble->last_ms = writer_now_ms();
        if (!trouble->is_told) {
            trouble->lost_before = trouble->lost;
            tell_begin(writer, result);
        }
        trouble->is_told = true;
        trouble->lost = lost;
    } else if (trouble->is_told && result >= 0 && writer_now_ms() - trouble->last_ms >= QUIET_MS) {
        tell_end(writer);
        trouble->is_told = false;
    }
}

static int choose_wait_ms(const hw_log_writer *writer, int result, bool is_ending)
{
    if (!is_ending)
        return result < 0 || writer->trouble.is_told ? RETRY_MS : -1;
    int64_t left_ms = writer->deadline_ms - writer_now_ms();
    return left_ms < 0 ? 0 : left_ms > RETRY_MS ? RETRY_MS : (int)left_ms;
}

static void wait_for_work(hw_log_writer *writer, int result, bool is_ending)
{
    int fd = result == -EAGAIN ? writer->fd : -1;
    (void)hw_sys_poll_write(writer->event, fd, choose_wait_ms(writer, result, is_ending));
    (void)hw_sys_event_take(writer->event);
}

/* Only a full pipe is worth waiting for at the end: somebody may be reading. */
static bool is_over(const hw_log_writer *writer, int result)
{
    return result != -EAGAIN || writer_now_ms() >= writer->deadline_ms;
}

static void *run_writer(void *arg)
{
    hw_log_writer *writer = arg;
    for (;;) {
        /* Read before the spools are: what was handed over before the end is seen. */
        bool is_ending = atomic_load(&writer->is_ending);
        int result = write_round(writer);
        if (atomic_load(&writer->is_left))
            break;
        watch_trouble(writer, result);
        if (result > 0)
            continue;
        if (is_ending && is_over(writer, result))
            break;
        wait_for_work(writer, result, is_ending);
    }
    (void)hw_sys_event_post(writer->done);
    drop_writer(writer);
    return NULL;
}

int hw_log_writer_start(hw_log_writer *writer)
{
    atomic_fetch_add(&writer->holders, 1);
    int error = hw_sys_thread_start(&writer->thread, run_writer, writer, STACK_BYTES);
    if (error < 0)
        atomic_fetch_sub(&writer->holders, 1);
    writer->is_running = error == 0;
    return error;
}

void hw_log_writer_end(hw_log_writer *writer, int end_ms)
{
    enum { GRACE_MS = 500 }; /* for the thread to come back by itself */
    if (!writer->is_running)
        return;
    for (unsigned i = 0; i < writer->count; i++)
        (void)hw_spool_hand_over(writer->spools[i]);
    writer->deadline_ms = writer_now_ms() + end_ms;
    atomic_store(&writer->is_ending, true);
    hw_log_writer_wake(writer);
    if (hw_sys_poll_write(writer->done, -1, end_ms + GRACE_MS) > 0) {
        (void)hw_sys_thread_join(writer->thread);
    } else {
        atomic_store(&writer->is_left, true);
        (void)hw_sys_thread_detach(writer->thread);
    }
    writer->is_running = false;
}

unsigned long long hw_log_writer_count_lost(const hw_log_writer *writer)
{
    unsigned long long lost = count_dropped(writer);
    for (unsigned i = 0; !writer->is_running && i < writer->count; i++)
        lost += hw_spool_count_left(writer->spools[i]);
    return lost;
}

void hw_log_writer_free(hw_log_writer *writer)
{
    if (!writer)
        return;
    hw_assert(!writer->is_running);
    drop_writer(writer);
}

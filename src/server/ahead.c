/* Asks whether a slice of a file is in the page cache, and has it read by a spare if it is not.
 *
 * Asking is preadv2(RWF_NOWAIT) of one byte: of the last page of each run of a slice, and of its
 * first one where that does not go on from a slice that was found there. In the middle of a large
 * file this is one call of a quarter of a microsecond for a run that costs fifty, which is why runs
 * are no longer. Where both ends are there, the middle is taken for granted: the kernel reads files
 * in runs longer than this. If it is not there after all, the loop waits once.
 *
 * The kernel may give up any page at any time, so an answer is good for WARM_MS, for the bytes it
 * is about, and for everybody who sends the same open file (hw_warmth). A file in many small
 * requests is asked about once a second.
 *
 * Not every file system can answer. One that is memory is always warm; others are asked with
 * cachestat; where that is missing too, or forbidden, everything counts as cold and is read by a
 * spare first, AHEAD_BYTES at once. Which it is, is found out once a file.
 *
 * The spare reads with pread into memory it forgets: readahead(2) and posix_fadvise only begin
 * the reading, and one byte a page costs more calls than it saves copying. What it has read counts
 * as warm without another question, so that two who push each other's pages out both get on.
 *
 * Ownership: a read has a descriptor and memory of its own, and goes when its post has run on the
 * loop. Exchange, body and warmth belong to the loop, and the spare does not touch them; who leaves
 * takes a read that has not begun back, so that a slow disk does not gather descriptors of those
 * who come and go; else he cuts the read's way back to him, and tells the spare that it may stop.
 *
 * If no spare can be asked (no memory, no descriptor, no thread) the slice is sent as it is: the
 * loop may wait for the disk then, but nobody loses an answer. */
#include "server/ahead.h"

#include <errno.h>

#include "base/number.h"
#include "loop/crew.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/socket.h"

/* Several slices: a spare is woken once for all of them. */
#define AHEAD_BYTES ((size_t)1024 * 1024)
/* Whose middle is there when both its ends are. */
#define RUN_BYTES ((size_t)256 * 1024)
/* How long pages that were there are taken to be there still. */
#define WARM_MS 1000
/* On the spare's stack. */
#define PIECE_BYTES ((size_t)64 * 1024)

typedef struct ahead_read {
    hw_job job;
    hw_crew *crew;
    hw_budget *budget;
    hw_ahead *ahead; /* NULL: nobody waits any more */
    hw_exchange *exchange;
    hw_warmth *warmth;
    int fd; /* a duplicate */
    uint64_t offset;
    size_t bytes;
    int error;
    atomic_bool is_left;
} ahead_read;

static void note_warm(hw_warmth *warmth, uint64_t offset, size_t bytes, int64_t now_ms)
{
    warmth->first = offset;
    warmth->end = offset + bytes;
    warmth->until_ms = now_ms + WARM_MS;
}

/* What to ask about this file from now on; the file system has just refused preadv2. */
static void learn_kind(const hw_segment *file)
{
    if (hw_sys_is_in_memory(file->fd) == 1)
        file->warmth->kind = HW_WARMTH_MEMORY;
    else if (hw_sys_is_cached(file->fd, file->offset, 1) >= 0)
        file->warmth->kind = HW_WARMTH_COUNTED;
    else
        file->warmth->kind = HW_WARMTH_UNTOLD;
}

/* 0: the byte is there, or there is none, which sending finds out. */
static int ask_for_byte(int fd, uint64_t offset)
{
    char byte;
    ssize_t count = hw_sys_read_cached(fd, &byte, 1, offset);
    return count < 0 ? (int)count : 0;
}

static int ask_for_runs(const hw_segment *file, size_t bytes, bool is_joined)
{
    int error = is_joined ? 0 : ask_for_byte(file->fd, file->offset);
    for (size_t end = 0; end < bytes && error == 0;) {
        end = hw_size_min(end + RUN_BYTES, bytes);
        if (end > 1)
            error = ask_for_byte(file->fd, file->offset + end - 1);
    }
    if (error == -EOPNOTSUPP)
        learn_kind(file);
    return error;
}

/* 0: there; -EAGAIN: not, or nobody knows. */
static int ask_kernel(const hw_segment *file, size_t bytes, bool is_joined)
{
    const hw_warmth *warmth = file->warmth;
    if (warmth->kind == HW_WARMTH_ASKED) {
        int error = ask_for_runs(file, bytes, is_joined);
        if (error != -EOPNOTSUPP)
            return error;
    }
    if (warmth->kind == HW_WARMTH_MEMORY)
        return 0;
    if (warmth->kind == HW_WARMTH_COUNTED && hw_sys_is_cached(file->fd, file->offset, bytes) > 0)
        return 0;
    return -EAGAIN;
}

static int check_slice(const hw_segment *file, size_t bytes, int64_t now_ms)
{
    hw_warmth *warmth = file->warmth;
    bool is_joined =
        now_ms < warmth->until_ms && file->offset >= warmth->first && file->offset <= warmth->end;
    if (is_joined && bytes <= warmth->end - file->offset)
        return 0;
    int error = ask_kernel(file, bytes, is_joined);
    if (error == 0)
        note_warm(warmth, file->offset, bytes, now_ms);
    return error;
}

static bool read_range(hw_job *job)
{
    ahead_read *read = HW_MEMBER(job, ahead_read, job);
    char piece[PIECE_BYTES];
    for (size_t done = 0; done < read->bytes && !atomic_load(&read->is_left);) {
        size_t want = hw_size_min(sizeof piece, read->bytes - done);
        ssize_t count = hw_sys_read_at(read->fd, piece, want, read->offset + done);
        if (count < 0) /* -EAGAIN says something else to who asks */
            read->error = count == -EAGAIN ? -EIO : (int)count;
        /* The end of a file that has become shorter: sending finds that out. */
        if (count <= 0)
            break;
        done += (size_t)count;
    }
    return true;
}

static void free_read(ahead_read *read)
{
    hw_budget *budget = read->budget;
    (void)hw_sys_close(read->fd);
    hw_sys_free(read);
    hw_budget_give(budget, sizeof *read);
}

static void finish_read(hw_post *post)
{
    ahead_read *read = HW_MEMBER(post, ahead_read, job.done);
    if (read->ahead) {
        if (read->error == 0)
            note_warm(read->warmth, read->offset, read->bytes, hw_loop_now_ms(read->job.loop));
        read->ahead->error = read->error;
        read->ahead->read = NULL;
        read->exchange->carrier->wake(read->exchange);
    }
    free_read(read);
}

static ahead_read *alloc_read(hw_budget *budget)
{
    if (!hw_budget_take(budget, sizeof(ahead_read)))
        return NULL;
    ahead_read *read = hw_sys_alloc_zeroed(1, sizeof *read);
    if (read)
        read->budget = budget;
    else
        hw_budget_give(budget, sizeof *read);
    return read;
}

static ahead_read *make_read(const hw_segment *file, hw_budget *budget)
{
    ahead_read *read = alloc_read(budget);
    if (!read)
        return NULL;
    read->fd = hw_sys_duplicate(file->fd);
    if (read->fd < 0) {
        hw_sys_free(read);
        hw_budget_give(budget, sizeof *read);
        return NULL;
    }
    read->job = (hw_job){.run = read_range, .done.run = finish_read};
    read->warmth = file->warmth;
    read->offset = file->offset;
    read->bytes = hw_size_min(file->length, AHEAD_BYTES);
    return read;
}

static int start_read(hw_ahead *ahead, hw_exchange *exchange, hw_lane *lane, const hw_segment *file)
{
    ahead_read *read = make_read(file, &lane->shared->budget);
    if (!read)
        return 0;
    read->crew = lane->shared->crew;
    read->ahead = ahead;
    read->exchange = exchange;
    if (hw_crew_give(read->crew, HW_WORK_READ, &lane->loop, &read->job) < 0) {
        free_read(read);
        return 0;
    }
    ahead->read = read;
    return -EINPROGRESS;
}

int hw_ahead_ask(hw_ahead *ahead, hw_exchange *exchange, hw_lane *lane, const hw_segment *file,
                 size_t bytes)
{
    if (ahead->read)
        return -EAGAIN;
    if (ahead->error < 0)
        return ahead->error;
    if (!lane->shared->crew || !file->warmth)
        return 0;
    int error = check_slice(file, bytes, hw_loop_now_ms(&lane->loop));
    return error == -EAGAIN ? start_read(ahead, exchange, lane, file) : error;
}

void hw_ahead_leave(hw_ahead *ahead)
{
    ahead_read *read = ahead->read;
    ahead->read = NULL;
    if (!read)
        return;
    read->ahead = NULL;
    atomic_store(&read->is_left, true);
    if (hw_crew_take_back(read->crew, &read->job))
        free_read(read);
}

/* Makes the contents of files as small as they get, and keeps them.
 *
 * Brotli at its best takes a second for a megabyte: nobody waits for that, so whoever asks first
 * gets what can be made while it is sent, and the press is told. It works on one thread of the lowest
 * priority, in steps, and rests as long as the loops are busy: it is there to save work, not to make
 * it. What it has made is kept under the hash of the content and the coding: a file that is replaced by
 * the same bytes has it still, and one that changes can never get what was made of something else.
 *
 * Room is given by the loops, out of what their caches may take, so all of it stays within what was
 * said of the server; what is oldest goes first. What is still sent lives on by its references. What
 * does not get smaller is kept too, as nothing, lest it be tried for each request.
 *
 * Rejected: to press when the server starts (it would
 * read every file, and most are never asked for), and to keep what was made on the disk. */
#include "kit/press.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "base/number.h"
#include "kit/compress.h"
#include "kit/encoder.h"
#include "kit/errands.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/random.h"
#include "sys/socket.h"

enum {
    PRESS_JOBS_MAX = 16, /* each has a descriptor */
    PRESS_LEVEL_BR = 11,
    PRESS_LEVEL_ZSTD = 19,
    PRESS_STEP_BYTES = 16 * 1024,
    PRESS_REST_MS = 20, /* so long it looks at how busy the loops are, and rests if they are */
    PRESS_STACK_BYTES = 256 * 1024,
    PRESS_BUSY_PERCENT = 70,
    PRESS_ITEM_BYTES = 128, /* its place in list and map */
    PRESS_COUNTS = 256,
};

/* What is full gives nothing up that is younger: where more is asked for than there is room, some of it
 * is pressed, and not all of it for ever. */
#define PRESS_KEPT_NS (10 * 60 * HW_NS_PER_S)

/* What is kept, in the order in which it was made. */
typedef struct press_item {
    hw_link link;
    int64_t made_ns;
    hw_pressed *pressed;
    size_t cost;
} press_item;

typedef struct press_job {
    hw_errand errand;
    hw_root root; /* with a descriptor of its own */
    hw_content_hash hash;
    char name[]; /* in it */
} press_job;

struct hw_press {
    atomic_uint references, loops;
    atomic_uint counts[PRESS_COUNTS]; /* of what came to be known, by what it is of */
    hw_errands errands;               /* press_job; their lock is that of all */
    hw_map items;                     /* hash and coding -> press_item */
    hw_list order;
    size_t bytes, bytes_max;
    hw_budget work; /* of the thread */
};

/* The key lies in what it is the key of, its members side by side. */
_Static_assert(offsetof(hw_pressed, coding) == offsetof(hw_pressed, hash) + sizeof(hw_content_hash),
               "hash and coding are one key");

static hw_text key_of_pressed(const hw_pressed *pressed)
{
    return (hw_text){(const char *)&pressed->hash, sizeof pressed->hash + sizeof pressed->coding};
}

static void run_press_job(void *owner, hw_errand *errand);
static void end_press_job(void *owner, hw_errand *errand);

int hw_press_new(hw_press **ret_press)
{
    uint64_t seed;
    int error = hw_sys_random(&seed, sizeof seed);
    if (error < 0)
        return error;
    hw_press *press = hw_sys_alloc_zeroed(1, sizeof *press);
    if (!press)
        return -ENOMEM;
    const hw_errands_setup setup = {.count_max = PRESS_JOBS_MAX,
                                    .stack_bytes = PRESS_STACK_BYTES,
                                    .is_lowly = true,
                                    .run = run_press_job,
                                    .done = end_press_job,
                                    .owner = press};
    atomic_init(&press->references, 1);
    hw_errands_init(&press->errands, &setup);
    hw_map_init(&press->items, seed);
    hw_list_init(&press->order);
    press->work.max = HW_PRESS_WORK_BYTES_MAX;
    *ret_press = press;
    return 0;
}

hw_press *hw_press_hold(hw_press *press)
{
    atomic_fetch_add(&press->references, 1);
    return press;
}

void hw_pressed_release(hw_pressed *pressed)
{
    if (pressed && atomic_fetch_sub(&pressed->references, 1) == 1)
        hw_sys_free(pressed);
}

/* The lock is held, or nobody else is there. */
static void drop_item(hw_press *press, press_item *item)
{
    (void)hw_map_remove(&press->items, key_of_pressed(item->pressed));
    hw_link_remove(&item->link);
    press->bytes -= item->cost;
    hw_pressed_release(item->pressed);
    hw_sys_free(item);
}

static void make_room_for(hw_press *press, size_t cost)
{
    for (hw_link *link;
         press->bytes + cost > press->bytes_max && (link = hw_list_first(&press->order));)
        drop_item(press, HW_MEMBER(link, press_item, link));
}

static void end_press(hw_press *press)
{
    hw_errands_fini(&press->errands);
    press->bytes_max = 0;
    make_room_for(press, 1);
    hw_map_fini(&press->items);
    hw_sys_free(press);
}

void hw_press_release(hw_press *press)
{
    if (press && atomic_fetch_sub(&press->references, 1) == 1)
        end_press(press);
}

void hw_press_grow(hw_press *press, size_t bytes)
{
    hw_sys_mutex_lock(&press->errands.lock);
    press->bytes_max += bytes;
    hw_sys_mutex_unlock(&press->errands.lock);
    atomic_fetch_add(&press->loops, 1);
}

void hw_press_shrink(hw_press *press, size_t bytes)
{
    hw_sys_mutex_lock(&press->errands.lock);
    press->bytes_max -= bytes;
    make_room_for(press, 0);
    hw_sys_mutex_unlock(&press->errands.lock);
    atomic_fetch_sub(&press->loops, 1);
}

unsigned hw_press_codings(void)
{
    return hw_encoder_codings() & (HW_CODING_BIT(HW_CODING_BR) | HW_CODING_BIT(HW_CODING_ZSTD));
}

unsigned hw_press_count(const hw_press *press, hw_content_hash hash)
{
    return atomic_load_explicit(&press->counts[hash.low % PRESS_COUNTS], memory_order_acquire);
}

/* The lock is held. */
static press_item *find_item(const hw_press *press, hw_content_hash hash, hw_coding coding)
{
    const hw_pressed wanted = {.hash = hash, .coding = coding};
    return hw_map_get(&press->items, key_of_pressed(&wanted));
}

hw_pressed *hw_press_find(hw_press *press, hw_content_hash hash, hw_coding coding)
{
    hw_sys_mutex_lock(&press->errands.lock);
    press_item *item = find_item(press, hash, coding);
    if (item)
        atomic_fetch_add(&item->pressed->references, 1);
    hw_sys_mutex_unlock(&press->errands.lock);
    return item ? item->pressed : NULL;
}

/* False: there is no room, or no memory, and it is gone. */
static bool keep_pressed(hw_press *press, hw_pressed *pressed)
{
    press_item *item = hw_sys_alloc_zeroed(1, sizeof *item);
    size_t cost = sizeof *pressed + pressed->bytes.length + PRESS_ITEM_BYTES;
    hw_sys_mutex_lock(&press->errands.lock);
    if (cost <= press->bytes_max)
        make_room_for(press, cost);
    bool is_kept = item && press->bytes + cost <= press->bytes_max &&
                   !find_item(press, pressed->hash, pressed->coding) &&
                   hw_map_put(&press->items, key_of_pressed(pressed), item) == 0;
    if (is_kept) {
        *item = (press_item){.pressed = pressed, .cost = cost, .made_ns = hw_sys_monotonic_ns()};
        hw_list_append(&press->order, &item->link);
        press->bytes += cost;
    }
    hw_sys_mutex_unlock(&press->errands.lock);
    if (!is_kept) {
        hw_sys_free(item);
        hw_pressed_release(pressed);
    }
    return is_kept;
}

bool hw_press_must_wait(int64_t process_ns, int64_t own_ns, int64_t span_ns, unsigned loops)
{
    return (process_ns - own_ns) * 100 >
           span_ns * PRESS_BUSY_PERCENT * (int64_t)(loops ? loops : 1);
}

/* Watches for a while how busy the loops are, until they are less. False: the end has come. */
static bool wait_for_quiet(hw_press *press)
{
    bool must_wait = true, goes_on = true;
    while (must_wait && goes_on) {
        int64_t process_ns = hw_sys_process_cpu_ns(), own_ns = hw_sys_thread_cpu_ns();
        int64_t began_ns = hw_sys_monotonic_ns();
        goes_on = hw_errands_rest(&press->errands, PRESS_REST_MS);
        must_wait = hw_press_must_wait(
            hw_sys_process_cpu_ns() - process_ns, hw_sys_thread_cpu_ns() - own_ns,
            hw_sys_monotonic_ns() - began_ns, atomic_load(&press->loops));
    }
    return goes_on;
}

/* All of it, if it is what it was. 0, and memory that is the caller's. */
static int read_file_of(const press_job *job, hw_text *ret_content)
{
    hw_finding finding;
    int error = hw_root_find(&job->root, job->name, NULL, &finding);
    if (error < 0)
        return error;
    size_t length = (size_t)finding.seen.st_size, done = 0;
    bool fits = finding.seen.st_size >= HW_COMPRESS_BYTES_MIN && length <= HW_PRESS_FILE_MAX;
    char *memory = fits ? hw_sys_alloc(length) : NULL;
    ssize_t got = 1;
    while (memory && done < length && got > 0) {
        got = hw_sys_read_at(finding.fd, memory + done, length - done, done);
        done += got > 0 ? (size_t)got : 0;
    }
    (void)hw_sys_close(finding.fd);
    hw_content_hash hash = hw_content_hash_of((hw_text){memory, memory ? length : 0});
    if (!memory || done < length || hash.high != job->hash.high || hash.low != job->hash.low) {
        hw_sys_free(memory);
        return memory ? -ESTALE : -ENOMEM;
    }
    *ret_content = (hw_text){memory, length};
    return 0;
}

/* Step by step, with a look at the loops before each. 0: it is in `output`; -EMSGSIZE: it does not
 * get smaller. */
static int run_encoder(hw_press *press, hw_encoder *encoder, hw_text content, hw_buffer *output)
{
    while (content.length > 0 || !output->overflow) {
        size_t length = hw_size_min(content.length, PRESS_STEP_BYTES);
        hw_text piece = hw_text_upto(content, length);
        hw_encoder_step step = length < content.length ? HW_ENCODER_FEED : HW_ENCODER_FINISH;
        if (!wait_for_quiet(press))
            return -ECANCELED;
        if (hw_buffer_room(output) < HW_ENCODER_ROOM_MIN)
            return -EMSGSIZE;
        int more = hw_encoder_run(encoder, step, &piece, output);
        if (more < 0)
            return more;
        content = hw_text_from(content, length - piece.length);
        if (step == HW_ENCODER_FINISH && more == 0)
            return 0;
    }
    return -EMSGSIZE;
}

/* One allocation: what is said of it, and its bytes. */
static hw_pressed *new_pressed(hw_content_hash hash, hw_coding coding, hw_text bytes)
{
    hw_pressed *pressed = hw_sys_alloc(sizeof *pressed + bytes.length);
    if (!pressed)
        return NULL;
    memset(pressed, 0, sizeof *pressed);
    char *own = (char *)(pressed + 1);
    if (bytes.length > 0)
        memcpy(own, bytes.at, bytes.length);
    atomic_init(&pressed->references, 1);
    pressed->hash = hash;
    pressed->own_hash = hw_content_hash_of(bytes);
    pressed->coding = coding;
    pressed->bytes = (hw_text){own, bytes.length};
    return pressed;
}

/* Worth keeping is what is a twentieth smaller; else that it is not. False: nothing is known. */
static bool press_content(hw_press *press, hw_content_hash hash, hw_text content, hw_coding coding)
{
    const hw_encoder_opts opts = {
        .budget = &press->work,
        .length = content.length,
        .level = coding == HW_CODING_BR ? PRESS_LEVEL_BR : PRESS_LEVEL_ZSTD,
    };
    size_t room = content.length - content.length / 20;
    hw_encoder *encoder;
    if (hw_encoder_new(coding, &opts, &encoder) < 0)
        return false;
    hw_buffer output = hw_buffer_over(hw_sys_alloc(room), room);
    int error = output.at ? run_encoder(press, encoder, content, &output) : -ENOMEM;
    hw_encoder_free(encoder);
    hw_pressed *pressed = NULL;
    if (error == 0 || error == -EMSGSIZE)
        pressed = new_pressed(hash, coding, error == 0 ? hw_buffer_text(&output) : HW_TEXT(""));
    hw_sys_free(output.at);
    return pressed && keep_pressed(press, pressed);
}

static void run_press_job(void *owner, hw_errand *errand)
{
    hw_press *press = owner;
    const press_job *job = (press_job *)errand;
    hw_text content;
    if (!wait_for_quiet(press) || read_file_of(job, &content) < 0)
        return;
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++)
        if ((hw_press_codings() & HW_CODING_BIT(coding)) &&
            press_content(press, job->hash, content, coding))
            atomic_fetch_add_explicit(&press->counts[job->hash.low % PRESS_COUNTS], 1,
                                      memory_order_release);
    hw_sys_free((char *)content.at);
}

static void end_press_job(void *owner, hw_errand *errand)
{
    press_job *job = (press_job *)errand;
    (void)owner;
    hw_root_close(&job->root);
    hw_sys_free(job);
}

/* The lock is held. */
static bool is_under_way(const hw_press *press, hw_content_hash hash)
{
    hw_errand *errand = NULL;
    while ((errand = hw_errands_next(&press->errands, errand))) {
        const press_job *job = (press_job *)errand;
        if (job->hash.high == hash.high && job->hash.low == hash.low)
            return true;
    }
    return false;
}

static press_job *new_press_job(const hw_root *root, const char *name, hw_content_hash hash)
{
    size_t length = strlen(name);
    press_job *job = hw_sys_alloc_zeroed(1, sizeof *job + length + 1);
    if (!job)
        return NULL;
    memcpy(job->name, name, length);
    job->hash = hash;
    if (hw_root_open(&job->root, root) == 0)
        return job;
    hw_sys_free(job);
    return NULL;
}

/* Whether room can be had without giving up what was made lately. The lock is held. */
static bool has_room(const hw_press *press)
{
    if (press->bytes_max <= HW_COMPRESS_BYTES_MIN)
        return false;
    if (press->bytes < press->bytes_max / 8 * 7 || hw_list_is_empty(&press->order))
        return true;
    const press_item *oldest = HW_MEMBER(hw_list_first(&press->order), press_item, link);
    return hw_sys_monotonic_ns() - oldest->made_ns > PRESS_KEPT_NS;
}

/* A loop asks, and the thread of the lowest priority may have been stopped while it has the lock: then
 * it is asked another time. */
bool hw_press_ask(hw_press *press, const hw_root *root, const char *name, hw_content_hash hash)
{
    press_job *job = new_press_job(root, name, hash);
    if (!job || !hw_sys_mutex_try(&press->errands.lock)) {
        if (job)
            end_press_job(press, &job->errand);
        return false;
    }
    bool is_known = is_under_way(press, hash);
    bool is_added =
        !is_known && has_room(press) && hw_errands_add(&press->errands, &job->errand, false) == 0;
    hw_sys_mutex_unlock(&press->errands.lock);
    if (!is_added)
        end_press_job(press, &job->errand);
    return is_known || is_added;
}

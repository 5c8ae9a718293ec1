/* Remembers what names led to.
 *
 * A name is asked of the file system once; what was found stays until a change is told (notice.c),
 * until it is old where changes are not told, or until room is needed. Room is bytes of memory and
 * numbers of entries: files that hold a descriptor are bounded by what the process may open, names
 * that lead nowhere by a number, since anybody may invent them. Each kind has a queue of its own,
 * and where bytes are needed invented names go first. Eviction is SIEVE (Zhang and others, 2024):
 * to be asked for costs a bit and no move in a list, and a scan of many names does not drive out
 * those that are in use.
 *
 * What is found is kept only when no event was read, and nothing ceased to be watched, between the
 * vigil's begin and its end: then whatever has changed in between is an event yet to be read, and
 * will find the entry. Rejected: times of files alone, which say too late and too coarsely that
 * something has changed, and cost a call for each request. */
#include "kit/cache.h"

#include <errno.h>

#include "base/assert.h"
#include "base/number.h"
#include "sys/memory.h"
#include "sys/notice.h"
#include "sys/random.h"
#include "sys/socket.h"

/* Names that lead nowhere; of one loop. */
#define ABSENT_MAX 4096
#define ABSENT_PATH_MAX 256
/* An entry may take this part of the cache at most. */
#define CACHE_PART 8
/* What the loop's cache may take, the press has this part of. */
#define PRESS_PART 4
/* Its places in maps and in the tree of what is watched, shared with others. */
#define ENTRY_EXTRA_BYTES 192
/* Files that are watched themselves though only links made later would need it. */
#define FILE_POINTS_MAX 1024

static void init_queues(hw_cache *cache, const hw_share *share)
{
    const size_t count_max[HW_QUEUE_COUNT] = {
        [HW_QUEUE_CONTENTS] = SIZE_MAX,
        [HW_QUEUE_DESCRIPTORS] = share->descriptors_max,
        [HW_QUEUE_ABSENT] = ABSENT_MAX,
    };
    for (size_t i = 0; i < HW_QUEUE_COUNT; i++) {
        hw_list_init(&cache->queues[i].entries);
        cache->queues[i].count_max = count_max[i];
    }
}

static int init_cache(void *local, void *arg, const hw_share *share)
{
    hw_cache *cache = local;
    uint64_t seed;
    cache->setup = arg;
    cache->bytes_max = share->bytes_max;
    if (cache->setup->press)
        cache->press_bytes = share->bytes_max / PRESS_PART;
    cache->bytes_max -= cache->press_bytes;
    cache->notice = -1;
    int error = hw_sys_random(&seed, sizeof seed);
    if (error < 0)
        return error;
    cache->sites = hw_sys_alloc_zeroed(cache->setup->site_count, sizeof *cache->sites);
    if (!cache->sites)
        return -ENOMEM;
    init_queues(cache, share);
    hw_map_init(&cache->points, seed);
    hw_arena_init(&cache->memory, 512, SIZE_MAX);
    for (size_t i = 0; i < cache->setup->site_count; i++) {
        hw_map_init(&cache->sites[i].names, seed);
        hw_map_init(&cache->sites[i].folders, seed);
        cache->sites[i].memory = &cache->memory;
    }
    if (cache->setup->press)
        hw_press_grow(cache->setup->press, cache->press_bytes);
    cache->notice =
        hw_sys_notice_new(); /* without it everything is looked up again when it is old */
    return 0;
}

static void fini_cache(void *local)
{
    hw_cache *cache = local;
    hw_cache_clear(cache);
    if (cache->setup->press)
        hw_press_shrink(cache->setup->press, cache->press_bytes);
    for (size_t i = 0; i < cache->setup->site_count; i++) {
        hw_map_fini(&cache->sites[i].names);
        hw_map_fini(&cache->sites[i].folders);
    }
    hw_map_fini(&cache->points);
    hw_arena_fini(&cache->memory);
    hw_sys_free(cache->sites);
    if (cache->notice >= 0)
        (void)hw_sys_close(cache->notice);
}

static int notice_of(const void *local)
{
    return ((const hw_cache *)local)->notice;
}

static void read_notice(void *local)
{
    hw_notice_read(local);
}

static void take_vigil(void *local, void *item)
{
    hw_cache_end(local, item);
}

hw_local hw_cache_local(hw_cache_setup *setup)
{
    return (hw_local){
        .size = sizeof(hw_cache),
        .beside_bytes = hw_press_codings() ? HW_PRESS_WORK_BYTES_MAX : 0,
        .init = init_cache,
        .fini = fini_cache,
        .arg = setup,
        .descriptor = notice_of,
        .on_readable = read_notice,
        .take = take_vigil,
    };
}

hw_entry *hw_cache_find(hw_site *site, hw_text path, int64_t now_ms)
{
    hw_entry *entry = hw_map_get(&site->names, path);
    if (!entry)
        return NULL;
    /* Before its time is beyond any span too. */
    uint64_t age_ms = (uint64_t)now_ms - (uint64_t)entry->filing.true_from_ms;
    if (age_ms >= (uint64_t)entry->filing.true_ms)
        return NULL;
    entry->filing.is_visited = true;
    return entry;
}

/* Not where entries come and go: a watch that goes with its entry soon is not worth its calls. */
static bool has_room_for_watches(const hw_cache *cache)
{
    return cache->file_points < FILE_POINTS_MAX && cache->bytes < cache->bytes_max / 2;
}

void hw_cache_begin(hw_cache *cache, size_t site, hw_text path, int64_t now_ms, unsigned fresh_ms,
                    hw_vigil *ret_vigil)
{
    *ret_vigil = (hw_vigil){
        .notice = cache->notice,
        .epoch = cache->epoch,
        .site = site,
        .path = path,
        .now_ms = now_ms,
        .fresh_ms = fresh_ms,
        .known = hw_notice_known(cache, site, path),
        .file = -1,
        .watches_file = has_room_for_watches(cache),
        .is_blind = cache->notice < 0,
    };
}

static hw_queue *queue_of(hw_cache *cache, const hw_entry *entry)
{
    if (entry->kind == HW_ENTRY_ABSENT)
        return &cache->queues[HW_QUEUE_ABSENT];
    bool has_descriptor = hw_entry_descriptors(entry) > 0;
    return &cache->queues[has_descriptor ? HW_QUEUE_DESCRIPTORS : HW_QUEUE_CONTENTS];
}

/* What it counts for in its queue: its descriptors, or itself. */
static size_t weight_of(const hw_entry *entry)
{
    unsigned descriptors = hw_entry_descriptors(entry);
    return descriptors > 0 ? descriptors : 1;
}

void hw_cache_drop(hw_cache *cache, hw_entry *entry)
{
    hw_filing *filing = &entry->filing;
    hw_queue *queue = queue_of(cache, entry);
    if (queue->hand == &filing->queue)
        queue->hand = filing->queue.prev;
    hw_link_remove(&filing->queue);
    queue->count -= weight_of(entry);
    cache->bytes -= filing->cost;
    filing->cost = 0;
    if (cache->sites[filing->site].no_page == entry)
        cache->sites[filing->site].no_page = NULL;
    hw_entry_leave_cache(entry);
    void *removed = hw_map_remove(&cache->sites[filing->site].names, entry->path);
    hw_assert(removed == entry);
    hw_notice_detach(cache, entry);
    hw_entry_release(entry);
}

/* Takes away the first entry, from the hand on, that nobody has asked for since it came by. */
static void evict_one(hw_cache *cache, hw_queue *queue)
{
    hw_link *head = &queue->entries.head;
    for (;;) {
        hw_link *link = queue->hand && queue->hand != head ? queue->hand : head->prev;
        hw_entry *entry = HW_MEMBER(link, hw_entry, filing.queue);
        queue->hand = link->prev;
        if (!entry->filing.is_visited) {
            hw_cache_drop(cache, entry);
            return;
        }
        entry->filing.is_visited = false;
    }
}

/* Where room for bytes is made: invented names go first. */
static hw_queue *choose_queue(hw_cache *cache)
{
    static const hw_queue_kind order[] = {HW_QUEUE_ABSENT, HW_QUEUE_CONTENTS, HW_QUEUE_DESCRIPTORS};
    for (size_t i = 0; i < HW_QUEUE_COUNT; i++)
        if (cache->queues[order[i]].count > 0)
            return &cache->queues[order[i]];
    return NULL;
}

/* False: it is too large, or of a kind there is no room for at all. */
static bool make_room(hw_cache *cache, const hw_entry *entry, size_t cost)
{
    hw_queue *queue = queue_of(cache, entry);
    if (cost > cache->bytes_max / CACHE_PART || queue->count_max < weight_of(entry))
        return false;
    while (queue->count + weight_of(entry) > queue->count_max)
        evict_one(cache, queue);
    while (cache->bytes + cost > cache->bytes_max) {
        hw_queue *chosen = choose_queue(cache);
        if (!chosen)
            return false;
        evict_one(cache, chosen);
    }
    return true;
}

/* What is watched is true until the opposite is told, and not before the date that is said of it: a
 * clock may be set back. That says nothing of an age either, where changes are not told. */
static void bound_truth(const hw_vigil *vigil, hw_entry *entry)
{
    hw_filing *filing = &entry->filing;
    bool is_watched = !vigil->is_blind && filing->folder;
    bool is_dated = entry->kind == HW_ENTRY_FILE && entry->file.modified > 0;
    filing->true_from_ms = !is_watched ? vigil->now_ms : is_dated ? entry->file.modified * 1000 : 0;
    filing->true_ms = is_watched ? INT64_MAX : vigil->fresh_ms;
}

static bool put_entry(hw_cache *cache, const hw_vigil *vigil, hw_entry *entry)
{
    hw_site *site = &cache->sites[vigil->site];
    size_t cost =
        sizeof *entry + entry->memory.held + hw_entry_shared_bytes(entry) + ENTRY_EXTRA_BYTES;
    hw_entry *before = hw_map_get(&site->names, vigil->path);
    if (before)
        hw_cache_drop(cache, before);
    if (!make_room(cache, entry, cost) || hw_map_put(&site->names, entry->path, entry) < 0)
        return false;
    hw_filing *filing = &entry->filing;
    hw_queue *queue = queue_of(cache, entry);
    hw_list_prepend(&queue->entries, &filing->queue);
    queue->count += weight_of(entry);
    cache->bytes += cost;
    filing->cost = cost;
    hw_entry_enter_cache(entry);
    filing->site = vigil->site;
    bound_truth(vigil, entry);
    return true;
}

/* A folder that came after it was to be watched is not: what was found in it must not stay. Long
 * names that lead nowhere are not worth their room. */
static bool is_worth_keeping(const hw_vigil *vigil, const hw_entry *entry)
{
    bool is_absent = entry->kind == HW_ENTRY_ABSENT;
    return is_absent ? vigil->path.length <= ABSENT_PATH_MAX : !vigil->ends_early;
}

/* First it hangs under what is watched: what is evicted for it then takes none of that away. */
static bool keep_entry(hw_cache *cache, const hw_vigil *vigil, hw_entry *entry)
{
    if (!hw_notice_attach(cache, vigil, entry))
        return false;
    bool is_put = put_entry(cache, vigil, entry);
    if (!is_put)
        hw_notice_detach(cache, entry);
    return is_put;
}

/* What the cache holds and nobody uses, others need more. */
static void give_descriptors_back(hw_cache *cache)
{
    hw_queue *queue = &cache->queues[HW_QUEUE_DESCRIPTORS];
    for (hw_link *link; (link = hw_list_first(&queue->entries));)
        hw_cache_drop(cache, HW_MEMBER(link, hw_entry, filing.queue));
}

static void end_vigil(hw_cache *cache, hw_vigil *vigil)
{
    hw_entry *entry = vigil->entry;
    vigil->entry = NULL;
    bool is_kept = entry && vigil->epoch == cache->epoch && is_worth_keeping(vigil, entry) &&
                   keep_entry(cache, vigil, entry);
    hw_notice_abandon(cache, vigil);
    if (!is_kept)
        hw_entry_release(entry);
    if (vigil->is_starved)
        give_descriptors_back(cache);
}

void hw_cache_end(hw_cache *cache, hw_vigil *vigil)
{
    for (; vigil; vigil = vigil->beside)
        end_vigil(cache, vigil);
}

void hw_cache_clear(hw_cache *cache)
{
    hw_queue *queue;
    while ((queue = choose_queue(cache)))
        hw_cache_drop(cache, HW_MEMBER(hw_list_first(&queue->entries), hw_entry, filing.queue));
}

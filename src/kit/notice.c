/* What is watched for a cache, and what is forgotten when something is told.
 *
 * The folders of all cached names form a tree; an entry hangs in the deepest of them. An event
 * names a folder (by a number) and a name in it, and is taken to mean: whatever path leads through
 * that name is no longer known. So one rule serves for files that are changed, replaced, removed,
 * made and renamed, and for folders above them. A file that is watched itself has a number of its
 * own. One number may stand for several folders or files: other names of the same one.
 *
 * Rejected: looking at the kind of an event to keep what might still be true. A wrong guess is a
 * lie to a client, a right one saves a look.
 *
 * Invariants: a folder has entries or children, a point folders or entries, or they are held while
 * they are gone through; a point that is not gone is watched by the system. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/assert.h"
#include "base/buffer.h"
#include "kit/cache.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/notice.h"

enum {
    NOTICE_BYTES = 16 * 1024,
    NOTICE_READS_MAX = 16,
    NOTICE_EVENT_MAX = sizeof(struct inotify_event) + NAME_MAX + 1,
    NOTICE_NAMES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO,
};

static hw_text key_of_number(const int *number)
{
    return (hw_text){(const char *)number, sizeof *number};
}

static hw_point *find_point(const hw_cache *cache, int number)
{
    return hw_map_get(&cache->points, key_of_number(&number));
}

static void release_point(hw_cache *cache, hw_point *point)
{
    if (point->holds > 0 || !hw_list_is_empty(&point->folders) ||
        !hw_list_is_empty(&point->entries))
        return;
    hw_map_remove(&cache->points, key_of_number(&point->number));
    if (!point->is_gone)
        (void)hw_sys_notice_remove(cache->notice, point->number);
    cache->epoch++;
    hw_sys_free(point);
}

static hw_point *open_point(hw_cache *cache, int number)
{
    hw_point *point = find_point(cache, number);
    if (point)
        return point->is_gone ? NULL : point;
    point = hw_sys_alloc_zeroed(1, sizeof *point);
    if (!point)
        return NULL;
    point->number = number;
    hw_list_init(&point->folders);
    hw_list_init(&point->entries);
    if (hw_map_put(&cache->points, key_of_number(&point->number), point) == 0)
        return point;
    hw_sys_free(point);
    return NULL;
}

static bool is_folder_empty(const hw_folder *folder)
{
    return hw_list_is_empty(&folder->entries) && hw_list_is_empty(&folder->absent) &&
           hw_list_is_empty(&folder->children);
}

/* A folder with nothing in it goes, and so may those above it. */
static void release_folder(hw_cache *cache, hw_folder *folder)
{
    while (folder && folder->holds == 0 && is_folder_empty(folder)) {
        hw_folder *parent = folder->parent;
        hw_map_remove(&cache->sites[folder->site].folders, folder->path);
        hw_link_remove(&folder->sibling);
        hw_link_remove(&folder->peer);
        release_point(cache, folder->point);
        hw_sys_free(folder);
        folder = parent;
    }
}

static hw_folder *new_folder(hw_cache *cache, size_t site, hw_text path, hw_folder *parent)
{
    hw_folder *folder = hw_sys_alloc_zeroed(1, sizeof *folder + path.length + 1);
    if (!folder)
        return NULL;
    char *own = (char *)(folder + 1);
    memcpy(own, path.at, path.length);
    folder->path = (hw_text){own, path.length};
    folder->site = site;
    folder->parent = parent;
    hw_list_init(&folder->children);
    hw_list_init(&folder->entries);
    hw_list_init(&folder->absent);
    if (hw_map_put(&cache->sites[site].folders, folder->path, folder) == 0)
        return folder;
    hw_sys_free(folder);
    return NULL;
}

/* The folder of this path under this number; NULL: no memory, or it is watched under another by
 * now. */
static hw_folder *open_folder(hw_cache *cache, size_t site, hw_text path, int number,
                              hw_folder *parent)
{
    hw_folder *folder = hw_map_get(&cache->sites[site].folders, path);
    hw_point *point = open_point(cache, number);
    if (folder && folder->point == point)
        return folder;
    folder = point && !folder ? new_folder(cache, site, path, parent) : NULL;
    if (!folder) {
        if (point)
            release_point(cache, point);
        return NULL;
    }
    folder->point = point;
    hw_list_append(&point->folders, &folder->peer);
    if (parent)
        hw_list_append(&parent->children, &folder->sibling);
    return folder;
}

size_t hw_notice_known(const hw_cache *cache, size_t site, hw_text path)
{
    size_t known = 0;
    for (size_t i = 0; i < path.length; i++) {
        if (path.at[i] != '/')
            continue;
        if (!hw_map_get(&cache->sites[site].folders, hw_text_upto(path, i + 1)))
            break;
        known = i + 1;
    }
    return known;
}

static bool attach_to_file(hw_cache *cache, hw_entry *entry, int number)
{
    hw_point *point = open_point(cache, number);
    if (!point)
        return false;
    entry->filing.point = point;
    hw_list_append(&point->entries, &entry->filing.beside);
    cache->file_points++;
    return true;
}

bool hw_notice_attach(hw_cache *cache, const hw_vigil *vigil, hw_entry *entry)
{
    hw_site *site = &cache->sites[vigil->site];
    hw_folder *folder = NULL;
    if (vigil->known > 0) {
        folder = hw_map_get(&site->folders, hw_text_upto(vigil->path, vigil->known));
        if (!folder)
            return false;
    }
    for (unsigned i = 0; i < vigil->folder_count; i++) {
        const hw_vigil_folder *watched = &vigil->folders[i];
        if (watched->length == 0)
            continue;
        hw_folder *next =
            open_folder(cache, vigil->site, hw_text_upto(vigil->path, watched->length),
                        watched->number, folder);
        if (!next) {
            release_folder(cache, folder);
            return false;
        }
        folder = next;
    }
    if (folder)
        hw_list_append(entry->kind == HW_ENTRY_ABSENT ? &folder->absent : &folder->entries,
                       &entry->filing.near);
    entry->filing.folder = folder;
    if (vigil->file < 0 || attach_to_file(cache, entry, vigil->file))
        return true;
    hw_notice_detach(cache, entry);
    return false;
}

void hw_notice_detach(hw_cache *cache, hw_entry *entry)
{
    hw_filing *filing = &entry->filing;
    hw_link_remove(&filing->near);
    hw_link_remove(&filing->beside);
    if (filing->point) {
        cache->file_points--;
        release_point(cache, filing->point);
    }
    release_folder(cache, filing->folder);
    filing->point = NULL;
    filing->folder = NULL;
}

static void abandon_number(hw_cache *cache, int number)
{
    if (find_point(cache, number))
        return;
    (void)hw_sys_notice_remove(cache->notice, number);
    cache->epoch++;
}

void hw_notice_abandon(hw_cache *cache, const hw_vigil *vigil)
{
    for (unsigned i = 0; i < vigil->folder_count; i++)
        abandon_number(cache, vigil->folders[i].number);
    if (vigil->file >= 0)
        abandon_number(cache, vigil->file);
}

static void drop_entries(hw_cache *cache, hw_folder *folder)
{
    for (hw_link *link; (link = hw_list_first(&folder->entries));)
        hw_cache_drop(cache, HW_MEMBER(link, hw_entry, filing.near));
    for (hw_link *link; (link = hw_list_first(&folder->absent));)
        hw_cache_drop(cache, HW_MEMBER(link, hw_entry, filing.near));
}

static hw_folder *find_leaf(hw_folder *folder)
{
    for (hw_link *link; (link = hw_list_first(&folder->children));)
        folder = HW_MEMBER(link, hw_folder, sibling);
    return folder;
}

/* Everything in a folder, from its leaves up, and the folder. A leaf is cut off first: it may be
 * held by somebody who goes through it. */
static void drop_folder(hw_cache *cache, hw_folder *folder)
{
    folder->holds++;
    for (hw_folder *leaf; (leaf = find_leaf(folder)) != folder;) {
        hw_link_remove(&leaf->sibling);
        leaf->parent = NULL;
        leaf->holds++;
        drop_entries(cache, leaf);
        leaf->holds--;
        release_folder(cache, leaf);
    }
    drop_entries(cache, folder);
    folder->holds--;
    release_folder(cache, folder);
}

/* The first name of an entry's path behind a folder's. */
static hw_text next_name(const hw_folder *folder, const hw_entry *entry)
{
    hw_text below = hw_text_from(entry->path, folder->path.length);
    return hw_text_upto(below, hw_text_find(below, '/'));
}

/* Names that lead nowhere hang in the last folder there is: more of them than this one's may lead
 * through the name. */
static void drop_absent(hw_cache *cache, hw_folder *folder, hw_text name)
{
    hw_link *head = &folder->absent.head;
    for (hw_link *link = head->next, *next; link != head; link = next) {
        next = link->next;
        hw_entry *entry = HW_MEMBER(link, hw_entry, filing.near);
        if (hw_text_equal(next_name(folder, entry), name))
            hw_cache_drop(cache, entry);
    }
}

/* Whether the folder's own entry, its index, may be another one now. */
static bool concerns_index(const hw_entry *entry, const hw_folder *folder, hw_text name,
                           uint32_t mask)
{
    if ((mask & NOTICE_NAMES) || !entry->name)
        return true;
    return hw_text_equal(hw_text_from(hw_text_of(entry->name), folder->path.length - 1), name);
}

/* "a.html" may be what "a" leads to. */
static void drop_page(hw_cache *cache, const hw_site *site, hw_text path)
{
    static const hw_text ending = HW_TEXT_INIT(".html");
    if (!hw_text_has_suffix(path, ending))
        return;
    hw_entry *entry = hw_map_get(&site->names, hw_text_upto(path, path.length - ending.length));
    if (entry)
        hw_cache_drop(cache, entry);
}

/* What is known under a name in a folder, and of the folder's index if that may be it. */
static void drop_named(hw_cache *cache, const hw_folder *folder, hw_text path, hw_text name,
                       uint32_t mask)
{
    hw_site *site = &cache->sites[folder->site];
    hw_entry *entry = hw_map_get(&site->names, path);
    if (entry)
        hw_cache_drop(cache, entry);
    drop_page(cache, site, path);
    entry = hw_map_get(&site->names, folder->path);
    if (entry && concerns_index(entry, folder, name, mask))
        hw_cache_drop(cache, entry);
}

/* What has changed beside a file may be the same file, coded (siblings.c). */
static void take_change(hw_cache *cache, hw_folder *folder, hw_text name, uint32_t mask)
{
    char memory[PATH_MAX + NAME_MAX + 2];
    hw_buffer path = HW_BUFFER_OVER(memory);
    hw_site *site = &cache->sites[folder->site];
    hw_buffer_put(&path, folder->path);
    hw_buffer_put(&path, name);
    drop_named(cache, folder, hw_buffer_text(&path), name, mask);
    size_t suffix = hw_coding_suffix(hw_coding_of_name(name)).length;
    if (suffix > 0)
        drop_named(cache, folder, hw_text_upto(hw_buffer_text(&path), path.length - suffix),
                   hw_text_upto(name, name.length - suffix), mask);
    hw_buffer_put_char(&path, '/');
    hw_folder *inner = hw_map_get(&site->folders, hw_buffer_text(&path));
    if (inner && (mask & (NOTICE_NAMES | IN_ISDIR)))
        drop_folder(cache, inner);
    if (mask & NOTICE_NAMES)
        drop_absent(cache, folder, name);
    if (path.overflow)
        hw_cache_clear(cache);
}

/* A change of a name, in a folder that may itself have several. All of them are held meanwhile:
 * what is dropped for one may have been the last thing in another. */
static void take_name(hw_cache *cache, hw_point *point, hw_text name, uint32_t mask)
{
    hw_link *head = &point->folders.head, *next;
    for (hw_link *link = head->next; link != head; link = link->next)
        HW_MEMBER(link, hw_folder, peer)->holds++;
    for (hw_link *link = head->next; link != head; link = link->next)
        take_change(cache, HW_MEMBER(link, hw_folder, peer), name, mask);
    for (hw_link *link = head->next; link != head; link = next) {
        hw_folder *folder = HW_MEMBER(link, hw_folder, peer);
        next = link->next;
        folder->holds--;
        release_folder(cache, folder);
    }
}

/* A change of the file or folder itself. */
static void take_self(hw_cache *cache, hw_point *point)
{
    for (hw_link *link; (link = hw_list_first(&point->entries));)
        hw_cache_drop(cache, HW_MEMBER(link, hw_entry, filing.beside));
    for (hw_link *link; (link = hw_list_first(&point->folders));)
        drop_folder(cache, HW_MEMBER(link, hw_folder, peer));
}

static void take_notice(hw_cache *cache, const struct inotify_event *event, hw_text name)
{
    hw_point *point = find_point(cache, event->wd);
    /* What has been let go says so itself, and means nothing for others. */
    if (!point && (event->mask & IN_IGNORED))
        return;
    cache->epoch++;
    if (event->mask & IN_Q_OVERFLOW)
        hw_cache_clear(cache);
    if (!point || (event->mask & IN_Q_OVERFLOW))
        return;
    point->holds++;
    if (event->mask & IN_IGNORED)
        point->is_gone = true;
    if (name.length > 0)
        take_name(cache, point, name, event->mask);
    else
        take_self(cache, point);
    point->holds--;
    release_point(cache, point);
}

static void take_notices(hw_cache *cache, hw_text bytes)
{
    struct inotify_event event;
    while (bytes.length >= sizeof event) {
        memcpy(&event, bytes.at, sizeof event);
        bytes = hw_text_from(bytes, sizeof event);
        hw_text padded = hw_text_upto(bytes, event.len);
        take_notice(cache, &event, hw_text_upto(padded, hw_text_find(padded, '\0')));
        bytes = hw_text_from(bytes, event.len);
    }
}

/* Somebody who writes all the time must not hold the loop: then nothing is kept, nothing is watched
 * any more, and what is still to be told has an end. */
void hw_notice_read(hw_cache *cache)
{
    char memory[NOTICE_BYTES];
    ssize_t got;
    unsigned reads = 0;
    do {
        if (++reads >= NOTICE_READS_MAX)
            hw_cache_clear(cache);
        got = hw_sys_read(cache->notice, memory, sizeof memory);
        if (got > 0)
            take_notices(cache, (hw_text){memory, (size_t)got});
    } while (got > (ssize_t)(sizeof memory - NOTICE_EVENT_MAX));
    /* Nobody can say what has been missed. */
    if (got < 0 && got != -EAGAIN)
        hw_cache_clear(cache);
}

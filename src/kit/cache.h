/* What a loop remembers of files: names, what they led to, and what is watched so that none of it
 * is ever stale. One cache serves all folders of files (sites) of an application on one loop; it
 * belongs to that loop, without a lock. */
#ifndef HW_KIT_CACHE_H
#define HW_KIT_CACHE_H

#include "base/list.h"
#include "base/map.h"
#include "exchange/answerer.h"
#include "kit/entry.h"
#include "kit/press.h"
#include "kit/vigil.h"

/* What all loops' caches of an application have in common; fixed once they are made. */
typedef struct hw_cache_setup {
    size_t site_count;
    hw_hasher *hasher; /* of all of them, who hold it; NULL: none yet */
    hw_press *press;   /* likewise */
} hw_cache_setup;

/* One number of events: everything that was watched under it. The same folder or file may have
 * several names. */
typedef struct hw_point {
    int number;
    hw_list folders, entries;
    unsigned holds; /* it is being gone through */
    bool is_gone;   /* the system has forgotten it */
} hw_point;

/* A folder that is watched, by one of its names. It stays as long as there is something in it. */
typedef struct hw_folder {
    hw_text path; /* "/", "/a/"; with a NUL behind it */
    size_t site;
    struct hw_folder *parent; /* NULL: the root */
    hw_point *point;
    hw_link peer;     /* point->folders */
    hw_link sibling;  /* parent->children */
    hw_list children; /* folders in it that are watched */
    hw_list entries;  /* of names in it, and of the folder's own */
    hw_list absent;   /* of names that begin in it and lead nowhere */
    unsigned holds;
} hw_folder;

typedef struct hw_site {
    hw_prepared absent; /* the head of a 404 of this folder, once there was one */
    hw_entry *no_page;  /* says that nothing stands in for any name that leads nowhere; else NULL */
    hw_arena *memory;   /* of its memos: the cache's */
    hw_map names;       /* path -> hw_entry */
    hw_map folders;     /* path -> hw_folder */
} hw_site;

/* Entries in the order of SIEVE: new ones come in front, the hand moves from the back to the front
 * and takes away the first that nobody has asked for since it came by. */
typedef struct hw_queue {
    hw_list entries;
    hw_link *hand;           /* the next to be looked at; NULL: the last */
    size_t count, count_max; /* of entries, or of the descriptors they hold */
} hw_queue;

typedef enum hw_queue_kind {
    HW_QUEUE_CONTENTS,    /* files in memory, and folders */
    HW_QUEUE_DESCRIPTORS, /* files that hold one */
    HW_QUEUE_ABSENT,      /* what anybody may invent */
    HW_QUEUE_COUNT,
} hw_queue_kind;

typedef struct hw_cache {
    const hw_cache_setup *setup;
    hw_site *sites;
    hw_queue queues[HW_QUEUE_COUNT];
    size_t bytes, bytes_max;
    size_t press_bytes; /* of its share, what the press may keep */
    int notice;         /* inotify; -1: nothing can be watched */
    hw_map points;      /* number -> hw_point */
    size_t file_points; /* entries whose file is watched itself */
    uint64_t epoch;     /* moves on with every event and whenever something is watched no more */
    hw_arena memory;
} hw_cache;

/* The cache as state of a loop, for hw_app_local_add. The setup must outlive it. */
hw_local hw_cache_local(hw_cache_setup *setup);

/* What a path of a site led to, unless that may have changed, or is a file from the future now.
 * Borrowed. */
hw_entry *hw_cache_find(hw_site *site, hw_text path, int64_t now_ms);

/* Begins a vigil for a path that is about to be looked up. The path must outlive it. Where changes
 * are not told, what is found may have changed when it is as old as fresh_ms. */
void hw_cache_begin(hw_cache *cache, size_t site, hw_text path, int64_t now_ms, unsigned fresh_ms,
                    hw_vigil *ret_vigil);
/* Ends it and those beside it: keeps what was found, if that is certain to be true, and makes room
 * for it. Takes over vigil->entry. */
void hw_cache_end(hw_cache *cache, hw_vigil *vigil);

/* Forgets an entry (everything). */
void hw_cache_drop(hw_cache *cache, hw_entry *entry);
void hw_cache_clear(hw_cache *cache);

/* notice.c: what is watched. */

/* So much of a path leads to a folder that is watched already: 1 and more, or 0. */
size_t hw_notice_known(const hw_cache *cache, size_t site, hw_text path);
/* Hangs an entry under what its vigil has watched. False: that is not there any more, or there is
 * no memory; then it hangs nowhere. */
bool hw_notice_attach(hw_cache *cache, const hw_vigil *vigil, hw_entry *entry);
/* Takes it down again, and no longer watches what nothing hangs under. */
void hw_notice_detach(hw_cache *cache, hw_entry *entry);
/* No longer watches what a vigil has watched and nothing hangs under. */
void hw_notice_abandon(hw_cache *cache, const hw_vigil *vigil);
/* Reads what is told, and forgets every entry that may have changed. */
void hw_notice_read(hw_cache *cache);

#endif

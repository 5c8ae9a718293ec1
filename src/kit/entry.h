/* An entry is what a name led to when it was looked up: a file with all that is said of it, a
 * folder, or nothing. It never changes: what has changed gets a new one. It is shared by reference,
 * the cache's and those of the answers that are sent from it, and belongs to one loop. */
#ifndef HW_KIT_ENTRY_H
#define HW_KIT_ENTRY_H

#include "base/list.h"
#include "exchange/body.h"
#include "exchange/prepared.h"
#include "http/media.h"
#include "http/range.h"
#include "kit/policy.h"
#include "kit/root.h"

/* A file up to this size is read and kept in memory, and leaves with its head; a larger one is sent
 * from its descriptor. docs/bench.md shows where the one becomes cheaper than the other. */
#define HW_ENTRY_CONTENT_MAX (64 * 1024)

typedef enum hw_entry_kind {
    HW_ENTRY_FILE,
    HW_ENTRY_FOLDER, /* named without its slash */
    HW_ENTRY_ABSENT,
} hw_entry_kind;

/* What a file's bytes are, and what is said of them. */
typedef struct hw_representation {
    int fd;           /* where the content is not in memory; else -1 */
    uint64_t length;  /* of the content */
    hw_warmth warmth; /* of what is sent from fd */
    hw_text content;  /* all of it; at NULL: it is sent from fd */
    hw_text tag;
    int64_t modified;      /* seconds */
    int64_t last_modified; /* the same, or HW_NO_DATE where it is not said */
    hw_prepared whole;     /* 200 */
    hw_prepared unchanged; /* 304 */
} hw_representation;

/* Where the cache has an entry; nobody else looks at it. */
typedef struct hw_filing {
    hw_link queue;            /* the order of eviction */
    hw_link near;             /* the entries of `folder` */
    hw_link beside;           /* the entries of `point` */
    struct hw_folder *folder; /* the last folder of the name that is watched; NULL: none */
    struct hw_point *point;   /* the file's own watch; NULL: none */
    size_t site, cost;        /* cost in bytes; 0: not in the cache */
    int64_t true_from_ms;     /* from here on, on the wall's clock, ... */
    int64_t true_ms;          /* ... and so long it is to be believed */
    bool is_visited;          /* asked for since eviction came by last */
} hw_filing;

typedef struct hw_entry {
    hw_entry_kind kind;
    unsigned references;
    hw_text path;     /* what was asked for, below the root; with a NUL behind it */
    const char *name; /* the file that was found there, without the leading '/' */
    hw_representation file;
    const hw_policy *policy; /* of the folder it is served from; NULL: none */
    hw_filing filing;
    hw_arena memory;    /* of all its texts, contents and memos */
    hw_budget *charged; /* NULL: it is counted in the cache, or nowhere */
    hw_budget *origin;  /* where it was charged at first, and is again when the cache drops it */
} hw_entry;

/* An entry without a file. Owns: the caller has the only reference. 0, or -ENOMEM. */
int hw_entry_new(hw_entry_kind kind, hw_text path, hw_entry **ret_entry);

/* An entry of a file that was found, with what its folder says with it (policy, which must outlive
 * it; NULL: nothing). A content of at most content_max bytes (and of HW_ENTRY_CONTENT_MAX) is read.
 * `now` is in seconds. Owns: finding->fd, on failure too. Errors: -ESTALE the file is shorter than
 * it was; -ENOMEM; what reading gives. */
int hw_entry_new_file(hw_text path, const char *name, const hw_finding *finding, size_t content_max,
                      const hw_media *media, const hw_policy *policy, int64_t now,
                      hw_entry **ret_entry);

/* Who answers with it has it charged to its budget. -ENOMEM: there is no room. */
int hw_entry_charge(hw_entry *entry, hw_budget *budget);
/* It is counted in the cache from now on; no longer, and answers may have it still. */
void hw_entry_enter_cache(hw_entry *entry);
void hw_entry_leave_cache(hw_entry *entry);

void hw_entry_hold(hw_entry *entry);
/* Gives a reference back; the last one frees. NULL is fine. */
void hw_entry_release(hw_entry *entry);

/* The first piece of a part that is not empty, as a source gives it, and its length: what is in
 * memory comes as it is wanted, a file at once. */
uint64_t hw_entry_piece(hw_entry *entry, hw_range part, size_t want, hw_piece *ret_piece);

/* A part of the file, which may be empty, as a body; it holds the entry. NULL: no memory in the
 * arena. */
hw_source *hw_entry_body(hw_entry *entry, hw_range part, hw_arena *arena);

#endif

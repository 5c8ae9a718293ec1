/* An entry is what a name led to when it was looked up: a file with all that is said of it, a
 * folder, or nothing. It never changes: what has changed gets a new one. It is shared by reference,
 * the cache's and those of the answers that are sent from it, and belongs to one loop. */
#ifndef HW_KIT_ENTRY_H
#define HW_KIT_ENTRY_H

#include "base/list.h"
#include "kit/representation.h"
#include "kit/siblings.h"

/* A longer Accept-Encoding is read each time. */
#define HW_VARIANTS_ASKED_MAX 48

typedef enum hw_entry_kind {
    HW_ENTRY_FILE,
    HW_ENTRY_FOLDER, /* named without its slash */
    HW_ENTRY_ABSENT,
    HW_ENTRY_LISTED, /* a folder without an index, named with its slash: what is in it is looked up
                        for each answer */
} hw_entry_kind;

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

/* A file's other codings, and what came of the last Accept-Encoding that was read for them: nearly all
 * clients send one of three. */
typedef struct hw_variants {
    unsigned siblings, pressed, on_the_way; /* sets of HW_CODING_BIT: how each can be had */
    hw_representation *coded[HW_CODING_COUNT];
    hw_pressed *contents[HW_CODING_COUNT]; /* of the pressed ones: references */
    hw_press *press;         /* that may have more of it; NULL: it has done what it can */
    unsigned pressed_before; /* what it had made of it by then */
    bool is_asking;          /* it is to be asked */
    const hw_root *root;
    char asked[HW_VARIANTS_ASKED_MAX];
    size_t asked_length; /* 0: nothing yet */
    hw_coding chosen;
} hw_variants;

typedef struct hw_entry {
    hw_entry_kind kind;
    unsigned references;
    hw_text path;     /* what was asked for, below the root; with a NUL behind it */
    const char *name; /* the file that was found there, without the leading '/' */
    hw_representation file;
    bool is_unhashed;        /* one of its representations is: it will have another tag */
    bool is_unfinished;      /* there may be more of it: hw_entry_has_more */
    unsigned hashes_before;  /* what the hasher had made of it by then */
    hw_variants *variants;   /* the same file, coded; NULL: there is none */
    const hw_policy *policy; /* of the folder it is served from; NULL: none */
    hw_filing filing;
    hw_arena memory;    /* of all its texts, contents and memos */
    hw_budget *charged; /* NULL: it is counted in the cache, or nowhere */
    hw_budget *origin;  /* where it was charged at first, and is again when the cache drops it */
} hw_entry;

/* An entry without a file. Owns: the caller has the only reference. 0, or -ENOMEM. */
int hw_entry_new(hw_entry_kind kind, hw_text path, hw_entry **ret_entry);

/* An entry of a file that was found, and of its siblings (NULL: none). Owns: all their descriptors, on
 * failure too. Errors: those of hw_representation_make. */
int hw_entry_new_file(hw_text path, const char *name, const hw_finding *finding,
                      hw_siblings *siblings, const hw_file_rules *rules, hw_entry **ret_entry);

/* Its representation in this coding; NULL: there is none. */
hw_representation *hw_entry_representation(hw_entry *entry, hw_coding coding);
/* Whether something has been made of an unfinished one since: another tag, another coding. */
bool hw_entry_has_more(const hw_entry *entry, const hw_hasher *hasher);
/* What of it is not its own: contents that others may have too. */
size_t hw_entry_shared_bytes(const hw_entry *entry);
/* How many descriptors it holds. */
unsigned hw_entry_descriptors(const hw_entry *entry);

/* Who answers with it has it charged to its budget. -ENOMEM: there is no room. */
int hw_entry_charge(hw_entry *entry, hw_budget *budget);
/* It is counted in the cache from now on; no longer, and answers may have it still. */
void hw_entry_enter_cache(hw_entry *entry);
void hw_entry_leave_cache(hw_entry *entry);

void hw_entry_hold(hw_entry *entry);
/* Gives a reference back; the last one frees. NULL is fine. */
void hw_entry_release(hw_entry *entry);

/* A part, which may be empty, of one of its representations, as a body; it holds the entry. NULL: no
 * memory in the arena. */
hw_source *hw_entry_body(hw_entry *entry, hw_representation *file, hw_range part, hw_arena *arena);

#endif

/* A representation is a file's bytes as one coding has them, and what is said of them: type,
 * validators, and the heads of the answers that have it. It is made once and never changes. */
#ifndef HW_KIT_REPRESENTATION_H
#define HW_KIT_REPRESENTATION_H

#include "base/identity.h"
#include "exchange/body.h"
#include "exchange/prepared.h"
#include "http/media.h"
#include "http/range.h"
#include "kit/hasher.h"
#include "kit/policy.h"
#include "kit/press.h"
#include "kit/root.h"

/* A file up to this size is read and kept in memory, and leaves with its head; a larger one is sent
 * from its descriptor. docs/bench.md shows where the one becomes cheaper than the other. */
#define HW_REPRESENTATION_CONTENT_MAX (64 * 1024)

/* What becomes of files, beside what they are. */
typedef struct hw_file_rules {
    const hw_media *media;   /* NULL: the built-in types */
    const hw_policy *policy; /* what the folder says; NULL: nothing. It outlives what is made */
    hw_hasher *hasher;       /* NULL: there is none, and large files have weak tags */
    int64_t now_ms;          /* the wall's clock */
    size_t content_max;      /* what is longer than this is not read, though it might be */
    bool waits_for_hash;     /* whoever asks needs to know the strong tag */
    hw_press *press;         /* NULL: there is none, and nothing is coded on its way */
    const hw_root *root;     /* for the press; it outlives what is made */
} hw_file_rules;

typedef struct hw_representation {
    int fd;           /* where the content is not in memory; else -1 */
    uint64_t length;  /* of the content */
    hw_warmth warmth; /* of what is sent from fd */
    hw_text content;  /* all of it; at NULL: it is sent from fd */
    hw_identity identity;
    hw_content_hash hash; /* of the content; all zero: it is not known, or not to be relied on */
    hw_text tag;          /* as ETag says it; empty: there is none */
    hw_text other_tag;    /* was, or may have been, said of the same bytes before; empty: nothing */
    int64_t modified;     /* seconds */
    int64_t last_modified; /* the same, or HW_NO_DATE where it is not said */
    hw_prepared whole;     /* 200 */
    hw_prepared unchanged; /* 304 */
    bool is_unhashed;      /* there will be another tag, as soon as it is hashed */
    bool is_unsettled;     /* it was written just now: what is said of it is not to be kept */
} hw_representation;

/* How a file is to be represented. */
typedef struct hw_rendering {
    hw_text path;   /* of the file that was asked for, below the root: freshness is of it */
    hw_text type;   /* Content-Type; it outlives what is made */
    hw_text coding; /* Content-Encoding; empty: none */
    bool varies;    /* there are others, for who accepts them */
} hw_rendering;

/* Makes it of a file that was found. Owns: finding->fd, on failure too; what is said lies in the
 * arena. 0, or a negative errno, and a representation that may be closed: -ESTALE the file is
 * shorter than it was; -ENOMEM; what reading gives. */
int hw_representation_make(hw_representation *file, const hw_finding *finding,
                           const hw_file_rules *rules, const hw_rendering *rendering,
                           hw_arena *arena);
/* Makes it of what was pressed of another representation, and outlives it: with its dates,
 * and a tag of its own bytes with a suffix behind the hash. 0, or -ENOMEM. */
int hw_representation_make_pressed(hw_representation *file, const hw_representation *source,
                                   const hw_pressed *pressed, const char *suffix,
                                   const hw_file_rules *rules, const hw_rendering *rendering,
                                   hw_arena *arena);
void hw_representation_close(hw_representation *file);

/* The first piece of a part that is not empty, as a source gives it, and its length: what is in
 * memory comes as it is wanted, a file at once. */
uint64_t hw_representation_piece(hw_representation *file, hw_range part, size_t want,
                                 hw_piece *ret_piece);

#endif

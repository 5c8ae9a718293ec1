/* Answers with the files of a folder: GET and HEAD, conditions, ranges; OPTIONS, and what pages of
 * other origins may ask. */
#ifndef HW_KIT_STATIC_H
#define HW_KIT_STATIC_H

#include "exchange/answerer.h"
#include "kit/hasher.h"
#include "kit/policy.h"
#include "kit/press.h"

typedef struct hw_static hw_static;

typedef struct hw_static_setup {
    int folder;               /* borrowed: it keeps a descriptor of its own */
    const char *const *index; /* file names, NULL-terminated, copied; NULL: index.html */
    const char *only; /* one file's name, which alone is served, at "/" too; NULL: all are */
    const char *spa;  /* a file name, copied: it stands in where somebody navigates; NULL: none */
    bool shows_hidden, follows_links, lists, has_clean_urls;
    bool is_uncompressed;   /* what is coded already is not looked for */
    unsigned fresh_ms;      /* where changes are not told, what is older is looked up again */
    hw_policy_setup policy; /* right, as hw_policy_check says; copied */
} hw_static_setup;

/* 0, or a negative errno. */
int hw_static_new(const hw_static_setup *setup, hw_static **ret_files);
void hw_static_free(hw_static *files); /* NULL is fine */

/* Has large files hashed. Takes over the reference. Before anything is answered, once. */
void hw_static_take_hasher(hw_static *files, hw_hasher *hasher);
/* Has files pressed, likewise. */
void hw_static_take_press(hw_static *files, hw_press *press);
/* Lets the quick step answer from a cache: the slot of the loops' state, and which of its sites
 * this is. Before any server runs. */
void hw_static_bind(hw_static *files, size_t slot, size_t site);

/* Valid: as long as the files. Threads: exchanges of any number of loops at a time. */
const hw_answerer *hw_static_answerer(const hw_static *files);

#endif

/* What a path leads to, as the file system says: a file, a folder's index, a page whose name lacks
 * only its ".html", a folder, or nothing. */
#ifndef HW_KIT_LOOKUP_H
#define HW_KIT_LOOKUP_H

#include "exchange/exchange.h"
#include "kit/entry.h"
#include "kit/press.h"

typedef struct hw_lookup {
    hw_root root;
    const char *const *index; /* file names, in the order in which they are tried */
    size_t index_count;
    bool lists;           /* a folder without an index is listed */
    bool has_clean_urls;  /* "a" may be "a.html" */
    bool is_uncompressed; /* what is coded already is not looked for */
    hw_press *press;      /* NULL: there is none, and nothing is coded on the way */
    hw_hasher *hasher;    /* NULL: there is none */
    const hw_policy *policy;
} hw_lookup;

/* With a vigil (NULL: none) what is found is watched before it is looked at. Owns: the caller has
 * the only reference. Errors: whatever opening and reading give, but those that mean there is no
 * such name. */
int hw_lookup_path(const hw_lookup *lookup, hw_exchange *exchange, hw_vigil *vigil,
                   hw_entry **ret_entry);
/* The same for the path of one file, "/404.html", whatever was asked for: a file or nothing. */
int hw_lookup_file(const hw_lookup *lookup, hw_exchange *exchange, hw_text path, hw_vigil *vigil,
                   hw_entry **ret_entry);

#endif

/* What lies beside a file and is the same, coded already: app.js.br, app.js.zst, app.js.gz. */
#ifndef HW_KIT_SIBLINGS_H
#define HW_KIT_SIBLINGS_H

#include "exchange/exchange.h"
#include "http/coding.h"
#include "kit/root.h"

typedef struct hw_siblings {
    unsigned codings;                  /* a set of HW_CODING_BIT: those that were found */
    hw_finding found[HW_CODING_COUNT]; /* theirs */
} hw_siblings;

/* Looks for the siblings of a file that was found by this name: those that are not older than it, and
 * not empty; the narrator of the exchange hears of the others. With a vigil, whose folders are watched already, what cannot be watched with them is
 * noted there. Owns: the descriptors are the caller's. */
void hw_siblings_find(const hw_root *root, const char *name, const hw_finding *source,
                      const hw_exchange *exchange, hw_vigil *vigil, hw_siblings *ret_siblings);
void hw_siblings_close(hw_siblings *siblings);

#endif

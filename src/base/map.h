/* A map from texts to pointers: a hash table with open addressing. Keys are borrowed: they must
 * live and stay unchanged as long as their entry. The hash is keyed by a seed, so that outsiders
 * cannot choose collisions. */
#ifndef HW_BASE_MAP_H
#define HW_BASE_MAP_H

#include <stdint.h>

#include "base/text.h"

typedef struct hw_map_entry {
    hw_text key;
    void *value; /* never NULL in a used entry */
    uint64_t hash;
} hw_map_entry;

typedef struct hw_map {
    hw_map_entry *entries;
    size_t count, capacity; /* capacity is 0 or a power of two */
    uint64_t seed;
} hw_map;

/* Takes no memory yet. A zeroed map is legal to use and to fini. */
void hw_map_init(hw_map *map, uint64_t seed);
void hw_map_fini(hw_map *map); /* frees the table; keys and values are the caller's */

/* NULL when absent. */
void *hw_map_get(const hw_map *map, hw_text key);
/* Replaces what the key had, the borrowed key too. value must not be NULL (asserted). 0, or -ENOMEM
 * (the map is unchanged). */
int hw_map_put(hw_map *map, hw_text key, void *value);
/* The value that was removed, or NULL. */
void *hw_map_remove(hw_map *map, hw_text key);
/* Walks all entries in no particular order: start with *at = 0; NULL at the end. The map must not
 * change meanwhile. */
const hw_map_entry *hw_map_next(const hw_map *map, size_t *at);

#endif

/* Finds a pointer by a text.
 *
 * One array, linear probing, at most three quarters full. Removing shifts the entries behind back
 * instead of leaving a mark, so a table that sees many comings and goings never degrades. The hash
 * multiplies sixteen bytes of the key at a time, one half by the other, each first mixed with a
 * secret, and folds the 128 bits of the product into 64. Keys come from outside, and an outsider
 * who could tell where they land would send those that all collide; here a difference between two
 * keys is multiplied by a number he does not know, and neither a hash nor an order made by one is
 * ever told. Rejected: SipHash, which would stand even being told: it takes four times as long,
 * which for the name of a file was longer than all else that finding the file takes. Hashes are
 * kept in the entries: growing does not touch the keys, and most unequal keys are told apart
 * without reading them. Invariant: an entry is used exactly when its value is not NULL, and between
 * where its hash points and where it lies there is no unused entry. */
#include "base/map.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "sys/memory.h"

enum { MAP_CAPACITY_MIN = 8, MAP_BLOCK = 16 };

/* Odd numbers without a pattern in their bits; else it does not matter which (here binary digits of
 * the square roots of 2 and 3). */
#define MAP_SALT UINT64_C(0x6a09e667f3bcc909)
#define MAP_FACTOR UINT64_C(0xbb67ae8584caa73b)

/* The first and the last bytes of a key of at most 16: with its length, they are all of it. */
typedef struct map_ends {
    uint64_t first, last;
} map_ends;

static inline map_ends load_map_ends(const char *at, size_t length)
{
    map_ends ends = {0, 0};
    if (length >= 8) {
        memcpy(&ends.first, at, 8);
        memcpy(&ends.last, at + length - 8, 8);
    } else if (length >= 4) {
        memcpy(&ends.first, at, 4);
        memcpy(&ends.last, at + length - 4, 4);
    } else if (length > 0) {
        ends.first = (unsigned char)at[0];
        ends.last = (unsigned)(unsigned char)at[length / 2] << 8 | (unsigned char)at[length - 1];
    }
    return ends;
}

static inline uint64_t fold_product(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Words are loaded in the machine's byte order, little-endian or not: a hash never leaves the
 * process. The length is multiplied by the secret, so what it does to a hash is as unknown as what
 * the bytes do. */
static inline __attribute__((always_inline)) uint64_t hash_map_key(uint64_t seed, hw_text key)
{
    uint64_t secret = seed ^ MAP_SALT, state = secret * (MAP_FACTOR + 2 * key.length);
    const char *at = key.at;
    size_t left = key.length;
    for (; left > MAP_BLOCK; at += MAP_BLOCK, left -= MAP_BLOCK) {
        map_ends block = load_map_ends(at, MAP_BLOCK);
        state = fold_product(block.first ^ secret, block.last ^ state);
    }
    map_ends ends = load_map_ends(at, left);
    state = fold_product(ends.first ^ secret, ends.last ^ state);
    /* One product alone leaves names that are numbered a pattern, under some secrets. */
    return fold_product(state, MAP_FACTOR);
}

static inline bool are_map_ends_equal(const char *a, const char *b, size_t length)
{
    map_ends one = load_map_ends(a, length), other = load_map_ends(b, length);
    return ((one.first ^ other.first) | (one.last ^ other.last)) == 0;
}

/* For keys whose hashes are equal, so that they are too, all but certainly: in line, for a call
 * takes longer than most keys. */
static inline bool are_map_keys_equal(hw_text a, hw_text b)
{
    if (a.length != b.length)
        return false;
    size_t left = a.length;
    for (; left > MAP_BLOCK; a.at += MAP_BLOCK, b.at += MAP_BLOCK, left -= MAP_BLOCK)
        if (!are_map_ends_equal(a.at, b.at, MAP_BLOCK))
            return false;
    return are_map_ends_equal(a.at, b.at, left);
}

void hw_map_init(hw_map *map, uint64_t seed)
{
    *map = (hw_map){.seed = seed};
}

void hw_map_fini(hw_map *map)
{
    hw_sys_free(map->entries);
    hw_map_init(map, map->seed);
}

/* The key's entry, or the unused one where it would go. There is always an unused one. */
static inline __attribute__((always_inline)) size_t find_map_entry(const hw_map *map, hw_text key,
                                                                   uint64_t hash)
{
    size_t mask = map->capacity - 1;
    size_t at = (size_t)hash & mask;
    for (;; at = (at + 1) & mask) {
        const hw_map_entry *entry = &map->entries[at];
        if (!entry->value || (entry->hash == hash && are_map_keys_equal(entry->key, key)))
            return at;
    }
}

void *hw_map_get(const hw_map *map, hw_text key)
{
    if (map->count == 0)
        return NULL;
    return map->entries[find_map_entry(map, key, hash_map_key(map->seed, key))].value;
}

static int grow_map(hw_map *map)
{
    size_t capacity = MAP_CAPACITY_MIN;
    if (map->capacity > 0 && !hw_size_multiply(map->capacity, 2, &capacity))
        return -ENOMEM;
    hw_map_entry *entries = hw_sys_alloc_zeroed(capacity, sizeof *entries);
    if (!entries)
        return -ENOMEM;

    for (size_t from = 0; from < map->capacity; from++) {
        if (!map->entries[from].value)
            continue;
        size_t to = (size_t)map->entries[from].hash & (capacity - 1);
        while (entries[to].value)
            to = (to + 1) & (capacity - 1);
        entries[to] = map->entries[from];
    }
    hw_sys_free(map->entries);
    map->entries = entries;
    map->capacity = capacity;
    return 0;
}

int hw_map_put(hw_map *map, hw_text key, void *value)
{
    hw_assert(value);
    uint64_t hash = hash_map_key(map->seed, key);
    size_t at = map->capacity > 0 ? find_map_entry(map, key, hash) : 0;
    bool is_new = map->capacity == 0 || !map->entries[at].value;
    if (is_new && map->count >= map->capacity / 4 * 3) {
        int error = grow_map(map);
        if (error)
            return error;
        at = find_map_entry(map, key, hash);
    }
    map->entries[at] = (hw_map_entry){key, value, hash};
    map->count += is_new;
    return 0;
}

void *hw_map_remove(hw_map *map, hw_text key)
{
    if (map->count == 0)
        return NULL;
    size_t mask = map->capacity - 1;
    size_t hole = find_map_entry(map, key, hash_map_key(map->seed, key));
    void *value = map->entries[hole].value;
    if (!value)
        return NULL;

    for (size_t at = (hole + 1) & mask; map->entries[at].value; at = (at + 1) & mask) {
        /* An entry may move back into the hole when its way from home to here leads over it. */
        size_t way = (at - (size_t)map->entries[at].hash) & mask;
        if (way < ((at - hole) & mask))
            continue;
        map->entries[hole] = map->entries[at];
        hole = at;
    }
    map->entries[hole] = (hw_map_entry){0};
    map->count--;
    return value;
}

const hw_map_entry *hw_map_next(const hw_map *map, size_t *at)
{
    while (*at < map->capacity) {
        const hw_map_entry *entry = &map->entries[(*at)++];
        if (entry->value)
            return entry;
    }
    return NULL;
}

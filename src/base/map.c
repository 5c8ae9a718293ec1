/* Finds a pointer by a text.
 *
 * One array, linear probing, at most three quarters full. Removing shifts the entries behind back
 * instead of leaving a mark, so a table that sees many comings and goings never degrades. The hash
 * is SipHash-1-3 (Aumasson and Bernstein; one round a word, three at the end): keys come from
 * outside, and without a secret key an outsider could send names that all collide. Hashes are kept
 * in the entries: growing does not touch the keys, and most unequal keys are told apart without
 * reading them. Invariant: an entry is used exactly when its value is not NULL, and between where
 * its hash points and where it lies there is no unused entry. */
#include "base/map.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "sys/memory.h"

enum { MAP_CAPACITY_MIN = 8 };

typedef struct hw_map_state {
    uint64_t a, b, c, d;
} hw_map_state;

static uint64_t rotate_word_left(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline __attribute__((always_inline)) void mix_map_state(hw_map_state *state)
{
    state->a += state->b;
    state->c += state->d;
    state->b = rotate_word_left(state->b, 13) ^ state->a;
    state->d = rotate_word_left(state->d, 16) ^ state->c;
    state->a = rotate_word_left(state->a, 32);
    state->c += state->b;
    state->a += state->d;
    state->b = rotate_word_left(state->b, 17) ^ state->c;
    state->d = rotate_word_left(state->d, 21) ^ state->a;
    state->c = rotate_word_left(state->c, 32);
}

/* The last bytes of a key, less than a word of them, as a word: without a copy of variable length. */
static inline uint64_t load_map_tail(hw_text key, size_t at)
{
    uint64_t word = 0;
    size_t left = key.length - at;
    if (left == 0)
        return 0;
    if (key.length >= sizeof word) {
        memcpy(&word, key.at + key.length - sizeof word, sizeof word);
        return word >> 8 * (sizeof word - left);
    }
    for (size_t i = left; i > 0; i--)
        word = word << 8 | (unsigned char)key.at[at + i - 1];
    return word;
}

static inline void absorb_map_word(hw_map_state *state, uint64_t word)
{
    state->d ^= word;
    mix_map_state(state);
    state->a ^= word;
}

/* Words are loaded in the machine's byte order, little-endian or not: a hash never leaves the
 * process. */
static uint64_t hash_map_key(uint64_t seed, hw_text key)
{
    uint64_t second = ~rotate_word_left(seed, 32); /* the other half of SipHash's key */
    hw_map_state state = {
        seed ^ UINT64_C(0x736f6d6570736575),
        second ^ UINT64_C(0x646f72616e646f6d),
        seed ^ UINT64_C(0x6c7967656e657261),
        second ^ UINT64_C(0x7465646279746573),
    };
    uint64_t word;
    size_t at = 0;
    for (; key.length - at >= sizeof word; at += sizeof word) {
        memcpy(&word, key.at + at, sizeof word);
        absorb_map_word(&state, word);
    }
    absorb_map_word(&state, load_map_tail(key, at) ^ (uint64_t)key.length << 56);
    state.c ^= 0xff;
    for (int round = 0; round < 3; round++)
        mix_map_state(&state);
    return state.a ^ state.b ^ state.c ^ state.d;
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
static size_t find_map_entry(const hw_map *map, hw_text key, uint64_t hash)
{
    size_t mask = map->capacity - 1;
    size_t at = (size_t)hash & mask;
    for (;; at = (at + 1) & mask) {
        const hw_map_entry *entry = &map->entries[at];
        if (!entry->value || (entry->hash == hash && hw_text_equal(entry->key, key)))
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

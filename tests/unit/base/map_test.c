#include "base/map.h"

#include "seam/seam.h"
#include "unit/base/death.h"
#include "unit/harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int values[4];

HW_TEST(map_zeroed_is_empty)
{
    hw_map map = {0};
    size_t at = 0;
    assert_null(hw_map_get(&map, HW_TEXT("a")));
    assert_null(hw_map_remove(&map, HW_TEXT("a")));
    assert_null(hw_map_next(&map, &at));
    hw_map_fini(&map);
    HW_NEED_OK(hw_map_put(&map, HW_TEXT("a"), &values[0]));
    assert_ptr_equal(hw_map_get(&map, HW_TEXT("a")), &values[0]);
    hw_map_fini(&map);
    assert_int_equal(map.count, 0);
    assert_null(hw_map_get(&map, HW_TEXT("a")));
}

HW_TEST(map_takes_no_memory_before_the_first_entry)
{
    uint64_t before = hw_seam_allocations();
    hw_map map;
    hw_map_init(&map, 1);
    assert_null(hw_map_get(&map, HW_TEXT("a")));
    hw_map_fini(&map);
    assert_int_equal(hw_seam_allocations(), before);
}

HW_TEST(map_finds_what_was_put)
{
    hw_map map;
    hw_map_init(&map, 42);
    HW_NEED_OK(hw_map_put(&map, HW_TEXT("a"), &values[0]));
    HW_NEED_OK(hw_map_put(&map, HW_TEXT(""), &values[1]));
    HW_NEED_OK(hw_map_put(&map, HW_TEXT("a\0b"), &values[2]));
    assert_ptr_equal(hw_map_get(&map, HW_TEXT("a")), &values[0]);
    assert_ptr_equal(hw_map_get(&map, (hw_text){NULL, 0}), &values[1]);
    assert_ptr_equal(hw_map_get(&map, HW_TEXT("a\0b")), &values[2]);
    assert_null(hw_map_get(&map, HW_TEXT("a\0c")));
    assert_null(hw_map_get(&map, HW_TEXT("A")));
    assert_int_equal(map.count, 3);
    hw_map_fini(&map);
}

HW_TEST(map_put_replaces_the_value_and_the_key)
{
    char old_key[] = "key";
    hw_map map;
    hw_map_init(&map, 42);
    HW_NEED_OK(hw_map_put(&map, hw_text_of(old_key), &values[0]));
    HW_NEED_OK(hw_map_put(&map, HW_TEXT("key"), &values[1]));
    old_key[0] = 'x';
    assert_int_equal(map.count, 1);
    assert_ptr_equal(hw_map_get(&map, HW_TEXT("key")), &values[1]);
    assert_ptr_equal(hw_map_remove(&map, HW_TEXT("key")), &values[1]);
    assert_null(hw_map_remove(&map, HW_TEXT("key")));
    assert_int_equal(map.count, 0);
    hw_map_fini(&map);
}

HW_TEST(map_replaces_without_growing)
{
    hw_map map;
    hw_map_init(&map, 7);
    const char *keys[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < 6; i++)
        HW_NEED_OK(hw_map_put(&map, hw_text_of(keys[i]), &values[0]));
    size_t capacity = map.capacity;
    for (size_t i = 0; i < 6; i++)
        HW_NEED_OK(hw_map_put(&map, hw_text_of(keys[i]), &values[1]));
    assert_int_equal(map.capacity, capacity);
    hw_map_fini(&map);
}

HW_TEST(map_without_memory_is_unchanged)
{
    static char keys[100][8];
    hw_map map;
    hw_map_init(&map, 7);
    hw_seam_fail_allocation(1);
    assert_int_equal(hw_map_put(&map, HW_TEXT("a"), &values[0]), -ENOMEM);
    assert_int_equal(map.count, 0);
    assert_null(hw_map_get(&map, HW_TEXT("a")));
    hw_seam_fail_allocation(0);
    size_t failures = 0;
    for (size_t i = 0; i < 100; i++) {
        snprintf(keys[i], sizeof keys[i], "k%zu", i);
        hw_seam_fail_allocation(1);
        if (hw_map_put(&map, hw_text_of(keys[i]), keys[i]) == 0)
            continue;
        failures++;
        assert_int_equal(map.count, i);
        assert_null(hw_map_get(&map, hw_text_of(keys[i])));
        hw_seam_fail_allocation(0);
        assert_int_equal(hw_map_put(&map, hw_text_of(keys[i]), keys[i]), 0);
    }
    hw_seam_fail_allocation(0);
    assert_true(failures >= 4);
    for (size_t i = 0; i < 100; i++)
        assert_ptr_equal(hw_map_get(&map, hw_text_of(keys[i])), keys[i]);
    hw_map_fini(&map);
}

enum { KEYS = 500 };

typedef struct naive_map {
    char keys[KEYS][16];
    void *values[KEYS];
    size_t count;
} naive_map;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void assert_map_is_model(const hw_map *map, const naive_map *model)
{
    static bool seen[KEYS];
    memset(seen, 0, sizeof seen);
    assert_int_equal(map->count, model->count);
    for (size_t i = 0; i < KEYS; i++)
        assert_ptr_equal(hw_map_get(map, hw_text_of(model->keys[i])), model->values[i]);
    size_t at = 0, walked = 0;
    for (const hw_map_entry *entry; (entry = hw_map_next(map, &at)); walked++) {
        size_t i = (size_t)(entry->key.at - model->keys[0]) / sizeof model->keys[0];
        assert_false(seen[i]);
        seen[i] = true;
        assert_ptr_equal(entry->value, model->values[i]);
    }
    assert_int_equal(walked, model->count);
    assert_null(hw_map_next(map, &at));
}

static void run_against_model(hw_map *map, size_t keys, int steps, uint64_t random)
{
    static naive_map model;
    memset(&model, 0, sizeof model);
    for (size_t i = 0; i < KEYS; i++)
        snprintf(model.keys[i], sizeof model.keys[i], "key-%zu", i);
    for (int step = 0; step < steps; step++) {
        size_t i = next_random(&random) % keys;
        hw_text key = hw_text_of(model.keys[i]);
        if (next_random(&random) % 5 < (step < steps / 2 ? 3 : 2)) {
            void *value = &model.keys[next_random(&random) % KEYS];
            HW_NEED_OK(hw_map_put(map, key, value));
            model.count += !model.values[i];
            model.values[i] = value;
        } else {
            assert_ptr_equal(hw_map_remove(map, key), model.values[i]);
            model.count -= model.values[i] != NULL;
            model.values[i] = NULL;
        }
        if (step % 97 == 0)
            assert_map_is_model(map, &model);
    }
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(hw_map_remove(map, hw_text_of(model.keys[i])), model.values[i]);
        model.count -= model.values[i] != NULL;
        model.values[i] = NULL;
    }
    assert_map_is_model(map, &model);
}

HW_TEST(map_agrees_with_a_model)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        hw_map map;
        hw_map_init(&map, seed);
        run_against_model(&map, KEYS, 4000, seed * 977);
        hw_map_fini(&map);
    }
}

/* Few keys in a small table: long runs of neighbours, which removing must close again. */
HW_TEST(map_closes_runs_when_entries_leave)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        hw_map map;
        hw_map_init(&map, seed);
        run_against_model(&map, 6, 400, seed * 31);
        assert_int_equal(map.capacity, 8);
        hw_map_fini(&map);
    }
}

HW_TEST(map_stays_at_most_three_quarters_full)
{
    static char keys[1000][8];
    hw_map map;
    hw_map_init(&map, 9);
    for (size_t i = 0; i < 1000; i++) {
        snprintf(keys[i], sizeof keys[i], "%zu", i);
        HW_NEED_OK(hw_map_put(&map, hw_text_of(keys[i]), keys[i]));
        assert_int_equal(map.capacity & (map.capacity - 1), 0);
        assert_true(map.count <= map.capacity / 4 * 3);
    }
    assert_true(map.capacity <= 2048);
    hw_map_fini(&map);
}

HW_TEST(map_hash_depends_on_the_seed_and_every_byte)
{
    hw_map one, two;
    hw_map_init(&one, 1);
    hw_map_init(&two, 2);
    char key[41] = "0123456789012345678901234567890123456789";
    uint64_t hashes[41];
    for (size_t length = 0; length <= 40; length++) {
        hw_text text = {key, length};
        size_t at = 0, at_two = 0;
        HW_NEED_OK(hw_map_put(&one, text, key));
        HW_NEED_OK(hw_map_put(&two, text, key));
        hashes[length] = hw_map_next(&one, &at)->hash;
        assert_true(hashes[length] != hw_map_next(&two, &at_two)->hash);
        for (size_t i = 0; i < length; i++)
            assert_true(hashes[i] != hashes[length]);
        (void)hw_map_remove(&one, text);
        (void)hw_map_remove(&two, text);
        for (size_t i = 0; i < length; i++) {
            char before = key[i];
            at = 0;
            key[i] = 'x';
            HW_NEED_OK(hw_map_put(&one, text, key));
            assert_true(hashes[length] != hw_map_next(&one, &at)->hash);
            (void)hw_map_remove(&one, text);
            key[i] = before;
        }
    }
    hw_map_fini(&one);
    hw_map_fini(&two);
}

/* The hash of a key, by a map that has room for it and nothing in it. */
static uint64_t hash_in(hw_map *map, hw_text key)
{
    size_t at = 0;
    HW_NEED_OK(hw_map_put(map, key, &values[0]));
    uint64_t hash = hw_map_next(map, &at)->hash;
    (void)hw_map_remove(map, key);
    return hash;
}

/* How many bits of the hash differ, in all, when each bit of a key is turned in turn; and how often
 * each of them did. */
static unsigned turn_every_bit(hw_map *map, char *key, size_t length, unsigned *ret_turned)
{
    unsigned differing = 0;
    uint64_t before = hash_in(map, (hw_text){key, length});
    for (size_t bit = 0; bit < 8 * length; bit++) {
        key[bit / 8] = (char)(key[bit / 8] ^ (1 << bit % 8));
        uint64_t difference = before ^ hash_in(map, (hw_text){key, length});
        key[bit / 8] = (char)(key[bit / 8] ^ (1 << bit % 8));
        for (unsigned i = 0; i < 64; i++)
            ret_turned[i] += (unsigned)(difference >> i & 1);
        differing += (unsigned)__builtin_popcountll(difference);
    }
    return differing;
}

HW_TEST(map_hash_turns_half_its_bits_when_one_of_the_key_turns)
{
    uint64_t random = 5;
    hw_map map;
    hw_map_init(&map, 0);
    for (size_t length = 1; length <= 40; length++) {
        unsigned differing = 0, turned[64] = {0}, turns = 0;
        for (int round = 0; round < 64; round++) {
            char key[40];
            map.seed = next_random(&random); /* it is empty */
            for (size_t i = 0; i < length; i++)
                key[i] = (char)next_random(&random);
            differing += turn_every_bit(&map, key, length, turned);
            turns += (unsigned)(8 * length);
        }
        /* Around 32 of 64, and every bit about as often as not. */
        assert_true(differing > 31 * turns && differing < 33 * turns);
        for (unsigned i = 0; i < 64; i++)
            assert_true(turned[i] > turns * 2 / 5 && turned[i] < turns * 3 / 5);
    }
    hw_map_fini(&map);
}

enum { SPREAD = 4096 };

/* In as many places as there are keys, a random number finds a given one empty with 1/e = 0.37, and
 * one with more than twelve once in a million tables. */
static void assert_spread(hw_map *map, const char *before, const char *behind, unsigned shift)
{
    static unsigned char places[SPREAD];
    memset(places, 0, sizeof places);
    size_t empty = 0;
    for (unsigned i = 0; i < SPREAD; i++) {
        char key[64];
        int length = snprintf(key, sizeof key, "%s%04x%s", before, i, behind);
        uint64_t hash = hash_in(map, (hw_text){key, (size_t)length});
        assert_true(++places[(hash >> shift) % SPREAD] <= 12);
    }
    for (size_t i = 0; i < SPREAD; i++)
        empty += places[i] == 0;
    assert_true(empty > SPREAD * 34 / 100 && empty < SPREAD * 40 / 100);
}

HW_TEST(map_hash_spreads_names_that_differ_little)
{
    static const char *const around[][2] = {
        {"/", ""},
        {"", "/"},
        {"/img/", ".png"},
        {"/assets/1234", ".css"},
        {"/a/folder/of/some/depth/", "/index.html"},
        {"/", "/the/same/behind/it/whatever/there/is"},
        {"/both/ends/are/the/same/", "/as/they/are/here"},
    };
    hw_map map;
    hw_map_init(&map, 0);
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++)
        for (uint64_t seed = 0; seed < 8; seed++) {
            map.seed = seed * UINT64_C(0x123456789abcdef); /* it is empty */
            assert_spread(&map, around[i][0], around[i][1], 0);
            assert_spread(&map, around[i][0], around[i][1], 52);
        }
    hw_map_fini(&map);
}

/* Halves that change places, and bytes that only make a key longer. */
HW_TEST(map_hash_tells_keys_of_the_same_bytes_apart)
{
    hw_map map;
    hw_map_init(&map, 3);
    char zeros[41] = {0};
    uint64_t hashes[41];
    for (size_t length = 0; length <= 40; length++) {
        hashes[length] = hash_in(&map, (hw_text){zeros, length});
        for (size_t i = 0; i < length; i++)
            assert_true(hashes[i] != hashes[length]);
    }
    assert_true(hash_in(&map, HW_TEXT("/one/two/two/one")) !=
                hash_in(&map, HW_TEXT("/two/one/one/two")));
    assert_true(hash_in(&map, HW_TEXT("abcdefghABCDEFGH0123456776543210x")) !=
                hash_in(&map, HW_TEXT("0123456776543210abcdefghABCDEFGHx")));
    hw_map_fini(&map);
}

/* Should two hashes ever be equal, the keys decide: here one is forged. */
HW_TEST(map_compares_whole_keys_when_hashes_are_equal)
{
    char key[41] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmn", other[41];
    memcpy(other, key, sizeof other);
    hw_map map;
    hw_map_init(&map, 4);
    for (size_t length = 1; length <= 40; length++)
        for (size_t i = 0; i < length; i++) {
            other[i] = 'X';
            uint64_t hash = hash_in(&map, (hw_text){other, length});
            HW_NEED_OK(hw_map_put(&map, (hw_text){key, length}, &values[0]));
            for (size_t at = 0; at < map.capacity; at++)
                map.entries[at] = (hw_map_entry){{key, length}, &values[0], hash};
            /* Every place but one says it is there. */
            map.entries[(hash - 1) % map.capacity] = (hw_map_entry){0};
            assert_null(hw_map_get(&map, (hw_text){other, length}));
            other[i] = key[i];
            memset(map.entries, 0, map.capacity * sizeof *map.entries);
            map.count = 0;
        }
    hw_map_fini(&map);
}

static void put_null(void *arg)
{
    (void)hw_map_put(arg, HW_TEXT("a"), NULL);
}

HW_TEST(map_refuses_null_values)
{
    hw_map map = {0};
    hw_test_expect_death(put_null, &map, "map.c:");
    hw_test_expect_death(put_null, &map, "assertion failed: value");
}

#include "exchange/ring.h"

#include "base/number.h"
#include "unit/base/death.h"
#include "unit/http/http_harness.h"

#include <string.h>

typedef struct heard {
    int room, bytes;
} heard;

static void tell_of_room(void *arg)
{
    ((heard *)arg)->room++;
}

static void tell_of_bytes(void *arg)
{
    ((heard *)arg)->bytes++;
}

static hw_ring *make_ring(hw_arena *arena, size_t capacity, heard *told)
{
    hw_arena_init(arena, 1024, 64 * 1024);
    hw_ring *ring = hw_ring_new(arena, capacity, HW_LENGTH_UNKNOWN);
    HW_NEED(ring);
    ring->on_room = tell_of_room;
    ring->on_bytes = tell_of_bytes;
    ring->room_arg = ring->bytes_arg = told;
    return ring;
}

HW_TEST(ring_gives_what_it_was_fed)
{
    hw_arena arena;
    heard told = {0};
    hw_piece piece;
    hw_ring *ring = make_ring(&arena, 4, &told);
    assert_true(ring->source.length == HW_LENGTH_UNKNOWN);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("abcdef")), 4);
    assert_int_equal(hw_source_pull(&ring->source, 2, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "ab");
    /* What is lent takes its place until the next pull. */
    assert_int_equal(hw_ring_room(ring), 0);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("ef")), 0);
    assert_text(piece.bytes, "ab");
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "cd");
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("ef")), 2);
    assert_text(piece.bytes, "cd");
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "ef");
    hw_ring_end(ring, NO_FIELDS);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_END);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_END);
    hw_source_drop(&ring->source);
    hw_arena_fini(&arena);
}

HW_TEST(ring_tells_each_side_only_what_it_waits_for)
{
    hw_arena arena;
    heard told = {0};
    hw_piece piece;
    hw_ring *ring = make_ring(&arena, 4, &told);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("abc")), 3);
    assert_int_equal(told.bytes, 0);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_BYTES);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_WAIT);
    assert_int_equal(told.room, 0);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("d")), 1);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("efg")), 3);
    assert_int_equal(told.bytes, 1);

    /* Full, but nobody was turned away yet. */
    assert_int_equal(hw_source_pull(&ring->source, 1, &piece), HW_PULL_BYTES);
    assert_int_equal(hw_source_pull(&ring->source, 1, &piece), HW_PULL_BYTES);
    assert_int_equal(told.room, 0);
    assert_int_equal(hw_ring_room(ring), 1);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("hi")), 1);
    assert_int_equal(told.room, 0);
    assert_int_equal(hw_source_pull(&ring->source, 1, &piece), HW_PULL_BYTES);
    assert_int_equal(told.room, 1);
    assert_int_equal(hw_source_pull(&ring->source, 1, &piece), HW_PULL_BYTES);
    assert_int_equal(told.room, 1);
    hw_source_drop(&ring->source);
    hw_arena_fini(&arena);
}

HW_TEST(ring_tells_of_room_after_it_was_asked_for_it)
{
    hw_arena arena;
    heard told = {0};
    hw_piece piece;
    hw_ring *ring = make_ring(&arena, 2, &told);
    assert_int_equal(hw_ring_room(ring), 2);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("ab")), 2);
    assert_int_equal(hw_ring_room(ring), 0);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_BYTES);
    assert_int_equal(told.room, 0);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_WAIT);
    assert_int_equal(told.room, 1);
    hw_arena_fini(&arena);
}

HW_TEST(ring_ends_with_trailers_behind_the_last_byte)
{
    hw_arena arena;
    heard told = {0};
    hw_piece piece;
    hw_ring *ring = make_ring(&arena, 8, &told);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_WAIT);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("ab")), 2);
    hw_ring_end(ring, FIELDS(FIELD(ETAG, "\"x\"")));
    assert_int_equal(told.bytes, 1);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_BYTES);
    assert_int_equal(piece.trailers.count, 0);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_END);
    assert_int_equal(piece.trailers.count, 1);
    assert_text(piece.trailers.at[0].value, "\"x\"");
    hw_arena_fini(&arena);
}

HW_TEST(ring_that_breaks_off_never_looks_complete)
{
    hw_arena arena;
    heard told = {0};
    hw_piece piece;
    hw_ring *ring = make_ring(&arena, 8, &told);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_WAIT);
    hw_ring_fail(ring);
    assert_int_equal(told.bytes, 1);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_FAILED);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_FAILED);
    hw_arena_fini(&arena);

    ring = make_ring(&arena, 8, &told);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("ab")), 2);
    hw_ring_fail(ring);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "ab");
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_FAILED);
    hw_arena_fini(&arena);
}

HW_TEST(ring_whose_puller_is_gone_swallows)
{
    hw_arena arena;
    heard told = {0};
    hw_ring *ring = make_ring(&arena, 2, &told);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("abcd")), 2);
    hw_source_drop(&ring->source);
    assert_int_equal(told.room, 1);
    assert_true(hw_ring_room(ring) == SIZE_MAX);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("cdefgh")), 6);
    hw_ring_end(ring, NO_FIELDS);
    assert_int_equal(told.bytes, 0);
    hw_arena_fini(&arena);
}

HW_TEST(ring_needs_memory)
{
    hw_arena arena;
    hw_arena_init(&arena, 64, 300);
    assert_null(hw_ring_new(&arena, 4096, 0));
    hw_arena_fini(&arena);
    hw_arena_init(&arena, 64, 64);
    assert_null(hw_ring_new(&arena, 1, 0));
    hw_arena_fini(&arena);
}

static void feed_on(void *arg)
{
    hw_ring_feed(arg, HW_TEXT("a"));
}

HW_TEST(ring_is_not_fed_after_its_end)
{
    hw_arena arena;
    heard told = {0};
    hw_ring *ring = make_ring(&arena, 2, &told);
    hw_ring_end(ring, NO_FIELDS);
    hw_test_expect_death(feed_on, ring, "is_ended");
    hw_arena_fini(&arena);
}

HW_TEST(ring_that_is_fed_little_stays_small)
{
    static char many[60000];
    hw_arena arena;
    heard told = {0};
    hw_piece piece;
    hw_ring *ring = make_ring(&arena, 40000, &told);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(hw_ring_feed(ring, HW_TEXT("abcde")), 5);
        assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_BYTES);
    }
    assert_true(arena.held <= 1024);
    assert_int_equal(hw_ring_room(ring), 40000 - 5);
    /* It grows while something of it is lent, which stays where it is. */
    if (hw_ring_feed(ring, (hw_text){many, sizeof many}) < 40000 - 5)
        hw_test_out_of_memory();
    assert_int_equal(hw_ring_room(ring), 0);
    assert_true(piece.bytes.length > 0 && memcmp(piece.bytes.at, "abcde", piece.bytes.length) == 0);
    assert_int_equal(hw_source_pull(&ring->source, SIZE_MAX, &piece), HW_PULL_BYTES);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("x")), 1);
    hw_arena_fini(&arena);
}

HW_TEST(ring_that_cannot_grow_stays_as_it_is)
{
    static char many[60000];
    hw_arena arena;
    heard told = {0};
    hw_piece piece;
    hw_ring *ring = make_ring(&arena, 64 * 1024, &told); /* and that is all the arena may hold */
    size_t room = hw_ring_feed(ring, (hw_text){many, sizeof many});
    assert_true(room > 0 && room < 1024);
    assert_int_equal(hw_ring_room(ring), 0);
    assert_int_equal(hw_source_pull(&ring->source, 100, &piece), HW_PULL_BYTES);
    assert_int_equal(hw_source_pull(&ring->source, 100, &piece), HW_PULL_BYTES);
    assert_int_equal(told.room, 1);
    assert_int_equal(hw_ring_room(ring), 100);
    assert_int_equal(hw_ring_feed(ring, (hw_text){many, sizeof many}), 100);
    hw_arena_fini(&arena);
}

/* Against the plainest model: a long row of bytes, fed and pulled at random. */
HW_TEST(ring_keeps_the_order_whatever_the_pieces)
{
    enum { TOTAL = 4000 };
    char bytes[TOTAL], got[TOTAL];
    uint32_t seed = 1;
    for (size_t i = 0; i < TOTAL; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    for (size_t capacity = 1; capacity <= 17; capacity += 4) {
        hw_arena arena;
        heard told = {0};
        hw_piece piece;
        /* Some grow on the way. */
        hw_ring *ring = make_ring(&arena, capacity == 17 ? 600 : capacity, &told);
        size_t fed = 0, pulled = 0;
        while (pulled < TOTAL) {
            seed = seed * 1664525 + 1013904223;
            size_t count = (seed >> 16) % 23 + 1;
            if (seed >> 31 && fed < TOTAL) {
                fed += hw_ring_feed(ring, (hw_text){bytes + fed, hw_size_min(count, TOTAL - fed)});
            } else if (hw_source_pull(&ring->source, count, &piece) == HW_PULL_BYTES) {
                assert_in_range(piece.bytes.length, 1, count);
                memcpy(got + pulled, piece.bytes.at, piece.bytes.length);
                pulled += piece.bytes.length;
            }
            assert_true(ring->start < ring->capacity && ring->length <= ring->capacity &&
                        ring->lent <= ring->length);
        }
        assert_memory_equal(got, bytes, TOTAL);
        hw_arena_fini(&arena);
    }
}

/* Both sides look again by themselves. */
HW_TEST(ring_need_tell_nobody)
{
    hw_arena arena;
    heard told = {0};
    hw_piece piece;
    hw_ring *ring = make_ring(&arena, 4, &told);
    ring->on_room = ring->on_bytes = NULL;
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("abcdef")), 4);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "abcd");
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_WAIT);
    assert_int_equal(hw_ring_feed(ring, HW_TEXT("ef")), 2);
    assert_int_equal(hw_source_pull(&ring->source, 9, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "ef");
    assert_int_equal(told.room + told.bytes, 0);
    hw_source_drop(&ring->source);
    hw_arena_fini(&arena);
}

#include "base/arena.h"

#include "base/poison.h"
#include "seam/seam.h"
#include "unit/harness.h"

#include <string.h>
#include <wchar.h>

enum { BLOCK = 1024, MAX = 16384 };

static void fill(void *memory, size_t bytes)
{
    HW_NEED(memory);
    assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
    memset(memory, 0x5a, bytes);
}

HW_TEST(arena_takes_no_memory_before_it_is_asked)
{
    uint64_t before = hw_seam_allocations();
    hw_arena arena, zeroed = {0};
    hw_arena_init(&arena, BLOCK, MAX);
    hw_arena_reset(&arena);
    hw_arena_fini(&arena);
    hw_arena_fini(&zeroed);
    hw_arena_reset(&zeroed);
    assert_null(hw_arena_alloc(&zeroed, 1));
    assert_null(hw_arena_format(&zeroed, "%d", 1));
    assert_int_equal(hw_seam_allocations(), before);
}

HW_TEST(arena_pieces_are_aligned_and_apart)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    char *pieces[100];
    for (size_t i = 0; i < 100; i++) {
        pieces[i] = hw_arena_alloc(&arena, i);
        HW_NEED(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < 100; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], i);
    assert_true(arena.held > 99 * 100 / 2);
    assert_true(arena.held <= MAX);
    hw_arena_fini(&arena);
    assert_int_equal(arena.held, 0);
}

HW_TEST(arena_empty_pieces_are_pieces)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    const char *a = hw_arena_alloc(&arena, 0), *b = hw_arena_alloc(&arena, 0);
    HW_NEED(a);
    HW_NEED(b);
    assert_ptr_not_equal(a, b);
    hw_arena_fini(&arena);
}

HW_TEST(arena_never_holds_more_than_its_most)
{
    hw_arena arena;
    hw_arena_init(&arena, 256, 1000);
    size_t taken = 0;
    const void *piece;
    while ((piece = hw_arena_alloc(&arena, 32))) {
        taken += 32;
        assert_true(arena.held <= 1000);
    }
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    /* Four heads of 16 bytes, and what is left of a block is used to its end. */
    assert_int_equal(arena.held, 1000);
    assert_true(taken >= 1000 - 4 * 16 - 4 * 32);
    hw_arena_reset(&arena);
    fill(hw_arena_alloc(&arena, 700), 700);
    hw_arena_fini(&arena);
}

HW_TEST(arena_refuses_what_can_never_fit)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    assert_null(hw_arena_alloc(&arena, MAX));
    assert_null(hw_arena_alloc(&arena, SIZE_MAX));
    assert_null(hw_arena_alloc(&arena, SIZE_MAX - 15));
    assert_null(hw_arena_alloc(&arena, SIZE_MAX - 31));
    assert_null(hw_arena_alloc_zeroed(&arena, SIZE_MAX / 2, 3));
    assert_null(hw_arena_alloc_zeroed(&arena, SIZE_MAX, SIZE_MAX));
    assert_int_equal(arena.held, 0);
    fill(hw_arena_alloc(&arena, MAX - 16), MAX - 16);
    assert_null(hw_arena_alloc(&arena, 1));
    assert_int_equal(arena.held, MAX);
    hw_arena_fini(&arena);
}

HW_TEST(arena_large_pieces_leave_the_block_in_use)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    char *small = hw_arena_alloc(&arena, 16);
    HW_NEED(small);
    fill(hw_arena_alloc(&arena, 4000), 4000);
    assert_ptr_equal(hw_arena_alloc(&arena, 16), small + 16);
    fill(hw_arena_alloc(&arena, 3000), 3000);
    assert_ptr_equal(hw_arena_alloc(&arena, 16), small + 32);
    hw_arena_fini(&arena);
}

HW_TEST(arena_reset_keeps_the_first_block)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    const void *first = hw_arena_alloc(&arena, 100);
    HW_NEED(first);
    for (int i = 0; i < 8; i++)
        fill(hw_arena_alloc(&arena, 700), 700);
    fill(hw_arena_alloc(&arena, 5000), 5000);
    hw_arena_reset(&arena);
    assert_int_equal(arena.held, BLOCK);

    uint64_t before = hw_seam_allocations();
    for (int i = 0; i < 10; i++) {
        assert_ptr_equal(hw_arena_alloc(&arena, 100), first);
        hw_arena_reset(&arena);
    }
    assert_int_equal(hw_seam_allocations(), before);
    hw_arena_fini(&arena);
}

HW_TEST(arena_reset_keeps_no_large_block)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    fill(hw_arena_alloc(&arena, 5000), 5000);
    hw_arena_reset(&arena);
    assert_int_equal(arena.held, 0);

    fill(hw_arena_alloc(&arena, 5000), 5000);
    fill(hw_arena_alloc(&arena, 10), 10);
    hw_arena_reset(&arena);
    assert_int_equal(arena.held, BLOCK);
    hw_arena_fini(&arena);
}

HW_TEST(arena_without_memory_stays_usable)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    hw_seam_fail_allocation(1);
    assert_null(hw_arena_alloc(&arena, 10));
    assert_int_equal(arena.held, 0);
    hw_seam_fail_allocation(1);
    assert_null(hw_arena_alloc(&arena, 5000));
    assert_int_equal(arena.held, 0);
    hw_seam_fail_allocation(0);
    fill(hw_arena_alloc(&arena, 10), 10);
    hw_seam_fail_allocation(1);
    assert_null(hw_arena_alloc(&arena, 1000));
    assert_non_null(hw_arena_alloc(&arena, 500));
    hw_arena_fini(&arena);
}

HW_TEST(arena_zeroed_memory_is_zero)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    fill(hw_arena_alloc(&arena, 900), 900);
    hw_arena_reset(&arena);
    const char *zeroed = hw_arena_alloc_zeroed(&arena, 30, 30);
    HW_NEED(zeroed);
    for (int i = 0; i < 900; i++)
        assert_int_equal(zeroed[i], 0);
    hw_arena_fini(&arena);
}

HW_TEST(arena_copies_texts)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    char original[] = "abc";
    char *copy = hw_arena_copy(&arena, hw_text_of(original));
    HW_NEED(copy);
    original[0] = 'x';
    assert_string_equal(copy, "abc");
    assert_string_equal(hw_arena_copy(&arena, (hw_text){NULL, 0}), "");

    hw_text text;
    assert_true(hw_arena_copy_text(&arena, HW_TEXT("a\0b"), &text));
    assert_true(hw_text_equal(text, HW_TEXT("a\0b")));
    assert_int_equal(text.at[3], '\0');
    hw_arena_fini(&arena);
}

HW_TEST(arena_copies_report_no_memory)
{
    static const char bytes[200];
    hw_arena arena;
    hw_arena_init(&arena, 64, 128);
    hw_text text = {bytes, sizeof bytes}, before = HW_TEXT("before");
    assert_null(hw_arena_copy(&arena, text));
    assert_false(hw_arena_copy_text(&arena, text, &before));
    assert_true(hw_text_equal(before, HW_TEXT("before")));
    assert_null(hw_arena_format(&arena, "%200d", 1));
    assert_null(hw_arena_copy(&arena, (hw_text){bytes, SIZE_MAX}));
    hw_arena_fini(&arena);
}

HW_TEST(arena_formats)
{
    hw_arena arena;
    hw_arena_init(&arena, 128, MAX);
    const char *a = hw_arena_format(&arena, "%s-%d", "a", 1);
    HW_NEED(a);
    const char *b = hw_arena_format(&arena, "%s-%d", "b", 2);
    HW_NEED(b);
    const char *c = hw_arena_format(&arena, "%0300d", 3);
    HW_NEED(c);
    assert_string_equal(a, "a-1");
    assert_string_equal(b, "b-2");
    assert_int_equal(strlen(c), 300);
    assert_int_equal(c[299], '3');
    assert_string_equal(hw_arena_format(&arena, "%s", ""), "");
    hw_arena_fini(&arena);
}

/* In a block of this size, with a piece before them. */
static void format_every_length(size_t block_bytes)
{
    for (int length = 0; length < 130; length++) {
        hw_arena arena;
        hw_arena_init(&arena, block_bytes, MAX);
        HW_NEED(hw_arena_alloc(&arena, 16));
        const char *string = hw_arena_format(&arena, "%.*s", length,
                                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        HW_NEED(string);
        assert_int_equal(strlen(string), length);
        assert_int_equal(strspn(string, "a"), length);
        hw_arena_fini(&arena);
    }
}

HW_TEST(arena_formats_of_every_length_fit)
{
    format_every_length(128);
}

/* Not swept: without memory it is the test above, many times. */
HW_LONG_TEST(arena_formats_fit_in_blocks_of_any_size)
{
    for (size_t bytes = 113; bytes < 128; bytes++)
        format_every_length(bytes);
}

HW_TEST(arena_that_starts_small_keeps_a_full_block)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    hw_arena_start_small(&arena, BLOCK / 4);
    fill(hw_arena_alloc(&arena, 100), 100);
    assert_int_equal(arena.held, BLOCK / 4);
    hw_arena_reset(&arena);
    assert_int_equal(arena.held, BLOCK / 4);
    fill(hw_arena_alloc(&arena, 100), 100);
    fill(hw_arena_alloc(&arena, BLOCK / 4), BLOCK / 4);
    assert_int_equal(arena.held, BLOCK / 4 + BLOCK);
    hw_arena_reset(&arena);
    assert_int_equal(arena.held, BLOCK);
    fill(hw_arena_alloc(&arena, BLOCK / 2), BLOCK / 2);
    assert_int_equal(arena.held, BLOCK);
    hw_arena_fini(&arena);
    /* What does not fit the small one has a full one at once, also after fini. */
    fill(hw_arena_alloc(&arena, BLOCK / 2), BLOCK / 2);
    assert_int_equal(arena.held, BLOCK);
    hw_arena_fini(&arena);
    fill(hw_arena_alloc(&arena, 1), 1);
    assert_int_equal(arena.held, BLOCK / 4);
    hw_arena_fini(&arena);
}

/* A character that the locale, which is C, cannot say. */
HW_TEST(arena_formats_nothing_that_cannot_be_said)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    assert_null(hw_arena_format(&arena, "%lc", (wint_t)0x20ac));
    const char *after = hw_arena_format(&arena, "%d", 1);
    if (after)
        assert_string_equal(after, "1");
    hw_arena_fini(&arena);
    HW_NEED(after);
}

#ifdef HW_POISONS

HW_TEST(arena_poisons_what_is_not_handed_out)
{
    hw_arena arena;
    hw_arena_init(&arena, BLOCK, MAX);
    char *a = hw_arena_alloc(&arena, 10);
    HW_NEED(a);
    assert_false(__asan_address_is_poisoned(a));
    assert_false(__asan_address_is_poisoned(a + 9));
    assert_true(__asan_address_is_poisoned(a + 10));
    assert_true(__asan_address_is_poisoned(a + 16));

    char *formatted = hw_arena_format(&arena, "%s", "abc");
    HW_NEED(formatted);
    assert_false(__asan_address_is_poisoned(formatted + 3));
    assert_true(__asan_address_is_poisoned(formatted + 4));

    char *large = hw_arena_alloc(&arena, 5001);
    HW_NEED(large);
    assert_false(__asan_address_is_poisoned(large + 5000));
    assert_true(__asan_address_is_poisoned(large + 5001));

    hw_arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(a));
    assert_true(__asan_address_is_poisoned(formatted));
    hw_arena_fini(&arena);
}

#endif

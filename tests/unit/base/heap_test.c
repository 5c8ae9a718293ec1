#include "base/heap.h"

#include <stdint.h>
#include <string.h>

#include "unit/harness.h"

HW_TEST(heap_gives_memory_and_takes_it_back)
{
    hw_heap heap;
    hw_heap_init(&heap, NULL, 1000000);
    char *one = hw_heap_alloc(&heap, 100);
    HW_NEED(one);
    assert_int_equal((uintptr_t)one % _Alignof(max_align_t), 0);
    memset(one, 1, 100);
    assert_true(heap.used >= 100);
    void *none = hw_heap_alloc(&heap, 0);
    hw_heap_free(&heap, one);
    hw_heap_free(&heap, none);
    hw_heap_free(&heap, NULL);
    assert_int_equal(heap.used, 0);
    hw_heap_fini(&heap);
}

HW_TEST(heap_zeroes_and_checks_the_product)
{
    hw_heap heap;
    hw_heap_init(&heap, NULL, 1000000);
    char *zeroed = hw_heap_alloc_zeroed(&heap, 10, 30);
    if (zeroed)
        for (int i = 0; i < 300; i++)
            assert_int_equal(zeroed[i], 0);
    assert_null(hw_heap_alloc_zeroed(&heap, SIZE_MAX / 2, 3));
    assert_null(hw_heap_alloc(&heap, SIZE_MAX));
    hw_heap_free(&heap, zeroed);
    hw_heap_fini(&heap);
}

HW_TEST(heap_resizes)
{
    hw_heap heap;
    hw_heap_init(&heap, NULL, 100000);
    char *piece = hw_heap_resize(&heap, NULL, 10);
    HW_NEED(piece);
    memcpy(piece, "123456789", 10);
    char *larger = hw_heap_resize(&heap, piece, 5000);
    if (larger) {
        piece = larger;
        assert_true(heap.used >= 5000);
    }
    assert_string_equal(piece, "123456789");
    assert_null(hw_heap_resize(&heap, piece, 100000)); /* the old one stays */
    assert_null(hw_heap_resize(&heap, piece, SIZE_MAX));
    assert_string_equal(piece, "123456789");
    char *smaller = hw_heap_resize(&heap, piece, 10);
    if (smaller) {
        piece = smaller;
        assert_true(heap.used < 100);
    }
    assert_string_equal(piece, "123456789");
    hw_heap_free(&heap, piece);
    assert_int_equal(heap.used, 0);
    hw_heap_fini(&heap);
}

HW_TEST(heap_is_bounded)
{
    hw_heap heap;
    hw_heap_init(&heap, NULL, 1000);
    void *first = hw_heap_alloc(&heap, 500);
    HW_NEED(first);
    size_t head = heap.used - 500;
    assert_null(hw_heap_alloc(&heap, 501 - 2 * head));
    void *second = hw_heap_alloc(&heap, 500 - 2 * head);
    if (second)
        assert_int_equal(heap.used, 1000);
    hw_heap_free(&heap, first);
    hw_heap_free(&heap, second);
    hw_heap_fini(&heap);
}

HW_TEST(heap_charges_a_budget_in_steps)
{
    hw_budget budget = {.max = 3 * HW_HEAP_STEP_BYTES};
    hw_heap heap;
    hw_heap_init(&heap, &budget, SIZE_MAX);
    void *small = hw_heap_alloc(&heap, 1);
    HW_NEED(small);
    assert_int_equal(hw_budget_used(&budget), HW_HEAP_STEP_BYTES);
    void *other = hw_heap_alloc(&heap, 1);
    assert_int_equal(hw_budget_used(&budget), HW_HEAP_STEP_BYTES);
    void *large = hw_heap_alloc(&heap, HW_HEAP_STEP_BYTES);
    HW_NEED(large);
    assert_int_equal(hw_budget_used(&budget), 2 * HW_HEAP_STEP_BYTES);
    assert_null(hw_heap_alloc(&heap, 2 * HW_HEAP_STEP_BYTES));
    assert_true(hw_budget_used(&budget) <= 2 * HW_HEAP_STEP_BYTES);
    hw_heap_free(&heap, large);
    hw_heap_free(&heap, other);
    assert_true(hw_budget_used(&budget) <= 2 * HW_HEAP_STEP_BYTES);
    hw_heap_free(&heap, small);
    hw_heap_fini(&heap);
    assert_int_equal(hw_budget_used(&budget), 0);
}

HW_TEST(heap_frees_what_is_left)
{
    hw_budget budget = {0};
    hw_heap heap;
    hw_heap_init(&heap, &budget, SIZE_MAX);
    void *pieces[5];
    for (size_t i = 0; i < 5; i++)
        pieces[i] = hw_heap_alloc(&heap, 1000 * i);
    hw_heap_free(&heap, pieces[2]);
    pieces[3] = hw_heap_resize(&heap, pieces[3], 100000);
    hw_heap_free(&heap, pieces[4]);
    hw_heap moved = heap;
    hw_heap_fini(&moved);
    assert_int_equal(moved.used, 0);
    assert_int_equal(hw_budget_used(&budget), 0);
}

HW_TEST(heap_keeps_little_of_what_it_gave_back)
{
    hw_budget budget = {0};
    hw_heap heap;
    hw_heap_init(&heap, &budget, SIZE_MAX);
    void *large = hw_heap_alloc(&heap, 100 * HW_HEAP_STEP_BYTES);
    HW_NEED(large);
    hw_heap_free(&heap, large);
    assert_true(hw_budget_used(&budget) < 2 * HW_HEAP_STEP_BYTES);
    hw_heap_fini(&heap);
    assert_int_equal(hw_budget_used(&budget), 0);
}

/* In whole steps it would be more than a size can say. */
HW_TEST(heap_refuses_what_no_memory_holds)
{
    hw_budget budget = {0};
    hw_heap heap;
    hw_heap_init(&heap, &budget, SIZE_MAX);
    assert_null(hw_heap_alloc(&heap, SIZE_MAX - 256));
    assert_null(hw_heap_alloc(&heap, SIZE_MAX));
    assert_int_equal(heap.used, 0);
    assert_int_equal(hw_budget_used(&budget), 0);
    hw_heap_fini(&heap);
}

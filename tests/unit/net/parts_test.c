/* Parts of a write, read in pieces of another size. */
#include "net/parts.h"

#include <string.h>

#include "unit/harness.h"

#define PART(literal)                                                                              \
    {                                                                                              \
        (void *)(literal), sizeof(literal) - 1                                                     \
    }

static const struct iovec written[] = {PART("ab"), PART(""), PART("c"), PART("defgh"), PART("")};

static void check_taken(hw_parts *parts, size_t bytes, const char *wanted)
{
    char memory[16];
    hw_text taken = hw_parts_take(parts, bytes, memory);
    assert_int_equal(taken.length, strlen(wanted));
    assert_memory_equal(taken.at ? taken.at : "", wanted, taken.length);
}

HW_TEST(parts_are_taken_in_pieces_of_any_size)
{
    for (size_t bytes = 1; bytes <= 9; bytes++) {
        hw_parts parts = hw_parts_of(written, 5);
        const char *all = "abcdefgh";
        for (size_t at = 0; at < 8; at += bytes) {
            char wanted[16] = {0};
            memcpy(wanted, all + at, at + bytes < 8 ? bytes : 8 - at);
            check_taken(&parts, bytes, wanted);
        }
        check_taken(&parts, bytes, "");
    }
}

HW_TEST(parts_in_one_piece_are_not_copied)
{
    char memory[16];
    hw_parts parts = hw_parts_of(written, 5);
    assert_ptr_equal(hw_parts_take(&parts, 2, memory).at, written[0].iov_base);
    assert_ptr_equal(hw_parts_take(&parts, 3, memory).at, memory);
    hw_parts last = {written + 3, 1, 1};
    assert_int_equal(hw_parts_of(written + 4, 1).count, 0);
    assert_ptr_equal(hw_parts_take(&last, 16, memory).at, (const char *)written[3].iov_base + 1);
}

HW_TEST(parts_are_passed_by)
{
    hw_parts parts = hw_parts_of(written, 5);
    assert_int_equal(hw_parts_skip(&parts, 4), 4);
    check_taken(&parts, 2, "ef");
    assert_int_equal(hw_parts_skip(&parts, 9), 2);
    assert_int_equal(hw_parts_skip(&parts, 1), 0);
    check_taken(&parts, 1, "");
}

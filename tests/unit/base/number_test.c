#include "base/number.h"

#include "unit/harness.h"

static void assert_no_number(bool (*read)(hw_text, uint64_t *), hw_text text)
{
    uint64_t number = 77;
    assert_false(read(text, &number));
    assert_int_equal(number, 77);
}

static void assert_number(bool (*read)(hw_text, uint64_t *), hw_text text, uint64_t expected)
{
    uint64_t number = 77;
    assert_true(read(text, &number));
    assert_true(number == expected);
}

HW_TEST(number_reads_decimals)
{
    assert_number(hw_number_decimal, HW_TEXT("0"), 0);
    assert_number(hw_number_decimal, HW_TEXT("007"), 7);
    assert_number(hw_number_decimal, HW_TEXT("1234567890"), 1234567890);
    assert_number(hw_number_decimal, HW_TEXT("18446744073709551615"), UINT64_MAX);
    assert_number(hw_number_decimal, HW_TEXT("00000000000000000000018446744073709551615"),
                  UINT64_MAX);
}

HW_TEST(number_refuses_what_is_no_decimal)
{
    assert_no_number(hw_number_decimal, (hw_text){NULL, 0});
    assert_no_number(hw_number_decimal, HW_TEXT("18446744073709551616"));
    assert_no_number(hw_number_decimal, HW_TEXT("18446744073709551620"));
    assert_no_number(hw_number_decimal, HW_TEXT("99999999999999999999999999"));
    assert_no_number(hw_number_decimal, HW_TEXT("184467440737095516150"));
    assert_no_number(hw_number_decimal, HW_TEXT("+1"));
    assert_no_number(hw_number_decimal, HW_TEXT("-1"));
    assert_no_number(hw_number_decimal, HW_TEXT(" 1"));
    assert_no_number(hw_number_decimal, HW_TEXT("1 "));
    assert_no_number(hw_number_decimal, HW_TEXT("1a"));
    assert_no_number(hw_number_decimal, HW_TEXT("0x1"));
    assert_no_number(hw_number_decimal, HW_TEXT("1\0"));
    assert_no_number(hw_number_decimal, HW_TEXT("1.0"));
}

HW_TEST(number_reads_hexadecimals)
{
    assert_number(hw_number_hex, HW_TEXT("0"), 0);
    assert_number(hw_number_hex, HW_TEXT("aF"), 0xaf);
    assert_number(hw_number_hex, HW_TEXT("ffffffffffffffff"), UINT64_MAX);
    assert_number(hw_number_hex, HW_TEXT("0000FFFFFFFFFFFFFFFF"), UINT64_MAX);
    assert_no_number(hw_number_hex, (hw_text){NULL, 0});
    assert_no_number(hw_number_hex, HW_TEXT("10000000000000000"));
    assert_no_number(hw_number_hex, HW_TEXT("fffffffffffffffff"));
    assert_no_number(hw_number_hex, HW_TEXT("0x1"));
    assert_no_number(hw_number_hex, HW_TEXT("g"));
    assert_no_number(hw_number_hex, HW_TEXT("-1"));
    assert_no_number(hw_number_hex, HW_TEXT("1 "));
}

HW_TEST(number_adds_and_multiplies_what_fits)
{
    uint64_t result = 77;
    assert_true(hw_number_add(UINT64_MAX - 1, 1, &result));
    assert_true(result == UINT64_MAX);
    assert_false(hw_number_add(UINT64_MAX, 1, &result));
    assert_false(hw_number_multiply(UINT64_MAX / 2 + 1, 2, &result));
    assert_true(result == UINT64_MAX);
    assert_true(hw_number_multiply(UINT64_MAX, 1, &result));
    assert_true(result == UINT64_MAX);
    assert_true(hw_number_multiply(UINT64_MAX, 0, &result));
    assert_true(result == 0);
}

HW_TEST(number_adds_and_multiplies_sizes_that_fit)
{
    size_t result = 77;
    assert_false(hw_size_add(SIZE_MAX, 1, &result));
    assert_false(hw_size_multiply(SIZE_MAX, 2, &result));
    assert_int_equal(result, 77);
    assert_true(hw_size_add(SIZE_MAX, 0, &result));
    assert_true(result == SIZE_MAX);
    assert_true(hw_size_multiply(3, 4, &result));
    assert_int_equal(result, 12);
    assert_true(hw_size_add(result, result, &result));
    assert_int_equal(result, 24);
}

/* Both ways to add and to multiply say the same of a pair, and leave the same behind. */
static void assert_twins_agree(uint64_t a, uint64_t b)
{
    uint64_t one = 77, other = 77;
    assert_int_equal(hw_number_add(a, b, &one), hw_number_add_portable(a, b, &other));
    assert_true(one == other);
    assert_int_equal(hw_number_multiply(a, b, &one), hw_number_multiply_portable(a, b, &other));
    assert_true(one == other);
    size_t size = 77, other_size = 77;
    assert_int_equal(hw_size_add((size_t)a, (size_t)b, &size),
                     hw_size_add_portable((size_t)a, (size_t)b, &other_size));
    assert_true(size == other_size);
    assert_int_equal(hw_size_multiply((size_t)a, (size_t)b, &size),
                     hw_size_multiply_portable((size_t)a, (size_t)b, &other_size));
    assert_true(size == other_size);
}

HW_TEST(number_twins_agree_on_small_numbers_and_edges)
{
    /* 0..255 in the lowest byte, the highest, and below the top. */
    for (uint64_t a = 0; a < 256; a++)
        for (uint64_t b = 0; b < 256; b++) {
            assert_twins_agree(a, b);
            assert_twins_agree(a << 56, b);
            assert_twins_agree(UINT64_MAX - a, b);
            assert_twins_agree(UINT64_MAX / 255 - 128 + a, b);
        }
    for (unsigned i = 0; i < 64; i++)
        for (unsigned j = 0; j < 64; j++)
            for (uint64_t off = 0; off < 9; off++)
                assert_twins_agree((UINT64_C(1) << i) + off / 3 - 1,
                                   (UINT64_C(1) << j) + off % 3 - 1);
}

HW_TEST(number_twins_agree_on_random_numbers)
{
    uint64_t state = 0x9e3779b97f4a7c15;
    for (unsigned i = 0; i < 200000; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        uint64_t a = state ^ state >> 29;
        state = state * 6364136223846793005 + 1442695040888963407;
        uint64_t b = state ^ state >> 31;
        /* of all lengths, so that about half of the products fit */
        assert_twins_agree(a >> (i & 63), b >> (i >> 6 & 63));
    }
}

HW_TEST(number_least_and_most)
{
    assert_int_equal(hw_number_min(1, 2), 1);
    assert_int_equal(hw_number_min(2, 1), 1);
    assert_int_equal(hw_size_min(1, 2), 1);
    assert_int_equal(hw_size_min(2, 2), 2);
    assert_int_equal(hw_size_max(1, 2), 2);
    assert_int_equal(hw_size_max(2, 1), 2);
}

#include "base/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "unit/harness.h"

static void check_decimal(uint64_t number)
{
    char expected[32], memory[HW_DECIMAL_BYTES_MAX];
    int length = snprintf(expected, sizeof expected, "%" PRIu64, number);
    char *end = hw_decimal_write(memory, number);
    assert_int_equal(end - memory, length);
    assert_memory_equal(memory, expected, (size_t)length);
}

HW_TEST(decimal_is_what_printf_writes)
{
    for (uint64_t number = 0; number < 30000; number++)
        check_decimal(number);
    for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10)
        for (uint64_t i = 0; i < 4; i++)
            check_decimal(power * 10 + i - 2);
    check_decimal(UINT64_MAX);
}

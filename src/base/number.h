/* Checked numbers: every number that comes from outside is read and every length is added up here.
 */
#ifndef HW_BASE_NUMBER_H
#define HW_BASE_NUMBER_H

#include <stdint.h>

#include "base/text.h"

/* One or more digits and nothing else. False (ret_number unchanged): empty, another byte, or over
 * UINT64_MAX. */
bool hw_number_decimal(hw_text text, uint64_t *ret_number);
/* The same for hexadecimal digits, either case, no prefix. */
bool hw_number_hex(hw_text text, uint64_t *ret_number);

/* False (ret unchanged) when the result does not fit. */
bool hw_number_add(uint64_t a, uint64_t b, uint64_t *ret_sum);
bool hw_number_multiply(uint64_t a, uint64_t b, uint64_t *ret_product);
bool hw_size_add(size_t a, size_t b, size_t *ret_sum);
bool hw_size_multiply(size_t a, size_t b, size_t *ret_product);

static inline uint64_t hw_number_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline size_t hw_size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t hw_size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif

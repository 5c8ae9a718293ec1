/* Reads numbers out of texts and adds and multiplies them, refusing what does not fit.
 *
 * The C library's strtoul and its kin are not used: they take signs, blanks and prefixes, need a
 * NUL, and say "too large" in errno. A length that a peer sends must have one reading only. */
#include "base/number.h"

bool hw_number_decimal(hw_text text, uint64_t *ret_number)
{
    uint64_t number = 0;
    /*@ loop invariant i <= text.length && hw_is_decimal(text.at, i, number);
        loop assigns i, number;
        loop variant text.length - i; */
    for (size_t i = 0; i < text.length; i++) {
        if (!hw_char_is_digit(text.at[i]))
            return false;
        if (!hw_number_multiply(number, 10, &number) ||
            !hw_number_add(number, (uint64_t)(text.at[i] - '0'), &number))
            return false;
    }
    if (text.length == 0)
        return false;
    *ret_number = number;
    return true;
}

bool hw_number_hex(hw_text text, uint64_t *ret_number)
{
    uint64_t number = 0;
    /*@ loop invariant i <= text.length && hw_is_hex(text.at, i, number);
        loop assigns i, number;
        loop variant text.length - i; */
    for (size_t i = 0; i < text.length; i++) {
        int digit = hw_char_hex(text.at[i]);
        if (digit < 0 || number > UINT64_MAX / 16)
            return false;
        number = number * 16 + (uint64_t)digit;
    }
    if (text.length == 0)
        return false;
    *ret_number = number;
    return true;
}

bool hw_number_add(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    return hw_number_add_native(a, b, ret_sum);
}

bool hw_number_multiply(uint64_t a, uint64_t b, uint64_t *ret_product)
{
    return hw_number_multiply_native(a, b, ret_product);
}

bool hw_size_add(size_t a, size_t b, size_t *ret_sum)
{
    return hw_size_add_native(a, b, ret_sum);
}

bool hw_size_multiply(size_t a, size_t b, size_t *ret_product)
{
    return hw_size_multiply_native(a, b, ret_product);
}

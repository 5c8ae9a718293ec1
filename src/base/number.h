/* Checked numbers: every number that comes from outside is read and every length is added up here.
 */
#ifndef HW_BASE_NUMBER_H
#define HW_BASE_NUMBER_H

#include <stdint.h>

#include "base/text.h"

/* A number is what its digits say: read from the front, each is worth a tenth (a sixteenth) of the
 * one before. */
/*@ inductive hw_is_decimal{L}(char *at, integer count, integer number) {
        case none{L}: \forall char *at; hw_is_decimal(at, 0, 0);
        case one_more{L}: \forall char *at, integer count, number, next_count, next;
            hw_is_decimal(at, count, number) && '0' <= at[count] <= '9' &&
            next_count == count + 1 && next == 10 * number + (at[count] - '0') ==>
            hw_is_decimal(at, next_count, next); } */
/*@ inductive hw_is_hex{L}(char *at, integer count, integer number) {
        case none{L}: \forall char *at; hw_is_hex(at, 0, 0);
        case one_more{L}: \forall char *at, integer count, number, next_count, next;
            hw_is_hex(at, count, number) && hw_char_value(at[count]) >= 0 &&
            next_count == count + 1 && next == 16 * number + hw_char_value(at[count]) ==>
            hw_is_hex(at, next_count, next); } */

/* One or more digits and nothing else. False (ret_number unchanged): empty, another byte, or over
 * UINT64_MAX. */
/*@ requires hw_text_is_sound(text) && \valid(ret_number);
    assigns *ret_number;
    ensures \result ==> text.length > 0 && hw_is_decimal{Pre}(text.at, text.length, *ret_number);
    ensures !\result ==> *ret_number == \old(*ret_number); */
bool hw_number_decimal(hw_text text, uint64_t *ret_number);
/* The same for hexadecimal digits, either case, no prefix. */
/*@ requires hw_text_is_sound(text) && \valid(ret_number);
    assigns *ret_number;
    ensures \result ==> text.length > 0 && hw_is_hex{Pre}(text.at, text.length, *ret_number);
    ensures !\result ==> *ret_number == \old(*ret_number); */
bool hw_number_hex(hw_text text, uint64_t *ret_number);

/* Sums and products; false (ret unchanged) when the result does not fit. */
/*@ requires \valid(ret_sum);
    assigns *ret_sum;
    ensures \result <==> a + b <= UINT64_MAX;
    ensures *ret_sum == (\result ? a + b : \old(*ret_sum)); */
bool hw_number_add(uint64_t a, uint64_t b, uint64_t *ret_sum);
/*@ requires \valid(ret_product);
    assigns *ret_product;
    ensures \result <==> a * b <= UINT64_MAX;
    ensures *ret_product == (\result ? a * b : \old(*ret_product)); */
bool hw_number_multiply(uint64_t a, uint64_t b, uint64_t *ret_product);
/*@ requires \valid(ret_sum);
    assigns *ret_sum;
    ensures \result <==> a + b <= SIZE_MAX;
    ensures *ret_sum == (\result ? a + b : \old(*ret_sum)); */
bool hw_size_add(size_t a, size_t b, size_t *ret_sum);
/*@ requires \valid(ret_product);
    assigns *ret_product;
    ensures \result <==> a * b <= SIZE_MAX;
    ensures *ret_product == (\result ? a * b : \old(*ret_product)); */
bool hw_size_multiply(size_t a, size_t b, size_t *ret_product);

/* How they are made. The compiler's way looks at a flag of the processor, and is asked for in this
 * file only; beside it stands a twin in plain C, for compilers that have no such way. `./dev prove`
 * shows that the twins keep the same contracts, and the tests that both say the same. */
/*@ requires \valid(ret_sum);
    assigns *ret_sum;
    ensures \result <==> a + b <= UINT64_MAX;
    ensures *ret_sum == (\result ? a + b : \old(*ret_sum)); */
static inline bool hw_number_add_native(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    uint64_t result;
    if (__builtin_add_overflow(a, b, &result))
        return false;
    *ret_sum = result;
    return true;
}

/*@ requires \valid(ret_sum);
    assigns *ret_sum;
    ensures \result <==> a + b <= UINT64_MAX;
    ensures *ret_sum == (\result ? a + b : \old(*ret_sum)); */
static inline bool hw_number_add_portable(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    if (b > UINT64_MAX - a)
        return false;
    *ret_sum = a + b;
    return true;
}

/*@ requires \valid(ret_product);
    assigns *ret_product;
    ensures \result <==> a * b <= UINT64_MAX;
    ensures *ret_product == (\result ? a * b : \old(*ret_product)); */
static inline bool hw_number_multiply_native(uint64_t a, uint64_t b, uint64_t *ret_product)
{
    uint64_t result;
    if (__builtin_mul_overflow(a, b, &result))
        return false;
    *ret_product = result;
    return true;
}

/*@ requires \valid(ret_product);
    assigns *ret_product;
    ensures \result <==> a * b <= UINT64_MAX;
    ensures *ret_product == (\result ? a * b : \old(*ret_product)); */
static inline bool hw_number_multiply_portable(uint64_t a, uint64_t b, uint64_t *ret_product)
{
    /*@ assert a > 0 ==> a * (UINT64_MAX / a) <= UINT64_MAX < a * (UINT64_MAX / a + 1); */
    /*@ assert a > 0 && b <= UINT64_MAX / a ==> a * b <= a * (UINT64_MAX / a); */
    /*@ assert a > 0 && b > UINT64_MAX / a ==> a * b >= a * (UINT64_MAX / a + 1); */
    if (a > 0 && b > UINT64_MAX / a)
        return false;
    *ret_product = a * b;
    return true;
}

/*@ requires \valid(ret_sum);
    assigns *ret_sum;
    ensures \result <==> a + b <= SIZE_MAX;
    ensures *ret_sum == (\result ? a + b : \old(*ret_sum)); */
static inline bool hw_size_add_native(size_t a, size_t b, size_t *ret_sum)
{
    size_t result;
    if (__builtin_add_overflow(a, b, &result))
        return false;
    *ret_sum = result;
    return true;
}

/*@ requires \valid(ret_sum);
    assigns *ret_sum;
    ensures \result <==> a + b <= SIZE_MAX;
    ensures *ret_sum == (\result ? a + b : \old(*ret_sum)); */
static inline bool hw_size_add_portable(size_t a, size_t b, size_t *ret_sum)
{
    if (b > SIZE_MAX - a)
        return false;
    *ret_sum = a + b;
    return true;
}

/*@ requires \valid(ret_product);
    assigns *ret_product;
    ensures \result <==> a * b <= SIZE_MAX;
    ensures *ret_product == (\result ? a * b : \old(*ret_product)); */
static inline bool hw_size_multiply_native(size_t a, size_t b, size_t *ret_product)
{
    size_t result;
    if (__builtin_mul_overflow(a, b, &result))
        return false;
    *ret_product = result;
    return true;
}

/*@ requires \valid(ret_product);
    assigns *ret_product;
    ensures \result <==> a * b <= SIZE_MAX;
    ensures *ret_product == (\result ? a * b : \old(*ret_product)); */
static inline bool hw_size_multiply_portable(size_t a, size_t b, size_t *ret_product)
{
    /*@ assert a > 0 ==> a * (SIZE_MAX / a) <= SIZE_MAX < a * (SIZE_MAX / a + 1); */
    /*@ assert a > 0 && b <= SIZE_MAX / a ==> a * b <= a * (SIZE_MAX / a); */
    /*@ assert a > 0 && b > SIZE_MAX / a ==> a * b >= a * (SIZE_MAX / a + 1); */
    if (a > 0 && b > SIZE_MAX / a)
        return false;
    *ret_product = a * b;
    return true;
}

/*@ assigns \nothing;
    ensures \result == (a < b ? a : b); */
static inline uint64_t hw_number_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*@ assigns \nothing;
    ensures \result == (a < b ? a : b); */
static inline size_t hw_size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*@ assigns \nothing;
    ensures \result == (a > b ? a : b); */
static inline size_t hw_size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif

/* What the proofs assume of the C library: exactly the functions that proved code calls, for bytes.
 * Frama-C's own <string.h> says of memchr only which object its result points into, and asks memcmp
 * for more than a slice of bytes can give. */
#ifndef HW_PROVE_STRING_H
#define HW_PROVE_STRING_H

#include <stddef.h>
#include <stdint.h>

/*@ requires is_readable: \valid_read((const char *)s + (0 .. n - 1));
    assigns \result \from ((const char *)s)[0 .. n - 1], c, n;
    ensures is_inside: \result == \null || (\exists integer i; 0 <= i < n &&
        \result == (const char *)s + i && ((const char *)s)[i] == (char)c); */
void *memchr(const void *s, int c, size_t n);

/*@ requires is_readable: \valid_read((const char *)a + (0 .. n - 1));
    requires is_readable: \valid_read((const char *)b + (0 .. n - 1));
    assigns \result \from ((const char *)a)[0 .. n - 1], ((const char *)b)[0 .. n - 1], n;
    ensures compares: \result == 0 <==> (\forall integer i; 0 <= i < n ==>
        ((const char *)a)[i] == ((const char *)b)[i]); */
int memcmp(const void *a, const void *b, size_t n);

/*@ requires is_writable: \valid((char *)to + (0 .. n - 1));
    requires is_readable: \valid_read((const char *)from + (0 .. n - 1));
    requires is_apart: \separated((char *)to + (0 .. n - 1), (const char *)from + (0 .. n - 1));
    assigns ((char *)to)[0 .. n - 1] \from ((const char *)from)[0 .. n - 1];
    assigns \result \from to;
    ensures copies: \forall integer i; 0 <= i < n ==>
        ((char *)to)[i] == ((const char *)from)[i];
    ensures \result == to; */
void *memcpy(void *restrict to, const void *restrict from, size_t n);

/*@ requires is_writable: \valid((char *)to + (0 .. n - 1));
    assigns ((char *)to)[0 .. n - 1] \from byte, n;
    assigns \result \from to;
    ensures \result == to; */
void *memset(void *to, int byte, size_t n);

/*@ requires is_string: \exists integer n; 0 <= n && \valid_read(s + (0 .. n)) && s[n] == 0;
    assigns \result \from s[0 ..];
    ensures is_inside: \result <= PTRDIFF_MAX && \valid_read(s + (0 .. \result)); */
size_t strlen(const char *s);

#endif

/* OpenSSL's memory, which fails when a test says so: it does not go through the seam. */
#ifndef HW_TESTS_TLS_MEMORY_H
#define HW_TESTS_TLS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* The nth allocation of OpenSSL from now fails, once, on whatever thread; 0: none does. Only what lies
 * between begin and end counts: a test's own client has its memory. */
void tls_memory_fail(uint64_t nth);
void tls_memory_begin(void);
void tls_memory_end(void);
/* OpenSSL leaks of its own accord where an allocation fails while it loads its algorithms (docs/faults.md):
 * what it allocates between begin and end is nobody's leak. What Hewn allocates is looked after as ever. */
void tls_memory_forgive(bool forgives);
/* 1 with HEWN_ALL in the environment, so that each allocation fails; else what HEWN_STEP says there, or the
 * usual step. */
uint64_t tls_memory_step(uint64_t usual);
/* Whether it has failed. */
bool tls_memory_is_struck(void);
/* Tries once with all memory, and then again and again, with one allocation failing each time: each of
 * the first and of the last `dense` of them, and between those some. What counts lies between begin and
 * end in there, and so do the assertions. How many failed. */
uint64_t tls_memory_fail_each(void (*attempt)(void *arg), void *arg, uint64_t dense);

#endif

/* Amounts with a unit, as options take them: 15s, 32KiB, 500B/s. */
#ifndef QUANTITY_H
#define QUANTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef enum quantity_kind {
    QUANTITY_TIME, /* milliseconds; ms, s, m, h */
    QUANTITY_SIZE, /* bytes; none, B, KiB, MiB, GiB */
    QUANTITY_RATE, /* bytes a second; the same with /s */
} quantity_kind;

/* False: it is not one, or no number of 64 bits holds it. */
bool quantity_read(quantity_kind kind, const char *text, uint64_t *ret_amount);
/* The same amount in the largest unit that leaves it whole. */
void quantity_print(quantity_kind kind, uint64_t amount, FILE *file);
/* "a time", "a size", "a rate". */
const char *quantity_name(quantity_kind kind);

#endif

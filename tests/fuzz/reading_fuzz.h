/* What the fuzz targets share that compare a reader with its reference of tests/exhaustive, on
 * inputs longer than all can be tried. Header only: a fuzz target is one file. */
#ifndef HW_TESTS_FUZZ_READING_FUZZ_H
#define HW_TESTS_FUZZ_READING_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "../exhaustive/reading.h"
#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

/* References take quadratic time, and have room for so much. */
enum { FUZZ_INPUT_MAX = 1000 };

/* Compares, and gives back what was read. */
static inline const reading *fuzz_reading(const char *name, const uint8_t *input, size_t bytes)
{
    static reading ours, reference;
    const tokenizer *which = tokenizers;
    while (strcmp(which->name, name) != 0)
        which++;
    if (!readings_agree(which, (span){(const char *)input, bytes}, &ours, &reference)) {
        fprintf(stderr, "ours:      %.*s\nreference: %.*s\n", (int)ours.length, ours.at,
                (int)reference.length, reference.at);
        abort();
    }
    return &ours;
}

/* For planted bugs: how often words are in a reading. */
static inline unsigned count_words(const reading *text, const char *words)
{
    unsigned count = 0;
    size_t length = strlen(words);
    for (size_t i = 0; i + length <= text->length; i++)
        count += !memcmp(text->at + i, words, length);
    return count;
}

#endif

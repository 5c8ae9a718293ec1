/* The word somebody probably meant. */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

#define SUGGEST_WORD_MAX 64 /* a longer word is never near another */

/* How many letters must be put in, left out, exchanged or swapped with their neighbour to make one
 * word of the other; SUGGEST_WORD_MAX where either is too long. */
size_t suggest_distance(const char *one, const char *other);
/* Whether a word at this distance is near enough to be offered for `word`. */
bool suggest_is_near(const char *word, size_t distance);

#endif

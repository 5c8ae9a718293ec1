/* Tells how far apart two words are, as typing errors go.
 *
 * Damerau-Levenshtein in its restricted form (no letter takes part in two edits): a swap of
 * neighbours, the commonest slip, counts one. Three rows of the table are all that is kept. */
#include "suggest.h"

#include <string.h>

static size_t least(size_t a, size_t b, size_t c)
{
    size_t low = a < b ? a : b;

    return low < c ? low : c;
}

size_t suggest_distance(const char *one, const char *other)
{
    size_t rows = strlen(one), columns = strlen(other);
    size_t memory[3][SUGGEST_WORD_MAX];
    size_t *row = memory[0], *above = memory[1], *above2 = memory[2];

    if (rows >= SUGGEST_WORD_MAX || columns >= SUGGEST_WORD_MAX)
        return SUGGEST_WORD_MAX;
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t *oldest = above2;

        above2 = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t change = one[i - 1] == other[j - 1] ? 0 : 1;

            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] &&
                above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
    }
    return row[columns];
}

bool suggest_is_near(const char *word, size_t distance)
{
    size_t length = strlen(word);

    return length >= 2 && distance <= (length < 6 ? 1 : length / 3);
}

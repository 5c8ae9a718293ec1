/* Any bytes as a query: the same pairs, and the same first value of a name, as the reference
 * finds. */
#include "reading_fuzz.h"

#ifdef HW_FUZZ_PLANTED
/* Three pairs; a name that holds an encoded "&". */
static void check_planted(const reading *text)
{
    if (count_words(text, "<") == 7 && count_words(text, "&"))
        abort();
}
#else
static void check_planted(const reading *text)
{
    (void)text;
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    if (bytes > FUZZ_INPUT_MAX)
        return 0;
    check_planted(fuzz_reading("query", input, bytes));
    return 0;
}

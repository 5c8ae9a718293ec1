/* Any bytes as entity tags: a tag alone, a list, "*". */
#include "reading_fuzz.h"

#ifdef HW_FUZZ_PLANTED
/* A whole list, the third tag of which is weak. */
static void check_planted(const reading *text)
{
    if (count_words(text, "strong") == 2 && count_words(text, "weak") == 1 &&
        count_words(text, "> weak") && count_words(text, "whole"))
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
    check_planted(fuzz_reading("etag", input, bytes));
    return 0;
}

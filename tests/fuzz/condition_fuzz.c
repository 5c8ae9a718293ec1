/* Preconditions (RFC 9110 13): a method, an entity tag, a date and up to eight fields, each on its
 * line, against an evaluation step by step. */
#include "reading_fuzz.h"

#ifdef HW_FUZZ_PLANTED
/* A range that is wanted by its date, which is over at the last of three moments only. */
static void check_planted(const reading *text)
{
    if (count_words(text, "range") == 1)
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
    check_planted(fuzz_reading("condition", input, bytes));
    return 0;
}

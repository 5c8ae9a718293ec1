/* Any bytes as a list: its elements, their values and parameters must be those of the reference. */
#include "reading_fuzz.h"

#ifdef HW_FUZZ_PLANTED
/* Two elements behind a quoted comma. */
static void check_planted(const reading *text)
{
    if (count_words(text, ",") && count_words(text, "; ") == 3)
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
    check_planted(fuzz_reading("element", input, bytes));
    return 0;
}

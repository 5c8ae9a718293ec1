/* Any bytes as an address to listen on: what is taken, and that it comes back when it is
 * written. */
#include "reading_fuzz.h"

#ifdef HW_FUZZ_PLANTED
/* An IPv6 address at port 443. */
static void check_planted(const reading *text)
{
    if (count_words(text, "6 443"))
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
    check_planted(fuzz_reading("address", input, bytes));
    return 0;
}

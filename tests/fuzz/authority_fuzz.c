/* Any bytes as an authority: host and port as RFC 3986 has them, address literals too. */
#include "reading_fuzz.h"

#ifdef HW_FUZZ_PLANTED
/* An IPv6 address with an IPv4 one in it, and a port. */
static void check_planted(const reading *text)
{
    if (count_words(text, "[") && count_words(text, ".") == 3 && !count_words(text, "<> "))
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
    check_planted(fuzz_reading("authority", input, bytes));
    return 0;
}

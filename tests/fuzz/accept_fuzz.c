/* Any bytes as a weight, as Accept and as Accept-Encoding: what is made of a type and of three
 * codings. */
#include "reading_fuzz.h"

#ifdef HW_FUZZ_PLANTED
/* A weight that begins with 0.2. */
static void check_planted(const reading *text)
{
    if (text->length == 4 && text->at[0] == '2')
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
    (void)fuzz_reading("quality", input, bytes);
    const reading *text = fuzz_reading("accept", input, bytes);
    check_planted(text);
    (void)fuzz_reading("coding", input, bytes);
    return 0;
}

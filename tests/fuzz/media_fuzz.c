/* Any bytes as the text of a mime.types file: the types of four extensions. */
#include "reading_fuzz.h"

#ifdef HW_FUZZ_PLANTED
/* A text type for the longest extension. */
static void check_planted(const reading *text)
{
    if (count_words(text, "<application/octet-stream> ") == 3 && text->at[text->length - 3] == '8')
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
    check_planted(fuzz_reading("mime", input, bytes));
    return 0;
}

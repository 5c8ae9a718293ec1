/* Any bytes as the text of a mime.types file: the types of four extensions; and as the name of a file. */
#include "reading_fuzz.h"

#include <string.h>

#include "base/assert.h"
#include "http/coding.h"
#include "http/fingerprint.h"

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

/* As the name of a file: a coding's suffix has something in front of it, and what is taken for a name
 * with a hash in it is so in whatever folder. */
static void check_name(hw_text name)
{
    static char folder[FUZZ_INPUT_MAX + 4] = "/x/";
    hw_text suffix = hw_coding_suffix(hw_coding_of_name(name));
    hw_assert(suffix.length == 0 ||
              (name.length > suffix.length && hw_text_has_suffix(name, suffix)));
    if (name.length > 0)
        memcpy(folder + 3, name.at, name.length);
    if (hw_fingerprint_is_in(name))
        hw_assert(hw_fingerprint_is_in((hw_text){folder, name.length + 3}));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    if (bytes > FUZZ_INPUT_MAX)
        return 0;
    check_planted(fuzz_reading("mime", input, bytes));
    check_name((hw_text){(const char *)input, bytes});
    return 0;
}

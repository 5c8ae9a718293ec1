/* Chooses content codings.
 *
 * The same as asking hw_quality_of_coding for each, which is the rule, but in one pass over the field:
 * it is read for every request for a file that comes in several codings. */
#include "http/coding.h"

#include "http/element.h"
#include "http/quality.h"

/* Nobody has said anything of it. */
#define QUALITY_UNSAID (-1)

typedef struct coding_row {
    hw_text name, suffix;
} coding_row;

static const coding_row coding_rows[HW_CODING_COUNT] = {
    [HW_CODING_IDENTITY] = {HW_TEXT_INIT(""), HW_TEXT_INIT("")},
    [HW_CODING_GZIP] = {HW_TEXT_INIT("gzip"), HW_TEXT_INIT(".gz")},
    [HW_CODING_ZSTD] = {HW_TEXT_INIT("zstd"), HW_TEXT_INIT(".zst")},
    [HW_CODING_BR] = {HW_TEXT_INIT("br"), HW_TEXT_INIT(".br")},
};

hw_text hw_coding_name(hw_coding coding)
{
    return coding_rows[coding].name;
}

hw_text hw_coding_suffix(hw_coding coding)
{
    return coding_rows[coding].suffix;
}

hw_coding hw_coding_of_name(hw_text name)
{
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++) {
        hw_text suffix = coding_rows[coding].suffix;
        if (name.length > suffix.length && hw_text_has_suffix(name, suffix))
            return coding;
    }
    return HW_CODING_IDENTITY;
}

/* What an element of the field is about; HW_CODING_COUNT: all that are not mentioned; -1: nothing that
 * is known here. */
static int subject_of(hw_text range)
{
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++)
        if (hw_text_equal_nocase(range, coding_rows[coding].name))
            return (int)coding;
    if (hw_text_equal(range, HW_TEXT("*")))
        return HW_CODING_COUNT;
    if (hw_text_equal_nocase(range, HW_TEXT("identity")))
        return HW_CODING_IDENTITY;
    /* RFC 9110 8.4.1.3: the old name for the new. */
    return hw_text_equal_nocase(range, HW_TEXT("x-gzip")) ? HW_CODING_GZIP : -1;
}

/* The first mention counts that can be read. */
static void read_wish(hw_text element, int *qualities)
{
    hw_text range = element, parameters = HW_TEXT("");
    int quality = HW_QUALITY_MAX;
    if (hw_text_find(element, ';') < element.length)
        hw_element_split(element, &range, &parameters);
    int subject = subject_of(range);
    if (subject < 0 || qualities[subject] != QUALITY_UNSAID)
        return;
    if (parameters.length == 0 || hw_quality_of_parameters(parameters, &quality))
        qualities[subject] = quality;
}

hw_coding_wishes hw_coding_read(hw_fields request)
{
    int qualities[HW_CODING_COUNT + 1];
    hw_coding_wishes wishes = {.quality[HW_CODING_IDENTITY] = HW_QUALITY_MAX};
    const hw_field *field = hw_fields_find(request, HW_FIELD_ACCEPT_ENCODING);
    if (!field)
        return wishes;
    for (int i = 0; i <= HW_CODING_COUNT; i++)
        qualities[i] = QUALITY_UNSAID;
    for (; field; field = hw_fields_next(request, HW_FIELD_ACCEPT_ENCODING, field)) {
        hw_cursor list = hw_cursor_of(field->value);
        hw_text element;
        while (hw_element_next(&list, &element))
            read_wish(element, qualities);
    }
    for (int i = 0; i < HW_CODING_COUNT; i++) {
        int unsaid = qualities[HW_CODING_COUNT];
        if (unsaid == QUALITY_UNSAID)
            unsaid = i == HW_CODING_IDENTITY;
        wishes.quality[i] = qualities[i] == QUALITY_UNSAID ? unsaid : qualities[i];
    }
    return wishes;
}

hw_coding hw_coding_choose(const hw_coding_wishes *wishes, unsigned offered)
{
    hw_coding chosen = HW_CODING_NONE;
    int best = 1;
    for (hw_coding coding = HW_CODING_IDENTITY; coding < HW_CODING_COUNT; coding++)
        if ((offered & HW_CODING_BIT(coding)) && wishes->quality[coding] >= best) {
            chosen = coding;
            best = wishes->quality[coding];
        }
    return chosen;
}

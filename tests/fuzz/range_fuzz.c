/* A length in decimal on the first line, then any bytes as a Range value: ranges must lie inside,
 * keep apart, and cover exactly what was asked for. */
#include "reading_fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "http/element.h"
#include "http/range.h"

#define COVERED_MAX 64

#ifdef HW_FUZZ_PLANTED
/* Three ranges, the first behind the second, the third of seven bytes. */
static void check_planted(const hw_ranges *ranges)
{
    if (ranges->count == 3 && ranges->at[0].first > ranges->at[1].first &&
        ranges->at[2].length == 7)
        abort();
}
#else
static void check_planted(const hw_ranges *ranges)
{
    (void)ranges;
}
#endif

static void check_apart(const hw_ranges *ranges, uint64_t length)
{
    hw_assert(ranges->count >= 1 && ranges->count <= HW_RANGES_MAX);
    for (unsigned i = 0; i < ranges->count; i++) {
        hw_range a = ranges->at[i];
        hw_assert(a.length > 0 && a.first < length && a.length <= length - a.first);
        for (unsigned j = 0; j < i; j++) {
            hw_range b = ranges->at[j];
            hw_assert(a.first > b.first + b.length || b.first > a.first + a.length);
        }
    }
}

/* The slow way for small representations: a mark for every byte that was asked for. */
static void mark_asked(hw_text value, uint64_t length, bool *covered)
{
    hw_cursor list = hw_cursor_of(hw_text_from(value, hw_text_find(value, '=') + 1));
    hw_text spec;
    while (hw_element_next(&list, &spec)) {
        size_t dash = hw_text_find(spec, '-');
        uint64_t first = UINT64_MAX, last = UINT64_MAX;
        bool has_first = dash > 0, has_last = dash + 1 < spec.length;
        hw_number_decimal(hw_text_upto(spec, dash), &first);
        hw_number_decimal(hw_text_from(spec, dash + 1), &last);
        for (uint64_t i = 0; i < length; i++)
            if (has_first ? i >= first && (!has_last || i <= last) : length - i <= last)
                covered[i] = true;
    }
}

static void check_covered(const hw_ranges *ranges, hw_text value, uint64_t length)
{
    bool asked[COVERED_MAX] = {false}, given[COVERED_MAX] = {false};
    mark_asked(value, length, asked);
    for (unsigned i = 0; i < ranges->count; i++)
        for (uint64_t j = 0; j < ranges->at[i].length; j++)
            given[ranges->at[i].first + j] = true;
    hw_assert(memcmp(asked, given, sizeof(asked)) == 0);
}

static void check_written(const hw_ranges *ranges, uint64_t length)
{
    char memory[3 * 20 + sizeof("bytes -/")];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_range_put(&buffer, &ranges->at[0], length);
    hw_assert(!buffer.overflow);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    hw_text text = {(const char *)input, bytes};
    size_t line = hw_text_find(text, '\n');
    hw_text value = hw_text_from(text, line + 1);
    uint64_t length = UINT64_MAX;
    if (value.length <= FUZZ_INPUT_MAX)
        (void)fuzz_reading("range", (const uint8_t *)value.at, value.length);
    hw_number_decimal(hw_text_upto(text, line), &length);
    hw_ranges ranges = {.count = 99};
    hw_range_outcome outcome = hw_range_parse(value, length, &ranges);
    if (outcome != HW_RANGE_SATISFIABLE) {
        hw_assert(ranges.count == 99);
        return 0;
    }
    hw_assert(value.length <= HW_RANGE_FIELD_BYTES_MAX);
    check_apart(&ranges, length);
    check_written(&ranges, length);
    if (length <= COVERED_MAX)
        check_covered(&ranges, value, length);
    check_planted(&ranges);
    return 0;
}

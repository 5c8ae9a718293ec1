/* A length in decimal on the first line, then any bytes as a Range value: ranges must lie inside,
 * keep apart, and cover exactly what was asked for. Several of a short file are made a body, pulled
 * in small pieces, and read back: each part has its bytes, there is nothing else, and it is as long
 * as was said. */
#include "reading_fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "http/element.h"
#include "http/range.h"
#include "kit/multipart.h"
#include "parts.h"

#define COVERED_MAX 64
/* Longer than what is copied together. */
#define BODY_MAX (40 * 1024)

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

/* A file in memory, as the cache would have it. */
static void make_entry(hw_entry *entry, const char *content, uint64_t length)
{
    static const hw_field type = {HW_TEXT_INIT("Content-Type"), HW_TEXT_INIT("text/x-fuzz"),
                                  HW_FIELD_CONTENT_TYPE};
    *entry = (hw_entry){.references = 2, .file = {.fd = -1, .length = length}};
    entry->file.content = (hw_text){content, (size_t)length};
    entry->file.whole.fields = hw_fields_of(&type, 1);
}

static hw_text pull_all(hw_source *body, size_t want, char *memory, size_t room)
{
    hw_buffer out = hw_buffer_over(memory, room);
    hw_piece piece;
    while (hw_source_pull(body, want, &piece) == HW_PULL_BYTES) {
        hw_assert(piece.bytes.length > 0 && piece.bytes.length <= want);
        hw_buffer_put(&out, piece.bytes);
    }
    hw_assert(!out.overflow && out.length == body->length);
    hw_assert(!body->at || memcmp(body->at, out.at, out.length) == 0);
    return hw_buffer_text(&out);
}

static void check_parts(const test_parts *parts, const hw_ranges *ranges, const hw_entry *entry)
{
    hw_assert(parts->count == ranges->count);
    for (size_t i = 0; i < parts->count; i++) {
        const test_part *part = &parts->at[i];
        hw_range range = ranges->at[i];
        hw_assert(part->first == range.first && part->last == range.first + range.length - 1);
        hw_assert(part->total == entry->file.length);
        hw_assert(hw_text_equal(part->type, HW_TEXT("text/x-fuzz")));
        hw_assert(memcmp(part->bytes.at, entry->file.content.at + range.first, range.length) == 0);
    }
}

/* Together where it is short, in pieces where it is not. */
static void check_body(const hw_ranges *ranges, uint64_t length)
{
    static char content[BODY_MAX], pulled[BODY_MAX + 4096];
    char type[HW_MULTIPART_TYPE_BYTES];
    hw_entry entry;
    hw_arena arena;
    hw_source *body;
    test_parts parts;
    for (size_t i = 0; i < length; i++)
        content[i] = "\r\n--boundary"[i % 12];
    make_entry(&entry, content, length);
    hw_arena_init(&arena, 4096, (size_t)1 << 20);
    hw_assert(hw_multipart_new(&entry, &entry.file, ranges, &arena, type, &body) == 0);
    hw_text all = pull_all(body, 1 + (size_t)(length % 97), pulled, sizeof pulled);
    hw_assert(parts_read(hw_text_of(type), all, &parts));
    check_parts(&parts, ranges, &entry);
    hw_source_drop(body);
    hw_assert(entry.references == 2);
    hw_arena_fini(&arena);
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
    if (length <= BODY_MAX && ranges.count > 1)
        check_body(&ranges, length);
    check_planted(&ranges);
    return 0;
}

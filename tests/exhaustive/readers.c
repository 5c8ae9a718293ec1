/* What the readers of src say, in the words of the references. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/number.h"
#include "http/authority.h"
#include "http/coding.h"
#include "http/condition.h"
#include "http/date.h"
#include "http/element.h"
#include "http/etag.h"
#include "http/media.h"
#include "http/method.h"
#include "http/path.h"
#include "http/quality.h"
#include "http/query.h"
#include "http/range.h"
#include "http/target.h"
#include "http/uri.h"
#include "net/address.h"
#include "reading.h"

static hw_text text_of(span input)
{
    return (hw_text){input.at, input.length};
}

static void say_slice(reading *out, hw_text text)
{
    say_text(out, text.at, text.length);
}

void read_elements(reading *out, span input)
{
    hw_cursor list = hw_cursor_of(text_of(input));
    hw_text element, value, parameters, name;
    while (hw_element_next(&list, &element)) {
        say_slice(out, element);
        hw_element_split(element, &value, &parameters);
        say_slice(out, value);
        hw_cursor rest = hw_cursor_of(parameters);
        while (hw_parameter_next(&rest, &name, &value)) {
            say_slice(out, name);
            say_slice(out, value);
        }
        say(out, "; ");
    }
}

static void say_etag(reading *out, hw_etag etag)
{
    say(out, etag.is_weak ? "weak " : "strong ");
    say_slice(out, etag.opaque);
}

void read_etags(reading *out, span input)
{
    const hw_field field = {HW_TEXT("If-Match"), text_of(input), HW_FIELD_IF_MATCH};
    hw_cursor list = hw_cursor_of(field.value);
    hw_etag etag;
    if (hw_etag_parse(field.value, &etag))
        say_etag(out, etag);
    say(out, hw_etag_is_any(hw_fields_of(&field, 1), field.id) ? "any: " : "list: ");
    while (hw_etag_next(&list, &etag))
        say_etag(out, etag);
    say(out, hw_cursor_at_end(&list) ? "whole" : "broken");
}

void read_quality(reading *out, span input)
{
    int quality;
    if (hw_quality_parse(text_of(input), &quality))
        say_number(out, (uint64_t)quality);
    else
        say(out, "none");
}

void read_accept(reading *out, span input)
{
    const hw_field field = {HW_TEXT("Accept"), text_of(input), HW_FIELD_ACCEPT};
    say_number(out, (uint64_t)hw_quality_of_media(hw_fields_of(&field, 1), HW_TEXT("a/c; a=0")));
}

void read_coding(reading *out, span input)
{
    const hw_field field = {HW_TEXT("Accept-Encoding"), text_of(input), HW_FIELD_ACCEPT_ENCODING};
    hw_fields fields = hw_fields_of(&field, 1);
    hw_coding_wishes wishes = hw_coding_read(fields);
    say_number(out, (uint64_t)hw_quality_of_coding(fields, HW_TEXT("a")));
    say_number(out, (uint64_t)wishes.quality[HW_CODING_IDENTITY]);
    say_number(out, (uint64_t)wishes.quality[HW_CODING_GZIP]);
}

void read_range(reading *out, span input)
{
    static const uint64_t lengths[] = {0, 1, 7, 30, UINT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        hw_ranges ranges = {.count = 0};
        hw_range_outcome outcome = hw_range_parse(text_of(input), lengths[i], &ranges);
        for (unsigned j = 0; j < ranges.count; j++) {
            say_number(out, ranges.at[j].first);
            say_number(out, ranges.at[j].length);
        }
        say(out, outcome == HW_RANGE_IGNORE        ? "ignored "
                 : outcome == HW_RANGE_SATISFIABLE ? "satisfiable "
                                                   : "unsatisfiable ");
    }
}

void read_date(reading *out, span input)
{
    static const int64_t nows[] = {0, 784111777, INT64_C(4102444800)};
    for (size_t i = 0; i < sizeof nows / sizeof nows[0]; i++) {
        int64_t seconds;
        if (!hw_date_parse(text_of(input), nows[i], &seconds)) {
            say(out, "none ");
            continue;
        }
        say(out, seconds < 0 ? "-" : "+");
        say_number(out, seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds);
    }
}

/* One for all: what is emptied keeps its first block. */
static hw_arena *empty_arena(void)
{
    static hw_arena arena;
    if (arena.block_bytes == 0)
        hw_arena_init(&arena, 64 * 1024, 1 << 20);
    hw_arena_reset(&arena);
    return &arena;
}

void read_query(reading *out, span input)
{
    hw_query query;
    hw_text name, value;
    int result;
    hw_query_init(&query, text_of(input), empty_arena());
    while ((result = hw_query_next(&query, &name, &value)) > 0) {
        hw_assert(!name.at[name.length] && !value.at[value.length]);
        say_slice(out, name);
        say_slice(out, value);
    }
    if (result < 0)
        say(out, result == -E2BIG ? "too many " : "broken ");
    if (hw_query_find(query.arena, text_of(input), HW_TEXT("a"), &value))
        say_slice(out, value);
    else
        say(out, "no a");
}

void read_path(reading *out, span input)
{
    static char memory[READING_BYTES_MAX];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_path path;
    const hw_problem *problem = hw_path_decode(text_of(input), &buffer, &path);
    if (!problem)
        say_bytes(out, path.text.at, path.text.length);
    else
        say(out, problem->status == 400 ? "400" : "another status");
}

void read_authority(reading *out, span input)
{
    hw_text host, port;
    bool is_valid = hw_authority_split(text_of(input), &host, &port);
    if (is_valid != hw_authority_is_valid(text_of(input)))
        say(out, "split and check differ ");
    if (!is_valid) {
        say(out, "none");
        return;
    }
    say_slice(out, host);
    say_slice(out, port);
}

void read_target(reading *out, span input)
{
    static const hw_method methods[] = {HW_METHOD_GET, HW_METHOD_OPTIONS, HW_METHOD_CONNECT};
    static const char *const forms[] = {"origin ", "absolute ", "authority ", "asterisk "};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        hw_target target;
        const hw_problem *problem = hw_target_parse(text_of(input), methods[i], &target);
        if (problem) {
            say_number(out, (uint64_t)problem->status);
            continue;
        }
        say(out, forms[target.form]);
        if (target.form == HW_TARGET_ABSOLUTE)
            say_slice(out, target.scheme);
        if (target.authority.length)
            say_slice(out, target.authority);
        if (target.path.length)
            say_slice(out, target.path);
        if (target.has_query)
            say_slice(out, target.query);
    }
}

void read_method(reading *out, span input)
{
    say(out, hw_method_name(hw_method_of(text_of(input))));
}

void read_words(reading *out, span input)
{
    static const unsigned classes[] = {HW_URI_REG_NAME, HW_URI_PATH, HW_URI_QUERY};
    say(out, hw_token_is_valid(text_of(input)) ? "token " : "no token ");
    say(out, hw_field_value_is_valid(text_of(input)) ? "value " : "no value ");
    for (int i = 0; i < 3; i++)
        say(out, hw_uri_is_made_of(text_of(input), classes[i]) ? "1" : "0");
}

void read_number(reading *out, span input)
{
    uint64_t number;
    if (hw_number_decimal(text_of(input), &number))
        say_number(out, number);
    say(out, "hex ");
    if (hw_number_hex(text_of(input), &number))
        say_number(out, number);
}

static void say_media(reading *out, const hw_media *media, const char *file_name)
{
    hw_text type;
    hw_assert(hw_media_of(media, hw_text_of(file_name), empty_arena(), &type));
    say_slice(out, type);
}

void read_mime_types(reading *out, span input)
{
    hw_media media;
    hw_media_init(&media, text_of(input));
    say_media(out, &media, "x.a");
    say_media(out, &media, "x/y.A;");
    say_media(out, &media, "x.\x80");
    say_media(out, &media, "x.ABCDEFGHIJKLMNOPqrstuvwx");
}

enum { CONDITION_FIELDS_MAX = 8 };

static hw_text next_line_of(hw_cursor *cursor)
{
    hw_text line = hw_cursor_take_until(cursor, '\n');
    hw_cursor_take(cursor, '\n');
    return line;
}

/* The letter that stands for a field in the input of conditions. */
static hw_field_id field_of_letter(char letter)
{
    static const hw_field_id ids[] = {
        ['m'] = HW_FIELD_IF_MATCH,          ['n'] = HW_FIELD_IF_NONE_MATCH,
        ['s'] = HW_FIELD_IF_MODIFIED_SINCE, ['u'] = HW_FIELD_IF_UNMODIFIED_SINCE,
        ['i'] = HW_FIELD_IF_RANGE,          ['r'] = HW_FIELD_RANGE};
    size_t index = (unsigned char)letter;
    return index < sizeof ids / sizeof ids[0] ? ids[index] : HW_FIELD_OTHER;
}

/* See refer_conditions for the form of the input. */
void read_conditions(reading *out, span input)
{
    static const char *const outcomes[] = {"proceed ", "304 ", "412 "};
    static const int64_t nows[] = {0, 784111778, INT64_C(4102444800)};
    hw_field fields[CONDITION_FIELDS_MAX];
    size_t count = 0;
    hw_cursor lines = hw_cursor_of(text_of(input));
    hw_method method = hw_method_of(next_line_of(&lines));
    hw_text etag = next_line_of(&lines), modified = next_line_of(&lines);
    uint64_t last_modified = 0;
    hw_etag tag;
    if (!hw_etag_parse(etag, &tag))
        etag = HW_TEXT(""); /* who asks has made a tag, or none */
    bool has_date = modified.length < 12 && hw_number_decimal(modified, &last_modified);
    uint64_t present = 0;
    while (count < CONDITION_FIELDS_MAX && !hw_cursor_at_end(&lines)) {
        hw_text line = next_line_of(&lines);
        if (line.length == 0)
            continue;
        hw_field_id id = field_of_letter(line.at[0]);
        fields[count++] = (hw_field){HW_TEXT("x"), hw_text_trim(hw_text_from(line, 1)), id};
        present |= HW_FIELD_BIT(id);
    }
    for (size_t i = 0; i < sizeof nows / sizeof nows[0]; i++) {
        hw_fields request = {fields, count, i == 0 ? ~present : 0};
        int64_t date = has_date ? (int64_t)last_modified : HW_NO_DATE;
        hw_condition_outcome outcome = hw_condition_check(method, request, etag, date, nows[i]);
        bool applies = hw_condition_range_applies(method, request, etag, date, nows[i]);
        say(out, outcomes[outcome]);
        say(out, outcomes[hw_condition_check_absent(method, request)]);
        say(out, applies ? "range " : "whole ");
        if (hw_condition_is_absent(request))
            hw_assert(outcome == HW_CONDITION_PROCEED && !applies);
    }
}

void read_address(reading *out, span input)
{
    hw_address address;
    hw_fault fault = {.error = 0};
    char string[HW_ADDRESS_STRING_MAX];
    hw_text text = text_of(input);
    /* Without a host it depends on the machine; a path and a descriptor have unit tests. */
    if (hw_text_has_prefix(text, HW_TEXT(":")) || hw_text_has_prefix(text, HW_TEXT("unix:")) ||
        hw_text_has_prefix(text, HW_TEXT("fd:")))
        return;
    int error = hw_address_parse(text, &fault, &address);
    if (error) {
        hw_assert(error == -EINVAL && fault.error == EINVAL && fault.what[0]);
        say(out, "none");
        return;
    }
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address.storage;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address.storage;
    bool is_v4 = address.storage.ss_family == AF_INET;
    say(out, is_v4 ? "4 " : "6 ");
    say_number(out, ntohs(is_v4 ? in->sin_port : in6->sin6_port));
    /* What it is written as is read as the same. */
    hw_address again;
    hw_address_format(&address.storage, address.length, string);
    hw_assert(hw_address_parse(hw_text_of(string), &fault, &again) == 0);
    bool is_mapped = !is_v4 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr); /* shown as what it maps */
    hw_assert(is_mapped || (again.length == address.length &&
                            !memcmp(&again.storage, &address.storage, address.length)));
}

/* Reads, compares and takes apart patterns of routes.
 *
 * A path is seen as the list of what stands between its slashes, so that "/a/" ends with an empty
 * segment and "/a" does not; a pattern is a list of parts of the same form. Then everything is
 * decided segment by segment: what matches, and which of two patterns says more. Paths are split
 * where they are decoded (http/path.h), and one with an encoded "/" is none, so no parameter holds
 * a "/" but {rest...}.
 *
 * Values are not kept when a path is matched: whoever asks for one walks the path again, which is a
 * few segments, and no request pays for parameters that its handler does not read. */
#include "app/pattern.h"

#include <string.h>

#include "base/assert.h"
#include "base/number.h"

static bool is_name_char(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

static bool has_brace(hw_text text)
{
    return hw_text_find(text, '{') < text.length || hw_text_find(text, '}') < text.length;
}

/* A segment with braces in it: all of it must be one parameter. */
static const char *read_parameter(hw_text segment, hw_part *ret_part)
{
    if (segment.at[0] != '{' || segment.at[segment.length - 1] != '}')
        return "has a {parameter} that is only a part of its segment";
    hw_cursor cursor = hw_cursor_of(hw_text_upto(hw_text_from(segment, 1), segment.length - 2));
    hw_text name = hw_cursor_take_while(&cursor, is_name_char);
    if (name.length == 0)
        return "has a {parameter} without a name of letters, digits and \"_\"";
    *ret_part = (hw_part){HW_PART_TEXT, name};
    if (hw_cursor_take_text(&cursor, HW_TEXT("...")))
        ret_part->kind = HW_PART_REST;
    else if (hw_cursor_take_text(&cursor, HW_TEXT(":int")))
        ret_part->kind = HW_PART_INT;
    return hw_cursor_at_end(&cursor)
               ? NULL
               : "has a {parameter} that is none of {name}, {name:int} and {name...}";
}

static const char *read_part(hw_text segment, bool is_last, hw_part *ret_part)
{
    *ret_part = (hw_part){HW_PART_LITERAL, segment};
    if (segment.length == 0)
        return is_last ? NULL : "has an empty segment";
    if (hw_text_equal(segment, HW_TEXT(".")) || hw_text_equal(segment, HW_TEXT("..")))
        return "has a dot segment";
    if (!has_brace(segment))
        return NULL;
    const char *problem = read_parameter(segment, ret_part);
    if (!problem && ret_part->kind == HW_PART_REST && !is_last)
        return "has something behind {name...}, which takes all that follows";
    return problem;
}

static bool has_parameter_named(const hw_part *parts, size_t count, hw_text name)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].kind != HW_PART_LITERAL && hw_text_equal(parts[i].text, name))
            return true;
    return false;
}

static const char *read_parts(hw_text text, hw_part *parts, size_t *ret_count)
{
    hw_cursor cursor = hw_cursor_of(text);
    hw_text segment;
    size_t count = 0;
    for (; hw_pattern_next_segment(&cursor, &segment); count++) {
        if (count == HW_PATTERN_PARTS_MAX)
            return "has more than 32 segments";
        const char *problem = read_part(segment, hw_cursor_at_end(&cursor), &parts[count]);
        if (problem)
            return problem;
        if (parts[count].kind != HW_PART_LITERAL &&
            has_parameter_named(parts, count, parts[count].text))
            return "has two {parameters} of the same name";
    }
    *ret_count = count;
    return NULL;
}

static const char *find_bad_byte(hw_text text)
{
    if (text.length == 0 || text.at[0] != '/')
        return "must begin with '/'";
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte < 0x20 || byte == 0x7f)
            return "has a control character, which no path can have";
        if (byte == '?' || byte == '#')
            return "is a path: it has no query and no fragment";
    }
    return NULL;
}

/* parts: HW_PATTERN_PARTS_MAX of them. */
static const char *read_pattern(hw_text text, hw_part *parts, size_t *ret_count)
{
    const char *problem = find_bad_byte(text);
    return problem ? problem : read_parts(text, parts, ret_count);
}

const char *hw_pattern_parse(hw_arena *arena, hw_text text, hw_pattern *ret_pattern)
{
    hw_part parts[HW_PATTERN_PARTS_MAX];
    size_t count = 0;
    const char *problem = read_pattern(text, parts, &count);
    if (problem)
        return problem;
    hw_part *kept = hw_arena_alloc(arena, count * sizeof *kept);
    if (kept)
        memcpy(kept, parts, count * sizeof *kept);
    *ret_pattern = (hw_pattern){text, kept, count};
    return NULL;
}

const char *hw_pattern_problem(hw_text text)
{
    hw_part parts[HW_PATTERN_PARTS_MAX];
    size_t count;
    return read_pattern(text, parts, &count);
}

const char *hw_pattern_prefix_problem(hw_text prefix)
{
    const char *problem = hw_pattern_problem(prefix);
    if (!problem && has_brace(prefix))
        problem = "must have no {parameter}";
    if (!problem && prefix.length > 1 && hw_text_has_suffix(prefix, HW_TEXT("/")))
        problem = "must not end with '/'";
    return problem;
}

bool hw_pattern_next_segment(hw_cursor *cursor, hw_text *ret_segment)
{
    if (!hw_cursor_take(cursor, '/'))
        return false;
    *ret_segment = hw_cursor_take_until(cursor, '/');
    return true;
}

bool hw_pattern_read_int(hw_text segment, long long *ret_value)
{
    bool is_negative = hw_text_has_prefix(segment, HW_TEXT("-"));
    hw_text digits = hw_text_from(segment, is_negative ? 1 : 0);
    uint64_t value;
    if ((digits.length > 1 && digits.at[0] == '0') || !hw_number_decimal(digits, &value) ||
        value > (uint64_t)INT64_MAX + is_negative)
        return false;
    *ret_value = is_negative ? (long long)(0 - value) : (long long)value;
    return true;
}

/* Whether a segment is one of those that a part stands for, and not all of them. */
static bool takes_literal(const hw_part *part, hw_text segment)
{
    long long value;
    return part->kind == HW_PART_INT ? hw_pattern_read_int(segment, &value) : segment.length > 0;
}

/* Of two parts at the same place, neither of which is REST. */
static hw_pattern_relation relate_parts(const hw_part *one, const hw_part *other)
{
    if (one->kind == HW_PART_LITERAL && other->kind == HW_PART_LITERAL)
        return hw_text_equal(one->text, other->text) ? HW_PATTERNS_SAME : HW_PATTERNS_APART;
    if (one->kind == other->kind)
        return HW_PATTERNS_SAME;
    if (one->kind == HW_PART_LITERAL)
        return takes_literal(other, one->text) ? HW_PATTERN_NARROWER : HW_PATTERNS_APART;
    if (other->kind == HW_PART_LITERAL)
        return takes_literal(one, other->text) ? HW_PATTERN_WIDER : HW_PATTERNS_APART;
    return one->kind < other->kind ? HW_PATTERN_NARROWER : HW_PATTERN_WIDER;
}

static bool is_rest(const hw_pattern *pattern, size_t at)
{
    return at < pattern->count && pattern->parts[at].kind == HW_PART_REST;
}

hw_pattern_relation hw_pattern_relate(const hw_pattern *one, const hw_pattern *other)
{
    bool is_narrower = false, is_wider = false;
    size_t i = 0;
    for (; i < one->count && i < other->count && !is_rest(one, i) && !is_rest(other, i); i++) {
        hw_pattern_relation relation = relate_parts(&one->parts[i], &other->parts[i]);
        if (relation == HW_PATTERNS_APART)
            return HW_PATTERNS_APART;
        is_narrower |= relation == HW_PATTERN_NARROWER;
        is_wider |= relation == HW_PATTERN_WIDER;
    }
    /* Both end here, or {rest...} takes what the other one has more. */
    if ((i < one->count) != (i < other->count))
        return HW_PATTERNS_APART;
    is_narrower |= is_rest(other, i) && !is_rest(one, i);
    is_wider |= is_rest(one, i) && !is_rest(other, i);
    if (is_narrower && is_wider)
        return HW_PATTERNS_CROSSED;
    return is_narrower ? HW_PATTERN_NARROWER : is_wider ? HW_PATTERN_WIDER : HW_PATTERNS_SAME;
}

const hw_part *hw_pattern_part(const hw_pattern *pattern, hw_text name)
{
    for (size_t i = 0; i < pattern->count; i++)
        if (pattern->parts[i].kind != HW_PART_LITERAL &&
            hw_text_equal(pattern->parts[i].text, name))
            return &pattern->parts[i];
    return NULL;
}

hw_text hw_pattern_value(const hw_pattern *pattern, const hw_part *part, hw_path path)
{
    hw_cursor cursor = hw_cursor_of(path.text);
    hw_text segment = {0};
    for (const hw_part *at = pattern->parts; at <= part; at++)
        hw_assert(hw_pattern_next_segment(&cursor, &segment));
    if (part->kind == HW_PART_REST)
        segment.length += hw_cursor_left(&cursor);
    return segment;
}

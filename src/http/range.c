/* Reads byte ranges against the length of a representation (RFC 9110 14).
 *
 * A Range field is a wish: whatever is wrong with it, the whole representation is a right answer
 * (RFC 9110 14.2), so what is broken, foreign or too much is ignored, and only a set that is well
 * formed and lies outside altogether is worth a 416. Ranges that overlap or touch become one, in
 * the place of the earliest (15.3.7.2): many small overlapping ranges are an attack (17.15), and
 * merging as they come bounds the work to eight comparisons each and needs no memory. Nine that
 * stay apart are too many even if a tenth would join them.
 *
 * Numbers over UINT64_MAX are valid syntax; they are read as UINT64_MAX, which is past every end.
 */
#include "http/range.h"

#include "base/number.h"
#include "http/element.h"

/* One range-spec as it stands. */
typedef struct byte_span {
    uint64_t first, last; /* inclusive; the last may lie past the end */
    bool is_suffix;       /* `last` counts the last bytes; `first` says nothing */
} byte_span;

/*@ requires hw_text_is_sound(digits) && \valid(ret_position);
    assigns *ret_position; */
static bool read_position(hw_text digits, uint64_t *ret_position)
{
    /*@ loop invariant i <= digits.length;
        loop assigns i;
        loop variant digits.length - i; */
    for (size_t i = 0; i < digits.length; i++)
        if (!hw_char_is_digit(digits.at[i]))
            return false;
    if (digits.length > 0 && !hw_number_decimal(digits, ret_position))
        *ret_position = UINT64_MAX;
    return digits.length > 0;
}

/* RFC 9110 14.1.1: int-range or suffix-range */
/*@ requires hw_text_is_sound(spec) && \valid(ret_span);
    assigns *ret_span;
    ensures \result && !ret_span->is_suffix ==> ret_span->first <= ret_span->last; */
static bool read_range_spec(hw_text spec, byte_span *ret_span)
{
    byte_span span = {0, UINT64_MAX, false};
    size_t dash = hw_text_find(spec, '-');
    hw_text first = hw_text_upto(spec, dash), last = hw_text_from(spec, dash + 1);
    if (dash == spec.length)
        return false;
    span.is_suffix = first.length == 0;
    if (!span.is_suffix && !read_position(first, &span.first))
        return false;
    if ((span.is_suffix || last.length > 0) && !read_position(last, &span.last))
        return false;
    /* RFC 9110 14.1.1: a last position before the first makes the spec invalid. */
    if (!span.is_suffix && span.last < span.first)
        return false;
    *ret_span = span;
    return true;
}

/* RFC 9110 14.1.2; the representation is not empty. */
/*@ requires \valid(ret_range);
    requires span.is_suffix || span.first <= span.last;
    assigns *ret_range;
    ensures \result ==> hw_range_is_within(*ret_range, length); */
static bool satisfy_span(byte_span span, uint64_t length, hw_range *ret_range)
{
    if (span.is_suffix) {
        uint64_t wanted = hw_number_min(span.last, length);
        *ret_range = (hw_range){length - wanted, wanted};
        return wanted > 0;
    }
    if (span.first >= length)
        return false;
    uint64_t last = hw_number_min(span.last, length - 1);
    *ret_range = (hw_range){span.first, last - span.first + 1};
    return true;
}

/*@ requires hw_range_is_within(a, UINT64_MAX) && hw_range_is_within(b, UINT64_MAX);
    assigns \nothing; */
static bool overlap_or_touch(hw_range a, hw_range b)
{
    return a.first <= b.first + b.length && b.first <= a.first + a.length;
}

/*@ requires hw_range_is_within(a, UINT64_MAX) && hw_range_is_within(b, UINT64_MAX);
    assigns \nothing;
    ensures 0 < \result.length;
    ensures \result.first + \result.length == \max(a.first + a.length, b.first + b.length); */
static hw_range join_ranges(hw_range a, hw_range b)
{
    uint64_t first = hw_number_min(a.first, b.first);
    uint64_t a_end = a.first + a.length, b_end = b.first + b.length;
    return (hw_range){first, (a_end > b_end ? a_end : b_end) - first};
}

/* False: there are too many. Those already there keep apart from each other, so all that the new
 * one meets join, and what joined meets no other. */
/*@ requires \valid(ranges) && hw_ranges_are_within(ranges, end);
    requires hw_range_is_within(range, end);
    assigns *ranges;
    ensures hw_ranges_are_within(ranges, end); */
static bool merge_range(hw_ranges *ranges, hw_range range) /*@ ghost (uint64_t end) */
{
    unsigned place = ranges->count, kept = 0;
    /*@ loop invariant i <= ranges->count && kept <= i;
        loop invariant place == ranges->count ? kept == i : place < kept;
        loop invariant hw_range_is_within(range, end);
        loop invariant hw_ranges_are_within(ranges, end);
        loop assigns i, kept, place, range, ranges->at[0 .. HW_RANGES_MAX - 1];
        loop variant ranges->count - i; */
    for (unsigned i = 0; i < ranges->count; i++) {
        bool meets = overlap_or_touch(ranges->at[i], range);
        if (meets)
            range = join_ranges(ranges->at[i], range);
        if (meets && place == ranges->count)
            place = kept++;
        else if (!meets)
            ranges->at[kept++] = ranges->at[i];
    }
    if (place == ranges->count) {
        if (place == HW_RANGES_MAX)
            return false;
        kept++;
    }
    /*@ assert place < kept && kept <= HW_RANGES_MAX; */
    ranges->at[place] = range;
    /*@ assert \forall integer i; 0 <= i < kept ==> 0 < ranges->at[i].length &&
            ranges->at[i].first + ranges->at[i].length <= end; */
    ranges->count = kept;
    return true;
}

/* The comma-separated range-set of a representation that is not empty. */
/*@ requires hw_text_is_sound(set);
    requires \valid(ranges) && hw_ranges_are_within(ranges, length);
    assigns *ranges;
    ensures hw_ranges_are_within(ranges, length);
    ensures \result == HW_RANGE_SATISFIABLE ==> 0 < ranges->count; */
static hw_range_outcome read_range_set(hw_text set, uint64_t length, hw_ranges *ranges)
{
    hw_cursor list = hw_cursor_of(set);
    hw_text spec;
    bool has_spec = false;
    /*@ loop invariant hw_cursor_is_sound(list) && hw_ranges_are_within(ranges, length);
        loop assigns list.at, spec, has_spec, *ranges; */
    while (hw_element_next(&list, &spec)) {
        byte_span span;
        hw_range range;
        if (!read_range_spec(spec, &span))
            return HW_RANGE_IGNORE;
        has_spec = true;
        if (satisfy_span(span, length, &range) && !merge_range(ranges, range) /*@ ghost (length) */)
            return HW_RANGE_IGNORE;
    }
    if (!has_spec)
        return HW_RANGE_IGNORE;
    return ranges->count > 0 ? HW_RANGE_SATISFIABLE : HW_RANGE_UNSATISFIABLE;
}

/* Of no bytes, "the last five" are all and none: satisfiable to RFC 9110 14.1.2, and yet no
 * Content-Range can say so. */
/*@ requires hw_text_is_sound(set);
    assigns \nothing; */
static bool has_suffix_span(hw_text set)
{
    hw_cursor list = hw_cursor_of(set);
    hw_text spec;
    byte_span span;
    /*@ loop invariant hw_cursor_is_sound(list);
        loop assigns list.at, spec, span; */
    while (hw_element_next(&list, &spec))
        if (read_range_spec(spec, &span) && span.is_suffix && span.last > 0)
            return true;
    return false;
}

hw_range_outcome hw_range_parse(hw_text value, uint64_t length, hw_ranges *ret_ranges)
{
    hw_ranges ranges = {.count = 0};
    /*@ assert hw_ranges_are_within(&ranges, length); */
    size_t equals = hw_text_find(value, '=');
    hw_text unit = hw_text_upto(value, equals), set = hw_text_from(value, equals + 1);
    if (value.length > HW_RANGE_FIELD_BYTES_MAX)
        return HW_RANGE_IGNORE;
    /* RFC 9110 14.1: range units are case-insensitive; 14.2: an unknown one is ignored. */
    if (!hw_text_equal_nocase(unit, HW_TEXT("bytes")))
        return HW_RANGE_IGNORE;
    if (length == 0 && has_suffix_span(set))
        return HW_RANGE_IGNORE;
    hw_range_outcome outcome = read_range_set(set, length, &ranges);
    /*@ assert outcome == HW_RANGE_SATISFIABLE ==>
            0 < ranges.count && hw_ranges_are_within(&ranges, length); */
    if (outcome == HW_RANGE_SATISFIABLE)
        *ret_ranges = ranges;
    return outcome;
}

void hw_range_put(hw_buffer *buffer, const hw_range *range, uint64_t length)
{
    hw_buffer_put_string(buffer, "bytes ");
    if (range) {
        hw_buffer_put_decimal(buffer, range->first);
        hw_buffer_put_char(buffer, '-');
        hw_buffer_put_decimal(buffer, range->first + range->length - 1);
    } else {
        hw_buffer_put_char(buffer, '*');
    }
    hw_buffer_put_char(buffer, '/');
    hw_buffer_put_decimal(buffer, length);
}

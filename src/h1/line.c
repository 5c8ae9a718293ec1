/* Whole lines of a head or a trailer section, read in one go.
 *
 * Nearly every head is there from end to end when it is first looked at, and has nothing unusual.
 * It is read here in one loop without states. A block is searched for the colon, and what is in
 * front of it compared, colon included, with the one known name that it may be: so a known name
 * needs no look at its letters. The value's end is the first byte of the next blocks that is not
 * printable; there CRLF is expected. The request line's path is compared at the same time with what
 * is canonical as it is, so that nobody has to look at it again. What a request costs is spent
 * here, so all that is usual is inlined, and the rest called.
 *
 * Blocks are loaded without asking whether their bytes are there: no line begins behind `end`, and
 * from there on HW_H1_SLACK bytes may be read. What they say counts for nothing, because a line
 * that has not ended at `end` is not taken. Behind the input they are the caller's, if it has
 * promised them; else `end` is so far in front of the input's own end.
 *
 * Nothing is judged: a line in which anything else is met (the input's end, a limit, a byte that
 * cannot stand there, HTTP/1.0) is left untouched to h1/section, which looks at it again from its
 * start, so there is one place that refuses. Rejected: doing so for whole heads only, with the
 * lines so far thrown away; a peer that sends its head in pieces would have all of it read again
 * with each of them. This way it is a piece's last line at most. RFC 9112 2.1, 3, 5. */
#include "h1/line.h"

#include <string.h>

#include "base/number.h"
#include "http/path.h"
#include "http/scan.h"

/* A line with a name of one block and a value of two, which is short enough whatever it says. */
#define SHORT_LINE_BYTES (3 * HW_BLOCK_BYTES + 2)
_Static_assert(HW_H1_SLACK >= SHORT_LINE_BYTES + 2,
               "a short line is read without looking for its end");

/* A value that is longer by this is left to the widest vectors there are, for which somebody has to
 * be asked. */
#define LONG_VALUE_BYTES ((size_t)32 * HW_BLOCK_BYTES)

/* Instead of a place: behind every end. */
#define NOT_WHOLE SIZE_MAX

/* What is being read. */
typedef struct span {
    const char *at;
    size_t end; /* where the last line ends that is taken; behind it is a slack */
} span;

/* How many bytes of a block are printable, from the first on. */
static inline size_t count_print(const char *at)
{
    return hw_block_run(hw_scan_print(hw_block_load(at)));
}

static inline bool are_bytes(const char *at, const char *pair)
{
    return memcmp(at, pair, 2) == 0;
}

/* Quickly told, for one that is not. */
static inline bool may_be_blank(char byte)
{
    return (unsigned char)byte <= ' ';
}

/* Where a path ends that is canonical as it is and begins at `at`, or somewhere before that. */
static __attribute__((noinline)) size_t pass_long_path(const char *bytes, size_t end, size_t at)
{
    for (; at < end; at += HW_BLOCK_BYTES) {
        const char *here = bytes + at;
        unsigned plain = hw_path_plain_pairs(hw_block_load(here), hw_block_load(here + 1));
        if (plain < HW_BLOCK_BYTES)
            return at + 1 + plain;
    }
    return at;
}

/* The same, without a call for most. */
static inline size_t pass_plain_path(span input, size_t at)
{
    const char *here = input.at + at;
    if (*here != '/' || at >= input.end)
        return at;
    unsigned plain = hw_path_plain_pairs(hw_block_load(here), hw_block_load(here + 1));
    return plain < HW_BLOCK_BYTES ? at + 1 + plain
                                  : pass_long_path(input.at, input.end, at + HW_BLOCK_BYTES);
}

/* Reads the method; false, or head->method_length counts its bytes, which a SP follows. */
static inline bool read_whole_method(span input, hw_h1_head *head)
{
    if (!memcmp(input.at, "GET ", 4)) {
        head->method = HW_METHOD_GET;
        head->method_length = 3;
        return true;
    }
    const char *input_end = input.at + input.end;
    const char *end = hw_scan(input.at, input_end, HW_SCAN_TOKEN);
    if (end == input.at || end == input_end || *end != ' ')
        return false;
    head->method_length = (uint32_t)(end - input.at);
    head->method = hw_method_of((hw_text){input.at, head->method_length});
    return true;
}

/* A target's end, where it is not plain from end to end. */
static __attribute__((noinline)) size_t pass_odd_target(const char *at, size_t from, size_t end)
{
    return from < end ? (size_t)(hw_scan(at + from, at + end, HW_SCAN_TARGET) - at) : end;
}

/* The request line. 0, or where the next line begins. */
static inline size_t read_whole_request_line(span input, size_t bytes_max, hw_h1_head *head)
{
    static const char version[] = " HTTP/1.1\r\n";
    const size_t version_bytes = sizeof version - 1;
    if (!read_whole_method(input, head))
        return 0;
    size_t target = head->method_length + 1;
    size_t end = pass_plain_path(input, target);
    head->has_plain_target = input.at[end] == ' ';
    if (!head->has_plain_target)
        end = pass_odd_target(input.at, end, input.end);
    size_t next = end + version_bytes;
    if (end == target || next > input.end || next - 2 > bytes_max ||
        memcmp(input.at + end, version, version_bytes) != 0)
        return 0;
    head->target_at = (uint32_t)target;
    head->target_length = (uint32_t)(end - target);
    head->minor = 1;
    return next;
}

/* A field line whose start is not as everybody sends it: the name has odd letters or more than two
 * blocks, or there is not one SP behind the colon. Finds the name, and where the value begins. 0,
 * or that. */
static __attribute__((noinline)) size_t
read_odd_start(const char *at, size_t input_end, size_t line, size_t bytes_max, hw_h1_field *field)
{
    const char *end = at + input_end, *name = at + line;
    const char *colon = hw_scan_with(name, end, HW_SCAN_TOKEN, hw_scan_word_stops);
    if (colon == name || colon == end || *colon != ':' || colon - name > UINT16_MAX)
        return 0;
    size_t name_length = (size_t)(colon - name);
    const char *value = hw_scan_bytes(colon + 1, end, HW_SCAN_BLANK);
    if (value == end || (size_t)(value - name) + 2 * HW_BLOCK_BYTES > bytes_max)
        return 0;
    field->name_length = (uint16_t)name_length;
    field->id = (uint16_t)hw_field_id_of_token((hw_text){name, name_length});
    return (size_t)(value - at);
}

/* The same for a name of one to two blocks with nothing odd about it, and for any other. */
static __attribute__((noinline)) size_t
read_long_start(const char *at, size_t input_end, size_t line, size_t bytes_max, hw_h1_field *field)
{
    const char *name = at + line;
    hw_block_stops stops = hw_scan_word_stops(hw_block_load(name + HW_BLOCK_BYTES));
    if (hw_scan_word_stops(hw_block_load(name)) || !stops)
        return read_odd_start(at, input_end, line, bytes_max, field);
    size_t length = HW_BLOCK_BYTES + hw_block_first(stops), value = line + length + 2;
    bool is_usual = are_bytes(name + length, ": ") && !may_be_blank(name[length + 2]) &&
                    value < input_end && value - line + 2 * HW_BLOCK_BYTES <= bytes_max;
    if (!is_usual)
        return read_odd_start(at, input_end, line, bytes_max, field);
    field->name_length = (uint16_t)length;
    field->id = (uint16_t)hw_field_id_of_token((hw_text){name, length});
    return value;
}

/* Reads the name of a field line and looks it up. False, or where its value begins. */
static inline bool read_whole_name(span input, size_t line, size_t bytes_max, hw_h1_field *field,
                                   size_t *ret_value)
{
    const char *name = input.at + line;
    hw_block block = hw_block_load(name);
    /* A colon in front of everything is no end of a name. */
    hw_block_stops colons = hw_block_without_first(hw_block_collect(hw_block_same(block, ':')));
    if (__builtin_expect(colons != 0, 1)) {
        size_t length = hw_block_first(colons), id;
        bool is_name = hw_field_find_in_block(name, length, block, &id);
        if (!is_name) { /* none that is known: then it must be shown to be one */
            is_name = hw_block_first(hw_scan_word_stops(block)) == length;
            id = HW_FIELD_OTHER;
        }
        if (__builtin_expect(is_name && name[length + 1] == ' ' && !may_be_blank(name[length + 2]),
                             1)) {
            field->name_length = (uint16_t)length;
            field->id = (uint16_t)id;
            *ret_value = line + length + 2;
            return true;
        }
    }
    if (*name == '\r') /* the section's end, in nearly all cases */
        return false;
    *ret_value = read_long_start(input.at, input.end, line, bytes_max, field);
    return *ret_value > 0;
}

/* A value that has a HTAB or bytes over 127 in it, or goes on and on, from somewhere in it on.
 * NOT_WHOLE, or where its line ends, CRLF included. */
static __attribute__((noinline)) size_t pass_odd_value(const char *at, size_t from,
                                                       size_t input_end, size_t end_max)
{
    if (from >= input_end)
        return NOT_WHOLE;
    const char *end = hw_scan_long_value(at + from, at + input_end);
    size_t next = (size_t)(end - at) + 2;
    return next <= input_end && next - 2 <= end_max && are_bytes(end, "\r\n") ? next : NOT_WHOLE;
}

/* The same for one that is only longer than two blocks, and for any other. */
static __attribute__((noinline)) size_t pass_long_value(const char *at, size_t from,
                                                        size_t input_end, size_t end_max)
{
    size_t wide_end = hw_size_min(from + LONG_VALUE_BYTES, input_end);
    for (; from < wide_end; from += 2 * HW_BLOCK_BYTES) {
        hw_block low = hw_scan_print(hw_block_load(at + from));
        hw_block high = hw_scan_print(hw_block_load(at + from + HW_BLOCK_BYTES));
        if (hw_block_is_full(low & high))
            continue;
        from += hw_block_run_of_two(low, high);
        if (are_bytes(at + from, "\r\n"))
            return from <= end_max ? from + 2 : NOT_WHOLE;
        break;
    }
    return pass_odd_value(at, from, input_end, end_max);
}

/* NOT_WHOLE, or where the line of the value at `value` ends, CRLF included, perhaps behind the
 * input. A value of two blocks is within its limit, a longer one must end before end_max. */
static inline size_t pass_whole_value(span input, size_t value, size_t end_max)
{
    size_t run = count_print(input.at + value);
    value += run;
    if (__builtin_expect(run == HW_BLOCK_BYTES, 0)) {
        run = count_print(input.at + value);
        value += run;
        if (run == HW_BLOCK_BYTES)
            return pass_long_value(input.at, value, input.end, end_max);
    }
    if (__builtin_expect(are_bytes(input.at + value, "\r\n"), 1))
        return value + 2;
    return pass_odd_value(input.at, value, input.end, end_max);
}

/* Where a value ends, without the blanks behind it. */
static __attribute__((noinline)) size_t drop_blanks(const char *at, size_t value, size_t end)
{
    while (end > value && hw_scan_is(at[end - 1], HW_SCAN_BLANK))
        end--;
    return end;
}

/* The field line from *line on, which is moved to where the next line begins. False: it is not
 * whole. */
static inline bool read_whole_field(span input, size_t *line, size_t bytes_max, hw_h1_field *field)
{
    size_t value;
    if (!read_whole_name(input, *line, bytes_max, field, &value))
        return false;
    size_t next = pass_whole_value(input, value, *line + bytes_max), end = next - 2;
    if (next > input.end)
        return false;
    if (__builtin_expect(may_be_blank(input.at[end - 1]), 0))
        end = drop_blanks(input.at, value, end);
    field->name_at = (uint32_t)*line;
    field->value_at = (uint32_t)value;
    field->value_length = (uint32_t)(end - value);
    *line = next;
    return true;
}

/* As many lines as are whole; where the next one begins is returned. */
static inline size_t read_whole_fields(span input, size_t line, const hw_h1_parser *parser,
                                       hw_h1_head *head)
{
    const size_t bytes_max = parser->limits->field_bytes_max;
    hw_h1_field *field = &head->fields[head->field_count];
    const hw_h1_field *fields_end = &head->fields[HW_H1_LINE_FIELDS_MAX(parser)];
    uint64_t seen = head->seen, repeated = head->repeated;
    while (field < fields_end && read_whole_field(input, &line, bytes_max, field)) {
        uint64_t bit = HW_FIELD_BIT(field->id);
        repeated |= seen & bit;
        seen |= bit;
        field++;
    }
    head->field_count = (unsigned)(field - head->fields);
    head->seen = seen;
    head->repeated = repeated;
    return line;
}

bool hw_h1_line_read_all(hw_h1_parser *parser, hw_h1_head *head, const char *at, uint32_t length)
{
    if (parser->limits->field_bytes_max < SHORT_LINE_BYTES)
        return false;
    size_t slack = parser->has_slack ? 0 : HW_H1_SLACK;
    if (length < slack)
        return false;
    const span input = {at, length - slack};
    size_t line = parser->scanned;
    if (parser->state == HW_H1_STATE_METHOD) {
        line = read_whole_request_line(input, parser->limits->line_bytes_max, head);
        if (!line)
            return false;
        parser->state = HW_H1_STATE_FIELD;
    }
    if (line <= input.end)
        line = read_whole_fields(input, line, parser, head);
    bool is_end = length - line >= 2 && are_bytes(at + line, "\r\n");
    if (is_end)
        line += 2;
    parser->scanned = parser->line_at = (uint32_t)line;
    return is_end;
}

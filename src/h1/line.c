/* Whole lines of a head or a trailer section, read in one go.
 *
 * Nearly every head is there from end to end when it is first looked at, and has nothing unusual.
 * It is read here in one loop without states: where a name or a value ends is found sixteen bytes
 * at a time, a name is looked up with the block that it was found in, and colon, blank and CRLF are
 * compared where they are expected. The request line's path is compared at the same time with what
 * is canonical as it is, so that nobody has to look at it again. What a request costs is spent
 * here, so all that is usual is inlined, and the rest called.
 *
 * Before wide_end a block is loaded without asking whether its bytes, and those behind it that are
 * compared, are there. Behind it the input's last sixteen bytes are loaded instead, and those in
 * front left out; that they end with CRLF, which a whole head does, makes the same sure.
 *
 * Nothing is judged: a line in which anything else is met (the input's end, a limit, a byte that
 * cannot stand there, HTTP/1.0) is left untouched to h1/section, which looks at it again from its
 * start, so there is one place that refuses. Rejected: doing so for whole heads only, with the
 * lines so far thrown away; a peer that sends its head in pieces would have all of it read again
 * with each of them. This way it is a piece's last line at most. RFC 9112 2.1, 3, 5. */
#include "h1/line.h"

#include <string.h>

#include "http/path.h"
#include "http/scan.h"

/* A line with a name of one block and a value of two, which is short enough whatever it says. */
#define SHORT_LINE_BYTES (3 * HW_BLOCK_BYTES + 2)

/* What is being read. */
typedef struct span {
    const char *at;
    uint32_t length;
    uint32_t wide_end; /* a block that begins before it is all there, and three bytes behind it */
} span;

static inline span span_of(const char *at, uint32_t length)
{
    const uint32_t wide = HW_BLOCK_BYTES + 2;
    return (span){at, length, length > wide ? length - wide : 0};
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

/* The stops in the block from `from` on, where the input ends within it or soon after. 0: none, or
 * these bytes do not end with a line's end, whose CR stops all that is looked for here. So the
 * first stop has another byte behind it, as before wide_end. */
static inline __attribute__((always_inline)) hw_block_stops
find_last_stops(span input, uint32_t from, hw_block_stops (*stops_of)(hw_block))
{
    uint32_t left = input.length - from;
    if (left <= 2 || input.length < HW_BLOCK_BYTES ||
        !are_bytes(input.at + input.length - 2, "\r\n"))
        return 0;
    uint32_t at = left > HW_BLOCK_BYTES ? from : input.length - HW_BLOCK_BYTES;
    return hw_block_skip(stops_of(hw_block_load(input.at + at)), from - at);
}

/* Where a path ends that is canonical as it is and begins at `at`, or somewhere before that. */
static __attribute__((noinline)) uint32_t pass_long_path(const char *bytes, uint32_t wide_end,
                                                         uint32_t at)
{
    for (; at < wide_end; at += HW_BLOCK_BYTES) {
        const char *here = bytes + at;
        unsigned plain = hw_path_plain_pairs(hw_block_load(here), hw_block_load(here + 1));
        if (plain < HW_BLOCK_BYTES)
            return at + 1 + plain;
    }
    return at;
}

/* The same, without a call for most. */
static inline uint32_t pass_plain_path(span input, uint32_t at)
{
    const char *here = input.at + at;
    if (*here != '/' || at >= input.wide_end)
        return at;
    unsigned plain = hw_path_plain_pairs(hw_block_load(here), hw_block_load(here + 1));
    return plain < HW_BLOCK_BYTES ? at + 1 + plain
                                  : pass_long_path(input.at, input.wide_end, at + HW_BLOCK_BYTES);
}

/* Reads the method; false, or head->method_length counts its bytes, which a SP and another byte
 * follow. */
static inline bool read_whole_method(span input, hw_h1_head *head)
{
    if (input.wide_end > 0 && !memcmp(input.at, "GET ", 4)) {
        head->method = HW_METHOD_GET;
        head->method_length = 3;
        return true;
    }
    const char *input_end = input.at + input.length;
    const char *end = hw_scan(input.at, input_end, HW_SCAN_TOKEN);
    if (end == input.at || input_end - end < 2 || *end != ' ')
        return false;
    head->method_length = (uint32_t)(end - input.at);
    head->method = hw_method_of((hw_text){input.at, head->method_length});
    return true;
}

/* The request line. 0, or where the next line begins. */
static inline uint32_t read_whole_request_line(span input, size_t bytes_max, hw_h1_head *head)
{
    static const char version[] = " HTTP/1.1\r\n";
    const uint32_t version_bytes = sizeof version - 1;
    if (!read_whole_method(input, head))
        return 0;
    uint32_t target = head->method_length + 1;
    uint32_t end = pass_plain_path(input, target);
    head->has_plain_target = input.at[end] == ' ';
    if (!head->has_plain_target)
        end =
            (uint32_t)(hw_scan(input.at + end, input.at + input.length, HW_SCAN_TARGET) - input.at);
    if (end == target || input.length - end < version_bytes ||
        memcmp(input.at + end, version, version_bytes) != 0)
        return 0;
    uint32_t next = end + version_bytes;
    if (next - 2 > bytes_max)
        return 0;
    head->target_at = target;
    head->target_length = end - target;
    head->minor = 1;
    return next;
}

/* A name that is longer than a block or has more than letters and "-" in it, or a colon without a
 * SP and a byte of the value behind it: finds the name, and where the value begins. 0, or that. */
static __attribute__((noinline)) uint32_t
read_odd_start(const char *at, uint32_t length, uint32_t line, size_t bytes_max, hw_h1_field *field)
{
    const char *end = at + length, *name = at + line;
    const char *colon = hw_scan(name, end, HW_SCAN_TOKEN);
    if (colon == name || colon == end || *colon != ':' || colon - name > UINT16_MAX)
        return 0;
    size_t name_length = (size_t)(colon - name);
    const char *value = hw_scan_bytes(colon + 1, end, HW_SCAN_BLANK);
    if ((size_t)(value - name) + 2 * HW_BLOCK_BYTES > bytes_max)
        return 0;
    field->name_length = (uint16_t)name_length;
    field->id = (uint16_t)hw_field_id_of_token((hw_text){name, name_length});
    return (uint32_t)(value - at);
}

/* The name in the input's last bytes. 0, or its length. */
static inline unsigned read_last_name(span input, uint32_t line, hw_field_id *ret_id)
{
    hw_block_stops stops = find_last_stops(input, line, hw_scan_name_stops);
    if (!stops)
        return 0;
    unsigned length = hw_block_first(stops);
    if (length > 0)
        *ret_id = hw_field_id_of_token((hw_text){input.at + line, length});
    return length;
}

/* Reads the name of a field line and looks it up. False, or where its value begins. */
static inline bool read_whole_name(span input, uint32_t line, size_t bytes_max, hw_h1_field *field,
                                   uint32_t *ret_value)
{
    hw_field_id id;
    unsigned length;
    const char *name = input.at + line;
    if (__builtin_expect(line < input.wide_end, 1)) {
        hw_block block = hw_block_load(name);
        length = hw_scan_name_run(block);
        if (length > 0)
            id = hw_field_id_in_block(name, length, block);
    } else {
        length = read_last_name(input, line, &id);
    }
    if (length == 0)
        return false; /* the section's end, in nearly all cases */
    const char *colon = name + length;
    /* Not as everybody sends it. */
    if (__builtin_expect(!are_bytes(colon, ": ") || may_be_blank(colon[2]), 0)) {
        *ret_value = read_odd_start(input.at, input.length, line, bytes_max, field);
        return *ret_value > 0;
    }
    field->name_length = (uint16_t)length;
    field->id = (uint16_t)id;
    *ret_value = line + length + 2;
    return true;
}

/* A value that is longer than two blocks, or has a HTAB in it, from somewhere in it on. 0, or its
 * line's end. */
static __attribute__((noinline)) uint32_t pass_long_value(const char *at, uint32_t length,
                                                          uint32_t from, size_t end_max)
{
    const char *input_end = at + length, *end = hw_scan_long_value(at + from, input_end);
    if (input_end - end < 2 || !are_bytes(end, "\r\n") || (size_t)(end - at) > end_max)
        return 0;
    return (uint32_t)(end - at);
}

/* The first stop in the two blocks from `value` on, as far as there are any. 0: none. */
static inline hw_block_stops find_value_stops(span input, uint32_t *value)
{
    if (__builtin_expect(*value >= input.wide_end, 0))
        return find_last_stops(input, *value, hw_scan_value_stops);
    hw_block_stops stops = hw_scan_value_stops(hw_block_load(input.at + *value));
    if (__builtin_expect(stops != 0, 1))
        return stops;
    *value += HW_BLOCK_BYTES;
    if (__builtin_expect(*value >= input.wide_end, 0))
        return find_last_stops(input, *value, hw_scan_value_stops);
    return hw_scan_value_stops(hw_block_load(input.at + *value));
}

/* False, or where the line of the value at `value` ends. Two blocks of value are within its limit,
 * more must end before end_max. */
static inline bool pass_whole_value(span input, uint32_t value, size_t end_max, uint32_t *ret_end)
{
    hw_block_stops stops = find_value_stops(input, &value);
    if (__builtin_expect(stops != 0, 1)) {
        *ret_end = value + hw_block_first(stops);
        if (are_bytes(input.at + *ret_end, "\r\n"))
            return true;
    }
    *ret_end = pass_long_value(input.at, input.length, value, end_max);
    return *ret_end > 0;
}

/* Where a value ends, without the blanks behind it. */
static __attribute__((noinline)) uint32_t drop_blanks(const char *at, uint32_t value, uint32_t end)
{
    while (end > value && hw_scan_is(at[end - 1], HW_SCAN_BLANK))
        end--;
    return end;
}

/* The field line from `line` on. False, or where it ends. */
static inline bool read_whole_field(span input, uint32_t line, size_t bytes_max, hw_h1_field *field,
                                    uint32_t *ret_end)
{
    uint32_t value, end;
    if (!read_whole_name(input, line, bytes_max, field, &value) ||
        !pass_whole_value(input, value, line + bytes_max, &end))
        return false;
    *ret_end = end;
    if (__builtin_expect(may_be_blank((input.at + end)[-1]), 0))
        end = drop_blanks(input.at, value, end);
    field->name_at = line;
    field->value_at = value;
    field->value_length = end - value;
    return true;
}

/* As many lines as are whole; where the next one begins is returned. */
static inline uint32_t read_whole_fields(span input, uint32_t line, const hw_h1_parser *parser,
                                         hw_h1_head *head)
{
    const size_t bytes_max = parser->limits->field_bytes_max;
    hw_h1_field *field = &head->fields[head->field_count];
    const hw_h1_field *fields_end = &head->fields[HW_H1_LINE_FIELDS_MAX(parser)];
    uint64_t seen = head->seen, repeated = head->repeated;
    uint32_t end;
    while (field < fields_end && read_whole_field(input, line, bytes_max, field, &end)) {
        uint64_t bit = HW_FIELD_BIT(field->id);
        repeated |= seen & bit;
        seen |= bit;
        line = end + 2;
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
    const span input = span_of(at, length);
    uint32_t line = parser->scanned;
    if (parser->state == HW_H1_STATE_METHOD) {
        line = read_whole_request_line(input, parser->limits->line_bytes_max, head);
        if (!line)
            return false;
        parser->state = HW_H1_STATE_FIELD;
    }
    line = read_whole_fields(input, line, parser, head);
    bool is_end = length - line >= 2 && are_bytes(at + line, "\r\n");
    if (is_end)
        line += 2;
    parser->scanned = parser->line_at = line;
    return is_end;
}

/* Whole lines of a head or a trailer section, read in one go.
 *
 * Nearly every head is there from end to end when it is first looked at, and has nothing unusual.
 * It is read here in one loop without states: where a name or a value ends is found sixteen bytes
 * at a time, the colon, the blank and the CRLF are compared where they are expected, and a name
 * is looked up while its bytes are at hand. What a request costs is spent here, so everything is
 * inlined, and nothing is written to the parser before the last line.
 *
 * Nothing is judged: a line in which anything else is met (the input's end, a limit, a byte that
 * cannot stand there, HTTP/1.0) is left untouched to h1/section, which looks at it again from its
 * start, so there is one place that refuses. Rejected: doing so for whole heads only, with the
 * lines so far thrown away; a peer that sends its head in pieces would have all of it read again
 * with each of them. This way it is a piece's last line at most. RFC 9112 2.1, 3, 5. */
#include "h1/line.h"

#include <string.h>

#include "http/scan.h"

static uint32_t distance_of(const char *from, const char *to)
{
    return (uint32_t)(to - from);
}

/* Quickly told, for one that is not. */
static inline bool may_be_blank(char byte)
{
    return (unsigned char)byte <= ' ';
}

/* The request line from `at` on. NULL, or where the next line begins. */
static const char *read_whole_request_line(const hw_h1_parser *parser, hw_h1_head *head,
                                           const char *at, const char *end)
{
    static const char version[] = " HTTP/1.1\r\n";
    const size_t version_bytes = sizeof version - 1;
    const char *method_end = hw_scan_token(at, at, end, ' ');
    if (method_end == at || method_end == end || *method_end != ' ')
        return NULL;
    const char *target = method_end + 1;
    const char *target_end = hw_scan_target(at, target, end, ' ');
    if (target_end == target || (size_t)(end - target_end) < version_bytes ||
        memcmp(target_end, version, version_bytes) != 0)
        return NULL;
    const char *next = target_end + version_bytes;
    if ((size_t)(next - at) - 2 > parser->limits->line_bytes_max)
        return NULL;
    head->method_length = distance_of(at, method_end);
    head->method = hw_method_of((hw_text){at, head->method_length});
    head->target_at = distance_of(at, target);
    head->target_length = distance_of(target, target_end);
    head->minor = 1;
    return next;
}

/* The field line from `line` on, of the section from `at` on. NULL, or where the next line begins.
 */
static inline const char *read_whole_field(const char *at, const char *line, const char *end,
                                           size_t bytes_max, hw_h1_field *field)
{
    const char *colon = hw_scan_token(at, line, end, ':');
    size_t name_length = (size_t)(colon - line);
    if (end - colon <= 2 || *colon != ':' || name_length - 1 >= UINT16_MAX)
        return NULL;
    const char *value = colon + 1 + (colon[1] == ' '); /* as everybody sends it */
    if (may_be_blank(*value))
        value = hw_scan_bytes(value, end, HW_SCAN_BLANK);
    const char *value_end = hw_scan_value(at, value, end, '\r');
    if (end - value_end < 2 || memcmp(value_end, "\r\n", 2) != 0 ||
        (size_t)(value_end - line) > bytes_max)
        return NULL;
    const char *next = value_end + 2;
    if (may_be_blank(value_end[-1]))
        while (value_end > value && hw_scan_is(value_end[-1], HW_SCAN_BLANK))
            value_end--;
    field->name_at = distance_of(at, line);
    field->value_at = distance_of(at, value);
    field->value_length = distance_of(value, value_end);
    field->name_length = (uint16_t)name_length;
    field->id = (uint16_t)hw_field_id_of_token((hw_text){line, name_length});
    return next;
}

/* As many lines as are whole; where the next one begins is returned. */
static inline const char *read_whole_fields(const hw_h1_parser *parser, hw_h1_head *head,
                                            const char *at, const char *line, const char *end)
{
    const size_t bytes_max = parser->limits->field_bytes_max;
    hw_h1_field *field = &head->fields[head->field_count];
    const hw_h1_field *fields_end = &head->fields[HW_H1_LINE_FIELDS_MAX(parser)];
    uint64_t seen = head->seen, repeated = head->repeated;
    while (field < fields_end && line < end && *line != '\r') {
        const char *next = read_whole_field(at, line, end, bytes_max, field);
        if (!next)
            break;
        uint64_t bit = HW_FIELD_BIT(field->id);
        repeated |= seen & bit;
        seen |= bit;
        line = next;
        field++;
    }
    head->field_count = (unsigned)(field - head->fields);
    head->seen = seen;
    head->repeated = repeated;
    return line;
}

bool hw_h1_line_read_all(hw_h1_parser *parser, hw_h1_head *head, const char *at, uint32_t length)
{
    const char *end = at + length, *line = at + parser->scanned;
    if (parser->state == HW_H1_STATE_METHOD) {
        line = read_whole_request_line(parser, head, at, end);
        if (!line)
            return false;
        parser->state = HW_H1_STATE_FIELD;
    }
    line = read_whole_fields(parser, head, at, line, end);
    bool is_end = end - line >= 2 && memcmp(line, "\r\n", 2) == 0;
    if (is_end)
        line += 2;
    parser->scanned = parser->line_at = distance_of(at, line);
    return is_end;
}

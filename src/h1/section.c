/* A head or a trailer section, read byte for byte into a table of places.
 *
 * Lines that are there from end to end and have nothing unusual, which are nearly all, are read in
 * one go by h1/line. What is left, and every refusal, is for the states here.
 *
 * A state per part of a line (method, target, version, name, blanks, value, line ends); each reads
 * from parser->scanned to the end of its part or of the input, so a byte is looked at once however
 * the input is cut; once more when blanks behind a value are taken off, or when h1/line found its
 * line not whole. A byte that cannot
 * stand where it stands is refused at once, without the rest of its line. Rejected: finding whole
 * lines first and taking them apart afterwards; it is as fast, but noise that never ends a line
 * would be noticed at the limit only.
 *
 * Invariants: every place is below parser->scanned; a limit is a position, compared before the byte
 * at it is judged, so what is refused, and how, does not depend on how the input was cut. The only
 * line end is CRLF: a sender's bare LF or CR is read differently by different recipients (RFC
 * 9112 2.2, 11.2), so it is refused. RFC 9112 2.2, 2.3, 3, 5; RFC 9110 5.5, 5.6.2. */
#include "h1/section.h"

#include "base/assert.h"
#include "h1/line.h"
#include "http/scan.h"

#define REQUEST_LINE "RFC 9112 3"

/* One call's view of the section. */
typedef struct section {
    hw_h1_parser *parser;
    hw_h1_head *head;
    const char *at;
    uint32_t length;    /* bytes there are */
    uint32_t bytes_max; /* bytes the section may have */
    uint32_t line_end;  /* where the current line's CR stands at the latest */
} section;

static uint32_t lower_of(size_t a, size_t b)
{
    return (uint32_t)hw_size_min(a, b);
}

static bool is_in_request_line(const section *s)
{
    return s->parser->state <= HW_H1_STATE_LINE_LF;
}

/* Finds line_end for the line that starts at parser->line_at. */
static void bound_line(section *s)
{
    const hw_h1_limits *limits = s->parser->limits;
    size_t line_max = is_in_request_line(s) ? limits->line_bytes_max : limits->field_bytes_max;
    s->line_end = lower_of(s->parser->line_at + line_max, s->bytes_max);
}

static hw_h1_outcome refuse_overlong(section *s)
{
    if (is_in_request_line(s))
        return hw_h1_refuse(s->parser, 414, "request line too long", REQUEST_LINE);
    if (s->parser->scanned >= s->bytes_max)
        return hw_h1_refuse(s->parser, 431, "header section too large", "RFC 6585 5");
    return hw_h1_refuse(s->parser, 431, "field line too long", "RFC 6585 5");
}

/* ON: parser->scanned is the index of a byte that is there and may be judged. */
static hw_h1_outcome look_in_line(section *s)
{
    uint32_t at = s->parser->scanned;
    if (at == s->length)
        return HW_H1_OUTCOME_MORE;
    if (at >= s->line_end && (at >= s->bytes_max || s->at[at] != '\r'))
        return refuse_overlong(s);
    return HW_H1_OUTCOME_ON;
}

/* Moves over a run of bytes. ON: parser->scanned is the index of the first other byte. */
static hw_h1_outcome pass_run(section *s, hw_scan_kind kind)
{
    uint32_t end = lower_of(s->length, s->line_end);
    if (s->parser->scanned < end) {
        const char *at = s->at + s->parser->scanned, *run_end = s->at + end;
        bool is_short = run_end - at < HW_BLOCK_BYTES / 2; /* as when a head comes byte by byte */
        at = is_short ? hw_scan_bytes(at, run_end, kind) : hw_scan(at, run_end, kind);
        s->parser->scanned = (uint32_t)(at - s->at);
    }
    return look_in_line(s);
}

/* The LF behind a CR. */
static hw_h1_outcome pass_lf(section *s)
{
    uint32_t at = s->parser->scanned;
    if (at == s->length)
        return HW_H1_OUTCOME_MORE;
    if (at >= s->bytes_max)
        return refuse_overlong(s);
    if (s->at[at] != '\n') /* RFC 9112 2.2 */
        return hw_h1_refuse(s->parser, 400, "CR without LF", "RFC 9112 2.2");
    s->parser->scanned = at + 1;
    return HW_H1_OUTCOME_ON;
}

static hw_h1_outcome read_method(section *s)
{
    hw_h1_outcome outcome = pass_run(s, HW_SCAN_TOKEN);
    if (outcome != HW_H1_OUTCOME_ON)
        return outcome;
    uint32_t length = s->parser->scanned;
    if (length == 0 || s->at[length] != ' ')
        return hw_h1_refuse(s->parser, 400, "malformed method", "RFC 9112 3.1");
    s->head->method_length = length;
    s->head->method = hw_method_of((hw_text){s->at, length});
    s->head->target_at = ++s->parser->scanned;
    return hw_h1_go_to(s->parser, HW_H1_STATE_TARGET);
}

static hw_h1_outcome read_target(section *s)
{
    hw_h1_outcome outcome = pass_run(s, HW_SCAN_TARGET);
    if (outcome != HW_H1_OUTCOME_ON)
        return outcome;
    uint32_t end = s->parser->scanned;
    if (s->at[end] == '\r') /* HTTP/0.9 had such a line; RFC 9112 has not */
        return hw_h1_refuse(s->parser, 400, "request line without a version", REQUEST_LINE);
    if (s->at[end] != ' ')
        return hw_h1_refuse(s->parser, 400, "byte not allowed in a target", "RFC 9112 3.2");
    if (end == s->head->target_at)
        return hw_h1_refuse(s->parser, 400, "empty target", REQUEST_LINE);
    s->head->target_length = end - s->head->target_at;
    s->head->has_plain_target = false;
    s->parser->scanned++;
    return hw_h1_go_to(s->parser, HW_H1_STATE_VERSION);
}

/* "HTTP/", a digit, ".", a digit, CR (RFC 9112 2.3). */
static bool is_version_byte(uint32_t index, char byte)
{
    static const char pattern[] = "HTTP/0.0\r";
    return pattern[index] == '0' ? hw_char_is_digit(byte) : pattern[index] == byte;
}

static hw_h1_outcome read_version(section *s)
{
    uint32_t version_at = s->head->target_at + s->head->target_length + 1;
    for (;;) {
        hw_h1_outcome outcome = look_in_line(s);
        if (outcome != HW_H1_OUTCOME_ON)
            return outcome;
        char byte = s->at[s->parser->scanned];
        if (!is_version_byte(s->parser->scanned - version_at, byte))
            return hw_h1_refuse(s->parser, 400, "malformed version", "RFC 9112 2.3");
        s->parser->scanned++;
        if (byte == '\r')
            return hw_h1_go_to(s->parser, HW_H1_STATE_LINE_LF);
    }
}

static hw_h1_outcome begin_field(section *s)
{
    s->parser->line_at = s->parser->scanned;
    return hw_h1_go_to(s->parser, HW_H1_STATE_FIELD);
}

static hw_h1_outcome end_request_line(section *s)
{
    hw_h1_outcome outcome = pass_lf(s);
    if (outcome != HW_H1_OUTCOME_ON)
        return outcome;
    const char *end = s->at + s->parser->scanned; /* behind "1.1" CRLF */
    if (end[-5] != '1')
        return hw_h1_refuse(s->parser, 505, "major version not supported", "RFC 9110 15.6.6");
    /* RFC 9110 2.5: a higher minor version is read as the highest one known. */
    s->head->minor = end[-3] == '0' ? 0 : 1;
    return begin_field(s);
}

/* The first byte of a field line, or of the section's end. */
static hw_h1_outcome read_field_start(section *s)
{
    hw_h1_outcome outcome = look_in_line(s);
    if (outcome != HW_H1_OUTCOME_ON)
        return outcome;
    char byte = s->at[s->parser->scanned];
    if (byte == '\r') {
        s->parser->scanned++;
        return hw_h1_go_to(s->parser, HW_H1_STATE_SECTION_LF);
    }
    if (hw_scan_is(byte, HW_SCAN_BLANK))
        return hw_h1_refuse(s->parser, 400, "folded field line", "RFC 9112 5.2");
    if (s->head->field_count == HW_H1_LINE_FIELDS_MAX(s->parser))
        return hw_h1_refuse(s->parser, 431, "too many fields", "RFC 6585 5");
    return hw_h1_go_to(s->parser, HW_H1_STATE_NAME);
}

static hw_h1_outcome read_name(section *s)
{
    hw_h1_outcome outcome = pass_run(s, HW_SCAN_TOKEN);
    if (outcome != HW_H1_OUTCOME_ON)
        return outcome;
    uint32_t name_at = s->parser->line_at, length = s->parser->scanned - name_at;
    char byte = s->at[s->parser->scanned];
    if (hw_scan_is(byte, HW_SCAN_BLANK))
        return hw_h1_refuse(s->parser, 400, "whitespace in or behind a field name", "RFC 9112 5.1");
    if (length == 0 || byte != ':')
        return hw_h1_refuse(s->parser, 400, "malformed field name", "RFC 9110 5.1");
    if (length > UINT16_MAX)
        return refuse_overlong(s);
    hw_h1_field *field = &s->head->fields[s->head->field_count];
    field->name_at = name_at;
    field->name_length = (uint16_t)length;
    field->id = (uint16_t)hw_field_id_of_token((hw_text){s->at + name_at, length});
    s->parser->scanned++;
    return hw_h1_go_to(s->parser, HW_H1_STATE_BLANKS);
}

static hw_h1_outcome read_blanks(section *s)
{
    hw_h1_outcome outcome = pass_run(s, HW_SCAN_BLANK);
    if (outcome != HW_H1_OUTCOME_ON)
        return outcome;
    s->head->fields[s->head->field_count].value_at = s->parser->scanned;
    return hw_h1_go_to(s->parser, HW_H1_STATE_VALUE);
}

static hw_h1_outcome read_value(section *s)
{
    hw_h1_outcome outcome = pass_run(s, HW_SCAN_VALUE);
    if (outcome != HW_H1_OUTCOME_ON)
        return outcome;
    uint32_t end = s->parser->scanned;
    if (s->at[end] == '\n')
        return hw_h1_refuse(s->parser, 400, "LF without CR", "RFC 9112 2.2");
    if (s->at[end] != '\r')
        return hw_h1_refuse(s->parser, 400, "byte not allowed in a field value", "RFC 9110 5.5");
    hw_h1_field *field = &s->head->fields[s->head->field_count];
    while (end > field->value_at && hw_scan_is(s->at[end - 1], HW_SCAN_BLANK))
        end--;
    field->value_length = end - field->value_at;
    s->parser->scanned++;
    return hw_h1_go_to(s->parser, HW_H1_STATE_FIELD_LF);
}

static hw_h1_outcome end_field(section *s)
{
    hw_h1_outcome outcome = pass_lf(s);
    if (outcome != HW_H1_OUTCOME_ON)
        return outcome;
    hw_h1_head *head = s->head;
    uint64_t bit = HW_FIELD_BIT(head->fields[head->field_count++].id);
    head->repeated |= head->seen & bit;
    head->seen |= bit;
    return begin_field(s);
}

static hw_h1_outcome end_section(section *s)
{
    hw_h1_outcome outcome = pass_lf(s);
    return outcome == HW_H1_OUTCOME_ON ? HW_H1_OUTCOME_DONE : outcome;
}

static hw_h1_outcome read_section_part(section *s)
{
    switch (s->parser->state) {
    case HW_H1_STATE_METHOD:
        return read_method(s);
    case HW_H1_STATE_TARGET:
        return read_target(s);
    case HW_H1_STATE_VERSION:
        return read_version(s);
    case HW_H1_STATE_LINE_LF:
        return end_request_line(s);
    case HW_H1_STATE_FIELD:
        if (hw_h1_line_read_all(s->parser, s->head, s->at, lower_of(s->length, s->bytes_max)))
            return HW_H1_OUTCOME_DONE;
        bound_line(s);
        return read_field_start(s);
    case HW_H1_STATE_NAME:
        return read_name(s);
    case HW_H1_STATE_BLANKS:
        return read_blanks(s);
    case HW_H1_STATE_VALUE:
        return read_value(s);
    case HW_H1_STATE_FIELD_LF:
        return end_field(s);
    default:
        return end_section(s);
    }
}

hw_h1_outcome hw_h1_section_read_on(hw_h1_parser *parser, hw_h1_head *head, hw_text bytes)
{
    hw_assert(parser->scanned <= bytes.length); /* the caller took back what it had shown */
    uint32_t bytes_max = hw_h1_section_bytes_max(parser);
    section s = {
        .parser = parser,
        .head = head,
        .at = bytes.at,
        .length =
            lower_of(bytes.length, (size_t)bytes_max + 1), /* one more shows that it is too long */
        .bytes_max = bytes_max,
    };
    bound_line(&s);
    hw_h1_outcome outcome;
    do
        outcome = read_section_part(&s);
    while (outcome == HW_H1_OUTCOME_ON);
    return outcome;
}

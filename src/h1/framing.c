/* What a complete head says about its message.
 *
 * There is one reading or none: wherever two recipients could disagree on where a message ends, it
 * is refused, and a refusal always ends the connection. Stricter than the RFC allows to be lenient:
 * a repeated Content-Length is refused even when the numbers agree (RFC 9112 6.3 leaves the
 * choice), so is a list in one; Transfer-Encoding is the single word `chunked` or nothing; and it
 * is refused beside Content-Length and in HTTP/1.0 (6.1, 6.3, 11.2). Rejected: deciding field by
 * field while the head arrives; the questions here are about pairs of fields. Which of them there
 * are, and more than once, has been noted while the head was read, so a request without content
 * costs a look at Host and no walk over the rest. RFC 9112 3.2, 6, 7, 9.3; RFC 9110 7.2, 8.6,
 * 10.1.1. */
#include "h1/framing.h"

#include "base/cursor.h"
#include "base/number.h"
#include "http/authority.h"
#include "http/element.h"

/* What the fields that bear on framing say. */
typedef struct evidence {
    const hw_h1_head *head;
    hw_text bytes;
    bool closes, keeps; /* options of Connection */
    bool expects_continue, expects_other;
} evidence;

static const hw_text chunked = HW_TEXT_INIT("chunked");

static bool has_field_of(const hw_h1_head *head, hw_field_id id)
{
    return (head->seen & HW_FIELD_BIT(id)) != 0;
}

static bool has_fields_of(const hw_h1_head *head, hw_field_id id)
{
    return (head->repeated & HW_FIELD_BIT(id)) != 0;
}

/* The value of the next field with this id, from fields[*index] on, which is moved behind it.
 * False: there is none. */
static inline bool find_value(const hw_h1_head *head, hw_text bytes, hw_field_id id,
                              unsigned *index, hw_text *ret_value)
{
    while (*index < head->field_count) {
        const hw_h1_field *field = &head->fields[(*index)++];
        if (field->id == id) {
            *ret_value = (hw_text){bytes.at + field->value_at, field->value_length};
            return true;
        }
    }
    return false;
}

/* The value of the only field with this id, of which it is known that it is there. */
static inline hw_text only_value_of(const hw_h1_head *head, hw_text bytes, hw_field_id id)
{
    const hw_h1_field *field = head->fields;
    while (field->id != id)
        field++;
    return (hw_text){bytes.at + field->value_at, field->value_length};
}

static void read_connection(evidence *seen, hw_text value)
{
    hw_cursor list = hw_cursor_of(value);
    hw_text option;
    while (hw_element_next(&list, &option)) {
        seen->closes |= hw_text_equal_nocase(option, HW_TEXT("close"));
        seen->keeps |= hw_text_equal_nocase(option, HW_TEXT("keep-alive"));
    }
}

static void read_expectations(evidence *seen, hw_text value)
{
    hw_cursor list = hw_cursor_of(value);
    hw_text expectation;
    while (hw_element_next(&list, &expectation)) {
        if (hw_text_equal_nocase(expectation, HW_TEXT("100-continue")))
            seen->expects_continue = true;
        else
            seen->expects_other = true;
    }
}

/* Every line of a field that is a list. */
static void read_lines(evidence *seen, hw_field_id id, void (*take)(evidence *seen, hw_text value))
{
    hw_text value;
    unsigned index = 0;
    if (has_field_of(seen->head, id))
        while (find_value(seen->head, seen->bytes, id, &index, &value))
            take(seen, value);
}

/* RFC 9112 3.2, RFC 9110 7.2: exactly one, not missing in HTTP/1.1; empty where the target has no
 * authority. */
static hw_h1_outcome check_host(hw_h1_parser *parser, const hw_h1_head *head, hw_text bytes)
{
    if (has_fields_of(head, HW_FIELD_HOST))
        return hw_h1_refuse(parser, 400, "more than one Host", "RFC 9112 3.2");
    if (!has_field_of(head, HW_FIELD_HOST)) {
        if (head->minor > 0)
            return hw_h1_refuse(parser, 400, "no Host", "RFC 9112 3.2");
        return HW_H1_OUTCOME_DONE;
    }
    hw_text host = only_value_of(head, bytes, HW_FIELD_HOST);
    /* Before it are a request line and the field's name: more than a block. */
    if (!hw_authority_is_short_name(host) && host.length && !hw_authority_is_valid(host))
        return hw_h1_refuse(parser, 400, "malformed Host", "RFC 9112 3.2");
    return HW_H1_OUTCOME_DONE;
}

/* Says why a Transfer-Encoding that is not the one word `chunked` is refused: 501 for codings this
 * server does not know in their right places (RFC 9112 6.1), 400 for anything that is wrong whoever
 * reads it: where chunked is not the last, known or not, nobody can tell the length (6.3). */
static hw_h1_outcome refuse_coding(hw_h1_parser *parser, hw_text value)
{
    hw_cursor list = hw_cursor_of(value);
    hw_text element, name, parameters;
    bool was_chunked = false, is_any = false;
    while (hw_element_next(&list, &element)) {
        hw_element_split(element, &name, &parameters);
        if (was_chunked) /* RFC 9112 6.3: nothing follows chunked */
            return hw_h1_refuse(parser, 400, "chunked is not the last coding", "RFC 9112 6.3");
        if (!hw_token_is_valid(name))
            return hw_h1_refuse(parser, 400, "malformed Transfer-Encoding", "RFC 9112 6.1");
        was_chunked = hw_text_equal_nocase(name, chunked);
        if (was_chunked && name.length < element.length) /* RFC 9112 7.1: it has none */
            return hw_h1_refuse(parser, 400, "chunked with parameters", "RFC 9112 7.1");
        is_any |= !was_chunked;
    }
    if (is_any && !was_chunked)
        return hw_h1_refuse(parser, 400, "chunked is not the last coding", "RFC 9112 6.3");
    if (is_any)
        return hw_h1_refuse(parser, 501, "unknown transfer coding", "RFC 9112 6.1");
    return hw_h1_refuse(parser, 400, "malformed Transfer-Encoding", "RFC 9112 6.1");
}

static hw_h1_outcome find_coding(hw_h1_parser *parser, hw_h1_head *head, const evidence *seen)
{
    if (has_field_of(head,
                     HW_FIELD_CONTENT_LENGTH)) /* RFC 9112 6.1: may be an attempt at smuggling */
        return hw_h1_refuse(parser, 400, "Content-Length with Transfer-Encoding", "RFC 9112 6.3");
    if (head->minor == 0)
        return hw_h1_refuse(parser, 400, "Transfer-Encoding in HTTP/1.0", "RFC 9112 6.1");
    if (has_fields_of(head, HW_FIELD_TRANSFER_ENCODING))
        return hw_h1_refuse(parser, 400, "more than one Transfer-Encoding", "RFC 9112 6.3");
    hw_text coding = only_value_of(head, seen->bytes, HW_FIELD_TRANSFER_ENCODING);
    if (!hw_text_equal_nocase(coding, chunked))
        return refuse_coding(parser, coding);
    head->framing = HW_H1_FRAMING_CHUNKED;
    return HW_H1_OUTCOME_DONE;
}

static bool is_digits(hw_text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!hw_char_is_digit(text.at[i]))
            return false;
    return text.length > 0;
}

static hw_h1_outcome find_length(hw_h1_parser *parser, hw_h1_head *head, const evidence *seen)
{
    if (has_fields_of(head, HW_FIELD_CONTENT_LENGTH))
        return hw_h1_refuse(parser, 400, "more than one Content-Length", "RFC 9112 6.3");
    hw_text length = only_value_of(head, seen->bytes, HW_FIELD_CONTENT_LENGTH);
    if (!is_digits(length))
        return hw_h1_refuse(parser, 400, "malformed Content-Length", "RFC 9110 8.6");
    /* No content is as long as that, and sums with it need not be watched. */
    if (!hw_number_decimal(length, &head->content_length) || head->content_length > INT64_MAX)
        return hw_h1_refuse(parser, 413, "Content-Length out of range", "RFC 9110 8.6");
    head->framing = HW_H1_FRAMING_LENGTH;
    return HW_H1_OUTCOME_DONE;
}

static hw_h1_outcome find_framing(hw_h1_parser *parser, hw_h1_head *head, const evidence *seen)
{
    head->framing = HW_H1_FRAMING_NONE; /* RFC 9112 6.3: neither field, no content */
    head->content_length = 0;
    if (has_field_of(head, HW_FIELD_TRANSFER_ENCODING))
        return find_coding(parser, head, seen);
    if (has_field_of(head, HW_FIELD_CONTENT_LENGTH))
        return find_length(parser, head, seen);
    return HW_H1_OUTCOME_DONE;
}

/* Of a request with a field that bears on framing. */
static __attribute__((noinline)) hw_h1_outcome find_all(hw_h1_parser *parser, hw_h1_head *head,
                                                        hw_text bytes)
{
    evidence seen = {.head = head, .bytes = bytes};
    read_lines(&seen, HW_FIELD_CONNECTION, read_connection);
    read_lines(&seen, HW_FIELD_EXPECT, read_expectations);
    hw_h1_outcome outcome = find_framing(parser, head, &seen);
    if (outcome != HW_H1_OUTCOME_DONE)
        return outcome;
    /* RFC 9112 9.3: close wins; without a word HTTP/1.1 persists and HTTP/1.0 does not. */
    head->keep_alive = !seen.closes && (head->minor > 0 || seen.keeps);
    /* RFC 9110 10.1.1: an expectation in HTTP/1.0 is ignored, and so is the wish to send content
     * that there is not. */
    bool has_content = head->framing == HW_H1_FRAMING_CHUNKED || head->content_length > 0;
    head->expects_continue = head->minor > 0 && has_content && seen.expects_continue;
    head->expects_other = head->minor > 0 && seen.expects_other;
    return HW_H1_OUTCOME_DONE;
}

hw_h1_outcome hw_h1_framing_find(hw_h1_parser *parser, hw_h1_head *head, hw_text bytes)
{
    const uint64_t telling = HW_FIELD_BIT(HW_FIELD_CONNECTION) | HW_FIELD_BIT(HW_FIELD_EXPECT) |
                             HW_FIELD_BIT(HW_FIELD_TRANSFER_ENCODING) |
                             HW_FIELD_BIT(HW_FIELD_CONTENT_LENGTH);
    hw_h1_outcome outcome = check_host(parser, head, bytes);
    if (outcome != HW_H1_OUTCOME_DONE)
        return outcome;
    if (head->seen & telling)
        return find_all(parser, head, bytes);
    head->framing = HW_H1_FRAMING_NONE;
    head->content_length = 0;
    head->keep_alive = head->minor > 0;
    head->expects_continue = head->expects_other = false;
    return HW_H1_OUTCOME_DONE;
}

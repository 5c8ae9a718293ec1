/* What the HTTP/1 parser says, in the words of the references: of bytes that end where the input
 * does, and of the same bytes with a slack behind them (h1/parser.h): no difference may be. */
#include "base/assert.h"
#include "h1/parser.h"
#include "reading.h"

#define CONTENT_HEAD "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

static void say_part(reading *out, hw_text bytes, size_t at, size_t length)
{
    say_text(out, bytes.at + at, length);
}

static void say_fields(reading *out, const hw_h1_head *head, hw_text bytes)
{
    for (unsigned i = 0; i < head->field_count; i++) {
        const hw_h1_field *field = &head->fields[i];
        say_part(out, bytes, field->name_at, field->name_length);
        say_part(out, bytes, field->value_at, field->value_length);
    }
}

static void say_head(reading *out, const hw_h1_head *head, hw_text bytes, size_t used)
{
    say_part(out, bytes, head->method_at, head->method_length);
    say_part(out, bytes, head->target_at, head->target_length);
    say_number(out, (uint64_t)head->minor);
    say_fields(out, head, bytes);
    if (head->framing == HW_H1_FRAMING_CHUNKED)
        say(out, "chunked ");
    if (head->framing == HW_H1_FRAMING_LENGTH) {
        say(out, "length ");
        say_number(out, head->content_length);
    }
    say(out, head->keep_alive ? "keep " : "close ");
    if (head->expects_continue)
        say(out, "continue ");
    if (head->expects_other)
        say(out, "expects ");
    say_number(out, used);
}

static const hw_h1_limits *usual_limits(void)
{
    static hw_h1_limits limits;
    if (limits.head_bytes_max == 0)
        limits = hw_h1_limits_default();
    return &limits;
}

static void say_message(reading *out, hw_text bytes, bool has_slack)
{
    static hw_h1_head head;
    hw_h1_parser parser;
    hw_h1_parser_init(&parser, usual_limits(), NULL);
    if (has_slack)
        hw_h1_parser_promise_slack(&parser);
    /* Empty lines are an event of their own: more is wanted, less what they were. */
    size_t skipped = 0;
    hw_h1_event event;
    do {
        event = hw_h1_next(&parser, &head, hw_text_from(bytes, skipped));
        skipped += event.kind == HW_H1_NEED_MORE ? event.used : 0;
    } while (event.kind == HW_H1_NEED_MORE && event.used > 0 && skipped < bytes.length);
    if (event.kind == HW_H1_HEAD)
        say_head(out, &head, hw_text_from(bytes, skipped), event.used + skipped);
    else if (event.kind == HW_H1_PROBLEM)
        say_number(out, (uint64_t)event.problem->status);
    else
        say(out, "more");
}

/* The parser where content begins. */
static hw_h1_parser parser_of_content(bool has_slack)
{
    static hw_h1_head head;
    char memory[sizeof CONTENT_HEAD - 1 + HW_H1_SLACK] = CONTENT_HEAD;
    hw_h1_parser parser;
    hw_h1_parser_init(&parser, usual_limits(), NULL);
    if (has_slack)
        hw_h1_parser_promise_slack(&parser);
    hw_h1_event event = hw_h1_next(&parser, &head, (hw_text){memory, sizeof CONTENT_HEAD - 1});
    hw_assert(event.kind == HW_H1_HEAD && event.used == sizeof CONTENT_HEAD - 1);
    return parser;
}

static void say_content(reading *out, hw_text bytes, bool has_slack)
{
    static hw_h1_parser ready[2];
    static hw_h1_head head;
    if (!ready[has_slack].limits)
        ready[has_slack] = parser_of_content(has_slack);
    hw_h1_parser parser = ready[has_slack];
    size_t used = 0;
    hw_h1_event event;
    do {
        event = hw_h1_next(&parser, &head, hw_text_from(bytes, used));
        used += event.used;
        if (event.kind == HW_H1_BODY)
            say_bytes(out, event.body.at, event.body.length);
    } while (event.kind == HW_H1_BODY || (event.kind == HW_H1_NEED_MORE && event.used > 0));
    if (event.kind == HW_H1_PROBLEM) {
        say_number(out, (uint64_t)event.problem->status);
    } else if (event.kind == HW_H1_NEED_MORE) {
        say(out, "more");
    } else {
        say(out, "end ");
        if (event.trailers.length)
            say_fields(out, &head, event.trailers);
        say_number(out, used);
    }
}

/* Both ways. */
static void say_twice(reading *out, span input, void (*say_it)(reading *, hw_text, bool))
{
    static char copy[READING_BYTES_MAX + HW_H1_SLACK];
    static reading again;
    again.length = 0;
    hw_assert(input.length <= READING_BYTES_MAX);
    memcpy(copy, input.at, input.length);
    memcpy(copy + input.length, "\r\n\r\n", 4);
    say_it(out, (hw_text){input.at, input.length}, false);
    say_it(&again, (hw_text){copy, input.length}, true);
    if (out->length != again.length || memcmp(out->at, again.at, again.length) != 0)
        say(out, "; with a slack it is something else");
}

void read_message(reading *out, span input)
{
    say_twice(out, input, say_message);
}

void read_content(reading *out, span input)
{
    say_twice(out, input, say_content);
}

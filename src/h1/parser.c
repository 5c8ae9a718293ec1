/* From input to events: which part of a message comes next, and what the caller is told about it.
 *
 * Pulled, not pushed: the caller asks for one event, acts on it and asks again, so its control flow
 * stays its own (rejected: callbacks). A head and a trailer section stay in the caller's input
 * until they are complete and are then given as a whole; the line of a chunk is used up byte by
 * byte, content as far as it goes. Empty lines before a request are used up at once and belong to
 * nobody, but places in a head count from the input's first byte, so a head behind empty lines has
 * its places moved.
 *
 * Invariants: NEED_MORE is only said when no event can be made of what is there; BODY is all
 * content there is (of one chunk); what follows END is not looked at before the next call. RFC
 * 9112 2.2, 6, 7, 8. */
#include "h1/parser.h"

#include "base/assert.h"
#include "h1/chunk.h"
#include "h1/framing.h"
#include "h1/section.h"

enum { EMPTY_LINES_MAX = 8 };

hw_h1_limits hw_h1_limits_default(void)
{
    return (hw_h1_limits){
        .line_bytes_max = 8 * 1024,
        .field_bytes_max = 8 * 1024,
        .head_bytes_max = 32 * 1024,
        .trailers_bytes_max = 8 * 1024,
        .chunk_extension_bytes_max = 256,
        .extensions_bytes_max = 4 * 1024,
    };
}

void hw_h1_parser_init(hw_h1_parser *parser, const hw_h1_limits *limits, const hw_sink *sink)
{
    hw_assert(limits->head_bytes_max < UINT32_MAX && limits->trailers_bytes_max < UINT32_MAX);
    hw_assert(limits->chunk_extension_bytes_max < UINT32_MAX &&
              limits->extensions_bytes_max < UINT32_MAX);
    *parser = (hw_h1_parser){.limits = limits, .sink = sink, .state = HW_H1_STATE_START};
}

void hw_h1_parser_promise_slack(hw_h1_parser *parser)
{
    parser->has_slack = true;
}

static void end_message(hw_h1_parser *parser)
{
    parser->state = HW_H1_STATE_START;
    parser->is_trailers = false;
    parser->empty_lines = 0;
}

static hw_h1_event problem_event(const hw_h1_parser *parser)
{
    return (hw_h1_event){.kind = HW_H1_PROBLEM, .problem = &parser->problem};
}

static hw_h1_event more_event(size_t used)
{
    return (hw_h1_event){.kind = HW_H1_NEED_MORE, .used = used};
}

static hw_h1_event end_event(hw_h1_parser *parser, size_t used, hw_text trailers)
{
    end_message(parser);
    return (hw_h1_event){.kind = HW_H1_END, .used = used, .trailers = trailers};
}

static hw_text part_of(hw_text input, size_t from, size_t length)
{
    return length ? (hw_text){input.at + from, length} : (hw_text){0};
}

/* RFC 9112 2.2: a server should ignore at least one empty line before a request line. ON: a method
 * begins at *at. */
static __attribute__((noinline)) hw_h1_outcome skip_empty_lines(hw_h1_parser *parser, hw_text input,
                                                                size_t *at)
{
    while (*at < input.length && input.at[*at] == '\r') {
        if (input.length - *at < 2)
            return HW_H1_OUTCOME_MORE;
        if (input.at[*at + 1] != '\n')
            return hw_h1_refuse(parser, 400, "CR without LF", "RFC 9112 2.2");
        if (parser->empty_lines++ == EMPTY_LINES_MAX)
            return hw_h1_refuse(parser, 400, "too many empty lines", "RFC 9112 2.2");
        *at += 2;
    }
    return *at < input.length ? HW_H1_OUTCOME_ON : HW_H1_OUTCOME_MORE;
}

static void move_places(hw_h1_head *head, uint32_t by)
{
    head->method_at += by;
    head->target_at += by;
    for (unsigned i = 0; i < head->field_count; i++) {
        head->fields[i].name_at += by;
        head->fields[i].value_at += by;
    }
}

static void begin_content(hw_h1_parser *parser, const hw_h1_head *head)
{
    parser->left = head->content_length;
    if (head->framing == HW_H1_FRAMING_CHUNKED)
        hw_h1_chunk_begin(parser);
    else
        parser->state = parser->left ? HW_H1_STATE_CONTENT : HW_H1_STATE_COMPLETE;
}

static hw_h1_event next_in_head(hw_h1_parser *parser, hw_h1_head *head, hw_text input)
{
    size_t at = 0;
    if (parser->state == HW_H1_STATE_START) {
        if (input.length == 0)
            return more_event(0);
        if (input.at[0] == '\r') {
            hw_h1_outcome outcome = skip_empty_lines(parser, input, &at);
            if (outcome == HW_H1_OUTCOME_REFUSED)
                return problem_event(parser);
            if (outcome == HW_H1_OUTCOME_MORE)
                return more_event(at);
        }
        hw_h1_section_begin(parser, head, false);
    }
    hw_text bytes = part_of(input, at, input.length - at);
    hw_h1_outcome outcome = hw_h1_section_read(parser, head, bytes);
    if (outcome == HW_H1_OUTCOME_MORE)
        return more_event(at);
    if (outcome == HW_H1_OUTCOME_DONE)
        outcome = hw_h1_framing_find(parser, head, bytes);
    if (outcome == HW_H1_OUTCOME_REFUSED)
        return problem_event(parser);
    if (at)
        move_places(head, (uint32_t)at);
    size_t used = at + parser->scanned;
    begin_content(parser, head);
    hw_sink_step(parser->sink, "h1/parser", "next event: HEAD");
    return (hw_h1_event){.kind = HW_H1_HEAD, .used = used};
}

/* Content from input.at[at] on, as much as there is; `next` follows its last byte. */
static hw_h1_event next_in_data(hw_h1_parser *parser, hw_text input, size_t at, hw_h1_state next)
{
    size_t there = input.length - at;
    if (there == 0)
        return more_event(at);
    size_t length = parser->left < there ? (size_t)parser->left : there;
    parser->left -= length;
    if (parser->left == 0)
        parser->state = (uint8_t)next;
    return (hw_h1_event){
        .kind = HW_H1_BODY, .used = at + length, .body = part_of(input, at, length)};
}

static hw_h1_event next_in_trailers(hw_h1_parser *parser, hw_h1_head *head, hw_text input,
                                    size_t at)
{
    hw_text bytes = part_of(input, at, input.length - at);
    if (parser->state == HW_H1_STATE_TRAILERS) {
        if (bytes.length == 0)
            return more_event(at);
        hw_h1_section_begin(parser, head, true);
    }
    hw_h1_outcome outcome = hw_h1_section_read(parser, head, bytes);
    if (outcome == HW_H1_OUTCOME_REFUSED)
        return problem_event(parser);
    if (outcome == HW_H1_OUTCOME_MORE)
        return more_event(at);
    size_t length = parser->scanned;
    return end_event(parser, at + length, part_of(input, at, head->field_count ? length : 0));
}

static hw_h1_event next_in_chunks(hw_h1_parser *parser, hw_h1_head *head, hw_text input)
{
    size_t at = 0;
    if (parser->state != HW_H1_STATE_DATA) {
        hw_h1_outcome outcome = hw_h1_chunk_read(parser, input, &at);
        if (outcome == HW_H1_OUTCOME_REFUSED)
            return problem_event(parser);
        if (outcome == HW_H1_OUTCOME_MORE)
            return more_event(at);
        parser->state = parser->left ? HW_H1_STATE_DATA : HW_H1_STATE_TRAILERS;
    }
    if (parser->state == HW_H1_STATE_TRAILERS)
        return next_in_trailers(parser, head, input, at);
    return next_in_data(parser, input, at, HW_H1_STATE_DATA_CR);
}

/* Out of line, for most requests are a head alone. */
static __attribute__((noinline)) hw_h1_event next_behind_head(hw_h1_parser *parser,
                                                              hw_h1_head *head, hw_text input)
{
    switch (parser->state) {
    case HW_H1_STATE_REFUSED:
        return problem_event(parser);
    case HW_H1_STATE_COMPLETE:
        return end_event(parser, 0, (hw_text){0});
    case HW_H1_STATE_CONTENT:
        return next_in_data(parser, input, 0, HW_H1_STATE_COMPLETE);
    case HW_H1_STATE_TRAILERS:
        return next_in_trailers(parser, head, input, 0);
    default:
        break;
    }
    if (parser->state >= HW_H1_STATE_SIZE)
        return next_in_chunks(parser, head, input);
    return next_in_trailers(parser, head, input, 0);
}

hw_h1_event hw_h1_next(hw_h1_parser *parser, hw_h1_head *head, hw_text input)
{
    if (parser->state < HW_H1_STATE_SIZE && !parser->is_trailers)
        return next_in_head(parser, head, input);
    return next_behind_head(parser, head, input);
}

bool hw_h1_take_end(hw_h1_parser *parser)
{
    if (parser->state != HW_H1_STATE_COMPLETE)
        return false;
    end_message(parser);
    return true;
}

bool hw_h1_is_between(const hw_h1_parser *parser)
{
    return parser->state == HW_H1_STATE_START;
}

bool hw_h1_is_in_section(const hw_h1_parser *parser)
{
    return parser->state > HW_H1_STATE_START && parser->state < HW_H1_STATE_SIZE;
}

hw_problem hw_h1_finish(const hw_h1_parser *parser)
{
    switch (parser->state) {
    case HW_H1_STATE_REFUSED:
        return parser->problem;
    case HW_H1_STATE_START:
    case HW_H1_STATE_COMPLETE:
        return (hw_problem){0};
    default:
        break;
    }
    if (parser->state < HW_H1_STATE_SIZE && !parser->is_trailers)
        return (hw_problem){400, "the request ends inside its head", "RFC 9112 8"};
    return (hw_problem){400, "the request ends inside its content", "RFC 9112 8"};
}

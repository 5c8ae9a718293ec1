/* What both fuzz targets of the HTTP/1 parser share: feeding an input in pieces chosen by itself,
 * and a digest of what the parser tells that does not depend on the pieces. Header only: a fuzz
 * target is one file. */
#ifndef HW_TESTS_FUZZ_H1_TRACE_H
#define HW_TESTS_FUZZ_H1_TRACE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "h1/parser.h"

typedef struct h1_trace {
    const hw_h1_limits *limits;
    hw_h1_parser parser;
    hw_h1_head head;
    uint64_t digest;
    uint64_t body_bytes; /* of the current message */
    unsigned heads, ends;
    size_t used; /* of the whole input */
    hw_problem problem;
    /* Called with each event, after it has been added to the digest; shown is what the parser saw.
     * May be NULL. */
    void (*look)(struct h1_trace *trace, const hw_h1_event *event, hw_text shown);
} h1_trace;

/* FNV-1a. */
static void trace_bytes(h1_trace *trace, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++)
        trace->digest = (trace->digest ^ at[i]) * 0x100000001b3;
}

static void trace_number(h1_trace *trace, uint64_t number)
{
    trace_bytes(trace, &number, sizeof number);
}

static hw_text trace_part(h1_trace *trace, hw_text bytes, size_t at, size_t length)
{
    hw_assert(at <= bytes.length && length <= bytes.length - at);
    trace_number(trace, length);
    trace_bytes(trace, bytes.at + at, length);
    return (hw_text){bytes.at + at, length};
}

static void trace_fields(h1_trace *trace, hw_text bytes)
{
    for (unsigned i = 0; i < trace->head.field_count; i++) {
        const hw_h1_field *field = &trace->head.fields[i];
        hw_text name = trace_part(trace, bytes, field->name_at, field->name_length);
        hw_text value = trace_part(trace, bytes, field->value_at, field->value_length);
        hw_assert(hw_token_is_valid(name));
        hw_assert(hw_field_value_is_valid(value));
        hw_assert(field->id == hw_field_id_of(name));
    }
}

static void trace_event(h1_trace *trace, const hw_h1_event *event, hw_text shown)
{
    const hw_h1_head *head = &trace->head;
    if (event->kind != HW_H1_NEED_MORE && event->kind != HW_H1_BODY)
        trace_number(trace, event->kind);
    switch (event->kind) {
    case HW_H1_NEED_MORE:
        break;
    case HW_H1_HEAD:
        trace->heads++;
        trace->body_bytes = 0;
        trace_part(trace, shown, head->method_at, head->method_length);
        trace_part(trace, shown, head->target_at, head->target_length);
        trace_number(trace, (uint64_t)head->minor << 8 | (uint64_t)head->framing);
        trace_number(trace, head->content_length);
        trace_number(trace, (uint64_t)head->keep_alive << 2 |
                                (uint64_t)head->expects_continue << 1 | head->expects_other);
        trace_fields(trace, shown);
        break;
    case HW_H1_BODY:
        trace->body_bytes += event->body.length;
        hw_assert(event->body.length > 0);
        hw_assert(event->body.at >= shown.at &&
                  event->body.at + event->body.length == shown.at + event->used);
        trace_bytes(trace, event->body.at, event->body.length);
        break;
    case HW_H1_END:
        trace->ends++;
        trace_number(trace, trace->body_bytes);
        if (event->trailers.length)
            trace_fields(trace, event->trailers);
        break;
    case HW_H1_PROBLEM:
        trace->problem = *event->problem;
        hw_assert(event->problem->status >= 400 && event->problem->status <= 505);
        trace_bytes(trace, event->problem->reason, strlen(event->problem->reason));
        break;
    }
}

/* One call with a copy of exactly these bytes, or with a slack behind them that says the same
 * again; false when there is nothing more to get out of them. */
static bool trace_once(h1_trace *trace, hw_text rest)
{
    size_t slack = trace->parser.has_slack ? HW_H1_SLACK : 0;
    char *copy = malloc(rest.length + slack ? rest.length + slack : 1);
    hw_assert(copy);
    if (rest.length)
        memcpy(copy, rest.at, rest.length);
    for (size_t i = 0; i < slack; i++)
        copy[rest.length + i] = rest.length ? rest.at[i % rest.length] : '\r';
    hw_text shown = {copy, rest.length};
    hw_h1_event event = hw_h1_next(&trace->parser, &trace->head, shown);
    hw_assert(event.used <= rest.length);
    hw_assert(rest.length == 0 || memcmp(copy, rest.at, rest.length) == 0);
    trace_event(trace, &event, shown);
    if (trace->look)
        trace->look(trace, &event, shown);
    trace->used += event.used;
    free(copy);
    if (event.kind == HW_H1_HEAD || event.kind == HW_H1_END) /* nothing of it may be relied on */
        memset(&trace->head, 0xa5, sizeof trace->head);
    return event.kind != HW_H1_NEED_MORE && event.kind != HW_H1_PROBLEM;
}

/* seed 0: whole. Else in pieces, mostly short ones, with a slack. */
static void trace_input(h1_trace *trace, hw_text input, uint32_t seed)
{
    size_t to = seed ? 0 : input.length;
    trace->digest = 0xcbf29ce484222325;
    hw_h1_parser_init(&trace->parser, trace->limits, NULL);
    if (seed)
        hw_h1_parser_promise_slack(&trace->parser);
    memset(&trace->head, 0xa5, sizeof trace->head);
    for (;;) {
        while (trace_once(trace, (hw_text){input.at + trace->used, to - trace->used}))
            continue;
        if (trace->problem.status || to == input.length)
            break;
        seed = seed * 1664525 + 1013904223;
        size_t step = 1 + (seed >> 8) % (1u << (seed >> 29));
        to += step < input.length - to ? step : input.length - to;
    }
    hw_problem end = hw_h1_finish(&trace->parser);
    trace_number(trace, (uint64_t)end.status);
    hw_assert(!hw_h1_is_between(&trace->parser) || end.status == 0);
}

/* Feeds the input whole, and in pieces chosen by its own bytes; aborts when the parser tells
 * different things. */
static void trace_both_ways(h1_trace *whole, hw_text input)
{
    h1_trace pieces = *whole;
    trace_input(whole, input, 0);
    pieces.look = NULL;
    trace_input(&pieces, input, (uint32_t)whole->digest | 1);
    hw_assert(whole->digest == pieces.digest);
    hw_assert(whole->heads == pieces.heads && whole->ends == pieces.ends);
    hw_assert(whole->problem.status || whole->used == pieces.used);
}

#endif

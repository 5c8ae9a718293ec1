/* Feeds a parser in several ways. Every piece is a heap copy of exactly the bytes that are shown,
 * so AddressSanitizer sees a read behind them, and a pointer kept from an earlier call; or of these
 * bytes and a slack behind them that looks as much like more of them as it can. malloc, not
 * hw_sys_alloc: these copies are the test's own and no allocation of the code under test. The head
 * is filled with rubbish wherever the parser must not rely on it. */
#include "feeder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"

enum { SPLITS = 200 };

/* What is behind the bytes that are shown. */
typedef enum slack {
    SLACK_NONE,
    SLACK_TRUE,  /* what will be shown next, and then as below */
    SLACK_FALSE, /* the ends of lines, of heads, whole fields */
    SLACK_KINDS,
} slack;

typedef struct feeding {
    hw_h1_parser parser;
    hw_h1_head head;
    hw_text input;
    size_t from, to; /* what is shown: input[from..to) */
    feed_log *log;
    slack slack;
    bool in_body;
} feeding;

static void log_bytes(feed_log *log, hw_text bytes)
{
    assert_true(bytes.length < sizeof log->text - log->length);
    if (bytes.length)
        memcpy(log->text + log->length, bytes.at, bytes.length);
    log->length += bytes.length;
    log->text[log->length] = '\0';
}

static void log_words(feed_log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void log_words(feed_log *log, const char *format, ...)
{
    char line[200];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_true(length >= 0 && (size_t)length < sizeof line);
    log_bytes(log, (hw_text){line, (size_t)length});
}

static hw_text part(hw_text bytes, size_t at, size_t length)
{
    assert_true(at <= bytes.length && length <= bytes.length - at);
    return (hw_text){bytes.at + at, length};
}

static void log_fields(feed_log *log, hw_text bytes, const hw_h1_head *head)
{
    for (unsigned i = 0; i < head->field_count; i++) {
        const hw_h1_field *field = &head->fields[i];
        log_words(log, " ");
        log_bytes(log, part(bytes, field->name_at, field->name_length));
        assert_int_equal(field->id,
                         hw_field_id_of(part(bytes, field->name_at, field->name_length)));
        log_words(log, ": ");
        log_bytes(log, part(bytes, field->value_at, field->value_length));
        log_words(log, "\n");
    }
}

static void log_head(feed_log *log, hw_text shown, const hw_h1_head *head)
{
    log_words(log, "HEAD ");
    log_bytes(log, part(shown, head->method_at, head->method_length));
    log_words(log, " ");
    log_bytes(log, part(shown, head->target_at, head->target_length));
    log_words(log, " 1.%d ", head->minor);
    if (head->framing == HW_H1_FRAMING_LENGTH)
        log_words(log, "length=%llu", (unsigned long long)head->content_length);
    else
        log_words(log, "%s", head->framing == HW_H1_FRAMING_CHUNKED ? "chunked" : "none");
    log_words(log, " %s%s%s\n", head->keep_alive ? "keep" : "close",
              head->expects_continue ? " continue" : "", head->expects_other ? " unmet" : "");
    log_fields(log, shown, head);
}

static void log_event(feeding *f, const hw_h1_event *event, hw_text shown)
{
    if (event->kind != HW_H1_BODY && event->kind != HW_H1_NEED_MORE && f->in_body) {
        log_words(f->log, "\n");
        f->in_body = false;
    }
    switch (event->kind) {
    case HW_H1_NEED_MORE:
        break;
    case HW_H1_HEAD:
        log_head(f->log, shown, &f->head);
        memset(&f->head, 0xa5, sizeof f->head);
        break;
    case HW_H1_BODY:
        assert_true(event->body.length > 0);
        assert_true(event->body.at >= shown.at &&
                    event->body.at + event->body.length == shown.at + event->used);
        if (!f->in_body)
            log_words(f->log, "BODY ");
        f->in_body = true;
        log_bytes(f->log, event->body);
        break;
    case HW_H1_END:
        log_words(f->log, "END\n");
        if (event->trailers.length)
            log_fields(f->log, event->trailers, &f->head);
        memset(&f->head, 0xa5, sizeof f->head);
        break;
    case HW_H1_PROBLEM:
        log_words(f->log, "PROBLEM %d %s\n", event->problem->status, event->problem->section);
        f->log->problem = *event->problem;
        break;
    }
}

/* As much as the slack, from somewhere in the words on, so that any of them can be the first. */
static void fill_slack(const feeding *f, char *to)
{
    static const char words[] = "a: b\r\n\r\n HTTP/1.1\r\nHost: c\r\n";
    for (size_t i = 0; i < HW_H1_SLACK; i++) {
        bool is_true = f->slack == SLACK_TRUE && f->to + i < f->input.length;
        to[i] = is_true ? f->input.at[f->to + i] : words[(f->to + i) % (sizeof words - 1)];
    }
}

/* One call of hw_h1_next. False: the parser says that it needs more, or that it is over. */
static bool feed_once(feeding *f, hw_h1_event *event)
{
    size_t length = f->to - f->from;
    size_t slack_bytes = f->slack == SLACK_NONE ? 0 : HW_H1_SLACK;
    char *copy = malloc(length + slack_bytes ? length + slack_bytes : 1);
    assert_non_null(copy);
    if (length)
        memcpy(copy, f->input.at + f->from, length);
    if (slack_bytes)
        fill_slack(f, copy + length);
    hw_text shown = {length ? copy : NULL, length};
    *event = hw_h1_next(&f->parser, &f->head, shown);
    assert_true(event->used <= length);
    log_event(f, event, shown);
    f->from += event->used;
    free(copy);
    return event->kind != HW_H1_NEED_MORE && event->kind != HW_H1_PROBLEM;
}

static void finish_feed(feeding *f)
{
    hw_problem problem = hw_h1_finish(&f->parser);
    if (f->in_body)
        log_words(f->log, "\n");
    log_words(f->log, "finish %d\n", problem.status);
    if (hw_h1_is_between(&f->parser))
        assert_int_equal(problem.status, 0);
}

/* step(state) says how many bytes more are shown after each NEED_MORE; at least 1. */
static feed_log *feed_in_steps(hw_text input, const hw_h1_limits *limits, slack behind,
                               size_t (*step)(uint32_t *state, size_t left), uint32_t seed)
{
    hw_h1_limits defaults = hw_h1_limits_default();
    feeding *f = calloc(1, sizeof *f);
    feed_log *log = malloc(sizeof *log);
    assert_true(f && log);
    log->length = 0;
    log->text[0] = '\0';
    log->problem = (hw_problem){0};
    f->input = input;
    f->log = log;
    f->slack = behind;
    hw_h1_parser_init(&f->parser, limits ? limits : &defaults, NULL);
    if (behind != SLACK_NONE)
        hw_h1_parser_promise_slack(&f->parser);
    memset(&f->head, 0xa5, sizeof f->head);
    hw_h1_event event;
    for (;;) {
        while (feed_once(f, &event))
            continue;
        if (event.kind == HW_H1_PROBLEM || f->to == input.length)
            break;
        f->to += step(&seed, input.length - f->to);
    }
    if (event.kind == HW_H1_PROBLEM) {
        hw_h1_event again = hw_h1_next(&f->parser, &f->head, input);
        assert_int_equal(again.kind, HW_H1_PROBLEM);
        assert_ptr_equal(again.problem->reason, event.problem->reason);
    } else {
        finish_feed(f);
    }
    free(f);
    return log;
}

static size_t step_whole(uint32_t *state, size_t left)
{
    (void)state;
    return left;
}

static size_t step_byte(uint32_t *state, size_t left)
{
    (void)state;
    return left ? 1 : 0;
}

/* Short and long steps alike, whatever the input's length. */
static size_t step_random(uint32_t *state, size_t left)
{
    *state = *state * 1664525 + 1013904223;
    size_t spread = (size_t)1 << (*state >> 28), step = 1 + (*state >> 8) % spread;
    return step < left ? step : left;
}

static void assert_same_log(const feed_log *whole, feed_log *log)
{
    assert_string_equal(log->text, whole->text);
    assert_int_equal(log->length, whole->length);
    assert_memory_equal(log->text, whole->text, log->length);
    free(log);
}

feed_log *feed_all_ways(hw_text input, const hw_h1_limits *limits)
{
    feed_log *whole = feed_in_steps(input, limits, SLACK_NONE, step_whole, 0);
    for (slack behind = SLACK_NONE; behind < SLACK_KINDS; behind++) {
        assert_same_log(whole, feed_in_steps(input, limits, behind, step_whole, 0));
        assert_same_log(whole, feed_in_steps(input, limits, behind, step_byte, 0));
    }
    for (uint32_t seed = 1; seed <= SPLITS; seed++)
        assert_same_log(whole, feed_in_steps(input, limits, (slack)(seed % SLACK_KINDS),
                                             step_random, seed * 2654435761u));
    return whole;
}

void assert_feed(hw_text input, const char *expected)
{
    feed_log *log = feed_all_ways(input, NULL);
    assert_string_equal(log->text, expected);
    free(log);
}

void assert_refused(hw_text input, int status, const char *section)
{
    feed_log *log = feed_all_ways(input, NULL);
    if (log->problem.status != status || strcmp(log->problem.section, section) != 0)
        fail_msg("expected %d %s for:\n%.*s\ngot:\n%s", status, section,
                 (int)(input.length < 300 ? input.length : 300), input.at, log->text);
    free(log);
}

void assert_waits(hw_text input)
{
    feed_log *log = feed_all_ways(input, NULL);
    assert_non_null(strstr(log->text, "finish 400"));
    free(log);
}

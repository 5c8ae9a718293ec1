#include "talker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"

static void note(talker *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(talker *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t room = sizeof t->words - t->length;
    int length = vsnprintf(t->words + t->length, room, format, args);
    va_end(args);
    assert_true(length >= 0 && (size_t)length < room);
    t->length += (size_t)length;
}

static hw_h2_pull pull_dots(void *arg, uint32_t stream, void *owner, char *memory, size_t want,
                            hw_h2_pulled *ret_pulled)
{
    static const hw_field trailers[] = {
        {HW_TEXT_INIT("X-Sum"), HW_TEXT_INIT("9"), HW_FIELD_OTHER},
        {HW_TEXT_INIT("Content-Length"), HW_TEXT_INIT("9"), HW_FIELD_CONTENT_LENGTH},
    };
    talker *t = arg;
    assert_true(stream < 512 && want > 0);
    assert_ptr_equal(owner, &t->bodies[stream]);
    t->pulls++;
    if (t->bodies[stream].fails)
        return HW_H2_PULL_FAILED;
    if (t->bodies[stream].waits)
        return HW_H2_PULL_WAIT;
    size_t step = t->bodies[stream].step ? t->bodies[stream].step : want;
    size_t count = step < want ? step : want;
    if (count > t->bodies[stream].left)
        count = (size_t)t->bodies[stream].left;
    memset(memory, '.', count);
    t->bodies[stream].left -= count;
    ret_pulled->count = count;
    if (t->bodies[stream].left > 0)
        return HW_H2_PULL_MORE;
    if (t->bodies[stream].has_trailers)
        ret_pulled->trailers = hw_fields_of(trailers, 2);
    return HW_H2_PULL_END;
}

talker *talker_new(const hw_h2_limits *limits)
{
    talker *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->limits = limits ? *limits : hw_h2_limits_default();
    hw_h2_setup setup = {.limits = &t->limits, .budget = &t->budget, .pull = pull_dots, .arg = t};
    int result = hw_h2_session_new(&setup, 0, &t->session);
    if (result < 0) {
        assert_int_equal(hw_budget_used(&t->budget), 0);
        free(t);
    }
    HW_NEED_OK(result);
    t->heard = heard_new();
    return t;
}

void talker_free(talker *t)
{
    hw_h2_session_free(t->session);
    assert_int_equal(hw_budget_used(&t->budget), 0);
    heard_free(t->heard);
    free(t);
}

void talker_free_both(talker *t, wire *w)
{
    free(w);
    talker_free(t);
}

static void note_fields(talker *t, hw_fields fields)
{
    for (size_t i = 0; i < fields.count; i++) {
        const hw_field *field = &fields.at[i];
        assert_int_equal(field->id, hw_field_id_of(field->name));
        assert_int_equal(field->name.at[field->name.length], '\0');
        assert_int_equal(field->value.at[field->value.length], '\0');
        note(t, " %.*s: %.*s\n", HW_TEXT_ARGS(field->name), HW_TEXT_ARGS(field->value));
    }
}

static void note_head(talker *t, uint32_t stream, const hw_h2_head *head)
{
    note(t, "HEAD %u %.*s %.*s %.*s %.*s%s%.*s", stream, HW_TEXT_ARGS(head->method_name),
         HW_TEXT_ARGS(head->target), HW_TEXT_ARGS(head->scheme), HW_TEXT_ARGS(head->authority),
         head->protocol.length ? " " : "", HW_TEXT_ARGS(head->protocol));
    assert_int_equal(head->method, hw_method_of(head->method_name));
    if (head->ends)
        note(t, " end");
    if (head->content_length != HW_H2_LENGTH_UNKNOWN && !head->ends)
        note(t, " length=%llu", (unsigned long long)head->content_length);
    note(t, "%s%s", head->expects_continue ? " continue" : "", head->expects_other ? " unmet" : "");
    if (head->has_priority)
        note(t, " u=%u%s", head->priority.urgency, head->priority.is_incremental ? " i" : "");
    if (head->problem.status) {
        note(t, " %d\n", head->problem.status);
        return;
    }
    note(t, "\n");
    note_fields(t, head->fields);
}

static void note_body(talker *t, const hw_h2_event *event)
{
    assert_true(event->body.length > 0);
    if (!t->in_body)
        note(t, "BODY %u ", event->stream);
    t->in_body = true;
    for (size_t i = 0; i < event->body.length; i++)
        t->words[t->length++] = event->body.at[i];
    if (!t->keeps)
        hw_h2_consume(t->session, event->stream, event->body.length);
}

static void note_event(talker *t, const hw_h2_event *event)
{
    if (t->in_body && event->kind != HW_H2_BODY && event->kind != HW_H2_NEED_MORE) {
        note(t, "\n");
        t->in_body = false;
    }
    if (event->owner)
        assert_ptr_equal(event->owner, &t->bodies[event->stream]);
    switch (event->kind) {
    case HW_H2_NEED_MORE:
        break;
    case HW_H2_HEAD:
        assert_null(event->owner);
        note_head(t, event->stream, event->head);
        hw_h2_own(t->session, event->stream, &t->bodies[event->stream]);
        break;
    case HW_H2_BODY:
        assert_non_null(event->owner);
        note_body(t, event);
        break;
    case HW_H2_END:
        note(t, "END %u\n", event->stream);
        note_fields(t, event->trailers);
        break;
    case HW_H2_DONE:
        note(t, "DONE %u\n", event->stream);
        break;
    case HW_H2_RESET:
        note(t, "RESET %u %s\n", event->stream, hw_h2_code_name(event->code));
        break;
    case HW_H2_MALFORMED:
        note(t, "MALFORMED %u %s\n", event->stream, event->problem->section);
        break;
    case HW_H2_GONE_AWAY:
        note(t, "GONE_AWAY %s\n", hw_h2_code_name(event->code));
        break;
    case HW_H2_PROBLEM:
        t->is_over = true;
        note(t, "PROBLEM %s %d\n", hw_h2_code_name(event->code), event->problem->status);
        break;
    }
}

void talker_listen(talker *t)
{
    hw_h2_event event;
    do {
        event = hw_h2_next(t->session);
        note_event(t, &event);
    } while (event.kind != HW_H2_NEED_MORE && event.kind != HW_H2_PROBLEM);
    assert_true(hw_h2_held_bytes(t->session) <=
                t->limits.memory_bytes_max + 8 * t->limits.head.head_bytes_max);
    assert_true(hw_budget_used(&t->budget) + 1 > hw_h2_held_bytes(t->session));
}

void talker_feed(talker *t, hw_text bytes)
{
    while (bytes.length > 0) {
        hw_text piece = hw_text_upto(bytes, HW_H2_INPUT_BYTES_MAX);
        bytes = hw_text_from(bytes, piece.length);
        char *copy = malloc(piece.length);
        assert_non_null(copy);
        memcpy(copy, piece.at, piece.length);
        hw_h2_feed(t->session, (hw_text){copy, piece.length}, t->now_ms);
        talker_listen(t);
        free(copy);
    }
}

void talker_feed_wire(talker *t, wire *w)
{
    talker_feed(t, wire_text(w));
    w->length = 0;
}

const char *talker_send(talker *t)
{
    size_t room = t->output_bytes ? t->output_bytes : 16 * 1024;
    bool has_more = true;
    for (int i = 0; has_more; i++) {
        assert_true(i < 10000);
        char *memory = malloc(room);
        assert_non_null(memory);
        hw_buffer buffer = hw_buffer_over(memory, room);
        has_more = hw_h2_send(t->session, &buffer);
        assert_false(buffer.overflow);
        heard_take(t->heard, (hw_text){memory, buffer.length});
        free(memory);
    }
    return heard_words(t->heard);
}

const char *talker_words(talker *t)
{
    if (t->in_body)
        note(t, "\n");
    t->in_body = false;
    t->words[t->length] = '\0';
    t->length = 0;
    return t->words;
}

void talker_check_memory(void)
{
    if (hw_test_is_struck())
        hw_test_out_of_memory();
}

static void compare(const char *words, const char *expected)
{
    if (strcmp(words, expected) != 0)
        talker_check_memory();
    assert_string_equal(words, expected);
}

void assert_words(talker *t, const char *expected)
{
    compare(talker_words(t), expected);
}

void assert_fed(talker *t, wire *w, const char *expected)
{
    talker_feed_wire(t, w);
    assert_words(t, expected);
}

void assert_told(talker *t, const char *expected)
{
    talker_listen(t);
    assert_words(t, expected);
}

void assert_sent(talker *t, const char *expected)
{
    compare(talker_send(t), expected);
}

void talker_answer(talker *t, uint32_t stream, int status, uint64_t body_bytes)
{
    static const hw_field fields[] = {{HW_TEXT_INIT("Server"), HW_TEXT_INIT("h"), HW_FIELD_OTHER}};
    if (body_bytes != HW_H2_LENGTH_UNKNOWN)
        t->bodies[stream].left = body_bytes;
    hw_h2_response response = {
        .status = status, .fields = hw_fields_of(fields, 1), .body_bytes = body_bytes};
    int result = hw_h2_answer(t->session, stream, &response);
    if (result != 0)
        talker_check_memory();
    assert_int_equal(result, 0);
}

/* step says how many bytes are fed next. */
static char *feed_in_steps(const wire *w, const hw_h2_limits *limits,
                           size_t (*step)(uint32_t *state, size_t left), uint32_t seed)
{
    talker *t = talker_new(limits);
    hw_text left = wire_text(w);
    while (left.length > 0 && !t->is_over) {
        size_t length = step(&seed, left.length);
        talker_feed(t, hw_text_upto(left, length));
        left = hw_text_from(left, length);
        talker_send(t);
        if (!t->is_over)
            talker_listen(t);
    }
    char *words = strdup(talker_words(t));
    assert_non_null(words);
    talker_free(t);
    return words;
}

static size_t step_whole(uint32_t *state, size_t left)
{
    (void)state;
    return left;
}

static size_t step_byte(uint32_t *state, size_t left)
{
    (void)state, (void)left;
    return 1;
}

static size_t step_random(uint32_t *state, size_t left)
{
    *state = *state * 1664525 + 1013904223;
    size_t spread = (size_t)1 << (*state >> 28), step = 1 + (*state >> 8) % spread;
    return step < left ? step : left;
}

static void judge_words(wire *w, char *words, const char *expected)
{
    bool is_same = strcmp(words, expected) == 0;
    if (!is_same && hw_test_is_struck()) {
        free(words);
        free(w);
        hw_test_out_of_memory();
    }
    assert_string_equal(words, expected);
    free(words);
}

void assert_events_with(wire *w, const hw_h2_limits *limits, const char *expected)
{
    judge_words(w, feed_in_steps(w, limits, step_whole, 0), expected);
    if (!hw_test_is_swept())
        judge_words(w, feed_in_steps(w, limits, step_byte, 0), expected);
    for (uint32_t seed = 1; seed <= 20 && !hw_test_is_swept(); seed++)
        judge_words(w, feed_in_steps(w, limits, step_random, seed * 2654435761u), expected);
    free(w);
}

void assert_events(wire *w, const char *expected)
{
    assert_events_with(w, NULL, expected);
}

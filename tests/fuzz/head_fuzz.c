/* Any bytes as requests: fed whole and in pieces they must give the same events, within the limits,
 * and what is accepted must be what RFC 9112 allows. */
#include "h1_trace.h"

#include <stdlib.h>

#include "base/arena.h"
#include "h1/encode.h"
#include "http/authority.h"
#include "http/path.h"
#include "http/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

#ifdef HW_FUZZ_PLANTED
/* Some way in: behind another request, one with content that closes the connection. */
static void check_planted(const h1_trace *trace)
{
    if (trace->heads > 1 && trace->head.framing != HW_H1_FRAMING_NONE && !trace->head.keep_alive)
        abort();
}
#else
static void check_planted(const h1_trace *trace)
{
    (void)trace;
}
#endif

static unsigned count_fields(const hw_h1_head *head, hw_field_id id)
{
    unsigned count = 0;
    for (unsigned i = 0; i < head->field_count; i++)
        count += head->fields[i].id == id;
    return count;
}

/* RFC 9112 3.2, 6.1, 6.3. */
static void check_framing(const hw_h1_head *head)
{
    unsigned lengths = count_fields(head, HW_FIELD_CONTENT_LENGTH);
    unsigned codings = count_fields(head, HW_FIELD_TRANSFER_ENCODING);
    unsigned hosts = count_fields(head, HW_FIELD_HOST);
    hw_assert(hosts == 1 || (hosts == 0 && head->minor == 0));
    hw_assert(lengths == (head->framing == HW_H1_FRAMING_LENGTH));
    hw_assert(codings == (head->framing == HW_H1_FRAMING_CHUNKED));
    hw_assert(!codings || head->minor == 1);
    hw_assert(head->content_length == 0 || lengths == 1);
    hw_assert(!head->expects_continue || (head->minor == 1 && (head->content_length || codings)));
    hw_assert(!head->keep_alive || head->minor == 1 || count_fields(head, HW_FIELD_CONNECTION));
}

static void check_limits(const h1_trace *trace, size_t used)
{
    const hw_h1_head *head = &trace->head;
    hw_assert(used - head->method_at <= trace->limits->head_bytes_max);
    hw_assert(head->target_at + head->target_length + sizeof " HTTP/1.1" - 1 - head->method_at <=
              trace->limits->line_bytes_max);
    hw_assert(head->field_count <= HW_H1_FIELDS_MAX);
    for (unsigned i = 0; i < head->field_count; i++) {
        const hw_h1_field *field = &head->fields[i];
        hw_assert(field->value_at + field->value_length - field->name_at <=
                  trace->limits->field_bytes_max);
    }
}

/* The copy says what the table says, with NULs. */
static void check_copy(const hw_h1_head *head, hw_text bytes)
{
    hw_arena arena;
    hw_h1_copy copy;
    hw_arena_init(&arena, 4096, 1 << 20);
    hw_assert(hw_h1_head_copy(&arena, bytes, head, &copy));
    hw_assert(hw_method_of(copy.method) == head->method);
    hw_assert(!copy.method.at[copy.method.length] && !copy.target.at[copy.target.length]);
    hw_assert(copy.fields.count == head->field_count);
    for (size_t i = 0; i < copy.fields.count; i++) {
        const hw_field *field = &copy.fields.at[i];
        const hw_h1_field *place = &head->fields[i];
        hw_assert(
            hw_text_equal(field->name, (hw_text){bytes.at + place->name_at, place->name_length}));
        hw_assert(hw_text_equal(field->value,
                                (hw_text){bytes.at + place->value_at, place->value_length}));
        hw_assert(!field->name.at[field->name.length] && !field->value.at[field->value.length]);
        if (field->id == HW_FIELD_HOST)
            hw_assert(!field->value.length || hw_authority_is_valid(field->value));
    }
    hw_arena_fini(&arena);
}

/* What is said to be plain is a path, and its own decoding. */
static void check_plain_target(const hw_h1_head *head, hw_text raw)
{
    if (!head->has_plain_target || head->method == HW_METHOD_CONNECT)
        return;
    char *memory = malloc(raw.length + 2);
    hw_assert(memory);
    hw_buffer buffer = hw_buffer_over(memory, raw.length + 2);
    hw_target target;
    hw_path path;
    hw_assert(!hw_target_parse(raw, head->method, &target));
    hw_assert(target.form == HW_TARGET_ORIGIN && !target.has_query);
    hw_assert(!hw_path_decode(target.path, &buffer, &path) && hw_text_equal(path.text, raw));
    free(memory);
}

static void look_at_head(h1_trace *trace, const hw_h1_event *event, hw_text shown)
{
    if (event->kind != HW_H1_HEAD)
        return;
    hw_assert(
        hw_token_is_valid((hw_text){shown.at + trace->head.method_at, trace->head.method_length}));
    hw_assert(trace->head.target_length > 0);
    check_framing(&trace->head);
    check_plain_target(&trace->head,
                       (hw_text){shown.at + trace->head.target_at, trace->head.target_length});
    check_limits(trace, event->used);
    check_copy(&trace->head, hw_text_upto(shown, event->used));
    check_planted(trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static const hw_h1_limits small = {
        .line_bytes_max = 48,
        .field_bytes_max = 56, /* h1/line reads lines below 50 bytes without asking */
        .head_bytes_max = 160,
        .trailers_bytes_max = 64,
        .chunk_extension_bytes_max = 8,
        .extensions_bytes_max = 20,
    };
    const hw_h1_limits usual = hw_h1_limits_default();
    hw_text text = {(const char *)input, bytes};
    h1_trace with_small = {.limits = &small, .look = look_at_head};
    trace_both_ways(&with_small, text);
    h1_trace with_usual = {.limits = &usual, .look = look_at_head};
    trace_both_ways(&with_usual, text);
    return 0;
}

/* Answers a request for nobody, and tells why the answer is as it is.
 *
 * The pipeline is the server's own, without a cache and without a connection; who decides something in
 * it tells of it (exchange/narrator.h). What is left for this file is the answer itself: each of its
 * fields, with the reason why it is there. */
#include "kit/explain.h"

#include <stdlib.h>

#include "http/condition.h"
#include "http/fingerprint.h"
#include "http/status.h"
#include "sys/clock.h"
#include "sys/memory.h"

#define EXPLAIN_ARENA_BYTES (4 * 1024)
#define EXPLAIN_ARENA_BYTES_MAX (16 * 1024 * 1024)

typedef struct explanation {
    const hw_static_setup *setup;
    hw_exchange *exchange;
    bool is_file;  /* is, or a part of one, what is answered */
    bool is_coded; /* on its way */
} explanation;

static bool is_own_field(const hw_static_setup *setup, hw_text name, hw_text value)
{
    for (size_t i = 0; i < setup->policy.field_count; i++)
        if (hw_text_equal_nocase(hw_text_of(setup->policy.fields[i].name), name) &&
            hw_text_equal(hw_text_of(setup->policy.fields[i].value), value))
            return true;
    return false;
}

static const char *reason_of_tag(const explanation *of, hw_text value)
{
    hw_text digits = hw_text_from(value, 3);
    if (!hw_text_has_prefix(value, HW_TEXT("W/")))
        return "made of the content: the same bytes have the same one, whatever their date";
    if (of->is_coded)
        return "of the content and the coding; weak because it is made while it is sent";
    return hw_text_find(digits, '-') < digits.length
               ? "weak, of inode, size and times: the content is hashed only later, or not at all"
               : "of the content; weak because the file was written just now";
}

static const char *reason_of_freshness(const explanation *of, hw_text value)
{
    if (of->setup->policy.max_age_s)
        return "as you said for all files (--cache, hewn_files_opts.max_age_s)";
    if (hw_text_equal(value, HW_TEXT("no-cache")))
        return "it may be kept, and asked about each time: that costs a 304, and is never stale";
    return "the name has a hash of the content in it: nobody need ask whether it has changed";
}

static const char *reason_of_vary(hw_text value)
{
    if (hw_text_equal_nocase(value, HW_TEXT("Accept-Encoding")))
        return "there are other codings of it: who keeps it must look at that";
    return hw_text_equal_nocase(value, HW_TEXT("Origin"))
               ? "who may read it depends on who asks (--cors)"
               : "the answer depends on it";
}

typedef struct field_reason {
    hw_text name;
    const char *reason;
} field_reason;

static const field_reason field_reasons[] = {
    {HW_TEXT_INIT("Content-Length"), "the bytes that follow"},
    {HW_TEXT_INIT("Content-Range"), "which part of how many bytes it is"},
    {HW_TEXT_INIT("Content-Encoding"), "it is compressed, and the client accepts that"},
    {HW_TEXT_INIT("Content-Security-Policy"),
     "the page needs no more than its own style and script"},
    {HW_TEXT_INIT("Last-Modified"), "the file's own date"},
    {HW_TEXT_INIT("Accept-Ranges"), "parts of it can be asked for"},
    {HW_TEXT_INIT("X-Content-Type-Options"), "browsers must not guess another type"},
    {HW_TEXT_INIT("Location"), "where it is"},
    {HW_TEXT_INIT("Allow"), "the methods there are"},
    {HW_TEXT_INIT("Retry-After"), "it may work then"},
    {HW_TEXT_INIT("Access-Control-Allow-Origin"), "pages from there may read it (--cors)"},
    {HW_TEXT_INIT("Access-Control-Expose-Headers"), "scripts of such pages may see these (--cors)"},
    {HW_TEXT_INIT("Cross-Origin-Opener-Policy"), "pages are isolated (--isolate)"},
    {HW_TEXT_INIT("Cross-Origin-Embedder-Policy"), "pages are isolated (--isolate)"},
    {HW_TEXT_INIT("Cross-Origin-Resource-Policy"), "pages are isolated (--isolate)"},
};

static const char *reason_of_field(const explanation *of, hw_text name, hw_text value)
{
    if (is_own_field(of->setup, name, value))
        return "as you said (-H, hewn_files_opts.fields)";
    if (hw_text_equal_nocase(name, HW_TEXT("Content-Type")))
        return of->is_file ? "by the end of the file's name" : "that is what the answer is made of";
    if (hw_text_equal_nocase(name, HW_TEXT("ETag")))
        return reason_of_tag(of, value);
    if (hw_text_equal_nocase(name, HW_TEXT("Cache-Control")))
        return reason_of_freshness(of, value);
    if (hw_text_equal_nocase(name, HW_TEXT("Vary")))
        return reason_of_vary(value);
    for (size_t i = 0; i < sizeof field_reasons / sizeof field_reasons[0]; i++)
        if (hw_text_equal_nocase(name, field_reasons[i].name))
            return field_reasons[i].reason;
    return "the answer's own";
}

/* The subject is the field's name, the words are "value\\nreason". */
static void tell_field(const explanation *of, const hw_field *field)
{
    char *name = hw_arena_copy(&of->exchange->arena, field->name);
    hw_exchange_tell(of->exchange, name ? name : "", "%.*s\n%s", HW_TEXT_ARGS(field->value),
                     reason_of_field(of, field->name, field->value));
}

static void tell_fields(const explanation *of, hw_fields fields)
{
    for (size_t i = 0; i < fields.count; i++)
        tell_field(of, &fields.at[i]);
}

static void tell_conditions(const explanation *of, int status)
{
    if (status == 304)
        hw_exchange_tell(of->exchange, "condition", "the client has it already");
    else if (status == 412)
        hw_exchange_tell(of->exchange, "condition",
                         "it is another one than the client wants it to be");
    else if (status == 206)
        hw_exchange_tell(of->exchange, "range", "a part of it was asked for");
    else if (status == 416)
        hw_exchange_tell(of->exchange, "range", "no such part is in it");
}

static void tell_answer(const explanation *of)
{
    const hw_response *response = &of->exchange->response;
    tell_conditions(of, response->status);
    hw_exchange_tell(of->exchange, "answer", "%d %s", response->status,
                     hw_status_reason(response->status));
    if (response->prepared)
        tell_fields(of, response->prepared->fields);
    tell_fields(of, hw_fields_of(response->fields, response->field_count));
}

static void ignore_item(void *arg, hw_sink_kind kind, const void *item)
{
    (void)arg;
    (void)kind;
    (void)item;
}

static const hw_field *copy_request_fields(hw_arena *arena, const hewn_field *fields, size_t count)
{
    hw_field *copies = hw_arena_alloc_zeroed(arena, count + 1, sizeof *copies);
    for (size_t i = 0; copies && i < count; i++) {
        hw_text name = hw_text_of(fields[i].name);
        copies[i] = (hw_field){name, hw_text_of(fields[i].value), hw_field_id_of(name)};
    }
    return copies;
}

static int answer_and_tell(const hw_static_setup *setup, const hw_answerer *answerer,
                           hw_exchange *exchange, const hw_place *place)
{
    explanation of = {setup, exchange, false, false};
    const hw_problem *problem =
        hw_exchange_begin(exchange, false, &hw_carrier_nobody, place,
                          hw_sys_realtime_ns() / HW_NS_PER_MS, hw_sys_monotonic_ns());
    if (problem) {
        hw_exchange_tell(exchange, "refused", "%s (%s)", problem->reason, problem->section);
        hw_exchange_tell(exchange, "answer", "%d %s", problem->status,
                         hw_status_reason(problem->status));
        return 0;
    }
    hw_exchange_tell(exchange, "path", "'%s'", exchange->request.below.text.at);
    exchange->answerer = answerer;
    exchange->plan = answerer->plan(answerer->arg, exchange);
    answerer->answer(answerer->arg, exchange);
    if (exchange->response.kind == HW_RESPONSE_STARVED)
        return -EMFILE;
    if (exchange->response.is_broken)
        return -ENOMEM;
    of.is_coded = exchange->response.body && exchange->response.body->length == HW_LENGTH_UNKNOWN &&
                  !exchange->response.feeder;
    of.is_file = exchange->response.prepared || exchange->response.status == 206 || of.is_coded;
    tell_answer(&of);
    return 0;
}

static int explain_with(const hw_static_setup *setup, const hw_answerer *answerer,
                        const char *target, const hewn_field *fields, size_t field_count,
                        const hw_narrator *narrator)
{
    const hw_sink sink = {.take = ignore_item};
    const hw_place place = {.sink = &sink, .narrator = narrator};
    hw_exchange *exchange = hw_sys_alloc_zeroed(1, sizeof *exchange);
    if (!exchange)
        return -ENOMEM;
    hw_exchange_init(exchange, EXPLAIN_ARENA_BYTES, EXPLAIN_ARENA_BYTES_MAX);
    const hw_field *asked = copy_request_fields(&exchange->arena, fields, field_count);
    exchange->request = (hw_request){.method = HW_METHOD_GET,
                                     .method_name = HW_TEXT("GET"),
                                     .raw_target = hw_text_of(target),
                                     .protocol = HW_TEXT("HTTP/1.1"),
                                     .fields = hw_fields_of(asked, field_count)};
    int error = asked ? answer_and_tell(setup, answerer, exchange, &place) : -ENOMEM;
    hw_exchange_fini(exchange);
    hw_sys_free(exchange);
    return error;
}

/* As a server has them. */
static int give_helpers(hw_static *files)
{
    hw_hasher *hasher;
    hw_press *press;
    int error = hw_hasher_new(&hasher);
    if (error < 0)
        return error;
    hw_static_take_hasher(files, hasher);
    error = hw_press_new(&press);
    if (error == 0)
        hw_static_take_press(files, press);
    return error;
}

int hw_explain(const hw_static_setup *setup, const char *target, const hewn_field *fields,
               size_t field_count, const hw_narrator *narrator)
{
    hw_static *files;
    int error = hw_static_new(setup, &files);
    if (error < 0)
        return error;
    error = give_helpers(files);
    if (error == 0)
        error =
            explain_with(setup, hw_static_answerer(files), target, fields, field_count, narrator);
    hw_static_free(files);
    return error;
}

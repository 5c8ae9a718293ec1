/* Makes JSON: from a format at once, or bit by bit with a writer.
 *
 * A writer cannot make what is no JSON: what it is given are formats, which have been checked, and it
 * puts the commas and closes what is open. What it cannot put together (a value without a key in an
 * object, something behind the end) is misuse. */
#include "app/app.h"
#include "app/dispatch.h"
#include "app/fill.h"
#include "app/response.h"

#include <string.h>

#define NESTED_MAX 64

typedef struct hw_json_state {
    hw_writer out;
    char open[NESTED_MAX];       /* '{' or '[' */
    bool has_member[NESTED_MAX]; /* a comma comes before the next */
    size_t depth;
    bool is_wrong; /* misuse was told */
} hw_json_state;

struct hewn_json_writer {
    hewn_request *rq;
    hw_json_state *state; /* NULL: there was no memory */
};

_Static_assert(sizeof(hewn_json_writer) <= sizeof(((hewn_request *)0)->last_resort),
               "a writer without memory has its place in the request");

static const hw_text json_media_type = HW_TEXT_INIT("application/json");

hewn_response *hewn_jsonf(hewn_request *rq, int status, const char *format, ...)
{
    hw_writer out;
    va_list args;
    hw_writer_init(&out, &rq->arena);
    va_start(args, format);
    bool is_good = hw_fill(rq, &out, format, HW_FORMAT_JSON, args);
    va_end(args);
    return hw_response_make(rq, status, json_media_type,
                            is_good ? hw_writer_text(&out) : (hw_text){0});
}

static void fail_json(const hewn_json_writer *writer, const char *words)
{
    hw_dispatch_misuse(writer->rq, words);
    writer->state->is_wrong = true;
}

static void open_json(const hewn_json_writer *writer, char kind)
{
    hw_json_state *state = writer->state;
    if (kind != '{' && kind != '[') {
        fail_json(writer, "a JSON writer opens '{' or '['");
    } else if (state->depth == NESTED_MAX) {
        fail_json(writer, "a JSON writer is nested more than 64 deep");
    } else {
        state->open[state->depth] = kind;
        state->has_member[state->depth++] = false;
        hw_writer_put(&state->out, (hw_text){&kind, 1});
    }
}

hewn_json_writer *hewn_json_begin(hewn_request *rq, char kind)
{
    hewn_json_writer *writer = hw_arena_alloc(&rq->arena, sizeof *writer);
    hw_json_state *state = hw_arena_alloc_zeroed(&rq->arena, 1, sizeof *state);
    if (!writer || !state) {
        writer = (hewn_json_writer *)(void *)rq->last_resort;
        *writer = (hewn_json_writer){rq, NULL};
        return writer;
    }
    *writer = (hewn_json_writer){rq, state};
    hw_writer_init(&state->out, &rq->arena);
    open_json(writer, kind);
    return writer;
}

/* Before the next member of what is open. False: nothing is added any more. */
static bool begin_member(const hewn_json_writer *writer, bool *ret_is_object)
{
    hw_json_state *state = writer->state;
    if (!state || state->is_wrong)
        return false;
    if (state->depth == 0) {
        fail_json(writer, "a JSON writer has nothing open to add to");
        return false;
    }
    bool *has_member = &state->has_member[state->depth - 1];
    if (*has_member)
        hw_writer_put(&state->out, HW_TEXT(","));
    *has_member = true;
    *ret_is_object = state->open[state->depth - 1] == '{';
    return true;
}

void hewn_json_add(hewn_json_writer *writer, const char *format, ...)
{
    bool is_object;
    if (!begin_member(writer, &is_object))
        return;
    va_list args;
    va_start(args, format);
    writer->state->is_wrong = !hw_fill(writer->rq, &writer->state->out, format,
                                       is_object ? HW_FORMAT_PAIRS : HW_FORMAT_JSON, args);
    va_end(args);
}

void hewn_json_open(hewn_json_writer *writer, const char *key, char kind)
{
    bool is_object;
    if (!begin_member(writer, &is_object))
        return;
    if (is_object != (key != NULL)) {
        fail_json(writer, is_object ? "a JSON writer opens something in an object without a key"
                                    : "a JSON writer opens something in an array with a key");
        return;
    }
    if (key) {
        hw_writer_put_json(&writer->state->out, hw_text_of(key), true);
        hw_writer_put(&writer->state->out, HW_TEXT(":"));
    }
    open_json(writer, kind);
}

void hewn_json_close(hewn_json_writer *writer)
{
    hw_json_state *state = writer->state;
    if (!state || state->is_wrong)
        return;
    if (state->depth == 0) {
        fail_json(writer, "a JSON writer closes what is not open");
        return;
    }
    char kind = state->open[--state->depth];
    hw_writer_put(&state->out, kind == '{' ? HW_TEXT("}") : HW_TEXT("]"));
}

hewn_response *hewn_json_send(hewn_json_writer *writer, int status)
{
    hw_json_state *state = writer->state;
    while (state && state->depth > 0 && !state->is_wrong)
        hewn_json_close(writer);
    bool is_good = state && !state->is_wrong;
    return hw_response_make(writer->rq, status, json_media_type,
                            is_good ? hw_writer_text(&state->out) : (hw_text){0});
}

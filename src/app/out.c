/* Bodies that a program writes while they are sent.
 *
 * Whoever writes, on a thread of its own (hewn_stream) or asked piece by piece (hewn_pull), writes
 * into a buffer here first, so that many small pieces are one chunk on the wire, and from there into
 * the flow, which the connection sends from. With a thread it waits there for room; without one
 * there is room for all that a call of it may write. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "app/dispatch.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "exchange/later.h"
#include "http/status.h"

enum { OUT_BUFFER_BYTES = 4096 };

struct hewn_out {
    hw_feeder feeder;
    hewn_request *rq;
    hewn_stream_fn *stream; /* or ... */
    hewn_fill *fill;
    void *arg;
    size_t length; /* of what is in the buffer */
    char buffer[OUT_BUFFER_BYTES];
};

int hewn_flush(hewn_out *out)
{
    int error = hw_flow_write(&out->feeder.flow, (hw_text){out->buffer, out->length},
                              out->feeder.has_thread);
    if (error == 0)
        out->length = 0;
    return error;
}

static int write_text(hewn_out *out, hw_text bytes)
{
    if (bytes.length > sizeof out->buffer - out->length) {
        int error = hewn_flush(out);
        if (error < 0)
            return error;
    }
    if (bytes.length > sizeof out->buffer)
        return hw_flow_write(&out->feeder.flow, bytes, out->feeder.has_thread);
    if (bytes.length > 0)
        memcpy(out->buffer + out->length, bytes.at, bytes.length);
    out->length += bytes.length;
    return 0;
}

int hewn_write(hewn_out *out, const void *bytes, size_t length)
{
    return write_text(out, (hw_text){bytes, length});
}

int hewn_writef(hewn_out *out, const char *format, ...)
{
    char memory[1024];
    hw_buffer piece = HW_BUFFER_OVER(memory);
    va_list args;
    va_start(args, format);
    hw_buffer_put_formatv(&piece, format, args);
    va_end(args);
    if (!piece.overflow)
        return write_text(out, hw_buffer_text(&piece));
    /* In memory of its own, for a stream may have any number of long pieces. */
    hw_arena arena;
    hw_arena_init(&arena, OUT_BUFFER_BYTES, SIZE_MAX / 2);
    va_start(args, format);
    const char *text = hw_arena_formatv(&arena, format, args);
    va_end(args);
    int error = text ? write_text(out, hw_text_of(text)) : -ENOMEM;
    hw_arena_fini(&arena);
    return error;
}

/* WHATWG HTML 9.2.6: a field a line; a line may end in any way. */
static int write_event_lines(hewn_out *out, hw_text data)
{
    int error = 0;
    while (error == 0) {
        size_t length = 0;
        while (length < data.length && data.at[length] != '\n' && data.at[length] != '\r')
            length++;
        error = write_text(out, HW_TEXT("data: "));
        if (error == 0)
            error = write_text(out, hw_text_upto(data, length));
        if (error == 0)
            error = write_text(out, HW_TEXT("\n"));
        if (length == data.length)
            break;
        bool is_crlf =
            length + 1 < data.length && data.at[length] == '\r' && data.at[length + 1] == '\n';
        data = hw_text_from(data, length + (is_crlf ? 2 : 1));
    }
    return error;
}

static int write_event_field(hewn_out *out, const char *name, const char *value)
{
    if (!value)
        return 0;
    int error = write_text(out, hw_text_of(name));
    if (error == 0)
        error = write_text(out, hw_text_of(value));
    return error < 0 ? error : write_text(out, HW_TEXT("\n"));
}

static bool is_one_line(const char *string)
{
    return !string || !strpbrk(string, "\r\n");
}

int hewn_sse(hewn_out *out, const char *event, const char *id, const char *data)
{
    if (!is_one_line(event) || !is_one_line(id))
        return -EINVAL;
    int error = write_event_field(out, "event: ", event);
    if (error == 0)
        error = write_event_field(out, "id: ", id);
    if (error == 0 && data)
        error = write_event_lines(out, hw_text_of(data));
    else if (error == 0 && !event && !id)
        error = write_text(out, HW_TEXT(":\n"));
    if (error == 0)
        error = write_text(out, HW_TEXT("\n"));
    return error < 0 ? error : hewn_flush(out);
}

hewn_later hewn_waker(hewn_out *out)
{
    return (hewn_later){hw_waker_open(out->rq)};
}

int hewn_wake(hewn_later later)
{
    return hw_waker_wake(later.id);
}

hewn_request *hewn_out_request(hewn_out *out)
{
    return out->rq;
}

/* What is still in the buffer goes with the end of a call. */
static int end_call(hewn_out *out, int result)
{
    int error = result < 0 ? result : hewn_flush(out);
    if (error == 0 || error == -EPIPE || error == -ESHUTDOWN || error == -ECANCELED)
        return error < 0 ? error : result;
    hw_dispatch_tell(out->rq, error == -EPROTO
                                  ? "a fill returned none of HEWN_DONE, HEWN_MORE, HEWN_WAIT"
                                  : "the body was broken off by who writes it");
    return error;
}

static int run_stream(hw_feeder *feeder)
{
    hewn_out *out = (hewn_out *)feeder;
    int result = out->stream(out, out->arg);
    return end_call(out, result < 0 ? result : HW_FEED_END);
}

static int run_fill(hw_feeder *feeder)
{
    hewn_out *out = (hewn_out *)feeder;
    int result = out->fill(out, out->arg);
    return end_call(out, result > HW_FEED_WAIT ? -EPROTO : result);
}

/* A response that is written by `run`. NULL: it cannot be; the response says so. */
static hewn_out *make_out(hewn_request *rq, int status, const char *type,
                          int (*run)(hw_feeder *feeder))
{
    hewn_response *rs = &rq->response;
    hw_response_start(rs, status);
    if (status < 200 || status > 599 || !hw_status_has_content(status) || status == 205) {
        hw_dispatch_misuse(rq, "a response that is written has a status with a body");
        return NULL;
    }
    hewn_out *out = hw_arena_alloc(&rq->arena, sizeof *out);
    hw_text kind;
    if (!out || !hw_arena_copy_text(&rq->arena, hw_text_of(type), &kind) ||
        hw_flow_init(&out->feeder.flow, rq, HW_FLOW_BYTES) < 0) {
        rs->is_broken = true;
        return NULL;
    }
    out->rq = rq;
    out->length = 0;
    out->feeder.run = run;
    out->feeder.said = HW_FEED_MORE;
    hw_response_take_feeder(rs, &out->feeder);
    hw_response_add(rs, HW_FIELD_CONTENT_TYPE, kind);
    /* A cache that waits for the end of events before it hands them on would wait for ever. */
    if (hw_text_has_prefix(kind, HW_TEXT("text/event-stream")))
        hw_response_add(rs, HW_FIELD_CACHE_CONTROL, HW_TEXT("no-cache"));
    return out;
}

hewn_response *hewn_stream(hewn_request *rq, int status, const char *type, hewn_stream_fn *stream,
                           void *arg)
{
    hewn_out *out = make_out(rq, status, type, run_stream);
    if (!stream)
        hw_misuse_abort(NULL, 0, "hewn_stream needs a function that writes");
    if (out) {
        out->feeder.has_thread = true;
        out->stream = stream;
        out->arg = arg;
    }
    return &rq->response;
}

hewn_response *hewn_pull(hewn_request *rq, int status, const char *type, hewn_fill *fill, void *arg)
{
    hewn_out *out = make_out(rq, status, type, run_fill);
    if (!fill)
        hw_misuse_abort(NULL, 0, "hewn_pull needs a function that fills");
    if (out) {
        out->feeder.has_thread = false;
        out->fill = fill;
        out->arg = arg;
    }
    return &rq->response;
}

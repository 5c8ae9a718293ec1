/* What a handler may say: the public makers of responses.
 *
 * All of them copy, so that a handler may answer with memory it does not keep. Without memory, or
 * given something that cannot be sent, the response is broken, which the exchange turns into a 500:
 * no maker has a failure to check. */
#include <string.h>

#include "app/dispatch.h"
#include "app/response.h"
#include "base/list.h"
#include "http/status.h"

/* Whether a body may follow. */
static bool begin_answer(hewn_request *rq, int status)
{
    hw_response_start(&rq->response, status);
    if (status < 200 || status > 599) {
        hw_dispatch_misuse(rq, "a response has a status from 200 to 599");
        return false;
    }
    /* RFC 9110 15.3.6: 205 has a length, which is 0. */
    return hw_status_has_content(status) && status != 205;
}

/* Bytes without memory: there was none for them. */
static void put_body(hewn_request *rq, hw_text type, hw_text bytes)
{
    if (!bytes.at) {
        rq->response.is_broken = true;
        return;
    }
    hw_response_add(&rq->response, HW_FIELD_CONTENT_TYPE, type);
    hw_response_set_bytes(&rq->response, bytes);
}

hewn_response *hw_response_make(hewn_request *rq, int status, hw_text type, hw_text bytes)
{
    if (begin_answer(rq, status))
        put_body(rq, type, bytes);
    return &rq->response;
}

static const hw_text plain_text = HW_TEXT_INIT("text/plain; charset=utf-8");

hewn_response *hewn_text(hewn_request *rq, int status, const char *text)
{
    if (begin_answer(rq, status)) {
        hw_text bytes = {0};
        (void)hw_arena_copy_text(&rq->arena, hw_text_of(text), &bytes);
        put_body(rq, plain_text, bytes);
    }
    return &rq->response;
}

hewn_response *hewn_textf(hewn_request *rq, int status, const char *format, ...)
{
    if (!begin_answer(rq, status))
        return &rq->response;
    va_list args;
    va_start(args, format);
    const char *text = hw_arena_formatv(&rq->arena, format, args);
    va_end(args);
    put_body(rq, plain_text, text ? hw_text_of(text) : (hw_text){0});
    return &rq->response;
}

hewn_response *hewn_bytes(hewn_request *rq, int status, const char *type, const void *bytes,
                          size_t length)
{
    if (begin_answer(rq, status)) {
        hw_text body = {0}, kind = {0};
        (void)hw_arena_copy_text(&rq->arena, (hw_text){bytes, length}, &body);
        if (!hw_arena_copy_text(
                &rq->arena, type ? hw_text_of(type) : HW_TEXT("application/octet-stream"), &kind))
            rq->response.is_broken = true;
        put_body(rq, kind, body);
    }
    return &rq->response;
}

hewn_response *hewn_empty(hewn_request *rq, int status)
{
    (void)begin_answer(rq, status);
    return &rq->response;
}

int hewn_status(const hewn_response *rs)
{
    return rs->status;
}

/* Fields that say how a message is carried are the driver's (RFC 9110 7.6.1). */
static bool is_reserved(hw_text name)
{
    hw_field_id id = hw_field_id_of(name);
    return hw_field_is_framing(id) || id == HW_FIELD_TRAILER || id == HW_FIELD_UPGRADE;
}

static void put_field(hewn_response *rs, const char *name, const char *value,
                      void (*put)(hw_response *, hw_text, hw_text))
{
    hewn_request *rq = HW_MEMBER(rs, hewn_request, response);
    hw_text copy_of_name, copy_of_value;
    if (!hw_token_is_valid(hw_text_of(name)) || !value ||
        !hw_field_value_is_valid(hw_text_of(value)) || is_reserved(hw_text_of(name)))
        hw_dispatch_misuse(rq, "a header field that cannot be sent, or is the server's own");
    else if (!hw_arena_copy_text(rs->arena, hw_text_of(name), &copy_of_name) ||
             !hw_arena_copy_text(rs->arena, hw_text_of(value), &copy_of_value))
        rs->is_broken = true;
    else
        put(rs, copy_of_name, copy_of_value);
}

void hewn_set(hewn_response *rs, const char *name, const char *value)
{
    put_field(rs, name, value, hw_response_set_name);
}

void hewn_add(hewn_response *rs, const char *name, const char *value)
{
    put_field(rs, name, value, hw_response_add_name);
}

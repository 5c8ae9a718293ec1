/* Bodies that are read as something: JSON, and what is wrong with them.
 *
 * A reader says in one bit that a body is not what it should be: NULL. Why matters to the client
 * and not to the handler, so the reason is kept here, and hewn_body_problem makes an answer of it:
 * one line in a handler, whatever it was: 415 for the wrong media type or a coding (RFC 9110
 * 15.5.16), 400 for what is broken, 413 for what is too much. It is one function for all readers,
 * and tells what the one has found that was asked last. */
#include <errno.h>
#include <string.h>

#include "app/call.h"
#include "app/json.h"
#include "http/element.h"

hw_text hw_body_type(const hw_exchange *exchange)
{
    hw_text type, parameters;
    hw_text value = hw_fields_single(exchange->request.fields, HW_FIELD_CONTENT_TYPE);
    hw_element_split(value, &type, &parameters);
    return type;
}

bool hw_body_is_json(hw_text type)
{
    hw_text suffix = HW_TEXT("+json");
    return hw_text_equal_nocase(type, HW_TEXT("application/json")) ||
           (type.length > suffix.length && hw_text_find(type, '/') < type.length - suffix.length &&
            hw_text_equal_nocase(hw_text_from(type, type.length - suffix.length), suffix));
}

bool hw_body_is_readable(const hw_exchange *exchange, bool is_type, const char *words,
                         const char *accept, hw_body_problem *ret_problem)
{
    const hw_field *coding = hw_fields_find(exchange->request.fields, HW_FIELD_CONTENT_ENCODING);
    if (!is_type)
        *ret_problem = (hw_body_problem){415, words, accept};
    else if (coding && !hw_text_equal_nocase(coding->value, HW_TEXT("identity")))
        *ret_problem = (hw_body_problem){415, "the body has a coding that is not read here", NULL};
    else
        return true;
    return false;
}

static const hewn_json *read_json(hw_exchange *exchange, hw_body_problem *ret_problem)
{
    static const char type[] = "application/json";
    hw_text content = exchange->request.content;
    if (!hw_body_is_readable(exchange, hw_body_is_json(hw_body_type(exchange)),
                             "the body must be JSON", type, ret_problem))
        return NULL;
    exchange->arena.bytes_max += hw_json_room(content);
    return hw_json_read(&exchange->arena, content, ret_problem);
}

const hewn_json *hewn_body_json(hewn_request *rq)
{
    hw_call *call = hw_call_of(rq);
    if (!call)
        return NULL;
    if (!call->is_json_read)
        call->json = read_json(rq, &call->json_problem);
    call->is_json_read = true;
    call->body_problem = &call->json_problem;
    return call->json;
}

hewn_response *hewn_body_problem(hewn_request *rq)
{
    static const hw_body_problem no_memory = {503, "out of memory", NULL};
    const hw_body_problem *problem = rq->call ? rq->call->body_problem : &no_memory;
    if (!problem || problem->status == 0)
        return NULL;
    hw_response_plain(&rq->response, problem->status, problem->words);
    if (problem->accept)
        hw_response_add(&rq->response, HW_FIELD_ACCEPT, hw_text_of(problem->accept));
    return &rq->response;
}

/* Of a body that is all there. */
static ssize_t copy_content(hw_call *call, hw_text content, char *to, size_t bytes)
{
    hw_text left = hw_text_upto(hw_text_from(content, call->read_length), bytes);
    if (left.length > 0)
        memcpy(to, left.at, left.length);
    call->read_length += left.length;
    return (ssize_t)left.length;
}

ssize_t hewn_read(hewn_request *rq, void *to, size_t bytes)
{
    if (rq->intake)
        return hw_flow_read(rq->intake, to, bytes);
    hw_call *call = hw_call_of(rq);
    return call ? copy_content(call, rq->request.content, to, bytes) : -ENOMEM;
}

/* Answers that come later: promised by a handler, begun when it has returned, given by anybody.
 *
 * What the promise is and who may touch what is exchange/later.h's; here is what an application
 * adds: fields that middleware has put on the promise are put on the answer, and an error among the
 * answers gets its page, as if a handler had returned it. */
#include <errno.h>

#include "app/dispatch.h"
#include "base/assert.h"
#include "exchange/later.h"

typedef struct app_promise {
    hw_promise promise;
    hewn_later_start *start;
    void *arg;
    const hw_field *fields; /* that were put on it before it was begun */
    size_t field_count;
    void (*finish)(hw_exchange *exchange); /* NULL: nobody looks at the answer */
} app_promise;

static bool begin_promise(hw_promise *promise, hw_exchange *exchange)
{
    app_promise *made = (app_promise *)promise;
    hw_response *response = &exchange->response;
    made->fields = response->fields;
    made->field_count = response->field_count;
    response->fields = NULL; /* the array is the promise's now */
    response->field_count = response->field_capacity = 0;
    hewn_later later = {hw_later_open(exchange)};
    if (later.id == 0) {
        hw_response_plain(response, 503, NULL);
        return true;
    }
    made->start(later, exchange, made->arg);
    return hw_later_begun(later.id);
}

hewn_response *hewn_wait_for(hewn_request *rq, hewn_later_start *start, void *arg)
{
    hw_response *response = &rq->response;
    app_promise *made = hw_arena_alloc_zeroed(&rq->arena, 1, sizeof *made);
    if (!start)
        hw_misuse_abort(NULL, 0, "hewn_wait_for needs a function to start with");
    hw_response_start(response, 0);
    if (!made) {
        response->is_broken = true;
        return response;
    }
    made->promise.begin = begin_promise;
    made->start = start;
    made->arg = arg;
    rq->promise = &made->promise;
    response->kind = HW_RESPONSE_LATER;
    return response;
}

void hw_app_finish_promise(hw_exchange *exchange, void (*finish)(hw_exchange *exchange))
{
    hw_assert(exchange->response.kind == HW_RESPONSE_LATER);
    ((app_promise *)exchange->promise)->finish = finish;
}

hewn_request *hewn_later_request(hewn_later later)
{
    return hw_later_hold(later.id);
}

/* The fields of the promise, but for those that the answer has set itself; there may be several
 * cookies. */
static void put_kept_fields(hw_response *response, const app_promise *made)
{
    size_t own = response->field_count;
    for (size_t i = 0; i < made->field_count; i++) {
        const hw_field *field = &made->fields[i];
        bool is_cookie = hw_text_equal_nocase(field->name, HW_TEXT("Set-Cookie")), is_there = false;
        for (size_t j = 0; j < own && !is_cookie; j++)
            is_there |= hw_text_equal_nocase(response->fields[j].name, field->name);
        if (!is_there)
            hw_response_add_name(response, field->name, field->value);
    }
}

int hewn_later_send(hewn_later later, hewn_response *rs)
{
    int error;
    hw_exchange *exchange = hw_later_claim(later.id, rs, &error);
    if (!exchange)
        return error;
    if (error == 0) {
        if (!rs) {
            hw_dispatch_tell(exchange, "an answer was promised and given up");
            hw_response_plain(&exchange->response, 500, NULL);
        }
        hw_reply_settle(exchange, "the promised response was not made");
        const app_promise *made = (const app_promise *)exchange->promise;
        put_kept_fields(&exchange->response, made);
        if (made->finish)
            made->finish(exchange);
    }
    hw_later_give_back(later.id, exchange);
    return error;
}

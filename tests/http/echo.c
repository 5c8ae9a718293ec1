/* Gives content back by handing the request's body over as the response's.
 *
 * Nothing is collected: what has arrived can leave before the rest is there, and a slow reader
 * slows the writer down. CONNECT and TRACE are not answered here. */
#include "echo.h"

#include "exchange/exchange.h"

static bool is_echo(const hw_exchange *exchange)
{
    const hw_request *request = &exchange->request;
    bool is_refused = request->method == HW_METHOD_CONNECT || request->method == HW_METHOD_TRACE;
    return !is_refused && hw_text_equal(request->path.text, HW_TEXT("/echo"));
}

static hw_body_plan plan_echo(void *arg, hw_exchange *exchange)
{
    const hw_echo *echo = arg;
    if (is_echo(exchange))
        return (hw_body_plan){HW_PLAN_STREAM, UINT64_MAX};
    return echo->rest->plan(echo->rest->arg, exchange);
}

static bool answer_rest_quickly(void *arg, hw_exchange *exchange)
{
    const hw_echo *echo = arg;
    if (is_echo(exchange) || !echo->rest->quick)
        return false;
    return echo->rest->quick(echo->rest->arg, exchange);
}

static void answer_echo(void *arg, hw_exchange *exchange)
{
    const hw_echo *echo = arg;
    if (!is_echo(exchange)) {
        echo->rest->answer(echo->rest->arg, exchange);
        return;
    }
    const hw_field *type = hw_fields_find(exchange->request.fields, HW_FIELD_CONTENT_TYPE);
    hw_response_start(&exchange->response, 200);
    hw_response_add(&exchange->response, HW_FIELD_CONTENT_TYPE,
                    type ? type->value : HW_TEXT("application/octet-stream"));
    hw_response_take_body(&exchange->response, hw_exchange_take_body(exchange));
}

void hw_echo_init(hw_echo *echo, const hw_answerer *rest)
{
    *echo = (hw_echo){{plan_echo, answer_rest_quickly, answer_echo, echo, NULL}, rest};
}

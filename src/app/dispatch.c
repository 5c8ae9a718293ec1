/* Decides who answers a request, and answers what nobody needs to write: 404, 405, 501, OPTIONS,
 * the slash behind a mounted prefix.
 *
 * Every outcome is a reply (reply.h), chosen by the plan and noted in exchange->answerer; quick and
 * answer only pass on to it. So no outcome needs a case of its own further down, and a mounted
 * answerer is a choice like any other; a mounted app is one that chooses again, below its prefix.
 * The order: CONNECT and TRACE are refused for the whole app (this is an origin server, RFC 9110
 * 9.3.6 and 9.3.8); then the host decides, where the app knows hosts; then the path, a route before
 * a mount; then the method. */
#include "app/dispatch.h"

#include <errno.h>

#include "app/hosts.h"
#include "base/assert.h"

static hw_body_plan plan_no_body(void *arg, hw_exchange *exchange)
{
    (void)arg, (void)exchange;
    return (hw_body_plan){HW_PLAN_NONE, UINT64_MAX}; /* how far it is read is the server's to say */
}

static bool answer_absent(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_plain(&exchange->response, 404, NULL);
    return true;
}

static bool answer_unknown_method(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_plain(&exchange->response, 501, NULL);
    return true;
}

static bool answer_refusal(void *arg, hw_exchange *exchange)
{
    const hw_text *allow = arg;
    hw_response_plain(&exchange->response, 405, NULL);
    hw_response_add(&exchange->response, HW_FIELD_ALLOW, *allow); /* RFC 9110 15.5.6 */
    return true;
}

static bool answer_description(void *arg, hw_exchange *exchange)
{
    const hw_text *allow = arg;
    hw_response_start(&exchange->response, 204);
    hw_response_add(&exchange->response, HW_FIELD_ALLOW, *allow);
    return true;
}

static bool answer_redirect(void *arg, hw_exchange *exchange)
{
    const hw_request *request = &exchange->request;
    const hw_target *target = &request->target;
    hw_response *response = &exchange->response;
    (void)arg;
    hw_response_plain(response, 308, NULL);
    size_t room =
        request->path.text.length * 3 + target->query.length + 3; /* "%41", "/", "?", NUL */
    hw_buffer location = hw_buffer_over(hw_arena_alloc(&exchange->arena, room), room);
    if (!location.at) {
        response->is_broken = true;
        return true;
    }
    hw_path_encode(&location, request->path.text);
    hw_buffer_put_char(&location, '/');
    if (target->has_query) {
        hw_buffer_put_char(&location, '?');
        hw_buffer_put(&location, target->query);
    }
    hw_assert(hw_buffer_string(&location));
    hw_response_add(response, HW_FIELD_LOCATION, hw_buffer_text(&location));
    return true;
}

hw_answerer hw_dispatch_absent(void)
{
    return (hw_answerer){.plan = plan_no_body, .quick = answer_absent};
}

hw_answerer hw_dispatch_unknown(void)
{
    return (hw_answerer){.plan = plan_no_body, .quick = answer_unknown_method};
}

hw_answerer hw_dispatch_describe(hw_text *allow)
{
    return (hw_answerer){.plan = plan_no_body, .quick = answer_description, .arg = allow};
}

hw_answerer hw_dispatch_refuse(hw_text *allow)
{
    return (hw_answerer){.plan = plan_no_body, .quick = answer_refusal, .arg = allow};
}

hw_answerer hw_dispatch_redirect(void)
{
    return (hw_answerer){.plan = plan_no_body, .quick = answer_redirect};
}

static hw_body_plan plan_handler(void *arg, hw_exchange *exchange)
{
    const hw_route *route = arg;
    (void)exchange;
    return (hw_body_plan){route->reads_body ? HW_PLAN_READ : HW_PLAN_BUFFER, route->body_bytes_max};
}

static void run_handler(void *arg, hw_exchange *exchange)
{
    const hw_route *route = arg;
    hewn_response *returned = route->handler(exchange);
    if (returned == &exchange->response)
        return;
    hw_dispatch_misuse(exchange, returned ? "the handler returned a response of its own making"
                                          : "the handler returned no response");
    hw_response_plain(&exchange->response, 500, NULL);
}

hw_answerer hw_dispatch_route(hw_route *route)
{
    return (hw_answerer){
        .plan = plan_handler, .answer = run_handler, .arg = route, .pace = &route->reply.pace};
}

const hw_route *hw_dispatch_route_of(const hw_exchange *exchange)
{
    const hw_reply *reply = hw_reply_to(exchange);
    return reply && reply->inner.answer == run_handler ? reply->inner.arg : NULL;
}

static const char *name_reply(const hw_exchange *exchange)
{
    const hw_route *route = hw_dispatch_route_of(exchange);
    return route ? route->pattern.text.at : exchange->request.raw_target.at;
}

void hw_dispatch_misuse(hw_exchange *exchange, const char *words)
{
    const hw_route *route = hw_dispatch_route_of(exchange);
    const hw_reply *reply = hw_reply_to(exchange);
    hw_assert(reply);
    if (hw_app_is_strict(reply->scope))
        hw_misuse_abort(route ? route->file : NULL, route ? route->line : 0, "%s \"%s\": %s",
                        route ? "route" : "request", name_reply(exchange), words);
    if (route)
        hw_sink_fault(exchange->place->sink, EPROTO, route->pattern.text.at, "%s (%s:%d)", words,
                      route->file, route->line);
    else
        hw_dispatch_tell(exchange, words);
    exchange->response.is_spoiled = true;
}

void hw_dispatch_tell(hw_exchange *exchange, const char *words)
{
    hw_sink_fault(exchange->place->sink, EPROTO, name_reply(exchange), "%s", words);
}

static const hw_reply *choose_at_spot(const hewn_app *app, const hw_spot *spot,
                                      const hw_request *request)
{
    const hw_route *route = hw_spot_route(spot, request->method_name);
    if (route)
        return &route->reply;
    if (request->method == HW_METHOD_OPTIONS)
        return &spot->describe;
    return request->method == HW_METHOD_OTHER ? &app->unknown : &spot->refuse;
}

/* Not in line: an application that only serves a folder has no need of it. */
static __attribute__((noinline)) const hw_reply *choose_by_path(const hewn_app *app,
                                                                hw_request *request)
{
    hw_found found = hw_router_find(&app->router, request->below);
    if (found.spot)
        return choose_at_spot(app, found.spot, request);
    if (found.bare)
        return &found.bare->redirect;
    if (found.mount) {
        request->below.text = hw_text_from(request->below.text, found.below_at);
        return &found.mount->reply;
    }
    return request->method == HW_METHOD_OTHER ? &app->unknown : &app->absent;
}

static const hw_reply *choose_reply(const hewn_app *app, hw_request *request)
{
    if (request->method == HW_METHOD_CONNECT || request->method == HW_METHOD_TRACE)
        return &app->unknown;
    if (request->target.form == HW_TARGET_ASTERISK)
        return &app->describe;
    const hw_mount *sole = hw_router_sole(&app->router);
    return sole ? &sole->reply : choose_by_path(app, request);
}

/* The app that has the request's host, or the one that was asked. */
static const hewn_app *choose_app(const hewn_app *app, const hw_request *request)
{
    const hewn_app *other;
    while (app->hosts && (other = hw_hosts_find(app->hosts, request->host)))
        app = other;
    return app;
}

static hw_body_plan plan_within(const hewn_app *asked, hw_exchange *exchange)
{
    const hewn_app *app = choose_app(asked, &exchange->request);
    const hw_reply *chosen = choose_reply(app, &exchange->request);
    exchange->answerer = &chosen->answerer;
    return chosen->answerer.plan(chosen->answerer.arg, exchange);
}

static hw_body_plan plan_dispatch(void *arg, hw_exchange *exchange)
{
    hw_sink_step(exchange->place->sink, "app/dispatch",
                 "host -> route -> middleware -> quick step or handler");
    return plan_within(arg, exchange);
}

/* Of an app that is mounted in another: the step has been told. */
static hw_body_plan plan_mounted(void *arg, hw_exchange *exchange)
{
    return plan_within(arg, exchange);
}

static bool quick_dispatch(void *arg, hw_exchange *exchange)
{
    const hw_answerer *chosen = exchange->answerer;
    (void)arg;
    return chosen->quick && chosen->quick(chosen->arg, exchange);
}

static void answer_dispatch(void *arg, hw_exchange *exchange)
{
    const hw_answerer *chosen = exchange->answerer;
    (void)arg;
    chosen->answer(chosen->arg, exchange);
}

hw_answerer hw_dispatch_of(hewn_app *app)
{
    return (hw_answerer){
        .plan = plan_dispatch, .quick = quick_dispatch, .answer = answer_dispatch, .arg = app};
}

hw_answerer hw_dispatch_mounted(hewn_app *app)
{
    return (hw_answerer){.plan = plan_mounted, .arg = app};
}

/* What a handler may ask about its request: the public view of an exchange. */
#include "app/dispatch.h"
#include "base/assert.h"
#include "http/query.h"

/* Texts of a request have a NUL behind them; an absent one has no memory. */
static const char *string_of_text(hw_text text)
{
    return text.at ? text.at : "";
}

const char *hewn_method(const hewn_request *rq)
{
    return string_of_text(rq->request.method_name);
}

const char *hewn_path(const hewn_request *rq)
{
    return string_of_text(rq->request.below.text);
}

const char *hewn_query(const hewn_request *rq, const char *name)
{
    /* The arena is the request's scratch: what a caller can see of the request stays as it is. */
    hw_arena *arena = &((hewn_request *)rq)->arena;
    hw_text value;
    if (!hw_query_find(arena, rq->request.target.query, hw_text_of(name), &value))
        return NULL;
    return string_of_text(value);
}

const char *hewn_header(const hewn_request *rq, const char *name)
{
    const hw_field *field = hw_fields_find_name(rq->request.fields, hw_text_of(name));
    return field ? string_of_text(field->value) : NULL;
}

const void *hewn_body(const hewn_request *rq, size_t *ret_length)
{
    if (ret_length)
        *ret_length = rq->request.content.length;
    return string_of_text(rq->request.content);
}

const char *hewn_or(const char *string, const char *fallback)
{
    return string ? string : fallback;
}

/* The route whose handler runs, and the part of its pattern with this name. NULL: misuse. */
static const hw_part *find_part(const hewn_request *rq, const char *name,
                                const hw_route **ret_route)
{
    const hw_route *route = hw_dispatch_route_of(rq);
    const hw_part *part = route ? hw_pattern_part(&route->pattern, hw_text_of(name)) : NULL;
    if (part)
        *ret_route = route;
    else
        hw_dispatch_misuse((hewn_request *)rq,
                           "a parameter that the route's pattern does not have");
    return part;
}

const char *hewn_param(const hewn_request *rq, const char *name)
{
    const hw_route *route;
    const hw_part *part = find_part(rq, name, &route);
    if (!part)
        return "";
    hw_text value = hw_pattern_value(&route->pattern, part, rq->request.below);
    const char *string = hw_arena_copy(&((hewn_request *)rq)->arena, value);
    if (!string)
        ((hewn_request *)rq)->response.is_broken = true;
    return string ? string : "";
}

hewn_int hewn_param_int(const hewn_request *rq, const char *name)
{
    const hw_route *route;
    const hw_part *part = find_part(rq, name, &route);
    long long value;
    if (!part)
        return 0;
    if (hw_pattern_read_int(hw_pattern_value(&route->pattern, part, rq->request.below), &value))
        return value;
    hw_dispatch_misuse((hewn_request *)rq, "a parameter that is no {name:int}");
    return 0;
}

hewn_app *hewn_app_of(const hewn_request *rq)
{
    const hw_reply *reply = hw_reply_to(rq);
    hw_assert(reply);
    return reply->scope->owner;
}

void *hewn_state(const hewn_request *rq)
{
    return hewn_app_of(rq)->opts.state;
}

void *hewn_arg(const hewn_request *rq)
{
    const hw_route *route = hw_dispatch_route_of(rq);
    return route ? route->arg : NULL;
}

void *hewn_alloc(hewn_request *rq, size_t bytes)
{
    return hw_arena_alloc_zeroed(&rq->arena, 1, bytes);
}

char *hewn_dup(hewn_request *rq, const char *string)
{
    return hw_arena_copy(&rq->arena, hw_text_of(string));
}

char *hewn_fmt(hewn_request *rq, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *string = hw_arena_formatv(&rq->arena, format, args);
    va_end(args);
    return string;
}

/* Names and values that come in lists: the query, the header, cookies and forms.
 *
 * Each list is decoded once and kept (call.h), so that walking it takes one step a pair however
 * often it is walked, and a place in it is a number that needs no upkeep. The header needs no
 * decoding and is walked where it is. hewn_query and hewn_cookie, which want one pair of what is
 * mostly short, look through the raw list instead and keep nothing.
 *
 * What is broken ends a query and a form as it ends hewn_query's search: what stood before it
 * counts. A form also remembers it, for the handler that wants to answer so. */
#include <errno.h>
#include <string.h>

#include "app/call.h"
#include "app/cookie.h"
#include "base/assert.h"
#include "http/query.h"

static bool grow_pairs(hw_pairs *pairs, hw_arena *arena)
{
    enum { PAIRS_FIRST = 8 };
    size_t capacity = pairs->capacity ? pairs->capacity * 2 : PAIRS_FIRST;
    hw_pair *at = hw_arena_alloc_zeroed(arena, capacity, sizeof *at);
    if (!at)
        return false;
    if (pairs->count > 0)
        memcpy(at, pairs->at, pairs->count * sizeof *at);
    pairs->at = at;
    pairs->capacity = capacity;
    return true;
}

/* 1, or -ENOMEM. */
static int add_pair(hw_pairs *pairs, hw_arena *arena, hw_text name, hw_text value)
{
    if (pairs->count == pairs->capacity && !grow_pairs(pairs, arena))
        return -ENOMEM;
    pairs->at[pairs->count++] = (hw_pair){name, value};
    return 1;
}

/* 0, or what ended it: -EINVAL, -E2BIG, -ENOMEM. */
static int read_pairs(hw_pairs *pairs, hw_arena *arena, hw_text raw)
{
    hw_query query;
    hw_text name, value;
    int result;
    hw_query_init(&query, raw, arena);
    while ((result = hw_query_next(&query, &name, &value)) > 0)
        if (add_pair(pairs, arena, name, value) < 0)
            return -ENOMEM;
    return result;
}

static void read_cookies(hw_pairs *pairs, hw_arena *arena, hw_fields fields)
{
    hw_cookies cookies;
    hw_text raw_name, raw, name, value;
    hw_cookies_init(&cookies, fields);
    while (hw_cookies_next(&cookies, &raw_name, &raw))
        if (!hw_cookie_looks_signed(raw) &&
            (!hw_arena_copy_text(arena, raw_name, &name) || !hw_cookie_decode(arena, raw, &value) ||
             add_pair(pairs, arena, name, value) < 0))
            return;
}

static hw_body_problem find_form_problem(int error)
{
    switch (error) {
    case -EINVAL:
        return (hw_body_problem){400, "the form has a broken percent-encoding", NULL};
    case -E2BIG:
        return (hw_body_problem){413, "the form has more than 512 fields", NULL};
    case -ENOMEM:
        return (hw_body_problem){503, "out of memory", NULL};
    default:
        return (hw_body_problem){0};
    }
}

static void read_form(hw_call *call, hw_exchange *exchange)
{
    static const char type[] = "application/x-www-form-urlencoded";
    bool is_form = hw_text_equal_nocase(hw_body_type(exchange), hw_text_of(type));
    if (hw_body_is_readable(exchange, is_form, "the body must be a form", type,
                            &call->form_problem))
        call->form_problem =
            find_form_problem(read_pairs(&call->form, &exchange->arena, exchange->request.content));
}

static const hw_pairs *keep_query(hw_call *call, hw_exchange *exchange)
{
    if (!call->query.is_read)
        (void)read_pairs(&call->query, &exchange->arena, exchange->request.target.query);
    call->query.is_read = true;
    return &call->query;
}

static const hw_pairs *keep_cookie_pairs(hw_call *call, hw_exchange *exchange)
{
    if (!call->cookies.is_read)
        read_cookies(&call->cookies, &exchange->arena, exchange->request.fields);
    call->cookies.is_read = true;
    return &call->cookies;
}

static const hw_pairs *keep_form(hw_call *call, hw_exchange *exchange)
{
    if (!call->form.is_read)
        read_form(call, exchange);
    call->form.is_read = true;
    call->body_problem = &call->form_problem;
    return &call->form;
}

/* NULL: no memory. */
static const hw_pairs *keep_part(hw_exchange *exchange, hewn_part part)
{
    hw_call *call = hw_call_of(exchange);
    if (!call)
        return NULL;
    switch (part) {
    case HEWN_QUERY:
        return keep_query(call, exchange);
    case HEWN_COOKIE:
        return keep_cookie_pairs(call, exchange);
    case HEWN_FORM:
        return keep_form(call, exchange);
    case HEWN_HEADER:
        break;
    }
    hw_assert(part != HEWN_HEADER); /* it is walked where it is */
    return NULL;
}

static bool show_pair(hewn_iter *iter, hw_text name, hw_text value)
{
    iter->name = name.at ? name.at : "";
    iter->value = value.at ? value.at : "";
    iter->length = value.length;
    return true;
}

static bool next_field(hw_fields fields, const char *name, hewn_iter *iter)
{
    while (iter->at < fields.count) {
        const hw_field *field = &fields.at[iter->at++];
        if (!name || hw_text_equal_nocase(field->name, hw_text_of(name)))
            return show_pair(iter, field->name, field->value);
    }
    return false;
}

static bool next_pair(const hw_pairs *pairs, const char *name, hewn_iter *iter)
{
    while (pairs && iter->at < pairs->count) {
        const hw_pair *pair = &pairs->at[iter->at++];
        if (!name || hw_text_equal(pair->name, hw_text_of(name)))
            return show_pair(iter, pair->name, pair->value);
    }
    return false;
}

bool hewn_each(hewn_request *rq, hewn_part part, const char *name, hewn_iter *iter)
{
    if (part == HEWN_HEADER)
        return next_field(rq->request.fields, name, iter);
    return next_pair(keep_part(rq, part), name, iter);
}

const char *hewn_form(hewn_request *rq, const char *name)
{
    hewn_iter iter = {0};
    return hewn_each(rq, HEWN_FORM, name ? name : "", &iter) ? iter.value : NULL;
}

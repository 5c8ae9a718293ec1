/* Builds a response: status, fields, body.
 *
 * Nothing here fails to its caller. A maker that runs out of memory, or is given a value that would
 * split the head, marks the response broken, and the driver answers a static 500: so a handler is
 * written as a straight line. */
#include "exchange/response.h"

#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "http/status.h"

void hw_response_start(hw_response *response, int status)
{
    if (response->is_final)
        hw_misuse_abort(NULL, 0, "a response is made of a request whose response is sent already");
    hw_source_drop(response->body);
    response->body = NULL;
    response->prepared = NULL;
    response->kind = HW_RESPONSE_MESSAGE;
    response->status = status;
    response->field_count = 0;
    response->feeder = NULL;
    response->detail = NULL;
    response->is_broken = response->is_plain = false;
}

/* For every answer from a cache: each member is written once. */
void hw_response_start_prepared(hw_response *response, hw_prepared *prepared, hw_source *body)
{
    hw_source_drop(response->body);
    response->body = body;
    response->prepared = body ? prepared : NULL;
    response->kind = HW_RESPONSE_MESSAGE;
    response->status = prepared->status;
    response->field_count = 0;
    response->feeder = NULL;
    response->is_broken = !body;
}

static bool grow_fields(hw_response *response)
{
    size_t capacity = response->field_capacity ? response->field_capacity * 2 : 8;
    hw_field *fields = hw_arena_alloc_zeroed(response->arena, capacity, sizeof *fields);
    if (!fields)
        return false;
    if (response->field_count > 0)
        memcpy(fields, response->fields, response->field_count * sizeof *fields);
    response->fields = fields;
    response->field_capacity = capacity;
    return true;
}

static void append_field(hw_response *response, hw_field field)
{
    bool is_full = response->field_count == response->field_capacity;
    if (!hw_field_value_is_valid(field.value) || (is_full && !grow_fields(response))) {
        response->is_broken = true;
        return;
    }
    response->fields[response->field_count++] = field;
}

void hw_response_add(hw_response *response, hw_field_id id, hw_text value)
{
    append_field(response, (hw_field){hw_text_of(hw_field_name(id)), value, id});
}

void hw_response_add_name(hw_response *response, hw_text name, hw_text value)
{
    if (!hw_token_is_valid(name))
        response->is_broken = true;
    else
        append_field(response, (hw_field){name, value, hw_field_id_of(name)});
}

/* False: the body does not say its type itself. */
static bool retype_body(hw_response *response, hw_text type)
{
    hw_source *body = response->body;
    if (!body || !body->ops->retype)
        return false;
    if (!hw_field_value_is_valid(type) || !body->ops->retype(body, type))
        response->is_broken = true;
    return true;
}

void hw_response_set_name(hw_response *response, hw_text name, hw_text value)
{
    if (hw_field_id_of(name) == HW_FIELD_CONTENT_TYPE && retype_body(response, value))
        return;
    size_t kept = 0;
    for (size_t i = 0; i < response->field_count; i++)
        if (!hw_text_equal_nocase(response->fields[i].name, name))
            response->fields[kept++] = response->fields[i];
    response->field_count = kept;
    hw_response_add_name(response, name, value);
}

void hw_response_take_body(hw_response *response, hw_source *body)
{
    hw_source_drop(response->body);
    response->body = body;
    response->is_plain = false;
    if (!body)
        response->is_broken = true;
}

void hw_response_take_feeder(hw_response *response, hw_feeder *feeder)
{
    hw_response_take_body(response, &feeder->flow.source);
    response->feeder = feeder;
}

void hw_response_set_bytes(hw_response *response, hw_text bytes)
{
    hw_response_take_body(response, hw_source_memory(response->arena, bytes));
}

void hw_response_plain(hw_response *response, int status, const char *words)
{
    hw_response_start(response, status);
    if (!hw_status_has_content(status))
        return;
    const char *line = words && *words ? words : hw_status_reason(status);
    char *bytes = hw_arena_format(response->arena, "%s\n", line);
    if (!bytes) {
        response->is_broken = true;
        return;
    }
    hw_response_add(response, HW_FIELD_CONTENT_TYPE, HW_TEXT("text/plain; charset=utf-8"));
    hw_response_set_bytes(response, hw_text_of(bytes));
    response->is_plain = true;
    if (words && *words)
        response->detail = hw_arena_copy(response->arena, hw_text_of(words));
}

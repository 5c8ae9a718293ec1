/* Answers with a file that was found: conditions, then a range, then the body (RFC 9110 13.2.1,
 * 14.2).
 *
 * What is said of the file is prepared with its entry; only a part of it, and what conditions make of
 * it, is said for one answer. */
#include "kit/represent.h"

#include "http/condition.h"

static void add_content_range(hw_exchange *exchange, const hw_range *part, uint64_t size)
{
    enum { CONTENT_RANGE_BYTES = 80 }; /* "bytes ", three numbers of 20 digits, "-" and "/" */
    char *memory = hw_arena_alloc(&exchange->arena, CONTENT_RANGE_BYTES);
    if (!memory) {
        exchange->response.is_broken = true;
        return;
    }
    hw_buffer value = hw_buffer_over(memory, CONTENT_RANGE_BYTES);
    hw_range_put(&value, part, size);
    hw_response_add(&exchange->response, HW_FIELD_CONTENT_RANGE, hw_buffer_text(&value));
}

/* RFC 9110 14.2: a Range that does not apply, or makes no sense, is as if it were not there. */
static hw_range_outcome choose_range(const hw_exchange *exchange, const hw_representation *file,
                                     hw_range *ret_part)
{
    const hw_request *request = &exchange->request;
    hw_ranges ranges;
    if (!hw_condition_range_applies(request->method, request->fields, file->tag,
                                    file->last_modified, exchange->now_ms / 1000))
        return HW_RANGE_IGNORE;
    hw_text asked = hw_fields_single(request->fields, HW_FIELD_RANGE);
    hw_range_outcome outcome = hw_range_parse(asked, file->length, &ranges);
    /* RFC 9110 14.2: more than one part would be a multipart answer; the whole is always right. */
    if (outcome == HW_RANGE_SATISFIABLE && ranges.count != 1)
        return HW_RANGE_IGNORE;
    if (outcome == HW_RANGE_SATISFIABLE)
        *ret_part = ranges.at[0];
    return outcome;
}

static void refuse_range(hw_exchange *exchange, uint64_t size)
{
    hw_response_plain(&exchange->response, 416, NULL);
    add_content_range(exchange, NULL, size); /* RFC 9110 15.5.17 */
}

/* The body holds the entry, and with it the prepared head; so an answer without content has one
 * too, which is never pulled. */
static void send_prepared(hw_exchange *exchange, hw_entry *entry, hw_prepared *head)
{
    hw_range all = {0, entry->file.length};
    hw_response_start_prepared(&exchange->response, head,
                               hw_entry_body(entry, all, &exchange->arena));
}

/* RFC 9110 15.3.7: the fields of a 200, but for the length and with the place. */
static void send_part(hw_exchange *exchange, hw_entry *entry, hw_range part)
{
    hw_response *response = &exchange->response;
    hw_fields whole = entry->file.whole.fields;
    hw_source *body = hw_entry_body(entry, part, &exchange->arena);
    hw_response_start(response, 206);
    hw_response_add(response, HW_FIELD_CONTENT_TYPE, whole.at[0].value);
    add_content_range(exchange, &part, entry->file.length);
    for (size_t i = 1; i < whole.count; i++)
        if (whole.at[i].id != HW_FIELD_CONTENT_LENGTH)
            hw_response_add_name(response, whole.at[i].name, whole.at[i].value);
    hw_response_take_body(response, body);
}

static void send_representation(hw_exchange *exchange, hw_entry *entry)
{
    hw_range part;
    switch (choose_range(exchange, &entry->file, &part)) {
    case HW_RANGE_UNSATISFIABLE:
        refuse_range(exchange, entry->file.length);
        break;
    case HW_RANGE_SATISFIABLE:
        send_part(exchange, entry, part);
        break;
    case HW_RANGE_IGNORE:
        send_prepared(exchange, entry, &entry->file.whole);
        break;
    }
}

/* Not in line with the usual answer, which needs none of all this. */
static __attribute__((noinline)) void answer_conditionally(hw_exchange *exchange, hw_entry *entry)
{
    const hw_request *request = &exchange->request;
    hw_representation *file = &entry->file;
    switch (hw_condition_check(request->method, request->fields, file->tag, file->last_modified,
                               exchange->now_ms / 1000)) {
    case HW_CONDITION_NOT_MODIFIED:
        send_prepared(exchange, entry, &file->unchanged);
        break;
    case HW_CONDITION_FAILED:
        hw_response_plain(&exchange->response, 412, NULL);
        break;
    case HW_CONDITION_PROCEED:
        send_representation(exchange, entry);
        break;
    }
}

void hw_represent(hw_exchange *exchange, hw_entry *entry)
{
    if (hw_condition_is_absent(exchange->request.fields))
        send_prepared(exchange, entry, &entry->file.whole);
    else
        answer_conditionally(exchange, entry);
}

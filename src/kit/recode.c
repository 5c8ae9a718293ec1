/* Codes files on their way.
 *
 * The answer is the file's own 200, but for what the coding changes: its length is not known and its
 * bytes may be others with the next version of a library, so the tag is a weak one, of the content and
 * the coding (RFC 9110 8.8.1), and there are no ranges. A client that has been given the same content
 * by the press has a tag with another suffix, and gets it anew. */
#include "kit/recode.h"

#include "http/condition.h"
#include "kit/coded.h"

/* W/"1234-br" of "1234"; empty where there is none. False: no memory. */
static bool make_tag_on_the_way(hw_exchange *exchange, const hw_representation *file,
                                hw_coding coding, hw_text *ret_tag)
{
    hw_text opaque = file->tag;
    *ret_tag = HW_TEXT("");
    if (opaque.length == 0)
        return true;
    if (hw_text_has_prefix(opaque, HW_TEXT("W/")))
        opaque = hw_text_from(opaque, 2);
    const char *tag = hw_arena_format(&exchange->arena, "W/%.*s-%s\"",
                                      HW_TEXT_ARGS(hw_text_upto(opaque, opaque.length - 1)),
                                      hw_coding_name(coding).at);
    if (tag)
        *ret_tag = hw_text_of(tag);
    return tag != NULL;
}

/* All but what is about the bytes as they are. */
static void add_fields_of_file(hw_response *response, hw_fields fields, hw_text tag)
{
    for (size_t i = 0; i < fields.count; i++) {
        const hw_field *field = &fields.at[i];
        if (field->id == HW_FIELD_ETAG)
            hw_response_add(response, HW_FIELD_ETAG, tag);
        else if (field->id != HW_FIELD_CONTENT_LENGTH &&
                 !hw_text_equal(field->name, HW_TEXT("Accept-Ranges")))
            hw_response_add_name(response, field->name, field->value);
    }
}

static bool send_coded(hw_exchange *exchange, hw_entry *entry, hw_coding coding, hw_text tag)
{
    hw_response *response = &exchange->response;
    hw_range all = {0, entry->file.length};
    hw_source *inner = hw_entry_body(entry, &entry->file, all, &exchange->arena);
    if (!inner)
        return false;
    hw_response_start(response, 200);
    hw_source *body = hw_coded_new(exchange, inner, coding);
    if (!body) {
        hw_source_drop(inner);
        return false;
    }
    add_fields_of_file(response, entry->file.whole.fields, tag);
    hw_response_add(response, HW_FIELD_CONTENT_ENCODING, hw_coding_name(coding));
    hw_response_take_body(response, body);
    return true;
}

bool hw_recode(hw_exchange *exchange, hw_entry *entry, hw_coding coding)
{
    const hw_request *request = &exchange->request;
    const hw_budget *budget = exchange->arena.budget;
    hw_text tag;
    if ((budget && hw_budget_is_tight(budget)) ||
        !make_tag_on_the_way(exchange, &entry->file, coding, &tag))
        return false;
    switch (hw_condition_check(request->method, request->fields, tag, entry->file.last_modified,
                               exchange->now_ms / 1000)) {
    case HW_CONDITION_NOT_MODIFIED:
        hw_response_start(&exchange->response, 304);
        add_fields_of_file(&exchange->response, entry->file.unchanged.fields, tag);
        return true;
    case HW_CONDITION_FAILED:
        hw_response_plain(&exchange->response, 412, NULL);
        hw_policy_put(entry->policy, &exchange->response);
        return true;
    case HW_CONDITION_PROCEED:
        break;
    }
    return send_coded(exchange, entry, coding, tag);
}

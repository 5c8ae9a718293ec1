/* Entity tags that handlers give their answers, and what clients have asked about them. */
#include <string.h>

#include "app/dispatch.h"
#include "base/list.h"
#include "http/condition.h"
#include "http/etag.h"

/* The tag as a field has it, in the arena: `tag` itself, or that in quotes. at NULL: no memory. */
static hw_text quote_tag(hw_arena *arena, const char *tag)
{
    hw_etag parsed;
    hw_text quoted = {0};
    bool is_tag = hw_etag_parse(hw_text_of(tag), &parsed);
    const char *copy = hw_arena_format(arena, is_tag ? "%s" : "\"%s\"", tag);
    if (copy)
        quoted = hw_text_of(copy);
    return quoted;
}

/* RFC 9110 15.4.5: a 304 has the fields that say something about what the client has, and no
 * content nor what describes it. */
static void turn_unmodified(hw_response *response)
{
    size_t kept = 0;
    for (size_t i = 0; i < response->field_count; i++)
        if (response->fields[i].id != HW_FIELD_CONTENT_TYPE &&
            response->fields[i].id != HW_FIELD_CONTENT_ENCODING)
            response->fields[kept++] = response->fields[i];
    response->field_count = kept;
    response->status = 304;
    hw_source_drop(response->body);
    response->body = NULL;
}

bool hewn_etag(hewn_response *rs, const char *tag)
{
    hewn_request *rq = HW_MEMBER(rs, hewn_request, response);
    hw_text quoted = quote_tag(rs->arena, tag ? tag : "");
    hw_etag parsed;
    if (rs->prepared) /* of a file, which has its own tag and has looked at the conditions */
        return false;
    if (!quoted.at) {
        rs->is_broken = true;
        return false;
    }
    if (!tag || !*tag || !hw_etag_parse(quoted, &parsed)) {
        hw_dispatch_misuse(rq, "an entity tag that cannot be sent");
        return false;
    }
    hw_response_set_name(rs, HW_TEXT("ETag"), quoted);
    if (rs->status < 200 || rs->status > 299) /* RFC 9110 13.2.1 */
        return false;
    switch (hw_condition_check(rq->request.method, rq->request.fields, quoted, HW_NO_DATE,
                               rq->now_ms / 1000)) {
    case HW_CONDITION_NOT_MODIFIED:
        turn_unmodified(rs);
        return true;
    case HW_CONDITION_FAILED:
        hw_response_plain(rs, 412, NULL);
        return true;
    case HW_CONDITION_PROCEED:
        break;
    }
    return false;
}

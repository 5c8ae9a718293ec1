/* Answers with a file that was found: coding, conditions, ranges, body (RFC 9110 12.5.3, 13.2.1,
 * 14.2).
 *
 * What is said of the file is prepared with its entry; only parts of it, and what conditions make
 * of it, are said for one answer. */
#include "kit/represent.h"

#include <string.h>

#include "exchange/narrator.h"
#include "http/condition.h"
#include "kit/multipart.h"
#include "kit/recode.h"

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
                                     hw_ranges *ret_parts)
{
    const hw_request *request = &exchange->request;
    if (!hw_condition_range_applies(request->method, request->fields, file->tag,
                                    file->last_modified, exchange->now_ms / 1000))
        return HW_RANGE_IGNORE;
    hw_text asked = hw_fields_single(request->fields, HW_FIELD_RANGE);
    return hw_range_parse(asked, file->length, ret_parts);
}

static void refuse_range(hw_exchange *exchange, const hw_entry *entry, uint64_t length)
{
    hw_response_plain(&exchange->response, 416, NULL);
    add_content_range(exchange, NULL, length); /* RFC 9110 15.5.17 */
    hw_policy_put(entry->policy, &exchange->response);
}

/* The body holds the entry, and with it the prepared head; so an answer without content has one
 * too, which is never pulled. */
static void send_prepared(hw_exchange *exchange, hw_entry *entry, hw_representation *file,
                          hw_prepared *head)
{
    hw_range all = {0, file->length};
    hw_response_start_prepared(&exchange->response, head,
                               hw_entry_body(entry, file, all, &exchange->arena));
}

/* RFC 9110 15.3.7: the fields of a 200, but for type and length. */
static void add_fields_of_whole(hw_response *response, const hw_representation *file)
{
    hw_fields whole = file->whole.fields;
    for (size_t i = 1; i < whole.count; i++)
        if (whole.at[i].id != HW_FIELD_CONTENT_LENGTH)
            hw_response_add_name(response, whole.at[i].name, whole.at[i].value);
}

static void send_part(hw_exchange *exchange, hw_entry *entry, hw_representation *file,
                      hw_range part)
{
    hw_response *response = &exchange->response;
    hw_source *body = hw_entry_body(entry, file, part, &exchange->arena);
    hw_response_start(response, 206);
    hw_response_add(response, HW_FIELD_CONTENT_TYPE, file->whole.fields.at[0].value);
    add_content_range(exchange, &part, file->length);
    add_fields_of_whole(response, file);
    hw_response_take_body(response, body);
}

/* RFC 9110 15.3.7.2: the ranges are said in the parts, and not in the head. False: there is nothing
 * to make a boundary of. */
static bool send_several(hw_exchange *exchange, hw_entry *entry, hw_representation *file,
                         const hw_ranges *parts)
{
    hw_response *response = &exchange->response;
    char *type = hw_arena_alloc(&exchange->arena, HW_MULTIPART_TYPE_BYTES);
    hw_source *body = NULL;
    int error =
        type ? hw_multipart_new(entry, file, parts, &exchange->arena, type, &body) : -ENOMEM;
    if (error < 0 && error != -ENOMEM)
        return false;
    hw_response_start(response, 206);
    if (body)
        hw_response_add(response, HW_FIELD_CONTENT_TYPE, hw_text_of(type));
    add_fields_of_whole(response, file);
    hw_response_take_body(response, body);
    return true;
}

static void send_representation(hw_exchange *exchange, hw_entry *entry, hw_representation *file)
{
    hw_ranges parts;
    hw_range_outcome outcome = choose_range(exchange, file, &parts);
    bool is_several = outcome == HW_RANGE_SATISFIABLE && parts.count > 1;
    if (is_several && send_several(exchange, entry, file, &parts))
        return;
    switch (is_several ? HW_RANGE_IGNORE : outcome) {
    case HW_RANGE_UNSATISFIABLE:
        refuse_range(exchange, entry, file->length);
        break;
    case HW_RANGE_SATISFIABLE:
        send_part(exchange, entry, file, parts.at[0]);
        break;
    case HW_RANGE_IGNORE:
        send_prepared(exchange, entry, file, &file->whole);
        break;
    }
}

/* By its other tag, which says of the same bytes that they are known. */
static __attribute__((noinline)) bool is_known_otherwise(const hw_exchange *exchange,
                                                         const hw_representation *file)
{
    const hw_request *request = &exchange->request;
    return hw_condition_check(request->method, request->fields, file->other_tag,
                              file->last_modified,
                              exchange->now_ms / 1000) == HW_CONDITION_NOT_MODIFIED;
}

/* Not in line with the usual answer, which needs none of all this. */
static __attribute__((noinline)) void answer_conditionally(hw_exchange *exchange, hw_entry *entry,
                                                           hw_representation *file)
{
    const hw_request *request = &exchange->request;
    switch (hw_condition_check(request->method, request->fields, file->tag, file->last_modified,
                               exchange->now_ms / 1000)) {
    case HW_CONDITION_NOT_MODIFIED:
        send_prepared(exchange, entry, file, &file->unchanged);
        break;
    case HW_CONDITION_FAILED:
        hw_response_plain(&exchange->response, 412, NULL);
        hw_policy_put(entry->policy, &exchange->response);
        break;
    case HW_CONDITION_PROCEED:
        if (file->other_tag.length > 0 && is_known_otherwise(exchange, file))
            send_prepared(exchange, entry, file, &file->unchanged);
        else
            send_representation(exchange, entry, file);
        break;
    }
}

static inline void represent(hw_exchange *exchange, hw_entry *entry, hw_representation *file)
{
    if (hw_condition_is_absent(exchange->request.fields))
        send_prepared(exchange, entry, file, &file->whole);
    else
        answer_conditionally(exchange, entry, file);
}

/* RFC 9110 12.5.3, 15.5.7. */
static void refuse_codings(hw_exchange *exchange, const hw_entry *entry)
{
    hw_response_plain(&exchange->response, 406, NULL);
    hw_response_add(&exchange->response, HW_FIELD_VARY, HW_TEXT("Accept-Encoding"));
    hw_policy_put(entry->policy, &exchange->response);
}

/* First what lies there, then what the press has made, then what can be made on the way; each beside
 * the file as it is, which a client may want more than any coding. */
static hw_coding read_choice(const hw_exchange *exchange, const hw_variants *variants)
{
    const unsigned offered[] = {variants->siblings, variants->pressed, variants->on_the_way};
    hw_coding_wishes wishes = hw_coding_read(exchange->request.fields);
    hw_coding chosen = HW_CODING_NONE;
    for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++) {
        chosen = hw_coding_choose(&wishes, offered[i] | HW_CODING_BIT(HW_CODING_IDENTITY));
        if (chosen != HW_CODING_IDENTITY && chosen != HW_CODING_NONE)
            return chosen;
    }
    return chosen;
}

/* What was asked for last is not read again. */
static hw_coding choose_variant(const hw_exchange *exchange, hw_variants *variants)
{
    hw_text asked = hw_fields_single(exchange->request.fields, HW_FIELD_ACCEPT_ENCODING);
    hw_text before = {variants->asked, variants->asked_length};
    if (asked.length == 0 || asked.length > sizeof variants->asked)
        return read_choice(exchange, variants);
    if (!hw_text_equal(asked, before)) {
        memcpy(variants->asked, asked.at, asked.length);
        variants->asked_length = asked.length;
        variants->chosen = read_choice(exchange, variants);
    }
    return variants->chosen;
}

static __attribute__((noinline)) void tell_of_coding(const hw_exchange *exchange,
                                                     const hw_entry *entry, hw_coding coding)
{
    const hw_variants *variants = entry->variants;
    const char *name = coding == HW_CODING_NONE ? "" : hw_coding_name(coding).at;
    if (coding == HW_CODING_NONE)
        hw_exchange_tell(exchange, "coding", "none that is there is acceptable");
    else if (coding == HW_CODING_IDENTITY)
        hw_exchange_tell(exchange, "coding", "the file as it is");
    else if (variants->siblings & HW_CODING_BIT(coding))
        hw_exchange_tell(exchange, "coding", "%s: '%s%s'", name, entry->name,
                         hw_coding_suffix(coding).at);
    else
        hw_exchange_tell(exchange, "coding", "%s, made while it is sent%s", name,
                         variants->is_asking ? "; then once more, as small as it gets" : "");
}

/* Once an entry: who asks next finds it, or is there while it is made. Not for somebody who only wants
 * to know. */
static void ask_press(const hw_exchange *exchange, hw_entry *entry)
{
    hw_variants *variants = entry->variants;
    if (variants->is_asking && !exchange->place->narrator)
        variants->is_asking =
            !hw_press_ask(variants->press, variants->root, entry->name, entry->file.hash);
}

static __attribute__((noinline)) void represent_coded(hw_exchange *exchange, hw_entry *entry)
{
    hw_coding coding = choose_variant(exchange, entry->variants);
    if (exchange->place->narrator)
        tell_of_coding(exchange, entry, coding);
    if (coding == HW_CODING_NONE) {
        refuse_codings(exchange, entry);
        return;
    }
    hw_representation *file = hw_entry_representation(entry, coding);
    if (!file) {
        ask_press(exchange, entry);
        if (hw_recode(exchange, entry, coding))
            return;
        file = &entry->file;
    }
    represent(exchange, entry, file);
}

void hw_represent(hw_exchange *exchange, hw_entry *entry)
{
    if (entry->variants)
        represent_coded(exchange, entry);
    else
        represent(exchange, entry, &entry->file);
}

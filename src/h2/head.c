/* From a list of names and values to a head that means what one of HTTP/1.1 would mean.
 *
 * All of RFC 9113 8.2 and 8.3 is decided here, nothing of it is left to nghttp2: so the rules are
 * the same with each of its versions, can be read and tested in one place, and have reasons that
 * can be logged. Wherever a head could be read as another one by somebody behind us it is malformed
 * rather than repaired: connection-specific fields, a Host that is not the authority, two lengths,
 * names or values that HTTP/1.1 could not carry (RFC 9113 10.3). Repaired is what the RFC says is
 * the same: cookies in pieces become one (8.2.3), and :authority becomes the Host that everybody
 * above knows (8.3.1).
 *
 * A list that is too large is still read to its end, for HPACK's sake, but nothing more is kept or
 * looked at; so memory is bounded by head_bytes_max, whatever the list decodes to. Stricter than
 * the RFC: an authority must be there and be valid, as HTTP/1.1's Host must; a CONNECT has no
 * Content-Length. */
#include "h2/head.h"

#include <string.h>

#include "base/assert.h"
#include "base/buffer.h"
#include "base/cursor.h"
#include "base/number.h"
#include "http/authority.h"
#include "http/element.h"
#include "http/scan.h"

enum { FIELD_OVERHEAD_BYTES = 32 }; /* RFC 9113 6.5.2 */

typedef enum pseudo_field {
    PSEUDO_METHOD = 1,
    PSEUDO_SCHEME = 2,
    PSEUDO_PATH = 4,
    PSEUDO_AUTHORITY = 8,
    PSEUDO_PROTOCOL = 16,
} pseudo_field;

hw_h2_head_limits hw_h2_head_limits_default(void)
{
    return (hw_h2_head_limits){
        .fields_max = 100,
        .target_bytes_max = 8 * 1024,
        .field_bytes_max = 8 * 1024,
        .head_bytes_max = 32 * 1024,
        .trailers_max = 20,
        .trailers_bytes_max = 8 * 1024,
    };
}

static void conclude(hw_h2_head_builder *builder, hw_h2_verdict verdict, int status,
                     const char *reason, const char *section)
{
    if (builder->verdict != HW_H2_VERDICT_SOUND)
        return;
    builder->verdict = verdict;
    builder->head.problem = (hw_problem){status, reason, section};
}

static void call_malformed(hw_h2_head_builder *builder, const char *reason, const char *section)
{
    conclude(builder, HW_H2_VERDICT_MALFORMED, 400, reason, section);
}

static void call_too_large(hw_h2_head_builder *builder, int status, const char *reason)
{
    const char *section = status == 413   ? "RFC 9110 8.6"
                          : status == 414 ? "RFC 9110 15.5.15"
                                          : "RFC 6585 5";
    conclude(builder, HW_H2_VERDICT_TOO_LARGE, status, reason, section);
}

static void call_out_of_memory(hw_h2_head_builder *builder)
{
    conclude(builder, HW_H2_VERDICT_NO_MEMORY, 503, "no memory for the head", "RFC 9110 15.6.4");
}

void hw_h2_head_begin(hw_h2_head_builder *builder, const hw_h2_head_limits *limits, hw_arena *arena,
                      bool is_trailers)
{
    *builder = (hw_h2_head_builder){
        .limits = limits,
        .arena = arena,
        .head = {.content_length = HW_H2_LENGTH_UNKNOWN, .priority = HW_PRIORITY_DEFAULT},
        .room = is_trailers ? limits->trailers_max : limits->fields_max + 1, /* the Host we make */
        .is_trailers = is_trailers,
    };
    size_t bytes; /* not zeroed: that would be most of what a small head costs */
    if (hw_size_multiply(builder->room, sizeof *builder->fields, &bytes))
        builder->fields = hw_arena_alloc(arena, bytes);
    if (!builder->fields)
        call_out_of_memory(builder);
    else if (!is_trailers)
        builder->count = 1; /* fields[0] is Host */
}

/* A copy of a text; false, and concluded, where there is no memory. */
static bool keep_text(hw_h2_head_builder *builder, hw_text text, hw_text *ret_kept)
{
    if (hw_arena_copy_text(builder->arena, text, ret_kept))
        return true;
    call_out_of_memory(builder);
    return false;
}

static void accept_method(hw_h2_head_builder *builder, hw_text value)
{
    if (!hw_token_is_valid(value))
        call_malformed(builder, "the method is no token", "RFC 9113 8.3.1");
    else if (keep_text(builder, value, &builder->head.method_name))
        builder->head.method = hw_method_of(value);
}

/* RFC 9113 8.3.1: others may be meant for a gateway, which this server is not. */
static void accept_scheme(hw_h2_head_builder *builder, hw_text value)
{
    if (hw_text_equal_nocase(value, HW_TEXT("https")))
        builder->head.scheme = HW_TEXT("https");
    else if (hw_text_equal_nocase(value, HW_TEXT("http")))
        builder->head.scheme = HW_TEXT("http");
    else if (value.length == 0 || !hw_scan_is_made_of(value, HW_SCAN_TARGET))
        call_malformed(builder, "malformed scheme", "RFC 9113 8.3.1");
    else
        conclude(builder, HW_H2_VERDICT_TOO_LARGE, 400, "neither http nor https", "RFC 9110 4.2");
}

/* Whether it is "*" is looked at when the method is known. */
static void accept_path(hw_h2_head_builder *builder, hw_text value)
{
    bool is_path = value.length > 0 && (value.at[0] == '/' || hw_text_equal(value, HW_TEXT("*")));
    if (!is_path)
        call_malformed(builder, "the path does not begin with a slash", "RFC 9113 8.3.1");
    else if (!hw_scan_is_made_of(value, HW_SCAN_TARGET))
        call_malformed(builder, "a byte in the path that none may have", "RFC 9113 8.3.1");
    else if (value.length > builder->limits->target_bytes_max)
        call_too_large(builder, 414, "the target is too long");
    else
        (void)keep_text(builder, value, &builder->head.target);
}

/* RFC 9110 4.2.1, 4.2.4: a host that is not empty, and nobody's name and password. */
static void accept_authority(hw_h2_head_builder *builder, hw_text value)
{
    if (!hw_authority_is_valid(value))
        call_malformed(builder, "malformed authority", "RFC 9113 8.3.1");
    else
        (void)keep_text(builder, value, &builder->head.authority);
}

static void accept_protocol(hw_h2_head_builder *builder, hw_text value)
{
    if (!hw_token_is_valid(value))
        call_malformed(builder, "the protocol is no token", "RFC 8441 4");
    else
        (void)keep_text(builder, value, &builder->head.protocol);
}

static void add_pseudo_field(hw_h2_head_builder *builder, hw_text name, hw_text value)
{
    static const struct {
        hw_text name;
        pseudo_field which;
        void (*take)(hw_h2_head_builder *builder, hw_text value);
    } known[] = {
        {HW_TEXT_INIT(":method"), PSEUDO_METHOD, accept_method},
        {HW_TEXT_INIT(":scheme"), PSEUDO_SCHEME, accept_scheme},
        {HW_TEXT_INIT(":path"), PSEUDO_PATH, accept_path},
        {HW_TEXT_INIT(":authority"), PSEUDO_AUTHORITY, accept_authority},
        {HW_TEXT_INIT(":protocol"), PSEUDO_PROTOCOL, accept_protocol},
    };
    if (builder->is_trailers) {
        call_malformed(builder, "a pseudo-header field in trailers", "RFC 9113 8.3");
        return;
    }
    if (builder->seen) { /* of any field, also of one without an id */
        call_malformed(builder, "a pseudo-header field behind a field", "RFC 9113 8.3");
        return;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!hw_text_equal(name, known[i].name))
            continue;
        if (builder->pseudo & known[i].which)
            call_malformed(builder, "a repeated pseudo-header field", "RFC 9113 8.3");
        builder->pseudo |= known[i].which;
        if (builder->verdict == HW_H2_VERDICT_SOUND)
            known[i].take(builder, value);
        return;
    }
    call_malformed(builder, "an unknown pseudo-header field", "RFC 9113 8.3");
}

/* RFC 9113 8.2.1: a token, and in lower case. */
static bool is_lower_token(hw_text name)
{
    if (!hw_token_is_valid(name))
        return false;
    for (size_t i = 0; i < name.length; i++)
        if (name.at[i] >= 'A' && name.at[i] <= 'Z')
            return false;
    return true;
}

/* RFC 9113 8.2.2 */
static bool is_of_connection(hw_field_id id, hw_text name, hw_text value)
{
    switch (id) {
    case HW_FIELD_CONNECTION:
    case HW_FIELD_KEEP_ALIVE:
    case HW_FIELD_TRANSFER_ENCODING:
    case HW_FIELD_UPGRADE:
        return true;
    case HW_FIELD_TE:
        return !hw_text_equal_nocase(value, HW_TEXT("trailers"));
    case HW_FIELD_OTHER:
        return hw_text_equal(name, HW_TEXT("proxy-connection"));
    default:
        return false;
    }
}

static bool has_only_digits(hw_text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!hw_char_is_digit(text.at[i]))
            return false;
    return text.length > 0;
}

/* RFC 9110 8.6, as in HTTP/1.1: one line, digits only. */
static void take_content_length(hw_h2_head_builder *builder, hw_text value)
{
    uint64_t length;
    if (builder->repeated & HW_FIELD_BIT(HW_FIELD_CONTENT_LENGTH))
        call_malformed(builder, "more than one Content-Length", "RFC 9110 8.6");
    else if (!has_only_digits(value))
        call_malformed(builder, "malformed Content-Length", "RFC 9110 8.6");
    else if (!hw_number_decimal(value, &length) || length > INT64_MAX)
        call_too_large(builder, 413, "Content-Length out of range");
    else
        builder->head.content_length = length;
}

static void take_expectations(hw_h2_head *head, hw_text value)
{
    hw_cursor list = hw_cursor_of(value);
    hw_text expectation;
    while (hw_element_next(&list, &expectation)) {
        if (hw_text_equal_nocase(expectation, HW_TEXT("100-continue")))
            head->expects_continue = true;
        else
            head->expects_other = true;
    }
}

/* RFC 9113 8.3.1; RFC 9112 3.2: one Host, and the same as the authority. */
static void check_host_field(hw_h2_head_builder *builder, hw_text value)
{
    hw_text *authority = &builder->head.authority;
    if (builder->repeated & HW_FIELD_BIT(HW_FIELD_HOST))
        call_malformed(builder, "more than one Host", "RFC 9112 3.2");
    else if (builder->pseudo & PSEUDO_AUTHORITY) {
        if (!hw_text_equal_nocase(value, *authority))
            call_malformed(builder, "Host is not the authority", "RFC 9113 8.3.1");
    } else if (!hw_authority_is_valid(value)) {
        call_malformed(builder, "malformed Host", "RFC 9112 3.2");
    } else {
        (void)keep_text(builder, value, authority);
    }
}

/* Cookies in pieces hang on each other until the end puts them together, so that a hundred of them
 * take one place in the table (RFC 9113 8.2.3). */
struct hw_h2_crumb {
    hw_h2_crumb *next;
    hw_text value;
};

/* False: it is not the first, and the table has a place for it already. */
static bool take_cookie(hw_h2_head_builder *builder, hw_text value)
{
    hw_h2_crumbs *crumbs = &builder->crumbs;
    hw_h2_crumb *crumb = hw_arena_alloc(builder->arena, sizeof *crumb);
    if (!crumb || !hw_arena_copy_text(builder->arena, value, &crumb->value)) {
        call_out_of_memory(builder);
        return false;
    }
    crumb->next = NULL;
    bool is_first = !crumbs->first;
    if (is_first) {
        crumbs->first = crumb;
        crumbs->place = builder->count;
        crumbs->bytes = value.length;
    } else {
        crumbs->last->next = crumb;
        crumbs->bytes += 2 + value.length;
    }
    crumbs->last = crumb;
    return is_first;
}

static void join_cookies(hw_h2_head_builder *builder)
{
    const hw_h2_crumbs *crumbs = &builder->crumbs;
    if (!crumbs->first || crumbs->first == crumbs->last)
        return;
    char *joined = hw_arena_alloc(builder->arena, crumbs->bytes + 1);
    if (!joined) {
        call_out_of_memory(builder);
        return;
    }
    hw_buffer buffer = hw_buffer_over(joined, crumbs->bytes + 1);
    for (const hw_h2_crumb *crumb = crumbs->first; crumb; crumb = crumb->next) {
        if (crumb != crumbs->first)
            hw_buffer_put(&buffer, HW_TEXT("; "));
        hw_buffer_put(&buffer, crumb->value);
    }
    hw_buffer_put_char(&buffer, '\0');
    hw_assert(!buffer.overflow);
    builder->fields[crumbs->place].value = (hw_text){joined, crumbs->bytes};
}

/* What a field says that somebody besides the handler wants to know. False: it takes no place in
 * the table. */
static bool take_meaning(hw_h2_head_builder *builder, hw_field_id id, hw_text name, hw_text value)
{
    hw_h2_head *head = &builder->head;
    switch (id) {
    case HW_FIELD_HOST:
        check_host_field(builder, value);
        return false;
    case HW_FIELD_COOKIE:
        return take_cookie(builder, value);
    case HW_FIELD_CONTENT_LENGTH:
        take_content_length(builder, value);
        return true;
    case HW_FIELD_EXPECT:
        take_expectations(head, value);
        return true;
    case HW_FIELD_OTHER:
        if (hw_text_equal(name, HW_TEXT("priority"))) {
            hw_priority_read(value, &head->priority);
            head->has_priority = true;
        }
        return true;
    default:
        return true;
    }
}

static void keep_field(hw_h2_head_builder *builder, hw_field_id id, hw_text name, hw_text value)
{
    if (builder->count == builder->room) {
        call_too_large(builder, 431, "too many fields");
        return;
    }
    hw_field *field = &builder->fields[builder->count];
    if (!keep_text(builder, name, &field->name) || !keep_text(builder, value, &field->value))
        return;
    field->id = id;
    builder->count++;
}

static void add_field(hw_h2_head_builder *builder, hw_text name, hw_text value)
{
    if (!is_lower_token(name)) {
        call_malformed(builder, "a field name that is no token in lower case", "RFC 9113 8.2.1");
        return;
    }
    if (!hw_field_value_is_valid(value)) {
        call_malformed(builder, "a byte in a field value that none may have", "RFC 9113 8.2.1");
        return;
    }
    hw_field_id id = hw_field_id_of_token(name);
    if (is_of_connection(id, name, value)) {
        call_malformed(builder, "a field of the connection", "RFC 9113 8.2.2");
        return;
    }
    if (builder->is_trailers) {
        if (hw_field_may_trail(name))
            keep_field(builder, id, name, value);
        return;
    }
    builder->repeated |= builder->seen & HW_FIELD_BIT(id);
    builder->seen |= HW_FIELD_BIT(id);
    if (name.length + value.length > builder->limits->field_bytes_max)
        call_too_large(builder, 431, "a field is too large");
    else if (take_meaning(builder, id, name, value) && builder->verdict == HW_H2_VERDICT_SOUND)
        keep_field(builder, id, name, value);
}

void hw_h2_head_add(hw_h2_head_builder *builder, hw_text name, hw_text value)
{
    if (builder->verdict != HW_H2_VERDICT_SOUND)
        return;
    size_t max = builder->is_trailers ? builder->limits->trailers_bytes_max
                                      : builder->limits->head_bytes_max;
    size_t left = max - builder->list_bytes;
    /* No sum of these three is over what a size holds: HPACK's strings are in memory. */
    if (name.length + value.length + FIELD_OVERHEAD_BYTES > left) {
        call_too_large(builder, 431, "the head is too large");
        return;
    }
    builder->list_bytes += name.length + value.length + FIELD_OVERHEAD_BYTES;
    if (name.length > 0 && name.at[0] == ':')
        add_pseudo_field(builder, name, value);
    else
        add_field(builder, name, value);
}

/* RFC 9113 8.5: a plain CONNECT has a method and an authority, nothing else. */
static void check_connect(hw_h2_head_builder *builder)
{
    if (builder->pseudo & (PSEUDO_SCHEME | PSEUDO_PATH))
        call_malformed(builder, "CONNECT with a scheme or a path", "RFC 9113 8.5");
    else if (!(builder->pseudo & PSEUDO_AUTHORITY))
        call_malformed(builder, "CONNECT without an authority", "RFC 9113 8.5");
    builder->head.target = builder->head.authority;
}

/* RFC 9113 8.3.1, RFC 8441 4: what must be there, and what goes together. */
static void check_control(hw_h2_head_builder *builder, bool ends)
{
    hw_h2_head *head = &builder->head;
    bool is_connect = head->method == HW_METHOD_CONNECT;
    bool has_protocol = (builder->pseudo & PSEUDO_PROTOCOL) != 0;
    head->is_tunnel = is_connect;
    if (!(builder->pseudo & PSEUDO_METHOD))
        call_malformed(builder, "no method", "RFC 9113 8.3.1");
    else if (has_protocol && !is_connect)
        call_malformed(builder, "a protocol without CONNECT", "RFC 8441 4");
    else if (is_connect && !has_protocol)
        check_connect(builder);
    else if (!(builder->pseudo & PSEUDO_SCHEME))
        call_malformed(builder, "no scheme", "RFC 9113 8.3.1");
    else if (!(builder->pseudo & PSEUDO_PATH))
        call_malformed(builder, "no path", "RFC 9113 8.3.1");
    else if (head->target.at[0] == '*' && head->method != HW_METHOD_OPTIONS)
        call_malformed(builder, "the path does not begin with a slash", "RFC 9113 8.3.1");
    else if (head->authority.length == 0)
        call_malformed(builder, "neither authority nor Host", "RFC 9110 7.2");
    bool has_length = head->content_length != HW_H2_LENGTH_UNKNOWN;
    if (is_connect && has_length)
        call_malformed(builder, "CONNECT with Content-Length", "RFC 9110 9.3.6");
    else if (ends && has_length && head->content_length > 0)
        call_malformed(builder, "less content than Content-Length says", "RFC 9113 8.1.1");
}

static void put_host(hw_h2_head_builder *builder)
{
    builder->fields[0] = (hw_field){HW_TEXT("host"), builder->head.authority, HW_FIELD_HOST};
    builder->seen |= HW_FIELD_BIT(HW_FIELD_HOST);
}

hw_h2_verdict hw_h2_head_end(hw_h2_head_builder *builder, bool ends)
{
    hw_h2_head *head = &builder->head;
    head->ends = ends;
    if (!builder->fields)
        return builder->verdict;
    if (builder->is_trailers) {
        head->fields = hw_fields_of(builder->fields, builder->count);
        return builder->verdict;
    }
    if (builder->verdict == HW_H2_VERDICT_SOUND)
        check_control(builder, ends);
    if (ends && head->content_length == HW_H2_LENGTH_UNKNOWN)
        head->content_length = 0;
    /* RFC 9110 10.1.1: a wish to send content that there is not is ignored. */
    head->expects_continue = head->expects_continue && !ends && head->content_length > 0;
    join_cookies(builder);
    put_host(builder);
    head->fields = (hw_fields){builder->fields, builder->count, ~builder->seen};
    return builder->verdict;
}

static bool copy_field_list(hw_arena *arena, hw_fields fields, hw_fields *ret_copy)
{
    hw_field *copy = hw_arena_alloc_zeroed(arena, fields.count, sizeof *copy);
    if (!copy)
        return false;
    for (size_t i = 0; i < fields.count; i++) {
        copy[i].id = fields.at[i].id;
        if (!hw_arena_copy_text(arena, fields.at[i].name, &copy[i].name) ||
            !hw_arena_copy_text(arena, fields.at[i].value, &copy[i].value))
            return false;
    }
    *ret_copy = (hw_fields){copy, fields.count, fields.absent};
    return true;
}

bool hw_h2_head_copy(hw_arena *arena, const hw_h2_head *head, hw_h2_head *ret_copy)
{
    hw_h2_head copy = *head;
    bool is_copied = hw_arena_copy_text(arena, head->method_name, &copy.method_name) &&
                     hw_arena_copy_text(arena, head->target, &copy.target) &&
                     hw_arena_copy_text(arena, head->authority, &copy.authority) &&
                     hw_arena_copy_text(arena, head->protocol, &copy.protocol) &&
                     copy_field_list(arena, head->fields, &copy.fields);
    if (is_copied)
        *ret_copy = copy;
    return is_copied;
}

bool hw_h2_trailers_copy(hw_arena *arena, hw_fields trailers, hw_fields *ret_copy)
{
    return copy_field_list(arena, trailers, ret_copy);
}

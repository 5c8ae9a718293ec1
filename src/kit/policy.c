/* Fields that every answer of a folder carries, from options to heads.
 *
 * What does not depend on the request is made once, and lies in the prepared heads of files: on the
 * quick path it costs the bytes and nothing else. Only a list of origins makes an answer depend on
 * who asks (`Vary: Origin`), and only there is something decided for each one.
 *
 * A value is checked where it is given, for by the time it is sent nobody can be told. What the
 * server says of its own accord cannot be said twice: fields about the message and about the
 * content are its own, and where two options speak of the same field that is a mistake. Two fields
 * give way instead, because it is the folder's owner who knows better: Cache-Control, and
 * X-Content-Type-Options. */
#include "kit/policy.h"

#include "base/assert.h"
#include "http/element.h"
#include "http/fingerprint.h"
#include "http/status.h"

static const hw_text absent_words = HW_TEXT_INIT("Not Found\n");
static const hw_text allow_origin = HW_TEXT_INIT("Access-Control-Allow-Origin");
static const hw_text allow_credentials = HW_TEXT_INIT("Access-Control-Allow-Credentials");
static const hw_text expose_headers = HW_TEXT_INIT("Access-Control-Expose-Headers");
static const hw_text exposed = HW_TEXT_INIT("Accept-Ranges, Content-Range, ETag");
static const hw_text sniffing = HW_TEXT_INIT("X-Content-Type-Options");

/* Beside those that frame a message: fields the server says of a file or an answer. */
static const hw_text server_fields[] = {
    HW_TEXT_INIT("Accept-Ranges"), HW_TEXT_INIT("Allow"),        HW_TEXT_INIT("Content-Encoding"),
    HW_TEXT_INIT("Content-Range"), HW_TEXT_INIT("Content-Type"), HW_TEXT_INIT("ETag"),
    HW_TEXT_INIT("Last-Modified"), HW_TEXT_INIT("Location"),     HW_TEXT_INIT("TE"),
    HW_TEXT_INIT("Trailer"),       HW_TEXT_INIT("Upgrade"),
};

/* With cors_origins these are its. */
static const hw_text cors_fields[] = {
    HW_TEXT_INIT("Access-Control-Allow-Origin"),
    HW_TEXT_INIT("Access-Control-Allow-Methods"),
    HW_TEXT_INIT("Access-Control-Allow-Headers"),
    HW_TEXT_INIT("Access-Control-Max-Age"),
};

/* HTML 7.1.3, 7.1.4 and Fetch 3.7: what a page needs for SharedArrayBuffer and exact clocks. */
static const hw_field isolating_fields[] = {
    {HW_TEXT_INIT("Cross-Origin-Opener-Policy"), HW_TEXT_INIT("same-origin"), HW_FIELD_OTHER},
    {HW_TEXT_INIT("Cross-Origin-Embedder-Policy"), HW_TEXT_INIT("require-corp"), HW_FIELD_OTHER},
    {HW_TEXT_INIT("Cross-Origin-Resource-Policy"), HW_TEXT_INIT("same-origin"), HW_FIELD_OTHER},
};

#define LENGTH_OF(array) (sizeof(array) / sizeof(array)[0])
/* Beside the folder's own: isolation, and two about origins. */
#define MADE_FIELDS_MAX (LENGTH_OF(isolating_fields) + 2)

static bool is_any_origin(const char *const *origins)
{
    return origins && origins[0] && hw_text_equal(hw_text_of(origins[0]), HW_TEXT("*"));
}

static bool has_origins(const hw_policy_setup *setup)
{
    return setup->cors_origins && setup->cors_origins[0];
}

static bool is_named(const hw_text *names, size_t count, hw_text name)
{
    for (size_t i = 0; i < count; i++)
        if (hw_text_equal_nocase(names[i], name))
            return true;
    return false;
}

static bool is_isolating(hw_text name)
{
    return hw_fields_find_name(hw_fields_of(isolating_fields, LENGTH_OF(isolating_fields)), name);
}

/* What is wrong with one field; NULL: nothing. */
static const char *find_field_problem(const hw_policy_setup *setup, hw_text name, hw_text value)
{
    if (!hw_token_is_valid(name))
        return "is not the name of a header field";
    if (!hw_field_value_is_valid(value))
        return "has a value that cannot be sent: a line end, a NUL, or blanks around it";
    if (hw_field_is_framing(hw_field_id_of(name)) ||
        is_named(server_fields, LENGTH_OF(server_fields), name))
        return "is a field that the server itself sets";
    if (has_origins(setup) && is_named(cors_fields, LENGTH_OF(cors_fields), name))
        return "is what the list of origins says";
    if (setup->is_isolated && is_isolating(name))
        return "is what isolation says";
    return NULL;
}

static int check_fields(const hw_policy_setup *setup, hw_fault *fault)
{
    size_t bytes = 0;
    for (size_t i = 0; i < setup->field_count; i++) {
        const hewn_field *field = &setup->fields[i];
        hw_text name = hw_text_of(field->name ? field->name : "");
        hw_text value = hw_text_of(field->value ? field->value : "");
        const char *problem = find_field_problem(setup, name, value);
        if (problem)
            return hw_fault_set(fault, EINVAL, name.at, "%s", problem);
        bytes += name.length + value.length;
    }
    if (setup->field_count > HW_POLICY_FIELDS_MAX || bytes > HW_POLICY_BYTES_MAX)
        return hw_fault_set(fault, EINVAL, setup->fields[0].name,
                            "more than %d header fields, or %d bytes of them", HW_POLICY_FIELDS_MAX,
                            HW_POLICY_BYTES_MAX);
    return 0;
}

/* Whether one of the folder's own fields has this name, and this value (NULL: any). */
static bool says(const hw_policy_setup *setup, hw_text name, const char *value)
{
    for (size_t i = 0; i < setup->field_count; i++)
        if (hw_text_equal_nocase(hw_text_of(setup->fields[i].name), name) &&
            (!value || hw_text_equal(hw_text_of(setup->fields[i].value), hw_text_of(value))))
            return true;
    return false;
}

static int check_origins(const hw_policy_setup *setup, hw_fault *fault)
{
    bool is_any = is_any_origin(setup->cors_origins);
    size_t bytes = 0;
    for (const char *const *origin = setup->cors_origins; origin && *origin; origin++) {
        bytes += hw_text_of(*origin).length;
        if (is_any ? origin != setup->cors_origins : !hw_cors_origin_is_valid(hw_text_of(*origin)))
            return hw_fault_set(fault, EINVAL, *origin, "%s",
                                is_any ? "\"*\" stands for every origin: no other beside it"
                                       : "an origin is a scheme and a host, in small letters and "
                                         "with nothing behind: https://example.org");
    }
    if (bytes > HW_POLICY_BYTES_MAX)
        return hw_fault_set(fault, EINVAL, setup->cors_origins[0], "more than %d bytes of origins",
                            HW_POLICY_BYTES_MAX);
    /* Fetch 3.2.5: a browser refuses it, and who wants it has not thought of who "*" is. */
    if ((is_any || says(setup, allow_origin, "*")) && says(setup, allow_credentials, NULL))
        return hw_fault_set(fault, EINVAL, allow_credentials.at,
                            "credentials are never for every origin: list those that may");
    return 0;
}

int hw_policy_check(const hw_policy_setup *setup, hw_fault *fault)
{
    int error = check_fields(setup, fault);
    return error < 0 ? error : check_origins(setup, fault);
}

static bool copy_origins(const char *const *origins, hw_arena *arena, hw_cors *ret_cors)
{
    size_t count = 0;
    while (origins && origins[count])
        count++;
    hw_text *copies = hw_arena_alloc_zeroed(arena, count, sizeof *copies);
    if (!copies)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!hw_arena_copy_text(arena, hw_text_of(origins[i]), &copies[i]))
            return false;
    *ret_cors = (hw_cors){copies, count, false};
    return true;
}

static bool copy_fields(const hw_policy_setup *setup, hw_arena *arena, hw_field *to)
{
    for (size_t i = 0; i < setup->field_count; i++) {
        const hewn_field *field = &setup->fields[i];
        if (!hw_arena_copy_text(arena, hw_text_of(field->name), &to[i].name) ||
            !hw_arena_copy_text(arena, hw_text_of(field->value), &to[i].value))
            return false;
        to[i].id = hw_field_id_of(to[i].name);
    }
    return true;
}

static hw_field name_field(hw_text name, hw_text value)
{
    return (hw_field){name, value, hw_field_id_of(name)};
}

static size_t put_made_fields(const hw_policy_setup *setup, hw_field *to)
{
    size_t count = 0;
    if (is_any_origin(setup->cors_origins)) {
        to[count++] = name_field(allow_origin, HW_TEXT("*"));
        to[count++] = name_field(expose_headers, exposed);
    } else if (has_origins(setup)) {
        to[count++] = name_field(HW_TEXT("Vary"), HW_TEXT("Origin")); /* RFC 9110 12.5.5 */
    }
    for (size_t i = 0; setup->is_isolated && i < LENGTH_OF(isolating_fields); i++)
        to[count++] = isolating_fields[i];
    return count;
}

/* In the order of an answer that is not prepared. */
static bool make_absent(hw_policy *policy, hw_arena *arena)
{
    hw_field *fields = hw_arena_alloc(arena, (policy->fields.count + 3) * sizeof *fields);
    size_t count = 0;
    if (!fields)
        return false;
    hw_assert(absent_words.length == 10);
    fields[count++] = name_field(HW_TEXT("Content-Type"), HW_TEXT("text/plain; charset=utf-8"));
    for (size_t i = 0; i < policy->fields.count; i++)
        fields[count++] = policy->fields.at[i];
    if (!policy->says_sniffing)
        fields[count++] = name_field(sniffing, HW_TEXT("nosniff"));
    fields[count++] = name_field(HW_TEXT("Content-Length"), HW_TEXT("10"));
    policy->absent = hw_fields_of(fields, count);
    return true;
}

/* RFC 9111 5.2.2. */
static bool make_freshness(unsigned max_age_s, hw_arena *arena, hw_policy *policy)
{
    if (max_age_s == 0)
        return true;
    const char *words =
        max_age_s == HEWN_NO_STORE ? "no-store" : hw_arena_format(arena, "max-age=%u", max_age_s);
    if (words)
        policy->freshness = hw_text_of(words);
    return words != NULL;
}

hw_text hw_policy_freshness(const hw_policy *policy, hw_text path)
{
    if (policy->says_cache_control)
        return HW_TEXT("");
    if (policy->freshness.length > 0)
        return policy->freshness;
    /* RFC 8246: nobody need ever ask whether it is another one now. */
    return hw_fingerprint_is_in(path) ? HW_TEXT("max-age=31536000, immutable")
                                      : HW_TEXT("no-cache");
}

int hw_policy_make(const hw_policy_setup *setup, hw_arena *arena, hw_policy *ret_policy)
{
    hw_policy policy = {.cors.is_any = is_any_origin(setup->cors_origins)};
    hw_field *fields =
        hw_arena_alloc_zeroed(arena, setup->field_count + MADE_FIELDS_MAX, sizeof *fields);
    if (!fields || !copy_fields(setup, arena, fields))
        return -ENOMEM;
    if (!policy.cors.is_any && !copy_origins(setup->cors_origins, arena, &policy.cors))
        return -ENOMEM;
    size_t count = setup->field_count + put_made_fields(setup, fields + setup->field_count);
    policy.fields = hw_fields_of(fields, count);
    policy.says_cache_control = hw_fields_find(policy.fields, HW_FIELD_CACHE_CONTROL) != NULL;
    if (!make_freshness(setup->max_age_s, arena, &policy))
        return -ENOMEM;
    policy.forbids_coding =
        hw_fields_has_element(policy.fields, HW_FIELD_CACHE_CONTROL, HW_TEXT("no-transform"));
    policy.says_sniffing = hw_fields_find_name(policy.fields, sniffing) != NULL;
    if (!make_absent(&policy, arena))
        return -ENOMEM;
    *ret_policy = policy;
    return 0;
}

hw_text hw_policy_absent_words(void)
{
    return absent_words;
}

void hw_policy_put(const hw_policy *policy, hw_response *response)
{
    for (size_t i = 0; policy && i < policy->fields.count; i++)
        hw_response_add_name(response, policy->fields.at[i].name, policy->fields.at[i].value);
    if (hw_status_has_content(response->status) && response->body &&
        !(policy && policy->says_sniffing))
        hw_response_add_name(response, sniffing, HW_TEXT("nosniff"));
}

void hw_policy_share(const hw_policy *policy, hw_exchange *exchange)
{
    hw_text origin;
    if (hw_cors_check(&policy->cors, exchange->request.method, exchange->request.fields, &origin) !=
        HW_CORS_READABLE)
        return;
    hw_response_add_name(&exchange->response, allow_origin, origin);
    hw_response_add_name(&exchange->response, expose_headers, exposed);
}

void hw_policy_answer_preflight(const hw_policy *policy, hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    hw_fields request = exchange->request.fields;
    hw_text origin;
    if (hw_cors_check(&policy->cors, HW_METHOD_OPTIONS, request, &origin) != HW_CORS_PREFLIGHT)
        return;
    if (!policy->cors.is_any)
        hw_response_add_name(response, allow_origin, origin);
    hw_response_add_name(response, HW_TEXT("Access-Control-Allow-Methods"),
                         HW_TEXT("GET, HEAD, OPTIONS"));
    hw_text headers = hw_cors_headers_allowed(request);
    if (headers.length > 0)
        hw_response_add_name(response, HW_TEXT("Access-Control-Allow-Headers"), headers);
    /* Chromium believes two hours at most. */
    hw_response_add_name(response, HW_TEXT("Access-Control-Max-Age"), HW_TEXT("7200"));
    hw_response_add_name(response, HW_TEXT("Vary"),
                         HW_TEXT("Access-Control-Request-Method, Access-Control-Request-Headers"));
}

/* Decides what pages of other origins are told (Fetch 3.2).
 *
 * Origins are compared byte by byte: browsers write them in one way, and whoever writes another is
 * none. A request that names two origins, or one that is not listed, is answered as if it had named
 * none, so that a refusal says nothing about who would be let in. What a page may send is echoed
 * and not listed: the server reads none of it, but a value that is echoed must not say more than
 * names. */
#include "http/cors.h"

#include "http/element.h"

static bool find_origin(const hw_cors *cors, hw_text asked, hw_text *ret_origin)
{
    for (size_t i = 0; i < cors->count; i++) {
        if (hw_text_equal(cors->origins[i], asked)) {
            *ret_origin = cors->origins[i];
            return true;
        }
    }
    return false;
}

hw_cors_outcome hw_cors_check(const hw_cors *cors, hw_method method, hw_fields request,
                              hw_text *ret_origin)
{
    hw_text asked = hw_fields_single(request, HW_FIELD_ORIGIN);
    if (asked.length == 0)
        return HW_CORS_SILENT;
    if (cors->is_any)
        *ret_origin = HW_TEXT("*");
    else if (!find_origin(cors, asked, ret_origin))
        return HW_CORS_SILENT;
    bool asks_in_front = method == HW_METHOD_OPTIONS &&
                         hw_fields_find_name(request, HW_TEXT("Access-Control-Request-Method"));
    return asks_in_front ? HW_CORS_PREFLIGHT : HW_CORS_READABLE;
}

static bool is_harmless_name(hw_text name)
{
    for (size_t i = 0; i < name.length; i++) {
        char byte = name.at[i];
        if (!hw_char_is_alpha(byte) && !hw_char_is_digit(byte) && byte != '-' && byte != '_')
            return false;
    }
    return true;
}

hw_text hw_cors_headers_allowed(hw_fields request)
{
    const hw_field *field = hw_fields_find_name(request, HW_TEXT("Access-Control-Request-Headers"));
    if (!field || field->value.length > HW_CORS_HEADERS_BYTES_MAX)
        return (hw_text){0};
    hw_cursor list = hw_cursor_of(field->value);
    hw_text name;
    while (hw_element_next(&list, &name))
        if (!is_harmless_name(name))
            return (hw_text){0};
    return field->value;
}

/* Where the host begins: behind "scheme://" (RFC 3986 3.1); 0: there is none. */
static size_t skip_scheme(hw_text origin)
{
    size_t colon = hw_text_find(origin, ':');
    for (size_t i = 0; i < colon; i++) {
        char byte = origin.at[i];
        bool is_letter = byte >= 'a' && byte <= 'z';
        bool is_other = hw_char_is_digit(byte) || byte == '+' || byte == '-' || byte == '.';
        if (!is_letter && (i == 0 || !is_other))
            return 0;
    }
    bool has_scheme = colon > 0 && hw_text_has_prefix(hw_text_from(origin, colon), HW_TEXT("://"));
    return has_scheme ? colon + 3 : 0;
}

static bool is_host_char(char byte)
{
    return (byte >= 'a' && byte <= 'z') || hw_char_is_digit(byte) || byte == '-' || byte == '.' ||
           byte == '_' || byte == ':' || byte == '[' || byte == ']';
}

bool hw_cors_origin_is_valid(hw_text origin)
{
    size_t start = skip_scheme(origin);
    if (start == 0 || start == origin.length)
        return false;
    for (size_t i = start; i < origin.length; i++)
        if (!is_host_char(origin.at[i]))
            return false;
    return true;
}

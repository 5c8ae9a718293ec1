/* Weighs what a client accepts (RFC 9110 12.4.2, 12.5).
 *
 * Qualities are thousandths, as exact as the syntax allows, so comparing them needs no floating
 * point. Of all elements that match, the most specific one speaks: a mention beats a wildcard
 * whatever their weights, so that "gzip;q=0, *" means everything but gzip. An element that cannot
 * be read is skipped, as if it had not been sent: a preference is no reason to refuse a request. */
#include "http/quality.h"

#include "http/element.h"

/* How closely an element matched; the higher one counts. */
enum { MATCH_NONE, MATCH_ANYTHING, MATCH_TYPE, MATCH_EXACT, MATCH_PARAMETERS };

bool hw_quality_parse(hw_text text, int *ret_quality)
{
    /* RFC 9110 12.4.2: ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) */
    hw_cursor cursor = hw_cursor_of(text);
    int quality = hw_cursor_take(&cursor, '1') ? HW_QUALITY_MAX : 0;
    if (quality == 0 && !hw_cursor_take(&cursor, '0'))
        return false;
    if (hw_cursor_take(&cursor, '.')) {
        int byte;
        for (int unit = 100; unit > 0 && (byte = hw_cursor_next(&cursor)) >= 0; unit /= 10) {
            if (!hw_char_is_digit((char)byte))
                return false;
            quality += (byte - '0') * unit;
        }
    }
    if (!hw_cursor_at_end(&cursor) || quality > HW_QUALITY_MAX)
        return false;
    *ret_quality = quality;
    return true;
}

/* RFC 9110 12.4.2 */
bool hw_quality_of_parameters(hw_text parameters, int *ret_quality)
{
    hw_cursor cursor = hw_cursor_of(parameters);
    hw_text name, value;
    *ret_quality = HW_QUALITY_MAX;
    while (hw_parameter_next(&cursor, &name, &value))
        if (hw_text_equal_nocase(name, HW_TEXT("q")))
            return hw_quality_parse(value, ret_quality);
    return true;
}

/* The quality that the element matching most closely gives; absent_quality when none matches. */
static int weigh_elements(hw_fields request, hw_field_id id, hw_text wanted,
                          int (*match)(hw_text range, hw_text parameters, hw_text wanted),
                          int absent_quality)
{
    int closest = MATCH_NONE, result = absent_quality;
    const hw_field *field = NULL;
    while ((field = hw_fields_next(request, id, field))) {
        hw_cursor list = hw_cursor_of(field->value);
        hw_text element, range, parameters;
        while (hw_element_next(&list, &element)) {
            int quality;
            hw_element_split(element, &range, &parameters);
            int closeness = match(range, parameters, wanted);
            if (closeness > closest && hw_quality_of_parameters(parameters, &quality)) {
                closest = closeness;
                result = quality;
            }
        }
    }
    return result;
}

/* RFC 9110 8.4.1.1, 8.4.1.3: recipients should take the old names for the new. */
static hw_text current_coding_name(hw_text coding)
{
    if (hw_text_equal_nocase(coding, HW_TEXT("x-gzip")))
        return HW_TEXT("gzip");
    if (hw_text_equal_nocase(coding, HW_TEXT("x-compress")))
        return HW_TEXT("compress");
    return coding;
}

static int match_coding(hw_text range, hw_text parameters, hw_text wanted)
{
    (void)parameters;
    if (hw_text_equal_nocase(current_coding_name(range), wanted))
        return MATCH_EXACT;
    return hw_text_equal(range, HW_TEXT("*")) ? MATCH_ANYTHING : MATCH_NONE;
}

int hw_quality_of_coding(hw_fields request, hw_text coding)
{
    hw_text wanted = current_coding_name(coding);
    bool is_identity = hw_text_equal_nocase(wanted, HW_TEXT("identity"));
    if (!hw_fields_find(request, HW_FIELD_ACCEPT_ENCODING))
        return is_identity ? HW_QUALITY_MAX : 0;
    return weigh_elements(request, HW_FIELD_ACCEPT_ENCODING, wanted, match_coding, is_identity);
}

static hw_text unquote_plain(hw_text value)
{
    bool is_quoted = value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"';
    return is_quoted ? hw_text_upto(hw_text_from(value, 1), value.length - 2) : value;
}

static bool has_parameter(hw_text parameters, hw_text name, hw_text value)
{
    hw_cursor cursor = hw_cursor_of(parameters);
    hw_text own_name, own_value;
    while (hw_parameter_next(&cursor, &own_name, &own_value))
        /* RFC 9110 5.6.6: quoted and unquoted values are equivalent. */
        if (hw_text_equal_nocase(own_name, name) &&
            hw_text_equal_nocase(unquote_plain(own_value), unquote_plain(value)))
            return true;
    return false;
}

/* RFC 9110 12.5.1: what stands before the weight are parameters of the type. How many of them the
 * type has; negative when one is missing. */
static int match_type_parameters(hw_text parameters, hw_text type_parameters)
{
    hw_cursor cursor = hw_cursor_of(parameters);
    hw_text name, value;
    int count = 0;
    while (hw_parameter_next(&cursor, &name, &value) && !hw_text_equal_nocase(name, HW_TEXT("q"))) {
        if (!has_parameter(type_parameters, name, value))
            return -1;
        count++;
    }
    return count;
}

/* RFC 9110 12.5.1: media-range */
static int match_media(hw_text range, hw_text parameters, hw_text wanted)
{
    hw_text type, type_parameters;
    hw_element_split(wanted, &type, &type_parameters);
    int common = match_type_parameters(parameters, type_parameters);
    if (common < 0)
        return MATCH_NONE;
    if (hw_text_equal_nocase(range, type))
        return common > 0 ? MATCH_PARAMETERS + common : MATCH_EXACT;
    if (hw_text_equal(range, HW_TEXT("*/*")))
        return MATCH_ANYTHING;
    hw_text main_type = hw_text_upto(type, hw_text_find(type, '/') + 1);
    bool is_any_subtype = range.length == main_type.length + 1 &&
                          range.at[main_type.length] == '*' &&
                          hw_text_equal_nocase(hw_text_upto(range, main_type.length), main_type);
    return is_any_subtype ? MATCH_TYPE : MATCH_NONE;
}

int hw_quality_of_media(hw_fields request, hw_text media)
{
    if (!hw_fields_find(request, HW_FIELD_ACCEPT))
        return HW_QUALITY_MAX;
    return weigh_elements(request, HW_FIELD_ACCEPT, media, match_media, 0);
}

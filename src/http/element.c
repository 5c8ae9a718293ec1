/* Elements of comma-separated lists and their parameters. Field values are lists more often than
 * not, and the rules are the same for all of them: commas separate, blanks do not count, empty
 * elements are nothing, and a quoted string hides what it holds (RFC 9110 5.6.1, 5.6.4). One
 * function finds the next separator outside quotes; everything else is built on it. Nothing is
 * unescaped: a recipient that wants the inside of a quoted string asks for so much more that it
 * has its own reader. */
#include "http/element.h"

/* Everything up to the separator, which is taken but not returned; commas and semicolons inside
 * quoted strings do not separate. */
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor);
    assigns cursor->at;
    ensures hw_cursor_is_sound(*cursor) && hw_text_is_sound(\result);
    ensures cursor->end == \old(cursor->end); */
static hw_text take_unquoted_until(hw_cursor *cursor, char separator)
{
    hw_text rest = hw_cursor_rest(cursor);
    bool is_quoted = false;
    int byte;
    /*@ loop invariant hw_cursor_is_sound(*cursor) && hw_text_is_sound(rest);
        loop invariant hw_cursor_has_gone{Pre, Here}(cursor, cursor->at - rest.at);
        loop assigns cursor->at, byte, is_quoted;
        loop variant cursor->end - cursor->at; */
    while ((byte = hw_cursor_next(cursor)) >= 0) {
        if (byte == '"')
            is_quoted = !is_quoted;
        else if (byte == '\\' && is_quoted)
            hw_cursor_next(cursor); /* RFC 9110 5.6.4: quoted-pair */
        else if (byte == separator && !is_quoted)
            return hw_text_upto(rest, rest.length - hw_cursor_left(cursor) - 1);
    }
    return rest;
}

bool hw_element_next(hw_cursor *list, hw_text *ret_element)
{
    /*@ loop invariant hw_cursor_is_sound(*list);
        loop invariant list->end == \at(list->end, Pre);
        loop assigns list->at; */
    while (!hw_cursor_at_end(list)) {
        hw_text element = hw_text_trim(take_unquoted_until(list, ','));
        if (element.length > 0) {
            *ret_element = element;
            return true;
        }
    }
    return false;
}

bool hw_fields_has_element(hw_fields fields, hw_field_id id, hw_text element)
{
    const hw_field *field = NULL;
    while ((field = hw_fields_next(fields, id, field))) {
        hw_cursor list = hw_cursor_of(field->value);
        hw_text candidate;
        while (hw_element_next(&list, &candidate))
            if (hw_text_equal_nocase(candidate, element))
                return true;
    }
    return false;
}

void hw_element_split(hw_text element, hw_text *ret_value, hw_text *ret_parameters)
{
    hw_cursor cursor = hw_cursor_of(element);
    *ret_value = hw_text_trim(take_unquoted_until(&cursor, ';'));
    *ret_parameters = hw_text_trim(hw_cursor_rest(&cursor));
}

bool hw_parameter_next(hw_cursor *parameters, hw_text *ret_name, hw_text *ret_value)
{
    while (!hw_cursor_at_end(parameters)) {
        hw_text parameter = hw_text_trim(take_unquoted_until(parameters, ';'));
        if (parameter.length == 0)
            continue;
        size_t equals = hw_text_find(parameter, '=');
        /* RFC 9110 5.6.6: no blanks around "="; whoever sends them is understood all the same. */
        *ret_name = hw_text_trim(hw_text_upto(parameter, equals));
        *ret_value = hw_text_trim(hw_text_from(parameter, equals + 1));
        return true;
    }
    return false;
}

/* The elements of comma-separated field values (RFC 9110 5.6.1). */
#ifndef HW_HTTP_ELEMENT_H
#define HW_HTTP_ELEMENT_H

#include "base/cursor.h"
#include "http/field.h"

/* The next element of a list, without the blanks around it; false at the end. Empty elements are
 * skipped (RFC 9110 5.6.1.2), commas inside quoted strings belong to the element (5.6.4). A quoted
 * string that is never closed takes the rest. Not for lists of entity tags, which know no escapes:
 * see http/etag.h. */
/*@ requires \valid(list) && hw_cursor_is_sound(*list);
    requires \valid(ret_element) && \separated(list, ret_element);
    assigns list->at, *ret_element;
    ensures hw_cursor_is_sound(*list) && list->end == \old(list->end);
    ensures \result ==> hw_text_is_sound(*ret_element); */
bool hw_element_next(hw_cursor *list, hw_text *ret_element);

/* Whether any line of this field lists the element, compared whole and in any case: `Connection:
 * keep-alive, close` has `close` (RFC 9110 5.3, 5.6.1). */
bool hw_fields_has_element(hw_fields fields, hw_field_id id, hw_text element);

/* Takes an element apart at its first semicolon outside quotes: value, and parameters without that
 * semicolon (RFC 9110 5.6.6). Both are trimmed. */
void hw_element_split(hw_text element, hw_text *ret_value, hw_text *ret_parameters);
/* The next parameter, `name=value`; the value keeps its quotes, is empty where there is no "=", and
 * empty parameters are skipped. False at the end (RFC 9110 5.6.6). */
bool hw_parameter_next(hw_cursor *parameters, hw_text *ret_name, hw_text *ret_value);

#endif

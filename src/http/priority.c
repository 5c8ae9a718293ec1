/* Reads what a client says of a response's priority (RFC 9218 4, 5).
 *
 * The field is a dictionary of structured fields (RFC 8941 3.2) of which two keys matter here, with
 * values of one byte each. It is read member by member: a member that is not what it should be is
 * passed over, be it of an unknown key or of a wrong type. Stricter parsers throw the whole field
 * away for one mistake; it is a hint, and the rest of it is as good as before. Of a repeated key the
 * last one counts (RFC 8941 4.2.2). Parameters of a value are allowed and mean nothing. */
#include "http/priority.h"

#include "base/cursor.h"
#include "http/element.h"

void hw_priority_read(hw_text value, hw_priority *priority)
{
    hw_cursor list = hw_cursor_of(value);
    hw_text element, member, parameters;
    while (hw_element_next(&list, &element)) {
        hw_element_split(element, &member, &parameters);
        if (hw_text_has_prefix(member, HW_TEXT("u=")) && member.length == 3) {
            int urgency = member.at[2] - '0';
            if (urgency >= 0 && urgency <= HW_PRIORITY_URGENCY_MAX)
                priority->urgency = (uint8_t)urgency;
        } else if (hw_text_equal(member, HW_TEXT("i")) || hw_text_equal(member, HW_TEXT("i=?1"))) {
            priority->is_incremental = true;
        } else if (hw_text_equal(member, HW_TEXT("i=?0"))) {
            priority->is_incremental = false;
        }
    }
}

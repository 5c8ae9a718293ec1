/* Escapes text for HTML. Five characters have a meaning in data or in a quoted attribute's value
 * (WHATWG HTML 13.2.5.1 and 13.2.5.36 to 37); with these escaped a text cannot end what it stands
 * in. */
#include "http/html.h"

static bool is_plain_in_html(char byte)
{
    return byte != '&' && byte != '<' && byte != '>' && byte != '"' && byte != '\'';
}

hw_text hw_html_take_plain(hw_cursor *text)
{
    return hw_cursor_take_while(text, is_plain_in_html);
}

hw_text hw_html_take_odd(hw_cursor *text)
{
    switch (hw_cursor_next(text)) {
    case '&':
        return HW_TEXT("&amp;");
    case '<':
        return HW_TEXT("&lt;");
    case '>':
        return HW_TEXT("&gt;");
    case '"':
        return HW_TEXT("&quot;");
    default:
        return HW_TEXT("&#39;");
    }
}

/* Addresses in attributes (WHATWG URL 4.4): a browser runs what has the scheme javascript, and others
 * of its kind, so a text may be relative, or have one of three schemes that do no such thing.
 *
 * A ":" ends a scheme only where neither "/", "?" nor "#" comes before it. Browsers pass over tabs
 * and line ends in a scheme and blanks before it; here these make it a scheme that nobody knows. */
#include "app/format_href.h"

static bool is_harmless_scheme(hw_text scheme)
{
    return hw_text_equal_nocase(scheme, HW_TEXT("https")) ||
           hw_text_equal_nocase(scheme, HW_TEXT("http")) ||
           hw_text_equal_nocase(scheme, HW_TEXT("mailto"));
}

static bool ends_scheme(int byte)
{
    return byte == '/' || byte == '?' || byte == '#';
}

/* The format says how the address begins. */
static void take_scheme(hw_href *href, int byte)
{
    hw_text scheme = {href->scheme, href->scheme_length};
    if (byte == '&')
        href->state = HW_HREF_BAD; /* a reference to a character, which may be a ":" */
    else if (ends_scheme(byte))
        href->state = HW_HREF_SETTLED;
    else if (byte == ':')
        href->state = is_harmless_scheme(scheme) ? HW_HREF_SETTLED : HW_HREF_BAD;
    else
        href->state = HW_HREF_LITERAL;
    if (href->scheme_length < sizeof href->scheme)
        href->scheme[href->scheme_length++] = (char)byte;
}

/* "x/" and "?": what follows is below a host, or on this one. */
static bool is_rooted_by(int previous, int byte)
{
    bool is_root = previous == 0 || previous == '/' || previous == '\\' || previous == ':';
    return byte == '?' || byte == '#' || (byte == '/' && !is_root);
}

void hw_href_take(hw_href *href, int byte)
{
    switch (href->state) {
    case HW_HREF_EMPTY:
    case HW_HREF_LITERAL:
        take_scheme(href, byte);
        break;
    case HW_HREF_GIVEN:
        href->has_reference |= byte == '&';
        if (byte == ':')
            href->state = HW_HREF_BAD;
        else if (ends_scheme(byte) && !href->has_reference)
            href->state = HW_HREF_SETTLED;
        break;
    case HW_HREF_SETTLED:
    case HW_HREF_BAD:
        break;
    }
    href->is_rooted |= is_rooted_by(href->previous, byte);
    href->previous = byte;
}

const char *hw_href_place(hw_href *href, bool is_loader, hw_role *ret_role)
{
    if (href->state == HW_HREF_BAD)
        return "%s stands behind a scheme that is not http, https or mailto";
    if (is_loader && !href->is_rooted)
        return "%s chooses the host of something that runs in the page";
    switch (href->state) {
    case HW_HREF_EMPTY:
        *ret_role = HW_ROLE_HTML_URL;
        break;
    case HW_HREF_LITERAL:
        *ret_role = HW_ROLE_HTML_URL_TAIL;
        break;
    case HW_HREF_GIVEN:
        *ret_role = href->has_reference ? HW_ROLE_HTML_URL_LAST : HW_ROLE_HTML_URL_MORE;
        break;
    case HW_HREF_SETTLED:
    case HW_HREF_BAD:
        return NULL;
    }
    href->state = HW_HREF_GIVEN;
    return NULL;
}

/* Where the first byte is that ends a scheme, or would: the text's length where there is none. */
static size_t find_scheme_end(hw_text text)
{
    size_t at = 0;
    while (at < text.length && text.at[at] != ':' && !ends_scheme(text.at[at]))
        at++;
    return at;
}

bool hw_href_check(hw_role role, hw_text text, bool *is_settled)
{
    if (role == HW_ROLE_HTML_URL || role == HW_ROLE_HTML_URL_TAIL)
        *is_settled = false;
    if (*is_settled)
        return true;
    if (role == HW_ROLE_HTML_URL_LAST)
        return text.length == 0;
    size_t end = find_scheme_end(text);
    *is_settled = end < text.length;
    return end == text.length || text.at[end] != ':' ||
           (role == HW_ROLE_HTML_URL && is_harmless_scheme(hw_text_upto(text, end)));
}

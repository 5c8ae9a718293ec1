/* Sends clients elsewhere.
 *
 * Where to is said by a format, whose texts can only be parts of a path or of a query (format_url.c),
 * or by a text that leads to a place on this site. Browsers take "\" for "/", and pass over tabs and
 * line ends, so a text that has any of those where a host could begin leads nowhere. */
#include "app/dispatch.h"
#include "app/fill.h"
#include "app/response.h"
#include "http/uri.h"

static bool is_redirect_status(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* location.at NULL: there was no memory for it. */
static hewn_response *make_redirect(hewn_request *rq, int status, hw_text location)
{
    hw_response *response = &rq->response;
    hw_response_start(response, status);
    if (!is_redirect_status(status))
        hw_dispatch_misuse(rq, "a redirect has a status of 301, 302, 303, 307 or 308");
    else if (!location.at)
        response->is_broken = true;
    else
        hw_response_add(response, HW_FIELD_LOCATION, location);
    return response;
}

hewn_response *hewn_redirect(hewn_request *rq, int status, const char *format, ...)
{
    hw_writer out;
    va_list args;
    hw_writer_init(&out, &rq->arena);
    va_start(args, format);
    bool is_good = hw_fill(rq, &out, format, HW_FORMAT_URL, args);
    va_end(args);
    return make_redirect(rq, status, is_good ? hw_writer_text(&out) : (hw_text){0});
}

/* A path of this site, or a query for the page itself. */
static bool is_on_this_site(hw_text target)
{
    char first = target.length > 0 ? target.at[0] : '\0';
    char second = target.length > 1 ? target.at[1] : '\0';
    for (size_t i = 0; i < target.length; i++)
        if ((unsigned char)target.at[i] < 0x20 || target.at[i] == 0x7f)
            return false;
    return first == '?' || (first == '/' && second != '/' && second != '\\');
}

static bool is_plain_in_target(char byte)
{
    return hw_uri_has_char(byte, HW_URI_PATH | HW_URI_QUERY) || byte == '#' || byte == '%';
}

/* What no URL has is percent-encoded; what is encoded stays so. */
static void put_target(hw_writer *out, hw_text target)
{
    hw_cursor cursor = hw_cursor_of(target);
    hw_text odd;
    while (!hw_cursor_at_end(&cursor)) {
        hw_writer_put(out, hw_cursor_take_while(&cursor, is_plain_in_target));
        if (hw_cursor_take_bytes(&cursor, 1, &odd))
            hw_writer_put_url(out, odd);
    }
}

hewn_response *hewn_redirect_to(hewn_request *rq, int status, const char *target)
{
    hw_writer out;
    if (!is_on_this_site(hw_text_of(target)))
        return hewn_error(rq, 400, "this leads to another site, or nowhere");
    hw_writer_init(&out, &rq->arena);
    put_target(&out, hw_text_of(target));
    return make_redirect(rq, status, hw_writer_text(&out));
}

/* Reads Cookie and writes Set-Cookie (RFC 6265).
 *
 * Reading is tolerant, for a Cookie field carries what other programs of the same host have set:
 * what is no pair is passed over, and the rest still counts. RFC 9113 8.2.3 lets a client spread
 * its cookies over several fields; they are one list here. No pair is copied or changed by the
 * walk.
 *
 * Writing is strict, for a browser drops what it does not like without a word. Bytes that a value
 * must not hold (RFC 6265 4.1.1: controls, blanks, quotes, comma, semicolon, backslash, what is not
 * ASCII) are percent-encoded, as most of the web does it, and reading takes that back; a value that
 * does not read so was not written so, and stays as it is. "!" is escaped too, although it may
 * stand there: so no value that is written here looks like a signed one (app/cookie.c). */
#include "http/cookie.h"

#include "http/uri.h"

void hw_cookies_init(hw_cookies *cookies, hw_fields fields)
{
    *cookies = (hw_cookies){.fields = fields};
}

/* Goes to the next Cookie field; false when there is none. */
static bool open_cookie_field(hw_cookies *cookies)
{
    if (cookies->is_over)
        return false;
    cookies->field = hw_fields_next(cookies->fields, HW_FIELD_COOKIE, cookies->field);
    cookies->is_over = !cookies->field;
    if (cookies->field)
        cookies->rest = hw_cursor_of(cookies->field->value);
    return cookies->field != NULL;
}

/* RFC 6265 4.1.1: a value may stand in quotes, which are no part of what is meant. */
static hw_text strip_quotes(hw_text value)
{
    bool is_quoted = value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"';
    return is_quoted ? (hw_text){value.at + 1, value.length - 2} : value;
}

static bool take_cookie_pair(hw_cursor *rest, hw_text *ret_name, hw_text *ret_value)
{
    hw_text pair = hw_cursor_take_until(rest, ';');
    hw_cursor_take(rest, ';');
    size_t equals = hw_text_find(pair, '=');
    hw_text name = hw_text_trim(hw_text_upto(pair, equals));
    if (equals == pair.length || !hw_token_is_valid(name))
        return false;
    *ret_name = name;
    *ret_value = strip_quotes(hw_text_trim(hw_text_from(pair, equals + 1)));
    return true;
}

bool hw_cookies_next(hw_cookies *cookies, hw_text *ret_name, hw_text *ret_value)
{
    do {
        while (cookies->field && !hw_cursor_at_end(&cookies->rest))
            if (take_cookie_pair(&cookies->rest, ret_name, ret_value))
                return true;
    } while (open_cookie_field(cookies));
    return false;
}

/* False: an escape is broken, or stands for NUL. */
static bool put_decoded(hw_buffer *buffer, hw_text raw)
{
    hw_cursor cursor = hw_cursor_of(raw);
    while (!hw_cursor_at_end(&cursor)) {
        char byte;
        if (!hw_uri_take_percent(&cursor, &byte)) {
            byte = (char)hw_cursor_next(&cursor);
            if (byte == '%')
                return false;
        }
        if (byte == '\0')
            return false;
        hw_buffer_put_char(buffer, byte);
    }
    return true;
}

bool hw_cookie_decode(hw_arena *arena, hw_text raw, hw_text *ret_value)
{
    char *memory = hw_arena_alloc(arena, raw.length + 1);
    if (!memory)
        return false;
    hw_buffer buffer = hw_buffer_over(memory, raw.length + 1);
    if (!put_decoded(&buffer, raw)) {
        hw_buffer_clear(&buffer);
        hw_buffer_put(&buffer, raw);
    }
    *ret_value = (hw_text){hw_buffer_string(&buffer), buffer.length};
    return true;
}

/* RFC 6265 4.1.1: cookie-octet, but for "!" and "%". */
static bool is_cookie_octet(char byte)
{
    return byte > ' ' && byte < 0x7f && byte != '"' && byte != ',' && byte != ';' && byte != '\\' &&
           byte != '%' && byte != '!';
}

void hw_cookie_encode(hw_buffer *buffer, hw_text value)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if (is_cookie_octet(value.at[i])) {
            hw_buffer_put_char(buffer, value.at[i]);
            continue;
        }
        hw_buffer_put_char(buffer, '%');
        hw_buffer_put_char(buffer, digits[byte >> 4]);
        hw_buffer_put_char(buffer, digits[byte & 15]);
    }
}

/* RFC 6265 4.1.1: path-value is made of any byte but controls and ";". */
static bool is_cookie_path(hw_text path)
{
    for (size_t i = 0; i < path.length; i++)
        if (path.at[i] < ' ' || path.at[i] == 0x7f || path.at[i] == ';')
            return false;
    return path.length > 0 && path.at[0] == '/' && !hw_char_is_blank(path.at[path.length - 1]);
}

static bool is_cookie_domain(hw_text domain)
{
    for (size_t i = 0; i < domain.length; i++)
        if (!hw_char_is_alpha(domain.at[i]) && !hw_char_is_digit(domain.at[i]) &&
            domain.at[i] != '-' && domain.at[i] != '.')
            return false;
    return true;
}

static bool has_name_prefix(hw_text name, hw_text prefix)
{
    return name.length >= prefix.length &&
           hw_text_equal_nocase(hw_text_upto(name, prefix.length), prefix);
}

/* draft-ietf-httpbis-rfc6265bis 4.1.3: what a name promises. */
static const char *find_prefix_problem(const hw_cookie *cookie)
{
    if (has_name_prefix(cookie->name, HW_TEXT("__Secure-")) && !cookie->is_secure)
        return "a cookie named __Secure- must be secure";
    if (!has_name_prefix(cookie->name, HW_TEXT("__Host-")))
        return NULL;
    if (!cookie->is_secure || cookie->domain.length > 0 ||
        !hw_text_equal(cookie->path, HW_TEXT("/")))
        return "a cookie named __Host- must be secure, of the path / and without a domain";
    return NULL;
}

const char *hw_cookie_problem(const hw_cookie *cookie)
{
    if (!hw_token_is_valid(cookie->name))
        return "the name of a cookie must be a token";
    if (!is_cookie_path(cookie->path))
        return "the path of a cookie must begin with / and hold no semicolon or control character";
    if (!is_cookie_domain(cookie->domain))
        return "the domain of a cookie must be a host name";
    if (cookie->max_age < 0)
        return "the age of a cookie must not be negative; without a value it is deleted";
    if (cookie->same_site != 'L' && cookie->same_site != 'S' && cookie->same_site != 'N')
        return "same_site of a cookie must be 'L', 'S' or 'N'";
    if (cookie->same_site == 'N' && !cookie->is_secure)
        return "a cookie with same_site 'N' must be secure";
    if (cookie->name.length + cookie->value.length > HW_COOKIE_BYTES_MAX)
        return "a cookie of more than 4096 bytes, which no browser would keep";
    return find_prefix_problem(cookie);
}

static void put_age(hw_buffer *buffer, const hw_cookie *cookie)
{
    if (cookie->is_deleted) {
        /* RFC 6265 3.1: a date that is over, for whoever does not know Max-Age. */
        hw_buffer_put_string(buffer, "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    } else if (cookie->max_age > 0) {
        hw_buffer_put_string(buffer, "; Max-Age=");
        hw_buffer_put_decimal(buffer, (uint64_t)cookie->max_age);
    }
}

void hw_cookie_put(hw_buffer *buffer, const hw_cookie *cookie)
{
    hw_buffer_put(buffer, cookie->name);
    hw_buffer_put_char(buffer, '=');
    if (!cookie->is_deleted)
        hw_buffer_put(buffer, cookie->value);
    hw_buffer_put_string(buffer, "; Path=");
    hw_buffer_put(buffer, cookie->path);
    if (cookie->domain.length > 0) {
        hw_buffer_put_string(buffer, "; Domain=");
        hw_buffer_put(buffer, cookie->domain);
    }
    put_age(buffer, cookie);
    if (cookie->is_secure)
        hw_buffer_put_string(buffer, "; Secure");
    if (cookie->is_http_only)
        hw_buffer_put_string(buffer, "; HttpOnly");
    hw_buffer_put_string(buffer, cookie->same_site == 'S'   ? "; SameSite=Strict"
                                 : cookie->same_site == 'N' ? "; SameSite=None"
                                                            : "; SameSite=Lax");
}

/* Compiles formats of URLs, for redirects (RFC 3986, and what browsers make of it: WHATWG URL).
 *
 * The format says scheme and host; a text is one segment of the path or a part of one, or a part of
 * the query or the fragment. All of it that is not unreserved is percent-encoded, so that it is that
 * and stays that: no "/" of it begins another segment, no "&" another pair. A segment that is made
 * of texts alone must not be "", "." or "..": encoding cannot help there, as browsers take "%2e" for
 * a dot, and without a first segment a path would begin with "//", which is a host. */
#include "app/format_compiler.h"

#include "http/uri.h"

typedef enum url_part {
    URL_START,     /* a scheme, or a path without "/" */
    URL_SCHEME,    /* behind its ":": "//" must follow */
    URL_AUTHORITY, /* behind "//" */
    URL_PATH,
    URL_QUERY, /* and the fragment */
} url_part;

typedef struct url_compiler {
    hw_format_compiler *to;
    url_part part;
    size_t segment;  /* the first piece of it, among all pieces */
    bool is_sure;    /* the segment has a letter of the format that is no dot */
    bool has_number; /* URL_START has a conversion, so it is no scheme */
    size_t authority_start;
} url_compiler;

static bool fail_url(const url_compiler *url, const char *problem)
{
    return hw_format_fail(url->to, problem);
}

/* Of the segment that ends here. */
static void end_segment(url_compiler *url)
{
    hw_format_compiler *to = url->to;
    for (size_t i = url->segment; i < to->count; i++)
        if (!url->is_sure && to->pieces[i].role == HW_ROLE_URL_PART)
            to->pieces[i].role = HW_ROLE_URL_SEGMENT;
    url->segment = to->count;
    url->is_sure = false;
}

static void enter_path(url_compiler *url, int byte)
{
    end_segment(url);
    url->part = byte == '?' || byte == '#' ? URL_QUERY : URL_PATH;
}

static void take_url_start(url_compiler *url, int byte)
{
    hw_cursor *cursor = &url->to->cursor;
    bool is_first = url->to->literal.length == 1 && url->to->count == 0;
    if (byte == ':') {
        url->part = URL_SCHEME;
        if (is_first || url->has_number)
            (void)fail_url(url, "the format has a scheme that is none");
    } else if (byte == '/' && is_first && hw_cursor_take(cursor, '/')) {
        hw_buffer_put_char(&url->to->literal, '/');
        url->part = URL_AUTHORITY;
        url->authority_start = url->to->literal.length;
    } else if (byte == '/' || byte == '?' || byte == '#') {
        enter_path(url, byte);
    } else {
        url->is_sure |= byte != '.';
    }
}

/* Only with a host it is known what belongs to whom. */
static void take_url_scheme(url_compiler *url, int byte)
{
    if (byte != '/' || !hw_cursor_take(&url->to->cursor, '/')) {
        (void)fail_url(url, "the format has a scheme without \"//\" behind it");
        return;
    }
    hw_buffer_put_char(&url->to->literal, '/');
    url->part = URL_AUTHORITY;
    url->authority_start = url->to->literal.length;
}

static void take_url_authority(url_compiler *url, int byte)
{
    if (byte == '/' || byte == '?' || byte == '#') {
        if (url->to->literal.length - 1 == url->authority_start)
            (void)fail_url(url, "the format has \"//\" and no host behind it");
        enter_path(url, byte);
    }
}

static void take_url_path(url_compiler *url, int byte)
{
    if (byte == '/' || byte == '?' || byte == '#')
        enter_path(url, byte);
    else
        url->is_sure |= byte != '.';
}

static void take_url(url_compiler *url, int byte)
{
    switch (url->part) {
    case URL_START:
        take_url_start(url, byte);
        break;
    case URL_SCHEME:
        take_url_scheme(url, byte);
        break;
    case URL_AUTHORITY:
        take_url_authority(url, byte);
        break;
    case URL_PATH:
        take_url_path(url, byte);
        break;
    case URL_QUERY:
        break;
    }
}

/* "%%41", of which the first "%%" has been taken. */
static void take_url_escape(url_compiler *url)
{
    hw_format_compiler *to = url->to;
    hw_text digits;
    if (!hw_cursor_take_bytes(&to->cursor, 2, &digits) || hw_char_hex(digits.at[0]) < 0 ||
        hw_char_hex(digits.at[1]) < 0) {
        (void)fail_url(url, "the format has a \"%%\" without two hexadecimal digits");
        return;
    }
    hw_buffer_put_char(&to->literal, '%');
    hw_buffer_put(&to->literal, digits);
    bool is_dot = hw_text_equal_nocase(digits, HW_TEXT("2e"));
    url->is_sure |= !is_dot && url->part != URL_QUERY;
}

static void take_url_conversion(url_compiler *url)
{
    hw_format_compiler *to = url->to;
    hw_format_piece piece;
    bool is_first = to->literal.length == 0 && to->count == 0;
    bool is_known = hw_format_read_conversion(&to->cursor, &piece);
    bool is_text = piece.conversion == HW_CONVERT_TEXT;
    if (!is_known || piece.conversion == HW_CONVERT_BOOL || piece.conversion == HW_CONVERT_TAGGED ||
        (piece.padding != HW_PAD_NONE && piece.padding != HW_PAD_ZEROS))
        (void)fail_url(url, "the format has a conversion that formats of URLs do not know");
    else if (is_first && is_text)
        (void)fail_url(url, "the format begins with %s, which could lead anywhere");
    else if (url->part == URL_SCHEME || url->part == URL_AUTHORITY)
        (void)fail_url(url, "a conversion stands in the scheme or the host of a URL");
    piece.role = HW_ROLE_URL_PART;
    url->is_sure |= !is_text;
    url->has_number = true;
    hw_format_end_piece(to, piece);
}

static bool is_url_byte(int byte)
{
    return hw_uri_has_char((char)byte, HW_URI_PATH | HW_URI_QUERY) || byte == '#' || byte == '[' ||
           byte == ']';
}

void hw_format_compile_url(hw_format_compiler *to)
{
    url_compiler url = {.to = to};
    if (hw_cursor_at_end(&to->cursor))
        (void)hw_format_fail(to, "the format leads nowhere");
    for (int byte; !to->problem && (byte = hw_cursor_next(&to->cursor)) >= 0;) {
        if (byte == '%' && hw_cursor_take(&to->cursor, '%')) {
            take_url_escape(&url);
        } else if (byte == '%') {
            take_url_conversion(&url);
        } else if (!is_url_byte(byte)) {
            (void)hw_format_fail(to, "the format has a byte that no URL has: percent-encode it");
        } else {
            hw_buffer_put_char(&to->literal, (char)byte);
            take_url(&url, byte);
        }
    }
    if (url.part == URL_SCHEME ||
        (url.part == URL_AUTHORITY && to->literal.length == url.authority_start))
        (void)hw_format_fail(to, "the format ends before its host");
    if (url.part != URL_QUERY)
        end_segment(&url);
}

/* Fills compiled formats in. What an argument is was promised by its conversion, which the compiler
 * has checked; what a pointer points to has to prove itself (tagged.h). */
#include "app/format.h"
#include "app/format_href.h"
#include "app/tagged.h"

#include <math.h>
#include <string.h>
#include <sys/types.h>

/* A copy of a va_list that functions can take turns with: a va_list itself may be an array. */
typedef struct hw_arguments {
    va_list list;
    bool is_settled; /* the address that is being put has its scheme */
    bool is_first;   /* nothing has been put yet */
} hw_arguments;

static hw_text take_text_argument(const hw_format_piece *piece, hw_arguments *arguments,
                                  bool *ret_is_null)
{
    int most = piece->has_length ? va_arg(arguments->list, int) : piece->precision;
    const char *string = va_arg(arguments->list, const char *);
    *ret_is_null = !string;
    if (!string)
        return (hw_text){0};
    size_t length = most < 0 ? strlen(string) : strnlen(string, (size_t)most);
    return (hw_text){string, length};
}

static bool is_no_segment(hw_text text)
{
    return text.length == 0 || hw_text_equal(text, HW_TEXT(".")) ||
           hw_text_equal(text, HW_TEXT(".."));
}

static const char *put_text_argument(hw_writer *out, const hw_format_piece *piece,
                                     hw_arguments *arguments)
{
    bool is_null;
    hw_text text = take_text_argument(piece, arguments, &is_null);
    switch (piece->role) {
    case HW_ROLE_JSON_VALUE:
        if (is_null)
            hw_writer_put(out, HW_TEXT("null"));
        else
            hw_writer_put_json(out, text, true);
        break;
    case HW_ROLE_JSON_KEY:
    case HW_ROLE_JSON_INSIDE:
        hw_writer_put_json(out, text, piece->role == HW_ROLE_JSON_KEY);
        break;
    case HW_ROLE_HTML_URL:
    case HW_ROLE_HTML_URL_TAIL:
    case HW_ROLE_HTML_URL_MORE:
    case HW_ROLE_HTML_URL_LAST:
        if (!hw_href_check(piece->role, text, &arguments->is_settled))
            return "a URL in an attribute has a scheme that is not http, https or mailto";
        hw_writer_put_html(out, text);
        break;
    case HW_ROLE_HTML:
        hw_writer_put_html(out, text);
        break;
    case HW_ROLE_URL_SEGMENT:
        if (is_no_segment(text))
            return "a segment of a redirect's path is empty, \".\" or \"..\"";
        hw_writer_put_url(out, text);
        break;
    case HW_ROLE_URL_PART:
        hw_writer_put_url(out, text);
        break;
    }
    return NULL;
}

static long long take_signed_argument(hw_width width, hw_arguments *arguments)
{
    return width == HW_WIDTH_INT    ? va_arg(arguments->list, int)
           : width == HW_WIDTH_LONG ? va_arg(arguments->list, long)
           : width == HW_WIDTH_SIZE ? va_arg(arguments->list, ssize_t)
                                    : va_arg(arguments->list, long long);
}

static unsigned long long take_unsigned_argument(hw_width width, hw_arguments *arguments)
{
    return width == HW_WIDTH_INT    ? va_arg(arguments->list, unsigned)
           : width == HW_WIDTH_LONG ? va_arg(arguments->list, unsigned long)
           : width == HW_WIDTH_SIZE ? va_arg(arguments->list, size_t)
                                    : va_arg(arguments->list, unsigned long long);
}

static const char *put_json_argument(hw_writer *out, const void *tagged)
{
    hw_text text;
    if (!tagged)
        text = HW_TEXT("null");
    else if (!hw_tagged_text(tagged, HW_TAGGED_JSON, &text))
        return "%p of a JSON format is something that hewn_raw has not made";
    hw_writer_put(out, text);
    return NULL;
}

static const char *put_markup_argument(hw_writer *out, const void *tagged, bool is_first)
{
    hw_text text, written = hw_buffer_text(&out->buffer);
    if (!tagged)
        return NULL;
    if (hw_tagged_text(tagged, HW_TAGGED_LOST, &text))
        out->is_broken = true;
    else if (!hw_tagged_text(tagged, HW_TAGGED_MARKUP, &text))
        return "%p of an HTML format is something that hewn_markup has not made";
    else if (!is_first || text.at != written.at) /* else it is there, and goes on */
        hw_writer_put(out, text);
    return NULL;
}

/* NaN is no number in JSON; elsewhere it is a word, as printf has it. */
static void put_real(hw_writer *out, const hw_format_piece *piece, bool is_json, double value)
{
    hw_text word = is_json        ? HW_TEXT("null")
                   : isnan(value) ? HW_TEXT("nan")
                   : value < 0    ? HW_TEXT("-inf")
                                  : HW_TEXT("inf");
    hw_writer_put_real(out, value, piece->letter, piece->precision, word);
}

/* What has been written from `start` on gets as wide as it should be. */
static void pad_number(hw_writer *out, size_t start, const hw_format_piece *piece)
{
    static const char blanks[] = "                                                                "
                                 "                                    ";
    size_t length = out->buffer.length - start;
    if (out->is_broken || length >= piece->width_min)
        return;
    size_t missing = piece->width_min - length;
    hw_writer_put(out, hw_text_upto(hw_text_of(blanks), missing));
    if (out->is_broken || piece->padding == HW_PAD_RIGHT)
        return;
    bool is_zeros = piece->padding == HW_PAD_ZEROS;
    char *number = out->buffer.at + start;
    if (is_zeros && *number == '-') {
        number++;
        length--;
    }
    memmove(number + missing, number, length);
    memset(number, is_zeros ? '0' : ' ', missing);
}

static const char *put_argument(hw_writer *out, hw_format_kind kind, const hw_format_piece *piece,
                                hw_arguments *arguments)
{
    bool is_json = kind == HW_FORMAT_JSON || kind == HW_FORMAT_PAIRS;
    switch (piece->conversion) {
    case HW_CONVERT_NOTHING:
        break;
    case HW_CONVERT_TEXT:
        return put_text_argument(out, piece, arguments);
    case HW_CONVERT_SIGNED:
        hw_writer_put_signed(out, take_signed_argument(piece->width, arguments));
        break;
    case HW_CONVERT_UNSIGNED:
        hw_writer_put_unsigned(out, take_unsigned_argument(piece->width, arguments));
        break;
    case HW_CONVERT_HEX:
        hw_writer_put_hex(out, take_unsigned_argument(piece->width, arguments));
        break;
    case HW_CONVERT_REAL:
        put_real(out, piece, is_json, va_arg(arguments->list, double));
        break;
    case HW_CONVERT_BOOL:
        hw_writer_put(out, va_arg(arguments->list, int) ? HW_TEXT("true") : HW_TEXT("false"));
        break;
    case HW_CONVERT_TAGGED: {
        const void *tagged = va_arg(arguments->list, const void *);
        return is_json ? put_json_argument(out, tagged)
                       : put_markup_argument(out, tagged, arguments->is_first);
    }
    }
    return NULL;
}

const char *hw_format_put(hw_writer *out, const hw_format *format, va_list args)
{
    hw_arguments arguments = {.is_settled = false};
    const char *problem = NULL;
    va_copy(arguments.list, args);
    for (size_t i = 0; i < format->count && !problem; i++) {
        const hw_format_piece *piece = &format->pieces[i];
        hw_writer_put(out, piece->literal);
        size_t start = out->buffer.length;
        arguments.is_first = i == 0 && piece->literal.length == 0;
        problem = put_argument(out, format->kind, piece, &arguments);
        if (piece->width_min > 0)
            pad_number(out, start, piece);
    }
    va_end(arguments.list);
    return problem;
}

/* Fills compiled formats in. What an argument is was promised by its conversion, which the compiler
 * has checked; what a pointer points to has to prove itself (tagged.h). */
#include "app/format.h"
#include "app/tagged.h"

#include <string.h>
#include <sys/types.h>

/* A copy of a va_list that functions can take turns with: a va_list itself may be an array. */
typedef struct hw_arguments {
    va_list list;
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

static void put_text_argument(hw_writer *out, const hw_format_piece *piece, hw_arguments *arguments)
{
    bool is_null;
    hw_text text = take_text_argument(piece, arguments, &is_null);
    if (is_null && !piece->is_quoted && !piece->is_key)
        hw_writer_put(out, HW_TEXT("null"));
    else
        hw_writer_put_json(out, text, !piece->is_quoted);
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

static const char *put_tagged_argument(hw_writer *out, hw_arguments *arguments)
{
    hw_text text;
    const void *tagged = va_arg(arguments->list, const void *);
    if (!tagged)
        text = HW_TEXT("null");
    else if (!hw_tagged_text(tagged, HW_TAGGED_JSON, &text))
        return "%p of a JSON format is something that hewn_raw has not made";
    hw_writer_put(out, text);
    return NULL;
}

static const char *put_argument(hw_writer *out, const hw_format_piece *piece,
                                hw_arguments *arguments)
{
    switch (piece->conversion) {
    case HW_CONVERT_NOTHING:
        break;
    case HW_CONVERT_TEXT:
        put_text_argument(out, piece, arguments);
        break;
    case HW_CONVERT_SIGNED:
        hw_writer_put_signed(out, take_signed_argument(piece->width, arguments));
        break;
    case HW_CONVERT_UNSIGNED:
        hw_writer_put_unsigned(out, take_unsigned_argument(piece->width, arguments));
        break;
    case HW_CONVERT_REAL:
        hw_writer_put_real(out, va_arg(arguments->list, double), piece->letter, piece->precision);
        break;
    case HW_CONVERT_BOOL:
        hw_writer_put(out, va_arg(arguments->list, int) ? HW_TEXT("true") : HW_TEXT("false"));
        break;
    case HW_CONVERT_TAGGED:
        return put_tagged_argument(out, arguments);
    }
    return NULL;
}

const char *hw_format_put(hw_writer *out, const hw_format *format, va_list args)
{
    hw_arguments arguments;
    const char *problem = NULL;
    va_copy(arguments.list, args);
    for (size_t i = 0; i < format->count && !problem; i++) {
        hw_writer_put(out, format->pieces[i].literal);
        problem = put_argument(out, &format->pieces[i], &arguments);
    }
    va_end(arguments.list);
    return problem;
}

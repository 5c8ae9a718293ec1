/* Makes pages: from markup as it is, and from formats that put texts where they can only be texts.
 *
 * A page with as many parts as there are is made of markup that goes on: what a format begins with
 * ("%p<li>%s</li>") is not copied where it is the last that was written, but written on; so a list of
 * n items costs n, not its square. */
#include <string.h>

#include "app/fill.h"
#include "app/response.h"
#include "app/tagged.h"

static const hw_text markup_type = HW_TEXT_INIT("text/html; charset=utf-8");

/* A piece of HTML, and what it was written with. */
typedef struct hw_markup {
    hw_tagged tagged;
    hw_writer *writer;
} hw_markup;

static const hw_tagged lost_markup = {HW_TAGGED_MAGIC, HW_TAGGED_LOST, {NULL, 0}};

hewn_response *hewn_html(hewn_request *rq, int status, const char *markup)
{
    hw_text copy = {0};
    (void)hw_arena_copy_text(&rq->arena, hw_text_of(markup), &copy);
    return hw_response_make(rq, status, markup_type, copy);
}

hewn_response *hewn_htmlf(hewn_request *rq, int status, const char *format, ...)
{
    hw_writer out;
    va_list args;
    hw_writer_init(&out, &rq->arena);
    va_start(args, format);
    bool is_good = hw_fill(rq, &out, format, HW_FORMAT_HTML, args);
    va_end(args);
    return hw_response_make(rq, status, markup_type, is_good ? hw_writer_text(&out) : (hw_text){0});
}

/* The writer of the markup that the format begins with, if nothing has been written behind that. */
static hw_writer *find_open_writer(const hw_format *format, va_list args)
{
    const hw_format_piece *first = &format->pieces[0];
    hw_text text;
    if (first->literal.length > 0 || first->conversion != HW_CONVERT_TAGGED)
        return NULL;
    const void *tagged = va_arg(args, const void *);
    if (!hw_tagged_text(tagged, HW_TAGGED_MARKUP, &text))
        return NULL;
    hw_writer *writer = ((const hw_markup *)tagged)->writer;
    bool is_open =
        !writer->is_broken && writer->buffer.at == text.at && writer->buffer.length == text.length;
    return is_open ? writer : NULL;
}

static const void *make_markup(hewn_request *rq, const hw_format *format, hw_writer *writer,
                               va_list args)
{
    hw_markup *markup = hw_arena_alloc(&rq->arena, sizeof *markup);
    if (!writer) {
        writer = hw_arena_alloc(&rq->arena, sizeof *writer);
        if (writer)
            hw_writer_init(writer, &rq->arena);
    }
    if (!markup || !writer || !hw_fill_put(rq, writer, format, args))
        return NULL;
    hw_text text = hw_writer_text(writer);
    *markup = (hw_markup){{HW_TAGGED_MAGIC, HW_TAGGED_MARKUP, text}, writer};
    return text.at ? markup : NULL;
}

const void *hewn_markup(hewn_request *rq, const char *format, ...)
{
    const void *made = NULL;
    va_list args, first;
    va_start(args, format);
    const hw_format *known = hw_fill_find(rq, format, HW_FORMAT_HTML);
    if (known) {
        va_copy(first, args);
        hw_writer *writer = find_open_writer(known, first);
        va_end(first);
        made = make_markup(rq, known, writer, args);
    }
    va_end(args);
    return made ? made : &lost_markup;
}

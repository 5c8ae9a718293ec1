/* Fills formats in for a handler. A misuse names the format: the log's reader can search for it. */
#include "app/fill.h"

#include "app/app.h"
#include "app/dispatch.h"

static void tell_format_misuse(hewn_request *rq, hw_text source, const char *problem)
{
    enum { SHOWN_BYTES = 60 };
    hw_text shown = hw_text_upto(source, SHOWN_BYTES);
    const char *words = hw_arena_format(&rq->arena, "%s: \"%.*s%s\"", problem, HW_TEXT_ARGS(shown),
                                        shown.length < source.length ? "..." : "");
    hw_dispatch_misuse(rq, words ? words : problem);
}

const hw_format *hw_fill_find(hewn_request *rq, const char *source, hw_format_kind kind)
{
    const hw_format *format = hw_formats_get(&hewn_app_of(rq)->formats, &rq->arena, source, kind);
    if (!format)
        rq->response.is_broken = true;
    else if (format->problem)
        tell_format_misuse(rq, format->source, format->problem);
    return format && !format->problem ? format : NULL;
}

bool hw_fill_put(hewn_request *rq, hw_writer *out, const hw_format *format, va_list args)
{
    const char *problem = hw_format_put(out, format, args);
    if (problem)
        tell_format_misuse(rq, format->source, problem);
    return !problem;
}

bool hw_fill(hewn_request *rq, hw_writer *out, const char *source, hw_format_kind kind,
             va_list args)
{
    const hw_format *format = hw_fill_find(rq, source, kind);
    return format && hw_fill_put(rq, out, format, args);
}

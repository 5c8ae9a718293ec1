/* Hands records, faults and steps to whoever wants them.
 *
 * A function and an argument rather than a registry of listeners: there is one taker, chosen when
 * the server is built, and a module below it neither knows nor names it. */
#include "base/sink.h"

#include <stdarg.h>

#include "base/error.h"

void hw_sink_put(const hw_sink *sink, hw_sink_kind kind, const void *item)
{
    if (sink && sink->take)
        sink->take(sink->arg, kind, item);
}

void hw_sink_fault(const hw_sink *sink, int error, const char *where, const char *format, ...)
{
    hw_fault fault;
    va_list args;
    va_start(args, format);
    (void)hw_fault_setv(&fault, error, where, format, args);
    va_end(args);
    hw_sink_put(sink, HW_SINK_FAULT, &fault);
}

void hw_sink_put_step(const hw_sink *sink, const char *file, const char *what)
{
    if (sink && sink->steps)
        hw_sink_put(sink, HW_SINK_STEP, &(hw_step){file, what});
}

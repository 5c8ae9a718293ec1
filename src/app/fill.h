/* What the makers by format have in common: finding the format, filling it in, and saying what is
 * wrong with it. */
#ifndef HW_APP_FILL_H
#define HW_APP_FILL_H

#include <stdarg.h>

#include "app/format.h"
#include "hewn.h"

/* The format, compiled. NULL: it is misuse, which has been told, or there was no memory. */
const hw_format *hw_fill_find(hewn_request *rq, const char *source, hw_format_kind kind);
/* Puts it, filled in. False: misuse, which has been told. */
bool hw_fill_put(hewn_request *rq, hw_writer *out, const hw_format *format, va_list args);
/* Both at once. False: what has been written is of no use. */
bool hw_fill(hewn_request *rq, hw_writer *out, const char *source, hw_format_kind kind,
             va_list args);

#endif

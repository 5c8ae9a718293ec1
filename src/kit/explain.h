/* Tells why a folder of files would answer a request as it does: hewn_files_explain. */
#ifndef HW_KIT_EXPLAIN_H
#define HW_KIT_EXPLAIN_H

#include "exchange/narrator.h"
#include "kit/static.h"

/* Has a GET answered by the files of a setup that is right, and tells of it. 0, or a negative errno of
 * what could not be begun. */
int hw_explain(const hw_static_setup *setup, const char *target, const hewn_field *fields,
               size_t field_count, const hw_narrator *narrator);

#endif

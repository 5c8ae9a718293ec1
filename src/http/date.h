/* Dates (RFC 9110 5.6.7) as seconds since 1970-01-01 00:00:00 UTC. */
#ifndef HW_HTTP_DATE_H
#define HW_HTTP_DATE_H

#include <stdint.h>

#include "base/text.h"

#define HW_NO_DATE INT64_MIN
/* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL. */
#define HW_DATE_BYTES 30

/* Any of the three formats. `now` settles the century of two-digit years: the latest that is not
 * more than 50 years ahead. The day's name must be one, and need not be the right one. False: no
 * date; ret is unchanged. */
bool hw_date_parse(hw_text text, int64_t now, int64_t *ret_seconds);

/* IMF-fixdate, with a NUL. Years outside 0..9999 are written as their nearest end. */
void hw_date_format(int64_t seconds, char out[HW_DATE_BYTES]);

/* "1994-11-06T08:49:37Z" and a NUL. */
#define HW_DATE_ISO_BYTES 21
/* The same as RFC 3339 writes it, for HTML and JSON. */
void hw_date_format_iso(int64_t seconds, char out[HW_DATE_ISO_BYTES]);

#endif

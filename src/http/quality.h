/* Quality values, and what a client makes of a media type or a coding (RFC 9110 12.4.2, 12.5).
 * Qualities are whole numbers: 0 is "not acceptable", 1 least and 1000 most wanted. */
#ifndef HW_HTTP_QUALITY_H
#define HW_HTTP_QUALITY_H

#include "http/field.h"

#define HW_QUALITY_MAX 1000

/* A qvalue, "0.5" is 500 (RFC 9110 12.4.2). False when it is none; ret is unchanged then. */
bool hw_quality_parse(hw_text text, int *ret_quality);

/* The weight among the parameters of an element, the first one named "q"; HW_QUALITY_MAX where there
 * is none. False: it cannot be read. */
bool hw_quality_of_parameters(hw_text parameters, int *ret_quality);

/* How much the request wants this content coding, "br" (RFC 9110 12.5.3): an exact mention counts
 * before "*", x-gzip is gzip. Without an Accept-Encoding field only identity is wanted: "any
 * coding" there is said by clients that know none. identity that is not mentioned has 1: acceptable
 * after whatever was asked for. */
int hw_quality_of_coding(hw_fields request, hw_text coding);

/* How much the request wants this media type, "text/html; charset=utf-8" (RFC 9110 12.5.1): the
 * most specific matching range counts: one with parameters, then type/subtype, then any subtype,
 * then anything. Without an Accept field every type has 1000. */
int hw_quality_of_media(hw_fields request, hw_text media);

#endif

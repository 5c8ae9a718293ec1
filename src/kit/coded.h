/* A body around a body: what that gives, in a content coding. */
#ifndef HW_KIT_CODED_H
#define HW_KIT_CODED_H

#include "exchange/exchange.h"
#include "http/coding.h"

/* The body of the exchange's response, as it leaves, in a coding of hw_encoder_codings. It gives
 * what there is whenever `inner` waits, so that a stream loses no time, and
 * ends, breaks off and waits as that does. Its length is not known.
 * Owns: inner, if it is made. NULL: there is no memory, and inner is still the caller's. To HEAD it
 * is as for GET, and takes next to none. */
hw_source *hw_coded_new(hw_exchange *exchange, hw_source *inner, hw_coding coding);

/* Bytes in a coding at once, in the exchange's arena. at NULL: there is no memory, or they would not
 * be fewer. */
hw_text hw_coded_text(hw_exchange *exchange, hw_text bytes, hw_coding coding);

#endif

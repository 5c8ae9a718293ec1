/* Which answers are worth a content coding, and what is said of those that have one. */
#ifndef HW_KIT_COMPRESS_H
#define HW_KIT_COMPRESS_H

#include "exchange/exchange.h"

/* Shorter bodies stay as they are: the fields that a coding needs are as long as what it saves. */
#define HW_COMPRESS_BYTES_MIN 256

/* Whether contents of this type (a Content-Type, parameters and all) get smaller: text, and what is
 * text underneath; not what is compressed by its own rules, as images and archives are. */
bool hw_compress_fits(hw_text type);

/* Gives the exchange's response, which is complete, the coding that its client wants most, if it may
 * have one at all. */
void hw_compress_response(hw_exchange *exchange);

#endif

/* Takes apart what encoders have made, with the decoders of their libraries. */
#ifndef HW_TESTS_DECODE_H
#define HW_TESTS_DECODE_H

#include "base/buffer.h"
#include "http/coding.h"

/* From its beginning as far as there is some, into an empty buffer. False: it is broken, or does not
 * fit. ret_is_ended: the end was there, and nothing behind it. */
bool decode(hw_coding coding, hw_text coded, hw_buffer *out, bool *ret_is_ended);

/* One a coding: a file of its own, where the library is there. */
typedef bool decode_fn(hw_text coded, hw_buffer *out, bool *ret_is_ended);
decode_fn decode_gzip __attribute__((weak));
decode_fn decode_br __attribute__((weak));
decode_fn decode_zstd __attribute__((weak));

#endif

/* Several ranges of a file in one answer (RFC 9110 14.6, 15.3.7.2). */
#ifndef HW_KIT_MULTIPART_H
#define HW_KIT_MULTIPART_H

#include "exchange/exchange.h"
#include "kit/entry.h"

/* "multipart/byteranges; boundary=" and what parts the parts, with a NUL. */
#define HW_MULTIPART_TYPE_BYTES 96

/* The ranges of one of its representations, at least two, as a body of known length that holds the entry. ret_type is the
 * Content-Type of the whole; the parts have the file's, until somebody gives the response another
 * (hw_source_ops.retype). 0; -ENOMEM: the arena has no memory; or what the source of randomness
 * said. */
int hw_multipart_new(hw_entry *entry, hw_representation *file, const hw_ranges *ranges,
                     hw_arena *arena, char ret_type[HW_MULTIPART_TYPE_BYTES], hw_source **ret_body);

#endif

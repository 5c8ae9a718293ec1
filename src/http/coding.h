/* Content codings (RFC 9110 8.4.1, 12.5.3): what they are called, and which one a client gets. */
#ifndef HW_HTTP_CODING_H
#define HW_HTTP_CODING_H

#include "http/field.h"

/* In the order in which they are given where a client does not care: the smallest last. */
typedef enum hw_coding {
    HW_CODING_IDENTITY,
    HW_CODING_GZIP, /* RFC 1952 */
    HW_CODING_ZSTD, /* RFC 8878, RFC 9659 */
    HW_CODING_BR,   /* RFC 7932 */
    HW_CODING_COUNT,
    HW_CODING_NONE = HW_CODING_COUNT, /* there is none that will do */
} hw_coding;

#define HW_CODING_BIT(coding) (1u << (coding))

/* "gzip", as Content-Encoding has it; identity has no name. */
hw_text hw_coding_name(hw_coding coding);
/* ".gz", as files have it; identity has none. */
hw_text hw_coding_suffix(hw_coding coding);
/* The coding by whose suffix a name ends, behind at least one byte; identity: none. */
hw_coding hw_coding_of_name(hw_text name);

/* How much each coding is wanted, as hw_quality_of_coding says. */
typedef struct hw_coding_wishes {
    int quality[HW_CODING_COUNT];
} hw_coding_wishes;

/* Reads Accept-Encoding, all its lines at once. */
hw_coding_wishes hw_coding_read(hw_fields request);

/* Of those that are offered (a set of HW_CODING_BIT) the one that is wanted most, of several the last.
 * HW_CODING_NONE: none of them is acceptable. */
hw_coding hw_coding_choose(const hw_coding_wishes *wishes, unsigned offered);

#endif

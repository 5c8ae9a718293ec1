/* Reads option structs of other versions.
 *
 * A program may have been compiled against older headers (its struct is shorter) or newer ones (it
 * is longer). Options are zero unless said, so a short struct is filled up with zeros, and a longer
 * one means the same to us exactly when what we do not know is zero. */
#include "app/options.h"

#include <string.h>

#include "base/number.h"

bool hw_options_read(void *known, size_t known_bytes, const void *given)
{
    memset(known, 0, known_bytes);
    if (!given)
        return true;
    size_t given_bytes;
    memcpy(&given_bytes, given, sizeof given_bytes);
    if (given_bytes < sizeof given_bytes)
        return false;
    const char *bytes = given;
    for (size_t i = known_bytes; i < given_bytes; i++)
        if (bytes[i] != 0)
            return false;
    memcpy(known, given, hw_size_min(known_bytes, given_bytes));
    return true;
}

/* Writes numbers with a table of two digits at a time.
 *
 * Most numbers are small: a status, a size, a part of an address. So up to four digits take no
 * loop, no buffer that is filled from behind and no copy out of it; a longer number is the one
 * before its last four digits, and these. */
#include "base/decimal.h"

#include <string.h>

static void write_pair(char *to, unsigned number)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    memcpy(to, pairs + 2 * (size_t)number, 2);
}

/* Below 10000. */
static char *write_small(char *to, unsigned number)
{
    unsigned high = number / 100;
    if (high >= 10) {
        write_pair(to, high);
        to += 2;
    } else if (high > 0) {
        *to++ = (char)('0' + high);
    } else if (number < 10) {
        *to++ = (char)('0' + number);
        return to;
    }
    write_pair(to, number % 100);
    return to + 2;
}

char *hw_decimal_write(char *to, uint64_t number)
{
    if (number < 10000)
        return write_small(to, (unsigned)number);
    to = hw_decimal_write(to, number / 10000); /* at most four times */
    unsigned last = (unsigned)(number % 10000);
    write_pair(to, last / 100);
    write_pair(to + 2, last % 100);
    return to + 4;
}

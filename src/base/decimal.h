/* Numbers as people write them, for those who write many. */
#ifndef HW_BASE_DECIMAL_H
#define HW_BASE_DECIMAL_H

#include <stdint.h>

/* No number has more digits. */
#define HW_DECIMAL_BYTES_MAX 20

/* Writes the digits of a number and returns where they end. `to` has room for
 * HW_DECIMAL_BYTES_MAX; no NUL. */
char *hw_decimal_write(char *to, uint64_t number);

#endif

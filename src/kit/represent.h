/* How a file is answered with, whoever has found it. */
#ifndef HW_KIT_REPRESENT_H
#define HW_KIT_REPRESENT_H

#include "exchange/exchange.h"
#include "kit/entry.h"

/* Answers with a file's entry, or parts of it: 200, 206, 304, 412 or 416. The answer holds
 * the entry. */
void hw_represent(hw_exchange *exchange, hw_entry *entry);

#endif

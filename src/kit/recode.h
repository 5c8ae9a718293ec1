/* Answers with a file in a coding that is made while it is sent. */
#ifndef HW_KIT_RECODE_H
#define HW_KIT_RECODE_H

#include "exchange/exchange.h"
#include "kit/entry.h"

/* Conditions count, ranges do not: of bytes that are made anew each time there are no parts. False:
 * there is no memory for it, and nothing is answered yet. */
bool hw_recode(hw_exchange *exchange, hw_entry *entry, hw_coding coding);

#endif

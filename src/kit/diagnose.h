/* Why a name below a root leads nowhere, for people. */
#ifndef HW_KIT_DIAGNOSE_H
#define HW_KIT_DIAGNOSE_H

#include "exchange/exchange.h"
#include "kit/root.h"

/* Tells, of a name without a slash in front, which part of it cannot be had, and what could be done
 * about it; nothing where that is not to be found out. `error` is what looking it up gave. Asks the
 * file system for each part: not for answers. */
void hw_diagnose(const hw_exchange *exchange, const hw_root *root, const char *name, int error);

/* Tells which part of a path is hidden; nothing if none is. */
void hw_diagnose_hidden(const hw_exchange *exchange, const hw_root *root, hw_path below);

#endif

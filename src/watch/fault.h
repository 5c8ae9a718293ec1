/* A fault, written for people. */
#ifndef HW_WATCH_FAULT_H
#define HW_WATCH_FAULT_H

#include "base/error.h"

/* Writes "hewn: where: what" at once, in one write; what cannot be written is forgotten.
 * Threads: any. */
void hw_fault_write(int fd, const hw_fault *fault);

#endif

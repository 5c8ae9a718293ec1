/* Who has a port: for the one who wanted it. */
#ifndef HW_RUN_HOLDER_H
#define HW_RUN_HOLDER_H

#include <stdbool.h>

typedef struct hw_holder {
    char command[32]; /* "python3"; no control characters */
    long pid;
} hw_holder;

/* Looks for the process that listens on an address, "127.0.0.1:8080" or "[::1]:8080", or on all
 * interfaces with that port. False: none was found, or it is somebody else's and cannot be seen. */
bool hw_holder_find(const char *address, hw_holder *ret_holder);

#endif

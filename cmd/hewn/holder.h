/* Who listens on a port already. */
#ifndef HOLDER_H
#define HOLDER_H

#include <stdbool.h>
#include <stdio.h>

typedef struct holder {
    char command[64]; /* empty: it cannot be seen (another user's process) */
    long pid;
} holder;

/* Looks for the process that listens on "127.0.0.1:8080", on "[::1]:8080" or on all interfaces with
 * that port. False: none was found. */
bool holder_find(const char *address, holder *ret_holder);

/* " by python3 (pid 4711)" */
void holder_show(FILE *out, const holder *holder_found);

#endif

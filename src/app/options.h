/* Option structs of the public headers: what every one of them has in common. */
#ifndef HW_APP_OPTIONS_H
#define HW_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a struct whose first member is its size as its author knew it. What the author did not know
 * becomes zero in `known`, our own struct of known_bytes. given NULL: all zero. False: it has no
 * sensible size, or says something in a tail we do not know. */
bool hw_options_read(void *known, size_t known_bytes, const void *given);

#endif

/* What a folder says with every answer, as the command line names it. */
#ifndef FIELDS_H
#define FIELDS_H

#include "hewn/server.h"
#include "options.h"

typedef struct said_fields {
    hewn_field fields[OPTION_LIST_MAX + 1];
    size_t count;
    const char *origins[OPTION_LIST_MAX + 1]; /* a NULL stands behind the last */
    char *memory[OPTION_LIST_MAX + 1];        /* of the texts */
    char hsts[48];
} said_fields;

/* Reads --header, --cors and --hsts. A mistake is explained on standard error. Returns an exit status of
 * status.h; fields_free it either way. */
int fields_read(const options *chosen, said_fields *ret_said);
void fields_free(said_fields *said);

#endif

/* What the command line says. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTION_LIST_MAX 32

/* The values of an option that may be repeated; a NULL stands behind the last. */
typedef struct option_list {
    const char *items[OPTION_LIST_MAX + 1];
    size_t count;
} option_list;

/* All texts are the arguments themselves. */
typedef struct options {
    const char *folder; /* NULL: none was named */
    const char *log;    /* NULL: as the terminal suggests */
    option_list listen, index, header;
    const char *cors; /* origins and commas, or "*"; NULL: none */
    int port;         /* -1: none was named */
    int loops;        /* 0: as many as there are processors */
    /* Limits; 0: the server's own. */
    int max_conns;
    uint64_t head_timeout, idle_timeout; /* milliseconds */
    uint64_t min_rate;                   /* bytes a second */
    uint64_t max_head, max_body;         /* bytes */
    uint64_t max_memory;                 /* bytes */
    bool lan, public, isolate, trace, help, version;
} options;

/* Reads the arguments. A mistake is explained on standard error. Returns an exit status of
 * status.h. */
int options_parse(int argc, char **argv, options *ret_options);
/* One screen on standard output. */
void options_print_help(void);

#endif

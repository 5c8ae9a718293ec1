/* What the command line says. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

#define OPTION_LIST_MAX 32

/* The values of an option that may be repeated; a NULL stands behind the last. */
typedef struct option_list {
    const char *items[OPTION_LIST_MAX + 1];
    size_t count;
} option_list;

/* Of an option and its negation the last one counts. */
typedef enum option_choice {
    OPTION_UNSAID,
    OPTION_YES,
    OPTION_NO,
} option_choice;

/* An option whose value may be left out. */
typedef struct option_maybe {
    bool is_given;
    const char *value; /* NULL: none, or the option was not given */
} option_maybe;

/* One of several words, or a number. */
typedef struct option_mixed {
    const char *word; /* NULL: a number, or the option was not given */
    int number;
} option_mixed;

typedef enum command {
    COMMAND_SERVE,
    COMMAND_HELP,        /* hewn help [WORD] */
    COMMAND_DEFAULTS,    /* hewn defaults */
    COMMAND_COMPLETIONS, /* hewn completions FORM */
    COMMAND_EXPLAIN,     /* hewn explain URL [DIR] */
    COMMAND_CERT,        /* hewn cert dev [NAME...], hewn cert show [FILE] */
} command;

/* All texts are the arguments themselves. */
typedef struct options {
    command command;
    const char *word;     /* of help, completions, explain and cert; NULL: none */
    const char *place;    /* folder or file; NULL: none was named */
    option_list names;    /* of cert dev */
    const char *log;      /* NULL: as the terminal suggests */
    const char *log_file; /* NULL: standard output */
    option_list listen, index, header, tls, redirect;
    const char *compress;  /* NULL: auto */
    option_mixed cache;    /* nothing: auto */
    option_maybe cors;     /* its value: origins and commas; without one every origin */
    option_maybe hsts;     /* its value: seconds; without one a year */
    const char *client_ca; /* NULL: clients are not asked who they are */
    option_maybe spa;      /* its value: a file's name; without one index.html */
    /* Addresses and commas; NULL: nobody's. */
    const char *proxy_protocol, *trusted_proxies;
    option_choice list, clean_urls;
    int port;  /* -1: none was named */
    int loops; /* 0: as many as there are processors */
    /* Limits; 0: the server's own. */
    int max_conns;
    uint64_t head_timeout, idle_timeout; /* milliseconds */
    uint64_t min_rate;                   /* bytes a second */
    uint64_t max_head, max_body;         /* bytes */
    uint64_t max_memory;                 /* bytes */
    bool lan, public, isolate, hidden, follow_links, open, client_optional;
    bool trace, help, help_all, version;
} options;

/* Reads the arguments. A mistake is explained on standard error. Returns an exit status of
 * status.h. */
int options_parse(int argc, char **argv, options *ret_options);
/* Reads options alone, with another table, into the struct that its rows are about, which has its
 * defaults already. What is no option goes to `take_word`; NULL: it is refused. */
int options_parse_with(const option_table *table, int argc, char **argv,
                       int (*take_word)(const char *word, bool may_be_command, void *chosen),
                       void *chosen);

#endif

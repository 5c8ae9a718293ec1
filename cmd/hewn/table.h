/* Every option there is, with all that is ever said about it. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_PAIR,   /* option_choice: --name and --no-name */
    OPTION_TEXT,   /* const char *, anything but "" */
    OPTION_MAYBE,  /* option_maybe: --name or --name=VALUE */
    OPTION_WORD,   /* const char *, one of `words` */
    OPTION_NUMBER, /* int, from `least` to `most` */
    OPTION_MIXED,  /* option_mixed: one of `words`, or such a number */
    OPTION_TIME,   /* uint64_t, from `least` to `most` */
    OPTION_SIZE,
    OPTION_RATE,
    OPTION_LIST, /* option_list */
} option_kind;

/* What options are about: the groups in which they are shown. */
typedef enum option_topic {
    TOPIC_LISTENING,
    TOPIC_FILES,
    TOPIC_LOG,
    TOPIC_LIMITS,
    TOPIC_PROGRAM,
    TOPIC_COUNT,
} option_topic;

/* A default that this machine decides. */
typedef enum option_derived {
    DERIVED_NOTHING,
    DERIVED_LOG,
    DERIVED_LOOPS,
    DERIVED_CONNECTIONS,
    DERIVED_MEMORY,
} option_derived;

typedef struct option_row {
    const char *name;
    const char *value; /* as it is called, or looks like; NULL: there is none */
    size_t offset;     /* in `options` */
    int64_t least, most;
    const char *const *words; /* NULL-terminated */
    const char *fallback;     /* the default, in words; NULL: off, or derived */
    const char *origin;       /* where the default comes from; NULL: it is built in */
    const char *brief;        /* one line of a screen */
    const char *text;         /* the whole story: sentences */
    option_kind kind;
    option_topic topic;
    option_derived derived;
    char letter;       /* 0: none */
    bool is_secondary; /* not on the first screen */
} option_row;

typedef struct option_table {
    const option_row *rows;
    size_t count;
} option_table;

extern const option_table hewn_options;

/* "listening" and what it is. */
typedef struct topic_row {
    const char *name, *title;
} topic_row;

extern const topic_row topic_rows[TOPIC_COUNT];

/* Words and options of later versions, NULL-terminated. */
extern const char *const later_options[];
extern const char *const later_commands[];
/* What hewn cert can do. */
extern const char *const cert_words[];

/* The option of this name, or of this letter; NULL: there is none. */
const option_row *table_find(const option_table *table, const char *name, size_t length);
const option_row *table_find_letter(const option_table *table, char letter);
/* The name nearest to this one; NULL: none is near. */
const char *table_nearest(const option_table *table, const char *name);
/* Whether NULL-terminated words have this one. */
bool table_has_word(const char *const *words, const char *word, size_t length);

#endif

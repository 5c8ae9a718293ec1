/* Turns the command line into options.
 *
 * One table is the parser, the help and the dictionary for suggestions: an option that is not in it
 * does not exist, one that is in it is explained. getopt_long was rejected: it knows names only,
 * takes abbreviations (so that a new option can change what an old command means), and what it says
 * about a mistake cannot be made to help. Options and words of later versions stand here by name,
 * so that nobody is told that a documented option is a typing error. */
#include "options.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quantity.h"
#include "show.h"
#include "status.h"
#include "suggest.h"

typedef enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_WORD,   /* const char *, one of `words` */
    OPTION_NUMBER, /* int, from `least` to `most` */
    OPTION_TIME,   /* uint64_t, likewise */
    OPTION_SIZE,
    OPTION_RATE,
    OPTION_LIST, /* option_list */
    OPTION_OPEN, /* const char *, whose value only "=" gives; without one "*" */
} option_kind;

typedef struct option_row {
    char letter; /* 0: none */
    option_kind kind;
    const char *name, *value;
    size_t offset;
    int64_t least, most;
    const char *const *words;
    const char *help; /* "\n": the next line; NULL: not on the first screen */
} option_row;

#define DAY_MS (24 * 60 * 60 * 1000)

static const char *const log_forms[] = {"pretty", "combined", "json", "off", NULL};

static const option_row option_rows[] = {
    {'l', OPTION_LIST, "listen", "ADDR", offsetof(options, listen), 0, 0, NULL,
     "listen on 8080, :8080 (all interfaces), 1.2.3.4:80,\n"
     "[::1]:9000, unix:/path or fd:3; may be repeated"},
    {'p', OPTION_NUMBER, "port", "N", offsetof(options, port), 0, 65535, NULL,
     "port of 127.0.0.1 and [::1]; default 9000, or the next\n"
     "free one up to 9009"},
    {0, OPTION_FLAG, "lan", NULL, offsetof(options, lan), 0, 0, NULL,
     "listen on this machine's private addresses too"},
    {0, OPTION_FLAG, "public", NULL, offsetof(options, public), 0, 0, NULL,
     "listen on all interfaces"},
    {'i', OPTION_LIST, "index", "NAME", offsetof(options, index), 0, 0, NULL,
     "what / of a folder serves; default index.html; may be\nrepeated"},
    {'H', OPTION_LIST, "header", "FIELD", offsetof(options, header), 0, 0, NULL, NULL},
    {0, OPTION_OPEN, "cors", "ORIGIN", offsetof(options, cors), 0, 0, NULL, NULL},
    {0, OPTION_FLAG, "isolate", NULL, offsetof(options, isolate), 0, 0, NULL, NULL},
    {0, OPTION_WORD, "log", "FORM", offsetof(options, log), 0, 0, log_forms,
     "pretty, combined, json or off; default pretty on a\nterminal, else json"},
    {0, OPTION_NUMBER, "loops", "N", offsetof(options, loops), 1, 1024, NULL,
     "threads; default: the processors it may use"},
    {0, OPTION_NUMBER, "max-conns", "N", offsetof(options, max_conns), 1, 1 << 20, NULL, NULL},
    {0, OPTION_TIME, "head-timeout", "15s", offsetof(options, head_timeout), 1, DAY_MS, NULL, NULL},
    {0, OPTION_TIME, "idle-timeout", "30s", offsetof(options, idle_timeout), 1, DAY_MS, NULL, NULL},
    {0, OPTION_RATE, "min-rate", "500B/s", offsetof(options, min_rate), 1, 1 << 30, NULL, NULL},
    {0, OPTION_SIZE, "max-head", "32KiB", offsetof(options, max_head), 256, 256 << 10, NULL, NULL},
    {0, OPTION_SIZE, "max-body", "1MiB", offsetof(options, max_body), 1, INT64_C(1) << 40, NULL,
     NULL},
    {0, OPTION_SIZE, "max-memory", "64MiB", offsetof(options, max_memory), 1 << 20,
     INT64_C(1) << 50, NULL,
     "of all connections, such as 64MiB; default an eighth of\nthe machine's, at most 256MiB"},
    {0, OPTION_FLAG, "trace", NULL, offsetof(options, trace), 0, 0, NULL, NULL},
    {'h', OPTION_FLAG, "help", NULL, offsetof(options, help), 0, 0, NULL, "this text"},
    {0, OPTION_FLAG, "version", NULL, offsetof(options, version), 0, 0, NULL, "the version"},
};

#define OPTION_COUNT (sizeof(option_rows) / sizeof(option_rows[0]))

static const char *const later_options[] = {
    "spa",     "clean-urls",   "no-clean-urls", "list",      "no-list",
    "cache",   "compress",     "auth",          "auth-file", "hidden",
    "upload",  "follow-links", "archive",       "tls",       "live",
    "open",    "qr",           "log-file",      "sandbox",   "metrics",
    "control", "workers",      "print-config",  "help-all",  NULL,
};

static const char *const later_commands[] = {
    "run",     "check",  "status", "defaults", "help",          "fmt",
    "explain", "reload", "stop",   "cert",     "hash-password", NULL,
};

/* The arguments, and the one being read. */
typedef struct argument_reader {
    char **argv;
    int argc, at;
} argument_reader;

static bool is_among(const char *const *words, const char *word, size_t length)
{
    for (; *words; words++)
        if (strlen(*words) == length && memcmp(*words, word, length) == 0)
            return true;
    return false;
}

static const char *nearest_option(const char *name)
{
    const char *nearest = NULL;
    size_t best = SUGGEST_WORD_MAX;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        size_t distance = suggest_distance(name, option_rows[i].name);

        if (distance < best) {
            best = distance;
            nearest = option_rows[i].name;
        }
    }
    return nearest && suggest_is_near(name, best) ? nearest : NULL;
}

/* `shown` is what stands on the command line, up to its '='. */
static int refuse_option(const char *shown, const char *name)
{
    const char *nearest = nearest_option(name);

    fputs("hewn: ", stderr);
    if (is_among(later_options, name, strlen(name))) {
        fprintf(stderr, "--%s is not in this version\n", name);
        return STATUS_USAGE;
    }
    fputs("unknown option ", stderr);
    show_text(stderr, shown);
    if (nearest)
        fprintf(stderr, "; did you mean --%s?\n", nearest);
    else
        fputs("; hewn --help lists them\n", stderr);
    return STATUS_USAGE;
}

static bool is_quantity(const option_row *row)
{
    return row->kind == OPTION_TIME || row->kind == OPTION_SIZE || row->kind == OPTION_RATE;
}

static quantity_kind quantity_kind_of(const option_row *row)
{
    return row->kind == OPTION_TIME   ? QUANTITY_TIME
           : row->kind == OPTION_SIZE ? QUANTITY_SIZE
                                      : QUANTITY_RATE;
}

/* Behind "--name: 'value". */
static int refuse_quantity(const option_row *row)
{
    quantity_kind kind = quantity_kind_of(row);

    fprintf(stderr, "' is not %s from ", quantity_name(kind));
    quantity_print(kind, (uint64_t)row->least, stderr);
    fputs(" to ", stderr);
    quantity_print(kind, (uint64_t)row->most, stderr);
    fprintf(stderr, "; write it like %s\n", row->value);
    return STATUS_USAGE;
}

static int refuse_value(const option_row *row, const char *value)
{
    const char *nearest = NULL;

    fprintf(stderr, "hewn: --%s: '", row->name);
    show_text(stderr, value);
    if (row->kind == OPTION_NUMBER) {
        fprintf(stderr, "' is not a number from %" PRId64 " to %" PRId64 "\n", row->least,
                row->most);
        return STATUS_USAGE;
    }
    if (is_quantity(row))
        return refuse_quantity(row);
    fputs("' is not one of", stderr);
    for (const char *const *word = row->words; *word; word++) {
        fprintf(stderr, "%s %s", word == row->words ? "" : ",", *word);
        if (!nearest && suggest_is_near(value, suggest_distance(value, *word)))
            nearest = *word;
    }
    if (nearest)
        fprintf(stderr, "; did you mean %s?", nearest);
    fputc('\n', stderr);
    return STATUS_USAGE;
}

static bool read_decimal(const char *text, int64_t least, int64_t most, int *ret_number)
{
    int number = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || number > (INT_MAX - (*text - '0')) / 10)
            return false;
        number = number * 10 + (*text - '0');
    }
    if (number < least || number > most)
        return false;
    *ret_number = number;
    return true;
}

static int append_value(const option_row *row, option_list *list, const char *value)
{
    if (list->count == OPTION_LIST_MAX) {
        fprintf(stderr, "hewn: --%s is given more than %d times\n", row->name, OPTION_LIST_MAX);
        return STATUS_USAGE;
    }
    list->items[list->count++] = value;
    return STATUS_OK;
}

static int store_quantity(const option_row *row, const char *value, uint64_t *ret_amount)
{
    uint64_t amount;

    if (!quantity_read(quantity_kind_of(row), value, &amount) || amount < (uint64_t)row->least ||
        amount > (uint64_t)row->most)
        return refuse_value(row, value);
    *ret_amount = amount;
    return STATUS_OK;
}

static int store_value(const option_row *row, const char *value, options *chosen)
{
    char *member = (char *)chosen + row->offset;

    if (row->kind == OPTION_LIST)
        return append_value(row, (option_list *)(void *)member, value);
    if (row->kind == OPTION_NUMBER)
        return read_decimal(value, row->least, row->most, (int *)(void *)member)
                   ? STATUS_OK
                   : refuse_value(row, value);
    if (is_quantity(row))
        return store_quantity(row, value, (uint64_t *)(void *)member);
    if (row->kind == OPTION_WORD && !is_among(row->words, value, strlen(value)))
        return refuse_value(row, value);
    *(const char **)(void *)member = value;
    return STATUS_OK;
}

/* `value` is what was attached to the option itself, or NULL. */
static int take_option(const option_row *row, const char *value, argument_reader *reader,
                       options *chosen)
{
    if (row->kind == OPTION_FLAG) {
        if (value) {
            fprintf(stderr, "hewn: --%s takes no value\n", row->name);
            return STATUS_USAGE;
        }
        *(bool *)((char *)chosen + row->offset) = true;
        return STATUS_OK;
    }
    if (row->kind == OPTION_OPEN && !value)
        value = "*";
    if (!value && reader->at + 1 < reader->argc)
        value = reader->argv[++reader->at];
    if (!value || !*value) {
        fprintf(stderr, "hewn: --%s needs a value: --%s %s\n", row->name, row->name, row->value);
        return STATUS_USAGE;
    }
    return store_value(row, value, chosen);
}

static int read_long_option(const char *argument, argument_reader *reader, options *chosen)
{
    const char *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
    char name[SUGGEST_WORD_MAX];

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *known = option_rows[i].name;

        if (strlen(known) == length - 2 && memcmp(known, argument + 2, length - 2) == 0)
            return take_option(&option_rows[i], equals ? equals + 1 : NULL, reader, chosen);
    }
    if (length >= sizeof(name))
        return refuse_option(argument, "");
    memcpy(name, argument, length);
    name[length] = '\0';
    return refuse_option(name, name + 2);
}

static int read_short_option(const char *argument, argument_reader *reader, options *chosen)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (option_rows[i].letter == argument[1])
            return take_option(&option_rows[i], argument[2] ? argument + 2 : NULL, reader, chosen);
    }
    return refuse_option(argument, argument + 1);
}

static int take_folder(const char *argument, bool may_be_command, options *chosen)
{
    if (may_be_command && is_among(later_commands, argument, strlen(argument))) {
        fprintf(stderr,
                "hewn: the command '%s' is not in this version\n"
                "  a folder of that name is served by  hewn ./%s\n",
                argument, argument);
        return STATUS_USAGE;
    }
    if (chosen->folder) {
        fputs("hewn: one folder at a time: '", stderr);
        show_text(stderr, chosen->folder);
        fputs("' or '", stderr);
        show_text(stderr, argument);
        fputs("'?\n", stderr);
        return STATUS_USAGE;
    }
    chosen->folder = argument;
    return STATUS_OK;
}

static int check_together(const options *chosen)
{
    if (chosen->lan && chosen->public) {
        fputs("hewn: --lan and --public exclude each other; --public includes the LAN\n", stderr);
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

int options_parse(int argc, char **argv, options *ret_options)
{
    argument_reader reader = {.argv = argv, .argc = argc, .at = 1};
    bool only_folders = false;
    int status = STATUS_OK;

    *ret_options = (options){.port = -1};
    for (; status == STATUS_OK && reader.at < argc; reader.at++) {
        const char *argument = argv[reader.at];

        if (only_folders || argument[0] != '-' || argument[1] == '\0')
            status = take_folder(argument, !only_folders, ret_options);
        else if (argument[1] != '-')
            status = read_short_option(argument, &reader, ret_options);
        else if (argument[2] != '\0')
            status = read_long_option(argument, &reader, ret_options);
        else
            only_folders = true;
    }
    return status == STATUS_OK ? check_together(ret_options) : status;
}

static void print_row(const option_row *row)
{
    char left[32];
    const char *line = row->help;
    int letter_width = 0;

    if (row->letter)
        letter_width = printf("  -%c, ", row->letter);
    else
        letter_width = printf("      ");
    snprintf(left, sizeof(left), "--%s%s%s", row->name, row->value ? " " : "",
             row->value ? row->value : "");
    printf("%-*s", 24 - letter_width, left);
    for (;;) {
        const char *end = strchrnul(line, '\n');

        printf("%.*s\n", (int)(end - line), line);
        if (!*end)
            return;
        line = end + 1;
        printf("%24s", "");
    }
}

void options_print_help(void)
{
    puts("usage: hewn [OPTION...] [DIR]      serve a folder over HTTP; DIR is . by default\n");
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (option_rows[i].help)
            print_row(&option_rows[i]);
    puts("\n"
         "limits, and everything else: man hewn\n"
         "\n"
         "  hewn dist                        at http://127.0.0.1:9000/\n"
         "  hewn --lan -p 8000 slides        for the machines around\n"
         "  hewn --log json -l :80 /srv/www  on port 80 of every interface");
}

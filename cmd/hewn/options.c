/* Turns the command line into options, by the table of table.c.
 *
 * getopt_long was rejected: it knows names only, takes abbreviations (so that a new option can
 * change what an old command means), and what it says about a mistake cannot be made to help. A
 * value that may be left out has to stand behind '=': what follows such an option is never its
 * value, so `hewn --spa dist` serves dist. */
#include "options.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "quantity.h"
#include "show.h"
#include "status.h"
#include "suggest.h"
#include "table.h"

/* The arguments, the one being read, and what they are about. */
typedef struct argument_reader {
    const option_table *table;
    char **argv;
    int argc, at;
    void *chosen;
} argument_reader;

/* An option as it stands on the command line. */
typedef struct given_option {
    const option_row *row;
    const char *value; /* what was attached to it; NULL: nothing was */
    bool is_negated;
} given_option;

/* `shown` is what stands on the command line, up to its '='. */
static int refuse_option(const option_table *table, const char *shown, const char *name)
{
    const char *nearest = table_nearest(table, name);

    fputs("hewn: ", stderr);
    if (table_has_word(later_options, name, strlen(name))) {
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

/* Behind "--name: 'value". */
static int refuse_word(const option_row *row, const char *value)
{
    const char *nearest = NULL;

    fputs("' is not one of", stderr);
    for (const char *const *word = row->words; *word; word++) {
        fprintf(stderr, "%s %s", word == row->words ? "" : ",", *word);
        if (!nearest && suggest_is_near(value, suggest_distance(value, *word)))
            nearest = *word;
    }
    if (row->kind == OPTION_MIXED)
        fprintf(stderr, ", or a number from %" PRId64 " to %" PRId64, row->least, row->most);
    if (nearest)
        fprintf(stderr, "; did you mean %s?", nearest);
    fputc('\n', stderr);
    return STATUS_USAGE;
}

static int refuse_value(const option_row *row, const char *value)
{
    fprintf(stderr, "hewn: --%s: '", row->name);
    show_text(stderr, value);
    if (row->kind == OPTION_NUMBER) {
        fprintf(stderr, "' is not a number from %" PRId64 " to %" PRId64 "\n", row->least,
                row->most);
        return STATUS_USAGE;
    }
    return is_quantity(row) ? refuse_quantity(row) : refuse_word(row, value);
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

static int store_number(const option_row *row, const char *value, int *ret_number)
{
    return read_decimal(value, row->least, row->most, ret_number) ? STATUS_OK
                                                                  : refuse_value(row, value);
}

static int store_word(const option_row *row, const char *value, const char **ret_word)
{
    if (!table_has_word(row->words, value, strlen(value)))
        return refuse_value(row, value);
    *ret_word = value;
    return STATUS_OK;
}

static int store_mixed(const option_row *row, const char *value, option_mixed *ret_mixed)
{
    option_mixed mixed = {.word = NULL};

    if (table_has_word(row->words, value, strlen(value)))
        mixed.word = value;
    else if (!read_decimal(value, row->least, row->most, &mixed.number))
        return refuse_value(row, value);
    *ret_mixed = mixed;
    return STATUS_OK;
}

/* For an option that has to have one. */
static int store_value(const option_row *row, const char *value, void *member)
{
    switch (row->kind) {
    case OPTION_LIST:
        return append_value(row, member, value);
    case OPTION_NUMBER:
        return store_number(row, value, member);
    case OPTION_MIXED:
        return store_mixed(row, value, member);
    case OPTION_WORD:
        return store_word(row, value, member);
    case OPTION_TIME:
    case OPTION_SIZE:
    case OPTION_RATE:
        return store_quantity(row, value, member);
    case OPTION_TEXT:
    case OPTION_FLAG:
    case OPTION_PAIR:
    case OPTION_MAYBE:
        break;
    }
    *(const char **)member = value;
    return STATUS_OK;
}

static int refuse_no_value(const option_row *row)
{
    fprintf(stderr, "hewn: --%s needs a value: --%s%s%s\n", row->name, row->name,
            row->kind == OPTION_MAYBE ? "=" : " ", row->value);
    return STATUS_USAGE;
}

static int store_maybe(const option_row *row, const char *value, option_maybe *ret_maybe)
{
    if (value && !*value)
        return refuse_no_value(row);
    *ret_maybe = (option_maybe){.is_given = true, .value = value};
    return STATUS_OK;
}

static int store_switch(const given_option *given, void *member)
{
    if (given->value) {
        fprintf(stderr, "hewn: --%s%s takes no value\n", given->is_negated ? "no-" : "",
                given->row->name);
        return STATUS_USAGE;
    }
    if (given->row->kind == OPTION_PAIR)
        *(option_choice *)member = given->is_negated ? OPTION_NO : OPTION_YES;
    else
        *(bool *)member = true;
    return STATUS_OK;
}

static int take_option(const given_option *given, argument_reader *reader)
{
    const option_row *row = given->row;
    const char *value = given->value;
    void *member = (char *)reader->chosen + row->offset;

    if (row->kind == OPTION_FLAG || row->kind == OPTION_PAIR)
        return store_switch(given, member);
    if (row->kind == OPTION_MAYBE)
        return store_maybe(row, value, member);
    if (!value && reader->at + 1 < reader->argc)
        value = reader->argv[++reader->at];
    return value && *value ? store_value(row, value, member) : refuse_no_value(row);
}

/* "name" or, of a pair, "no-name". */
static given_option find_given(const option_table *table, const char *name, size_t length)
{
    given_option given = {.row = table_find(table, name, length)};

    if (given.row || length < 3 || memcmp(name, "no-", 3) != 0)
        return given;
    given.row = table_find(table, name + 3, length - 3);
    given.is_negated = true;
    if (given.row && given.row->kind != OPTION_PAIR)
        given.row = NULL;
    return given;
}

static int read_long_option(const char *argument, argument_reader *reader)
{
    const char *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
    given_option given = find_given(reader->table, argument + 2, length - 2);
    char name[SUGGEST_WORD_MAX];

    given.value = equals ? equals + 1 : NULL;
    if (given.row)
        return take_option(&given, reader);
    if (length >= sizeof(name))
        return refuse_option(reader->table, argument, "");
    memcpy(name, argument, length);
    name[length] = '\0';
    return refuse_option(reader->table, name, name + 2);
}

static int read_short_option(const char *argument, argument_reader *reader)
{
    given_option given = {
        .row = table_find_letter(reader->table, argument[1]),
        .value = argument[2] ? argument + 2 : NULL,
    };

    return given.row ? take_option(&given, reader)
                     : refuse_option(reader->table, argument, argument + 1);
}

static int refuse_stray_word(const char *word, bool may_be_command, void *chosen)
{
    (void)may_be_command;
    (void)chosen;
    fputs("hewn: what is '", stderr);
    show_text(stderr, word);
    fputs("'?\n", stderr);
    return STATUS_USAGE;
}

int options_parse_with(const option_table *table, int argc, char **argv,
                       int (*take_word)(const char *word, bool may_be_command, void *chosen),
                       void *chosen)
{
    argument_reader reader = {table, argv, argc, 1, chosen};
    bool only_words = false;
    int status = STATUS_OK;

    if (!take_word)
        take_word = refuse_stray_word;
    for (; status == STATUS_OK && reader.at < argc; reader.at++) {
        const char *argument = argv[reader.at];

        if (only_words || argument[0] != '-' || argument[1] == '\0')
            status = take_word(argument, !only_words, chosen);
        else if (argument[1] != '-')
            status = read_short_option(argument, &reader);
        else if (argument[2] != '\0')
            status = read_long_option(argument, &reader);
        else
            only_words = true;
    }
    return status;
}

static const struct {
    const char *word;
    command command;
} commands[] = {
    {"defaults", COMMAND_DEFAULTS},
    {"completions", COMMAND_COMPLETIONS},
    {"explain", COMMAND_EXPLAIN},
    {"cert", COMMAND_CERT},
};

/* True: the word is a command of this version, which is then what is to be done. */
static bool take_command(const char *word, options *chosen)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].word, word) == 0) {
            chosen->command = commands[i].command;
            return true;
        }
    }
    return false;
}

static int refuse_cert_word(const char *word)
{
    fputs("hewn: cert ", stderr);
    show_text(stderr, word);
    for (const char *const *known = cert_words; *known; known++) {
        if (suggest_is_near(word, suggest_distance(word, *known))) {
            fprintf(stderr, "? did you mean  hewn cert %s ?\n", *known);
            return STATUS_USAGE;
        }
    }
    fputs("? there is  hewn cert dev  and  hewn cert show\n", stderr);
    return STATUS_USAGE;
}

static int refuse_two_places(const char *what, const char *one, const char *other)
{
    fprintf(stderr, "hewn: one %s at a time: '", what);
    show_text(stderr, one);
    fputs("' or '", stderr);
    show_text(stderr, other);
    fputs("'?\n", stderr);
    return STATUS_USAGE;
}

/* Of two words the first may have been meant for a command. */
static int refuse_two_folders(const char *one, const char *other)
{
    int status = refuse_two_places("folder", one, other);

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (suggest_is_near(one, suggest_distance(one, commands[i].word)))
            fprintf(stderr, "  did you mean  hewn %s ?\n", commands[i].word);
    return status;
}

/* dev or show, then names or a file. */
static int take_cert_word(const char *word, options *chosen)
{
    if (!chosen->word) {
        chosen->word = word;
        return table_has_word(cert_words, word, strlen(word)) ? STATUS_OK : refuse_cert_word(word);
    }
    if (strcmp(chosen->word, "dev") != 0) {
        if (chosen->place)
            return refuse_two_places("file", chosen->place, word);
        chosen->place = word;
        return STATUS_OK;
    }
    if (chosen->names.count == OPTION_LIST_MAX) {
        fprintf(stderr, "hewn: a certificate is made for at most %d names\n", OPTION_LIST_MAX);
        return STATUS_USAGE;
    }
    chosen->names.items[chosen->names.count++] = word;
    return STATUS_OK;
}

/* A folder or file; a command, where nothing came before it; or what a command is about. */
static int take_place(const char *word, bool may_be_command, void *arg)
{
    options *chosen = arg;

    if (chosen->command == COMMAND_CERT)
        return take_cert_word(word, chosen);
    if (chosen->command != COMMAND_SERVE && chosen->command != COMMAND_DEFAULTS && !chosen->word) {
        chosen->word = word;
        return STATUS_OK;
    }
    if (chosen->command != COMMAND_SERVE && chosen->command != COMMAND_EXPLAIN)
        return refuse_stray_word(word, false, chosen);
    if (chosen->place)
        return refuse_two_folders(chosen->place, word);
    if (chosen->command == COMMAND_EXPLAIN)
        may_be_command = false;
    if (may_be_command && take_command(word, chosen))
        return STATUS_OK;
    if (may_be_command && table_has_word(later_commands, word, strlen(word))) {
        fprintf(stderr,
                "hewn: the command '%s' is not in this version\n"
                "  a folder of that name is served by  hewn ./%s\n",
                word, word);
        return STATUS_USAGE;
    }
    chosen->place = word;
    return STATUS_OK;
}

/* hewn help WORD: also of a word that looks like an option. */
static int parse_help(int argc, char **argv, options *chosen)
{
    if (argc > 3)
        return refuse_stray_word(argv[3], false, chosen);
    chosen->command = COMMAND_HELP;
    chosen->word = argc == 3 ? argv[2] : NULL;
    return STATUS_OK;
}

static int check_together(const options *chosen)
{
    if (chosen->lan && chosen->public) {
        fputs("hewn: --lan and --public exclude each other; --public includes the LAN\n", stderr);
        return STATUS_USAGE;
    }
    if (chosen->command == COMMAND_COMPLETIONS && !chosen->word) {
        fputs("hewn: completions for which shell? bash, zsh or fish\n", stderr);
        return STATUS_USAGE;
    }
    if (chosen->command == COMMAND_CERT && !chosen->word) {
        fputs("hewn: cert what? dev makes a certificate for development, show describes one\n",
              stderr);
        return STATUS_USAGE;
    }
    if (chosen->command == COMMAND_EXPLAIN && !chosen->word) {
        fputs("hewn: explain which URL or path?\n  try  hewn explain /index.html\n", stderr);
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

int options_parse(int argc, char **argv, options *ret_options)
{
    int status;

    *ret_options = (options){.port = -1};
    if (argc > 1 && strcmp(argv[1], "help") == 0)
        return parse_help(argc, argv, ret_options);
    status = options_parse_with(&hewn_options, argc, argv, take_place, ret_options);
    return status == STATUS_OK ? check_together(ret_options) : status;
}

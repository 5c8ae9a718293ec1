/* Prints the table of options for those who read: one screen, all of it, or a part.
 *
 * The screen has a line for each option, the rest its whole story, in the width of a terminal of
 * 80 columns. */
#include "help.h"

#include <inttypes.h>
#include <string.h>

#include "quantity.h"
#include "show.h"
#include "status.h"
#include "suggest.h"

enum { BRIEF_COLUMN = 26, TEXT_COLUMN = 8, WIDTH = 78 };

int help_print_name(FILE *out, const option_row *row)
{
    int width = row->letter ? fprintf(out, "-%c, ", row->letter) : fprintf(out, "    ");

    width += fprintf(out, "--%s%s", row->kind == OPTION_PAIR ? "[no-]" : "", row->name);
    if (row->value && row->kind == OPTION_MAYBE)
        width += fprintf(out, "[=%s]", row->value);
    else if (row->value)
        width += fprintf(out, " %s", row->value);
    return width;
}

static void print_bound(FILE *out, const option_row *row, int64_t bound)
{
    switch (row->kind) {
    case OPTION_TIME:
        quantity_print(QUANTITY_TIME, (uint64_t)bound, out);
        break;
    case OPTION_SIZE:
        quantity_print(QUANTITY_SIZE, (uint64_t)bound, out);
        break;
    case OPTION_RATE:
        quantity_print(QUANTITY_RATE, (uint64_t)bound, out);
        break;
    default:
        fprintf(out, "%" PRId64, bound);
    }
}

void help_print_bounds(FILE *out, const option_row *row)
{
    if (row->most) {
        fputs(" From ", out);
        print_bound(out, row, row->least);
        fputs(" to ", out);
        print_bound(out, row, row->most);
        fputc('.', out);
    }
    if (row->fallback)
        fprintf(out, " The default is %s.", row->fallback);
    else if (row->derived != DERIVED_NOTHING && row->derived != DERIVED_LOG)
        fprintf(out, " The default is %s.", row->origin);
}

/* Words between spaces, on lines that begin at TEXT_COLUMN. */
static void print_wrapped(const char *text)
{
    int column = WIDTH;

    while (*text) {
        int length = (int)strcspn(text, " ");

        if (column + 1 + length > WIDTH)
            column = printf("\n%*s", TEXT_COLUMN, "") - 1;
        else
            column += printf(" ");
        column += printf("%.*s", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_whole(const option_row *row)
{
    char words[1024];
    FILE *out = fmemopen(words, sizeof(words), "w");

    fputs("  ", stdout);
    help_print_name(stdout, row);
    if (!out) {
        printf("\n%*s%s\n", TEXT_COLUMN, "", row->text);
        return;
    }
    fputs(row->text, out);
    help_print_bounds(out, row);
    fputc('\0', out);
    fclose(out);
    words[sizeof(words) - 1] = '\0';
    print_wrapped(words);
}

static void print_topic(option_topic topic)
{
    printf("%s\n", topic_rows[topic].title);
    for (size_t i = 0; i < hewn_options.count; i++)
        if (hewn_options.rows[i].topic == topic)
            print_whole(&hewn_options.rows[i]);
}

static void print_line(const option_row *row)
{
    int width;

    fputs("  ", stdout);
    width = 2 + help_print_name(stdout, row);
    printf("%*s%s\n", width < BRIEF_COLUMN ? BRIEF_COLUMN - width : 1, "", row->brief);
}

/* The options of a topic that are on the screen, and its title where there are any. */
static void print_lines(option_topic topic)
{
    bool has_title = false;

    for (size_t i = 0; i < hewn_options.count; i++) {
        const option_row *row = &hewn_options.rows[i];

        if (row->topic != topic || row->is_secondary)
            continue;
        if (!has_title)
            puts(topic_rows[topic].title);
        has_title = true;
        print_line(row);
    }
}

void help_print_screen(void)
{
    puts("usage: hewn [OPTION...] [DIR|FILE]   serve a folder (default: .) or a file\n"
         "       hewn explain URL [DIR]        why a URL is answered as it is\n"
         "       hewn cert dev|show            certificates for development\n"
         "       hewn help TOPIC|OPTION        listening, files, log, limits, program");
    for (option_topic topic = 0; topic < TOPIC_COUNT; topic++)
        print_lines(topic);
    puts("Examples\n"
         "  hewn dist                        at http://127.0.0.1:9000/\n"
         "  hewn --lan -p 8000 slides        for the machines around\n"
         "  hewn --log json -l :80 /srv/www  on port 80 of every interface");
}

void help_print_all(void)
{
    puts("usage: hewn [OPTION...] [DIR|FILE]\n"
         "       hewn explain URL [DIR|FILE] [OPTION...]\n"
         "       hewn cert dev [NAME...]\n"
         "       hewn cert show [FILE]\n"
         "       hewn defaults\n"
         "       hewn help TOPIC|OPTION\n"
         "       hewn completions bash|zsh|fish");
    for (option_topic topic = 0; topic < TOPIC_COUNT; topic++) {
        putchar('\n');
        print_topic(topic);
    }
}

static int refuse_subject(const char *word, const char *name)
{
    const char *nearest = table_nearest(&hewn_options, name);
    size_t best = nearest ? suggest_distance(name, nearest) : SUGGEST_WORD_MAX;

    for (option_topic topic = 0; topic < TOPIC_COUNT; topic++) {
        size_t distance = suggest_distance(name, topic_rows[topic].name);

        if (distance < best && suggest_is_near(name, distance)) {
            best = distance;
            nearest = topic_rows[topic].name;
        }
    }
    fputs("hewn: no help about '", stderr);
    show_text(stderr, word);
    if (nearest)
        fprintf(stderr, "'; did you mean  hewn help %s ?\n", nearest);
    else
        fputs("'; hewn --help-all has all there is\n", stderr);
    return STATUS_USAGE;
}

int help_print_about(const char *word)
{
    const char *name;
    const option_row *row;

    if (!word)
        return help_print_screen(), STATUS_OK;
    name = word + strspn(word, "-");
    for (option_topic topic = 0; topic < TOPIC_COUNT; topic++)
        if (strcmp(word, topic_rows[topic].name) == 0)
            return print_topic(topic), STATUS_OK;
    row = table_find(&hewn_options, name, strlen(name));
    if (!row && strlen(name) == 1)
        row = table_find_letter(&hewn_options, *name);
    if (row)
        return print_whole(row), STATUS_OK;
    if (table_has_word(later_options, name, strlen(name)) ||
        table_has_word(later_commands, name, strlen(name))) {
        fprintf(stderr, "hewn: '%s' is not in this version\n", name);
        return STATUS_USAGE;
    }
    return refuse_subject(word, name);
}

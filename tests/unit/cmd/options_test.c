/* The parser of options with a table that has every kind, also those no option of hewn is of yet. */
#include "../../../cmd/hewn/options.h"

#include <stdio.h>
#include <string.h>

#include "../../../cmd/hewn/status.h"
#include "unit/harness.h"

typedef struct sample {
    bool flag;
    option_choice list;
    const char *text, *word;
    option_maybe spa;
    int number;
    option_mixed cache;
    uint64_t time;
    option_list header;
    const char *words[4];
    size_t word_count;
} sample;

static const char *const colors[] = {"red", "green", NULL};
static const char *const caches[] = {"auto", "off", NULL};

static const option_row sample_rows[] = {
    {.name = "flag", .letter = 'f', .kind = OPTION_FLAG, .offset = offsetof(sample, flag)},
    {.name = "list", .kind = OPTION_PAIR, .offset = offsetof(sample, list)},
    {.name = "text",
     .letter = 't',
     .kind = OPTION_TEXT,
     .value = "FILE",
     .offset = offsetof(sample, text)},
    {.name = "word",
     .kind = OPTION_WORD,
     .value = "COLOR",
     .words = colors,
     .offset = offsetof(sample, word)},
    {.name = "spa",
     .letter = 's',
     .kind = OPTION_MAYBE,
     .value = "FILE",
     .offset = offsetof(sample, spa)},
    {.name = "number",
     .letter = 'n',
     .kind = OPTION_NUMBER,
     .value = "N",
     .most = 10,
     .offset = offsetof(sample, number)},
    {.name = "cache",
     .kind = OPTION_MIXED,
     .value = "auto|off|SECONDS",
     .words = caches,
     .most = 31536000,
     .offset = offsetof(sample, cache)},
    {.name = "time",
     .kind = OPTION_TIME,
     .value = "15s",
     .least = 1,
     .most = 60000,
     .offset = offsetof(sample, time)},
    {.name = "header",
     .letter = 'H',
     .kind = OPTION_LIST,
     .value = "'Name: value'",
     .offset = offsetof(sample, header)},
};
static const option_table samples = {sample_rows, sizeof sample_rows / sizeof *sample_rows};

static int take_word(const char *word, bool may_be_command, void *arg)
{
    sample *chosen = arg;
    (void)may_be_command;
    if (chosen->word_count == 4)
        return STATUS_USAGE;
    chosen->words[chosen->word_count++] = word;
    return STATUS_OK;
}

/* The arguments are one string, with a space between two. */
static int parse(const char *line, sample *ret_chosen)
{
    static char memory[256];
    char *arguments[16] = {(char[]){"hewn"}}, *rest = memory;
    int count = 1;
    snprintf(memory, sizeof memory, "%s", line);
    while (rest && *rest && count < 16)
        arguments[count++] = strsep(&rest, " ");
    *ret_chosen = (sample){.number = -1};
    return options_parse_with(&samples, count, arguments, take_word, ret_chosen);
}

static sample parse_well(const char *line)
{
    sample chosen;
    assert_int_equal(parse(line, &chosen), STATUS_OK);
    return chosen;
}

/* What is said about it is for test_options.py; here it goes nowhere. */
static void refuses(const char *line)
{
    sample chosen;
    FILE *errors = stderr, *nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    stderr = nowhere;
    int status = parse(line, &chosen);
    stderr = errors;
    fclose(nowhere);
    assert_int_equal(status, STATUS_USAGE);
}

HW_TEST(options_take_values_in_three_ways)
{
    assert_string_equal(parse_well("--text a").text, "a");
    assert_string_equal(parse_well("--text=a=b").text, "a=b");
    assert_string_equal(parse_well("-ta").text, "a");
    assert_string_equal(parse_well("-t a").text, "a");
    assert_string_equal(parse_well("-t=a").text, "=a");
    assert_string_equal(parse_well("--text -f").text, "-f");
    refuses("--text");
    refuses("--text=");
    refuses("-t");
    refuses("--tex=a");
}

HW_TEST(options_and_their_negations_the_last_one_counts)
{
    assert_int_equal(parse_well("dist").list, OPTION_UNSAID);
    assert_int_equal(parse_well("--list").list, OPTION_YES);
    assert_int_equal(parse_well("--no-list").list, OPTION_NO);
    assert_int_equal(parse_well("--no-list --flag --list").list, OPTION_YES);
    assert_int_equal(parse_well("--list dist --no-list").list, OPTION_NO);
    refuses("--list=yes");
    refuses("--no-list=yes");
    refuses("--no-flag");
    refuses("--no-no-list");
    refuses("--no-");
}

HW_TEST(options_whose_value_may_be_left_out_never_take_the_next_word)
{
    sample chosen = parse_well("--spa dist");
    assert_true(chosen.spa.is_given);
    assert_null(chosen.spa.value);
    assert_string_equal(chosen.words[0], "dist");
    assert_string_equal(parse_well("--spa=app.html dist").spa.value, "app.html");
    assert_string_equal(parse_well("-sapp.html").spa.value, "app.html");
    assert_null(parse_well("--spa=app.html --spa").spa.value);
    assert_false(parse_well("dist").spa.is_given);
    refuses("--spa=");
}

HW_TEST(options_that_are_a_word_or_a_number)
{
    assert_string_equal(parse_well("--cache off").cache.word, "off");
    sample chosen = parse_well("--cache=off --cache=60");
    assert_null(chosen.cache.word);
    assert_int_equal(chosen.cache.number, 60);
    assert_int_equal(parse_well("--cache=0").cache.number, 0);
    refuses("--cache=31536001");
    refuses("--cache=-1");
    refuses("--cache=of");
    refuses("--cache=60s");
    refuses("--cache=");
}

HW_TEST(options_of_other_kinds)
{
    sample chosen = parse_well("-f --word green -n7 --time=2s -HA:1 -H B:2 --header=C:3 a b");
    assert_true(chosen.flag);
    assert_string_equal(chosen.word, "green");
    assert_int_equal(chosen.number, 7);
    assert_int_equal(chosen.time, 2000);
    assert_int_equal(chosen.header.count, 3);
    assert_string_equal(chosen.header.items[2], "C:3");
    assert_null(chosen.header.items[3]);
    assert_int_equal(chosen.word_count, 2);
    refuses("--word blue");
    refuses("-n11");
    refuses("--time 2");
    refuses("-fx");
    refuses("-x");
}

HW_TEST(options_end_behind_two_dashes)
{
    sample chosen = parse_well("-f -- --text -- -");
    assert_null(chosen.text);
    assert_int_equal(chosen.word_count, 3);
    assert_string_equal(chosen.words[0], "--text");
    assert_string_equal(chosen.words[2], "-");
    assert_int_equal(parse_well("-").word_count, 1);
}

/* Of hewn's own table, which nobody else looks at as a whole. */
HW_TEST(options_of_hewn_are_explained_and_named_once)
{
    for (size_t i = 0; i < hewn_options.count; i++) {
        const option_row *row = &hewn_options.rows[i];
        assert_true(row->brief && strlen(row->brief) <= 54);
        assert_true(row->text && row->text[strlen(row->text) - 1] == '.');
        assert_ptr_equal(table_find(&hewn_options, row->name, strlen(row->name)), row);
        assert_true(!row->letter || table_find_letter(&hewn_options, row->letter) == row);
        assert_true((row->kind == OPTION_FLAG || row->kind == OPTION_PAIR) == !row->value);
        assert_true(row->derived == DERIVED_NOTHING || (row->origin && !row->fallback));
        for (const char *const *later = later_options; *later; later++)
            assert_string_not_equal(*later, row->name);
    }
}

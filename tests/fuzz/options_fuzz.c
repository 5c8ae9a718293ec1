/* Any bytes as the arguments of a command line, a line each: they are taken, or refused in words;
 * numbers are within their bounds, and nothing is pointed to but the arguments. They are read with
 * hewn's own table, and again with one that has options of every kind. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cmd/hewn/options.h"
#include "../../cmd/hewn/status.h"
#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { ARGUMENTS_MAX = 48, INPUT_MAX = 1024 };

#ifdef HW_FUZZ_PLANTED
/* Two addresses, and a folder that looks like an option. */
static void check_planted(const options *chosen)
{
    if (chosen->listen.count == 2 && chosen->place && chosen->place[0] == '-')
        abort();
}
#else
static void check_planted(const options *chosen)
{
    (void)chosen;
}
#endif

/* The last number an option gives, in another way than theirs: with libc. The option has a value
 * that is attached by "=". */
static int last_attached(char **arguments, int count, const char *name, int otherwise)
{
    for (int i = 1; i < count && strcmp(arguments[i], "--") != 0; i++)
        if (!strncmp(arguments[i], name, strlen(name)))
            otherwise = (int)strtol(arguments[i] + strlen(name), NULL, 10);
    return otherwise;
}

/* Whether every argument is an option with its value attached, so that last_attached sees all. */
static bool are_all_attached(char **arguments, int count)
{
    for (int i = 1; i < count; i++)
        if (strncmp(arguments[i], "--", 2) != 0 || !strchr(arguments[i], '='))
            return false;
    return true;
}

/* Of the second table. */
typedef struct sample {
    bool flag;
    option_choice list;
    option_maybe spa;
    option_mixed cache;
    const char *text;
    uint64_t size;
    option_list header;
} sample;

static const char *const cache_words[] = {"auto", "off", NULL};
static const option_row sample_rows[] = {
    {.name = "flag", .letter = 'f', .kind = OPTION_FLAG, .offset = offsetof(sample, flag)},
    {.name = "list", .kind = OPTION_PAIR, .offset = offsetof(sample, list)},
    {.name = "spa", .kind = OPTION_MAYBE, .value = "FILE", .offset = offsetof(sample, spa)},
    {.name = "cache",
     .kind = OPTION_MIXED,
     .value = "SECONDS",
     .words = cache_words,
     .most = 1000,
     .offset = offsetof(sample, cache)},
    {.name = "text",
     .letter = 't',
     .kind = OPTION_TEXT,
     .value = "X",
     .offset = offsetof(sample, text)},
    {.name = "size",
     .kind = OPTION_SIZE,
     .value = "1KiB",
     .least = 16,
     .most = 1 << 20,
     .offset = offsetof(sample, size)},
    {.name = "header",
     .letter = 'H',
     .kind = OPTION_LIST,
     .value = "X",
     .offset = offsetof(sample, header)},
};
static const option_table samples = {sample_rows, sizeof(sample_rows) / sizeof(sample_rows[0])};

static bool is_argument(const char *text, const char *from, const char *to)
{
    return !text || (text >= from && text < to);
}

static void check_texts(const options *chosen, const char *from, const char *to)
{
    hw_assert(is_argument(chosen->place, from, to) && is_argument(chosen->log, from, to));
    hw_assert(is_argument(chosen->log_file, from, to) && is_argument(chosen->word, from, to));
    const option_list *lists[] = {&chosen->listen, &chosen->index};
    for (size_t i = 0; i < 2; i++) {
        hw_assert(lists[i]->count <= OPTION_LIST_MAX && !lists[i]->items[lists[i]->count]);
        for (size_t j = 0; j < lists[i]->count; j++)
            hw_assert(lists[i]->items[j] && lists[i]->items[j][0] &&
                      is_argument(lists[i]->items[j], from, to));
    }
}

static int skip_word(const char *word, bool may_be_command, void *chosen)
{
    (void)word, (void)may_be_command, (void)chosen;
    return STATUS_OK;
}

/* The pair as the last argument that is one of its two says, where no option takes the next
 * argument for its value. */
static option_choice last_choice(char **arguments, int count)
{
    option_choice choice = OPTION_UNSAID;
    for (int i = 1; i < count; i++)
        if (strcmp(arguments[i], "--list") == 0 || strcmp(arguments[i], "--no-list") == 0)
            choice = arguments[i][2] == 'l' ? OPTION_YES : OPTION_NO;
    return choice;
}

static bool are_all_long(char **arguments, int count)
{
    for (int i = 1; i < count; i++)
        if (strncmp(arguments[i], "--", 2) != 0 || arguments[i][2] == '\0' ||
            (!strchr(arguments[i], '=') && !strstr(arguments[i], "list")))
            return false;
    return true;
}

static void check_every_kind(char **arguments, int count, const char *from, const char *to)
{
    sample chosen = {.size = 16};
    int status = options_parse_with(&samples, count, arguments, skip_word, &chosen);
    hw_assert(status == STATUS_OK || status == STATUS_USAGE);
    hw_assert(chosen.spa.is_given || !chosen.spa.value);
    hw_assert(is_argument(chosen.spa.value, from, to) && is_argument(chosen.text, from, to));
    hw_assert((!chosen.text || *chosen.text) && (!chosen.spa.value || *chosen.spa.value));
    hw_assert(chosen.cache.number >= 0 && chosen.cache.number <= 1000);
    hw_assert(!chosen.cache.word ||
              (is_argument(chosen.cache.word, from, to) && chosen.cache.number == 0));
    hw_assert(chosen.size >= 16 && chosen.size <= 1 << 20);
    hw_assert(chosen.header.count <= OPTION_LIST_MAX && !chosen.header.items[chosen.header.count]);
    if (status == STATUS_OK && are_all_long(arguments, count))
        hw_assert(chosen.list == last_choice(arguments, count));
}

/* What is said to people goes nowhere: libFuzzer has kept the stream of its own. */
static void silence_complaints(void)
{
    static FILE *nowhere;
    if (!nowhere) {
        nowhere = fopen("/dev/null", "w");
        hw_assert(nowhere);
        stderr = nowhere;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    char *arguments[ARGUMENTS_MAX + 1] = {(char[]){"hewn"}};
    int count = 1;
    if (bytes > INPUT_MAX)
        return 0;
    char *text = malloc(bytes + 1);
    hw_assert(text);
    memcpy(text, input, bytes);
    text[bytes] = '\0';
    for (char *at = text; at < text + bytes && count < ARGUMENTS_MAX;) {
        arguments[count++] = at;
        at = strchrnul(at, '\n');
        if (*at)
            *at++ = '\0';
        else
            break;
    }
    silence_complaints();
    options chosen;
    int status = options_parse(count, arguments, &chosen);
    hw_assert(status == STATUS_OK || status == STATUS_USAGE);
    hw_assert(chosen.port >= -1 && chosen.port <= 65535);
    hw_assert(chosen.loops >= 0 && chosen.loops <= 1024);
    check_texts(&chosen, text, text + bytes + 1);
    check_every_kind(arguments, count, text, text + bytes + 1);
    hw_assert(status != STATUS_OK || !chosen.lan || !chosen.public);
    if (status == STATUS_OK && are_all_attached(arguments, count)) {
        hw_assert(chosen.port == last_attached(arguments, count, "--port=", -1));
        hw_assert(chosen.loops == last_attached(arguments, count, "--loops=", 0));
    }
    if (status == STATUS_OK)
        check_planted(&chosen);
    free(text);
    return 0;
}

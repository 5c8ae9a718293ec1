/* Any bytes as the arguments of a command line, a line each: they are taken, or refused in words;
 * numbers are within their bounds, and nothing is pointed to but the arguments. */
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
    if (chosen->listen.count == 2 && chosen->folder && chosen->folder[0] == '-')
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

static bool is_argument(const char *text, const char *from, const char *to)
{
    return !text || (text >= from && text < to);
}

static void check_texts(const options *chosen, const char *from, const char *to)
{
    hw_assert(is_argument(chosen->folder, from, to) && is_argument(chosen->log, from, to));
    const option_list *lists[] = {&chosen->listen, &chosen->index};
    for (size_t i = 0; i < 2; i++) {
        hw_assert(lists[i]->count <= OPTION_LIST_MAX && !lists[i]->items[lists[i]->count]);
        for (size_t j = 0; j < lists[i]->count; j++)
            hw_assert(lists[i]->items[j] && lists[i]->items[j][0] &&
                      is_argument(lists[i]->items[j], from, to));
    }
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

/* Takes "Name: value" and "ORIGIN,ORIGIN" apart. What may stand in them is the library's to say. */
#include "fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"
#include "status.h"

static int refuse_memory(void)
{
    fputs("hewn: there is no memory\n", stderr);
    return STATUS_INTERNAL;
}

static int refuse_field(const char *text)
{
    fputs("hewn: --header: '", stderr);
    show_text(stderr, text);
    fputs("' is not a field; write it like 'Name: value'\n", stderr);
    return STATUS_USAGE;
}

/* The blanks around a value are no part of it (RFC 9110 5.5). */
static void trim_blanks(char *value)
{
    size_t length = strlen(value);

    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        value[--length] = '\0';
}

static int read_field(const char *text, char **ret_memory, hewn_field *ret_field)
{
    char *copy = strdup(text);
    char *colon = copy ? strchr(copy, ':') : NULL;

    *ret_memory = copy;
    if (!copy)
        return refuse_memory();
    if (!colon || colon == copy)
        return refuse_field(text);
    *colon = '\0';
    ret_field->name = copy;
    ret_field->value = colon + 1 + strspn(colon + 1, " \t");
    trim_blanks(copy + (ret_field->value - copy));
    return STATUS_OK;
}

static int read_origins(const char *list, char **ret_memory, const char **origins)
{
    char *rest = *ret_memory = strdup(list);
    size_t count = 0;

    if (!rest)
        return refuse_memory();
    for (char *origin; (origin = strsep(&rest, ",")) != NULL;) {
        if (count == OPTION_LIST_MAX) {
            fprintf(stderr, "hewn: --cors names more than %d origins\n", OPTION_LIST_MAX);
            return STATUS_USAGE;
        }
        origins[count++] = origin;
    }
    return STATUS_OK;
}

/* RFC 6797 6.1. */
static int read_hsts(const char *seconds, said_fields *said)
{
    const char *span = seconds ? seconds : "31536000";

    if (!*span || strlen(span) > 10 || span[strspn(span, "0123456789")]) {
        fputs("hewn: --hsts: '", stderr);
        show_text(stderr, span);
        fputs("' is no number of seconds\n", stderr);
        return STATUS_USAGE;
    }
    snprintf(said->hsts, sizeof(said->hsts), "max-age=%s", span);
    said->fields[said->count++] = (hewn_field){"Strict-Transport-Security", said->hsts};
    return STATUS_OK;
}

int fields_read(const options *chosen, said_fields *ret_said)
{
    int status = STATUS_OK;

    *ret_said = (said_fields){.count = chosen->header.count};
    for (size_t i = 0; status == STATUS_OK && i < chosen->header.count; i++)
        status = read_field(chosen->header.items[i], &ret_said->memory[i], &ret_said->fields[i]);
    if (status == STATUS_OK && chosen->cors.is_given)
        status = read_origins(chosen->cors.value ? chosen->cors.value : "*",
                              &ret_said->memory[OPTION_LIST_MAX], ret_said->origins);
    if (status == STATUS_OK && chosen->hsts.is_given)
        status = read_hsts(chosen->hsts.value, ret_said);
    return status;
}

void fields_free(said_fields *said)
{
    for (size_t i = 0; i <= OPTION_LIST_MAX; i++)
        free(said->memory[i]);
}

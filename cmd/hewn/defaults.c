/* Prints what holds where nothing was said.
 *
 * Derived figures are not computed a second time here: they are asked of a server. */
#include "defaults.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "quantity.h"
#include "table.h"

enum { VALUE_COLUMN = 17, ORIGIN_COLUMN = 49 };

/* Into `ret_value`: what stands in the middle. */
static void show_value(const option_row *row, const hewn_server *server, FILE *out)
{
    switch (row->derived) {
    case DERIVED_LOG:
        fputs(isatty(STDOUT_FILENO) == 1 ? "pretty" : "json", out);
        return;
    case DERIVED_LOOPS:
        fprintf(out, "%u", hewn_server_loops(server));
        return;
    case DERIVED_CONNECTIONS:
        fprintf(out, "%u", hewn_server_limits(server).connections_max);
        return;
    case DERIVED_MEMORY:
        quantity_print(QUANTITY_SIZE, hewn_server_limits(server).memory_bytes_max, out);
        return;
    case DERIVED_NOTHING:
        break;
    }
    fputs(row->fallback ? row->fallback : "off", out);
}

static void print_default(const option_row *row, const hewn_server *server)
{
    char value[80] = "";
    FILE *out = fmemopen(value, sizeof(value), "w");

    if (!out)
        return;
    show_value(row, server, out);
    fclose(out);
    printf("%-*s", VALUE_COLUMN, row->name);
    if (row->origin)
        printf("%-*s # %s\n", ORIGIN_COLUMN - VALUE_COLUMN, value, row->origin);
    else
        printf("%s\n", value);
}

static bool is_about_serving(const option_row *row)
{
    static const char *const others[] = {"help", "help-all", "version", NULL};

    return !table_has_word(others, row->name, strlen(row->name));
}

void defaults_print(const hewn_server *server)
{
    for (option_topic topic = 0; topic < TOPIC_COUNT; topic++) {
        printf("%s# %s\n", topic == 0 ? "" : "\n", topic_rows[topic].title);
        for (size_t i = 0; i < hewn_options.count; i++)
            if (hewn_options.rows[i].topic == topic && is_about_serving(&hewn_options.rows[i]))
                print_default(&hewn_options.rows[i], server);
    }
}

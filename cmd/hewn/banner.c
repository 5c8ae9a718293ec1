/* Says what is being served and where, and at the end how it went.
 *
 * On a terminal the last line is written twice, each time from the start of the line: first what is
 * still in flight, and, when that has ended, the whole again with the result. A log line that comes
 * between the two then simply takes the place of the first. */
#include "banner.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interfaces.h"
#include "show.h"

#define INTERFACES_MAX 32

static bool wants_colors(void)
{
    const char *term = getenv("TERM"), *refusal = getenv("NO_COLOR");

    return (!refusal || !*refusal) && term && strcmp(term, "dumb") != 0;
}

banner banner_choose(void)
{
    bool is_terminal = isatty(STDOUT_FILENO) == 1;

    return (banner){
        .out = is_terminal ? stdout : stderr,
        .is_terminal = is_terminal,
        .has_colors = is_terminal && wants_colors(),
    };
}

static void print_colored(const banner *speaker, const char *color, const char *text)
{
    if (speaker->has_colors)
        fprintf(speaker->out, "\033[%sm", color);
    show_text(speaker->out, text);
    if (speaker->has_colors)
        fputs("\033[0m", speaker->out);
}

static void print_place_served(const banner *speaker, const char *name, folder_count count)
{
    size_t length = strlen(name);

    show_text(speaker->out, name);
    fputs(count.is_one_file || (length > 0 && name[length - 1] == '/') ? " (" : "/ (",
          speaker->out);
    if (!count.is_complete)
        fputs("more than ", speaker->out);
    show_count(speaker->out, count.files, "file");
    if (count.is_complete) {
        fputs(", ", speaker->out);
        show_size(speaker->out, count.bytes);
    }
    fputs(")\n", speaker->out);
}

/* `interface` may be NULL. */
static void print_place(const banner *speaker, const char *place, const char *interface)
{
    fputs(speaker->is_terminal ? "  -> " : "hewn: listening on ", speaker->out);
    print_colored(speaker, "36", place);
    if (interface && speaker->is_terminal) {
        fputs("   ", speaker->out);
        show_text(speaker->out, interface);
    }
    fputc('\n', speaker->out);
}

static void print_url(const banner *speaker, bool is_secure, const char *host, const char *port,
                      const char *interface)
{
    char url[160];
    bool is_usual = strcmp(port, is_secure ? "443" : "80") == 0;

    snprintf(url, sizeof(url), "%s://%.79s%s%.5s/", is_secure ? "https" : "http", host,
             is_usual ? "" : ":", is_usual ? "" : port);
    print_place(speaker, url, interface);
}

/* Every address by which all interfaces can be reached. */
static void print_all_urls(const banner *speaker, bool is_secure, bool is_v4_only, const char *port)
{
    interface_address addresses[INTERFACES_MAX];
    size_t count = interfaces_list(addresses, INTERFACES_MAX);

    for (size_t i = 0; i < count; i++)
        if (!is_v4_only || !addresses[i].is_v6)
            print_url(speaker, is_secure, addresses[i].host, port, addresses[i].interface);
}

static void print_address(const banner *speaker, bool is_secure, const char *address)
{
    const char *colon = strrchr(address, ':');
    char host[80];

    if (strncmp(address, "unix:", 5) == 0 || !colon) {
        print_place(speaker, address, NULL);
        return;
    }
    snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    if (strcmp(host, "[::]") == 0 || strcmp(host, "0.0.0.0") == 0)
        print_all_urls(speaker, is_secure, host[0] == '0', colon + 1);
    else
        print_url(speaker, is_secure, host, colon + 1, NULL);
}

static void print_ceiling(const banner *speaker, uint64_t bytes)
{
    fprintf(speaker->out, "%smemory ceiling ", speaker->is_terminal ? "  " : "hewn: ");
    show_size(speaker->out, bytes);
    fputc('\n', speaker->out);
}

static void print_moved_port(const banner *speaker, const listening *made)
{
    fprintf(speaker->out, "%sport %d is ",
            speaker->is_terminal ? "  " : "hewn: ", made->wanted_port);
    show_text(speaker->out, made->taken.what);
    fprintf(speaker->out, ": took %d\n", made->port);
}

void banner_greet(const banner *speaker, const char *name, folder_count count,
                  const listening *made)
{
    const char *address;

    if (speaker->is_terminal) {
        fputs("  ", speaker->out);
        print_colored(speaker, "1", "hewn " HW_VERSION);
        fputs("   ", speaker->out);
    } else {
        fputs("hewn " HW_VERSION ": serving ", speaker->out);
    }
    print_place_served(speaker, name, count);
    if (made->port != made->wanted_port)
        print_moved_port(speaker, made);
    for (size_t i = 0; (address = hewn_server_address(made->server, i)) != NULL; i++)
        print_address(speaker, i < made->secure, address);
    print_ceiling(speaker, hewn_server_memory_ceiling(made->server));
    fflush(speaker->out);
}

static void print_stopping(const banner *speaker, hewn_numbers numbers)
{
    fputs(speaker->is_terminal ? "\r^C  stopping" : "hewn: stopping", speaker->out);
    if (numbers.in_flight > 0) {
        fputs(": ", speaker->out);
        show_count(speaker->out, numbers.in_flight, "request");
        fputs(" in flight", speaker->out);
    }
    fputs(" ...", speaker->out);
}

void banner_stopping(const banner *speaker, hewn_numbers numbers)
{
    print_stopping(speaker, numbers);
    fputs(speaker->is_terminal ? "\r" : "\n", speaker->out);
    fflush(speaker->out);
}

void banner_stopped(const banner *speaker, hewn_numbers before, hewn_numbers after, double seconds,
                    bool is_cut_off)
{
    if (speaker->is_terminal) {
        print_stopping(speaker, before);
        fputc(' ', speaker->out);
    } else {
        fputs("hewn: ", speaker->out);
    }
    fprintf(speaker->out, "%s (%.1f s). ", is_cut_off ? "cut off" : "done", seconds);
    show_count(speaker->out, after.requests, "request");
    fputs(", ", speaker->out);
    show_traffic(speaker->out, after.bytes_out);
    fputs(".\n", speaker->out);
    fflush(speaker->out);
}

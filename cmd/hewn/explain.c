/* Prints the story of a request: what it led to, step by step, and the answer field by field.
 *
 * The library tells it as it happens (hewn_files_explain); here it gets a form. A URL is cut down to
 * its path and query: which server it would reach is not asked. */
#include "explain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

/* What browsers send over a connection without encryption is shorter: here it is all they can. */
#define BROWSER_CODINGS "gzip, deflate, br, zstd"
#define BROWSER_TYPES "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
#define SUBJECT_COLUMNS 10

/* "http://host:1/a?b", "host:1/a?b" and "a?b" are "/a?b"; the part behind '#' is never sent (RFC 3986
 * 3.5). NULL: no memory. */
static char *target_of(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *rest = scheme && strcspn(url, "/?#") > (size_t)(scheme - url) ? scheme + 3 : url;
    size_t host = strcspn(rest, "/?#");
    bool has_host = rest != url || memchr(rest, ':', host);
    const char *path = has_host ? rest + host : rest;
    char *target = NULL;
    int length = (int)strcspn(path, "#");

    return asprintf(&target, "%s%.*s", *path == '/' ? "" : "/", length, path) < 0 ? NULL : target;
}

/* Fields come as "value\nreason". */
static void print_field(const char *name, const char *words)
{
    const char *reason = strchr(words, '\n');
    char *value = strndup(words, strcspn(words, "\n"));

    fputs("  ", stdout);
    show_text(stdout, name);
    fputs(": ", stdout);
    show_text(stdout, value ? value : "");
    free(value);
    fputs("\n      ", stdout);
    show_text(stdout, reason ? reason + 1 : "");
    putchar('\n');
}

static void print_step(const char *subject, const char *words)
{
    printf("  %-*s ", SUBJECT_COLUMNS, subject);
    show_text(stdout, words);
    putchar('\n');
}

/* Subjects of steps are words in small letters, those of fields are their names. */
static void print_told(void *arg, const char *subject, const char *words)
{
    (void)arg;
    if (strcmp(subject, "answer") == 0)
        printf("\n%s\n", words);
    else if (strchr(words, '\n'))
        print_field(subject, words);
    else
        print_step(subject, words);
}

int explain_print(int folder_fd, const char *name, const hewn_files_opts *files, const char *url,
                  hewn_fault *ret_fault)
{
    static const hewn_field browser[] = {{"Accept", BROWSER_TYPES},
                                         {"Accept-Encoding", BROWSER_CODINGS}};
    char *target = target_of(url);
    int error = -ENOMEM;

    if (target) {
        fputs("GET ", stdout);
        show_text(stdout, target);
        fputs(" of ", stdout);
        show_text(stdout, name);
        puts(", as a browser asks for it (Accept-Encoding: " BROWSER_CODINGS ")\n");
        error =
            hewn_files_explain(folder_fd, files, target, browser, 2, print_told, NULL, ret_fault);
    }
    free(target);
    return error;
}

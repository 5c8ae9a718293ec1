/* hewn: serves a folder, or one file. Joins what the other files here do; everything about HTTP is
 * the library's. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "banner.h"
#include "browser.h"
#include "cert.h"
#include "completions.h"
#include "count.h"
#include "defaults.h"
#include "explain.h"
#include "fields.h"
#include "folder.h"
#include "hangup.h"
#include "help.h"
#include "hewn/server.h"
#include "listen.h"
#include "log_file.h"
#include "options.h"
#include "secure.h"
#include "show.h"
#include "status.h"

#define COUNT_MS_MAX 20

/* A run, as told to whoever watches it. */
typedef struct narrator {
    listening made;
    const options *chosen;
    const char *name; /* of what is served */
    const folder *place;
    banner speaker;
    bool survives_terminal;
    hewn_numbers before; /* when it was asked to stop */
    struct timespec since;
    bool is_asked;
} narrator;

static folder_count count_served(const narrator *tale)
{
    if (!tale->place->file)
        return count_files(tale->place->fd, tale->chosen->hidden, COUNT_MS_MAX);
    return (folder_count){1, tale->place->bytes, true, true};
}

static void tell_serving(hewn_server *server, void *arg)
{
    const narrator *tale = arg;

    banner_greet(&tale->speaker, tale->name, count_served(tale), &tale->made);
    if (tale->chosen->open)
        browser_open(server, tale->made.secure > 0);
}

/* What was replaced under its name. */
static void renew(const options *chosen, hewn_server *server)
{
    hewn_fault fault = {.error = 0};

    if (chosen->log_file)
        log_file_reopen(chosen->log_file, server);
    if (hewn_server_renew_certificates(server, &fault) < 0) {
        fputs("hewn: certificates stay as they are: ", stderr);
        show_text(stderr, fault.where);
        fputs(": ", stderr);
        show_text(stderr, fault.what);
        fputc('\n', stderr);
    }
}

/* SIGHUP is also what the kernel says when the terminal is closed: who does that means the end. */
static void reopen_log(hewn_server *server, int signal_number, void *arg)
{
    const narrator *tale = arg;

    if (signal_number == SIGHUP && !tale->survives_terminal && hangup_has_come())
        kill(getpid(), SIGTERM);
    else
        renew(tale->chosen, server);
}

static void tell_stopping(hewn_server *server, void *arg)
{
    narrator *tale = arg;

    tale->is_asked = true;
    tale->before = hewn_server_numbers(server);
    clock_gettime(CLOCK_MONOTONIC, &tale->since);
    banner_stopping(&tale->speaker, tale->before);
}

static void tell_stopped(const narrator *tale, const hewn_server *server, bool is_cut_off)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    banner_stopped(&tale->speaker, tale->before, hewn_server_numbers(server),
                   (double)(now.tv_sec - tale->since.tv_sec) +
                       (double)(now.tv_nsec - tale->since.tv_nsec) / 1e9,
                   is_cut_off);
}

static int refuse(const char *what, int error, const hewn_fault *fault)
{
    fputs("hewn: ", stderr);
    show_text(stderr, what);
    fprintf(stderr, ": %s\n", fault && fault->what[0] ? fault->what : show_error(-error));
    return STATUS_INTERNAL;
}

/* Whether a fault is about one of these, of which it may show only the beginning. */
static bool is_about(const char *const *items, const hewn_fault *fault)
{
    while (*items && strncmp(*items, fault->where, sizeof(fault->where) - 1) != 0)
        items++;
    return *items != NULL;
}

/* Index names, fields and origins are what the library has an opinion about. */
static int refuse_files(const hewn_files_opts *files, const char *name, int error,
                        const hewn_fault *fault)
{
    const char *option = "header";

    if (error != -EINVAL)
        return refuse(name, error, fault);
    if (files->spa && is_about((const char *const[]){files->spa, NULL}, fault))
        option = "spa";
    else if (files->index && is_about(files->index, fault))
        option = "index";
    else if (is_about(files->cors_origins, fault))
        option = "cors";
    fprintf(stderr, "hewn: --%s: '", option);
    show_text(stderr, fault->where);
    fprintf(stderr, "': %s\n", fault->what);
    return STATUS_USAGE;
}

static bool is_word(const char *given, const char *word)
{
    return given && strcmp(given, word) == 0;
}

/* What lies in a folder is nobody's business but its owner's, unless that says so. */
static bool wants_list(const options *chosen)
{
    return chosen->list == OPTION_YES ||
           (chosen->list == OPTION_UNSAID && listen_is_loopback(chosen));
}

static const char *spa_of(const options *chosen)
{
    if (!chosen->spa.is_given)
        return NULL;
    return chosen->spa.value ? chosen->spa.value : "index.html";
}

/* What is done with a folder and what was said of it. */
typedef struct place_use {
    const options *chosen;
    const char *name; /* as the folder was named */
    int folder_fd;
    hewn_app *app; /* in which it is mounted; NULL: a URL is explained */
} place_use;

static int use_files(const place_use *use, const hewn_files_opts *files, hewn_fault *fault)
{
    if (use->app)
        return hewn_files(use->app, "/", use->folder_fd, files, fault);
    return explain_print(use->folder_fd, use->name, files, use->chosen->word, fault);
}

/* A file that was named is served wherever it lies, if it is a link. */
static int use_place(const place_use *use, const char *file)
{
    const options *chosen = use->chosen;
    hewn_files_opts files = {
        .size = sizeof(files),
        .index = chosen->index.count > 0 ? chosen->index.items : NULL,
        .only = file,
        .hidden = chosen->hidden,
        .follow_links = chosen->follow_links || file,
        .isolated = chosen->isolate,
        .uncompressed = is_word(chosen->compress, "off"),
        .max_age_s =
            is_word(chosen->cache.word, "off") ? HEWN_NO_STORE : (unsigned)chosen->cache.number,
        .list = wants_list(chosen),
        .clean_urls = chosen->clean_urls != OPTION_NO,
        .spa = spa_of(chosen),
    };
    hewn_fault fault = {.error = 0};
    said_fields said;
    int status = fields_read(chosen, &said), error;

    if (status == STATUS_OK) {
        files.fields = said.fields;
        files.n_fields = said.count;
        files.cors_origins = said.origins;
        error = use_files(use, &files, &fault);
        status = error < 0 ? refuse_files(&files, use->name, error, &fault) : STATUS_OK;
    }
    fields_free(&said);
    return status;
}

/* Started without standard descriptors, a program would take sockets for its output. */
static void fill_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* A signal that comes before anybody waits for it stays pending. A reader of our words that has
 * gone ends nothing, nor does a file that may not grow. */
static void hold_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGPIPE);
    sigaddset(&signals, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static int run_server(narrator *tale)
{
    hewn_server *server = tale->made.server;
    hewn_run_opts told = {sizeof(told), tell_serving, tell_stopping, tale, reopen_log};
    int error = hewn_server_run(server, &told);

    if (error < 0 && error != -ETIMEDOUT)
        return refuse("cannot start", error, NULL);
    if (tale->is_asked)
        tell_stopped(tale, server, error == -ETIMEDOUT);
    return STATUS_OK;
}

static hewn_limits limits_of(const options *chosen)
{
    return (hewn_limits){
        .size = sizeof(hewn_limits),
        .connections_max = (unsigned)chosen->max_conns,
        .head_ms = (unsigned)chosen->head_timeout,
        .idle_ms = (unsigned)chosen->idle_timeout,
        .rate_bytes_min = (unsigned)chosen->min_rate,
        .head_bytes_max = (size_t)chosen->max_head,
        .unread_bytes_max = chosen->max_body,
        .memory_bytes_max = chosen->max_memory,
    };
}

/* A server that listens, and logs to log_fd. */
static int make_server(hewn_app *app, const options *chosen, const banner *speaker, int log_fd,
                       listening *ret_made)
{
    hewn_limits limits = limits_of(chosen);
    bool is_pretty = speaker->is_terminal && !chosen->log_file;
    hewn_server_opts setup = {
        .size = sizeof(setup),
        .limits = &limits,
        .log = chosen->log ? chosen->log
               : is_pretty ? "pretty"
                           : "json",
        .log_fd = log_fd,
        .colors = speaker->has_colors && !chosen->log_file,
        .loops = (unsigned)chosen->loops,
        .trace = chosen->trace,
        .trusted_proxies = chosen->trusted_proxies,
    };

    said_tls said;
    int status = secure_read(chosen, &said);

    if (status == STATUS_OK)
        status = listen_open(app, chosen, &setup, secure_opts(&said), ret_made);
    secure_free(&said);
    return status;
}

static int serve_place(hewn_app *app, narrator *tale)
{
    const options *chosen = tale->chosen;
    int log_fd = STDOUT_FILENO;
    int status =
        use_place(&(place_use){chosen, tale->name, tale->place->fd, app}, tale->place->file);

    if (status == STATUS_OK && chosen->log_file)
        status = log_file_open(chosen->log_file, &log_fd);
    if (status != STATUS_OK)
        return status;
    status = make_server(app, chosen, &tale->speaker, log_fd, &tale->made);
    if (log_fd != STDOUT_FILENO)
        close(log_fd);
    if (status != STATUS_OK)
        return status;
    status = run_server(tale);
    /* Freeing waits for who is still looking for a file, on a disk that may never answer. */
    if (hewn_server_numbers(tale->made.server).in_flight == 0)
        hewn_server_free(tale->made.server);
    return status;
}

static int serve(const options *chosen)
{
    folder place;
    narrator tale = {
        .chosen = chosen,
        .name = chosen->place ? chosen->place : ".",
        .place = &place,
        .speaker = banner_choose(),
        .survives_terminal = hangup_is_ignored(),
    };
    int status = folder_open(tale.name, &place);
    hewn_app *app;

    if (status != STATUS_OK)
        return status;
    hold_signals();
    app = hewn_new();
    status = app ? serve_place(app, &tale) : refuse("cannot start", -ENOMEM, NULL);
    hewn_app_free(app);
    folder_close(&place);
    return status;
}

/* Of a server that was made for no other reason, at whatever port is free. */
static int print_defaults(void)
{
    options none = {.log = "off"};
    hewn_app *app = hewn_new();
    listening made;
    int status = app ? make_server(app, &none, &(banner){.out = stderr}, STDOUT_FILENO, &made)
                     : refuse("cannot tell", -ENOMEM, NULL);

    if (status == STATUS_OK) {
        defaults_print(made.server);
        hewn_server_free(made.server);
    }
    hewn_app_free(app);
    return status;
}

static int explain(const options *chosen)
{
    const char *name = chosen->place ? chosen->place : ".";
    folder place;
    int status = folder_open(name, &place);

    if (status != STATUS_OK)
        return status;
    status = use_place(&(place_use){chosen, name, place.fd, NULL}, place.file);
    folder_close(&place);
    return status;
}

static int do_command(const options *chosen)
{
    if (chosen->help_all)
        return help_print_all(), STATUS_OK;
    if (chosen->help)
        return help_print_screen(), STATUS_OK;
    if (chosen->version)
        return puts("hewn " HW_VERSION), STATUS_OK;
    switch (chosen->command) {
    case COMMAND_HELP:
        return help_print_about(chosen->word);
    case COMMAND_DEFAULTS:
        return print_defaults();
    case COMMAND_COMPLETIONS:
        return completions_print(chosen->word);
    case COMMAND_EXPLAIN:
        return explain(chosen);
    case COMMAND_CERT:
        return is_word(chosen->word, "dev") ? cert_dev(&chosen->names) : cert_show(chosen->place);
    case COMMAND_SERVE:
        break;
    }
    return serve(chosen);
}

int main(int argc, char **argv)
{
    options chosen;
    int status;

    fill_standard_descriptors();
    /* Whole lines, so that those of other programs cannot come between their words. */
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
    status = options_parse(argc, argv, &chosen);
    return status == STATUS_OK ? do_command(&chosen) : status;
}

/* hewn: serves a folder. Joins what the other files here do; everything about HTTP is the
 * library's. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "banner.h"
#include "count.h"
#include "fields.h"
#include "folder.h"
#include "hewn/server.h"
#include "listen.h"
#include "options.h"
#include "show.h"
#include "status.h"

#define COUNT_MS_MAX 20

/* A run, as told to whoever watches it. */
typedef struct narrator {
    const listening *made;
    const char *folder;
    int folder_fd;
    banner speaker;
    hewn_numbers before; /* when it was asked to stop */
    struct timespec since;
    bool is_asked;
} narrator;

static void tell_serving(hewn_server *server, void *arg)
{
    const narrator *tale = arg;

    (void)server;
    banner_greet(&tale->speaker, tale->folder, count_files(tale->folder_fd, COUNT_MS_MAX),
                 tale->made);
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

static bool is_listed(const char *const *items, const char *text)
{
    while (*items && strcmp(*items, text) != 0)
        items++;
    return *items != NULL;
}

/* Index names, fields and origins are what the library has an opinion about. */
static int refuse_files(const hewn_files_opts *files, const char *folder, int error,
                        const hewn_fault *fault)
{
    const char *option = "header";

    if (error != -EINVAL)
        return refuse(folder, error, fault);
    if (files->index && is_listed(files->index, fault->where))
        option = "index";
    else if (is_listed(files->cors_origins, fault->where))
        option = "cors";
    fprintf(stderr, "hewn: --%s: '", option);
    show_text(stderr, fault->where);
    fprintf(stderr, "': %s\n", fault->what);
    return STATUS_USAGE;
}

static int mount_folder(hewn_app *app, const options *chosen, const char *folder, int folder_fd)
{
    hewn_files_opts files = {.size = sizeof(files), .isolated = chosen->isolate};
    hewn_fault fault = {.error = 0};
    said_fields said;
    int status = fields_read(chosen, &said), error;

    if (status == STATUS_OK) {
        files.index = chosen->index.count > 0 ? chosen->index.items : NULL;
        files.fields = said.fields;
        files.n_fields = said.count;
        files.cors_origins = said.origins;
        error = hewn_files(app, "/", folder_fd, &files, &fault);
        status = error < 0 ? refuse_files(&files, folder, error, &fault) : STATUS_OK;
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
    sigaddset(&signals, SIGPIPE);
    sigaddset(&signals, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static int run_server(narrator *tale)
{
    hewn_server *server = tale->made->server;
    int error = hewn_server_run(
        server, &(hewn_run_opts){sizeof(hewn_run_opts), tell_serving, tell_stopping, tale});

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

static int serve_folder(hewn_app *app, const options *chosen, const char *folder, int folder_fd)
{
    banner speaker = banner_choose();
    hewn_limits limits = limits_of(chosen);
    hewn_server_opts setup = {
        .size = sizeof(setup),
        .limits = &limits,
        .log = chosen->log           ? chosen->log
               : speaker.is_terminal ? "pretty"
                                     : "json",
        .log_fd = STDOUT_FILENO,
        .colors = speaker.has_colors,
        .loops = (unsigned)chosen->loops,
        .trace = chosen->trace,
    };
    listening made;
    int status = mount_folder(app, chosen, folder, folder_fd);

    if (status != STATUS_OK)
        return status;
    status = listen_open(app, chosen, &setup, &made);
    if (status != STATUS_OK)
        return status;
    status = run_server(
        &(narrator){.made = &made, .folder = folder, .folder_fd = folder_fd, .speaker = speaker});
    /* Freeing waits for who is still looking for a file, on a disk that may never answer. */
    if (hewn_server_numbers(made.server).in_flight == 0)
        hewn_server_free(made.server);
    return status;
}

int main(int argc, char **argv)
{
    const char *folder;
    options chosen;
    hewn_app *app;
    int folder_fd, status;

    fill_standard_descriptors();
    /* Whole lines, so that those of other programs cannot come between their words. */
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
    status = options_parse(argc, argv, &chosen);
    if (status != STATUS_OK)
        return status;
    if (chosen.help)
        return options_print_help(), STATUS_OK;
    if (chosen.version)
        return puts("hewn " HW_VERSION), STATUS_OK;
    folder = chosen.folder ? chosen.folder : ".";
    status = folder_open(folder, &folder_fd);
    if (status != STATUS_OK)
        return status;
    hold_signals();
    app = hewn_new();
    status =
        app ? serve_folder(app, &chosen, folder, folder_fd) : refuse("cannot start", -ENOMEM, NULL);
    hewn_app_free(app);
    close(folder_fd);
    return status;
}

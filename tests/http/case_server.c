/* The server that the HTTP cases are run against: case-server [--listen ADDR]... DIR
 *
 * It serves DIR at "/" with the library's own file handler, and gives content back at "/echo". It
 * prints the addresses it listens on, one a line, and ends cleanly with SIGTERM or SIGINT. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "echo.h"
#include "hewn/server.h"
#include "server/server.h"
#include "sys/process.h"

#define ADDRESSES_MAX 8

typedef struct arguments {
    const char *addresses[ADDRESSES_MAX];
    size_t address_count;
    const char *folder;
} arguments;

static int usage(void)
{
    fprintf(stderr, "usage: case-server [--listen ADDR]... DIR\n");
    return 64;
}

static bool read_arguments(int argc, char **argv, arguments *ret_arguments)
{
    arguments found = {0};
    for (int i = 1; i < argc; i++) {
        bool is_listen = strcmp(argv[i], "--listen") == 0;
        if (is_listen && (i + 1 == argc || found.address_count == ADDRESSES_MAX))
            return false;
        if (is_listen)
            found.addresses[found.address_count++] = argv[++i];
        else if (argv[i][0] == '-' || found.folder)
            return false;
        else
            found.folder = argv[i];
    }
    if (found.address_count == 0)
        found.addresses[found.address_count++] = "127.0.0.1:9000";
    *ret_arguments = found;
    return found.folder != NULL;
}

static void take_fault(void *arg, hw_sink_kind kind, const void *item)
{
    (void)arg;
    const hw_fault *fault = item;
    if (kind == HW_SINK_FAULT)
        fprintf(stderr, "case-server: %s: %s\n", fault->where, fault->what);
}

static int serve(const hw_server_setup *setup)
{
    hw_fault fault = {0};
    hw_server *server;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    hw_sys_signals_block(&signals);
    if (hw_server_new(setup, &fault, &server) < 0) {
        fprintf(stderr, "case-server: %s: %s\n", fault.where, fault.what);
        return 69;
    }
    if (hw_server_start(server) < 0)
        return 70;
    for (size_t i = 0; hw_server_address(server, i); i++)
        printf("%s\n", hw_server_address(server, i));
    fflush(stdout);
    hw_sys_signal_wait(&signals);
    hw_server_stop(server);
    hw_server_wait(server);
    hw_server_free(server);
    return 0;
}

int main(int argc, char **argv)
{
    arguments asked;
    hewn_fault fault = {0};
    hw_echo echo;
    if (!read_arguments(argc, argv, &asked))
        return usage();
    int folder = open(asked.folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        perror(asked.folder);
        return 66;
    }
    hewn_app *app = hewn_new();
    if (!app || hewn_files(app, "/", folder, NULL, &fault) < 0) {
        fprintf(stderr, "case-server: %s: %s\n", fault.where, fault.what);
        return 70;
    }
    close(folder);
    hw_app_seal(app, false);
    hw_echo_init(&echo, hw_app_answerer(app));
    const hw_sink sink = {.take = take_fault};
    size_t local_count;
    const hw_local *locals = hw_app_locals(app, &local_count);
    hw_server_setup setup = {
        .addresses = asked.addresses,
        .address_count = asked.address_count,
        .limits = hw_limits_default(),
        .answerer = &echo.answerer,
        .locals = locals,
        .local_count = local_count,
        .sink = &sink,
    };
    int status = serve(&setup);
    hewn_app_free(app);
    return status;
}

/* The server that the HTTP cases and the real clients are run against:
 *     case-server [--listen ADDR]... [--loops N] [--head-ms N] DIR
 *
 * It serves DIR at "/" with the library's own file handler, and gives content back at "/echo". It
 * prints the addresses it listens on, one a line. SIGTERM or SIGINT drains it, a second one ends it
 * at once. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/number.h"
#include "echo.h"
#include "hewn/server.h"
#include "server/server.h"
#include "sys/process.h"
#include "sys/thread.h"

#define ADDRESSES_MAX 8
#define WAITER_STACK_BYTES ((size_t)256 * 1024)

typedef struct arguments {
    hw_listen listens[ADDRESSES_MAX];
    size_t listen_count;
    uint64_t loops, head_ms; /* 0: the default */
    const char *folder;
} arguments;

static int usage(void)
{
    fprintf(stderr, "usage: case-server [--listen ADDR]... [--loops N] [--head-ms N] DIR\n");
    return 64;
}

static bool read_option(const char *name, const char *value, arguments *found)
{
    if (!value)
        return false;
    if (strcmp(name, "--loops") == 0)
        return hw_number_decimal(hw_text_of(value), &found->loops) && found->loops <= 64;
    if (strcmp(name, "--head-ms") == 0)
        return hw_number_decimal(hw_text_of(value), &found->head_ms) && found->head_ms <= INT32_MAX;
    if (strcmp(name, "--listen") != 0 || found->listen_count == ADDRESSES_MAX)
        return false;
    found->listens[found->listen_count++].address = value;
    return true;
}

static bool read_arguments(int argc, char **argv, arguments *ret_arguments)
{
    arguments found = {0};
    for (int i = 1; i < argc; i++) {
        bool is_option = argv[i][0] == '-';
        if (is_option ? !read_option(argv[i], argv[i + 1], &found) : found.folder != NULL)
            return false;
        if (is_option)
            i++;
        else
            found.folder = argv[i];
    }
    if (found.listen_count == 0)
        found.listens[found.listen_count++].address = "127.0.0.1:9000";
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

/* The thread that waits for the server's end while the first one waits for signals. */
typedef struct waiter {
    hw_server *server;
    pthread_t signalled;
    atomic_bool is_over;
} waiter;

static void *wait_for_end(void *arg)
{
    waiter *end = arg;
    hw_server_wait(end->server);
    atomic_store(&end->is_over, true);
    hw_sys_thread_signal(end->signalled, SIGTERM);
    return NULL;
}

static int wait_for_signals(hw_server *server, const sigset_t *signals)
{
    waiter end = {.server = server, .signalled = pthread_self()};
    pthread_t thread;
    if (hw_sys_thread_start(&thread, wait_for_end, &end, WAITER_STACK_BYTES) < 0) {
        hw_server_stop(server);
        hw_server_wait(server);
        return 70;
    }
    while (hw_sys_signal_wait(signals) > 0 && !atomic_load(&end.is_over))
        hw_server_stop(server);
    hw_sys_thread_join(thread);
    return 0;
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
    int status = wait_for_signals(server, &signals);
    hw_server_free(server);
    return status;
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
        .listens = asked.listens,
        .listen_count = asked.listen_count,
        .limits = hw_limits_default(),
        .loops = (unsigned)asked.loops,
        .answerer = &echo.answerer,
        .locals = locals,
        .local_count = local_count,
        .sinks = &sink,
        .sink_count = 1,
    };
    if (asked.head_ms)
        setup.limits.head_ms = (unsigned)asked.head_ms;
    int status = serve(&setup);
    hewn_app_free(app);
    return status;
}

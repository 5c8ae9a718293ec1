/* A server whose handlers block, for tests/http/test_stalls.py:
 *     stall-server [--loops N] [--blocked-max N] [--drain-ms N] [--gate FIFO] [--files DIR]
 *     stall-server main [OPTION...]: with the command line of hewn_main instead, and the gate in GATE
 *
 * Numbers that a request gives are in its query: ms, how long the handler sleeps, and n, which the
 * answer repeats.
 *     /hi              "hi", at once
 *     /sleep           sleeps; /blocking: the same on a route that says so
 *     /number/0 ...    sleeps and answers n: ROUTES routes, for the server learns of each how slow it is
 *     /brief/0 ...     the same, given BRIEF_MS
 *     /hold            waits until somebody opens the gate for writing; /hold-blocking: as above
 *     /job             has a job wait so, after the answer
 *     /inside          how many handlers sleep or wait now
 *     /in-flight       how many requests are not finished, itself included
 * and the files of DIR at "/". It prints the address it listens on. The signals are those of
 * hewn_server_run. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hewn/server.h"

#define ROUTES 100
#define BRIEF_MS 5

typedef struct stall_state {
    atomic_uint inside;
    const char *gate;
    _Atomic(hewn_server *) server;
} stall_state;

typedef struct stall_arguments {
    hewn_server_opts opts;
    hewn_limits limits;
    const char *gate, *files;
} stall_arguments;

static unsigned long number_of(const hewn_request *rq, const char *name)
{
    return strtoul(hewn_or(hewn_query(rq, name), "0"), NULL, 10);
}

static void sleep_as_asked(const hewn_request *rq)
{
    stall_state *state = hewn_state(rq);
    unsigned long ms = number_of(rq, "ms");
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    if (ms == 0)
        return;
    atomic_fetch_add(&state->inside, 1);
    nanosleep(&left, NULL);
    atomic_fetch_sub(&state->inside, 1);
}

static hewn_response *say_hi(hewn_request *rq)
{
    return hewn_text(rq, 200, "hi");
}

static hewn_response *sleep_first(hewn_request *rq)
{
    sleep_as_asked(rq);
    return hewn_text(rq, 200, "slept");
}

static hewn_response *say_number(hewn_request *rq)
{
    sleep_as_asked(rq);
    return hewn_textf(rq, 200, "%lu", number_of(rq, "n"));
}

static bool wait_at_gate(stall_state *state)
{
    atomic_fetch_add(&state->inside, 1);
    int gate = open(state->gate, O_RDONLY | O_CLOEXEC);
    close(gate);
    atomic_fetch_sub(&state->inside, 1);
    return gate >= 0;
}

static hewn_response *hold(hewn_request *rq)
{
    bool was_opened = wait_at_gate(hewn_state(rq));
    return hewn_textf(rq, was_opened ? 200 : 500, "%lu", number_of(rq, "n"));
}

static void hold_in_background(void *state)
{
    (void)wait_at_gate(state);
}

static hewn_response *begin_job(hewn_request *rq)
{
    int error = hewn_spawn(hewn_app_of(rq), hold_in_background, hewn_state(rq));
    return error < 0 ? hewn_errno(rq, error) : hewn_empty(rq, 202);
}

static hewn_response *count_inside(hewn_request *rq)
{
    stall_state *state = hewn_state(rq);
    return hewn_textf(rq, 200, "%u", atomic_load(&state->inside));
}

static hewn_response *count_in_flight(hewn_request *rq)
{
    stall_state *state = hewn_state(rq);
    hewn_numbers numbers = hewn_server_numbers(atomic_load(&state->server));
    return hewn_textf(rq, 200, "%llu", (unsigned long long)numbers.in_flight);
}

static void add_numbered(hewn_app *app, const char *prefix, unsigned timeout_ms)
{
    const hewn_route route = {
        .size = sizeof route, .handler = say_number, .timeout_ms = timeout_ms};
    for (unsigned i = 0; i < ROUTES; i++) {
        char pattern[32];
        snprintf(pattern, sizeof pattern, "%s/%u", prefix, i);
        (void)hewn_route_add(app, "GET", pattern, &route, __FILE__, __LINE__);
    }
}

static void add_routes(hewn_app *app, const char *files)
{
    hewn_get(app, "/hi", say_hi);
    hewn_get(app, "/sleep", sleep_first);
    hewn_get(app, "/blocking", sleep_first, .blocking = true);
    hewn_get(app, "/hold", hold);
    hewn_get(app, "/hold-blocking", hold, .blocking = true);
    hewn_get(app, "/job", begin_job);
    hewn_get(app, "/inside", count_inside);
    hewn_get(app, "/in-flight", count_in_flight);
    add_numbered(app, "/number", 0);
    add_numbered(app, "/brief", BRIEF_MS);
    if (files)
        hewn_static(app, "/", files);
}

static bool read_option(const char *name, const char *value, stall_arguments *found)
{
    if (strcmp(name, "--gate") == 0)
        found->gate = value;
    else if (strcmp(name, "--files") == 0)
        found->files = value;
    else if (strcmp(name, "--loops") == 0)
        found->opts.loops = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "--blocked-max") == 0)
        found->limits.blocked_max = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "--drain-ms") == 0)
        found->limits.drain_ms = (unsigned)strtoul(value, NULL, 10);
    else
        return false;
    return true;
}

static int run(hewn_app *app, stall_state *state, const hewn_server_opts *opts)
{
    hewn_server *server;
    hewn_fault fault = {0};
    if (hewn_server_new(app, opts, &fault, &server) < 0) {
        fprintf(stderr, "stall-server: %s: %s\n", fault.where, fault.what);
        return 69;
    }
    atomic_store(&state->server, server);
    int error = hewn_server_start(server);
    if (error == 0) {
        printf("%s\n", hewn_server_address(server, 0));
        fflush(stdout);
        error = hewn_server_run(server, NULL);
    }
    hewn_server_free(server);
    return error == 0 || error == -ETIMEDOUT ? 0 : 70;
}

static int run_main(int argc, char **argv)
{
    static stall_state state;
    state.gate = hewn_or(getenv("GATE"), "");
    hewn_app *app = hewn_new(.state = &state);
    add_routes(app, NULL);
    return hewn_main(app, argc, argv);
}

int main(int argc, char **argv)
{
    static const hewn_listen listen = {.address = "127.0.0.1:0"};
    stall_arguments found = {
        .opts = {.size = sizeof found.opts, .listen = &listen, .n_listen = 1, .log = "off"},
        .limits = {.size = sizeof found.limits},
    };
    found.opts.loops = 1;
    found.opts.limits = &found.limits;
    if (argc > 1 && strcmp(argv[1], "main") == 0)
        return run_main(argc - 1, argv + 1);
    for (int i = 1; i < argc; i += 2)
        if (i + 1 == argc || !read_option(argv[i], argv[i + 1], &found)) {
            fprintf(stderr, "usage: stall-server [--loops N] [--blocked-max N] [--drain-ms N] "
                            "[--gate FIFO] [--files DIR]\n");
            return 64;
        }
    stall_state state = {.gate = hewn_or(found.gate, "")};
    hewn_app *app = hewn_new(.state = &state);
    add_routes(app, found.files);
    int status = run(app, &state, &found.opts);
    hewn_app_free(app);
    return status;
}

/* Runs an application as a program, from its command line to its exit code.
 *
 * What it says goes to standard error: standard output belongs to the log, which programs read.
 * Exit codes are those of `hewn` (sysexits). */
#include <errno.h>
#include <string.h>

#include "app/app.h"
#include "base/error.h"
#include "hewn/server.h"
#include "kit/background.h"
#include "run/command.h"
#include "run/secrets.h"
#include "run/signals.h"
#include "sys/file.h"
#include "watch/escape.h"

enum {
    EXIT_DONE = 0,
    EXIT_USAGE = 64,
    EXIT_NO_INPUT = 66,
    EXIT_UNAVAILABLE = 69,
    EXIT_INTERNAL = 70,
    EXIT_FORBIDDEN = 77
};
enum { WORDS_BYTES = 2048, COMMAND_BLOCK_BYTES = 2048 };
enum { JOBS_END_MS = 30 * 1000, JOBS_LOOK_MS = 10 }; /* as long as for requests */

static void say(int fd, const hw_buffer *words)
{
    (void)hw_sys_write(fd, words->at, words->length); /* nobody is left to tell */
}

static int refuse_command(const char *program, int error, const hw_buffer *why)
{
    char memory[WORDS_BYTES];
    hw_buffer words = HW_BUFFER_OVER(memory);
    hw_buffer_put_format(&words, "%.200s: ", program);
    if (error == -EINVAL)
        hw_buffer_put(&words, hw_buffer_text(why));
    else
        hw_buffer_put_string(&words, hw_error_words(error));
    hw_buffer_put_char(&words, '\n');
    say(HW_STDERR, &words);
    return error == -EINVAL ? EXIT_USAGE : EXIT_INTERNAL;
}

static bool is_address_fault(int error)
{
    return error == -EADDRINUSE || error == -EACCES || error == -EPERM || error == -EADDRNOTAVAIL ||
           error == -EAFNOSUPPORT;
}

/* "127.0.0.1:80" has a port that only root may take; "unix:/run/x" has none. */
static const char *forbidden_port(const hewn_fault *fault)
{
    const char *colon = strrchr(fault->where, ':');
    bool is_forbidden = fault->error == EACCES || fault->error == EPERM;
    bool is_path = strncmp(fault->where, "unix:", 5) == 0;
    return is_forbidden && !is_path && colon ? colon + 1 : NULL;
}

static void put_fault_text(hw_buffer *words, const char *text)
{
    enum { SHOWN_BYTES_MAX = 400 };
    hw_escape_put(words, hw_text_of(text), HW_ESCAPE_EYES, SHOWN_BYTES_MAX);
}

/* What went wrong while the app was built: it has nothing to do with listening. */
static int refuse_app(const char *program, const hewn_fault *fault)
{
    char memory[WORDS_BYTES];
    hw_buffer words = HW_BUFFER_OVER(memory);
    hw_buffer_put_format(&words, "%.200s: ", program);
    if (fault->where[0]) {
        put_fault_text(&words, fault->where);
        hw_buffer_put_string(&words, ": ");
    }
    put_fault_text(&words, fault->what);
    hw_buffer_put_char(&words, '\n');
    say(HW_STDERR, &words);
    return EXIT_INTERNAL;
}

/* A member of the options, as the command line calls it. */
static const char *name_setting(const char *where)
{
    return strcmp(where, "trusted_proxies") == 0 ? "--trusted-proxies" : where;
}

static int refuse_setup(const char *program, int error, const hewn_fault *fault)
{
    char memory[WORDS_BYTES];
    hw_buffer words = HW_BUFFER_OVER(memory);
    const char *port = forbidden_port(fault);
    hw_buffer_put_format(&words, "%.200s: ", program);
    if (is_address_fault(error))
        hw_buffer_put_string(&words, port ? "cannot listen on port " : "cannot listen on ");
    put_fault_text(&words, port ? port : name_setting(fault->where));
    hw_buffer_put_string(&words, fault->where[0] ? ": " : "");
    put_fault_text(&words, fault->what);
    hw_buffer_put_char(&words, '\n');
    if (port)
        hw_buffer_put_string(&words,
                             "  use a port from 1024 up, socket activation (fd:3), or allow it "
                             "once with\n  sudo setcap cap_net_bind_service=+ep <binary>\n");
    say(HW_STDERR, &words);
    if (error == -ENOMEM)
        return EXIT_INTERNAL;
    if (error == -EACCES || error == -EPERM)
        return EXIT_FORBIDDEN;
    return error == -EINVAL ? EXIT_USAGE : EXIT_UNAVAILABLE;
}

static void tell_addresses(hewn_server *server, void *arg)
{
    const char *program = arg, *address;
    for (size_t i = 0; (address = hewn_server_address(server, i)) != NULL; i++) {
        char memory[WORDS_BYTES];
        hw_buffer words = HW_BUFFER_OVER(memory);
        bool is_path = strncmp(address, "unix:", 5) == 0;
        hw_buffer_put_format(&words, "%.200s: listening on %s%s%s\n", program,
                             is_path ? "" : "http://", address, is_path ? "" : "/");
        say(HW_STDERR, &words);
    }
}

static void tell_stopping(hewn_server *server, void *arg)
{
    char memory[WORDS_BYTES];
    hw_buffer words = HW_BUFFER_OVER(memory);
    unsigned long long in_flight = hewn_server_numbers(server).in_flight;
    hw_buffer_put_format(&words, "%.200s: stopping: %llu request%s in flight\n", (const char *)arg,
                         in_flight, in_flight == 1 ? "" : "s");
    say(HW_STDERR, &words);
}

static int serve_app(hewn_app *app, const char *program, const hewn_server_opts *opts)
{
    hewn_server *server = NULL;
    hewn_fault fault = {0};
    hw_signals_hold();
    int error = hewn_server_new(app, opts, &fault, &server);
    if (error < 0 && app && hw_app_fault(app))
        return refuse_app(program, &fault);
    if (error < 0)
        return refuse_setup(program, error, &fault);
    const hewn_run_opts told = {
        .size = sizeof told,
        .serving = tell_addresses,
        .stopping = tell_stopping,
        .arg = (void *)program,
    };
    error = hewn_server_run(server, &told);
    /* Freeing waits for handlers that do not return, and the one who asked for the end has waited
     * long enough, or has asked twice. */
    if (hewn_server_numbers(server).in_flight == 0)
        hewn_server_free(server);
    if (error < 0 && error != -ETIMEDOUT)
        return refuse_command(program, error, NULL);
    return EXIT_DONE;
}

/* What the app was given to do is done first, unless that takes too long or somebody asks for the end
 * once more. False: it still runs, and the app must stay. */
static bool finish_jobs(hewn_app *app, const char *program)
{
    char memory[WORDS_BYTES];
    hw_buffer words = HW_BUFFER_OVER(memory);
    if (!app || !hw_app_is_last(app) || hw_background_finish(app))
        return true;
    hw_buffer_put_format(&words, "%.200s: stopping: waiting for jobs\n", program);
    say(HW_STDERR, &words);
    for (unsigned ms = 0; ms < JOBS_END_MS; ms += JOBS_LOOK_MS) {
        if (hw_signals_came(JOBS_LOOK_MS))
            return false;
        if (hw_background_finish(app))
            return true;
    }
    return false;
}

/* 0, or the exit code. */
static int take_secrets(hewn_app *app, const char *program, const char *path, hw_arena *arena)
{
    char memory[WORDS_BYTES], why_memory[WORDS_BYTES];
    hw_buffer words = HW_BUFFER_OVER(memory), why = HW_BUFFER_OVER(why_memory);
    const char *const *secrets;
    bool is_open = false;
    int error = hw_secrets_read(path, arena, &why, &secrets, &is_open);
    if (error == -ENOMEM)
        return refuse_command(program, error, NULL);
    if (error < 0) {
        (void)refuse_command(program, -EINVAL, &why);
        return EXIT_NO_INPUT;
    }
    if (is_open) {
        hw_buffer_put_format(&words, "%.200s: others can read the secrets: chmod 600 ", program);
        put_fault_text(&words, path);
        hw_buffer_put_char(&words, '\n');
        say(HW_STDERR, &words);
    }
    hw_app_take_secrets(app, secrets);
    return EXIT_DONE;
}

int hewn_main(hewn_app *app, int argc, char **argv)
{
    char memory[WORDS_BYTES];
    hw_buffer words = HW_BUFFER_OVER(memory);
    const char *program = hw_command_program(argc, argv);
    hw_arena arena;
    hw_command command;
    int status = EXIT_DONE;
    hw_arena_init(&arena, COMMAND_BLOCK_BYTES, SIZE_MAX / 2);
    int error = hw_command_read(argc, argv, &arena, &words, &command);
    if (error < 0) {
        status = refuse_command(program, error, &words);
    } else if (command.wants_help) {
        hw_command_put_help(&words, program);
        say(HW_STDOUT, &words);
    } else {
        if (command.secret_file && app)
            status = take_secrets(app, program, command.secret_file, &arena);
        if (status == EXIT_DONE)
            status = serve_app(app, program, &command.opts);
    }
    hw_arena_fini(&arena);
    if (finish_jobs(app, program))
        hewn_app_free(app);
    return status;
}

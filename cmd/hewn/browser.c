/* Starts a browser.
 *
 * No shell: the address is one argument, whatever is in it. A thread of its own starts the program
 * and waits for its end, so that no zombie is left, a failure is told, and nobody else waits: a
 * browser may stay in the foreground for hours. It is of a session of its own, so that Ctrl-C at
 * our terminal is not meant for it. */
#include "browser.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

enum { WORDS_MAX = 32 };

typedef struct visit {
    char url[160];
    char *commands; /* of $BROWSER, or xdg-open */
} visit;

static void free_visit(visit *going)
{
    free(going->commands);
    free(going);
}

/* The first address with a port; "every interface" is reached by the loopback. */
static bool find_url(const hewn_server *server, bool is_secure, char *ret_url, size_t bytes)
{
    const char *address, *scheme = is_secure ? "https" : "http";

    for (size_t i = 0; (address = hewn_server_address(server, i)) != NULL; i++) {
        const char *colon = strrchr(address, ':');
        int host = colon ? (int)(colon - address) : 0;

        if (strncmp(address, "unix:", 5) == 0 || !colon)
            continue;
        if (strncmp(address, "[::]:", 5) == 0 || strncmp(address, "0.0.0.0:", 8) == 0)
            snprintf(ret_url, bytes, "%s://127.0.0.1%s/", scheme, colon);
        else
            snprintf(ret_url, bytes, "%s://%.*s%s/", scheme, host, address, colon);
        return true;
    }
    return false;
}

static bool has_display(void)
{
    const char *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

    return (x11 && *x11) || (wayland && *wayland);
}

/* "firefox --new-window %s" as arguments; the address goes to the end where it has no place. */
static void split_words(char *command, char *url, char **ret_words)
{
    bool has_place = false;
    size_t count = 0;
    char *word;

    while ((word = strsep(&command, " ")) != NULL && count < WORDS_MAX) {
        bool is_place = strcmp(word, "%s") == 0;

        if (!*word)
            continue;
        has_place |= is_place;
        ret_words[count++] = is_place ? url : word;
    }
    if (count > 0 && !has_place)
        ret_words[count++] = url;
    ret_words[count] = NULL;
}

/* 0, or an errno: then none has been started. */
static int spawn_browser(char **words, pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t manner;
    sigset_t none, all;
    int error;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&manner);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    posix_spawnattr_setflags(&manner,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&manner, &none);
    posix_spawnattr_setsigdefault(&manner, &all);
    error = posix_spawnp(ret_pid, words[0], &files, &manner, words, environ);
    posix_spawnattr_destroy(&manner);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static void tell_end(const char *program, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    fputs("hewn: --open: ", stderr);
    show_text(stderr, program);
    if (WIFEXITED(status))
        fprintf(stderr, " ended with status %d\n", WEXITSTATUS(status));
    else
        fprintf(stderr, " was ended by signal %d\n", WTERMSIG(status));
}

/* The first of the commands that can be started. */
static int start_first(visit *going, const char **ret_program, pid_t *ret_pid)
{
    char *words[WORDS_MAX + 2], *rest = going->commands, *command;
    int error = ENOENT;

    while (error != 0 && (command = strsep(&rest, ":")) != NULL) {
        split_words(command, going->url, words);
        if (!words[0])
            continue;
        *ret_program = words[0];
        error = spawn_browser(words, ret_pid);
    }
    return error;
}

static void *run_visit(void *arg)
{
    visit *going = arg;
    const char *program = "$BROWSER";
    pid_t pid;
    int status, error = start_first(going, &program, &pid);

    if (error != 0) {
        fputs("hewn: --open: cannot start ", stderr);
        show_text(stderr, program);
        fprintf(stderr, ": %s\n", show_error(error));
    } else if (waitpid(pid, &status, 0) == pid) {
        tell_end(program, status);
    }
    free_visit(going);
    return NULL;
}

static void start_visit(visit *going)
{
    pthread_t thread;
    int error = going->commands ? pthread_create(&thread, NULL, run_visit, going) : ENOMEM;

    if (error == 0) {
        pthread_detach(thread);
        return;
    }
    fprintf(stderr, "hewn: --open: %s\n", show_error(error));
    free_visit(going);
}

void browser_open(const hewn_server *server, bool is_secure)
{
    const char *wanted = getenv("BROWSER");
    visit *going = calloc(1, sizeof(*going));

    if (!going) {
        fprintf(stderr, "hewn: --open: %s\n", show_error(ENOMEM));
        return;
    }
    if (!find_url(server, is_secure, going->url, sizeof(going->url))) {
        fputs("hewn: --open: no address that a browser could use\n", stderr);
    } else if ((!wanted || !*wanted) && !has_display()) {
        fputs("hewn: --open: there is no desktop here, and $BROWSER is not set\n", stderr);
    } else {
        if (geteuid() == 0)
            fputs("hewn: --open: the browser runs as root, as this does\n", stderr);
        going->commands = strdup(wanted && *wanted ? wanted : "xdg-open");
        start_visit(going);
        return;
    }
    free_visit(going);
}

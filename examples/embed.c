/* A server inside a loop that a program has already: here poll(2), with standard input beside it.
 * Lines that are typed are what GET / answers; an empty line or the end of input stops it. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hewn/server.h"

static char line[200] = "nothing was typed yet\n";

static hewn_response *say_line(hewn_request *rq)
{
    return hewn_text(rq, 200, line);
}

/* False: it is over. */
static bool read_line(void)
{
    ssize_t length = read(STDIN_FILENO, line, sizeof line - 1);
    if (length < 1)
        return false;
    line[length] = '\0';
    return strcmp(line, "\n") != 0;
}

int main(int argc, char **argv)
{
    hewn_app *app = hewn_new();
    hewn_get(app, "/", say_line);
    const hewn_listen at = {.address = argc > 1 ? argv[1] : "127.0.0.1:9000"};
    const hewn_server_opts opts = {
        .size = sizeof opts, .listen = &at, .n_listen = 1, .loops = 1, .log = "off"};
    hewn_fault fault;
    hewn_server *server;
    int error = hewn_server_new(app, &opts, &fault, &server);
    hewn_app_free(app);
    if (error < 0) {
        fprintf(stderr, "embed: %s: %s\n", fault.where, fault.what);
        return 69;
    }
    struct pollfd both[] = {{STDIN_FILENO, POLLIN, 0}, {hewn_server_fd(server), POLLIN, 0}};
    if (both[1].fd < 0) {
        fprintf(stderr, "embed: cannot start: %s\n", strerror(-both[1].fd));
        hewn_server_free(server);
        return 70;
    }
    printf("http://%s/\n", hewn_server_address(server, 0));
    fflush(stdout);
    while (poll(both, 2, -1) >= 0 && (both[0].revents == 0 || read_line()))
        hewn_server_poll(server, 0);
    hewn_server_stop(server);
    hewn_server_wait(server);
    hewn_server_free(server);
    return 0;
}

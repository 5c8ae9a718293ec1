/* Makes the server listen where the options say, or explains why it cannot.
 *
 * The default port is a convenience, so it may move to the next free one, aloud; a port that was
 * named is a promise to somebody, so it may not. [::1] goes with 127.0.0.1 as long as the machine
 * has IPv6: a browser that looks up localhost tries it first. */
#include "listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "interfaces.h"
#include "secure.h"
#include "show.h"
#include "status.h"

#define LISTEN_MAX 128
#define INTERFACES_MAX 32
#define PORT_FIRST 9000
#define PORT_LAST 9009
#define PORTS_TRIED 100

typedef struct address_plan {
    char texts[LISTEN_MAX][128]; /* the path of a Unix socket has 107 bytes at most */
    hewn_listen listen[LISTEN_MAX];
    size_t count;
    size_t secure; /* of them: the first */
    bool has_v6;
} address_plan;

static void plan_address(address_plan *plan, const char *text)
{
    if (plan->count < LISTEN_MAX)
        plan->listen[plan->count++].address = text;
}

/* `host` as in a URL. */
static void plan_host(address_plan *plan, const char *host, int port)
{
    if (plan->count == LISTEN_MAX)
        return;
    snprintf(plan->texts[plan->count], sizeof(plan->texts[0]), "%.63s:%d", host, port);
    plan_address(plan, plan->texts[plan->count]);
}

static void plan_loopbacks(address_plan *plan, int port)
{
    plan_host(plan, "127.0.0.1", port);
    if (plan->has_v6)
        plan_host(plan, "[::1]", port);
}

static void plan_private(address_plan *plan, int port)
{
    interface_address addresses[INTERFACES_MAX];
    size_t count = interfaces_list(addresses, INTERFACES_MAX);

    for (size_t i = 0; i < count; i++)
        if (addresses[i].is_private && !addresses[i].is_loopback)
            plan_host(plan, addresses[i].host, port);
}

/* "9000" and "localhost:9000" mean both loopbacks: their port, or -1. */
static int loopback_port(const char *text)
{
    static const char localhost[] = "localhost:";
    long port;

    if (strncmp(text, localhost, sizeof(localhost) - 1) == 0)
        text += sizeof(localhost) - 1;
    if (!*text || strlen(text) > 5 || text[strspn(text, "0123456789")])
        return -1;
    port = strtol(text, NULL, 10);
    return port <= 65535 ? (int)port : -1;
}

static bool wants_port(const options *chosen)
{
    return chosen->port >= 0 || chosen->lan || chosen->public || chosen->listen.count == 0;
}

/* "ADDR,PORT"; the comma of no address is followed by a number alone. */
static void plan_redirect(address_plan *plan, const char *text)
{
    const char *comma = strrchr(text, ',');
    int port = comma ? loopback_port(comma + 1) : -1;
    hewn_listen *listen = &plan->listen[plan->count];

    if (plan->count == LISTEN_MAX)
        return;
    if (port < 0 || (size_t)(comma - text) >= sizeof(plan->texts[0])) {
        plan_address(plan, text); /* what is that long is no address */
    } else {
        snprintf(plan->texts[plan->count], sizeof(plan->texts[0]), "%.*s", (int)(comma - text),
                 text);
        plan_address(plan, plan->texts[plan->count]);
        listen->redirect_port = (unsigned)port;
    }
    listen->redirects = true;
}

/* What is served, and beside it what only leads there; in front of all of it may be proxies. */
static void secure_plan(const options *chosen, const hewn_tls_opts *tls, address_plan *plan)
{
    for (size_t i = 0; tls && i < plan->count; i++)
        plan->listen[i].tls = tls;
    plan->secure = tls ? plan->count : 0;
    for (size_t i = 0; i < chosen->redirect.count; i++)
        plan_redirect(plan, chosen->redirect.items[i]);
    for (size_t i = 0; i < plan->count; i++)
        plan->listen[i].proxy_protocol = chosen->proxy_protocol;
}

static void make_plan(const options *chosen, int port, address_plan *ret_plan)
{
    *ret_plan = (address_plan){.has_v6 = interfaces_has_v6_loopback()};
    if (wants_port(chosen) && chosen->public) {
        plan_host(ret_plan, "", port);
    } else if (wants_port(chosen)) {
        plan_loopbacks(ret_plan, port);
        if (chosen->lan)
            plan_private(ret_plan, port);
    }
    for (size_t i = 0; i < chosen->listen.count; i++) {
        int both = loopback_port(chosen->listen.items[i]);

        if (both >= 0)
            plan_loopbacks(ret_plan, both);
        else
            plan_address(ret_plan, chosen->listen.items[i]);
    }
}

/* Whether nobody at all listens on this port. */
static bool is_port_free(int port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const struct sockaddr *address = (const struct sockaddr *)(const void *)&v6;
    socklen_t length = sizeof(v6);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    bool is_free;

    if (fd < 0) {
        address = (const struct sockaddr *)(const void *)&v4;
        length = sizeof(v4);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    is_free = bind(fd, address, length) == 0;
    close(fd);
    return is_free;
}

static void show_address(FILE *out, const char *host, size_t length, int port)
{
    char address[128];

    snprintf(address, sizeof(address), "%.*s:%d", (int)length, host, port);
    fputs("-l ", out);
    show_argument(out, address);
}

/* "  try  hewn -p 8081 dist": only where that listens at all that was asked for. */
static void tell_free_port(const options *chosen, const char *where)
{
    const char *colon = strrchr(where, ':');
    int port = colon ? loopback_port(colon + 1) : -1;
    int last = port < 65535 - PORTS_TRIED ? port + PORTS_TRIED : 65535;

    if (port < 0 || chosen->listen.count > (wants_port(chosen) ? 0 : 1))
        return;
    do {
        if (++port > last)
            return;
    } while (!is_port_free(port));
    fputs("  try  hewn ", stderr);
    if (wants_port(chosen))
        fprintf(stderr, "%s-p %d",
                chosen->lan      ? "--lan "
                : chosen->public ? "--public "
                                 : "",
                port);
    else
        show_address(stderr, where, (size_t)(colon - where), port);
    if (chosen->place) {
        fputc(' ', stderr);
        show_argument(stderr, chosen->place);
    }
    fputc('\n', stderr);
}

static int refuse_forbidden(const char *where)
{
    const char *colon = strrchr(where, ':');
    int port = colon ? loopback_port(colon + 1) : -1;
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

    if (port <= 0 || strncmp(where, "unix:", 5) == 0) {
        fputs("hewn: cannot listen on ", stderr);
        show_text(stderr, where);
        fputs(": permission denied\n", stderr);
        return STATUS_PERMISSION;
    }
    program[length > 0 ? length : 0] = '\0';
    fprintf(stderr,
            "hewn: cannot listen on port %d: permission denied\n"
            "  allow it once with  sudo setcap cap_net_bind_service=+ep ",
            port);
    show_argument(stderr, length > 0 ? program : "hewn");
    fputs(", use socket activation, or a port from 1024 up\n", stderr);
    return STATUS_PERMISSION;
}

/* The option that a member of the library's comes from; NULL: it is none. */
static const char *find_option(const char *where)
{
    if (strcmp(where, "trusted_proxies") == 0)
        return "trusted-proxies";
    return strcmp(where, "proxy_protocol") == 0 ? "proxy-protocol" : NULL;
}

static int refuse_list(const char *option, const hewn_fault *fault)
{
    fprintf(stderr, "hewn: --%s: ", option);
    show_text(stderr, fault->what);
    fputc('\n', stderr);
    return STATUS_USAGE;
}

static int refuse_listening(const options *chosen, const hewn_tls_opts *tls, int error,
                            const hewn_fault *fault)
{
    const char *file = tls ? secure_find_file(tls, fault) : NULL;

    if (error == -EMFILE || error == -ENFILE || error == -ENOMEM) {
        fprintf(stderr, "hewn: cannot start: %s\n", show_error(-error));
        return STATUS_INTERNAL;
    }
    if (file)
        return secure_refuse_file(file, fault);
    if (find_option(fault->where))
        return refuse_list(find_option(fault->where), fault);
    if (error == -EACCES || error == -EPERM)
        return refuse_forbidden(fault->where);
    fputs("hewn: cannot listen", stderr);
    if (fault->where[0]) {
        fputs(" on ", stderr);
        show_text(stderr, fault->where);
    }
    fputs(": ", stderr);
    show_text(stderr, fault->what[0] ? fault->what : show_error(-error));
    fputc('\n', stderr);
    if (error == -EADDRINUSE)
        tell_free_port(chosen, fault->where);
    return error == -EINVAL ? STATUS_USAGE : STATUS_UNAVAILABLE;
}

static int open_at(hewn_app *app, const options *chosen, const hewn_server_opts *setup,
                   const hewn_tls_opts *tls, hewn_fault *ret_fault, listening *made)
{
    hewn_server_opts opts = *setup;
    address_plan plan;

    make_plan(chosen, made->port, &plan);
    secure_plan(chosen, tls, &plan);
    made->secure = plan.secure;
    opts.listen = plan.listen;
    opts.n_listen = plan.count;
    *ret_fault = (hewn_fault){.error = 0};
    return hewn_server_new(app, &opts, ret_fault, &made->server);
}

int listen_open(hewn_app *app, const options *chosen, const hewn_server_opts *setup,
                const hewn_tls_opts *tls, listening *ret_listening)
{
    bool may_move = wants_port(chosen) && chosen->port < 0;
    listening made = {.wanted_port = chosen->port};
    hewn_fault fault;
    int error;

    if (may_move)
        made.wanted_port = PORT_FIRST;
    for (made.port = made.wanted_port;; made.port++) {
        error = open_at(app, chosen, setup, tls, &fault, &made);
        if (error == -EADDRINUSE && made.port == made.wanted_port)
            made.taken = fault;
        if (error != -EADDRINUSE || !may_move || made.port == PORT_LAST)
            break;
    }
    if (error < 0)
        return refuse_listening(chosen, tls, error, &fault);
    *ret_listening = made;
    return STATUS_OK;
}

/* 127.0.0.0/8 and ::1; of what is inherited or behind a proxy nobody knows. */
static bool is_loopback_address(const char *text)
{
    return loopback_port(text) >= 0 || strncmp(text, "127.", 4) == 0 ||
           strncmp(text, "[::1]:", 6) == 0;
}

bool listen_is_loopback(const options *chosen)
{
    if (chosen->lan || chosen->public || chosen->trusted_proxies || chosen->proxy_protocol)
        return false;
    for (size_t i = 0; i < chosen->listen.count; i++)
        if (!is_loopback_address(chosen->listen.items[i]))
            return false;
    return true;
}

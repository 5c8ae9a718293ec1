/* Builds, starts, asks, stops and frees a server as a program would, in real time.
 *
 * Deadlines are short, and a client waits for longer than any of them. What fails may be on any
 * thread, so the nth call is not always the same one. */
#include "fault/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "seam/seam.h"

#define HOST " HTTP/1.1\r\nHost: test\r\n"
#define DEADLINE_MS 300
#define DRAIN_MS 40
/* A second until a listener that was left is tried again, and a deadline behind that. */
#define PATIENCE_MS 4000
#define LOOK_MS 20

const fault_life fault_lives[] = {
    {.name = "life", .says = {"GET /hello.txt" HOST "\r\n"}},
    {.name = "life-drain",
     .says = {"GET /text" HOST "\r\n", "POST /give-back" HOST "Content-Length: 5\r\n\r\nhe"},
     .waits = true},
    {.name = "life-taken-over", .says = {"GET /sleep" HOST "\r\n", "GET /text?q=2" HOST "\r\n"}},
    {.name = "life-spare", .says = {"GET /blocking" HOST "\r\n", "GET /ten.txt" HOST "\r\n"}},
    {.name = "life-stale", .says = {"GET /ten.txt" HOST "\r\n"}, .address = FAULT_LIFE_STALE},
    {.name = "life-inherited",
     .says = {"GET /ten.txt" HOST "\r\n"},
     .address = FAULT_LIFE_INHERITED},
    {.name = "life-taken", .address = FAULT_LIFE_TAKEN},
};
const size_t fault_life_count = sizeof fault_lives / sizeof *fault_lives;

typedef struct life_run {
    const fault_place *place;
    const fault_life *life;
    const fault_answers *right; /* NULL: not known yet */
    const fault_point *point;
    int listener; /* of ours, that is inherited or in the way; -1: none */
    int log;
    char address[160];
    fault_client clients[2];
    fault_answers answers[2];
} life_run;

static int listen_ourselves(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
        talk_give_up("listening", errno);
    return fd;
}

static uint16_t port_of_socket(int fd)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        talk_give_up("a port", errno);
    return ntohs(address.sin_port);
}

/* A name that belongs to nobody any more. */
static void leave_stale_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        talk_give_up("a Unix socket", errno);
    close(fd);
}

static void choose_address(life_run *r)
{
    char path[100];
    snprintf(r->address, sizeof r->address, "127.0.0.1:0");
    switch (r->life->address) {
    case FAULT_LIFE_TCP:
        break;
    case FAULT_LIFE_STALE:
        snprintf(path, sizeof path, "%s/socket", r->place->site.folder);
        leave_stale_socket(path);
        snprintf(r->address, sizeof r->address, "unix:%s", path);
        break;
    case FAULT_LIFE_INHERITED:
        r->listener = listen_ourselves();
        snprintf(r->address, sizeof r->address, "fd:%d", r->listener);
        break;
    case FAULT_LIFE_TAKEN:
        r->listener = listen_ourselves();
        snprintf(r->address, sizeof r->address, "127.0.0.1:%u",
                 (unsigned)port_of_socket(r->listener));
        break;
    }
}

static bool connect_client(fault_client *client, const char *address)
{
    hw_text name = hw_text_of(address);
    uint64_t port = 0;
    if (hw_text_has_prefix(name, HW_TEXT("unix:")))
        return fault_client_connect_unix(client, address + sizeof "unix:" - 1);
    hw_number_decimal(hw_text_from(name, hw_text_find_last(name, ':') + 1), &port);
    return fault_client_connect(client, (uint16_t)port);
}

static bool is_done(life_run *r, unsigned index)
{
    fault_client *client = &r->clients[index];
    fault_answers_read(&r->answers[index], client, false);
    return client->is_ended || (!r->answers[index].is_torn && r->answers[index].count > 0);
}

static void hear_all(life_run *r)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
        bool is_over = true;
        for (unsigned i = 0; i < 2; i++) {
            bool is_late = r->life->waits && i == 1;
            if (!r->life->says[i] || is_late || r->clients[i].fd < 0 || is_done(r, i))
                continue;
            fault_client_hear(&r->clients[i], LOOK_MS);
            is_over = is_over && is_done(r, i);
        }
        if (is_over)
            return;
    }
}

static const char *talk_to(life_run *r, const hewn_server *server)
{
    for (unsigned i = 0; i < 2; i++) {
        const char *says = r->life->says[i];
        if (!says)
            continue;
        if (!connect_client(&r->clients[i], hewn_server_address(server, 0)))
            return "a server that has started refuses connections";
        fault_client_send(&r->clients[i], hw_text_of(says));
    }
    hear_all(r);
    return NULL;
}

/* What was said when the server was told to stop is finished, or cut off. */
static void end_talk(life_run *r)
{
    for (unsigned i = 0; i < 2; i++)
        while (r->clients[i].fd >= 0 && fault_client_hear(&r->clients[i], DEADLINE_MS))
            continue;
}

static const char *serve(life_run *r, hewn_server *server)
{
    if (hewn_server_start(server) < 0)
        return r->point->kind == FAULT_NONE ? "it does not start, though nothing failed" : NULL;
    const char *wrong = talk_to(r, server);
    hewn_server_stop(server);
    int result = hewn_server_wait(server);
    end_talk(r);
    if (!wrong && result < 0 && result != -ETIMEDOUT)
        wrong = "waiting for the server's end gives an error that it does not have";
    if (!wrong && hewn_server_numbers(server).connections > 0)
        wrong = "connections are left when the server has ended";
    return wrong;
}

static const char *live(life_run *r)
{
    const hewn_limits limits = {.size = sizeof limits,
                                .head_ms = DEADLINE_MS,
                                .idle_ms = DEADLINE_MS,
                                .drain_ms = DRAIN_MS};
    const hewn_listen listen = {.address = r->address};
    const hewn_server_opts opts = {.size = sizeof opts,
                                   .listen = &listen,
                                   .n_listen = 1,
                                   .limits = &limits,
                                   .log = "json",
                                   .log_fd = r->log,
                                   .loops = 1};
    hewn_fault fault = {0};
    hewn_server *server;
    const char *wrong = NULL;
    hewn_app *app = fault_place_app(&r->place->site);
    int error = hewn_server_new(app, &opts, &fault, &server);
    if (error == 0) {
        wrong = serve(r, server);
        hewn_server_free(server);
    } else if (error != -fault.error || !fault.what[0]) {
        wrong = "there is no server, and nobody says why";
    } else if (r->point->kind == FAULT_NONE && r->life->address != FAULT_LIFE_TAKEN) {
        wrong = "there is no server, though nothing failed";
    }
    hewn_app_free(app);
    return wrong;
}

static const char *judge(life_run *r)
{
    const char *wrong = NULL;
    for (unsigned i = 0; i < 2 && !wrong; i++) {
        fault_client *client = &r->clients[i];
        if (!r->life->says[i] || client->heard.length == 0)
            continue;
        fault_answers_read(&r->answers[i], client, false);
        wrong = r->point->kind == FAULT_NONE
                    ? fault_judge_strictly(&r->answers[i], &r->right[i])
                    : fault_judge(&r->answers[i], &r->right[i], client->is_ended);
    }
    return wrong;
}

static void open_run(life_run *r)
{
    for (unsigned i = 0; i < 2; i++)
        r->clients[i].fd = -1;
    r->listener = -1;
    r->log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    choose_address(r);
    hw_seam_reset();
}

/* From here on nothing fails. The tally, if wanted, before that. */
static void close_run(life_run *r)
{
    for (unsigned i = 0; i < 2; i++)
        fault_client_free(&r->clients[i]);
    close(r->log);
    if (r->listener >= 0)
        close(r->listener);
}

/* A thread that writes the log and was left alone gives back what it holds when it ends. */
static const char *compare_holdings(fault_holdings before)
{
    const char *wrong = fault_holdings_compare(before);
    for (int waited = 0; wrong && waited < PATIENCE_MS; waited += LOOK_MS) {
        usleep(LOOK_MS * 1000);
        wrong = fault_holdings_compare(before);
    }
    return wrong;
}

const char *fault_life_run(const fault_place *place, const fault_life *life,
                           const fault_answers right[2], const fault_point *point)
{
    life_run r = {.place = place, .life = life, .right = right, .point = point};
    fault_holdings before = fault_holdings_now();
    open_run(&r);
    fault_point_arm(point);
    const char *wrong = live(&r);
    hw_seam_reset();
    if (!wrong)
        wrong = judge(&r);
    close_run(&r);
    for (unsigned i = 0; i < 2; i++)
        fault_answers_free(&r.answers[i]);
    return wrong ? wrong : compare_holdings(before);
}

const char *fault_life_learn(const fault_place *place, const fault_life *life,
                             fault_answers ret_right[2], fault_tally *ret_tally)
{
    static const fault_point no_fault = {.kind = FAULT_NONE};
    life_run r = {.place = place, .life = life, .point = &no_fault};
    open_run(&r);
    uint64_t allocations = hw_seam_allocations();
    const char *wrong = live(&r);
    fault_tally_take(ret_tally, allocations);
    for (unsigned i = 0; i < 2; i++) {
        fault_answers_read(&r.answers[i], &r.clients[i], false);
        ret_right[i] = r.answers[i];
        bool is_late = life->waits && i == 1;
        if (!wrong && life->says[i] && !is_late && r.answers[i].count == 0)
            wrong = "nothing failed, and there is no answer";
    }
    close_run(&r);
    return wrong;
}

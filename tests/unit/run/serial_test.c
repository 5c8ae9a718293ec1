#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "hewn.h"
#include "hewn/server.h"
#include "unit/harness.h"

enum { SERIAL_CLIENTS = 8, SERIAL_REQUESTS = 50 };

/* Without a lock: what takes turns needs none. */
typedef struct serial_state {
    int count, inside_max, inside, middle;
    atomic_int answered, runs;
    uint16_t port;
} serial_state;

static hewn_response *count_slowly(hewn_request *rq)
{
    serial_state *state = hewn_state(rq);
    int before = state->count;
    atomic_fetch_add(&state->runs, 1);
    state->inside++;
    if (state->inside > state->inside_max)
        state->inside_max = state->inside;
    if (before % 7 == 0)
        hewn_sleep(rq, 2); /* long enough to lose the loop */
    else
        sched_yield();
    state->inside--;
    state->count = before + 1;
    return hewn_text(rq, 200, "ok");
}

static hewn_response *count_middle(hewn_request *rq, hewn_next *next, void *arg)
{
    ++*(int *)arg;
    return hewn_run_next(rq, next);
}

static int connect_serially(const serial_state *state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(state->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval longest = {.tv_sec = 20};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static int ask_serially(const serial_state *state, const char *target, int count)
{
    char request[100], answer[400];
    int fd = connect_serially(state), answered = 0;
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    while (answered < count && send(fd, request, (size_t)length, MSG_NOSIGNAL) == length &&
           recv(fd, answer, sizeof answer, 0) > 0 && strncmp(answer, "HTTP/1.1 200", 12) == 0)
        answered++;
    close(fd);
    return answered;
}

/* Goes while it waits for its turn, or has it. */
static void *be_rude_client(void *arg)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const serial_state *state = arg;
    for (int i = 0; i < SERIAL_REQUESTS; i++) {
        int fd = connect_serially(state);
        (void)send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static void *be_serial_client(void *arg)
{
    serial_state *state = arg;
    atomic_fetch_add(&state->answered, ask_serially(state, "/", SERIAL_REQUESTS / 2) +
                                           ask_serially(state, "/inner/", SERIAL_REQUESTS / 2));
    return NULL;
}

static hewn_app *new_serial_app(serial_state *state)
{
    hewn_app *app = hewn_new(.state = state, .serial = true), *inner = hewn_new(.state = state);
    hewn_use(app, count_middle, &state->middle);
    hewn_get(app, "/", count_slowly);
    hewn_get(inner, "/", count_slowly, .blocking = true);
    hewn_mount(app, "/inner", inner);
    return app;
}

HW_LONG_THREAD_TEST(serial_handlers_take_turns)
{
    static const hewn_listen anywhere[] = {{.address = "127.0.0.1:0"}};
    const hewn_server_opts opts = {
        .size = sizeof opts, .listen = anywhere, .n_listen = 1, .log = "off", .loops = 2};
    serial_state state = {0};
    pthread_t clients[SERIAL_CLIENTS], rude;
    hewn_server *server;
    hewn_app *app = new_serial_app(&state);
    assert_int_equal(hewn_server_new(app, &opts, NULL, &server), 0);
    hewn_app_free(app);
    assert_int_equal(hewn_server_start(server), 0);
    state.port = (uint16_t)strtoul(strrchr(hewn_server_address(server, 0), ':') + 1, NULL, 10);
    for (size_t i = 0; i < SERIAL_CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, be_serial_client, &state), 0);
    assert_int_equal(pthread_create(&rude, NULL, be_rude_client, &state), 0);
    for (size_t i = 0; i < SERIAL_CLIENTS; i++)
        pthread_join(clients[i], NULL);
    pthread_join(rude, NULL);
    hewn_server_stop(server);
    assert_int_equal(hewn_server_wait(server), 0);
    hewn_server_free(server);
    assert_int_equal(state.answered, SERIAL_CLIENTS * SERIAL_REQUESTS);
    assert_true(state.runs >= SERIAL_CLIENTS * SERIAL_REQUESTS);
    assert_int_equal(state.count, state.runs);
    assert_int_equal(state.middle, state.runs);
    assert_int_equal(state.inside_max, 1);
}

/* storm COUNT [SEED]: promised answers in a storm. Threads that the server knows nothing of keep
 * COUNT promises, while their clients come, read and go as they like: at once, in the middle of an
 * answer, with a second request on its way.
 *
 * Every answer that is read must be the one that was asked for; every promise is kept once or is
 * stale, and stale ever after; whatever was deferred has run when the server is gone. A sanitizer
 * looks on. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "hewn.h"
#include "hewn/server.h"

enum {
    CLIENTS = 12,
    SENDERS = 4,
    WAITING_MAX = 256,
    ANSWER_S_MAX = 60,
    REQUESTS_MAX = 20, /* on one connection */
};

typedef struct weather {
    pthread_mutex_t lock;
    pthread_cond_t more;
    hewn_later waiting[WAITING_MAX]; /* promises that nobody has kept yet */
    size_t waiting_count;
    bool is_over; /* no more will come */
    char path[108];
    long long count;
    atomic_llong begun, kept, stale, deferred, handled, read, wrong;
    atomic_llong numbers;
} weather;

typedef struct storm_thread {
    pthread_t thread;
    weather *storm;
    unsigned seed;
} storm_thread;

static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

/* The application. */

static void count_deferred(void *arg)
{
    atomic_fetch_add((atomic_llong *)arg, 1);
}

static void note_result(weather *storm, int error)
{
    atomic_fetch_add(error == 0 ? &storm->kept : &storm->stale, 1);
    if (error != 0 && error != -ESTALE)
        atomic_fetch_add(&storm->wrong, 1);
}

static void begin(hewn_later later, hewn_request *rq, void *arg)
{
    weather *storm = arg;
    atomic_fetch_add(&storm->begun, 1);
    pthread_mutex_lock(&storm->lock);
    bool has_room = storm->waiting_count < WAITING_MAX;
    if (has_room)
        storm->waiting[storm->waiting_count++] = later;
    pthread_cond_signal(&storm->more);
    pthread_mutex_unlock(&storm->lock);
    if (!has_room)
        note_result(storm, hewn_later_send(later, hewn_text(rq, 200, hewn_param(rq, "n"))));
}

static hewn_response *promise(hewn_request *rq)
{
    weather *storm = hewn_state(rq);
    atomic_fetch_add(&storm->handled, 1);
    if (hewn_defer(rq, count_deferred, &storm->deferred) < 0)
        abort();
    return hewn_wait_for(rq, begin, storm);
}

/* Who keeps the promises. */

/* Any of those that wait. False: there will be no more. */
static bool take_promise(weather *storm, unsigned *seed, hewn_later *ret_later)
{
    pthread_mutex_lock(&storm->lock);
    while (storm->waiting_count == 0 && !storm->is_over)
        pthread_cond_wait(&storm->more, &storm->lock);
    bool is_there = storm->waiting_count > 0;
    if (is_there) {
        size_t at = draw(seed, (unsigned)storm->waiting_count);
        *ret_later = storm->waiting[at];
        storm->waiting[at] = storm->waiting[--storm->waiting_count];
    }
    pthread_mutex_unlock(&storm->lock);
    return is_there;
}

static void keep_promise(weather *storm, hewn_later later, unsigned *seed)
{
    if (draw(seed, 16) == 0) {
        note_result(storm, hewn_later_send(later, NULL));
        return;
    }
    hewn_request *rq = hewn_later_request(later);
    if (!rq) {
        note_result(storm, -ESTALE);
        return;
    }
    if (draw(seed, 8) == 0)
        sched_yield();
    note_result(storm, hewn_later_send(later, hewn_text(rq, 200, hewn_param(rq, "n"))));
}

static void *send_answers(void *arg)
{
    storm_thread *self = arg;
    hewn_later later;
    while (take_promise(self->storm, &self->seed, &later)) {
        keep_promise(self->storm, later, &self->seed);
        if (draw(&self->seed, 4) == 0 &&
            (hewn_later_send(later, NULL) != -ESTALE || hewn_later_request(later)))
            atomic_fetch_add(&self->storm->wrong, 1);
    }
    return NULL;
}

/* Who asks. */

static int open_client(const weather *storm)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval longest = {.tv_sec = ANSWER_S_MAX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", storm->path);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest) < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("storm: cannot connect");
        exit(1);
    }
    return fd;
}

/* A whole answer, at most: true when it is there, and the one that was asked for. */
static bool read_answer(int fd, long long number)
{
    char answer[1024], expected[40];
    size_t length = 0, whole = sizeof answer;
    while (length < whole && length < sizeof answer - 1) {
        ssize_t count = recv(fd, answer + length, sizeof answer - 1 - length, 0);
        if (count <= 0)
            return false;
        length += (size_t)count;
        answer[length] = '\0';
        const char *end = strstr(answer, "\r\n\r\n"), *field = strstr(answer, "Content-Length: ");
        if (end && field)
            whole =
                (size_t)(end + 4 - answer) + strtoul(field + strlen("Content-Length: "), NULL, 10);
    }
    if (strncmp(answer, "HTTP/1.1 500 ", 13) == 0)
        return true;
    snprintf(expected, sizeof expected, "\r\n\r\n%lld", number);
    return strncmp(answer, "HTTP/1.1 200 ", 13) == 0 && length == whole &&
           strcmp(strstr(answer, "\r\n\r\n"), expected) == 0;
}

static bool send_request(int fd, long long number)
{
    char request[80];
    int length = snprintf(request, sizeof request, "GET /%lld HTTP/1.1\r\nHost: x\r\n\r\n", number);
    return send(fd, request, (size_t)length, MSG_NOSIGNAL) == length;
}

/* One connection, until its client has had enough. */
static void visit(weather *storm, unsigned *seed)
{
    int fd = open_client(storm);
    char few[20];
    for (int i = 0; i < REQUESTS_MAX; i++) {
        long long number = atomic_fetch_add(&storm->numbers, 1);
        if (!send_request(fd, number))
            break;
        unsigned mood = draw(seed, 10);
        if (mood < 2)
            break;
        if (mood == 2 && send_request(fd, -1) && recv(fd, few, sizeof few, 0) > 0)
            break;
        if (mood == 3) {
            shutdown(fd, SHUT_WR);
            i = REQUESTS_MAX;
        }
        if (mood > 2 && read_answer(fd, number))
            atomic_fetch_add(&storm->read, 1);
        else if (mood > 2)
            atomic_fetch_add(&storm->wrong, 1);
        else
            break;
    }
    close(fd);
}

static void *ask_for_answers(void *arg)
{
    storm_thread *self = arg;
    while (atomic_load(&self->storm->begun) < self->storm->count)
        visit(self->storm, &self->seed);
    return NULL;
}

static void run_threads(weather *storm, storm_thread *threads, size_t count, void *(*run)(void *),
                        unsigned seed)
{
    for (size_t i = 0; i < count; i++) {
        threads[i] = (storm_thread){.storm = storm, .seed = seed * 1000 + (unsigned)i};
        if (pthread_create(&threads[i].thread, NULL, run, &threads[i]) != 0) {
            fprintf(stderr, "storm: there is no thread\n");
            exit(1);
        }
    }
}

static void join_threads(const storm_thread *threads, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i].thread, NULL);
}

static hewn_server *start_server(weather *storm)
{
    char address[sizeof "unix:" + sizeof storm->path];
    hewn_app *app = hewn_new(.state = storm);
    hewn_fault fault = {0};
    hewn_server *server;
    snprintf(address, sizeof address, "unix:%s", storm->path);
    const hewn_listen listens[] = {{.address = address}};
    const hewn_server_opts opts = {
        .size = sizeof opts, .listen = listens, .n_listen = 1, .log = "off", .loops = 2};
    hewn_get(app, "/{n}", promise);
    int error = hewn_server_new(app, &opts, &fault, &server);
    hewn_app_free(app);
    if (error < 0 || hewn_server_start(server) < 0) {
        fprintf(stderr, "storm: cannot start: %s: %s\n", fault.where, fault.what);
        exit(1);
    }
    return server;
}

static void blow(weather *storm, unsigned seed)
{
    storm_thread clients[CLIENTS], senders[SENDERS];
    run_threads(storm, senders, SENDERS, send_answers, seed);
    run_threads(storm, clients, CLIENTS, ask_for_answers, seed + 1);
    join_threads(clients, CLIENTS);
    pthread_mutex_lock(&storm->lock);
    storm->is_over = true;
    pthread_cond_broadcast(&storm->more);
    pthread_mutex_unlock(&storm->lock);
    join_threads(senders, SENDERS);
}

static void must_be(const char *what, long long is, long long should_be, bool *is_well)
{
    if (is == should_be)
        return;
    fprintf(stderr, "storm: %s: %lld, and not %lld\n", what, is, should_be);
    *is_well = false;
}

int main(int argc, char **argv)
{
    static weather storm;
    char folder[] = "/tmp/storm.XXXXXX";
    bool is_well = true;
    if (argc < 2 || strtoll(argv[1], NULL, 10) <= 0 || !mkdtemp(folder)) {
        fprintf(stderr, "usage: storm COUNT [SEED]\n");
        return 64;
    }
    pthread_mutex_init(&storm.lock, NULL);
    pthread_cond_init(&storm.more, NULL);
    storm.count = strtoll(argv[1], NULL, 10);
    snprintf(storm.path, sizeof storm.path, "%s/socket", folder);
    hewn_server *server = start_server(&storm);
    blow(&storm, argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1);
    /* The senders are done, but perhaps not the clients' last requests, which nobody will answer. */
    hewn_server_stop(server);
    hewn_server_stop(server);
    int ended = hewn_server_wait(server);
    hewn_server_free(server);
    unlink(storm.path);
    rmdir(folder);
    must_be("requests handled and what they deferred", storm.deferred, storm.handled, &is_well);
    must_be("wrong answers", storm.wrong, 0, &is_well);
    if (ended < 0 && ended != -ETIMEDOUT)
        must_be("the server's end", ended, 0, &is_well);
    printf("%lld promises, %lld kept, %lld stale; %lld answers read\n", storm.begun, storm.kept,
           storm.stale, storm.read);
    printf("%d passed, %d failed\n", is_well, !is_well);
    return is_well ? 0 : 1;
}

/* The load: asks one server on loopback again and again, and says how it was answered.
 *
 *     load -p PORT [-c CONNECTIONS] [-d SECONDS | -n REQUESTS] [-u PATH | -f FILE-OF-PATHS]
 *          [-x FILE-OF-FIELDS] [-P DEPTH | -k | -r RATE] [-i IDLE] [-s STATUS] [-b BYTES] [-S SEED]
 *          [-T | -R]
 *
 *     -f  a path a line, taken in the random order that SEED makes, or, where it is 0, one after the other
 *     -x  field lines behind Host, each with its CRLF, instead of a User-Agent and an Accept
 *     -P  requests are sent DEPTH at a time, and as many answers awaited
 *     -k  a connection for every request
 *     -r  open loop: RATE requests a second in all, each at its time; a late answer is late from the
 *         time its request was due, so that a server that stalls cannot hide it by being asked less
 *     -i  before anything else IDLE connections ask once and stay; "idle N" is printed, and a line of
 *         standard input awaited, as again at the end: closing them all costs the server something too
 *     -T  over TLS 1.3 (load_tls.c)
 *     -R  the same, and each connection resumes the session of a first one: one that has to shake
 *         hands in full is broken
 *     -s  the status every answer must have (200); -b the Content-Length
 *
 * One thread, one line of JSON. Each answer's head is read for its status and length, its body counted
 * to the last byte. A body too large for the buffer is taken off the socket without being copied
 * (MSG_TRUNC), so that the load is lighter than what it measures. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load_tls.h"

enum {
    HEAD_BYTES_MAX = 4096,
    REQUESTS_BYTES_MAX = 256 * 1024,
    INPUT_BYTES = 256 * 1024,
    EVENTS_MAX = 512,
    BROKEN_MAX = 1000,
    STEPS = 32, /* of the histogram, for each doubling */
    SOURCES = 64,
};

typedef struct asker asker;
struct asker {
    int fd;
    SSL *tls;           /* NULL: in clear */
    bool is_greeting;   /* its handshake is not over */
    unsigned awaited;   /* answers still to come */
    uint64_t since_ns;  /* when they were asked for, or should have been */
    uint64_t body_left; /* of the answer that is being read */
    size_t head_bytes;
    char head[HEAD_BYTES_MAX]; /* a head that came in pieces */
};

typedef struct wish wish; /* what the command line wants */
struct wish {
    uint16_t port;
    unsigned connections, depth, idle;
    double seconds, rate;
    uint64_t requests;
    bool closes, is_secret, resumes;
    const char *fields;
    char **paths;
    size_t path_count;
    uint64_t seed;
    unsigned status;
    int64_t body_bytes; /* -1: any */
};

typedef struct tally tally;
struct tally {
    uint64_t started, answered, wrong, broken, bytes, worst_ns;
    uint64_t histogram[64 * STEPS];
};

typedef struct head_seen head_seen; /* the last head: most are equal to the one before */
struct head_seen {
    size_t bytes;
    bool is_wrong;
    uint64_t body_bytes;
    char text[HEAD_BYTES_MAX];
};

static wish want = {.connections = 64,
                    .depth = 1,
                    .seconds = 1,
                    .fields = "User-Agent: hewn-bench\r\nAccept: */*\r\n",
                    .path_count = 1,
                    .seed = 1,
                    .status = 200,
                    .body_bytes = -1};
static tally seen;
static head_seen last;
static asker *askers;
static int epoll;
static char input[INPUT_BYTES];
static char requests[REQUESTS_BYTES_MAX];
static size_t requests_bytes;

static void fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *need(void *memory)
{
    if (!memory)
        fail("memory");
    return memory;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Exact below STEPS, then STEPS buckets for each doubling: within 3 %. */
static size_t find_bucket(uint64_t ns)
{
    if (ns < STEPS)
        return (size_t)ns;
    unsigned doublings = 63U - (unsigned)__builtin_clzll(ns) - 5U;
    return (size_t)(doublings + 1) * STEPS + (size_t)((ns >> doublings) - STEPS);
}

static double quantile_us(double share)
{
    uint64_t below = 0;
    for (size_t i = 0; i < sizeof seen.histogram / sizeof *seen.histogram; i++) {
        below += seen.histogram[i];
        if (below && (double)below >= share * (double)seen.answered) {
            uint64_t ns = i < STEPS ? i : (STEPS + (uint64_t)i % STEPS) << (i / STEPS - 1);
            return (double)ns / 1000;
        }
    }
    return 0;
}

static void count_answer(const asker *a, uint64_t now)
{
    uint64_t ns = now > a->since_ns ? now - a->since_ns : 0;
    seen.answered++;
    seen.histogram[find_bucket(ns)]++;
    if (ns > seen.worst_ns)
        seen.worst_ns = ns;
}

static const char *choose_path(void)
{
    static uint64_t state;
    if (!want.seed)
        return want.paths[state++ % want.path_count];
    if (!state)
        state = want.seed * 0x9e3779b97f4a7c15U;
    state = state * 6364136223846793005U + 1442695040888963407U;
    return want.paths[want.path_count == 1 ? 0 : (state >> 33) % want.path_count];
}

static void write_requests(void)
{
    if (requests_bytes && want.path_count == 1)
        return;
    requests_bytes = 0;
    for (unsigned i = 0; i < want.depth; i++) {
        int length = snprintf(requests + requests_bytes, sizeof requests - requests_bytes,
                              "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n", choose_path(),
                              want.closes ? "Connection: close\r\n" : "", want.fields);
        requests_bytes += (size_t)length;
        if (requests_bytes >= sizeof requests) {
            fprintf(stderr, "load: the requests are too long\n");
            exit(64);
        }
    }
}

static ssize_t send_bytes(const asker *a, const char *bytes, size_t count)
{
    return a->tls ? load_tls_send(a->tls, bytes, count) : send(a->fd, bytes, count, MSG_NOSIGNAL);
}

static ssize_t receive_bytes(const asker *a, char *memory, size_t count)
{
    return a->tls ? load_tls_receive(a->tls, memory, count) : recv(a->fd, memory, count, 0);
}

/* -1 when the connection is of no use: what was asked is a few KiB, so a short send is a failure. */
static int ask(asker *a, uint64_t since_ns)
{
    write_requests();
    a->since_ns = since_ns;
    a->awaited = want.depth;
    seen.started += want.depth;
    ssize_t sent = send_bytes(a, requests, requests_bytes);
    return sent == (ssize_t)requests_bytes ? 0 : -1;
}

static int connect_to_server(bool waits)
{
    static unsigned source;
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0)
        fail("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (want.closes) { /* from many addresses, or the ports run out while old ones linger */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + source++ % SOURCES);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
            fail("bind");
    }
    address.sin_port = htons(want.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
        fail("connect");
    return fd;
}

static void watch(asker *a, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = a};
    if (epoll_ctl(epoll, operation, a->fd, &event) != 0)
        fail("epoll_ctl");
}

static void open_asker(asker *a)
{
    a->fd = connect_to_server(false);
    a->tls = want.is_secret ? load_tls_open(a->fd) : NULL;
    a->is_greeting = false;
    a->awaited = 0;
    a->body_left = 0;
    a->head_bytes = 0;
    watch(a, EPOLL_CTL_ADD, EPOLLOUT);
}

static void reopen_asker(asker *a)
{
    load_tls_close(a->tls);
    close(a->fd);
    open_asker(a);
}

/* Reads a whole head, without its last CRLF, into `last`. -1: this is no answer. */
static int read_head(const char *head, size_t bytes)
{
    char *end;
    memcpy(last.text, head, bytes);
    last.bytes = bytes;
    last.text[bytes - 2] = 0;
    bool is_answer = !strncmp(last.text, "HTTP/1.1 ", 9);
    unsigned long status = is_answer ? strtoul(last.text + 9, &end, 10) : 0;
    const char *length = strcasestr(last.text, "\r\ncontent-length:");
    last.body_bytes = length && status != 304 ? strtoull(length + 17, &end, 10) : 0;
    last.text[bytes - 2] = '\r';
    if (!is_answer || (!length && status != 304))
        return -1;
    last.is_wrong = status != want.status ||
                    (want.body_bytes >= 0 && last.body_bytes != (uint64_t)want.body_bytes);
    return 0;
}

static bool is_head_as_before(const asker *a, const char *bytes, size_t count)
{
    return !a->head_bytes && last.bytes && count >= last.bytes &&
           !memcmp(bytes, last.text, last.bytes);
}

/* How many of these bytes belong to the head; -1: no answer. `ret_is_whole` says whether it ended. */
static ssize_t take_head(asker *a, const char *bytes, size_t count, bool *ret_is_whole)
{
    size_t before = a->head_bytes;
    size_t room = sizeof a->head - before;
    size_t taken = count < room ? count : room;
    *ret_is_whole = true;
    if (is_head_as_before(a, bytes, count))
        return (ssize_t)last.bytes;
    memcpy(a->head + before, bytes, taken);
    const char *end = memmem(a->head, before + taken, "\r\n\r\n", 4);
    if (!end) {
        *ret_is_whole = false;
        a->head_bytes += taken;
        return taken == room ? -1 : (ssize_t)taken;
    }
    size_t length = (size_t)(end - a->head) + 4;
    a->head_bytes = 0;
    return read_head(a->head, length) == 0 ? (ssize_t)(length - before) : -1;
}

static int take_bytes(asker *a, const char *bytes, size_t count, uint64_t now)
{
    while (count) {
        if (!a->awaited)
            return -1; /* nobody asked */
        if (a->body_left) {
            size_t taken = count < a->body_left ? count : (size_t)a->body_left;
            a->body_left -= taken;
            bytes += taken;
            count -= taken;
        } else {
            bool is_whole;
            ssize_t taken = take_head(a, bytes, count, &is_whole);
            if (taken < 0)
                return -1;
            bytes += taken;
            count -= (size_t)taken;
            if (!is_whole)
                return 0;
            seen.wrong += last.is_wrong;
            a->body_left = last.body_bytes;
        }
        if (!a->body_left) {
            a->awaited--;
            count_answer(a, now);
        }
    }
    return 0;
}

/* -1: the connection has ended or what came is no answer. */
static int hear(asker *a, uint64_t now)
{
    bool skips = a->body_left > sizeof input && !a->tls;
    ssize_t got = skips ? recv(a->fd, NULL, (size_t)a->body_left, MSG_TRUNC)
                        : receive_bytes(a, input, sizeof input);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got <= 0)
        return -1;
    seen.bytes += (uint64_t)got;
    if (!skips)
        return take_bytes(a, input, (size_t)got, now);
    a->body_left -= (uint64_t)got;
    if (!a->body_left) {
        a->awaited--;
        count_answer(a, now);
    }
    return 0;
}

static void give_up(asker *a)
{
    if (++seen.broken > BROKEN_MAX) {
        fprintf(stderr, "load: %d connections failed\n", BROKEN_MAX);
        exit(1);
    }
    reopen_asker(a);
}

/* The connection is there. True: and may be given its first requests. */
static bool greet(asker *a)
{
    int result = a->tls ? load_tls_greet(a->tls) : 1;
    a->is_greeting = result == 0;
    if (result < 0)
        give_up(a);
    return result == 1;
}

/* True when the connection may be given its next requests. */
static bool serve(asker *a, uint32_t events, uint64_t now)
{
    bool is_new = !a->awaited && (events & EPOLLOUT);
    if (is_new)
        watch(a, EPOLL_CTL_MOD, EPOLLIN);
    if (is_new || a->is_greeting)
        return greet(a);
    bool was_asked = a->awaited != 0;
    if (hear(a, now) != 0) {
        give_up(a);
        return false;
    }
    if (a->awaited || !was_asked)
        return false;
    if (want.closes)
        reopen_asker(a);
    return !want.closes;
}

static void await_line(void)
{
    char line[16];
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        exit(1);
}

/* On a socket that waits. */
static bool ask_once(asker *a)
{
    a->fd = connect_to_server(true);
    a->tls = want.is_secret ? load_tls_open(a->fd) : NULL;
    return (!a->tls || load_tls_greet(a->tls) == 1) &&
           send_bytes(a, requests, requests_bytes) > 0 &&
           (a->tls ? SSL_read(a->tls, input, sizeof input) : recv(a->fd, input, sizeof input, 0)) >
               0;
}

/* The first ticket. */
static void fetch_session(void)
{
    asker first = {0};
    write_requests();
    if (!ask_once(&first)) {
        fprintf(stderr, "load: the first handshake failed\n");
        exit(1);
    }
    load_tls_close(first.tls);
    close(first.fd);
    load_tls_resume();
}

static void open_idle(void)
{
    unsigned count = 0;
    asker *idle = need(calloc(want.idle, sizeof *idle));
    write_requests();
    while (count < want.idle && ask_once(&idle[count]))
        count++;
    printf("idle %u\n", count);
    await_line();
}

/* One turn: who is ready, and then who is due. Closed loop: whoever is free asks. */
static void take_turn(asker **free_askers, size_t *free_count, uint64_t start_ns, uint64_t *asked)
{
    struct epoll_event ready[EVENTS_MAX];
    int count = epoll_wait(epoll, ready, EVENTS_MAX, want.rate > 0 ? 0 : 100);
    uint64_t now = now_ns();
    for (int i = 0; i < count; i++) {
        asker *a = ready[i].data.ptr;
        if (serve(a, ready[i].events, now))
            free_askers[(*free_count)++] = a;
    }
    while (*free_count) {
        uint64_t due = now;
        if (want.rate > 0)
            due = start_ns + (uint64_t)((double)*asked * 1e9 / want.rate);
        if (due > now || (want.requests && seen.started >= want.requests))
            return;
        ++*asked;
        asker *a = free_askers[--*free_count];
        if (ask(a, due) != 0) {
            seen.broken++;
            reopen_asker(a);
        }
    }
}

static void run_load(void)
{
    asker **free_askers = need(calloc(want.connections, sizeof *free_askers));
    size_t free_count = 0;
    uint64_t asked = 0;
    askers = need(calloc(want.connections, sizeof *askers));
    for (unsigned i = 0; i < want.connections; i++)
        open_asker(&askers[i]);
    uint64_t start_ns = now_ns();
    uint64_t end_ns = start_ns + (uint64_t)(want.seconds * 1e9);
    while (now_ns() < end_ns && (!want.requests || seen.answered < want.requests))
        take_turn(free_askers, &free_count, start_ns, &asked);
    double seconds = (double)(now_ns() - start_ns) / 1e9;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"requests\": %llu, \"wrong\": %llu, \"broken\": %llu, \"bytes\": %llu, "
           "\"seconds\": %.6f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, "
           "\"worst_us\": %.1f, \"load_cpu_s\": %.4f}\n",
           (unsigned long long)seen.answered, (unsigned long long)seen.wrong,
           (unsigned long long)seen.broken, (unsigned long long)seen.bytes, seconds,
           quantile_us(.5), quantile_us(.99), quantile_us(.999), (double)seen.worst_ns / 1000, cpu);
}

static char *read_whole(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail(name);
    long bytes = ftell(file);
    rewind(file);
    char *text = need(calloc(1, (size_t)bytes + 1));
    if (fread(text, 1, (size_t)bytes, file) != (size_t)bytes)
        fail(name);
    fclose(file);
    return text;
}

static void read_paths(const char *name)
{
    char *text = read_whole(name);
    size_t lines = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    want.paths = need(calloc(lines + 1, sizeof *want.paths));
    want.path_count = 0;
    for (char *line; (line = strsep(&text, "\n")) && *line;)
        want.paths[want.path_count++] = line;
    if (!want.path_count) {
        fprintf(stderr, "load: no path in %s\n", name);
        exit(64);
    }
}

static unsigned long number(const char *text)
{
    return strtoul(text, NULL, 10);
}

static bool read_options(int argc, char **argv)
{
    static char *index_html = "/index.html";
    want.paths = &index_html;
    for (int option; (option = getopt(argc, argv, "p:c:d:n:u:f:x:P:kr:i:s:b:S:TR")) != -1;) {
        switch (option) {
        case 'p':
            want.port = (uint16_t)number(optarg);
            break;
        case 'c':
            want.connections = (unsigned)number(optarg);
            break;
        case 'd':
            want.seconds = strtod(optarg, NULL);
            break;
        case 'n':
            want.requests = number(optarg);
            break;
        case 'u':
            want.paths[0] = optarg;
            break;
        case 'f':
            read_paths(optarg);
            break;
        case 'x':
            want.fields = read_whole(optarg);
            break;
        case 'P':
            want.depth = (unsigned)number(optarg);
            break;
        case 'k':
            want.closes = true;
            break;
        case 'r':
            want.rate = strtod(optarg, NULL);
            break;
        case 'i':
            want.idle = (unsigned)number(optarg);
            break;
        case 's':
            want.status = (unsigned)number(optarg);
            break;
        case 'b':
            want.body_bytes = (int64_t)number(optarg);
            break;
        case 'R':
            want.resumes = true;
            want.is_secret = true;
            break;
        case 'T':
            want.is_secret = true;
            break;
        case 'S':
            want.seed = number(optarg);
            break;
        default:
            return false;
        }
    }
    if (want.requests)
        want.seconds = 60; /* at most: a server that stops answering must not hold us */
    return want.port && want.connections && want.depth && optind == argc;
}

int main(int argc, char **argv)
{
    if (!read_options(argc, argv)) {
        fprintf(stderr, "usage: load -p PORT [-c CONNECTIONS] [-d SECONDS | -n REQUESTS] [-u PATH |"
                        " -f FILE]\n            [-x FILE] [-P DEPTH | -k | -r RATE] [-i IDLE]"
                        " [-s STATUS] [-b BYTES] [-S SEED] [-T | -R]\n");
        return 64;
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("epoll");
    if (want.is_secret)
        load_tls_prepare();
    if (want.resumes)
        fetch_session();
    if (want.idle)
        open_idle();
    run_load();
    if (want.idle)
        await_line();
    return 0;
}

/* The floor: the least work with which a server can answer on this machine.
 *
 *     limit canned PORT ROOT STATUS    one answer to whatever is asked: index.html, or 304, or 404
 *     limit memory PORT ROOT           the files of ROOT by name, from memory, in one send
 *     limit file PORT ROOT             the same with sendfile, at most SLICE_BYTES a turn
 *
 * One process, one thread, level-triggered epoll; everything is prepared before the first request.
 * Nothing is parsed beyond a name, checked, timed or logged, and a client that misbehaves is
 * dropped: a yardstick, not a server. A figure divided by the floor's says what a server adds to
 * what the kernel takes anyway, and carries from one machine to another; microseconds do not.
 * `canned` answers pipelined requests with one send, for that is the floor of pipelining. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DESCRIPTORS_MAX = 32768,
    ANSWERS_MAX = 32,
    PIPELINE_MAX = 64,
    EVENTS_MAX = 512,
    SLICE_BYTES = 256 * 1024,
    MEMORY_BYTES_MAX = 64 * 1024 * 1024,
};

typedef struct answer answer;
struct answer {
    char name[256]; /* with the slash before it */
    int file;
    size_t head_bytes;
    size_t bytes; /* of head and body */
    char *memory; /* the head, and the body where it fits */
    bool is_whole;
};

typedef struct client client;
struct client {
    const answer *answer; /* what is being sent; NULL between answers */
    size_t sent;
    bool waits_for_room;
};

typedef struct floor_server floor_server;
struct floor_server {
    int epoll;
    int listener;
    bool is_canned;
    bool from_files;
    size_t answer_count;
    answer answers[ANSWERS_MAX];
    char *batch; /* of the canned answer, PIPELINE_MAX times */
    client clients[DESCRIPTORS_MAX];
    char input[64 * 1024];
};

static floor_server server;

static void *need(void *memory)
{
    if (memory)
        return memory;
    perror("limit: memory");
    exit(1);
}

static int need_ok(int result, const char *what)
{
    if (result >= 0)
        return result;
    fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void prepare_answer(answer *a, const char *status, size_t body_bytes)
{
    char head[512];
    char length[64] = "";
    if (strncmp(status, "304", 3) != 0)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", body_bytes);
    a->head_bytes = (size_t)snprintf(head, sizeof head,
                                     "HTTP/1.1 %s\r\nServer: limit\r\n"
                                     "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                                     "Content-Type: text/html\r\n%s\r\n",
                                     status, length);
    a->bytes = a->head_bytes + body_bytes;
    a->is_whole = body_bytes <= MEMORY_BYTES_MAX;
    a->memory = need(malloc(a->is_whole ? a->bytes : a->head_bytes));
    memcpy(a->memory, head, a->head_bytes);
    for (size_t have = a->head_bytes; a->is_whole && have < a->bytes;) {
        ssize_t got =
            pread(a->file, a->memory + have, a->bytes - have, (off_t)(have - a->head_bytes));
        if (got <= 0)
            need_ok(-1, a->name);
        have += (size_t)got;
    }
}

static void prepare_files(const char *root)
{
    DIR *folder = need(opendir(root));
    for (struct dirent *entry; (entry = readdir(folder)) && server.answer_count < ANSWERS_MAX;) {
        answer *a = &server.answers[server.answer_count];
        struct stat found;
        if (fstatat(dirfd(folder), entry->d_name, &found, 0) != 0 || !S_ISREG(found.st_mode))
            continue;
        snprintf(a->name, sizeof a->name, "/%.254s", entry->d_name);
        a->file = need_ok(openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC), a->name);
        prepare_answer(a, "200 OK", (size_t)found.st_size);
        server.answer_count++;
    }
    closedir(folder);
}

static void prepare_canned(const char *root, const char *status)
{
    answer *a = &server.answers[0];
    int folder = need_ok(open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), root);
    struct stat found = {0};
    if (!strcmp(status, "200")) {
        a->file = need_ok(openat(folder, "index.html", O_RDONLY | O_CLOEXEC), "index.html");
        need_ok(fstat(a->file, &found), "index.html");
        prepare_answer(a, "200 OK", (size_t)found.st_size);
    } else {
        prepare_answer(a, !strcmp(status, "304") ? "304 Not Modified" : "404 Not Found", 0);
    }
    close(folder);
    server.answer_count = 1;
    server.batch = need(malloc(a->bytes * PIPELINE_MAX));
    for (size_t i = 0; i < PIPELINE_MAX; i++)
        memcpy(server.batch + i * a->bytes, a->memory, a->bytes);
}

/* Options that accepted sockets inherit are set here, once. */
static int listen_on(unsigned long port)
{
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = need_ok(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
    need_ok(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
    need_ok(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "TCP_NODELAY");
    need_ok(setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof one), "TCP_DEFER_ACCEPT");
    need_ok(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
    need_ok(listen(fd, 4096), "listen");
    return fd;
}

static void watch(int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    need_ok(epoll_ctl(server.epoll, operation, fd, &event), "epoll_ctl");
}

static void drop(int fd)
{
    server.clients[fd] = (client){0};
    close(fd);
}

static bool says_close(const char *input, size_t bytes)
{
    return memmem(input, bytes, "ction: close", 12) != NULL;
}

/* False when the client has gone with its answer. */
static bool answer_canned(int fd, size_t bytes)
{
    const char *at = server.input;
    const char *end = at + bytes;
    size_t count = 0;
    while (count < PIPELINE_MAX && (at = memmem(at, (size_t)(end - at), "\r\n\r\n", 4))) {
        at += 4;
        count++;
    }
    size_t wanted = count * server.answers[0].bytes;
    ssize_t sent = send(fd, server.batch, wanted, MSG_NOSIGNAL);
    if (sent == (ssize_t)wanted && !says_close(server.input, bytes))
        return true;
    drop(fd);
    return false;
}

/* NULL when there is no such file. */
static const answer *find_answer(const char *input, size_t bytes)
{
    const char *end = bytes > 5 ? memchr(input + 4, ' ', bytes - 4) : NULL;
    size_t length = end ? (size_t)(end - input) - 4 : 0;
    for (size_t i = 0; end && i < server.answer_count; i++)
        if (strlen(server.answers[i].name) == length &&
            !memcmp(server.answers[i].name, input + 4, length))
            return &server.answers[i];
    return NULL;
}

static ssize_t send_part(int fd, const client *c, size_t *room)
{
    const answer *a = c->answer;
    if (a->is_whole && !server.from_files)
        return send(fd, a->memory + c->sent, a->bytes - c->sent, MSG_NOSIGNAL);
    if (c->sent < a->head_bytes)
        return send(fd, a->memory + c->sent, a->head_bytes - c->sent, MSG_NOSIGNAL | MSG_MORE);
    off_t from = (off_t)(c->sent - a->head_bytes);
    size_t left = a->bytes - c->sent;
    ssize_t sent = sendfile(fd, a->file, &from, left < *room ? left : *room);
    *room -= sent > 0 ? (size_t)sent : 0;
    return sent;
}

/* A turn of one client: until its answer or the socket's room or the slice is at its end. */
static void send_more(int fd)
{
    client *c = &server.clients[fd];
    size_t room = SLICE_BYTES;
    while (c->sent < c->answer->bytes && room) {
        ssize_t sent = send_part(fd, c, &room);
        if (sent <= 0 && errno != EAGAIN) {
            drop(fd);
            return;
        }
        if (sent < 0)
            break;
        c->sent += (size_t)sent;
    }
    bool is_done = c->sent == c->answer->bytes;
    if (is_done)
        *c = (client){.waits_for_room = c->waits_for_room};
    if (is_done == c->waits_for_room) {
        c->waits_for_room = !is_done;
        watch(EPOLL_CTL_MOD, fd, is_done ? EPOLLIN : EPOLLOUT);
    }
}

static void take_turn(int fd)
{
    client *c = &server.clients[fd];
    if (c->answer) {
        send_more(fd);
        return;
    }
    ssize_t got = recv(fd, server.input, sizeof server.input, 0);
    if (got <= 0) {
        drop(fd);
    } else if (server.is_canned) {
        answer_canned(fd, (size_t)got);
    } else if ((c->answer = find_answer(server.input, (size_t)got))) {
        send_more(fd);
    } else {
        drop(fd);
    }
}

/* A connection comes with its first request (TCP_DEFER_ACCEPT); one that ends with it is never
 * watched. */
static void welcome(int fd)
{
    ssize_t got = server.is_canned ? recv(fd, server.input, sizeof server.input, 0) : -1;
    if (got <= 0 || answer_canned(fd, (size_t)got))
        watch(EPOLL_CTL_ADD, fd, EPOLLIN);
}

static void accept_all(void)
{
    for (int fd; (fd = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
        if (fd < DESCRIPTORS_MAX)
            welcome(fd);
        else
            close(fd);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 3 ? argv[1] : "";
    server.is_canned = !strcmp(mode, "canned") && argc == 5;
    server.from_files = !strcmp(mode, "file") && argc == 4;
    if (!server.is_canned && !server.from_files && (strcmp(mode, "memory") != 0 || argc != 4)) {
        fprintf(stderr, "usage: limit canned PORT ROOT 200|304|404\n"
                        "       limit memory|file PORT ROOT\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN); /* sendfile has no flag against it */
    if (server.is_canned)
        prepare_canned(argv[3], argv[4]);
    else
        prepare_files(argv[3]);
    server.epoll = need_ok(epoll_create1(EPOLL_CLOEXEC), "epoll");
    server.listener = listen_on(strtoul(argv[2], NULL, 10));
    watch(EPOLL_CTL_ADD, server.listener, EPOLLIN);
    for (;;) {
        struct epoll_event ready[EVENTS_MAX];
        int count = epoll_wait(server.epoll, ready, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++)
            if (ready[i].data.fd == server.listener)
                accept_all();
            else
                take_turn(ready[i].data.fd);
    }
}

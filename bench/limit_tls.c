/* The floor of TLS: the least work with which a server can answer on this machine over TLS 1.3 with
 * OpenSSL.
 *
 *     limit-tls PORT ROOT CERTIFICATE KEY    the files of ROOT by name, from memory
 *
 * As limit.c, of which it is apart so that OpenSSL does not weigh on that: one thread, epoll,
 * everything prepared, nothing parsed beyond a name. OpenSSL reads and writes the socket itself;
 * head and body are one write of it, a handshake gives one ticket, and what is decrypted is looked at
 * once. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLIENTS_MAX = 32768, FILES_MAX = 32, NOTICED = 512, FILE_BYTES_MAX = 64 * 1024 * 1024 };

typedef struct page page;
struct page {
    char name[256]; /* with the slash before it */
    char *bytes;    /* head and body */
    size_t count;
};

typedef struct guest guest;
struct guest {
    SSL *tls;
    const page *page; /* what is being sent; NULL: it may ask */
    size_t sent;
    bool leaves, waits_for_room;
};

static page pages[FILES_MAX];
static size_t page_count;
static guest guests[CLIENTS_MAX];
static SSL_CTX *context;
static int poller;
static char words[64 * 1024];

static void die(const char *what)
{
    fprintf(stderr, "limit-tls: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void read_page(int folder, const char *name)
{
    page *p = &pages[page_count];
    struct stat found;
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &found) != 0)
        die(name);
    if (!S_ISREG(found.st_mode) || found.st_size > FILE_BYTES_MAX) {
        close(file);
        return;
    }
    size_t length = (size_t)found.st_size;
    p->bytes = malloc(length + 512);
    if (!p->bytes)
        die(name);
    snprintf(p->name, sizeof p->name, "/%.254s", name);
    p->count = (size_t)snprintf(p->bytes, 512,
                                "HTTP/1.1 200 OK\r\nServer: limit\r\n"
                                "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                                "Content-Type: text/html\r\nContent-Length: %zu\r\n\r\n",
                                length);
    for (size_t have = 0; have < length;) {
        ssize_t got = read(file, p->bytes + p->count, length - have);
        if (got <= 0)
            die(name);
        have += (size_t)got;
        p->count += (size_t)got;
    }
    close(file);
    page_count++;
}

static void read_pages(const char *root)
{
    DIR *folder = opendir(root);
    if (!folder)
        die(root);
    for (struct dirent *entry; (entry = readdir(folder)) && page_count < FILES_MAX;)
        if (entry->d_name[0] != '.')
            read_page(dirfd(folder), entry->d_name);
    closedir(folder);
}

/* RFC 7301. The load speaks nothing else. */
static int choose_http1(SSL *tls, const unsigned char **ret_name, unsigned char *ret_length,
                        const unsigned char *offered, unsigned count, void *arg)
{
    unsigned char *chosen;
    (void)tls, (void)arg;
    if (SSL_select_next_proto(&chosen, ret_length, (const unsigned char *)"\x08http/1.1", 9,
                              offered, count) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret_name = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void prepare_tls(const char *certificate, const char *key)
{
    context = SSL_CTX_new(TLS_server_method());
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_set_num_tickets(context, 1) != 1 ||
        SSL_CTX_set_session_id_context(context, (const unsigned char *)"l", 1) != 1)
        die("TLS");
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_http1, NULL);
}

static int listen_on(unsigned long port)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0)
        die("listen");
    return fd;
}

static void watch(int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(poller, operation, fd, &event) != 0)
        die("epoll_ctl");
}

static void drop(int fd)
{
    SSL_free(guests[fd].tls);
    guests[fd] = (guest){0};
    close(fd);
    ERR_clear_error();
}

static const page *find_page(size_t bytes)
{
    const char *end = bytes > 5 ? memchr(words + 4, ' ', bytes - 4) : NULL;
    size_t length = end ? (size_t)(end - words) - 4 : 0;
    for (size_t i = 0; end && i < page_count; i++)
        if (strlen(pages[i].name) == length && !memcmp(pages[i].name, words + 4, length))
            return &pages[i];
    return NULL;
}

/* Until all is sent or the socket is full. */
static void send_page(int fd, guest *g)
{
    size_t count;
    while (g->sent < g->page->count &&
           SSL_write_ex(g->tls, g->page->bytes + g->sent, g->page->count - g->sent, &count) == 1)
        g->sent += count;
    bool is_done = g->sent == g->page->count;
    if (is_done && g->leaves)
        (void)SSL_shutdown(g->tls);
    if ((is_done && g->leaves) || (!is_done && SSL_get_error(g->tls, 0) != SSL_ERROR_WANT_WRITE)) {
        drop(fd);
        return;
    }
    if (is_done == g->waits_for_room)
        watch(EPOLL_CTL_MOD, fd, is_done ? EPOLLIN : EPOLLOUT);
    g->waits_for_room = !is_done;
    if (is_done)
        g->page = NULL;
}

static void take_turn(int fd)
{
    guest *g = &guests[fd];
    size_t count;
    if (g->page) {
        send_page(fd, g);
    } else if (SSL_read_ex(g->tls, words, sizeof words, &count) != 1) {
        if (SSL_get_error(g->tls, 0) != SSL_ERROR_WANT_READ)
            drop(fd);
    } else if ((g->page = find_page(count))) {
        g->leaves = memmem(words, count, "ction: close", 12) != NULL;
        g->sent = 0;
        send_page(fd, g);
    } else {
        drop(fd);
    }
}

static void welcome(int listener)
{
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        SSL *tls = fd < CLIENTS_MAX ? SSL_new(context) : NULL;
        if (!tls || SSL_set_fd(tls, fd) != 1)
            die("a connection");
        SSL_set_accept_state(tls);
        guests[fd] = (guest){.tls = tls};
        watch(EPOLL_CTL_ADD, fd, EPOLLIN);
        take_turn(fd);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: limit-tls PORT ROOT CERTIFICATE KEY\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes */
    read_pages(argv[2]);
    prepare_tls(argv[3], argv[4]);
    poller = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on(strtoul(argv[1], NULL, 10));
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        struct epoll_event ready[NOTICED];
        int count = epoll_wait(poller, ready, NOTICED, -1);
        for (int i = 0; i < count; i++)
            if (ready[i].data.fd == listener)
                welcome(listener);
            else
                take_turn(ready[i].data.fd);
    }
}

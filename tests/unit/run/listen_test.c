#include "hewn/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/app.h"
#include "seam/seam.h"
#include "tls/client.h"
#include "unit/harness.h"
#include "unit/sys/folder.h"

static hewn_response *tell_security(hewn_request *rq)
{
    const char *name = hewn_client_name(rq);
    return hewn_text(rq, 200, *name ? name : hewn_is_secure(rq) ? "secure" : "in clear");
}

/* Files of a certificate for a.test, options that name them, and an application. */
typedef struct listen_place {
    hw_test_folder folder;
    char file[128], key[128];
    hewn_certificate certificate;
    hewn_tls_opts tls;
    hewn_app *app;
    hewn_server *server;
} listen_place;

static void open_files(listen_place *place)
{
    hw_test_folder_init(&place->folder);
    snprintf(place->file, sizeof place->file, "%s",
             hw_test_folder_path(&place->folder, "certificate"));
    snprintf(place->key, sizeof place->key, "%s", hw_test_folder_path(&place->folder, "key"));
    pki_certificate *made = pki_issue(&(pki_wish){.names = "a.test"});
    pki_write(place->file, made);
    pki_write_key(place->key, made);
    pki_free(made);
    place->certificate = (hewn_certificate){.file = place->file, .key_file = place->key};
    place->tls = (hewn_tls_opts){
        .size = sizeof place->tls, .certificates = &place->certificate, .n_certificates = 1};
    place->app = hewn_new();
    HW_NEED(place->app);
    hewn_get(place->app, "/", tell_security);
    if (hw_app_fault(place->app))
        hw_test_out_of_memory();
}

static void close_files(listen_place *place)
{
    hewn_app_free(place->app);
    hw_test_folder_fini(&place->folder);
}

static int make(listen_place *place, const hewn_listen *listen, size_t count, hewn_fault *fault)
{
    hewn_server_opts opts = {
        .size = sizeof opts, .listen = listen, .n_listen = count, .log = "off", .loops = 1};
    int error = hewn_server_new(place->app, &opts, fault, &place->server);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    return error;
}

/* It is refused with these words about that. */
static void assert_refused_listen(listen_place *place, const hewn_listen *listen, size_t count,
                                  int error, const char *where, const char *what)
{
    hewn_fault fault = {.error = 0};
    assert_int_equal(make(place, listen, count, &fault), -error);
    assert_string_equal(fault.where, where);
    if (!strstr(fault.what, what))
        fail_msg("\"%s\" does not say \"%s\"", fault.what, what);
}

#define HERE "127.0.0.1:0"

HW_TEST(listen_refuses_what_makes_no_sense)
{
    listen_place place = {0};
    open_files(&place);
    const hewn_listen secure[] = {{.address = HERE, .tls = &place.tls}};
    const hewn_tls_opts good = place.tls;
    place.tls.size = 0;
    assert_refused_listen(&place, secure, 1, EINVAL, "hewn_tls_opts", "without its size");
    place.tls = good;
    place.tls.ticket_secret = "too short";
    assert_refused_listen(&place, secure, 1, EINVAL, "ticket_secret", "shorter than 32 bytes");
    place.tls = good;
    place.tls.n_certificates = 0;
    assert_refused_listen(&place, secure, 1, EINVAL, "TLS", "there is no certificate");
    place.tls = good;
    place.certificate.file = NULL;
    assert_refused_listen(&place, secure, 1, EINVAL, "hewn_certificate", "has no file");
    place.certificate.file = place.file;
    place.tls.ticket_secret = "a secret of 32 bytes, as few as can be";
    place.certificate.key_file = NULL;
    assert_refused_listen(&place, secure, 1, EINVAL, "hewn_certificate", "none of its key");
    place.certificate.key_file = place.file;
    assert_refused_listen(&place, secure, 1, EINVAL, place.file, "holds no private key");
    place.certificate = (hewn_certificate){.file = "/nowhere", .key_file = place.key};
    assert_refused_listen(&place, secure, 1, ENOENT, "/nowhere", "cannot be read");
    close_files(&place);
}

/* The second of both can be done without, and that only where it cannot be had. */
HW_TEST(listen_needs_the_first_of_its_own_addresses)
{
    static const int errors[] = {EADDRNOTAVAIL, EAFNOSUPPORT, EACCES};
    listen_place place = {0};
    open_files(&place);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        hw_seam_fail("bind", 1, errors[i]);
        assert_refused_listen(&place, NULL, 0, errors[i], "127.0.0.1:9000", "");
        hw_seam_reset();
    }
    close_files(&place);
}

HW_TEST(listen_takes_proxies_by_their_addresses)
{
    static const char *const none[][2] = {
        {"10.0.0.1/8", "has bits set behind those"},
        {"10.0.0.0/8, proxy.test", "\"proxy.test\" is not an IP address"},
        {"", "names nobody"},
        {" , ", "names nobody"},
    };
    static const char *const some[] = {"127.0.0.1", "10.0.0.0/8, ::1, unix:"};
    listen_place place = {0};
    open_files(&place);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const hewn_listen bad[] = {{.address = HERE},
                                   {.address = HERE, .proxy_protocol = none[i][0]}};
        assert_refused_listen(&place, bad, 2, EINVAL, "proxy_protocol", none[i][1]);
    }
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        const hewn_listen good[] = {
            {.address = HERE, .proxy_protocol = some[i]},
            {.address = HERE, .proxy_protocol = some[i], .tls = &place.tls}};
        assert_int_equal(make(&place, good, 2, NULL), 0);
        hewn_server_free(place.server);
    }
    close_files(&place);
}

HW_TEST(listen_redirects_to_what_there_is)
{
    listen_place place = {0};
    open_files(&place);
    const hewn_listen both[] = {{.address = HERE, .tls = &place.tls, .redirects = true}};
    assert_refused_listen(&place, both, 1, EINVAL, HERE, "has TLS, and is to send its clients");
    const hewn_listen far[] = {{.address = HERE, .redirects = true, .redirect_port = 65536}};
    assert_refused_listen(&place, far, 1, EINVAL, HERE, "a port that is none");
    const hewn_listen alone[] = {{.address = HERE, .redirects = true}};
    assert_refused_listen(&place, alone, 1, EINVAL, HERE, "there is no port of that");
    const hewn_listen elsewhere[] = {{.address = HERE, .redirects = true, .redirect_port = 443}};
    assert_int_equal(make(&place, elsewhere, 1, NULL), 0);
    hewn_server_free(place.server);
    close_files(&place);
}

/* A client in this process, while the server is polled. */
typedef struct line_client {
    tls_client *tls; /* NULL: in clear */
    int fd;
    char heard[4096];
    size_t length;
} line_client;

static void connect_line(line_client *line, const char *address)
{
    const char *port = strrchr(address, ':') + 1;
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(line->fd >= 0);
    assert_int_equal(connect(line->fd, (const struct sockaddr *)(const void *)&name, sizeof name),
                     0);
}

static void send_all_of(int fd, hw_text bytes)
{
    while (bytes.length > 0) {
        ssize_t sent = send(fd, bytes.at, bytes.length, MSG_NOSIGNAL);
        if (sent <= 0)
            hw_test_out_of_memory(); /* the server has given the connection up */
        bytes = hw_text_from(bytes, (size_t)sent);
    }
}

/* What the server says next, as it came; empty: it has ended. */
static hw_text hear_bytes(hewn_server *server, int fd, char *memory, size_t bytes)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (poll(&ready, 1, 0) == 0)
        (void)hewn_server_poll(server, 10);
    ssize_t got = recv(fd, memory, bytes, 0);
    return (hw_text){memory, got > 0 ? (size_t)got : 0};
}

static void say_words(line_client *line, const char *words)
{
    if (line->tls) {
        tls_client_write(line->tls, hw_text_of(words));
        send_all_of(line->fd, tls_client_output(line->tls));
        tls_client_take(line->tls, tls_client_output(line->tls).length);
    } else {
        send_all_of(line->fd, hw_text_of(words));
    }
}

/* Until the connection has ended. */
static const char *hear_all(line_client *line, hewn_server *server)
{
    char memory[4096];
    for (hw_text heard; (heard = hear_bytes(server, line->fd, memory, sizeof memory)).length > 0;) {
        char *to = line->heard + line->length;
        size_t room = sizeof line->heard - 1 - line->length;
        long count = (long)(heard.length < room ? heard.length : room);
        if (line->tls) {
            tls_client_feed(line->tls, heard);
            count = tls_client_read(line->tls, to, room);
        } else {
            memcpy(to, heard.at, (size_t)count);
        }
        line->length += count > 0 ? (size_t)count : 0;
    }
    line->heard[line->length] = '\0';
    return line->heard;
}

static void shake_line(line_client *line, hewn_server *server, const tls_client_wish *wish)
{
    char memory[4096];
    line->tls = tls_client_new(wish);
    int result;
    while ((result = tls_client_shake(line->tls)) == -EAGAIN) {
        send_all_of(line->fd, tls_client_output(line->tls));
        tls_client_take(line->tls, tls_client_output(line->tls).length);
        hw_text heard = hear_bytes(server, line->fd, memory, sizeof memory);
        if (heard.length == 0)
            hw_test_out_of_memory(); /* it blames the test where nothing was injected */
        tls_client_feed(line->tls, heard);
    }
    if (result < 0)
        hw_test_out_of_memory();
}

static void end_line(line_client *line)
{
    close(line->fd);
    tls_client_free(line->tls);
}

static void start_polled(listen_place *place, const hewn_listen *listen, size_t count)
{
    hewn_fault fault = {.error = 0};
    if (make(place, listen, count, &fault) < 0)
        fail_msg("%s: %s", fault.where, fault.what);
    HW_NEED(hewn_server_fd(place->server) >= 0 ? place : NULL);
}

static void stop_polled(listen_place *place)
{
    hewn_server_stop(place->server);
    (void)hewn_server_wait(place->server);
    hewn_server_free(place->server);
}

HW_TEST(listen_speaks_tls_where_it_is_to_and_sends_others_there)
{
    listen_place place = {0};
    open_files(&place);
    const hewn_listen listens[] = {{.address = HERE, .tls = &place.tls},
                                   {.address = HERE},
                                   {.address = HERE, .redirects = true},
                                   {.address = HERE, .tls = &place.tls}};
    start_polled(&place, listens, 4);
    SSL_SESSION *session = NULL;
    static const char request[] = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    for (size_t i = 0; i < 4; i++) {
        line_client line = {.fd = -1};
        connect_line(&line, hewn_server_address(place.server, i));
        if (listens[i].tls)
            shake_line(&line, place.server,
                       &(tls_client_wish){.name = "a.test", .session = session});
        say_words(&line, request);
        const char *heard = hear_all(&line, place.server);
        const char *wanted = i == 2 ? "308 Permanent" : i == 1 ? "in clear" : "secure";
        if (!hw_test_is_struck() && !strstr(heard, wanted))
            fail_msg("address %zu: %s", i, heard);
        /* Both are of one making: a session of the one is resumed at the other. */
        if (i == 3 && session && !hw_test_is_struck())
            assert_int_equal(SSL_session_reused(tls_client_ssl(line.tls)), 1);
        if (i == 0 && tls_client_session(line.tls)) {
            session = tls_client_session(line.tls);
            SSL_SESSION_up_ref(session);
        }
        end_line(&line);
    }
    assert_true(session || hw_test_is_struck());
    SSL_SESSION_free(session);
    stop_polled(&place);
    close_files(&place);
}

HW_TEST(listen_knows_whose_certificate_a_client_shows)
{
    listen_place place = {0};
    open_files(&place);
    pki_certificate *authority = pki_issue(&(pki_wish){.subject = "clients", .is_ca = true});
    pki_certificate *alice = pki_issue(&(pki_wish){.subject = "alice", .issuer = authority});
    char file[256];
    snprintf(file, sizeof file, "%s", hw_test_folder_path(&place.folder, "clients"));
    pki_write(file, authority);
    place.tls.client_ca_file = file;
    place.tls.client_is_optional = true;
    const hewn_listen listens[] = {{.address = HERE, .tls = &place.tls}};
    start_polled(&place, listens, 1);
    for (int shows = 0; shows < 2; shows++) {
        line_client line = {.fd = -1};
        connect_line(&line, hewn_server_address(place.server, 0));
        shake_line(&line, place.server,
                   &(tls_client_wish){.name = "a.test", .shown = shows ? alice : NULL});
        say_words(&line, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
        const char *heard = hear_all(&line, place.server);
        if (!hw_test_is_struck() && !strstr(heard, shows ? "\r\nCN=alice" : "\r\nsecure"))
            fail_msg("%s", heard);
        end_line(&line);
    }
    stop_polled(&place);
    pki_free(alice);
    pki_free(authority);
    close_files(&place);
}

HW_TEST(listen_renews_certificates_or_says_why_not)
{
    listen_place place = {0};
    hewn_fault fault = {.error = 0};
    open_files(&place);
    hewn_tls_opts other = place.tls;
    const hewn_listen listens[] = {{.address = HERE, .tls = &place.tls},
                                   {.address = HERE},
                                   {.address = HERE, .tls = &place.tls},
                                   {.address = HERE, .tls = &other}};
    start_polled(&place, listens, 4);
    int error = hewn_server_renew_certificates(place.server, &fault);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, 0);
    hw_test_folder_write(&place.folder, "certificate", "damaged");
    error = hewn_server_renew_certificates(place.server, &fault);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -EINVAL);
    assert_string_equal(fault.where, place.file);
    error = hewn_server_renew_certificates(place.server, NULL);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -EINVAL);
    stop_polled(&place);
    close_files(&place);
}

/* OpenSSL for the load. Nothing of a certificate is verified: run.py has done so, and the time would
 * be the load's. */
#include "load_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

static SSL_CTX *context;
static SSL_SESSION *session;
static bool resumes;

/* The first is as good as any other. */
static int keep_session(SSL *tls, SSL_SESSION *given)
{
    (void)tls;
    if (session)
        return 0;
    session = given;
    return 1; /* ours now */
}

void load_tls_prepare(void)
{
    static const unsigned char http1[] = "\x08http/1.1";
    context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519") != 1 ||
        SSL_CTX_set_alpn_protos(context, http1, sizeof http1 - 1) != 0) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF); /* answers say where they end */
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, (size_t)64 * 1024);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_session);
}

void load_tls_resume(void)
{
    resumes = true;
}

/* OpenSSL takes a session that has been used for spent, and a server may give no ticket for the next
 * time: so each connection has a copy of what is kept. */
static bool use_session(SSL *tls)
{
    SSL_SESSION *copy = SSL_SESSION_dup(session);
    bool is_used = copy && SSL_set_session(tls, copy) == 1;
    SSL_SESSION_free(copy);
    return is_used;
}

SSL *load_tls_open(int fd)
{
    SSL *tls = SSL_new(context);
    if (!tls || SSL_set_fd(tls, fd) != 1 || SSL_set_tlsext_host_name(tls, "localhost") != 1 ||
        (resumes && session && !use_session(tls))) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    SSL_set_connect_state(tls);
    return tls;
}

void load_tls_close(SSL *tls)
{
    if (tls && SSL_is_init_finished(tls))
        (void)SSL_shutdown(tls);
    SSL_free(tls);
    ERR_clear_error();
}

/* -1, with errno: EAGAIN or that it is broken. */
static int explain(SSL *tls, int result)
{
    int reason = SSL_get_error(tls, result);
    ERR_clear_error();
    errno = reason == SSL_ERROR_WANT_READ ? EAGAIN : EPROTO;
    return -1;
}

int load_tls_greet(SSL *tls)
{
    const unsigned char *protocol;
    unsigned length;
    int result = SSL_do_handshake(tls);
    if (result != 1)
        return explain(tls, result) < 0 && errno == EAGAIN ? 0 : -1;
    SSL_get0_alpn_selected(tls, &protocol, &length);
    return length == 8 && SSL_session_reused(tls) == resumes ? 1 : -1;
}

ssize_t load_tls_send(SSL *tls, const char *bytes, size_t count)
{
    size_t sent;
    return SSL_write_ex(tls, bytes, count, &sent) == 1 ? (ssize_t)sent : explain(tls, 0);
}

ssize_t load_tls_receive(SSL *tls, char *memory, size_t count)
{
    size_t got = 0, step;
    int result = 1;
    while (got < count && (result = SSL_read_ex(tls, memory + got, count - got, &step)) == 1)
        got += step;
    if (got > 0) {
        ERR_clear_error();
        return (ssize_t)got;
    }
    if (SSL_get_error(tls, result) == SSL_ERROR_ZERO_RETURN)
        return 0;
    return explain(tls, result);
}

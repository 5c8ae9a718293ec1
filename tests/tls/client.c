/* A client of TLS over two BIOs of memory. Whom it speaks to it does not judge: the tests do. */
#include "tls/client.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls_client {
    SSL_CTX *policy;
    SSL *ssl;
    BIO *in, *out; /* the SSL's */
    SSL_SESSION *session;
    int alert;
};

static void insist(bool is_done, const char *what)
{
    if (is_done)
        return;
    fprintf(stderr, "tests/tls/client: %s\n", what);
    ERR_print_errors_fp(stderr);
    abort();
}

static void note_alert(const SSL *ssl, int where, int value)
{
    tls_client *client = SSL_get_app_data(ssl);
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
        client->alert = value & 0xff;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    tls_client *client = SSL_get_app_data(ssl);
    SSL_SESSION_free(client->session);
    client->session = session;
    return 1; /* it is ours */
}

/* A copy: OpenSSL lets nobody use one twice. */
static bool set_session(SSL *ssl, SSL_SESSION *session)
{
    SSL_SESSION *copy = SSL_SESSION_dup(session);
    bool is_set = copy && SSL_set_session(ssl, copy) == 1;
    SSL_SESSION_free(copy);
    return is_set;
}

static void set_wish(tls_client *client, const tls_client_wish *wish)
{
    SSL *ssl = client->ssl;
    /* What may be old or weak in a test is the client's side alone. */
    SSL_set_security_level(ssl, 0);
    bool is_set =
        SSL_set_min_proto_version(ssl, wish->oldest) == 1 &&
        SSL_set_max_proto_version(ssl, wish->newest) == 1 &&
        (!wish->name || SSL_set_tlsext_host_name(ssl, wish->name) == 1) &&
        (!wish->alpn || SSL_set_alpn_protos(ssl, (const unsigned char *)wish->alpn,
                                            (unsigned)strlen(wish->alpn)) == 0) &&
        (!wish->ciphers || SSL_set_cipher_list(ssl, wish->ciphers) == 1) &&
        (!wish->signatures || SSL_set1_sigalgs_list(ssl, wish->signatures) == 1) &&
        (!wish->session || set_session(ssl, wish->session)) &&
        (!wish->shown || (SSL_use_certificate(ssl, wish->shown->x509) == 1 &&
                          SSL_use_PrivateKey(ssl, wish->shown->key) == 1)) &&
        (!wish->asks_status || SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) == 1);
    insist(is_set, "what was wished for");
}

tls_client *tls_client_new(const tls_client_wish *wish)
{
    tls_client *client = calloc(1, sizeof *client);
    insist(client != NULL, "memory");
    client->alert = -1;
    client->policy = SSL_CTX_new(TLS_client_method());
    insist(client->policy != NULL, "a policy");
    SSL_CTX_set_session_cache_mode(client->policy,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client->policy, keep_session);
    SSL_CTX_set_options(client->policy, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    client->ssl = SSL_new(client->policy);
    client->in = BIO_new(BIO_s_mem());
    client->out = BIO_new(BIO_s_mem());
    insist(client->ssl && client->in && client->out, "a connection");
    BIO_set_mem_eof_return(client->in, -1); /* nothing more is there yet */
    SSL_set_bio(client->ssl, client->in, client->out);
    SSL_set_app_data(client->ssl, client);
    SSL_set_info_callback(client->ssl, note_alert);
    SSL_set_connect_state(client->ssl);
    set_wish(client, wish);
    return client;
}

void tls_client_free(tls_client *client)
{
    if (!client)
        return;
    /* Or OpenSSL would not let the session be resumed. */
    SSL_set_shutdown(client->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(client->ssl);
    SSL_CTX_free(client->policy);
    SSL_SESSION_free(client->session);
    free(client);
}

SSL *tls_client_ssl(tls_client *client)
{
    return client->ssl;
}

void tls_client_feed(tls_client *client, hw_text bytes)
{
    if (bytes.length > 0)
        insist(BIO_write(client->in, bytes.at, (int)bytes.length) == (int)bytes.length, "memory");
}

hw_text tls_client_output(tls_client *client)
{
    char *at;
    long length = BIO_get_mem_data(client->out, &at);
    return (hw_text){at, (size_t)length};
}

void tls_client_take(tls_client *client, size_t bytes)
{
    char piece[4096];
    for (size_t got; bytes > 0; bytes -= got) {
        size_t step = bytes < sizeof piece ? bytes : sizeof piece;
        insist(BIO_read_ex(client->out, piece, step, &got) == 1, "fewer bytes than are taken");
    }
}

/* -EAGAIN, or -EPROTO. */
static int explain(tls_client *client, int result)
{
    int reason = SSL_get_error(client->ssl, result);
    ERR_clear_error();
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? -EAGAIN : -EPROTO;
}

int tls_client_shake(tls_client *client)
{
    ERR_clear_error();
    int result = SSL_do_handshake(client->ssl);
    return result == 1 ? 0 : explain(client, result);
}

void tls_client_write(tls_client *client, hw_text plain)
{
    size_t written;
    ERR_clear_error();
    if (plain.length > 0)
        insist(SSL_write_ex(client->ssl, plain.at, plain.length, &written) == 1, "writing");
}

long tls_client_read(tls_client *client, char *memory, size_t bytes)
{
    size_t got;
    ERR_clear_error();
    int result = SSL_read_ex(client->ssl, memory, bytes, &got);
    if (result == 1)
        return (long)got;
    if (SSL_get_shutdown(client->ssl) & SSL_RECEIVED_SHUTDOWN && client->alert == 0)
        return 0;
    return explain(client, result);
}

void tls_client_end(tls_client *client)
{
    ERR_clear_error();
    (void)SSL_shutdown(client->ssl);
    ERR_clear_error();
}

int tls_client_alert(const tls_client *client)
{
    return client->alert;
}

SSL_SESSION *tls_client_session(tls_client *client)
{
    /* Of TLS 1.2 a ticket that takes the place of another one is in the connection's own session. */
    return client->session ? client->session : SSL_get_session(client->ssl);
}

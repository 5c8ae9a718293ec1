/* A client of TLS as an engine: bytes in, bytes out, no socket. For tests over pipes of memory. */
#ifndef HW_TESTS_TLS_CLIENT_H
#define HW_TESTS_TLS_CLIENT_H

#include <openssl/ssl.h>

#include "base/text.h"
#include "tls/pki.h"

typedef struct tls_client tls_client;

/* Zero is the default everywhere. */
typedef struct tls_client_wish {
    const char *name;       /* that it calls (SNI); NULL: none */
    const char *alpn;       /* as it goes over the wire, "\x02h2\x08http/1.1"; NULL: no ALPN */
    int oldest, newest;     /* TLS1_2_VERSION ...; 0: what OpenSSL has */
    const char *ciphers;    /* of TLS 1.2; NULL: what OpenSSL has */
    const char *signatures; /* that it takes; NULL: what OpenSSL has */
    const pki_certificate *shown; /* its own; NULL: none */
    SSL_SESSION *session;         /* to be resumed */
    bool asks_status;             /* OCSP */
} tls_client_wish;

tls_client *tls_client_new(const tls_client_wish *wish);
void tls_client_free(tls_client *client); /* NULL is fine */
SSL *tls_client_ssl(tls_client *client);

/* Bytes that have come from the server, and those for it; what was handed over is taken. */
void tls_client_feed(tls_client *client, hw_text bytes);
hw_text tls_client_output(tls_client *client);
void tls_client_take(tls_client *client, size_t bytes);

/* 0: it is over; -EAGAIN: it goes on with what the server says; -EPROTO: it has failed. */
int tls_client_shake(tls_client *client);
/* All of it, encrypted into the output; asserts that the handshake is over. */
void tls_client_write(tls_client *client, hw_text plain);
/* How much; 0: the server has said that it ends; -EAGAIN; -EPROTO. */
long tls_client_read(tls_client *client, char *memory, size_t bytes);
/* close_notify. */
void tls_client_end(tls_client *client);

/* The alert that has come last (RFC 8446 6), fatal or not; -1: none. */
int tls_client_alert(const tls_client *client);
/* The newest session that can be resumed; NULL: none has come. Valid: as long as the client. */
SSL_SESSION *tls_client_session(tls_client *client);

#endif

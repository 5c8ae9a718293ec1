/* TLS 1.3 for the load: what a connection of it says and hears when it is encrypted. */
#ifndef BENCH_LOAD_TLS_H
#define BENCH_LOAD_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/types.h>

/* The same of every server: X25519, TLS_AES_128_GCM_SHA256, http/1.1. Ends the program where that
 * cannot be had. */
void load_tls_prepare(void);
/* Connections from now on resume the session of the first ticket that came. */
void load_tls_resume(void);
SSL *load_tls_open(int fd);
void load_tls_close(SSL *tls); /* NULL is fine */

/* 1: the handshake is over, and is what it should be; 0: it waits for the server; -1: it failed. On
 * a socket that waits, never 0. */
int load_tls_greet(SSL *tls);
/* As send and recv on the socket, but that reading goes on until there is nothing more: bytes that
 * have been decrypted wake nobody. */
ssize_t load_tls_send(SSL *tls, const char *bytes, size_t count);
ssize_t load_tls_receive(SSL *tls, char *memory, size_t count);

#endif

/* A policy of TLS whose keys a test has: it counts what is signed, holds signatures at a gate, and lets
 * them fail. Clients are in memory, the loop is the test's. */
#ifndef HW_TESTS_SIGNER_BENCH_H
#define HW_TESTS_SIGNER_BENCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/memory.h"
#include "net/tls_signer_local.h"
#include "tls/client.h"
#include "unit/sys/folder.h"

typedef enum bench_key {
    BENCH_P256,
    BENCH_P384,
    BENCH_RSA,
    BENCH_ED25519,
    BENCH_ED448,
    BENCH_KEYS
} bench_key;

typedef struct signer_bench {
    hw_test_folder folder;
    char certificate_file[128], key_file[128];
    pki_certificate *certificate;
    unsigned char name[HW_TLS_KEY_NAME_BYTES]; /* of its key */
    hw_arena arena;
    hw_tls_signer_local local;
    hw_tls_signer signer;       /* its own; before bench_open: may_wait */
    const char *client_ca_file; /* before bench_open; NULL: nobody is asked */
    pthread_mutex_t gate;       /* locked from bench_open on until bench_open_gate */
    atomic_int holds;           /* so many signatures wait at it */
    atomic_int fails;           /* and so many, then, fail */
    atomic_int begun, signs;
    hw_tls_wish last; /* without what is signed */
    size_t last_length;
    hw_budget budget;
    hw_loop loop;
    hw_crew *crew; /* NULL: none */
    hw_tls_pool *pool;
    hw_tls *tls;
    bool is_gate_open;
} signer_bench;

/* Zeroed, but for what is to be set before. Without spares there is no crew. */
void bench_open(signer_bench *bench, bench_key key, unsigned spares);
void bench_close(signer_bench *bench);
void bench_open_gate(signer_bench *bench);
/* Until so many signatures have begun. */
void bench_await_begun(signer_bench *bench, int begun);

/* A connection: its driver is the test. */
typedef struct bench_conn {
    signer_bench *bench;
    hw_pipe *pipe;
    hw_stream *stream; /* NULL: closed */
    tls_client *client;
    int readies;      /* calls of on_ready */
    int server, said; /* what the handshake came to, at either end; before: -EAGAIN */
} bench_conn;

void bench_connect(signer_bench *bench, const tls_client_wish *wish, bench_conn *conn);
/* As far as it goes without waiting. */
void bench_shake(bench_conn *conn);
/* The same until it is over at both ends, or has failed. */
void bench_shake_all(bench_conn *conn);
/* A byte each way, and whatever comes behind the handshake. */
void bench_talk(bench_conn *conn);
void bench_disconnect(bench_conn *conn);

#endif

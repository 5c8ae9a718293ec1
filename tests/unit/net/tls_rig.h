/* A stream of TLS over a pipe, with a client of OpenSSL at the other end. */
#ifndef HW_TESTS_TLS_RIG_H
#define HW_TESTS_TLS_RIG_H

#include "base/buffer.h"
#include "net/memory.h"
#include "net/tls.h"
#include "tls/client.h"
#include "unit/http/http_harness.h"
#include "unit/sys/folder.h"

#define TLS_RIG_FILES_MAX 4
/* Room for everything. */
#define TLS_RIG_WIDE ((size_t)64 * 1024 * 1024)

typedef struct tls_rig {
    hw_test_folder folder;
    hw_tls_certificate files[TLS_RIG_FILES_MAX]; /* of the server, by their number */
    char names[TLS_RIG_FILES_MAX][3][128];
    hw_tls_setup setup;
    hw_sink sink;
    size_t faults;
    hw_fault fault; /* the last one the sink has taken, or hw_tls_new has given */
    hw_budget budget;
    hw_tls *tls;
    hw_tls_pool *pool;
    hw_pipe *pipe;
    hw_stream *server;
    tls_client *client;
    int handshake; /* what the server's handshake has said last */
    int ready;     /* how often on_ready was called */
} tls_rig;

/* A folder, and nothing in it; the files' names are set. */
void tls_rig_init(tls_rig *rig);
/* Everything goes, and nothing of the budget is left. */
void tls_rig_fini(tls_rig *rig);
/* The next certificate and its key, into files of the server. */
void tls_rig_add(tls_rig *rig, const pki_certificate *certificate);
/* The same, made for the names and of a kind; it vouches for itself. */
void tls_rig_add_names(tls_rig *rig, const char *names, pki_key_kind kind);
/* hw_tls_new; needs to succeed. Without a certificate, one for a.test. */
void tls_rig_start(tls_rig *rig);

/* A connection that has said nothing yet. */
void tls_rig_connect(tls_rig *rig, const tls_client_wish *wish, size_t room_bytes);
/* Both ends of the connection go. */
void tls_rig_hang_up(tls_rig *rig);
/* Everything that is on its way either way arrives, up to so many bytes at once. Whether anything
 * was. */
bool tls_rig_carry(tls_rig *rig, size_t to_server, size_t to_client);
/* Until nobody says anything more, each piece of at most so many bytes. What it has come to: the
 * client's 0, -EAGAIN or -EPROTO; the server's is in `handshake`. */
int tls_rig_shake(tls_rig *rig, size_t piece);
/* With both: the handshake must succeed. */
void tls_rig_open(tls_rig *rig, const tls_client_wish *wish, size_t room_bytes);

/* The client says it, and it arrives. */
void tls_rig_say(tls_rig *rig, const char *words);
/* What the server reads at once must be this. */
void tls_rig_expect(tls_rig *rig, const char *words);
/* What was written of it. */
ssize_t tls_rig_write(tls_rig *rig, hw_text bytes);
/* What the client gets, as far as it fits; the last result of tls_client_read. */
long tls_rig_hear(tls_rig *rig, hw_buffer *heard);

#endif

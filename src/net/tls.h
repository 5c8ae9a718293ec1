/* TLS: streams that carry their bytes encrypted over another stream (RFC 8446, RFC 5246).
 *
 * A hw_tls is what the loops of a server share of it: the policy, the certificates and the keys of
 * tickets. It is used by all threads; certificates are replaced as a whole, and who has begun with the
 * old ones ends with them. */
#ifndef HW_NET_TLS_H
#define HW_NET_TLS_H

#include <stdbool.h>

#include "base/budget.h"
#include "base/error.h"
#include "base/sink.h"
#include "loop/crew.h"
#include "net/stream.h"
#include "net/tls_signer.h"

/* What a handshake may take in bytes of the client: a greeting, and the first record behind it; and where
 * certificates of clients are asked for, one of those with who vouches for it. OpenSSL alone would make
 * room for a greeting of 128 KiB. */
#define HW_TLS_GREETING_BYTES_MAX ((size_t)24 * 1024)
#define HW_TLS_GREETING_BYTES_MAX_CLIENTS ((size_t)48 * 1024)
/* What a connection takes of OpenSSL's memory at most, charged as a whole: in a handshake, beside what it
 * may take in; and when that is over. docs/design/0016-tls.md tells how it was measured. */
#define HW_TLS_HANDSHAKE_BYTES ((size_t)52 * 1024)
#define HW_TLS_STREAM_BYTES ((size_t)32 * 1024)

/* One certificate, as its owner names it. */
typedef struct hw_tls_certificate {
    const char
        *certificate_file; /* PEM: its own certificate first, then who vouches for that, in turn */
    const char
        *key_file; /* PEM, without a passphrase; may be the same file; of no use with a signer */
    const char *ocsp_file; /* DER: an OCSP response to be stapled; NULL: none */
} hw_tls_certificate;

typedef enum hw_tls_clients {
    HW_TLS_CLIENTS_ANY,  /* no certificate is asked for */
    HW_TLS_CLIENTS_MAY,  /* one that is shown must be good */
    HW_TLS_CLIENTS_MUST, /* and one must be shown */
} hw_tls_clients;

typedef struct hw_tls_setup {
    const hw_tls_certificate *certificates; /* the first is for names that none of them has */
    size_t certificate_count;
    hw_tls_clients clients;
    const char *client_ca_file; /* PEM: who vouches for clients' certificates */
    hw_text ticket_secret;      /* whoever has the same resumes our sessions; empty: a random one */
    bool offers_h2;             /* in ALPN, before http/1.1 */
    const hw_sink *sink;        /* takes faults; may be NULL */
    const hw_tls_signer *signer; /* has the keys, and outlives all this; NULL: they are read here */
} hw_tls_setup;

typedef struct hw_tls hw_tls;

/* False where Hewn was built without OpenSSL: hw_tls_new gives -ENOTSUP. */
extern const bool hw_tls_is_built;

/* Reads the files, and goes on without them; of the setup all is copied. What is wrong with a
 * certificate but does not keep it from being used (it has expired, nobody vouches for it) goes to the
 * sink. 0, or a negative errno and a fault that names the file. */
int hw_tls_new(const hw_tls_setup *setup, hw_fault *fault, hw_tls **ret_tls);
/* No stream of it is left. NULL is fine. */
void hw_tls_free(hw_tls *tls);
/* Reads all files anew, and takes what they say for handshakes from now on; if anything is wrong with
 * one of them, or it has expired and what is in use has not, everything stays as it was. 0, or as
 * hw_tls_new. Threads: any. */
int hw_tls_reload(hw_tls *tls, hw_fault *fault);
/* The same if one of the files is another than it was when it was read last. */
int hw_tls_refresh(hw_tls *tls, hw_fault *fault);
/* The files, in turn; NULL past the last one. Valid: as long as the hw_tls. */
const char *hw_tls_file(const hw_tls *tls, size_t index);

typedef enum hw_tls_protocol { HW_TLS_HTTP1, HW_TLS_H2 } hw_tls_protocol;

/* What a handshake has agreed on (hw_stream_ops.facts). Immutable. */
typedef struct hw_tls_facts hw_tls_facts;
hw_tls_protocol hw_tls_facts_protocol(const hw_tls_facts *facts);
hw_text hw_tls_facts_version(const hw_tls_facts *facts); /* "TLSv1.3" */
hw_text hw_tls_facts_cipher(const hw_tls_facts *facts);  /* "TLS_AES_128_GCM_SHA256" */
/* RFC 4514, "CN=alice,O=Example"; "": the client has shown no certificate. */
hw_text hw_tls_facts_client(const hw_tls_facts *facts);
/* Whether a host (without a port) has the certificate of this connection, or neither has one of its
 * own: RFC 9110 7.4. */
bool hw_tls_facts_serves(const hw_tls_facts *facts, hw_text host);

/* What the streams of one loop share: room for what is being encrypted. */
typedef struct hw_tls_pool hw_tls_pool;
int hw_tls_pool_new(hw_budget *budget, hw_tls_pool **ret_pool); /* 0, or -ENOMEM */
void hw_tls_pool_free(hw_tls_pool *pool);                       /* NULL is fine */
/* From now on a spare waits for a signer that may take its time, while the loop goes on. Without a crew,
 * and where it has no spare, the loop waits. */
void hw_tls_pool_use_crew(hw_tls_pool *pool, hw_crew *crew, hw_loop *loop);

/* A stream over another one, whose handshake is still to come (hw_stream_ops.handshake). Owns: the
 * one below, also on failure. 0, or -ENOMEM. */
int hw_tls_open(hw_tls *tls, hw_tls_pool *pool, hw_stream *below, hw_stream **ret_stream);

#endif

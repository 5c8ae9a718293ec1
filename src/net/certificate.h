/* A certificate with its chain and its key, read from files. For the files that use OpenSSL alone. */
#ifndef HW_NET_CERTIFICATE_H
#define HW_NET_CERTIFICATE_H

#include <openssl/x509.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/sink.h"
#include "net/tls.h"
#include "net/tls_keys.h"
#include "net/tls_signer_local.h"

#define HW_CERTIFICATE_PEM_BYTES_MAX                                                               \
    (1024 * 1024) /* a chain, or all that clients' certificates are checked with */

/* One of each can be used beside the others under one name: clients differ in what they accept. */
typedef enum hw_key_kind { HW_KEY_RSA, HW_KEY_ECDSA, HW_KEY_EDDSA, HW_KEY_KINDS } hw_key_kind;

typedef struct hw_certificate {
    X509 *leaf;
    STACK_OF(X509) * chain; /* who vouches for it, without the leaf */
    EVP_PKEY *key;          /* asks the signer */
    hw_key_kind kind;
    const char *file; /* the caller's */
    hw_text ocsp;     /* in the arena; empty: none, or it is not of now */
    int64_t ocsp_until_s;
    int64_t until_s; /* it has expired then */
} hw_certificate;

/* Who has the private keys of certificates. */
typedef struct hw_certificate_keys {
    const hw_tls_keys *shown;
    const hw_tls_signer *signer;
    hw_tls_signer_local
        *local; /* that signer, which reads the key files; NULL: nobody here reads any */
} hw_certificate_keys;

/* Reads one. 0, or a negative errno and a fault that names the file. */
int hw_certificate_load(const hw_certificate_keys *keys, const hw_tls_certificate *files,
                        hw_arena *arena, int64_t now_s, hw_fault *fault,
                        hw_certificate *ret_certificate);
void hw_certificate_fini(hw_certificate *certificate); /* a zeroed one is fine */
/* Tells what may keep clients from believing it. */
void hw_certificate_warn(const hw_certificate *certificate, int64_t now_s, const hw_sink *sink);

/* Calls back for each name it is for (dNSName, RFC 6125 6.4; also "*.example.org"), in lower case, in
 * the arena. 0, or what the callback returned; -ENOMEM; -EBADMSG: they cannot be read. */
int hw_certificate_names(const hw_certificate *certificate, hw_arena *arena,
                         int (*take)(void *arg, hw_text name), void *arg);

/* All of a file, of up to `bytes_max`, with a NUL behind it. Owns: the caller frees it
 * (hw_certificate_free_file). */
int hw_certificate_read_file(const char *path, size_t bytes_max, hw_fault *fault,
                             hw_text *ret_bytes);
/* A key may have been in there. */
void hw_certificate_free_file(hw_text bytes);

#endif

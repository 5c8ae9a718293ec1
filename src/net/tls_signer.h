/* Who signs for a server's certificates.
 *
 * All of TLS has public keys only. What takes the private one, the signature of a handshake, is asked for
 * here: so keys can lie in another process, whose answer takes a while. */
#ifndef HW_NET_TLS_SIGNER_H
#define HW_NET_TLS_SIGNER_H

#include <stdbool.h>

#include "base/text.h"

/* A key's name is the SHA-256 of its public half, as the certificate has it (SubjectPublicKeyInfo,
 * RFC 5280 4.1). */
#define HW_TLS_KEY_NAME_BYTES 32

/* How a key is used: RFC 8446 4.2.3, whose numbers these are. Nothing else is ever asked for, so whoever
 * has the keys need not do anything else. Salts of PSS are as long as the digest; ECDSA is of whatever curve
 * the key is on, as in TLS 1.2. */
typedef enum hw_tls_scheme {
    HW_TLS_RSA_PKCS1_SHA256 = 0x0401,
    HW_TLS_RSA_PKCS1_SHA384 = 0x0501,
    HW_TLS_RSA_PKCS1_SHA512 = 0x0601,
    HW_TLS_ECDSA_SHA256 = 0x0403,
    HW_TLS_ECDSA_SHA384 = 0x0503,
    HW_TLS_ECDSA_SHA512 = 0x0603,
    HW_TLS_RSA_PSS_SHA256 = 0x0804,
    HW_TLS_RSA_PSS_SHA384 = 0x0805,
    HW_TLS_RSA_PSS_SHA512 = 0x0806,
    HW_TLS_ED25519 = 0x0807,
    HW_TLS_ED448 = 0x0808,
} hw_tls_scheme;

typedef struct hw_tls_wish {
    unsigned char key[HW_TLS_KEY_NAME_BYTES];
    hw_tls_scheme scheme;
    hw_text signs; /* the digest that the scheme names; of Ed25519 and Ed448 the message itself */
} hw_tls_wish;

typedef struct hw_tls_signer {
    /* Writes the signature, of up to `room` bytes. 0, or a negative errno: -ENOKEY: there is no such key;
     * the handshake fails. Threads: any, and several at once. It comes back: who never does holds a
     * thread, and the end of the server. */
    int (*sign)(void *arg, const hw_tls_wish *wish, unsigned char *memory, size_t room,
                size_t *ret_length);
    void *arg;
    bool may_wait; /* `sign` may wait for somebody: no loop waits with it */
} hw_tls_signer;

#endif

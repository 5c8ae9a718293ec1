/* What the files of TLS that use OpenSSL share: net/tls_openssl.c has the policy, the other one the
 * streams. */
#ifndef HW_NET_TLS_OPENSSL_H
#define HW_NET_TLS_OPENSSL_H

#include <openssl/ssl.h>

#include "net/keyring.h"
#include "net/tls.h"

/* A handshake: what OpenSSL finds behind a connection (SSL_get_app_data) when it asks us. */
typedef struct hw_tls_handshake {
    hw_tls *tls;
    hw_keyring *keyring;      /* held; NULL once it is over */
    const hw_key_set *chosen; /* of the keyring, by the name the client has called; NULL: not yet */
    bool may_wait;            /* this thread, for a signature */
} hw_tls_handshake;

/* A connection of this policy. NULL: no memory. */
SSL *hw_tls_new_connection(hw_tls *tls, hw_tls_handshake *handshake);
/* The keyring of now; a reference that is the caller's. */
hw_keyring *hw_tls_keyring(hw_tls *tls);
/* So many bytes of a client make a handshake. */
size_t hw_tls_greeting_bytes(const hw_tls *tls);
/* How its streams read and write. */
const BIO_METHOD *hw_tls_method(const hw_tls *tls);

/* What a handshake that is over has come to; takes its keyring. 0; -EPROTO: the client's name is
 * of more than 1,000 bytes; -ENOMEM. */
int hw_tls_facts_new(SSL *ssl, hw_tls_handshake *handshake, hw_tls_facts **ret_facts);
void hw_tls_facts_free(hw_tls_facts *facts); /* NULL is fine */

#endif

/* The keys that OpenSSL is shown: they have a public half, and ask a signer for signatures. For the files
 * that use OpenSSL alone. */
#ifndef HW_NET_TLS_KEYS_H
#define HW_NET_TLS_KEYS_H

#include <openssl/evp.h>
#include <openssl/provider.h>

#include "net/tls_signer.h"

#define HW_TLS_KEYS_DIGESTS 3 /* SHA-256, SHA-384, SHA-512 */

/* Where they are made. */
typedef struct hw_tls_keys {
    OSSL_LIB_CTX *own;
    OSSL_PROVIDER *provider;
    EVP_MD *digests[HW_TLS_KEYS_DIGESTS];
} hw_tls_keys;

/* False: no memory; `fini` is due all the same. */
bool hw_tls_keys_init(hw_tls_keys *keys);
/* No key is left. A zeroed one is legal. Threads: any. */
void hw_tls_keys_fini(hw_tls_keys *keys);

/* The key whose public half this is, under this name. The signer outlives it. NULL: it is of no kind that TLS
 * has a use for, or no memory. */
EVP_PKEY *hw_tls_keys_make(const hw_tls_keys *keys, EVP_PKEY *public_half,
                           const unsigned char name[HW_TLS_KEY_NAME_BYTES],
                           const hw_tls_signer *signer);

#endif

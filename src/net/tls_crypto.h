/* OpenSSL as TLS of Hewn uses it: its own algorithms, and keys of ours beside them. For the files that use
 * OpenSSL alone. */
#ifndef HW_NET_TLS_CRYPTO_H
#define HW_NET_TLS_CRYPTO_H

#include <openssl/evp.h>
#include <openssl/provider.h>

#include "net/tls_signer.h"

#define HW_TLS_CRYPTO_DIGESTS 3 /* SHA-256, SHA-384, SHA-512 */

typedef struct hw_tls_crypto {
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *standard, *ours;
    EVP_MD *digests[HW_TLS_CRYPTO_DIGESTS];
} hw_tls_crypto;

/* False: no memory; `fini` is due all the same. */
bool hw_tls_crypto_init(hw_tls_crypto *crypto);
/* Of what was made with it nothing is left. A zeroed one is legal. */
void hw_tls_crypto_fini(hw_tls_crypto *crypto);

/* A key to be shown to OpenSSL: it has the public half, whose name this is, and asks the signer for
 * signatures. The signer and the crypto outlive it. NULL: it is of no kind that TLS has a use for, or no
 * memory. */
EVP_PKEY *hw_tls_crypto_key(const hw_tls_crypto *crypto, EVP_PKEY *public_half,
                            const unsigned char name[HW_TLS_KEY_NAME_BYTES],
                            const hw_tls_signer *signer);

#endif

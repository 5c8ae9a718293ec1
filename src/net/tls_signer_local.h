/* The signer that has the keys in this process. For the files that use OpenSSL alone. */
#ifndef HW_NET_TLS_SIGNER_LOCAL_H
#define HW_NET_TLS_SIGNER_LOCAL_H

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "net/tls.h"
#include "net/tls_signer.h"

typedef struct hw_tls_signer_local {
    hw_tls_signer signer; /* it stays where it is */
    hw_map keys;          /* local_key, by their names */
} hw_tls_signer_local;

void hw_tls_signer_local_init(hw_tls_signer_local *local, uint64_t seed);
/* Forgets the keys. A zeroed one is legal. */
void hw_tls_signer_local_fini(hw_tls_signer_local *local);
/* Reads a key, which must be that of this public half. Before the first signature. In the arena. 0, or a
 * negative errno and a fault that names the file. */
int hw_tls_signer_local_load(hw_tls_signer_local *local, const hw_tls_certificate *files,
                             EVP_PKEY *public_half, const unsigned char name[HW_TLS_KEY_NAME_BYTES],
                             hw_arena *arena, hw_fault *fault);

#endif

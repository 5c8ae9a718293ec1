/* PEM (RFC 7468) in memory, for the files that use OpenSSL alone. What goes wrong is left in OpenSSL's
 * queue of errors. */
#ifndef HW_NET_PEM_H
#define HW_NET_PEM_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <stdbool.h>

#include "base/text.h"

/* To read the text, which stays where it is. NULL: there is no memory. Owns: the caller; BIO_free. */
BIO *hw_pem_open(hw_text pem);
/* Whether the last one that was not read was not there, rather than damaged. */
bool hw_pem_is_at_end(void);
/* The first private key; NULL: there is none, or it asks for a passphrase, which nobody is asked for.
 * Owns: the caller; EVP_PKEY_free. */
EVP_PKEY *hw_pem_take_key(BIO *pem, bool *ret_asks);

#endif

/* Reads PEM (RFC 7468) in memory with OpenSSL.
 *
 * Those who read certificates and keys differ in what they make of them and in how they say what is
 * wrong; how a text becomes something OpenSSL reads, how its end is told from damage, and that nobody is
 * asked for a passphrase is the same for all of them, and is here. */
#include "net/pem.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>

BIO *hw_pem_open(hw_text pem)
{
    return pem.length <= INT_MAX ? BIO_new_mem_buf(pem.at ? pem.at : "", (int)pem.length) : NULL;
}

bool hw_pem_is_at_end(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/* Without this OpenSSL would ask at the terminal. */
static int refuse_passphrase(char *memory, int size, int writes, void *arg)
{
    bool *asks = arg;
    (void)writes;
    if (size > 0)
        memory[0] = '\0';
    *asks = true;
    return -1;
}

EVP_PKEY *hw_pem_take_key(BIO *pem, bool *ret_asks)
{
    *ret_asks = false;
    return PEM_read_bio_PrivateKey(pem, NULL, refuse_passphrase, ret_asks);
}

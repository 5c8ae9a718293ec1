/* Certificates for tests, made while they run: no key lies in this tree. Whatever fails ends the program. */
#ifndef HW_TESTS_PKI_H
#define HW_TESTS_PKI_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum pki_key_kind {
    PKI_EC, /* P-256 */
    PKI_RSA,
    PKI_RSA_SHORT, /* 1024 bits */
    PKI_ED25519,
    PKI_X25519, /* cannot sign: somebody else has to issue it */
} pki_key_kind;

typedef struct pki_certificate pki_certificate;
struct pki_certificate {
    X509 *x509;
    EVP_PKEY *key;
};

typedef struct pki_wish {
    const char *subject;           /* the common name; NULL: the first of the names */
    const char *names;             /* dNSNames with blanks between them; NULL: none */
    const pki_certificate *issuer; /* NULL: itself */
    int64_t since_s, until_s;      /* since 1970; 0: 1990, and 2090 */
    pki_key_kind kind;
    bool is_ca;
    bool is_sha1; /* signed so that nobody believes it today */
} pki_wish;

/* Keys of RSA take long to make: those of one size are the same one. */
pki_certificate *pki_issue(const pki_wish *wish);
void pki_free(pki_certificate *certificate); /* NULL is fine */

/* PEM, one after the other, up to a NULL. */
void pki_write_chain(const char *path, const pki_certificate *const *chain);
void pki_write(const char *path, const pki_certificate *certificate); /* it alone */
void pki_write_key(const char *path, const pki_certificate *certificate);
void pki_write_key_encrypted(const char *path, const pki_certificate *certificate,
                             const char *passphrase);

typedef struct pki_status {
    const pki_certificate *certificate, *issuer;
    int64_t since_s, until_s; /* until_s 0: it says nothing of that */
    bool is_revoked;
} pki_status;

/* An OCSP response (RFC 6960), in DER. */
void pki_write_status(const char *path, const pki_status *status);

#endif

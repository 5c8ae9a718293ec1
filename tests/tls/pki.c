/* Makes certificates with OpenSSL.
 *
 * Serial numbers count up, so two certificates of one issuer are never taken for each other. Those of
 * elliptic curves are made in no time; a key of RSA takes as long as a whole test, so there is one a size.
 */
#include "tls/pki.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { YEAR_S = 31556952, FIRST_YEAR = 20, LAST_YEAR = 120, NAMES_MAX = 1000 };

/* What a test needs and does not get has nothing to do with what it tests. */
static void need(bool is_done, const char *what)
{
    if (is_done)
        return;
    fprintf(stderr, "tests/tls/pki: %s\n", what);
    abort();
}

static EVP_PKEY *make_rsa(size_t bits)
{
    static EVP_PKEY *made[2];
    EVP_PKEY **key = &made[bits < 2048];
    if (!*key)
        *key = EVP_RSA_gen(bits);
    need(*key && EVP_PKEY_up_ref(*key) == 1, "a key of RSA");
    return *key;
}

static EVP_PKEY *make_key(pki_key_kind kind)
{
    switch (kind) {
    case PKI_EC:
        return EVP_EC_gen("P-256");
    case PKI_RSA:
        return make_rsa(2048);
    case PKI_RSA_SHORT:
        return make_rsa(1024);
    case PKI_X25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    case PKI_ED25519:
        break;
    }
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static void add_extension(X509 *x509, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    need(extension && X509_add_ext(x509, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

/* "a b" as "DNS:a,DNS:b" */
static void add_names(X509 *x509, const char *names)
{
    char value[NAMES_MAX] = "";
    size_t length = 0;
    for (size_t count; *names; names += count + (names[count] == ' ')) {
        count = strcspn(names, " ");
        length += (size_t)snprintf(value + length, sizeof value - length, "%sDNS:%.*s",
                                   length > 0 ? "," : "", (int)count, names);
        need(length < sizeof value, "names that are too long");
    }
    add_extension(x509, NID_subject_alt_name, value);
}

static void set_subject(X509 *x509, const pki_wish *wish)
{
    char first[64];
    const char *subject = wish->subject;
    if (!subject) {
        snprintf(first, sizeof first, "%.*s", (int)strcspn(wish->names, " "), wish->names);
        subject = first;
    }
    X509_NAME *name = X509_get_subject_name(x509);
    need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)subject, -1,
                                    -1, 0) == 1,
         subject);
}

static void set_validity(X509 *x509, const pki_wish *wish)
{
    int64_t since_s = wish->since_s ? wish->since_s : (int64_t)FIRST_YEAR * YEAR_S,
            until_s = wish->until_s ? wish->until_s : (int64_t)LAST_YEAR * YEAR_S;
    need(ASN1_TIME_set(X509_getm_notBefore(x509), since_s) &&
             ASN1_TIME_set(X509_getm_notAfter(x509), until_s),
         "a time");
}

pki_certificate *pki_issue(const pki_wish *wish)
{
    static long last_serial;
    pki_certificate *made = calloc(1, sizeof *made);
    need(made != NULL, "memory");
    made->key = make_key(wish->kind);
    made->x509 = X509_new();
    need(made->key && made->x509, "a key and a certificate");
    const pki_certificate *issuer = wish->issuer ? wish->issuer : made;
    need(X509_set_version(made->x509, 2) == 1 &&
             ASN1_INTEGER_set(X509_get_serialNumber(made->x509), ++last_serial) == 1 &&
             X509_set_pubkey(made->x509, made->key) == 1,
         "what a certificate consists of");
    set_subject(made->x509, wish);
    set_validity(made->x509, wish);
    need(X509_set_issuer_name(made->x509, X509_get_subject_name(issuer->x509)) == 1, "an issuer");
    if (wish->names)
        add_names(made->x509, wish->names);
    add_extension(made->x509, NID_basic_constraints, wish->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    /* A key of Ed25519 has its digest with it. */
    bool is_ed = EVP_PKEY_is_a(issuer->key, "ED25519");
    const EVP_MD *digest = wish->is_sha1 ? EVP_sha1() : EVP_sha256();
    need(X509_sign(made->x509, issuer->key, is_ed ? NULL : digest) > 0, "a signature");
    return made;
}

void pki_free(pki_certificate *certificate)
{
    if (!certificate)
        return;
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
    free(certificate);
}

static BIO *open_to_write(const char *path)
{
    BIO *file = BIO_new_file(path, "wb");
    need(file != NULL, path);
    return file;
}

static void end_writing(BIO *file, const char *path)
{
    need(BIO_flush(file) == 1 && BIO_free(file) == 1, path);
}

void pki_write_chain(const char *path, const pki_certificate *const *chain)
{
    BIO *file = open_to_write(path);
    for (; *chain; chain++)
        need(PEM_write_bio_X509(file, (*chain)->x509) == 1, path);
    end_writing(file, path);
}

void pki_write(const char *path, const pki_certificate *certificate)
{
    const pki_certificate *const chain[] = {certificate, NULL};
    pki_write_chain(path, chain);
}

void pki_write_key(const char *path, const pki_certificate *certificate)
{
    BIO *file = open_to_write(path);
    need(PEM_write_bio_PrivateKey(file, certificate->key, NULL, NULL, 0, NULL, NULL) == 1, path);
    end_writing(file, path);
}

void pki_write_key_encrypted(const char *path, const pki_certificate *certificate,
                             const char *passphrase)
{
    BIO *file = open_to_write(path);
    need(PEM_write_bio_PKCS8PrivateKey(file, certificate->key, EVP_aes_128_cbc(), passphrase,
                                       (int)strlen(passphrase), NULL, NULL) == 1,
         path);
    end_writing(file, path);
}

static void add_status(OCSP_BASICRESP *basic, const pki_status *status)
{
    ASN1_TIME *since = ASN1_GENERALIZEDTIME_set(NULL, status->since_s),
              *until = status->until_s ? ASN1_GENERALIZEDTIME_set(NULL, status->until_s) : NULL;
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, status->certificate->x509, status->issuer->x509);
    int said = status->is_revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
    need(since && id &&
             OCSP_basic_add1_status(basic, id, said, OCSP_REVOKED_STATUS_UNSPECIFIED,
                                    status->is_revoked ? since : NULL, since, until),
         "a status");
    OCSP_CERTID_free(id);
    ASN1_TIME_free(since);
    ASN1_TIME_free(until);
}

void pki_write_status(const char *path, const pki_status *status)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    need(basic != NULL, "an OCSP response");
    add_status(basic, status);
    need(OCSP_basic_sign(basic, status->issuer->x509, status->issuer->key, EVP_sha256(), NULL, 0) ==
             1,
         "a signature");
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    BIO *file = open_to_write(path);
    need(response && i2d_OCSP_RESPONSE_bio(file, response) == 1, path);
    end_writing(file, path);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
}

/* Reads certificates and those who vouch for them; their keys are read by the signer that has them.
 *
 * Whatever is wrong with a file is said with its name, when a server starts or is told to read it anew,
 * and not when the first client comes. Two kinds are told apart: without its key, or with another's, a
 * certificate is of no use, and the server does not take it; with one that has expired or that nobody
 * vouches for it can go on, and must: over HTTP in clear it may be about to get a better one.
 *
 * Files are read through the seam and parsed in memory, so OpenSSL opens none itself. */
#include "net/certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/file.h"
#include "net/pem.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/socket.h"

enum {
    OCSP_BYTES_MAX = 64 * 1024,
    CHAIN_MAX = 10,
    SIGNATURE_BITS_MIN = 80,
    DAY_S = 24 * 60 * 60,
    SOON_DAYS = 7, /* it is said that a certificate ends when so little is left */
};

static int set_read_fault(hw_fault *fault, int error, const char *path)
{
    return hw_fault_set(fault, -error, path, "cannot be read: %s", hw_error_words(error));
}

int hw_certificate_read_file(const char *path, size_t bytes_max, hw_fault *fault,
                             hw_text *ret_bytes)
{
    int fd = hw_sys_open(path);
    if (fd < 0)
        return set_read_fault(fault, fd, path);
    char *memory = hw_sys_alloc(bytes_max + 1);
    ssize_t length = memory ? hw_file_read(fd, memory, bytes_max + 1) : -ENOMEM;
    (void)hw_sys_close(fd);
    if (length >= 0 && (size_t)length <= bytes_max) {
        memory[length] = '\0';
        *ret_bytes = (hw_text){memory, (size_t)length};
        return 0;
    }
    hw_sys_free(memory);
    if (length < 0)
        return set_read_fault(fault, (int)length, path);
    return hw_fault_set(fault, EFBIG, path, "is longer than %zu bytes", bytes_max);
}

void hw_certificate_free_file(hw_text bytes)
{
    OPENSSL_cleanse((char *)bytes.at, bytes.length);
    hw_sys_free((char *)bytes.at);
}

/* The first certificate of a file, and those behind it. */
static int read_chain(const char *path, BIO *pem, hw_fault *fault, hw_certificate *certificate)
{
    certificate->leaf = PEM_read_bio_X509_AUX(pem, NULL, NULL, NULL);
    if (!certificate->leaf)
        return hw_fault_set(fault, EINVAL, path,
                            "holds no certificate (PEM, \"BEGIN CERTIFICATE\")");
    certificate->chain = sk_X509_new_null();
    for (X509 *next; certificate->chain && (next = PEM_read_bio_X509(pem, NULL, NULL, NULL));)
        if (sk_X509_num(certificate->chain) == CHAIN_MAX ||
            !sk_X509_push(certificate->chain, next)) {
            X509_free(next);
            return hw_fault_set(fault, EINVAL, path, "holds more than %d certificates",
                                CHAIN_MAX + 1);
        }
    bool is_end = hw_pem_is_at_end();
    if (!certificate->chain)
        return hw_fault_set(fault, ENOMEM, path, "out of memory");
    if (!is_end)
        return hw_fault_set(fault, EINVAL, path, "certificate %d of it is damaged",
                            sk_X509_num(certificate->chain) + 2);
    return 0;
}

static int load_chain(const char *path, hw_fault *fault, hw_certificate *certificate)
{
    hw_text bytes = {0};
    int error = hw_certificate_read_file(path, HW_CERTIFICATE_PEM_BYTES_MAX, fault, &bytes);
    if (error < 0)
        return error;
    BIO *pem = hw_pem_open(bytes);
    ERR_clear_error();
    error = pem ? read_chain(path, pem, fault, certificate)
                : hw_fault_set(fault, ENOMEM, path, "out of memory");
    ERR_clear_error();
    BIO_free(pem);
    hw_certificate_free_file(bytes);
    return error;
}

/* RFC 5280 4.1: of the public key as it stands in the certificate. */
static bool name_key(X509 *leaf, unsigned char ret_name[HW_TLS_KEY_NAME_BYTES])
{
    unsigned char *bytes = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &bytes);
    bool is_named =
        length > 0 && EVP_Digest(bytes, (size_t)length, ret_name, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(bytes);
    return is_named;
}

static int judge_key(const hw_tls_certificate *files, EVP_PKEY *key, hw_fault *fault,
                     hw_key_kind *ret_kind)
{
    const char *where = files->key_file ? files->key_file : files->certificate_file;
    if (EVP_PKEY_is_a(key, "RSA"))
        *ret_kind = HW_KEY_RSA;
    else if (EVP_PKEY_is_a(key, "EC"))
        *ret_kind = HW_KEY_ECDSA;
    else if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448"))
        *ret_kind = HW_KEY_EDDSA;
    else
        return hw_fault_set(fault, EINVAL, where, "is a kind of key that TLS has no use for");
    if (*ret_kind == HW_KEY_RSA && EVP_PKEY_get_bits(key) < 2048)
        return hw_fault_set(fault, EINVAL, where,
                            "is an RSA key of %d bits; fewer than 2048 can be broken",
                            EVP_PKEY_get_bits(key));
    return 0;
}

/* Below OpenSSL's level 1: with SHA-1 or MD5. Nobody looks at the signature of who vouches for himself. */
static bool is_signed_too_weakly(X509 *one)
{
    int bits;
    return (X509_get_extension_flags(one) & EXFLAG_SS) == 0 &&
           X509_get_signature_info(one, NULL, NULL, &bits, NULL) == 1 && bits < SIGNATURE_BITS_MIN;
}

/* OpenSSL 3.5 takes what 3.0 does not. */
static int judge_signatures(const hw_tls_certificate *files, hw_fault *fault,
                            const hw_certificate *certificate)
{
    bool is_weak = is_signed_too_weakly(certificate->leaf);
    for (int i = 0; i < sk_X509_num(certificate->chain); i++)
        is_weak |= is_signed_too_weakly(sk_X509_value(certificate->chain, i));
    if (!is_weak)
        return 0;
    return hw_fault_set(fault, EINVAL, files->certificate_file,
                        "cannot be used: it, or one of its chain, has a signature that is too weak "
                        "(SHA-1 or older): clients refuse it");
}

/* OpenSSL has a word in it too: what it would have nothing to do with it says to each client. */
static int try_certificate(const hw_tls_certificate *files, hw_fault *fault,
                           const hw_certificate *certificate)
{
    SSL_CTX *trial = SSL_CTX_new(TLS_server_method());
    bool is_taken = trial && SSL_CTX_use_cert_and_key(trial, certificate->leaf, certificate->key,
                                                      certificate->chain, 1) == 1;
    const char *words = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    SSL_CTX_free(trial);
    if (is_taken)
        return 0;
    return hw_fault_set(fault, trial ? EINVAL : ENOMEM, files->certificate_file,
                        "cannot be used: %.120s", words ? words : "out of memory");
}

/* The private half is read, if it is to be read here, and left with the signer. */
static int find_key(const hw_certificate_keys *keys, const hw_tls_certificate *files,
                    hw_arena *arena, hw_fault *fault, hw_certificate *certificate)
{
    unsigned char name[HW_TLS_KEY_NAME_BYTES];
    EVP_PKEY *public_half = X509_get0_pubkey(certificate->leaf);
    if (!public_half || !name_key(certificate->leaf, name))
        return hw_fault_set(fault, EINVAL, files->certificate_file,
                            "is of a kind of key that cannot be read");
    int error = keys->local
                    ? hw_tls_signer_local_load(keys->local, files, public_half, name, arena, fault)
                    : 0;
    if (error == 0)
        error = judge_key(files, public_half, fault, &certificate->kind);
    if (error == 0)
        error = judge_signatures(files, fault, certificate);
    if (error < 0)
        return error;
    certificate->key = hw_tls_keys_make(keys->shown, public_half, name, keys->signer);
    return certificate->key ? try_certificate(files, fault, certificate)
                            : hw_fault_set(fault, ENOMEM, files->certificate_file, "out of memory");
}

/* Seconds since 1970; 0 where it says nothing that can be read. */
static int64_t read_time(const ASN1_TIME *time)
{
    struct tm parts;
    if (!time || !ASN1_TIME_to_tm(time, &parts))
        return 0;
    return (int64_t)timegm(&parts);
}

/* RFC 6960: of this certificate, "good", and of now. */
static bool is_response_good(const hw_certificate *certificate, OCSP_RESPONSE *response,
                             int64_t now_s, int64_t *ret_until_s)
{
    OCSP_BASICRESP *basic = OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL
                                ? OCSP_response_get1_basic(response)
                                : NULL;
    bool is_good = false;
    for (int i = 0; basic && i < OCSP_resp_count(basic) && !is_good; i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        ASN1_INTEGER *serial = NULL;
        ASN1_GENERALIZEDTIME *since = NULL, *until = NULL;
        OCSP_id_get0_info(NULL, NULL, NULL, &serial,
                          (OCSP_CERTID *)OCSP_SINGLERESP_get0_id(single));
        if (!serial || ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate->leaf)) != 0)
            continue;
        int status = OCSP_single_get0_status(single, NULL, NULL, &since, &until);
        *ret_until_s = until ? read_time(until) : now_s + DAY_S;
        is_good =
            status == V_OCSP_CERTSTATUS_GOOD && read_time(since) <= now_s && now_s < *ret_until_s;
    }
    OCSP_BASICRESP_free(basic);
    return is_good;
}

static int load_ocsp(const char *path, hw_arena *arena, int64_t now_s, hw_fault *fault,
                     hw_certificate *certificate)
{
    hw_text bytes = {0};
    int error = hw_certificate_read_file(path, OCSP_BYTES_MAX, fault, &bytes);
    if (error < 0)
        return error;
    const unsigned char *at = (const unsigned char *)bytes.at;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)bytes.length);
    if (response && at != (const unsigned char *)bytes.at + bytes.length) {
        OCSP_RESPONSE_free(response);
        response = NULL;
    }
    bool is_good =
        response && is_response_good(certificate, response, now_s, &certificate->ocsp_until_s);
    bool is_copied = !is_good || hw_arena_copy_text(arena, bytes, &certificate->ocsp);
    OCSP_RESPONSE_free(response);
    hw_sys_free((char *)bytes.at);
    ERR_clear_error();
    if (!response)
        return hw_fault_set(fault, EINVAL, path, "is no OCSP response (DER)");
    return is_copied ? 0 : hw_fault_set(fault, ENOMEM, path, "out of memory");
}

int hw_certificate_load(const hw_certificate_keys *keys, const hw_tls_certificate *files,
                        hw_arena *arena, int64_t now_s, hw_fault *fault,
                        hw_certificate *ret_certificate)
{
    hw_certificate certificate = {.file = files->certificate_file};
    int error = load_chain(files->certificate_file, fault, &certificate);
    if (error == 0)
        error = find_key(keys, files, arena, fault, &certificate);
    if (error == 0 && files->ocsp_file)
        error = load_ocsp(files->ocsp_file, arena, now_s, fault, &certificate);
    if (error < 0) {
        hw_certificate_fini(&certificate);
        return error;
    }
    certificate.until_s = read_time(X509_get0_notAfter(certificate.leaf));
    *ret_certificate = certificate;
    return 0;
}

void hw_certificate_fini(hw_certificate *certificate)
{
    X509_free(certificate->leaf);
    sk_X509_pop_free(certificate->chain, X509_free);
    EVP_PKEY_free(certificate->key);
    *certificate = (hw_certificate){0};
}

/* Who vouches for it all in the end: the last of the file, or one that this system knows. */
static bool is_chain_complete(const hw_certificate *certificate, X509 **ret_last)
{
    X509 *last = certificate->leaf;
    for (int i = 0; i < sk_X509_num(certificate->chain); i++) {
        X509 *next = sk_X509_value(certificate->chain, i);
        if (X509_check_issued(next, last) == X509_V_OK)
            last = next;
    }
    *ret_last = last;
    if (X509_check_issued(last, last) == X509_V_OK)
        return true;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *search = X509_STORE_CTX_new();
    X509 *issuer = NULL;
    bool is_known = store && search && X509_STORE_set_default_paths(store) == 1 &&
                    X509_STORE_CTX_init(search, store, last, NULL) == 1 &&
                    X509_STORE_CTX_get1_issuer(&issuer, search, last) == 1;
    X509_free(issuer);
    X509_STORE_CTX_free(search);
    X509_STORE_free(store);
    ERR_clear_error();
    return is_known;
}

void hw_certificate_warn(const hw_certificate *certificate, int64_t now_s, const hw_sink *sink)
{
    char name[160];
    int64_t until_s = certificate->until_s;
    X509 *last;
    if (until_s <= now_s)
        hw_sink_fault(sink, EKEYEXPIRED, certificate->file,
                      "this certificate expired %lld days ago: clients will refuse it",
                      (long long)((now_s - until_s) / DAY_S));
    else if (until_s - now_s < (int64_t)SOON_DAYS * DAY_S)
        hw_sink_fault(sink, EKEYEXPIRED, certificate->file,
                      "this certificate expires in %lld hours",
                      (long long)((until_s - now_s) / 3600));
    if (read_time(X509_get0_notBefore(certificate->leaf)) > now_s)
        hw_sink_fault(sink, EKEYREJECTED, certificate->file,
                      "this certificate is not valid yet: is the clock right?");
    if (!is_chain_complete(certificate, &last)) {
        (void)X509_NAME_oneline(X509_get_issuer_name(last), name, sizeof name);
        hw_sink_fault(
            sink, EKEYREJECTED, certificate->file,
            "nobody vouches for this certificate: %.120s is missing behind it, and this system "
            "does not know it",
            name);
    }
}

int hw_certificate_names(const hw_certificate *certificate, hw_arena *arena,
                         int (*take)(void *arg, hw_text name), void *arg)
{
    int found;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate->leaf, NID_subject_alt_name, &found, NULL);
    /* -1: it has none; else they cannot be read, or there is no memory. */
    int error = names || found == -1 ? 0 : -EBADMSG;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && error == 0; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        hw_text text = {(const char *)ASN1_STRING_get0_data(name->d.dNSName),
                        (size_t)ASN1_STRING_length(name->d.dNSName)};
        char *copy = hw_arena_copy(arena, text);
        for (size_t k = 0; copy && k < text.length; k++)
            copy[k] = hw_char_lower(copy[k]);
        error = copy ? take(arg, (hw_text){copy, text.length}) : -ENOMEM;
    }
    GENERAL_NAMES_free(names);
    return error;
}

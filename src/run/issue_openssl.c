/* Makes keys, authorities and certificates for development with OpenSSL.
 *
 * Who trusts an authority trusts whoever gets hold of its key. So this one is bounded (RFC 5280
 * 4.2.1.10): it can vouch for names and addresses that are nobody's on the Internet, for this host,
 * and for servers alone; a leaf that it signs for any other name is refused by whoever checks
 * certificates. "local" permits what is below it too. The name of this host does not: a machine may
 * well be called "dev", and all of .dev is not ours; hence what is below it is excluded. It signs
 * no other authorities (pathlen 0).
 *
 * Keys are ECDSA over P-256, which everybody takes. A certificate that is renewed keeps its key, so
 * that the two files that a server reads always fit each other: only one of them is replaced. There is
 * no "*.localhost": OpenSSL and browsers take no wildcard directly before a name of one word. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "run/certificate.h"
#include "run/certificate_parts.h"
#include "sys/random.h"

enum {
    ISSUE_HOUR_S = 60 * 60,
    AUTHORITY_DAYS = 3652, /* ten years */
    CERTIFICATE_DAYS = 30,
    SERIAL_BYTES = 20,    /* RFC 5280 4.1.2.2 */
    TITLE_BYTES_MAX = 64, /* RFC 5280 appendix A, ub-common-name */
    WORDS_BYTES_MAX = 32 * 1024,
};

/* RFC 6761, RFC 6762, RFC 8375; .internal and .lan are nobody's by use and by ICANN's decision. */
static const char *const private_domains[] = {
    "localhost", "local", "test", "lan", "internal", "home.arpa",
};

#define PRIVATE_ADDRESSES                                                                          \
    "permitted;IP:127.0.0.0/255.0.0.0,permitted;IP:10.0.0.0/255.0.0.0,"                            \
    "permitted;IP:172.16.0.0/255.240.0.0,permitted;IP:192.168.0.0/255.255.0.0,"                    \
    "permitted;IP:169.254.0.0/255.255.0.0,"                                                        \
    "permitted;IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,"                                    \
    "permitted;IP:fc00::/fe00::,permitted;IP:fe80::/ffc0::"

/* Appends what OpenSSL has written, and frees it. */
static int put_pem(BIO *from, bool is_written, hw_buffer *pem)
{
    char *at = NULL;
    long length = is_written ? BIO_get_mem_data(from, &at) : 0;
    if (length > 0)
        hw_buffer_put(pem, (hw_text){at, (size_t)length});
    BIO_free(from);
    return length > 0 && !pem->overflow ? 0 : -ENOMEM;
}

int hw_certificate_make_key(hw_buffer *pem)
{
    (void)ERR_set_mark();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *to = BIO_new(BIO_s_mem());
    bool is_written =
        key && to && PEM_write_bio_PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) == 1;
    EVP_PKEY_free(key);
    int error = put_pem(to, is_written, pem);
    (void)ERR_pop_to_mark();
    return error;
}

static bool add_extension(X509 *made, X509 *issuer, int kind, const char *words)
{
    X509V3_CTX parts;
    X509V3_set_ctx(&parts, issuer, made, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&parts);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &parts, kind, words);
    bool is_added = extension && X509_add_ext(made, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

/* A random number that is positive and has all its bytes. */
static bool set_serial(X509 *made)
{
    unsigned char bytes[SERIAL_BYTES];
    if (hw_sys_random(bytes, sizeof bytes) < 0)
        return false;
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
    return ASN1_STRING_set(X509_get_serialNumber(made), bytes, sizeof bytes) == 1;
}

/* From an hour ago: clocks differ. */
static X509 *start_certificate(const char *title, EVP_PKEY *key, int64_t now_s, int days)
{
    X509 *made = X509_new();
    bool is_good =
        made && X509_set_version(made, X509_VERSION_3) == 1 && set_serial(made) &&
        ASN1_TIME_set(X509_getm_notBefore(made), (time_t)(now_s - ISSUE_HOUR_S)) &&
        ASN1_TIME_adj(X509_getm_notAfter(made), (time_t)now_s, days, 0) &&
        X509_set_pubkey(made, key) == 1 &&
        X509_NAME_add_entry_by_NID(X509_get_subject_name(made), NID_commonName, MBSTRING_ASC,
                                   (const unsigned char *)title, -1, -1, 0) == 1;
    if (is_good)
        return made;
    X509_free(made);
    return NULL;
}

static bool is_private_name(hw_text host)
{
    for (size_t i = 0; i < sizeof private_domains / sizeof *private_domains; i++) {
        hw_text domain = hw_text_of(private_domains[i]);
        size_t above = host.length - domain.length;
        if (hw_text_equal(host, domain) ||
            (host.length > domain.length && host.at[above - 1] == '.' &&
             hw_text_has_suffix(host, domain)))
            return true;
    }
    return false;
}

static void put_bounds(const char *host, hw_buffer *words)
{
    hw_buffer_put_string(words, "critical,");
    for (size_t i = 0; i < sizeof private_domains / sizeof *private_domains; i++)
        hw_buffer_put_format(words, "permitted;DNS:%s,", private_domains[i]);
    if (host && !is_private_name(hw_text_of(host)))
        hw_buffer_put_format(words, "permitted;DNS:%s,excluded;DNS:.%s,", host, host);
    hw_buffer_put_string(words, PRIVATE_ADDRESSES);
}

static bool fill_authority(X509 *made, EVP_PKEY *key, const char *host)
{
    char memory[2 * HW_NAME_BYTES_MAX + 1024];
    hw_buffer bounds = HW_BUFFER_OVER(memory);
    put_bounds(host, &bounds);
    const char *words = hw_buffer_string(&bounds);
    return words && X509_set_issuer_name(made, X509_get_subject_name(made)) == 1 &&
           add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(made, made, NID_ext_key_usage, "serverAuth") &&
           add_extension(made, made, NID_subject_key_identifier, "hash") &&
           add_extension(made, made, NID_name_constraints, words) &&
           X509_sign(made, key, EVP_sha256()) > 0;
}

static X509 *make_authority(EVP_PKEY *key, const char *title, const char *host, int64_t now_s)
{
    char memory[TITLE_BYTES_MAX + 1];
    hw_buffer words = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&words, HW_AUTHORITY_TITLE);
    hw_buffer_put(&words, hw_text_upto(hw_text_of(title), TITLE_BYTES_MAX - words.length));
    X509 *made = start_certificate(hw_buffer_string(&words), key, now_s, AUTHORITY_DAYS);
    if (made && fill_authority(made, key, host))
        return made;
    X509_free(made);
    return NULL;
}

int hw_authority_make(hw_text key, const char *title, const char *host, int64_t now_s,
                      hw_buffer *pem)
{
    EVP_PKEY *own = hw_pem_read_key(key);
    if (!own)
        return -EBADMSG;
    (void)ERR_set_mark();
    X509 *made = make_authority(own, title, host, now_s);
    BIO *to = BIO_new(BIO_s_mem());
    int error = put_pem(to, to && made && PEM_write_bio_X509(to, made) == 1, pem);
    (void)ERR_pop_to_mark();
    X509_free(made);
    EVP_PKEY_free(own);
    return error;
}

/* "DNS:localhost,IP:127.0.0.1" */
static bool add_alternative_names(X509 *made, X509 *issuer, const hw_names *names)
{
    char *memory = OPENSSL_malloc(WORDS_BYTES_MAX);
    if (!memory)
        return false;
    hw_buffer words = hw_buffer_over(memory, WORDS_BYTES_MAX);
    for (size_t i = 0; i < names->count; i++)
        hw_buffer_put_format(&words, "%s%s", i ? "," : "", names->at[i]);
    const char *list = hw_buffer_string(&words);
    bool is_added = list && add_extension(made, issuer, NID_subject_alt_name, list);
    OPENSSL_free(memory);
    return is_added;
}

static bool fill_certificate(X509 *made, X509 *authority, EVP_PKEY *authority_key,
                             const hw_names *names)
{
    return X509_set_issuer_name(made, X509_get_subject_name(authority)) == 1 &&
           add_extension(made, authority, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(made, authority, NID_key_usage, "critical,digitalSignature") &&
           add_extension(made, authority, NID_ext_key_usage, "serverAuth") &&
           add_extension(made, authority, NID_subject_key_identifier, "hash") &&
           add_extension(made, authority, NID_authority_key_identifier, "keyid:always") &&
           add_alternative_names(made, authority, names) &&
           X509_sign(made, authority_key, EVP_sha256()) > 0;
}

static X509 *make_certificate(X509 *authority, EVP_PKEY *authority_key, EVP_PKEY *key,
                              const hw_names *names, int64_t now_s)
{
    X509 *made = start_certificate("Hewn development certificate", key, now_s, CERTIFICATE_DAYS);
    if (made && fill_certificate(made, authority, authority_key, names))
        return made;
    X509_free(made);
    return NULL;
}

/* By the rules of those who will check it, not by rules of our own. */
int hw_authority_permits(hw_text pem, const hw_names *names)
{
    STACK_OF(X509) *list = hw_pem_read(pem);
    (void)ERR_set_mark();
    X509 *authority = list ? sk_X509_value(list, 0) : NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    NAME_CONSTRAINTS *bounds =
        authority ? X509_get_ext_d2i(authority, NID_name_constraints, NULL, NULL) : NULL;
    X509 *tried = bounds && key ? make_certificate(authority, key, key, names, 0) : NULL;
    int result = -ENOMEM;
    /* The first call has the names looked up, which the second needs. */
    if (tried && X509_check_purpose(tried, -1, 0) == 1)
        result = NAME_CONSTRAINTS_check(tried, bounds) == X509_V_OK;
    X509_free(tried);
    NAME_CONSTRAINTS_free(bounds);
    EVP_PKEY_free(key);
    hw_pem_free(list);
    (void)ERR_pop_to_mark();
    return result;
}

int hw_certificate_make(const hw_certificate_plan *plan, hw_buffer *pem)
{
    STACK_OF(X509) *list = hw_pem_read(plan->authority);
    EVP_PKEY *authority_key = hw_pem_read_key(plan->authority_key);
    EVP_PKEY *key = hw_pem_read_key(plan->key);
    int error = -EBADMSG;
    if (list && authority_key && key) {
        (void)ERR_set_mark();
        X509 *authority = sk_X509_value(list, 0);
        X509 *made = make_certificate(authority, authority_key, key, plan->names, plan->now_s);
        BIO *to = BIO_new(BIO_s_mem());
        error = put_pem(to,
                        to && made && PEM_write_bio_X509(to, made) == 1 &&
                            PEM_write_bio_X509(to, authority) == 1,
                        pem);
        X509_free(made);
        (void)ERR_pop_to_mark();
    }
    EVP_PKEY_free(key);
    EVP_PKEY_free(authority_key);
    hw_pem_free(list);
    return error;
}

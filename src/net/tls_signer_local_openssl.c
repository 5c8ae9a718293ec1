/* Signs with keys that lie in this process.
 *
 * The only file of the library that reads private keys, and the only one that uses them: what it does is
 * what another process would do that has them. It takes a wish for what it is, and signs what is of the
 * right length for its scheme with a key of the right kind, and nothing else.
 *
 * Keys are added before the first signature and stay as they are, so signing takes no lock. */
#include "net/tls_signer_local.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "net/certificate.h"
#include "net/pem.h"

typedef struct local_key {
    unsigned char name[HW_TLS_KEY_NAME_BYTES];
    EVP_PKEY *key;
} local_key;

/* What a scheme wants. */
typedef struct local_scheme {
    const char *kind;
    const EVP_MD *(*digest)(void); /* NULL: the message itself is signed */
    hw_tls_scheme scheme;
    int padding; /* of RSA; 0: none */
} local_scheme;

static const local_scheme local_schemes[] = {
    {"RSA", EVP_sha256, HW_TLS_RSA_PKCS1_SHA256, RSA_PKCS1_PADDING},
    {"RSA", EVP_sha384, HW_TLS_RSA_PKCS1_SHA384, RSA_PKCS1_PADDING},
    {"RSA", EVP_sha512, HW_TLS_RSA_PKCS1_SHA512, RSA_PKCS1_PADDING},
    {"RSA", EVP_sha256, HW_TLS_RSA_PSS_SHA256, RSA_PKCS1_PSS_PADDING},
    {"RSA", EVP_sha384, HW_TLS_RSA_PSS_SHA384, RSA_PKCS1_PSS_PADDING},
    {"RSA", EVP_sha512, HW_TLS_RSA_PSS_SHA512, RSA_PKCS1_PSS_PADDING},
    {"EC", EVP_sha256, HW_TLS_ECDSA_SHA256, 0},
    {"EC", EVP_sha384, HW_TLS_ECDSA_SHA384, 0},
    {"EC", EVP_sha512, HW_TLS_ECDSA_SHA512, 0},
    {"ED25519", NULL, HW_TLS_ED25519, 0},
    {"ED448", NULL, HW_TLS_ED448, 0},
};

static const local_scheme *find_scheme(hw_tls_scheme scheme)
{
    for (size_t i = 0; i < sizeof local_schemes / sizeof *local_schemes; i++)
        if (local_schemes[i].scheme == scheme)
            return &local_schemes[i];
    return NULL;
}

static bool set_padding(EVP_PKEY_CTX *work, int padding)
{
    return EVP_PKEY_CTX_set_rsa_padding(work, padding) == 1 &&
           (padding != RSA_PKCS1_PSS_PADDING ||
            EVP_PKEY_CTX_set_rsa_pss_saltlen(work, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool sign_digest(EVP_PKEY *key, const local_scheme *scheme, hw_text digest,
                        unsigned char *memory, size_t *length)
{
    EVP_PKEY_CTX *work = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool is_signed =
        work && EVP_PKEY_sign_init(work) == 1 &&
        (scheme->padding == 0 || set_padding(work, scheme->padding)) &&
        EVP_PKEY_CTX_set_signature_md(work, scheme->digest()) == 1 &&
        EVP_PKEY_sign(work, memory, length, (const unsigned char *)digest.at, digest.length) == 1;
    EVP_PKEY_CTX_free(work);
    return is_signed;
}

static bool sign_message(EVP_PKEY *key, hw_text message, unsigned char *memory, size_t *length)
{
    EVP_MD_CTX *work = EVP_MD_CTX_new();
    bool is_signed = work && EVP_DigestSignInit_ex(work, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
                     EVP_DigestSign(work, memory, length, (const unsigned char *)message.at,
                                    message.length) == 1;
    EVP_MD_CTX_free(work);
    return is_signed;
}

static int sign_here(void *arg, const hw_tls_wish *wish, unsigned char *memory, size_t room,
                     size_t *ret_length)
{
    const hw_tls_signer_local *local = arg;
    const local_scheme *scheme = find_scheme(wish->scheme);
    const local_key *found =
        hw_map_get(&local->keys, (hw_text){(const char *)wish->key, sizeof wish->key});
    size_t length = room;
    if (!found)
        return -ENOKEY;
    if (!scheme || !EVP_PKEY_is_a(found->key, scheme->kind) ||
        (scheme->digest && wish->signs.length != (size_t)EVP_MD_get_size(scheme->digest())) ||
        room < (size_t)EVP_PKEY_get_size(found->key))
        return -EINVAL;
    bool is_signed = scheme->digest ? sign_digest(found->key, scheme, wish->signs, memory, &length)
                                    : sign_message(found->key, wish->signs, memory, &length);
    if (!is_signed) {
        ERR_clear_error();
        return -ENOMEM;
    }
    *ret_length = length;
    return 0;
}

void hw_tls_signer_local_init(hw_tls_signer_local *local, uint64_t seed)
{
    *local = (hw_tls_signer_local){.signer = {.sign = sign_here, .arg = local}};
    hw_map_init(&local->keys, seed);
}

void hw_tls_signer_local_fini(hw_tls_signer_local *local)
{
    const hw_map_entry *entry;
    for (size_t at = 0; (entry = hw_map_next(&local->keys, &at));)
        EVP_PKEY_free(((local_key *)entry->value)->key);
    hw_map_fini(&local->keys);
}

static int load_key(const char *path, hw_fault *fault, EVP_PKEY **ret_key)
{
    hw_text bytes = {0};
    bool asks = false;
    int error = hw_certificate_read_file(path, HW_CERTIFICATE_PEM_BYTES_MAX, fault, &bytes);
    if (error < 0)
        return error;
    BIO *pem = hw_pem_open(bytes);
    EVP_PKEY *key = pem ? hw_pem_take_key(pem, &asks) : NULL;
    ERR_clear_error();
    BIO_free(pem);
    hw_certificate_free_file(bytes);
    if (asks)
        return hw_fault_set(
            fault, EINVAL, path,
            "asks for a passphrase, and nobody is there to give it; take it off with "
            "openssl pkey");
    if (!key)
        return hw_fault_set(fault, pem ? EINVAL : ENOMEM, path,
                            "holds no private key (PEM, \"BEGIN PRIVATE KEY\")");
    *ret_key = key;
    return 0;
}

/* Takes the key. One that is there already is there. */
static int keep_key(hw_tls_signer_local *local, EVP_PKEY *key,
                    const unsigned char name[HW_TLS_KEY_NAME_BYTES], hw_arena *arena)
{
    local_key *kept = hw_arena_alloc_zeroed(arena, 1, sizeof *kept);
    hw_text text = {kept ? (const char *)kept->name : NULL, HW_TLS_KEY_NAME_BYTES};
    if (kept) {
        memcpy(kept->name, name, sizeof kept->name);
        kept->key = key;
    }
    bool is_there = kept && hw_map_get(&local->keys, text);
    int error = !kept ? -ENOMEM : is_there ? 0 : hw_map_put(&local->keys, text, kept);
    if (error < 0 || is_there)
        EVP_PKEY_free(key);
    return error;
}

int hw_tls_signer_local_load(hw_tls_signer_local *local, const hw_tls_certificate *files,
                             EVP_PKEY *public_half, const unsigned char name[HW_TLS_KEY_NAME_BYTES],
                             hw_arena *arena, hw_fault *fault)
{
    EVP_PKEY *key = NULL;
    int error = load_key(files->key_file, fault, &key);
    if (error < 0)
        return error;
    if (EVP_PKEY_eq(public_half, key) != 1) {
        ERR_clear_error();
        EVP_PKEY_free(key);
        return hw_fault_set(fault, EINVAL, files->key_file, "is not the key of %.120s",
                            files->certificate_file);
    }
    return keep_key(local, key, name, arena) == 0
               ? 0
               : hw_fault_set(fault, ENOMEM, files->key_file, "out of memory");
}

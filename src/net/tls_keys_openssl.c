/* Keys for OpenSSL that ask somebody else to sign.
 *
 * To OpenSSL a key is what a provider says it is. Ours, for RSA, EC, Ed25519 and Ed448, have the public
 * half, which they show to whoever compares or measures them, and one operation: TLS hashes with OpenSSL's
 * own digests here, and asks the signer for the rest. So libssl uses keys as ever, and there is no other
 * way from it to a private key than hw_tls_signer.
 *
 * The provider lies alone in a library context of its own, so neither libssl, which goes on in the program's,
 * nor the program ever takes its kinds of key for OpenSSL's. libssl comes here through the key: it
 * tries to take that to OpenSSL's provider for the same signature, which it may not, for it would need a
 * private half there, and then asks the provider that the key is of. So the operations have the names that
 * OpenSSL's have, or it would look through all providers for them at each handshake.
 *
 * Only what TLS asks for is done: a digest or a salt that no scheme of TLS has is refused, and OpenSSL then
 * chooses another scheme.
 *
 * Rejected: ENGINE and the methods of RSA and EC keys, which OpenSSL 3 has deprecated; all of TLS in the
 * library context of ours: OpenSSL keeps something of each context for each thread that has taken random
 * numbers there, and looks at it when the thread ends, even if the context has gone before. */
#include "net/tls_keys.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

#include "sys/memory.h"

#define PROVIDER "hewn"
#define KEY_PARAMETER "hewn-key"

/* What OpenSSL holds as a key. Until one is put into it, it is none: public_half is NULL. */
typedef struct shown_key {
    const hw_tls_keys *keys;
    EVP_PKEY *public_half;
    const hw_tls_signer *signer;
    unsigned char name[HW_TLS_KEY_NAME_BYTES];
    unsigned schemes[HW_TLS_KEYS_DIGESTS]; /* one a digest; without digests: the first */
    bool has_digests, has_pss;
} shown_key;

/* A signature that is being made. */
typedef struct signing_work {
    const shown_key *key;
    int digest; /* -1: none */
    bool is_pss;
} signing_work;

/* Keys. */

static void *new_shown_key(void *provider)
{
    (void)provider;
    return hw_sys_alloc_zeroed(1, sizeof(shown_key));
}

static void free_shown_key(void *data)
{
    shown_key *key = data;
    if (!key)
        return;
    EVP_PKEY_free(key->public_half);
    hw_sys_free(key);
}

static int has_shown_key(const void *data, int selection)
{
    const shown_key *key = data;
    (void)selection;
    return key && key->public_half;
}

/* A key comes in by its address, which only this file can give. */
static int import_shown_key(void *data, int selection, const OSSL_PARAM *parameters)
{
    const OSSL_PARAM *found = OSSL_PARAM_locate_const(parameters, KEY_PARAMETER);
    const void *given = NULL;
    shown_key *key = data;
    size_t bytes;
    (void)selection;
    if (!found || !OSSL_PARAM_get_octet_ptr(found, &given, &bytes) || bytes != sizeof *key ||
        key->public_half)
        return 0;
    *key = *(const shown_key *)given;
    return EVP_PKEY_up_ref(key->public_half);
}

static const OSSL_PARAM *list_imported(int selection)
{
    static const OSSL_PARAM list[] = {
        OSSL_PARAM_octet_ptr(KEY_PARAMETER, NULL, sizeof(shown_key)),
        OSSL_PARAM_END,
    };
    (void)selection;
    return list;
}

/* The public half; who wants more wants to sign with it, which he cannot. */
static int export_shown_key(void *data, int selection, OSSL_CALLBACK *take, void *arg)
{
    const shown_key *key = data;
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 && key->public_half &&
           EVP_PKEY_export(key->public_half, selection, take, arg);
}

/* It depends on the kind of key, of which this is not told; nobody looks before he exports. */
static const OSSL_PARAM *list_exported(int selection)
{
    static const OSSL_PARAM list[] = {OSSL_PARAM_END};
    (void)selection;
    return list;
}

static int measure_shown_key(void *data, OSSL_PARAM *parameters)
{
    const shown_key *key = data;
    return key->public_half && EVP_PKEY_get_params(key->public_half, parameters);
}

static const OSSL_PARAM *list_measures(void *provider)
{
    static const OSSL_PARAM list[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)provider;
    return list;
}

/* OpenSSL calls the others' as the key. */
static const char *name_ecdsa(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

/* Signatures. */

static void *new_signing(void *provider, const char *properties)
{
    (void)provider;
    (void)properties;
    return hw_sys_alloc_zeroed(1, sizeof(signing_work));
}

static void free_signing(void *work)
{
    hw_sys_free(work);
}

/* The padding and the salt of RSA: numbers or words, as OpenSSL's versions differ in that. */
static bool is_one_of(const OSSL_PARAM *given, int number, const char *word)
{
    const char *said = NULL;
    int value;
    if (given->data_type == OSSL_PARAM_UTF8_STRING)
        return OSSL_PARAM_get_utf8_string_ptr(given, &said) && strcmp(said, word) == 0;
    return OSSL_PARAM_get_int(given, &value) && value == number;
}

static int set_signing(void *data, const OSSL_PARAM *parameters)
{
    signing_work *work = data;
    const OSSL_PARAM *padding = OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_PAD_MODE);
    const OSSL_PARAM *salt = OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
    if (padding && !work->key->has_pss)
        return 0;
    if (padding)
        work->is_pss = is_one_of(padding, RSA_PKCS1_PSS_PADDING, OSSL_PKEY_RSA_PAD_MODE_PSS);
    if (padding && !work->is_pss &&
        !is_one_of(padding, RSA_PKCS1_PADDING, OSSL_PKEY_RSA_PAD_MODE_PKCSV15))
        return 0;
    /* RFC 8446 4.2.3: it is as long as the digest. */
    return !salt || (work->is_pss &&
                     is_one_of(salt, RSA_PSS_SALTLEN_DIGEST, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST));
}

static const OSSL_PARAM *list_settings(void *work, void *provider)
{
    static const OSSL_PARAM list[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)work;
    (void)provider;
    return list;
}

static int find_digest(const hw_tls_keys *keys, const char *name)
{
    for (int i = 0; name && i < HW_TLS_KEYS_DIGESTS; i++)
        if (EVP_MD_is_a(keys->digests[i], name))
            return i;
    return -1;
}

static int begin_signing(void *data, const char *digest, void *key, const OSSL_PARAM *parameters)
{
    signing_work *work = data;
    if (key)
        *work = (signing_work){.key = key};
    if (!work->key || !work->key->public_half)
        return 0;
    work->digest = find_digest(work->key->keys, digest);
    bool is_named = digest && digest[0] != '\0';
    bool is_right = work->key->has_digests ? work->digest >= 0 : !is_named;
    return is_right && set_signing(work, parameters);
}

/* Once to learn how long it is at most, with `memory` NULL, and once for good. */
static int sign_all(void *data, unsigned char *memory, size_t *ret_length, size_t room,
                    const unsigned char *message, size_t length)
{
    const signing_work *work = data;
    const shown_key *key = work->key;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    hw_tls_wish wish = {.scheme = (hw_tls_scheme)key->schemes[0],
                        .signs = {(const char *)message, length}};
    if (!memory) {
        *ret_length = (size_t)EVP_PKEY_get_size(key->public_half);
        return 1;
    }
    if (key->has_digests) {
        if (!EVP_Digest(message, length, digest, &digest_length, key->keys->digests[work->digest],
                        NULL))
            return 0;
        wish.scheme = work->is_pss ? (hw_tls_scheme)(HW_TLS_RSA_PSS_SHA256 + work->digest)
                                   : (hw_tls_scheme)key->schemes[work->digest];
        wish.signs = (hw_text){(const char *)digest, digest_length};
    }
    memcpy(wish.key, key->name, sizeof wish.key);
    return key->signer->sign(key->signer->arg, &wish, memory, room, ret_length) == 0;
}

/* The provider. */

#define FUNCTION(number, function)                                                                 \
    {                                                                                              \
        (number), (void (*)(void))(function)                                                       \
    }

#define KEY_FUNCTIONS                                                                              \
    FUNCTION(OSSL_FUNC_KEYMGMT_NEW, new_shown_key),                                                \
        FUNCTION(OSSL_FUNC_KEYMGMT_FREE, free_shown_key),                                          \
        FUNCTION(OSSL_FUNC_KEYMGMT_HAS, has_shown_key),                                            \
        FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, import_shown_key),                                      \
        FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, list_imported),                                   \
        FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, export_shown_key),                                      \
        FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, list_exported),                                   \
        FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, measure_shown_key),                                 \
        FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, list_measures)

static const OSSL_DISPATCH key_functions[] = {KEY_FUNCTIONS, {0, NULL}};

static const OSSL_DISPATCH ec_key_functions[] = {
    KEY_FUNCTIONS,
    FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, name_ecdsa),
    {0, NULL},
};

static const OSSL_DISPATCH signature_functions[] = {
    FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, new_signing),
    FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, free_signing),
    FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, begin_signing),
    FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign_all),
    FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, set_signing),
    FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, list_settings),
    {0, NULL},
};

/* Named as OpenSSL names its own, or the two kinds could not be compared. */
static const OSSL_ALGORITHM key_algorithms[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=" PROVIDER, key_functions, "RSA"},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=" PROVIDER, ec_key_functions, "EC"},
    {"ED25519:1.3.101.112", "provider=" PROVIDER, key_functions, "Ed25519"},
    {"ED448:1.3.101.113", "provider=" PROVIDER, key_functions, "Ed448"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signature_algorithms[] = {
    {"RSA", "provider=" PROVIDER, signature_functions, "RSA by a signer"},
    {"ECDSA", "provider=" PROVIDER, signature_functions, "ECDSA by a signer"},
    {"ED25519", "provider=" PROVIDER, signature_functions, "Ed25519 by a signer"},
    {"ED448", "provider=" PROVIDER, signature_functions, "Ed448 by a signer"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *list_algorithms(void *provider, int operation, int *ret_no_store)
{
    (void)provider;
    *ret_no_store = 0;
    if (operation == OSSL_OP_KEYMGMT)
        return key_algorithms;
    return operation == OSSL_OP_SIGNATURE ? signature_algorithms : NULL;
}

static int begin_provider(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *given,
                          const OSSL_DISPATCH **ret_functions, void **ret_provider)
{
    static const OSSL_DISPATCH functions[] = {
        FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, list_algorithms),
        {0, NULL},
    };
    (void)given;
    *ret_functions = functions;
    *ret_provider = (void *)handle;
    return 1;
}

bool hw_tls_keys_init(hw_tls_keys *keys)
{
    static const char *const digests[HW_TLS_KEYS_DIGESTS] = {"SHA2-256", "SHA2-384", "SHA2-512"};
    *keys = (hw_tls_keys){.own = OSSL_LIB_CTX_new()};
    if (!keys->own)
        return false;
    if (OSSL_PROVIDER_add_builtin(keys->own, PROVIDER, begin_provider) == 1)
        keys->provider = OSSL_PROVIDER_load(keys->own, PROVIDER);
    bool is_ready = keys->provider != NULL;
    for (int i = 0; i < HW_TLS_KEYS_DIGESTS && is_ready; i++) {
        keys->digests[i] = EVP_MD_fetch(NULL, digests[i], NULL);
        is_ready = keys->digests[i] != NULL;
    }
    return is_ready;
}

void hw_tls_keys_fini(hw_tls_keys *keys)
{
    for (int i = 0; i < HW_TLS_KEYS_DIGESTS; i++)
        EVP_MD_free(keys->digests[i]);
    if (keys->provider)
        (void)OSSL_PROVIDER_unload(keys->provider);
    OSSL_LIB_CTX_free(keys->own);
    *keys = (hw_tls_keys){0};
}

/* How keys of each kind sign. */
static const struct {
    const char *name;
    unsigned schemes[HW_TLS_KEYS_DIGESTS];
    bool has_digests, has_pss;
} kinds_of_key[] = {
    {"RSA",
     {HW_TLS_RSA_PKCS1_SHA256, HW_TLS_RSA_PKCS1_SHA384, HW_TLS_RSA_PKCS1_SHA512},
     true,
     true},
    {"EC", {HW_TLS_ECDSA_SHA256, HW_TLS_ECDSA_SHA384, HW_TLS_ECDSA_SHA512}, true, false},
    {"ED25519", {HW_TLS_ED25519}, false, false},
    {"ED448", {HW_TLS_ED448}, false, false},
};

static EVP_PKEY *make_shown(const hw_tls_keys *keys, const char *kind, shown_key *key)
{
    EVP_PKEY *made = NULL;
    void *at = key;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_ptr(KEY_PARAMETER, &at, sizeof *key),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(keys->own, kind, NULL);
    if (!maker || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &made, EVP_PKEY_KEYPAIR, parameters) != 1)
        made = NULL;
    EVP_PKEY_CTX_free(maker);
    return made;
}

EVP_PKEY *hw_tls_keys_make(const hw_tls_keys *keys, EVP_PKEY *public_half,
                           const unsigned char name[HW_TLS_KEY_NAME_BYTES],
                           const hw_tls_signer *signer)
{
    shown_key key = {.keys = keys, .public_half = public_half, .signer = signer};
    memcpy(key.name, name, sizeof key.name);
    for (size_t i = 0; i < sizeof kinds_of_key / sizeof *kinds_of_key; i++) {
        if (!EVP_PKEY_is_a(public_half, kinds_of_key[i].name))
            continue;
        memcpy(key.schemes, kinds_of_key[i].schemes, sizeof key.schemes);
        key.has_digests = kinds_of_key[i].has_digests;
        key.has_pss = kinds_of_key[i].has_pss;
        return make_shown(keys, kinds_of_key[i].name, &key);
    }
    return NULL;
}

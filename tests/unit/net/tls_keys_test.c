#include "net/tls_keys.h"

#include "tls/pki.h"
#include "unit/harness.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <string.h>

/* A signer whose signatures are the scheme and what is signed. */
typedef struct echo_signer {
    hw_tls_signer signer;
    hw_tls_wish wish;
    int calls;
} echo_signer;

static int echo_wish(void *arg, const hw_tls_wish *wish, unsigned char *memory, size_t room,
                     size_t *ret_length)
{
    echo_signer *echo = arg;
    echo->calls++;
    echo->wish = *wish;
    if (wish->signs.length > room)
        return -EINVAL;
    memcpy(memory, wish->signs.at, wish->signs.length);
    *ret_length = wish->signs.length;
    return 0;
}

typedef struct keys_bench {
    hw_tls_keys keys;
    echo_signer echo;
    pki_certificate *certificate;
    EVP_PKEY *key;
    unsigned char name[HW_TLS_KEY_NAME_BYTES];
} keys_bench;

static void open_keys(keys_bench *bench, pki_key_kind kind)
{
    *bench = (keys_bench){.echo.signer = {.sign = echo_wish, .arg = &bench->echo}};
    memset(bench->name, 'n', sizeof bench->name);
    assert_true(hw_tls_keys_init(&bench->keys));
    bench->certificate = pki_issue(&(pki_wish){.names = "a", .kind = kind});
    bench->key = hw_tls_keys_make(&bench->keys, X509_get0_pubkey(bench->certificate->x509),
                                  bench->name, &bench->echo.signer);
    HW_NEED(bench->key);
}

static void close_keys(keys_bench *bench)
{
    EVP_PKEY_free(bench->key);
    pki_free(bench->certificate);
    hw_tls_keys_fini(&bench->keys);
}

/* As libssl signs. NULL: no digest. False: it is refused. */
static bool sign_hello(keys_bench *bench, const char *digest, int padding, int salt,
                       unsigned char *memory, size_t *length)
{
    EVP_PKEY_CTX *settings = NULL;
    EVP_MD_CTX *work = EVP_MD_CTX_new();
    HW_NEED(work);
    bool is_signed =
        EVP_DigestSignInit_ex(work, &settings, digest, NULL, NULL, bench->key, NULL) == 1 &&
        (padding == 0 || EVP_PKEY_CTX_set_rsa_padding(settings, padding) == 1) &&
        (salt == 0 || EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, salt) == 1) &&
        EVP_DigestSign(work, memory, length, (const unsigned char *)"hello", 5) == 1;
    EVP_MD_CTX_free(work);
    return is_signed;
}

static void check_hello(keys_bench *bench, const char *digest, int padding, int salt,
                        hw_tls_scheme scheme)
{
    unsigned char memory[1024], expected[EVP_MAX_MD_SIZE] = "hello";
    size_t length = sizeof memory, expected_length = 5;
    if (!sign_hello(bench, digest, padding, salt, memory, &length)) {
        assert_true(hw_test_is_struck());
        hw_test_out_of_memory();
    }
    if (digest)
        assert_int_equal(EVP_Q_digest(NULL, digest, NULL, "hello", 5, expected, &expected_length),
                         1);
    assert_int_equal(length, expected_length);
    assert_memory_equal(memory, expected, length);
    assert_int_equal(bench->echo.wish.scheme, scheme);
    assert_memory_equal(bench->echo.wish.key, bench->name, sizeof bench->name);
}

HW_TEST(keys_ask_the_signer_by_the_scheme)
{
    keys_bench bench;
    open_keys(&bench, PKI_EC);
    check_hello(&bench, "SHA256", 0, 0, HW_TLS_ECDSA_SHA256);
    check_hello(&bench, "SHA2-384", 0, 0, HW_TLS_ECDSA_SHA384);
    check_hello(&bench, "SHA512", 0, 0, HW_TLS_ECDSA_SHA512);
    close_keys(&bench);
    open_keys(&bench, PKI_ED25519);
    check_hello(&bench, NULL, 0, 0, HW_TLS_ED25519);
    close_keys(&bench);
}

HW_LONG_TEST(keys_ask_the_signer_by_the_padding_of_rsa)
{
    keys_bench bench;
    open_keys(&bench, PKI_RSA);
    check_hello(&bench, "SHA256", 0, 0, HW_TLS_RSA_PKCS1_SHA256);
    check_hello(&bench, "SHA384", RSA_PKCS1_PADDING, 0, HW_TLS_RSA_PKCS1_SHA384);
    check_hello(&bench, "SHA256", RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST,
                HW_TLS_RSA_PSS_SHA256);
    check_hello(&bench, "SHA512", RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST,
                HW_TLS_RSA_PSS_SHA512);
    close_keys(&bench);
}

HW_LONG_TEST(keys_refuse_what_tls_has_no_scheme_for)
{
    keys_bench bench;
    unsigned char memory[1024];
    size_t length = sizeof memory;
    open_keys(&bench, PKI_RSA);
    assert_false(sign_hello(&bench, "SHA1", 0, 0, memory, &length));
    assert_false(sign_hello(&bench, "SHA224", 0, 0, memory, &length));
    assert_false(sign_hello(&bench, "SHA256", RSA_NO_PADDING, 0, memory, &length));
    assert_false(sign_hello(&bench, "SHA256", RSA_PKCS1_PSS_PADDING, 20, memory, &length));
    assert_false(sign_hello(&bench, "SHA256", 0, RSA_PSS_SALTLEN_DIGEST, memory, &length));
    close_keys(&bench);
    open_keys(&bench, PKI_EC);
    assert_false(sign_hello(&bench, "MD5", 0, 0, memory, &length));
    assert_false(sign_hello(&bench, "SHA256", RSA_PKCS1_PSS_PADDING, 0, memory, &length));
    close_keys(&bench);
    open_keys(&bench, PKI_ED25519);
    assert_false(sign_hello(&bench, "SHA256", 0, 0, memory, &length));
    assert_int_equal(bench.echo.calls, 0);
    close_keys(&bench);
}

HW_TEST(keys_have_the_public_half_and_nothing_else)
{
    keys_bench bench;
    unsigned char *bytes = NULL;
    open_keys(&bench, PKI_EC);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(bench.certificate->x509), bench.key), 1);
    assert_int_equal(EVP_PKEY_get_bits(bench.key), 256);
    assert_true(i2d_PrivateKey(bench.key, &bytes) <= 0);
    OSSL_PARAM *given = NULL;
    assert_int_equal(EVP_PKEY_todata(bench.key, EVP_PKEY_KEYPAIR, &given), 0);
    assert_int_equal(EVP_PKEY_todata(bench.key, EVP_PKEY_PUBLIC_KEY, &given), 1);
    assert_null(OSSL_PARAM_locate(given, OSSL_PKEY_PARAM_PRIV_KEY));
    assert_non_null(OSSL_PARAM_locate(given, OSSL_PKEY_PARAM_PUB_KEY));
    OSSL_PARAM_free(given);
    close_keys(&bench);
}

HW_TEST(keys_are_not_taken_for_openssls)
{
    static const char *const names[] = {"RSA", "EC", "ED25519", "ED448"};
    keys_bench bench;
    open_keys(&bench, PKI_EC);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        EVP_KEYMGMT *found = EVP_KEYMGMT_fetch(NULL, names[i], NULL);
        assert_non_null(found);
        assert_string_equal(OSSL_PROVIDER_get0_name(EVP_KEYMGMT_get0_provider(found)), "default");
        EVP_KEYMGMT_free(found);
    }
    assert_int_equal(OSSL_PROVIDER_available(NULL, "hewn"), 0);
    close_keys(&bench);
}

HW_TEST(keys_are_of_no_kind_that_tls_has_no_use_for)
{
    hw_tls_keys keys;
    const unsigned char name[HW_TLS_KEY_NAME_BYTES] = "";
    echo_signer echo = {0};
    assert_true(hw_tls_keys_init(&keys));
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    assert_non_null(key);
    assert_null(hw_tls_keys_make(&keys, key, name, &echo.signer));
    EVP_PKEY_free(key);
    hw_tls_keys_fini(&keys);
    hw_tls_keys_fini(&keys);
}

/* What comes in is a key of ours, whole, or nothing. */
HW_TEST(keys_come_in_by_nobody_elses_hand)
{
    keys_bench bench;
    char words[] = "words";
    void *at = words;
    open_keys(&bench, PKI_EC);
    OSSL_PARAM rows[][2] = {
        {OSSL_PARAM_construct_octet_ptr("another", &at, sizeof words), OSSL_PARAM_construct_end()},
        {OSSL_PARAM_construct_octet_ptr("hewn-key", &at, sizeof words), OSSL_PARAM_construct_end()},
        {OSSL_PARAM_construct_utf8_string("hewn-key", words, 0), OSSL_PARAM_construct_end()},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        EVP_PKEY *made = NULL;
        EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(bench.keys.own, "EC", NULL);
        HW_NEED(maker);
        assert_int_equal(EVP_PKEY_fromdata_init(maker), 1);
        assert_true(EVP_PKEY_fromdata(maker, &made, EVP_PKEY_KEYPAIR, rows[i]) <= 0);
        assert_null(made);
        EVP_PKEY_CTX_free(maker);
    }
    close_keys(&bench);
}

/* A number where there is none, words that are others, and padding for a key that has none. */
HW_LONG_TEST(keys_refuse_settings_that_are_none)
{
    static double half = 0.5;
    static char pss[] = OSSL_PKEY_RSA_PAD_MODE_PSS;
    OSSL_PARAM rows[][2] = {
        {OSSL_PARAM_construct_double(OSSL_SIGNATURE_PARAM_PAD_MODE, &half),
         OSSL_PARAM_construct_end()},
        {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, pss, 0),
         OSSL_PARAM_construct_end()},
        {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, pss, 0),
         OSSL_PARAM_construct_end()},
    };
    static const pki_key_kind kinds[] = {PKI_RSA, PKI_EC};
    for (size_t kind = 0; kind < 2; kind++) {
        keys_bench bench;
        open_keys(&bench, kinds[kind]);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            bool is_taken = kinds[kind] == PKI_RSA && i == 2;
            EVP_MD_CTX *work = EVP_MD_CTX_new();
            HW_NEED(work);
            int result =
                EVP_DigestSignInit_ex(work, NULL, "SHA256", NULL, NULL, bench.key, rows[i]);
            if ((result == 1) != is_taken)
                fail_msg("kind %zu, row %zu: %d", kind, i, result);
            EVP_MD_CTX_free(work);
        }
        assert_int_equal(bench.echo.calls, 0);
        close_keys(&bench);
    }
}

/* ECDSA is all that they are asked for. */
HW_TEST(keys_agree_on_no_secrets)
{
    keys_bench bench;
    open_keys(&bench, PKI_EC);
    EVP_PKEY_CTX *work = EVP_PKEY_CTX_new_from_pkey(bench.keys.own, bench.key, NULL);
    HW_NEED(work);
    assert_true(EVP_PKEY_derive_init(work) <= 0);
    EVP_PKEY_CTX_free(work);
    close_keys(&bench);
}

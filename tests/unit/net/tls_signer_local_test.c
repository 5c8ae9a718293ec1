#include "net/tls_signer_local.h"

#include "tls/pki.h"
#include "unit/harness.h"
#include "unit/sys/folder.h"

#include <errno.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

enum { DIGEST_BYTES = 32 };

typedef struct local_bench {
    hw_test_folder folder;
    char certificate_file[128], key_file[128];
    hw_tls_certificate files;
    hw_arena arena;
    hw_tls_signer_local local;
    pki_certificate *certificate;
    hw_tls_wish wish;
    hw_fault fault;
} local_bench;

static void open_local(local_bench *bench, pki_key_kind kind)
{
    *bench = (local_bench){.wish.key = "a name"};
    hw_test_folder_init(&bench->folder);
    snprintf(bench->certificate_file, sizeof bench->certificate_file, "%s/a.pem",
             bench->folder.path);
    snprintf(bench->key_file, sizeof bench->key_file, "%s/a.key", bench->folder.path);
    bench->files = (hw_tls_certificate){bench->certificate_file, bench->key_file, NULL};
    hw_arena_init(&bench->arena, 1024, SIZE_MAX / 2);
    hw_tls_signer_local_init(&bench->local, 1);
    bench->certificate = pki_issue(&(pki_wish){.names = "a", .kind = kind});
    pki_write_key(bench->key_file, bench->certificate);
}

static void close_local(local_bench *bench)
{
    pki_free(bench->certificate);
    hw_tls_signer_local_fini(&bench->local);
    hw_arena_fini(&bench->arena);
    hw_test_folder_fini(&bench->folder);
}

static int load_local(local_bench *bench)
{
    return hw_tls_signer_local_load(&bench->local, &bench->files, bench->certificate->key,
                                    bench->wish.key, &bench->arena, &bench->fault);
}

static int sign_local(local_bench *bench, hw_tls_scheme scheme, size_t digest_bytes, size_t room)
{
    static const char digest[DIGEST_BYTES] = "what is signed";
    unsigned char memory[1024];
    size_t length = 0;
    bench->wish.scheme = scheme;
    bench->wish.signs = (hw_text){digest, digest_bytes};
    const hw_tls_signer *signer = &bench->local.signer;
    int error = signer->sign(signer->arg, &bench->wish, memory, room, &length);
    if (error < 0)
        return error;
    /* It holds. */
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(bench->certificate->key, NULL);
    assert_int_equal(EVP_PKEY_verify_init(check), 1);
    if (scheme != HW_TLS_ECDSA_SHA256)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(check, scheme == HW_TLS_RSA_PSS_SHA256
                                                                 ? RSA_PKCS1_PSS_PADDING
                                                                 : RSA_PKCS1_PADDING),
                         1);
    if (scheme == HW_TLS_RSA_PSS_SHA256)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(check, DIGEST_BYTES), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(check, EVP_sha256()), 1);
    assert_int_equal(
        EVP_PKEY_verify(check, memory, length, (const unsigned char *)digest, DIGEST_BYTES), 1);
    EVP_PKEY_CTX_free(check);
    return 0;
}

HW_TEST(signer_local_signs_what_a_key_is_for)
{
    local_bench bench;
    open_local(&bench, PKI_EC);
    HW_NEED_OK(load_local(&bench));
    assert_int_equal(sign_local(&bench, HW_TLS_ECDSA_SHA256, DIGEST_BYTES, 1024), 0);
    /* Another kind, a digest of another length, no room, no such scheme. */
    assert_int_equal(sign_local(&bench, HW_TLS_RSA_PSS_SHA256, DIGEST_BYTES, 1024), -EINVAL);
    assert_int_equal(sign_local(&bench, HW_TLS_ED25519, DIGEST_BYTES, 1024), -EINVAL);
    assert_int_equal(sign_local(&bench, HW_TLS_ECDSA_SHA256, DIGEST_BYTES - 1, 1024), -EINVAL);
    assert_int_equal(sign_local(&bench, HW_TLS_ECDSA_SHA384, DIGEST_BYTES, 1024), -EINVAL);
    assert_int_equal(sign_local(&bench, HW_TLS_ECDSA_SHA256, DIGEST_BYTES, 20), -EINVAL);
    assert_int_equal(sign_local(&bench, (hw_tls_scheme)0x0203, DIGEST_BYTES, 1024), -EINVAL);
    bench.wish.key[HW_TLS_KEY_NAME_BYTES - 1] ^= 1;
    assert_int_equal(sign_local(&bench, HW_TLS_ECDSA_SHA256, DIGEST_BYTES, 1024), -ENOKEY);
    close_local(&bench);
}

HW_LONG_TEST(signer_local_signs_with_rsa)
{
    local_bench bench;
    open_local(&bench, PKI_RSA);
    HW_NEED_OK(load_local(&bench));
    assert_int_equal(sign_local(&bench, HW_TLS_RSA_PSS_SHA256, DIGEST_BYTES, 1024), 0);
    assert_int_equal(sign_local(&bench, HW_TLS_RSA_PKCS1_SHA256, DIGEST_BYTES, 256), 0);
    assert_int_equal(sign_local(&bench, HW_TLS_RSA_PKCS1_SHA256, DIGEST_BYTES, 255), -EINVAL);
    assert_int_equal(sign_local(&bench, HW_TLS_ECDSA_SHA256, DIGEST_BYTES, 1024), -EINVAL);
    close_local(&bench);
}

/* Two certificates may be of one key. */
HW_TEST(signer_local_has_a_key_once)
{
    local_bench bench;
    open_local(&bench, PKI_EC);
    HW_NEED_OK(load_local(&bench));
    HW_NEED_OK(load_local(&bench));
    assert_int_equal(bench.local.keys.count, 1);
    assert_int_equal(sign_local(&bench, HW_TLS_ECDSA_SHA256, DIGEST_BYTES, 1024), 0);
    close_local(&bench);
}

static void check_refused(local_bench *bench, int error, const char *words)
{
    int result = load_local(bench);
    if (result == -ENOMEM && hw_test_is_struck())
        hw_test_out_of_memory();
    assert_int_equal(result, error);
    assert_string_equal(bench->fault.where, bench->key_file);
    assert_non_null(strstr(bench->fault.what, words));
    assert_int_equal(bench->local.keys.count, 0);
}

HW_TEST(signer_local_says_what_is_wrong_with_a_key)
{
    local_bench bench;
    open_local(&bench, PKI_EC);
    pki_certificate *other = pki_issue(&(pki_wish){.names = "b", .kind = PKI_EC});
    pki_write_key(bench.key_file, other);
    check_refused(&bench, -EINVAL, "is not the key of");
    pki_write_key_encrypted(bench.key_file, other, "secret");
    check_refused(&bench, -EINVAL, "asks for a passphrase");
    pki_free(other);
    hw_test_folder_write(&bench.folder, "a.key", "no key\n");
    check_refused(&bench, -EINVAL, "holds no private key");
    assert_int_equal(remove(bench.key_file), 0);
    check_refused(&bench, -ENOENT, "cannot be read");
    close_local(&bench);
}

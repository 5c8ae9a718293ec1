#include "net/certificate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "seam/seam.h"
#include "sys/memory.h"
#include "tls/pki.h"
#include "unit/http/http_harness.h"
#include "unit/sys/folder.h"

#define NOW_S INT64_C(1800000000) /* 2027 */
#define DAY_S INT64_C(86400)

/* A folder with a CA that has an intermediate, and one certificate of that. */
typedef struct certificate_place {
    hw_tls_keys keys;
    hw_tls_signer_local signer;
    hw_test_folder folder;
    char file[128], key[128], ocsp[128];
    pki_certificate *root, *middle, *leaf;
    hw_tls_certificate files;
    hw_arena arena;
    hw_certificate loaded;
    hw_fault fault, warning;
    size_t warnings;
} certificate_place;

static void open_place(certificate_place *place, const pki_wish *wish)
{
    *place = (certificate_place){0};
    hw_test_folder_init(&place->folder);
    snprintf(place->file, sizeof place->file, "%s/file", place->folder.path);
    snprintf(place->key, sizeof place->key, "%s/key", place->folder.path);
    snprintf(place->ocsp, sizeof place->ocsp, "%s/ocsp", place->folder.path);
    place->files = (hw_tls_certificate){.certificate_file = place->file, .key_file = place->key};
    place->root = pki_issue(&(pki_wish){.subject = "Root of a test", .is_ca = true});
    place->middle =
        pki_issue(&(pki_wish){.subject = "Middle of a test", .is_ca = true, .issuer = place->root});
    pki_wish leaf = *wish;
    leaf.issuer = place->middle;
    leaf.names = "a.test";
    place->leaf = pki_issue(&leaf);
    const pki_certificate *const chain[] = {place->leaf, place->middle, place->root, NULL};
    pki_write_chain(place->file, chain);
    pki_write_key(place->key, place->leaf);
    hw_arena_init(&place->arena, 4096, SIZE_MAX / 2);
    hw_tls_signer_local_init(&place->signer, 1);
    if (!hw_tls_keys_init(&place->keys))
        hw_test_out_of_memory();
}

static void close_place(certificate_place *place)
{
    hw_certificate_fini(&place->loaded);
    hw_tls_signer_local_fini(&place->signer);
    hw_tls_keys_fini(&place->keys);
    hw_arena_fini(&place->arena);
    pki_free(place->root);
    pki_free(place->middle);
    pki_free(place->leaf);
    hw_test_folder_fini(&place->folder);
}

static int load(certificate_place *place)
{
    place->fault = (hw_fault){0};
    hw_certificate_fini(&place->loaded);
    hw_certificate_keys keys = {&place->keys, &place->signer.signer, &place->signer};
    int error = hw_certificate_load(&keys, &place->files, &place->arena, NOW_S, &place->fault,
                                    &place->loaded);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    return error;
}

/* It is refused with an errno, the file and words that say so much. */
static void assert_refused(certificate_place *place, int error, const char *where, const char *what)
{
    assert_int_equal(load(place), -error);
    assert_int_equal(place->fault.error, error);
    assert_string_equal(place->fault.where, where);
    if (!strstr(place->fault.what, what))
        fail_msg("\"%s\" does not say \"%s\"", place->fault.what, what);
    assert_null(place->loaded.leaf);
}

static void write_words(const char *path, const char *mode, const char *words)
{
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    assert_true(fputs(words, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

HW_TEST(certificate_is_loaded_with_its_chain_and_its_key)
{
    certificate_place place;
    open_place(&place, &(pki_wish){.until_s = NOW_S + DAY_S});
    assert_int_equal(load(&place), 0);
    assert_int_equal(X509_cmp(place.loaded.leaf, place.leaf->x509), 0);
    assert_int_equal(sk_X509_num(place.loaded.chain), 2);
    assert_int_equal(EVP_PKEY_eq(place.loaded.key, place.leaf->key), 1);
    assert_int_equal(place.loaded.kind, HW_KEY_ECDSA);
    assert_string_equal(place.loaded.file, place.file);
    assert_int_equal(place.loaded.until_s, NOW_S + DAY_S);
    assert_int_equal(place.loaded.ocsp.length, 0);
    close_place(&place);
}

HW_LONG_TEST(certificate_may_be_of_any_modern_key)
{
    static const struct {
        pki_key_kind kind;
        hw_key_kind loaded;
    } rows[] = {{PKI_RSA, HW_KEY_RSA}, {PKI_EC, HW_KEY_ECDSA}, {PKI_ED25519, HW_KEY_EDDSA}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        certificate_place place;
        open_place(&place, &(pki_wish){.kind = rows[i].kind});
        assert_int_equal(load(&place), 0);
        assert_int_equal(place.loaded.kind, rows[i].loaded);
        close_place(&place);
    }
}

/* As some programs write them: the key first, or words between the certificates. */
HW_TEST(certificate_and_key_may_lie_in_one_file)
{
    certificate_place place;
    char all[16 * 1024];
    hw_buffer words = HW_BUFFER_OVER(all);
    hw_text key, chain;
    open_place(&place, &(pki_wish){0});
    HW_NEED_OK(hw_certificate_read_file(place.key, sizeof all, NULL, &key));
    HW_NEED_OK(hw_certificate_read_file(place.file, sizeof all, NULL, &chain));
    hw_buffer_put(&words, key);
    hw_buffer_put(&words, HW_TEXT("\r\nsubject=a.test\n"));
    hw_buffer_put(&words, chain);
    hw_buffer_put_char(&words, '\0');
    hw_sys_free((char *)key.at);
    hw_sys_free((char *)chain.at);
    write_words(place.file, "w", all);
    place.files.key_file = place.file;
    assert_int_equal(load(&place), 0);
    assert_int_equal(sk_X509_num(place.loaded.chain), 2);
    close_place(&place);
}

HW_TEST(certificate_that_cannot_be_read_is_named)
{
    certificate_place place;
    char none[160];
    open_place(&place, &(pki_wish){0});
    snprintf(none, sizeof none, "%s/none", place.folder.path);
    place.files.certificate_file = none;
    assert_refused(&place, ENOENT, none, "No such file");
    place.files.certificate_file = place.folder.path;
    assert_refused(&place, EISDIR, place.folder.path, "directory");
    place.files.certificate_file = place.file;
    place.files.key_file = none;
    assert_refused(&place, ENOENT, none, "No such file");
    place.files.key_file = place.key;
    place.files.ocsp_file = none;
    assert_refused(&place, ENOENT, none, "No such file");
    place.files.ocsp_file = NULL;
    hw_seam_fail("read", 1, EIO);
    assert_refused(&place, EIO, place.file, "cannot be read");
    hw_seam_fail("read", 3, EIO);
    assert_refused(&place, EIO, place.key, "cannot be read");
    close_place(&place);
}

HW_TEST(certificate_file_without_one_is_refused)
{
    static const char *const rows[] = {
        "",
        "nothing\n",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    };
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    for (size_t i = 0; i < ROWS(rows); i++) {
        write_words(place.file, "w", rows[i]);
        assert_refused(&place, EINVAL, place.file, "certificate");
    }
    pki_write_key(place.file, place.leaf);
    assert_refused(&place, EINVAL, place.file, "holds no certificate");
    close_place(&place);
}

HW_TEST(certificate_chain_that_is_damaged_is_refused)
{
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    write_words(place.file, "a", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_refused(&place, EINVAL, place.file, "certificate 4 of it is damaged");
    const pki_certificate *const chain[] = {place.leaf, NULL};
    pki_write_chain(place.file, chain);
    write_words(place.file, "a", "-----BEGIN CERTIFICATE-----\nQUJD\n");
    assert_refused(&place, EINVAL, place.file, "certificate 2 of it is damaged");
    close_place(&place);
}

HW_TEST(certificate_chain_has_an_end)
{
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    const pki_certificate *chain[13] = {place.leaf};
    for (size_t i = 1; i < 12; i++)
        chain[i] = place.middle;
    pki_write_chain(place.file, chain);
    assert_refused(&place, EINVAL, place.file, "more than 11 certificates");
    chain[11] = NULL;
    pki_write_chain(place.file, chain);
    assert_int_equal(load(&place), 0);
    close_place(&place);
}

/* With words behind the certificates, to its last byte and by one more. */
HW_TEST(certificate_file_has_a_mebibyte_at_most)
{
    certificate_place place;
    struct stat file;
    open_place(&place, &(pki_wish){0});
    assert_int_equal(stat(place.file, &file), 0);
    size_t rest = (size_t)1024 * 1024 - (size_t)file.st_size;
    char *words = calloc(1, rest + 1);
    assert_non_null(words);
    memset(words, '\n', rest);
    write_words(place.file, "a", words);
    free(words);
    assert_int_equal(load(&place), 0);
    write_words(place.file, "a", "\n");
    assert_refused(&place, EFBIG, place.file, "1048576 bytes");
    close_place(&place);
}

HW_TEST(certificate_file_that_is_endless_is_refused)
{
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    place.files.certificate_file = "/dev/zero";
    assert_refused(&place, EFBIG, "/dev/zero", "1048576 bytes");
    close_place(&place);
}

HW_TEST(certificate_without_a_key_is_refused)
{
    static const char *const rows[] = {
        "", "nothing\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    for (size_t i = 0; i < ROWS(rows); i++) {
        write_words(place.key, "w", rows[i]);
        assert_refused(&place, EINVAL, place.key, "holds no private key");
    }
    place.files.key_file = place.file;
    assert_refused(&place, EINVAL, place.file, "holds no private key");
    close_place(&place);
}

HW_TEST(certificate_with_a_key_that_needs_a_passphrase_is_refused)
{
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    pki_write_key_encrypted(place.key, place.leaf, "secret");
    assert_refused(&place, EINVAL, place.key, "passphrase");
    pki_write_key_encrypted(place.key, place.leaf, "");
    assert_refused(&place, EINVAL, place.key, "passphrase");
    close_place(&place);
}

HW_TEST(certificate_with_the_key_of_another_is_refused)
{
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    pki_write_key(place.key, place.root);
    assert_refused(&place, EINVAL, place.key, "is not the key of");
    pki_certificate *other = pki_issue(&(pki_wish){.names = "a.test", .kind = PKI_ED25519});
    pki_write_key(place.key, other);
    pki_free(other);
    assert_refused(&place, EINVAL, place.key, "is not the key of");
    close_place(&place);
}

HW_TEST(certificate_of_a_key_that_is_of_no_use_is_refused)
{
    certificate_place place;
    open_place(&place, &(pki_wish){.kind = PKI_RSA_SHORT});
    assert_refused(&place, EINVAL, place.key, "RSA key of 1024 bits");
    close_place(&place);
    open_place(&place, &(pki_wish){.kind = PKI_X25519});
    assert_refused(&place, EINVAL, place.key, "kind of key");
    close_place(&place);
}

/* OpenSSL would refuse it in each handshake. */
HW_TEST(certificate_that_is_signed_too_weakly_is_refused)
{
    certificate_place place;
    open_place(&place, &(pki_wish){.is_sha1 = true});
    assert_refused(&place, EINVAL, place.file, "too weak");
    close_place(&place);
}

/* Nor is one of the chain; but whoever vouches for himself is not believed for his signature. */
HW_TEST(certificate_chain_that_is_signed_too_weakly_is_refused)
{
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    pki_certificate *weak = pki_issue(&(pki_wish){
        .subject = "Another middle", .is_ca = true, .issuer = place.root, .is_sha1 = true});
    pki_certificate *own = pki_issue(&(pki_wish){.subject = "Own", .is_ca = true, .is_sha1 = true});
    pki_write_chain(place.file, (const pki_certificate *const[]){place.leaf, weak, NULL});
    assert_refused(&place, EINVAL, place.file, "too weak");
    pki_write_chain(place.file,
                    (const pki_certificate *const[]){place.leaf, place.middle, own, NULL});
    HW_NEED_OK(load(&place));
    pki_free(own);
    pki_free(weak);
    close_place(&place);
}

/* Warnings: it can be used. */

static void take_warning(void *arg, hw_sink_kind kind, const void *item)
{
    certificate_place *place = arg;
    assert_int_equal(kind, HW_SINK_FAULT);
    place->warnings++;
    place->warning = *(const hw_fault *)item;
}

/* So many, the last of them with these words. */
static void assert_warned(const pki_wish *wish, int64_t now_s, size_t count, const char *what)
{
    certificate_place place;
    open_place(&place, wish);
    const hw_sink sink = {.take = take_warning, .arg = &place};
    const hw_certificate_keys keys = {&place.keys, &place.signer.signer, &place.signer};
    int error =
        hw_certificate_load(&keys, &place.files, &place.arena, now_s, &place.fault, &place.loaded);
    HW_NEED_OK(error);
    hw_certificate_warn(&place.loaded, now_s, &sink);
    hw_certificate_warn(&place.loaded, now_s, NULL);
    assert_int_equal(place.warnings, count);
    if (count > 0 &&
        (strcmp(place.warning.where, place.file) != 0 || !strstr(place.warning.what, what)))
        fail_msg("\"%s\" does not say \"%s\"", place.warning.what, what);
    close_place(&place);
}

HW_TEST(certificate_that_is_good_is_not_warned_of)
{
    assert_warned(&(pki_wish){.until_s = NOW_S + 7 * DAY_S}, NOW_S, 0, "");
    assert_warned(&(pki_wish){.since_s = NOW_S, .until_s = NOW_S + 90 * DAY_S}, NOW_S, 0, "");
}

HW_TEST(certificate_that_expires_is_warned_of)
{
    pki_wish wish = {.until_s = NOW_S};
    assert_warned(&wish, NOW_S - 7 * DAY_S + 1, 1, "expires in 167 hours");
    assert_warned(&wish, NOW_S - 1, 1, "expires in 0 hours");
    assert_warned(&wish, NOW_S, 1, "expired");
    assert_warned(&wish, NOW_S + 3 * DAY_S, 1, "expired 3 days ago");
}

HW_TEST(certificate_that_is_not_valid_yet_is_warned_of)
{
    assert_warned(&(pki_wish){.since_s = NOW_S + 1}, NOW_S, 1, "not valid yet");
}

HW_TEST(certificate_that_nobody_vouches_for_is_warned_of)
{
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    const hw_sink sink = {.take = take_warning, .arg = &place};
    pki_write(place.file, place.leaf);
    assert_int_equal(load(&place), 0);
    hw_certificate_warn(&place.loaded, NOW_S, &sink);
    assert_int_equal(place.warnings, 1);
    assert_string_equal(place.warning.where, place.file);
    assert_non_null(strstr(place.warning.what, "Middle of a test"));
    hw_certificate_fini(&place.loaded);
    /* The root alone is of no use where the one between them is missing. */
    const pki_certificate *const gap[] = {place.leaf, place.root, NULL};
    pki_write_chain(place.file, gap);
    assert_int_equal(load(&place), 0);
    hw_certificate_warn(&place.loaded, NOW_S, &sink);
    assert_int_equal(place.warnings, 2);
    assert_non_null(strstr(place.warning.what, "Middle of a test"));
    close_place(&place);
}

/* Names. */

typedef struct taken_names {
    char memory[256];
    hw_buffer names;
    int left; /* before the callback refuses; negative: never */
} taken_names;

static int take_name(void *arg, hw_text name)
{
    taken_names *taken = arg;
    if (taken->left-- == 0)
        return -EBUSY;
    hw_buffer_put_format(&taken->names, "%.*s ", HW_TEXT_ARGS(name));
    return 0;
}

HW_TEST(certificate_tells_its_names)
{
    static const struct {
        const char *names, *expected;
        int left, error;
    } rows[] = {
        {"a.test", "a.test ", -1, 0},
        {"A.Test *.B.test c.test", "a.test *.b.test c.test ", -1, 0},
        {"a.test b.test", "a.test ", 1, -EBUSY},
        {NULL, "", -1, 0},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        taken_names taken = {.left = rows[i].left};
        hw_arena arena;
        taken.names = HW_BUFFER_OVER(taken.memory);
        hw_arena_init(&arena, 4096, SIZE_MAX / 2);
        pki_certificate *made =
            pki_issue(&(pki_wish){.subject = "subject.test", .names = rows[i].names});
        const hw_certificate certificate = {.leaf = made->x509};
        int error = hw_certificate_names(&certificate, &arena, take_name, &taken);
        if (error == -ENOMEM)
            hw_test_out_of_memory();
        assert_int_equal(error, rows[i].error);
        assert_text(hw_buffer_text(&taken.names), rows[i].expected);
        pki_free(made);
        hw_arena_fini(&arena);
    }
}

/* OCSP responses. */

/* Whether it is stapled, and until when. */
static int64_t load_status(certificate_place *place, const pki_status *status)
{
    pki_write_status(place->ocsp, status);
    hw_certificate_fini(&place->loaded);
    assert_int_equal(load(place), 0);
    return place->loaded.ocsp.length > 0 ? place->loaded.ocsp_until_s : 0;
}

HW_TEST(certificate_takes_the_status_that_is_good_and_of_now)
{
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    place.files.ocsp_file = place.ocsp;
    pki_status good = {place.leaf, place.middle, NOW_S - DAY_S, NOW_S + DAY_S, false};
    assert_int_equal(load_status(&place, &good), NOW_S + DAY_S);
    pki_status endless = good, old = good, early = good, revoked = good, other = good;
    endless.until_s = 0;
    assert_int_equal(load_status(&place, &endless), NOW_S + DAY_S);
    old.until_s = NOW_S;
    assert_int_equal(load_status(&place, &old), 0);
    early.since_s = NOW_S + 1;
    assert_int_equal(load_status(&place, &early), 0);
    revoked.is_revoked = true;
    assert_int_equal(load_status(&place, &revoked), 0);
    other.certificate = place.root;
    assert_int_equal(load_status(&place, &other), 0);
    close_place(&place);
}

HW_TEST(certificate_with_a_status_that_is_none_is_refused)
{
    certificate_place place;
    open_place(&place, &(pki_wish){0});
    place.files.ocsp_file = place.ocsp;
    write_words(place.ocsp, "w", "nothing");
    assert_refused(&place, EINVAL, place.ocsp, "no OCSP response");
    write_words(place.ocsp, "w", "");
    assert_refused(&place, EINVAL, place.ocsp, "no OCSP response");
    pki_write_status(place.ocsp, &(pki_status){place.leaf, place.middle, 1000, 0, false});
    write_words(place.ocsp, "a", "more");
    assert_refused(&place, EINVAL, place.ocsp, "no OCSP response");
    place.files.ocsp_file = "/dev/zero";
    assert_refused(&place, EFBIG, "/dev/zero", "65536 bytes");
    close_place(&place);
}

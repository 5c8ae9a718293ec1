/* Certificates as nobody should make them, and somebody does: what is said of them. */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "run/certificate.h"
#include "unit/harness.h"

#define NOW_S INT64_C(1800000000)
#define OURS "Hewn development CA of nobody"
#define BOUNDS "permitted;DNS:test"

typedef struct odd_wish {
    const char *title;       /* NULL: it has none */
    const char *constraints; /* basicConstraints; NULL: none */
    const char *bounds;      /* nameConstraints; NULL: none */
    const char *network;     /* of its bounds, as bytes; NULL: as they say */
    int network_bytes;
    const char *names, *until; /* subjectAltName; notAfter as it is written */
    bool is_forged;            /* another key has signed it */
} odd_wish;

static void add_odd(X509 *made, int kind, const char *words)
{
    X509_EXTENSION *extension = words ? X509V3_EXT_nconf_nid(NULL, NULL, kind, words) : NULL;
    assert_true(!words || extension);
    if (extension)
        assert_int_equal(X509_add_ext(made, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void add_network(X509 *made, const odd_wish *wish)
{
    NAME_CONSTRAINTS *bounds = NAME_CONSTRAINTS_new();
    GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
    ASN1_OCTET_STRING *both = ASN1_OCTET_STRING_new();
    bounds->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
    assert_int_equal(
        ASN1_OCTET_STRING_set(both, (const unsigned char *)wish->network, wish->network_bytes), 1);
    GENERAL_NAME_set0_value(tree->base, GEN_IPADD, both);
    sk_GENERAL_SUBTREE_push(bounds->permittedSubtrees, tree);
    assert_int_equal(X509_add1_ext_i2d(made, NID_name_constraints, bounds, 1, 0), 1);
    NAME_CONSTRAINTS_free(bounds);
}

static X509 *make_odd(const odd_wish *wish, EVP_PKEY *key, EVP_PKEY *signer)
{
    X509 *made = X509_new();
    X509_NAME *name = X509_get_subject_name(made);
    X509_set_version(made, X509_VERSION_3);
    ASN1_TIME_set(X509_getm_notBefore(made), (time_t)(NOW_S - 3600));
    ASN1_TIME_set(X509_getm_notAfter(made), (time_t)(NOW_S + INT64_C(86400) * 3000));
    if (wish->until)
        ASN1_STRING_set(X509_getm_notAfter(made), wish->until, -1);
    if (wish->title)
        X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                   (const unsigned char *)wish->title, -1, -1, 0);
    X509_set_issuer_name(made, name);
    X509_set_pubkey(made, key);
    add_odd(made, NID_basic_constraints, wish->constraints);
    add_odd(made, NID_name_constraints, wish->bounds);
    add_odd(made, NID_subject_alt_name, wish->names);
    if (wish->network)
        add_network(made, wish);
    assert_true(X509_sign(made, signer, EVP_sha256()) > 0);
    return made;
}

/* In PEM; valid until the next. */
static hw_text spell_odd(const odd_wish *wish)
{
    static char memory[64 * 1024];
    EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    X509 *made = make_odd(wish, key, wish->is_forged ? other : key);
    BIO *to = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(to, made), 1);
    int length = BIO_read(to, memory, sizeof memory);
    assert_true(length > 0 && (size_t)length < sizeof memory);
    BIO_free(to);
    X509_free(made);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    return (hw_text){memory, (size_t)length};
}

/* OpenSSL 3.5 takes nothing with a time that is none for a certificate. */
static bool is_readable(hw_text pem)
{
    BIO *from = BIO_new_mem_buf(pem.at, (int)pem.length);
    X509 *one = PEM_read_bio_X509(from, NULL, NULL, NULL);
    bool is_read = one != NULL;
    X509_free(one);
    BIO_free(from);
    return is_read;
}

HW_TEST(certificate_authority_that_is_odd_is_none_of_ours)
{
    static const struct {
        odd_wish wish;
        int error;
        const char *why;
    } rows[] = {
        {{OURS, "critical,CA:TRUE", BOUNDS, NULL, 0, NULL, NULL, false}, 0, ""},
        {{NULL, "critical,CA:TRUE", BOUNDS, NULL, 0, NULL, NULL, false}, -EEXIST, "not made it"},
        {{OURS, "critical,CA:FALSE", BOUNDS, NULL, 0, NULL, NULL, false}, -EEXIST, "not made it"},
        {{OURS, "CA:TRUE", NULL, NULL, 0, NULL, NULL, false}, -EEXIST, "not made it"},
        {{OURS, "CA:TRUE", "excluded;DNS:com", NULL, 0, NULL, NULL, false}, -EEXIST, "not made it"},
        {{OURS, "CA:TRUE", BOUNDS, NULL, 0, NULL, NULL, true}, -EBADMSG, "its signature is wrong"},
        {{OURS, "CA:TRUE", BOUNDS, NULL, 0, NULL, "never", false}, -EKEYEXPIRED, "time is over"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = "";
        hw_text pem = spell_odd(&rows[i].wish);
        bool is_read = !rows[i].wish.until || is_readable(pem);
        int error = hw_authority_check(pem, NOW_S, &why);
        if (error != (is_read ? rows[i].error : -EBADMSG) ||
            !strstr(why, is_read ? rows[i].why : "no certificate in it that can be read"))
            fail_msg("row %zu: %d, %s", i, error, why);
    }
}

static void put_odd_line(void *arg, const char *subject, const char *words)
{
    hw_buffer_put_format(arg, "%s: %s\n", subject, words);
}

HW_TEST(certificate_that_is_odd_is_described_all_the_same)
{
    static const struct {
        odd_wish wish;
        const char *line;
    } rows[] = {
        {{"a", NULL, NULL, NULL, 0, NULL, "never", false}, "valid: never: its times are none\n"},
        {{NULL, NULL, NULL, NULL, 0, NULL, NULL, false}, "subject: (nobody)\n"},
        {{"a", "CA:TRUE", NULL, NULL, 0, NULL, NULL, false}, "authority: yes, for any name\n"},
        {{"a", "CA:TRUE,pathlen:3", NULL, NULL, 0, NULL, NULL, false},
         "authority: yes, of a few others below it, for any name\n"},
        {{"a", "CA:TRUE", NULL, "\x0a\0\0\0\xff\0\xff\0", 8, NULL, NULL, false},
         "permitted: 10.0.0.0/(a mask with holes)\n"},
        {{"a", "CA:TRUE", NULL, "\x0a\0\0\0\xff\xff\xff\xff", 8, NULL, NULL, false},
         "permitted: 10.0.0.0/32\n"},
        {{"a", "CA:TRUE", NULL, "\x0a\0\0\0\xff", 5, NULL, NULL, false}, "permitted: other\n"},
        {{"a", "CA:TRUE", NULL, "\x0a\0\0\0\xff\0", 6, NULL, NULL, false}, "permitted: other\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char told[16 * 1024];
        hw_buffer words = HW_BUFFER_OVER(told);
        hw_text pem = spell_odd(&rows[i].wish);
        bool is_read = !rows[i].wish.until || is_readable(pem);
        int error = hw_certificate_tell(pem, NOW_S, put_odd_line, &words);
        assert_int_equal(error, is_read ? 0 : -EBADMSG);
        if (!is_read)
            continue;
        assert_non_null(hw_buffer_string(&words));
        if (!strstr(told, rows[i].line))
            fail_msg("row %zu: %s", i, told);
    }
}

HW_TEST(certificate_of_too_many_names_is_cut_where_it_is_described)
{
    char list[8 * 1024], told[32 * 1024];
    hw_buffer names = HW_BUFFER_OVER(list), words = HW_BUFFER_OVER(told);
    hw_names old = {.count = 0};
    hw_arena arena;
    for (int i = 0; i < HW_CERTIFICATE_NAMES_MAX + 6; i++)
        hw_buffer_put_format(&names,
                             "%sDNS:%03d.a-name-that-is-about-as-long-as-such-names-can-be"
                             ".and-then-some-more.test",
                             i ? "," : "", i);
    const odd_wish wish = {.title = "a", .names = hw_buffer_string(&names)};
    hw_text pem = spell_odd(&wish);
    assert_int_equal(hw_certificate_tell(pem, NOW_S, put_odd_line, &words), 0);
    const char *said = strstr(hw_buffer_string(&words), "names: 000.a-name");
    assert_non_null(said);
    assert_int_equal(strncmp(strchr(said, '\n') - 4, " ...", 4), 0);
    hw_arena_init(&arena, 1024, 256 * 1024);
    HW_NEED_OK(hw_certificate_tell_names(pem, &arena, &old));
    assert_int_equal(old.count, HW_CERTIFICATE_NAMES_MAX);
    hw_arena_fini(&arena);
}

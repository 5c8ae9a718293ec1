/* Each allocation of OpenSSL's fails in turn in the parts that a server of TLS is made of: a whole server
 * has too many to fail all of them. What must hold: it is told, and with memory the next attempt succeeds. */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/certificate.h"
#include "net/ticket.h"
#include "tls/memory.h"
#include "unit/net/tls_rig.h"

#define NOW_S INT64_C(1800000000)

/* Whatever fails has failed because of the memory. */
static void assert_is_well(bool is_well)
{
    if (!is_well && !tls_memory_is_struck())
        fail_msg("it fails, and there is memory");
}

static void derive_tickets(void *arg)
{
    static const unsigned char secret[HW_TICKET_SECRET_BYTES] = {1, 2, 3};
    static hw_ticket_keys known;
    hw_ticket_keys keys, found;
    hw_tickets tickets;
    bool is_current = false;
    (void)arg;
    hw_tickets_init(&tickets, secret);
    tls_memory_begin();
    bool is_there = hw_tickets_current(&tickets, NOW_S, &keys);
    /* Those of another hour are derived anew. */
    bool is_found =
        is_there && hw_tickets_find(&tickets, NOW_S + 3600, keys.name, &found, &is_current);
    tls_memory_end();
    assert_is_well(is_there && is_found);
    if (is_found)
        assert_false(is_current);
    assert_true(hw_tickets_current(&tickets, NOW_S, &keys));
    if (!tls_memory_is_struck())
        known = keys;
    assert_memory_equal(&keys, &known, sizeof keys);
    hw_tickets_fini(&tickets);
}

HW_LONG_TEST(tls_memory_of_tickets)
{
    tls_memory_forgive(true);
    assert_true(tls_memory_fail_each(derive_tickets, NULL, 100) > 10);
    tls_memory_forgive(false);
}

/* A certificate with its key in a file, whose authority is one of the system's. */
typedef struct parts_place {
    hw_test_folder folder;
    char file[128], key[128], ocsp[128], known[128];
    hw_tls_certificate files;
    hw_tls_keys keys;
    pki_certificate *authority, *leaf;
    size_t warnings;
} parts_place;

static void open_parts(parts_place *place, pki_key_kind kind)
{
    *place = (parts_place){.files = {place->file, place->key, NULL}};
    hw_test_folder_init(&place->folder);
    snprintf(place->file, sizeof place->file, "%s/file", place->folder.path);
    snprintf(place->key, sizeof place->key, "%s/key", place->folder.path);
    snprintf(place->ocsp, sizeof place->ocsp, "%s/ocsp", place->folder.path);
    snprintf(place->known, sizeof place->known, "%s/known", place->folder.path);
    place->authority = pki_issue(&(pki_wish){.subject = "known here", .is_ca = true});
    place->leaf =
        pki_issue(&(pki_wish){.names = "a.test", .issuer = place->authority, .kind = kind});
    pki_write(place->file, place->leaf);
    pki_write_key(place->key, place->leaf);
    pki_write(place->known, place->authority);
    pki_write_status(place->ocsp,
                     &(pki_status){place->leaf, place->authority, 1000, 4000000000, false});
    assert_true(hw_tls_keys_init(&place->keys));
}

static void close_parts(parts_place *place)
{
    hw_tls_keys_fini(&place->keys);
    pki_free(place->leaf);
    pki_free(place->authority);
    hw_test_folder_fini(&place->folder);
}

static void load_certificate(void *arg)
{
    parts_place *place = arg;
    hw_arena arena;
    hw_tls_signer_local local;
    hw_certificate loaded = {0};
    hw_fault fault = {0};
    hw_arena_init(&arena, 4096, SIZE_MAX / 2);
    hw_tls_signer_local_init(&local, 1);
    const hw_certificate_keys keys = {&place->keys, &local.signer, &local};
    tls_memory_begin();
    int error = hw_certificate_load(&keys, &place->files, &arena, NOW_S, &fault, &loaded);
    tls_memory_end();
    assert_is_well(error == 0);
    if (error < 0) {
        assert_int_equal(fault.error, -error);
        assert_true(strlen(fault.what) > 0);
        assert_null(loaded.leaf);
    }
    hw_certificate_fini(&loaded);
    hw_tls_signer_local_fini(&local);
    hw_arena_fini(&arena);
}

HW_LONG_TEST(tls_memory_of_a_certificate)
{
    parts_place place;
    open_parts(&place, PKI_EC);
    place.files.ocsp_file = place.ocsp;
    tls_memory_forgive(true);
    assert_true(tls_memory_fail_each(load_certificate, &place, 150) > 200);
    tls_memory_forgive(false);
    close_parts(&place);
}

static void count_warning(void *arg, hw_sink_kind kind, const void *item)
{
    const hw_fault *fault = item;
    assert_int_equal(kind, HW_SINK_FAULT);
    assert_int_equal(fault->error, EKEYREJECTED);
    ((parts_place *)arg)->warnings++;
}

static void judge_chain(void *arg)
{
    parts_place *place = arg;
    const hw_certificate certificate = {
        .leaf = place->leaf->x509, .file = place->file, .until_s = 4000000000};
    const hw_sink sink = {.take = count_warning, .arg = place};
    place->warnings = 0;
    tls_memory_begin();
    hw_certificate_warn(&certificate, NOW_S, &sink);
    tls_memory_end();
    assert_is_well(place->warnings == 0);
    assert_true(place->warnings <= 1);
}

/* Nothing is refused because of it: there may be one warning too many. */
HW_LONG_TEST(tls_memory_of_what_the_system_knows)
{
    parts_place place;
    open_parts(&place, PKI_EC);
    assert_int_equal(setenv("SSL_CERT_FILE", place.known, 1), 0);
    assert_int_equal(setenv("SSL_CERT_DIR", "/nowhere", 1), 0);
    tls_memory_forgive(true);
    assert_true(tls_memory_fail_each(judge_chain, &place, 60) > 100);
    tls_memory_forgive(false);
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    assert_int_equal(unsetenv("SSL_CERT_DIR"), 0);
    close_parts(&place);
}

static void sign_words(void *arg)
{
    const hw_tls_signer *signer = arg;
    static const struct {
        char key;
        hw_tls_scheme scheme;
        size_t bytes;
    } rows[] = {{'r', HW_TLS_RSA_PSS_SHA256, 32},
                {'r', HW_TLS_RSA_PKCS1_SHA256, 32},
                {'c', HW_TLS_ECDSA_SHA256, 32},
                {'d', HW_TLS_ED25519, 5}};
    static const char words[32] = "what is signed";
    for (size_t i = 0; i < ROWS(rows); i++) {
        unsigned char memory[1024];
        size_t length = 7777;
        hw_tls_wish wish = {.scheme = rows[i].scheme, .signs = {words, rows[i].bytes}};
        memset(wish.key, rows[i].key, sizeof wish.key);
        tls_memory_begin();
        int error = signer->sign(signer->arg, &wish, memory, sizeof memory, &length);
        tls_memory_end();
        assert_is_well(error == 0);
        assert_true(error <= 0 && (error == 0) == (length != 7777));
    }
}

HW_LONG_TEST(tls_memory_of_signatures)
{
    static const struct {
        char name;
        pki_key_kind kind;
    } kinds[] = {{'r', PKI_RSA}, {'c', PKI_EC}, {'d', PKI_ED25519}};
    parts_place places[ROWS(kinds)];
    hw_tls_signer_local local;
    hw_arena arena;
    hw_arena_init(&arena, 4096, SIZE_MAX / 2);
    hw_tls_signer_local_init(&local, 1);
    for (size_t i = 0; i < ROWS(kinds); i++) {
        unsigned char name[HW_TLS_KEY_NAME_BYTES];
        hw_fault fault = {0};
        memset(name, kinds[i].name, sizeof name);
        open_parts(&places[i], kinds[i].kind);
        HW_NEED_OK(hw_tls_signer_local_load(&local, &places[i].files, places[i].leaf->key, name,
                                            &arena, &fault));
    }
    tls_memory_forgive(true);
    assert_true(tls_memory_fail_each(sign_words, &local.signer, 100) > 20);
    tls_memory_forgive(false);
    hw_tls_signer_local_fini(&local);
    hw_arena_fini(&arena);
    for (size_t i = 0; i < ROWS(kinds); i++)
        close_parts(&places[i]);
}

/* The same server again and again, up to its certificate, which is not there. */
static void set_up_server(void *arg)
{
    const tls_rig *rig = arg;
    hw_tls *tls = NULL;
    hw_fault fault = {0};
    tls_memory_begin();
    int error = hw_tls_new(&rig->setup, &fault, &tls);
    tls_memory_end();
    assert_null(tls);
    assert_int_equal(fault.error, -error);
    assert_is_well(error == -ENOENT);
    if (error == -ENOENT)
        assert_string_equal(fault.where, "/nowhere");
}

/* The table of ciphers and the like take thousands; what we set comes behind them. */
HW_LONG_TEST(tls_memory_of_a_servers_policy)
{
    enum { OURS = 400 };
    tls_rig rig;
    parts_place place;
    static const hw_tls_certificate missing = {"/nowhere", "/nowhere", NULL};
    open_parts(&place, PKI_EC);
    tls_rig_init(&rig);
    rig.setup = (hw_tls_setup){.certificates = &missing,
                               .certificate_count = 1,
                               .clients = HW_TLS_CLIENTS_MUST,
                               .client_ca_file = place.known,
                               .ticket_secret = HW_TEXT("a secret that is long enough for it")};
    tls_memory_forgive(true);
    assert_true(tls_memory_fail_each(set_up_server, &rig, OURS) > OURS);
    tls_memory_forgive(false);
    tls_rig_fini(&rig);
    close_parts(&place);
}

static void open_stream(void *arg)
{
    tls_rig *rig = arg;
    hw_stream *below, *stream = NULL;
    hw_pipe *pipe;
    HW_NEED_OK(hw_pipe_new(TLS_RIG_WIDE, &pipe, &below));
    tls_memory_begin();
    int error = hw_tls_open(rig->tls, rig->pool, below, &stream);
    tls_memory_end();
    assert_is_well(error == 0);
    if (error < 0) {
        assert_int_equal(error, -ENOMEM);
        assert_null(stream);
        assert_true(hw_pipe_is_ended(pipe) || hw_pipe_is_broken_off(pipe));
    } else {
        stream->ops->close(stream);
    }
    hw_pipe_close(pipe);
    assert_int_equal(hw_budget_used(&rig->budget), 0);
}

HW_LONG_TEST(tls_memory_of_a_connection)
{
    tls_rig rig;
    tls_rig_init(&rig);
    tls_rig_start(&rig);
    tls_memory_forgive(true);
    assert_true(tls_memory_fail_each(open_stream, &rig, 100) > 5);
    tls_memory_forgive(false);
    tls_rig_fini(&rig);
}

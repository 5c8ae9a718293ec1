#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "unit/net/tls_rig.h"

/* Servers that ask, and clients that show. OpenSSL judges by the system's own clock. */
typedef struct client_place {
    tls_rig rig;
    char ca_file[128];
    pki_certificate *ca, *other_ca;
} client_place;

static void open_place(client_place *place, hw_tls_clients clients)
{
    *place = (client_place){0};
    tls_rig_init(&place->rig);
    snprintf(place->ca_file, sizeof place->ca_file, "%s/ca", place->rig.folder.path);
    place->ca = pki_issue(&(pki_wish){.subject = "CA of clients", .is_ca = true});
    place->other_ca = pki_issue(&(pki_wish){.subject = "CA of others", .is_ca = true});
    pki_write(place->ca_file, place->ca);
    place->rig.setup.clients = clients;
    place->rig.setup.client_ca_file = place->ca_file;
    tls_rig_start(&place->rig);
}

static void close_place(client_place *place)
{
    pki_free(place->ca);
    pki_free(place->other_ca);
    tls_rig_fini(&place->rig);
}

/* 0, or what the server's handshake came to. In TLS 1.3 a client learns only later that it is
 * refused. */
static int shake(client_place *place, const pki_certificate *shown, int version)
{
    const tls_client_wish wish = {.name = "a.test", .shown = shown, .newest = version};
    tls_rig_connect(&place->rig, &wish, TLS_RIG_WIDE);
    (void)tls_rig_shake(&place->rig, SIZE_MAX);
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    return place->rig.handshake;
}

static void assert_taken(client_place *place, const pki_certificate *shown, const char *name)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        assert_int_equal(shake(place, shown, version), 0);
        assert_text(hw_tls_facts_client(place->rig.server->ops->facts(place->rig.server)), name);
    }
}

static void assert_not_taken(client_place *place, const pki_certificate *shown, int alert)
{
    char byte;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        int error = shake(place, shown, version);
        assert_true(error < 0 && error != -EAGAIN);
        (void)tls_client_read(place->rig.client, &byte, 1);
        int expected = alert >= 0                  ? alert
                       : version == TLS1_3_VERSION ? SSL_AD_CERTIFICATE_REQUIRED
                                                   : SSL_AD_HANDSHAKE_FAILURE;
        assert_int_equal(tls_client_alert(place->rig.client), expected);
    }
}

static pki_certificate *issue(const client_place *place, const char *subject)
{
    return pki_issue(&(pki_wish){.subject = subject, .issuer = place->ca});
}

HW_TEST(tls_client_shows_a_good_certificate)
{
    static const hw_tls_clients asking[] = {HW_TLS_CLIENTS_MAY, HW_TLS_CLIENTS_MUST};
    for (size_t i = 0; i < ROWS(asking); i++) {
        client_place place;
        open_place(&place, asking[i]);
        pki_certificate *alice = issue(&place, "alice");
        assert_taken(&place, alice, "CN=alice");
        pki_free(alice);
        close_place(&place);
    }
}

HW_TEST(tls_client_shows_nothing)
{
    client_place place;
    open_place(&place, HW_TLS_CLIENTS_MAY);
    assert_taken(&place, NULL, "");
    close_place(&place);
    open_place(&place, HW_TLS_CLIENTS_MUST);
    assert_not_taken(&place, NULL, -1);
    close_place(&place);
}

HW_TEST(tls_client_is_not_asked)
{
    tls_rig rig;
    tls_rig_init(&rig);
    tls_rig_start(&rig);
    pki_certificate *alice = pki_issue(&(pki_wish){.subject = "alice"});
    tls_rig_open(&rig, &(tls_client_wish){.shown = alice}, TLS_RIG_WIDE);
    assert_text(hw_tls_facts_client(rig.server->ops->facts(rig.server)), "");
    pki_free(alice);
    tls_rig_fini(&rig);
}

/* Even where none need be shown. */
HW_LONG_TEST(tls_client_shows_a_bad_certificate)
{
    static const hw_tls_clients asking[] = {HW_TLS_CLIENTS_MAY, HW_TLS_CLIENTS_MUST};
    int64_t now_s = time(NULL);
    for (size_t i = 0; i < ROWS(asking); i++) {
        client_place place;
        open_place(&place, asking[i]);
        const struct {
            pki_wish wish;
            int alert;
        } rows[] = {
            {{.subject = "CA of clients"}, SSL_AD_UNKNOWN_CA}, /* itself, by that name */
            {{.subject = "a stranger", .issuer = place.other_ca}, SSL_AD_UNKNOWN_CA},
            {{.subject = "old", .issuer = place.ca, .until_s = now_s - 10},
             SSL_AD_CERTIFICATE_EXPIRED},
            {{.subject = "early", .issuer = place.ca, .since_s = now_s + 1000},
             SSL_AD_BAD_CERTIFICATE},
        };
        for (size_t row = 0; row < ROWS(rows); row++) {
            pki_certificate *shown = pki_issue(&rows[row].wish);
            assert_not_taken(&place, shown, rows[row].alert);
            pki_free(shown);
        }
        close_place(&place);
    }
}

/* Who has been issued one cannot issue any himself. */
HW_TEST(tls_client_is_no_authority)
{
    client_place place;
    open_place(&place, HW_TLS_CLIENTS_MUST);
    pki_certificate *alice = issue(&place, "alice"),
                    *forged = pki_issue(&(pki_wish){.subject = "root", .issuer = alice});
    const tls_client_wish wish = {.shown = forged};
    tls_rig_connect(&place.rig, &wish, TLS_RIG_WIDE);
    assert_int_equal(SSL_add1_chain_cert(tls_client_ssl(place.rig.client), alice->x509), 1);
    (void)tls_rig_shake(&place.rig, SIZE_MAX);
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    assert_true(place.rig.handshake < 0);
    pki_free(alice);
    pki_free(forged);
    close_place(&place);
}

/* Names are written so that they cannot be taken for others (RFC 4514 2.4), and have an end. */
HW_TEST(tls_client_has_a_name_that_is_safe)
{
    client_place place;
    open_place(&place, HW_TLS_CLIENTS_MUST);
    pki_certificate *comma = issue(&place, "a,O=b\n\x01"), *accent = issue(&place, "\u00e9");
    assert_taken(&place, comma, "CN=a\\,O=b\\0A\\01");
    assert_taken(&place, accent, "CN=\\C3\\A9");
    pki_free(comma);
    pki_free(accent);
    close_place(&place);
}

/* "OU=...,OU=...,CN=alice", its last unit of so many letters, signed again by the CA. */
static pki_certificate *issue_long(const client_place *place, int last)
{
    static const unsigned char letters[] =
        "oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo";
    pki_certificate *made = issue(place, "alice");
    X509_NAME *name = X509_get_subject_name(made->x509);
    for (int i = 0; i < 16; i++) /* 15 of 64 letters with their name and comma */
        assert_int_equal(X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC, letters,
                                                    i < 15 ? 60 : last, -1, 0),
                         1);
    assert_true(X509_sign(made->x509, place->ca->key, EVP_sha256()) > 0);
    return made;
}

HW_TEST(tls_client_has_a_name_of_a_thousand_bytes)
{
    client_place place;
    open_place(&place, HW_TLS_CLIENTS_MUST);
    pki_certificate *made = issue_long(&place, 28);
    assert_int_equal(shake(&place, made, 0), 0);
    assert_int_equal(place.rig.handshake, 0);
    hw_text name = hw_tls_facts_client(place.rig.server->ops->facts(place.rig.server));
    assert_int_equal(name.length, 1000);
    assert_memory_equal(name.at, "OU=ooo", 6);
    assert_memory_equal(name.at + 992, "CN=alice", 8);
    pki_free(made);
    close_place(&place);
}

/* Cut off it might be another client's. */
HW_TEST(tls_client_with_a_longer_name_is_refused)
{
    client_place place;
    open_place(&place, HW_TLS_CLIENTS_MUST);
    pki_certificate *made = issue_long(&place, 29);
    (void)shake(&place, made, 0);
    assert_true(place.rig.handshake < 0 && place.rig.handshake != -EAGAIN);
    pki_free(made);
    close_place(&place);
}

HW_TEST(tls_client_is_remembered_by_the_session)
{
    char memory[16];
    hw_buffer heard = HW_BUFFER_OVER(memory);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        client_place place;
        open_place(&place, HW_TLS_CLIENTS_MUST);
        pki_certificate *alice = issue(&place, "alice");
        assert_int_equal(shake(&place, alice, version), 0);
        (void)tls_rig_hear(&place.rig, &heard);
        SSL_SESSION *session = tls_client_session(place.rig.client);
        assert_int_equal(SSL_SESSION_up_ref(session), 1);
        const tls_client_wish wish = {.name = "a.test", .session = session, .newest = version};
        tls_rig_open(&place.rig, &wish, TLS_RIG_WIDE);
        SSL_SESSION_free(session);
        assert_true(SSL_session_reused(tls_client_ssl(place.rig.client)));
        assert_text(hw_tls_facts_client(place.rig.server->ops->facts(place.rig.server)),
                    "CN=alice");
        pki_free(alice);
        close_place(&place);
    }
}

HW_TEST(tls_authorities_of_clients_are_read_or_named)
{
    static const char bad[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    static const struct {
        const char *words;
        int error;
    } rows[] = {{"", EINVAL}, {"nothing", EINVAL}, {bad, EINVAL}, {NULL, ENOENT}};
    client_place place;
    open_place(&place, HW_TLS_CLIENTS_MUST);
    for (size_t i = 0; i <= ROWS(rows); i++) {
        hw_tls *tls = NULL;
        hw_fault fault = {0};
        int expected = i < ROWS(rows) ? rows[i].error : EINVAL;
        if (i == ROWS(rows)) { /* a damaged one behind a good one */
            FILE *file;
            pki_write(place.ca_file, place.ca);
            assert_non_null(file = fopen(place.ca_file, "a"));
            assert_true(fputs(bad, file) >= 0);
            assert_int_equal(fclose(file), 0);
        } else if (rows[i].words) {
            hw_test_folder_write(&place.rig.folder, "ca", rows[i].words);
        } else {
            assert_int_equal(remove(place.ca_file), 0);
        }
        int error = hw_tls_new(&place.rig.setup, &fault, &tls);
        if (error == -ENOMEM)
            hw_test_out_of_memory();
        assert_int_equal(error, -expected);
        assert_string_equal(fault.where, place.ca_file);
        assert_null(tls);
    }
    place.rig.setup.client_ca_file = "/dev/zero";
    hw_fault fault = {0};
    hw_tls *tls = NULL;
    int error = hw_tls_new(&place.rig.setup, &fault, &tls);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -EFBIG);
    assert_string_equal(fault.what, "is longer than 4194304 bytes");
    close_place(&place);
}

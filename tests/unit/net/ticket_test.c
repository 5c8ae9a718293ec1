#include "net/ticket.h"

#include <stdio.h>
#include <string.h>

#include "seam/seam.h"
#include "unit/net/tls_rig.h"

#define NS_PER_S INT64_C(1000000000)
#define HOUR_S INT64_C(3600)
#define SECRET "a secret that is long enough for it all"

static const unsigned char secret_a[HW_TICKET_SECRET_BYTES] = {1, 2, 3},
                           secret_b[HW_TICKET_SECRET_BYTES] = {1, 2, 4};

static hw_ticket_keys keys_at(hw_tickets *tickets, int64_t hour)
{
    hw_ticket_keys keys;
    assert_true(hw_tickets_current(tickets, hour * HOUR_S, &keys));
    return keys;
}

HW_TEST(ticket_keys_are_of_the_secret_and_the_hour)
{
    hw_tickets a, twin, b;
    hw_ticket_keys keys;
    hw_tickets_init(&a, secret_a);
    hw_tickets_init(&twin, secret_a);
    hw_tickets_init(&b, secret_b);
    hw_ticket_keys first = keys_at(&a, 500000), next = keys_at(&a, 500001),
                   same = keys_at(&twin, 500000), other = keys_at(&b, 500000);
    assert_memory_equal(&first, &same, sizeof first);
    assert_memory_not_equal(first.name, next.name, sizeof first.name);
    assert_memory_not_equal(first.encryption, next.encryption, sizeof first.encryption);
    assert_memory_not_equal(first.signature, next.signature, sizeof first.signature);
    assert_memory_not_equal(first.name, other.name, sizeof first.name);
    assert_memory_not_equal(first.encryption, other.encryption, sizeof first.encryption);
    assert_memory_not_equal(first.signature, other.signature, sizeof first.signature);
    assert_memory_not_equal(first.encryption, first.signature, sizeof first.encryption);
    assert_true(hw_tickets_current(&a, 500000 * HOUR_S + HOUR_S - 1, &keys));
    assert_memory_equal(&first, &keys, sizeof first);
    hw_tickets_fini(&a);
    hw_tickets_fini(&twin);
    hw_tickets_fini(&b);
}

HW_TEST(ticket_keys_are_found_as_long_as_a_session_lives)
{
    static const struct {
        int64_t later; /* hours */
        bool is_found, is_current;
    } rows[] = {
        {-2, false, false}, /* our clock is two hours behind */
        {-1, true, true},   {0, true, true},   {1, true, false},
        {2, true, false},   {3, false, false}, {1000, false, false},
    };
    hw_tickets issuer, reader;
    hw_tickets_init(&issuer, secret_a);
    hw_tickets_init(&reader, secret_a);
    hw_ticket_keys issued = keys_at(&issuer, 500000), keys;
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool is_current = false;
        bool is_found = hw_tickets_find(&reader, (500000 + rows[i].later) * HOUR_S, issued.name,
                                        &keys, &is_current);
        if (is_found != rows[i].is_found || is_current != rows[i].is_current)
            fail_msg("after %d hours", (int)rows[i].later);
        if (is_found)
            assert_memory_equal(&keys, &issued, sizeof keys);
    }
    hw_tickets_fini(&issuer);
    hw_tickets_fini(&reader);
}

HW_TEST(ticket_secret_is_forgotten)
{
    hw_tickets tickets;
    static const hw_tickets nothing;
    hw_tickets_init(&tickets, secret_a);
    (void)keys_at(&tickets, 1);
    hw_tickets_fini(&tickets);
    assert_memory_equal(tickets.secret, nothing.secret, sizeof nothing.secret);
    assert_memory_equal(tickets.keys, nothing.keys, sizeof nothing.keys);
}

/* Sessions. */

/* A client is served by a first server; takes its session along. */
static SSL_SESSION *begin_session(tls_rig *rig, int version)
{
    char memory[64];
    hw_buffer heard = HW_BUFFER_OVER(memory);
    tls_rig_open(rig, &(tls_client_wish){.name = "a.test", .newest = version}, TLS_RIG_WIDE);
    assert_int_equal(tls_rig_write(rig, HW_TEXT("hi")), 2);
    (void)tls_rig_hear(rig, &heard);
    SSL_SESSION *session = tls_client_session(rig->client);
    assert_non_null(session);
    assert_int_equal(SSL_SESSION_up_ref(session), 1);
    return session;
}

static bool is_resumed(tls_rig *rig, SSL_SESSION *session)
{
    const tls_client_wish wish = {
        .name = "a.test", .session = session, .newest = SSL_SESSION_get_protocol_version(session)};
    tls_rig_open(rig, &wish, TLS_RIG_WIDE);
    tls_rig_say(rig, "hello");
    tls_rig_expect(rig, "hello");
    return SSL_session_reused(tls_client_ssl(rig->client));
}

static void start_with_secret(tls_rig *rig, hw_text secret)
{
    tls_rig_init(rig);
    rig->setup.ticket_secret = secret;
    tls_rig_start(rig);
}

static void check_versions(void (*check)(int version))
{
    check(TLS1_2_VERSION);
    check(TLS1_3_VERSION);
}

static void check_sharing(int version)
{
    tls_rig first, second, stranger, loner;
    start_with_secret(&first, HW_TEXT(SECRET));
    start_with_secret(&second, HW_TEXT(SECRET));
    start_with_secret(&stranger, HW_TEXT("another secret that is long enough"));
    start_with_secret(&loner, HW_TEXT(""));
    SSL_SESSION *session = begin_session(&first, version);
    assert_true(is_resumed(&first, session));
    assert_true(is_resumed(&second, session));
    assert_false(is_resumed(&stranger, session));
    assert_false(is_resumed(&loner, session));
    SSL_SESSION_free(session);
    session = begin_session(&loner, version);
    assert_true(is_resumed(&loner, session));
    assert_false(is_resumed(&first, session));
    SSL_SESSION_free(session);
    tls_rig_fini(&first);
    tls_rig_fini(&second);
    tls_rig_fini(&stranger);
    tls_rig_fini(&loner);
}

HW_TEST(ticket_is_good_wherever_the_secret_is_the_same)
{
    check_versions(check_sharing);
}

static void check_hours(int version)
{
    tls_rig rig;
    /* The last second of an hour. */
    hw_seam_clock_freeze(NS_PER_S, (500000 * HOUR_S + HOUR_S - 1) * NS_PER_S);
    start_with_secret(&rig, HW_TEXT(""));
    SSL_SESSION *session = begin_session(&rig, version);
    assert_true(is_resumed(&rig, session));
    hw_seam_clock_advance(NS_PER_S); /* the next hour */
    assert_true(is_resumed(&rig, session));
    /* Its ticket is of the hour before: there is a new one, which lives longer. */
    char memory[16];
    hw_buffer heard = HW_BUFFER_OVER(memory);
    (void)tls_rig_hear(&rig, &heard);
    SSL_SESSION *renewed = tls_client_session(rig.client);
    assert_non_null(renewed);
    assert_int_equal(SSL_SESSION_up_ref(renewed), 1);
    hw_seam_clock_advance(2 * HOUR_S * NS_PER_S);
    assert_false(is_resumed(&rig, session));
    assert_true(is_resumed(&rig, renewed));
    SSL_SESSION_free(session);
    SSL_SESSION_free(renewed);
    tls_rig_fini(&rig);
    hw_seam_clock_thaw();
}

HW_TEST(ticket_is_good_for_its_hours)
{
    check_versions(check_hours);
}

/* RFC 8446 C.4: whoever uses each once has another for the next time, without end. */
HW_TEST(ticket_that_is_used_is_followed_by_another)
{
    tls_rig rig;
    start_with_secret(&rig, HW_TEXT(""));
    SSL_SESSION *session = begin_session(&rig, TLS1_3_VERSION);
    for (int i = 0; i < 4; i++) {
        char memory[16];
        hw_buffer heard = HW_BUFFER_OVER(memory);
        assert_true(is_resumed(&rig, session));
        (void)tls_rig_hear(&rig, &heard);
        SSL_SESSION *next = tls_client_session(rig.client);
        assert_non_null(next);
        assert_ptr_not_equal(next, session);
        assert_int_equal(SSL_SESSION_up_ref(next), 1);
        SSL_SESSION_free(session);
        session = next;
    }
    SSL_SESSION_free(session);
    tls_rig_fini(&rig);
}

/* Whoever changes one bit of it has none. */
HW_LONG_TEST(ticket_that_was_changed_is_none)
{
    tls_rig rig;
    const unsigned char *ticket;
    size_t length;
    start_with_secret(&rig, HW_TEXT(""));
    SSL_SESSION *session = begin_session(&rig, TLS1_2_VERSION);
    SSL_SESSION_get0_ticket(session, &ticket, &length);
    for (size_t at = 0; at < length; at += 7) {
        ((unsigned char *)ticket)[at] ^= 0x10;
        assert_false(is_resumed(&rig, session));
        ((unsigned char *)ticket)[at] ^= 0x10;
    }
    assert_true(is_resumed(&rig, session));
    SSL_SESSION_free(session);
    tls_rig_fini(&rig);
}

/* A server whose demands on clients are others takes none of it. */
HW_TEST(ticket_is_bound_to_what_is_asked_of_clients)
{
    tls_rig open, asking, other;
    char path[128];
    start_with_secret(&open, HW_TEXT(SECRET));
    tls_rig *const rigs[] = {&asking, &other};
    for (size_t i = 0; i < 2; i++) {
        pki_certificate *ca = pki_issue(&(pki_wish){.subject = "CA", .is_ca = true});
        tls_rig_init(rigs[i]);
        rigs[i]->setup.ticket_secret = HW_TEXT(SECRET);
        rigs[i]->setup.clients = HW_TLS_CLIENTS_MAY;
        /* The same path, when both come to their certificates. */
        snprintf(path, sizeof path, "%s/ca", asking.folder.path);
        rigs[i]->setup.client_ca_file = path;
        pki_write(path, ca);
        pki_free(ca);
        tls_rig_start(rigs[i]);
    }
    SSL_SESSION *session = begin_session(&open, TLS1_3_VERSION);
    assert_true(is_resumed(&open, session));
    assert_false(is_resumed(&asking, session));
    SSL_SESSION_free(session);
    session = begin_session(&asking, TLS1_3_VERSION);
    assert_true(is_resumed(&asking, session));
    assert_false(is_resumed(&open, session));
    /* Another vouches for clients there, though the file has the same name. */
    assert_false(is_resumed(&other, session));
    SSL_SESSION_free(session);
    tls_rig_fini(&open);
    tls_rig_fini(&asking);
    tls_rig_fini(&other);
}

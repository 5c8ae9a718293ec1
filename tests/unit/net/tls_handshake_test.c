#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "seam/seam.h"
#include "unit/net/tls_rig.h"

#define NS_PER_S INT64_C(1000000000)

static const tls_client_wish anybody = {.name = "a.test"};
static const tls_client_wish of_1_2 = {.name = "a.test", .newest = TLS1_2_VERSION};

/* A handshake in which an injected failure may have struck has no result that could be told. */
static int shake(tls_rig *rig, const tls_client_wish *wish, size_t room, size_t piece)
{
    tls_rig_connect(rig, wish, room);
    int result = tls_rig_shake(rig, piece);
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    return result;
}

static void start(tls_rig *rig)
{
    tls_rig_init(rig);
    tls_rig_start(rig);
}

static void assert_talks(tls_rig *rig)
{
    char memory[16];
    hw_buffer heard = HW_BUFFER_OVER(memory);
    tls_rig_say(rig, "ping");
    tls_rig_expect(rig, "ping");
    size_t sent = 0;
    for (int i = 0; i < 1000 && sent < 4; i++) {
        ssize_t count = tls_rig_write(rig, hw_text_from(HW_TEXT("pong"), sent));
        if (count == -EAGAIN)
            (void)tls_rig_hear(rig, &heard);
        else
            HW_NEED_OK(count);
        sent += count > 0 ? (size_t)count : 0;
    }
    (void)tls_rig_hear(rig, &heard);
    assert_text(hw_buffer_text(&heard), "pong");
}

HW_TEST(tls_handshake_comes_to_facts)
{
    static const struct {
        const char *version, *cipher;
        int newest;
    } rows[] = {{"TLSv1.3", "TLS_AES_128_GCM_SHA256", 0},
                {"TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", TLS1_2_VERSION}};
    tls_rig rig;
    start(&rig);
    for (size_t i = 0; i < ROWS(rows); i++) {
        tls_rig_connect(&rig, &(tls_client_wish){.name = "a.test", .newest = rows[i].newest},
                        TLS_RIG_WIDE);
        assert_false(rig.server->is_secure);
        assert_null(rig.server->ops->facts(rig.server));
        int result = tls_rig_shake(&rig, SIZE_MAX);
        if (hw_test_is_struck())
            hw_test_out_of_memory();
        assert_int_equal(result, 0);
        assert_int_equal(rig.handshake, 0);
        assert_true(rig.server->is_secure);
        assert_true(rig.server->readable && rig.server->writable);
        const hw_tls_facts *facts = rig.server->ops->facts(rig.server);
        assert_text(hw_tls_facts_version(facts), rows[i].version);
        assert_text(hw_tls_facts_cipher(facts), rows[i].cipher);
        assert_text(hw_tls_facts_client(facts), "");
        assert_int_equal(hw_tls_facts_protocol(facts), HW_TLS_HTTP1);
        assert_true(hw_tls_facts_serves(facts, HW_TEXT("a.test")));
        assert_talks(&rig);
    }
    tls_rig_fini(&rig);
}

/* However the bytes are cut and however narrow the pipe is. */
HW_LONG_TEST(tls_handshake_does_not_mind_how_bytes_come)
{
    static const size_t pieces[] = {SIZE_MAX, 1, 2, 3, 5, 61, 1000},
                        rooms[] = {TLS_RIG_WIDE, 1, 61, 5 * 1024};
    tls_rig rig;
    start(&rig);
    for (size_t room = 0; room < ROWS(rooms); room++)
        for (size_t piece = 0; piece < ROWS(pieces); piece++) {
            const tls_client_wish *wish = piece % 2 ? &of_1_2 : &anybody;
            if (shake(&rig, wish, rooms[room], pieces[piece]) != 0 || rig.handshake != 0)
                fail_msg("room %zu, pieces of %zu: %d", rooms[room], pieces[piece], rig.handshake);
            assert_talks(&rig);
        }
    tls_rig_fini(&rig);
}

HW_LONG_TEST(tls_handshake_at_random_splits)
{
    tls_rig rig;
    uint32_t seed = 0x8446;
    start(&rig);
    for (int round = 0; round < 60; round++) {
        int result = -EAGAIN;
        bool is_any = true;
        tls_rig_connect(&rig, round % 2 ? &anybody : &of_1_2, round % 3 ? TLS_RIG_WIDE : 100);
        while (is_any || result == -EAGAIN) {
            if (rig.handshake == -EAGAIN)
                rig.handshake = rig.server->ops->handshake(rig.server);
            if (result == -EAGAIN)
                result = tls_client_shake(rig.client);
            seed = seed * 1103515245 + 12345;
            is_any = tls_rig_carry(&rig, 1 + (seed >> 8) % 400, 1 + (seed >> 16) % 400);
        }
        assert_int_equal(result, 0);
        assert_int_equal(rig.handshake, 0);
        assert_talks(&rig);
    }
    tls_rig_fini(&rig);
}

/* Lets so many bytes of one side through, then the other end of the pipe is gone. */
static bool cut_handshake(tls_rig *rig, const tls_client_wish *wish, bool cuts_client, size_t after,
                          bool is_reset)
{
    size_t left = after;
    bool is_any = true;
    tls_rig_connect(rig, wish, TLS_RIG_WIDE);
    while (is_any && left > 0) {
        if (rig->handshake == -EAGAIN)
            rig->handshake = rig->server->ops->handshake(rig->server);
        (void)tls_client_shake(rig->client);
        size_t out = tls_client_output(rig->client).length, in = hw_pipe_received(rig->pipe).length,
               step = cuts_client ? out : in;
        step = step < left ? step : left;
        is_any = tls_rig_carry(rig, cuts_client ? step : SIZE_MAX, cuts_client ? SIZE_MAX : step);
        left -= step;
    }
    bool is_cut = left == 0;
    if (is_reset)
        hw_pipe_reset(rig->pipe);
    else
        hw_pipe_end_send(rig->pipe);
    if (rig->handshake == -EAGAIN)
        rig->handshake = rig->server->ops->handshake(rig->server);
    assert_int_not_equal(rig->handshake, -EAGAIN);
    char memory[64];
    ssize_t got = rig->server->ops->read(rig->server, memory, sizeof memory);
    assert_true(got <= 0 && got != -EAGAIN);
    return is_cut;
}

HW_LONG_TEST(tls_handshake_that_is_cut_at_any_byte_leaves_nothing)
{
    const tls_client_wish *const wishes[] = {&anybody, &of_1_2};
    tls_rig rig;
    start(&rig);
    for (size_t i = 0; i < ROWS(wishes); i++)
        for (int side = 0; side < 2; side++)
            for (size_t after = 0; cut_handshake(&rig, wishes[i], side, after, after % 2); after++)
                assert_int_equal(hw_budget_used(&rig.budget),
                                 rig.server->is_secure
                                     ? HW_TLS_STREAM_BYTES
                                     : HW_TLS_HANDSHAKE_BYTES + HW_TLS_GREETING_BYTES_MAX);
    tls_rig_fini(&rig);
}

/* As a client that is no longer there: whatever the server still has to say goes nowhere. */
HW_LONG_TEST(tls_handshake_into_a_full_pipe_can_be_given_up)
{
    tls_rig rig;
    start(&rig);
    for (size_t room = 0; room < 1200; room += 13) {
        tls_rig_connect(&rig, &anybody, room);
        (void)tls_client_shake(rig.client);
        tls_rig_carry(&rig, SIZE_MAX, 0);
        assert_int_equal(rig.server->ops->handshake(rig.server), -EAGAIN);
        if (room < 400)
            assert_true(hw_budget_used(&rig.budget) >
                        HW_TLS_HANDSHAKE_BYTES + HW_TLS_GREETING_BYTES_MAX);
        tls_rig_hang_up(&rig);
        assert_int_equal(hw_budget_used(&rig.budget), 0);
    }
    tls_rig_fini(&rig);
}

/* What is no handshake. */

static void assert_fails_with_alert(tls_rig *rig, const tls_client_wish *wish, int alert)
{
    int result = shake(rig, wish, TLS_RIG_WIDE, SIZE_MAX);
    assert_int_equal(result, -EPROTO);
    assert_true(rig->handshake < 0 && rig->handshake != -EAGAIN);
    assert_int_equal(tls_client_alert(rig->client), alert);
    assert_false(rig->server->is_secure);
    assert_null(rig->server->ops->facts(rig->server));
    char byte;
    assert_true(rig->server->ops->read(rig->server, &byte, 1) < 0);
    assert_true(tls_rig_write(rig, HW_TEXT("x")) < 0);
    assert_true(rig->server->ops->send_file(rig->server, 0, 0, 1) < 0);
}

/* RFC 8996 */
HW_TEST(tls_handshake_of_old_versions_is_refused)
{
    static const int versions[] = {TLS1_1_VERSION, TLS1_VERSION};
    tls_rig rig;
    start(&rig);
    for (size_t i = 0; i < ROWS(versions); i++)
        assert_fails_with_alert(&rig,
                                &(tls_client_wish){.oldest = versions[i], .newest = versions[i]},
                                SSL_AD_PROTOCOL_VERSION);
    tls_rig_fini(&rig);
}

HW_TEST(tls_handshake_without_a_cipher_in_common_is_refused)
{
    static const char *const ciphers[] = {
        "AES128-GCM-SHA256",           /* keys that are not agreed on anew */
        "ECDHE-ECDSA-AES128-SHA256",   /* CBC */
        "ECDHE-RSA-AES128-GCM-SHA256", /* there is no certificate of RSA */
    };
    tls_rig rig;
    start(&rig);
    for (size_t i = 0; i < ROWS(ciphers); i++)
        assert_fails_with_alert(&rig,
                                &(tls_client_wish){.newest = TLS1_2_VERSION, .ciphers = ciphers[i]},
                                SSL_AD_HANDSHAKE_FAILURE);
    tls_rig_fini(&rig);
}

HW_TEST(tls_server_has_an_order_of_ciphers)
{
    static const struct {
        const char *wished, *agreed;
    } rows[] = {
        {"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
         "ECDHE-ECDSA-AES128-GCM-SHA256"},
        {"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305",
         "ECDHE-ECDSA-AES256-GCM-SHA384"},
        /* Who wants it most has nothing faster. */
        {"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256",
         "ECDHE-ECDSA-CHACHA20-POLY1305"},
    };
    tls_rig rig;
    start(&rig);
    for (size_t i = 0; i < ROWS(rows); i++) {
        const tls_client_wish wish = {.newest = TLS1_2_VERSION, .ciphers = rows[i].wished};
        assert_int_equal(shake(&rig, &wish, TLS_RIG_WIDE, SIZE_MAX), 0);
        assert_text(hw_tls_facts_cipher(rig.server->ops->facts(rig.server)), rows[i].agreed);
    }
    tls_rig_fini(&rig);
}

/* RFC 7301 3.2 */
HW_LONG_TEST(tls_protocol_is_agreed_on)
{
    static const struct {
        bool offers_h2;
        const char *asked;
        int alert; /* -1: it is agreed */
        hw_tls_protocol protocol;
        const char *said; /* to the client */
    } rows[] = {
        {false, NULL, -1, HW_TLS_HTTP1, ""},
        {false, "\x08http/1.1", -1, HW_TLS_HTTP1, "http/1.1"},
        {false, "\x02h2\x08http/1.1", -1, HW_TLS_HTTP1, "http/1.1"},
        {false, "\x02h2", SSL_AD_NO_APPLICATION_PROTOCOL, HW_TLS_HTTP1, ""},
        {false, "\x08http/1.0\x03\x66tp", SSL_AD_NO_APPLICATION_PROTOCOL, HW_TLS_HTTP1, ""},
        {true, NULL, -1, HW_TLS_HTTP1, ""},
        {true, "\x08http/1.1", -1, HW_TLS_HTTP1, "http/1.1"},
        {true, "\x08http/1.1\x02h2", -1, HW_TLS_H2, "h2"},
        {true, "\x02h3", SSL_AD_NO_APPLICATION_PROTOCOL, HW_TLS_HTTP1, ""},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        tls_rig rig;
        tls_rig_init(&rig);
        rig.setup.offers_h2 = rows[i].offers_h2;
        tls_rig_start(&rig);
        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            const tls_client_wish wish = {.newest = version, .alpn = rows[i].asked};
            const unsigned char *said;
            unsigned length;
            if (rows[i].alert >= 0) {
                assert_fails_with_alert(&rig, &wish, rows[i].alert);
                continue;
            }
            assert_int_equal(shake(&rig, &wish, TLS_RIG_WIDE, SIZE_MAX), 0);
            assert_int_equal(hw_tls_facts_protocol(rig.server->ops->facts(rig.server)),
                             rows[i].protocol);
            SSL_get0_alpn_selected(tls_client_ssl(rig.client), &said, &length);
            assert_text(((hw_text){(const char *)said, length}), rows[i].said);
        }
        tls_rig_fini(&rig);
    }
}

static void send_raw(tls_rig *rig, hw_text bytes)
{
    HW_NEED_OK(hw_pipe_send(rig->pipe, bytes));
}

/* Of the request, what OpenSSL has not looked at: 3.0 looks at all of it, 3.5 at its first bytes. */
static void expect_rest(tls_rig *rig, const char *request)
{
    char memory[64];
    size_t count = 0;
    ssize_t got = 1;
    while (rig->server->readable && got > 0) {
        got = rig->server->ops->read(rig->server, memory + count, sizeof memory - count);
        count += got > 0 ? (size_t)got : 0;
    }
    assert_true(count < strlen(request));
    assert_memory_equal(memory, request + strlen(request) - count, count);
}

/* Who speaks HTTP is answered in HTTP. */
HW_TEST(tls_port_is_spoken_to_in_clear)
{
    tls_rig rig;
    char memory[16];
    start(&rig);
    for (const char *first = "AGZ"; *first; first++) {
        char request[] = "GET / HTTP/1.1\r\n\r\n";
        request[0] = *first;
        tls_rig_connect(&rig, &anybody, TLS_RIG_WIDE);
        assert_int_equal(rig.server->ops->handshake(rig.server), -EAGAIN);
        send_raw(&rig, hw_text_of(request));
        int result = rig.server->ops->handshake(rig.server);
        if (hw_test_is_struck())
            hw_test_out_of_memory();
        assert_int_equal(result, -EPROTONOSUPPORT);
        assert_int_equal(rig.server->ops->handshake(rig.server), -EPROTONOSUPPORT);
        assert_false(rig.server->is_secure);
        assert_int_equal(hw_pipe_received(rig.pipe).length, 0);
        HW_NEED_OK(tls_rig_write(&rig, HW_TEXT("HTTP/1.1 400")));
        assert_text(hw_pipe_received(rig.pipe), "HTTP/1.1 400");
        expect_rest(&rig, request);
        send_raw(&rig, HW_TEXT("more"));
        assert_int_equal(rig.server->ops->read(rig.server, memory, sizeof memory), 4);
        assert_memory_equal(memory, "more", 4);
        assert_int_equal(rig.server->ops->send_file(rig.server, 0, 0, 1), -EPIPE);
        rig.server->ops->end_write(rig.server);
        assert_true(hw_pipe_is_ended(rig.pipe));
        assert_text(hw_pipe_received(rig.pipe), "HTTP/1.1 400"); /* and no alert */
        hw_pipe_end_send(rig.pipe);
        assert_int_equal(rig.server->ops->read(rig.server, memory, sizeof memory), 0);
    }
    tls_rig_fini(&rig);
}

HW_LONG_TEST(tls_port_is_spoken_to_in_noise)
{
    static const hw_text rows[] = {
        HW_TEXT_INIT("\0\0\0\0\0\0\0\0\0\0"),
        HW_TEXT_INIT("get / http/1.1\r\n\r\n"),
        HW_TEXT_INIT("\x16\x03\x01\x00\x00\x16\x03\x01\x00\x00"),
        HW_TEXT_INIT("\x16\x03\x01\xff\xff\x01\x00\x00\x00\x00"),
        HW_TEXT_INIT("\x16\x03\x01\x00\x04\x01\xff\xff\xff\xff"),
        HW_TEXT_INIT("\x17\x03\x03\x00\x05hello"),
        HW_TEXT_INIT("\x15\x03\x03\x00\x02\x02\x28"),
        HW_TEXT_INIT("\x14\x03\x03\x00\x01\x01\x14\x03\x03\x00\x01\x01"),
        HW_TEXT_INIT("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"),
    };
    tls_rig rig;
    start(&rig);
    for (size_t i = 0; i < ROWS(rows); i++)
        for (int at_once = 0; at_once < 2; at_once++) {
            tls_rig_connect(&rig, &anybody, TLS_RIG_WIDE);
            for (size_t at = 0; at < rows[i].length; at++) {
                send_raw(&rig, (hw_text){rows[i].at + at, 1});
                if (!at_once && rig.handshake == -EAGAIN)
                    rig.handshake = rig.server->ops->handshake(rig.server);
            }
            hw_pipe_end_send(rig.pipe);
            if (rig.handshake == -EAGAIN)
                rig.handshake = rig.server->ops->handshake(rig.server);
            if (hw_test_is_struck())
                hw_test_out_of_memory();
            if (rig.handshake >= 0 || rig.handshake == -EAGAIN || rig.handshake == -EPROTONOSUPPORT)
                fail_msg("row %zu: %d", i, rig.handshake);
        }
    tls_rig_fini(&rig);
}

/* A letter behind the first record is no HTTP. */
HW_TEST(tls_handshake_is_not_taken_for_http_later)
{
    tls_rig rig;
    start(&rig);
    tls_rig_connect(&rig, &anybody, TLS_RIG_WIDE);
    (void)tls_client_shake(rig.client);
    send_raw(&rig, hw_text_upto(tls_client_output(rig.client), 40));
    assert_int_equal(rig.server->ops->handshake(rig.server), -EAGAIN);
    for (int i = 0; i < 40; i++)
        send_raw(&rig, HW_TEXT("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"));
    int error = rig.server->ops->handshake(rig.server);
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    assert_int_not_equal(error, -EPROTONOSUPPORT);
    assert_int_not_equal(error, 0);
    tls_rig_fini(&rig);
}

/* Names. */

static const char *shown_subject(tls_rig *rig, char *memory, size_t bytes)
{
    X509 *shown = SSL_get0_peer_certificate(tls_client_ssl(rig->client));
    assert_non_null(shown);
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, memory, (int)bytes);
    return memory;
}

HW_LONG_TEST(tls_certificate_is_chosen_by_name)
{
    static const struct {
        const char *asked, *shown, *serves, *not ;
    } rows[] = {
        {NULL, "a.test", "a.test", "b.test"},
        {"a.test", "a.test", "unknown.test", "x.c.test"},
        {"A.TEST", "a.test", "a.test", "b.test"},
        {"unknown.test", "a.test", "127.0.0.1", "b.test"},
        {"b.test", "b.test", "B.Test", "a.test"},
        {"b.test", "b.test", "www.b.test", "unknown.test"},
        {"x.c.test", "*.c.test", "y.c.test", "c.test"},
        {"x.y.c.test", "a.test", "c.test", "x.c.test"},
    };
    char name[64];
    tls_rig rig;
    tls_rig_init(&rig);
    tls_rig_add_names(&rig, "a.test", PKI_EC);
    tls_rig_add_names(&rig, "b.test www.b.test", PKI_EC);
    tls_rig_add_names(&rig, "*.c.test", PKI_EC);
    tls_rig_start(&rig);
    for (size_t i = 0; i < ROWS(rows); i++)
        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            const tls_client_wish wish = {.name = rows[i].asked, .newest = version};
            assert_int_equal(shake(&rig, &wish, TLS_RIG_WIDE, SIZE_MAX), 0);
            assert_string_equal(shown_subject(&rig, name, sizeof name), rows[i].shown);
            const hw_tls_facts *facts = rig.server->ops->facts(rig.server);
            assert_true(hw_tls_facts_serves(facts, hw_text_of(rows[i].serves)));
            assert_false(hw_tls_facts_serves(facts, hw_text_of(rows[i].not )));
        }
    tls_rig_fini(&rig);
}

/* A session of b.test that is used to call a.test. In TLS 1.3 the client answers for that (RFC 8446 4.6.1).
 * In TLS 1.2 OpenSSL goes on with b.test, where RFC 6066 3 would have it begin anew: then that is
 * whom the connection is for, and a request for a.test is misdirected. */
HW_TEST(tls_session_that_is_resumed_is_for_whom_it_was_begun_with)
{
    static const struct {
        int version;
        const char *called, *serves, *not ;
    } rows[] = {
        {TLS1_2_VERSION, "b.test", "b.test", "a.test"},
        {TLS1_2_VERSION, "a.test", "b.test", "a.test"},
        {TLS1_3_VERSION, "b.test", "b.test", "a.test"},
        {TLS1_3_VERSION, "a.test", "a.test", "b.test"},
    };
    char memory[16];
    tls_rig rig;
    tls_rig_init(&rig);
    tls_rig_add_names(&rig, "a.test", PKI_EC);
    tls_rig_add_names(&rig, "b.test", PKI_EC);
    tls_rig_start(&rig);
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_buffer heard = HW_BUFFER_OVER(memory);
        tls_client_wish wish = {.name = "b.test", .newest = rows[i].version};
        tls_rig_open(&rig, &wish, TLS_RIG_WIDE);
        (void)tls_rig_hear(&rig, &heard);
        wish.session = tls_client_session(rig.client);
        wish.name = rows[i].called;
        assert_int_equal(SSL_SESSION_up_ref(wish.session), 1);
        tls_rig_open(&rig, &wish, TLS_RIG_WIDE);
        SSL_SESSION_free(wish.session);
        assert_true(SSL_session_reused(tls_client_ssl(rig.client)));
        const hw_tls_facts *facts = rig.server->ops->facts(rig.server);
        if (!hw_tls_facts_serves(facts, hw_text_of(rows[i].serves)) ||
            hw_tls_facts_serves(facts, hw_text_of(rows[i].not )))
            fail_msg("row %zu", i);
    }
    tls_rig_fini(&rig);
}

HW_LONG_TEST(tls_certificate_is_of_a_kind_the_client_takes)
{
    static const struct {
        const char *signatures;
        const char *kind;
    } rows[] = {
        {"ecdsa_secp256r1_sha256", "EC"},
        {"rsa_pss_rsae_sha256", "RSA"},
        {"ed25519", "ED25519"},
    };
    tls_rig rig;
    tls_rig_init(&rig);
    tls_rig_add_names(&rig, "a.test", PKI_EC);
    tls_rig_add_names(&rig, "a.test", PKI_RSA);
    tls_rig_add_names(&rig, "a.test", PKI_ED25519);
    tls_rig_start(&rig);
    for (size_t i = 0; i < ROWS(rows); i++)
        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            const tls_client_wish wish = {
                .name = "a.test", .newest = version, .signatures = rows[i].signatures};
            assert_int_equal(shake(&rig, &wish, TLS_RIG_WIDE, SIZE_MAX), 0);
            EVP_PKEY *key = X509_get0_pubkey(SSL_get0_peer_certificate(tls_client_ssl(rig.client)));
            assert_true(EVP_PKEY_is_a(key, rows[i].kind));
        }
    tls_rig_fini(&rig);
}

HW_TEST(tls_chain_is_shown_with_the_certificate)
{
    tls_rig rig;
    pki_certificate *root = pki_issue(&(pki_wish){.subject = "Root", .is_ca = true}),
                    *middle =
                        pki_issue(&(pki_wish){.subject = "Middle", .is_ca = true, .issuer = root}),
                    *leaf = pki_issue(&(pki_wish){.names = "a.test", .issuer = middle});
    const pki_certificate *const chain[] = {leaf, middle, NULL};
    tls_rig_init(&rig);
    tls_rig_add(&rig, leaf);
    pki_write_chain(rig.files[0].certificate_file, chain);
    tls_rig_start(&rig);
    assert_int_equal(shake(&rig, &anybody, TLS_RIG_WIDE, SIZE_MAX), 0);
    STACK_OF(X509) *shown = SSL_get_peer_cert_chain(tls_client_ssl(rig.client));
    assert_int_equal(sk_X509_num(shown), 2);
    assert_int_equal(X509_cmp(sk_X509_value(shown, 1), middle->x509), 0);
    pki_free(root);
    pki_free(middle);
    pki_free(leaf);
    tls_rig_fini(&rig);
}

/* RFC 6066 8 */

static size_t stapled_length(tls_rig *rig, bool asks, int version)
{
    const unsigned char *stapled;
    const tls_client_wish wish = {.name = "a.test", .asks_status = asks, .newest = version};
    assert_int_equal(shake(rig, &wish, TLS_RIG_WIDE, SIZE_MAX), 0);
    long length = SSL_get_tlsext_status_ocsp_resp(tls_client_ssl(rig->client), &stapled);
    return length > 0 ? (size_t)length : 0;
}

HW_TEST(tls_status_is_stapled_while_it_is_of_now)
{
    tls_rig rig;
    hw_seam_clock_freeze(NS_PER_S, 10000 * NS_PER_S);
    pki_certificate *made = pki_issue(&(pki_wish){.names = "a.test"});
    tls_rig_init(&rig);
    tls_rig_add(&rig, made);
    rig.files[0].ocsp_file = rig.names[0][2];
    pki_write_status(rig.names[0][2], &(pki_status){made, made, 9000, 11000, false});
    pki_free(made);
    tls_rig_start(&rig);
    assert_true(stapled_length(&rig, true, 0) > 100);
    assert_true(stapled_length(&rig, true, TLS1_2_VERSION) > 100);
    assert_int_equal(stapled_length(&rig, false, 0), 0);
    hw_seam_clock_advance(999 * NS_PER_S);
    assert_true(stapled_length(&rig, true, 0) > 100);
    hw_seam_clock_advance(NS_PER_S);
    assert_int_equal(stapled_length(&rig, true, 0), 0);
    tls_rig_fini(&rig);
    hw_seam_clock_thaw();
}

/* RFC 8446 8: what comes before the handshake is over could be sent again by anybody. */
HW_TEST(tls_early_data_is_not_taken)
{
    char memory[16];
    size_t written;
    hw_buffer heard = HW_BUFFER_OVER(memory);
    tls_rig rig;
    start(&rig);
    tls_rig_open(&rig, &anybody, TLS_RIG_WIDE);
    (void)tls_rig_hear(&rig, &heard);
    SSL_SESSION *session = tls_client_session(rig.client);
    assert_non_null(session);
    assert_int_equal(SSL_SESSION_get_max_early_data(session), 0);
    assert_int_equal(SSL_SESSION_up_ref(session), 1);
    /* One that sends it all the same. */
    assert_int_equal(SSL_SESSION_set_max_early_data(session, 100), 1);
    tls_rig_connect(&rig, &(tls_client_wish){.name = "a.test", .session = session}, TLS_RIG_WIDE);
    SSL_SESSION_free(session);
    assert_int_equal(SSL_write_early_data(tls_client_ssl(rig.client), "early", 5, &written), 1);
    tls_rig_carry(&rig, SIZE_MAX, 0);
    int result = tls_rig_shake(&rig, SIZE_MAX);
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    assert_int_equal(result, 0);
    assert_int_equal(rig.handshake, 0);
    assert_int_equal(SSL_get_early_data_status(tls_client_ssl(rig.client)),
                     SSL_EARLY_DATA_REJECTED);
    assert_int_equal(rig.server->ops->read(rig.server, memory, sizeof memory), -EAGAIN);
    assert_talks(&rig);
    tls_rig_fini(&rig);
}

HW_TEST(tls_setup_that_makes_no_sense_is_refused)
{
    tls_rig rig;
    hw_fault fault = {0};
    hw_tls *tls = NULL;
    hw_tls_setup setup = {0};
    int error = hw_tls_new(&setup, &fault, &tls);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -EINVAL);
    assert_non_null(strstr(fault.what, "no certificate"));
    tls_rig_init(&rig);
    tls_rig_add_names(&rig, "a.test", PKI_EC);
    setup = (hw_tls_setup){
        .certificates = rig.files, .certificate_count = 1, .clients = HW_TLS_CLIENTS_MUST};
    error = hw_tls_new(&setup, &fault, &tls);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -EINVAL);
    assert_null(tls);
    hw_tls_free(NULL);
    hw_tls_pool_free(NULL);
    tls_rig_fini(&rig);
}

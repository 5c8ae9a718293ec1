#include "unit/net/signer_bench.h"

#include "net/tls.h"
#include "seam/seam.h"
#include "unit/harness.h"

#include "sys/thread.h"
#include <errno.h>
#include <sched.h>

enum { ALERT_HANDSHAKE_FAILURE = 40, ALERT_INTERNAL_ERROR = 80 }; /* RFC 8446 6 */

static void need_open(const bench_conn *conn)
{
    if (conn->server != 0 || conn->said != 0)
        HW_NEED_OK(hw_test_is_struck() ? -ENOMEM : 0);
    assert_int_equal(conn->server, 0);
    assert_int_equal(conn->said, 0);
}

/* And the client has been told so. */
static void check_failed(const bench_conn *conn, int alert)
{
    if (hw_test_is_struck())
        return;
    assert_int_equal(conn->server, -EPROTO);
    assert_int_equal(conn->said, -EPROTO);
    assert_int_equal(tls_client_alert(conn->client), alert);
}

/* A whole life. */
static void shake_and_talk(signer_bench *bench, const tls_client_wish *wish)
{
    bench_conn conn;
    bench_connect(bench, wish, &conn);
    bench_shake_all(&conn);
    need_open(&conn);
    bench_talk(&conn);
    bench_disconnect(&conn);
}

static void check_last(const signer_bench *bench, hw_tls_scheme scheme, size_t length)
{
    if (hw_test_is_struck()) /* without memory for one scheme OpenSSL takes another */
        return;
    assert_int_equal(bench->last.scheme, scheme);
    assert_memory_equal(bench->last.key, bench->name, sizeof bench->name);
    if (length > 0)
        assert_int_equal(bench->last_length, length);
}

/* A key, what the client takes, and what is asked for then. */
typedef struct scheme_case {
    bench_key key;
    int version;
    const char *takes;
    hw_tls_scheme scheme;
    size_t length; /* 0: a message of any */
} scheme_case;

static void check_schemes(const scheme_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        signer_bench bench = {0};
        bench_open(&bench, cases[i].key, 0);
        shake_and_talk(&bench, &(tls_client_wish){.oldest = cases[i].version,
                                                  .newest = cases[i].version,
                                                  .signatures = cases[i].takes});
        check_last(&bench, cases[i].scheme, cases[i].length);
        assert_int_equal(bench.signs, 1);
        bench_close(&bench);
    }
}

HW_TEST(signer_is_asked_once_for_a_handshake)
{
    const scheme_case cases[] = {{BENCH_P256, TLS1_3_VERSION, NULL, HW_TLS_ECDSA_SHA256, 32},
                                 {BENCH_P256, TLS1_2_VERSION, NULL, HW_TLS_ECDSA_SHA256, 32}};
    check_schemes(cases, 2);
}

HW_LONG_TEST(signer_is_asked_by_the_schemes_of_each_kind_of_key)
{
    static const scheme_case cases[] = {
        {BENCH_P256, TLS1_2_VERSION, "ECDSA+SHA512", HW_TLS_ECDSA_SHA512, 64},
        {BENCH_P256, TLS1_2_VERSION, "ECDSA+SHA1:ECDSA+SHA384", HW_TLS_ECDSA_SHA384, 48},
        {BENCH_P384, TLS1_3_VERSION, NULL, HW_TLS_ECDSA_SHA384, 48},
        {BENCH_P384, TLS1_2_VERSION, "ECDSA+SHA256", HW_TLS_ECDSA_SHA256, 32},
        {BENCH_RSA, TLS1_3_VERSION, NULL, HW_TLS_RSA_PSS_SHA256, 32},
        {BENCH_RSA, TLS1_3_VERSION, "rsa_pss_rsae_sha384", HW_TLS_RSA_PSS_SHA384, 48},
        {BENCH_RSA, TLS1_3_VERSION, "rsa_pss_rsae_sha512", HW_TLS_RSA_PSS_SHA512, 64},
        {BENCH_RSA, TLS1_2_VERSION, "rsa_pss_rsae_sha256", HW_TLS_RSA_PSS_SHA256, 32},
        {BENCH_RSA, TLS1_2_VERSION, "RSA+SHA256", HW_TLS_RSA_PKCS1_SHA256, 32},
        {BENCH_RSA, TLS1_2_VERSION, "RSA+SHA384", HW_TLS_RSA_PKCS1_SHA384, 48},
        {BENCH_RSA, TLS1_2_VERSION, "RSA+SHA1:RSA+SHA512", HW_TLS_RSA_PKCS1_SHA512, 64},
        {BENCH_ED25519, TLS1_3_VERSION, NULL, HW_TLS_ED25519, 0},
        {BENCH_ED25519, TLS1_2_VERSION, NULL, HW_TLS_ED25519, 0},
        {BENCH_ED448, TLS1_3_VERSION, NULL, HW_TLS_ED448, 0},
        {BENCH_ED448, TLS1_2_VERSION, NULL, HW_TLS_ED448, 0},
    };
    check_schemes(cases, sizeof cases / sizeof *cases);
}

HW_TEST(signer_is_not_asked_for_digests_that_are_broken)
{
    signer_bench bench = {0};
    bench_conn conn;
    bench_open(&bench, BENCH_P256, 0);
    bench_connect(&bench, &(tls_client_wish){.newest = TLS1_2_VERSION, .signatures = "ECDSA+SHA1"},
                  &conn);
    bench_shake(&conn);
    check_failed(&conn, ALERT_HANDSHAKE_FAILURE);
    assert_int_equal(bench.begun, 0);
    bench_disconnect(&conn);
    bench_close(&bench);
}

HW_TEST(signer_is_not_asked_for_what_is_resumed)
{
    signer_bench bench = {0};
    bench_conn first, second;
    bench_open(&bench, BENCH_P256, 0);
    bench_connect(&bench, &(tls_client_wish){0}, &first);
    bench_shake(&first);
    need_open(&first);
    bench_talk(&first);
    bench_connect(&bench, &(tls_client_wish){.session = tls_client_session(first.client)}, &second);
    bench_shake(&second);
    need_open(&second);
    bench_talk(&second);
    assert_int_equal(SSL_session_reused(tls_client_ssl(second.client)), 1);
    assert_int_equal(bench.signs, 1);
    bench_disconnect(&second);
    bench_disconnect(&first);
    bench_close(&bench);
}

HW_TEST(signer_that_fails_ends_the_handshake)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        signer_bench bench = {.fails = 1};
        bench_conn conn;
        bench_open(&bench, BENCH_P256, 0);
        bench_connect(&bench, &(tls_client_wish){.oldest = version, .newest = version}, &conn);
        bench_shake(&conn);
        check_failed(&conn, ALERT_INTERNAL_ERROR);
        bench_disconnect(&conn);
        shake_and_talk(&bench, &(tls_client_wish){0});
        bench_close(&bench);
    }
}

/* Both providers of the policy have keys of these kinds: clients' are OpenSSL's own. */
static void check_client(const char *file, const pki_certificate *shown)
{
    signer_bench bench = {.client_ca_file = file};
    bench_conn conn;
    bench_open(&bench, BENCH_P256, 0);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        bench_connect(&bench,
                      &(tls_client_wish){.oldest = version, .newest = version, .shown = shown},
                      &conn);
        bench_shake(&conn);
        need_open(&conn);
        assert_true(hw_text_equal(hw_tls_facts_client(conn.stream->ops->facts(conn.stream)),
                                  HW_TEXT("CN=alice")));
        bench_disconnect(&conn);
    }
    bench_close(&bench);
}

HW_LONG_TEST(signer_does_not_stand_in_the_way_of_clients_keys)
{
    static const pki_key_kind kinds[] = {PKI_EC, PKI_RSA, PKI_ED25519};
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    const char *file = hw_test_folder_path(&folder, "ca.pem"); /* the only one */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        pki_certificate *ca =
            pki_issue(&(pki_wish){.subject = "ca", .kind = kinds[i], .is_ca = true});
        pki_certificate *shown =
            pki_issue(&(pki_wish){.subject = "alice", .kind = kinds[i], .issuer = ca});
        pki_write(file, ca);
        check_client(file, shown);
        pki_free(shown);
        pki_free(ca);
    }
    hw_test_folder_fini(&folder);
}

HW_TEST(signer_works_with_every_group_that_is_offered)
{
    static const char *const groups[] = {"X25519", "P-256", "P-384"};
    signer_bench bench = {0};
    bench_open(&bench, BENCH_P256, 0);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        bench_conn conn;
        bench_connect(&bench, &(tls_client_wish){0}, &conn);
        assert_int_equal(SSL_set1_groups_list(tls_client_ssl(conn.client), groups[i]), 1);
        bench_shake(&conn);
        need_open(&conn);
        bench_disconnect(&conn);
    }
    bench_close(&bench);
}

/* Answers that come later. */

HW_TEST(late_signer_is_waited_for_where_there_is_no_crew)
{
    signer_bench bench = {.signer.may_wait = true};
    bench_open(&bench, BENCH_P256, 0);
    shake_and_talk(&bench, &(tls_client_wish){.newest = TLS1_2_VERSION});
    shake_and_talk(&bench, &(tls_client_wish){.oldest = TLS1_3_VERSION});
    bench_close(&bench);
}

HW_THREAD_TEST(late_signer_is_waited_for_where_no_thread_can_be_had)
{
    signer_bench bench = {.signer.may_wait = true};
    bench_open(&bench, BENCH_P256, 1);
    hw_seam_fail_from("thread_start", 1, EAGAIN);
    shake_and_talk(&bench, &(tls_client_wish){0});
    assert_int_equal(bench.signs, 1);
    bench_close(&bench);
}

/* The first one's signature is held at the gate. */
static void check_late(bench_key key, int version)
{
    const tls_client_wish wish = {.oldest = version, .newest = version};
    signer_bench bench = {.signer.may_wait = true, .holds = 1};
    bench_conn held;
    bench_open(&bench, key, 2);
    bench_connect(&bench, &wish, &held);
    bench_shake(&held);
    bench_await_begun(&bench, 1);
    for (int i = 0; i < 3; i++)
        shake_and_talk(&bench, &wish);
    bench_shake(&held);
    assert_int_equal(held.server, -EAGAIN);
    assert_int_equal(hw_pipe_received(held.pipe).length, 0);
    bench_open_gate(&bench);
    bench_shake_all(&held);
    need_open(&held);
    bench_talk(&held);
    bench_disconnect(&held);
    assert_int_equal(bench.signs, 4);
    bench_close(&bench);
}

HW_THREAD_TEST(late_signature_holds_nobody_else_up)
{
    check_late(BENCH_P256, TLS1_2_VERSION);
    check_late(BENCH_P256, TLS1_3_VERSION);
}

HW_LONG_THREAD_TEST(late_signature_of_rsa_holds_nobody_else_up)
{
    check_late(BENCH_RSA, TLS1_2_VERSION);
    check_late(BENCH_RSA, TLS1_3_VERSION);
}

/* RFC 8446 4.1.4: the client is asked for another share, and everything begins anew. */
HW_THREAD_TEST(late_signature_comes_behind_a_second_hello)
{
    signer_bench bench = {.signer.may_wait = true};
    bench_conn conn;
    bench_open(&bench, BENCH_P256, 1);
    bench_connect(&bench, &(tls_client_wish){.oldest = TLS1_3_VERSION}, &conn);
    assert_int_equal(SSL_set1_groups_list(tls_client_ssl(conn.client), "P-521:X25519"), 1);
    bench_shake_all(&conn);
    need_open(&conn);
    bench_talk(&conn);
    bench_disconnect(&conn);
    assert_int_equal(bench.signs, 1);
    bench_close(&bench);
}

/* As many as a server has spares for; the next one waits until one of them is back. */
HW_THREAD_TEST(late_signatures_are_so_many_at_a_time)
{
    enum { SPARES = 4 };
    signer_bench bench = {.signer.may_wait = true, .holds = SPARES + 1};
    bench_conn conns[SPARES + 1];
    bench_open(&bench, BENCH_P256, SPARES);
    for (int i = 0; i <= SPARES; i++) {
        bench_connect(&bench, &(tls_client_wish){0}, &conns[i]);
        bench_shake(&conns[i]);
    }
    bench_await_begun(&bench, SPARES);
    assert_int_equal(conns[SPARES].server, -EAGAIN);
    assert_int_equal(bench.begun, SPARES);
    bench_open_gate(&bench);
    for (int i = 0; i <= SPARES; i++) {
        bench_shake_all(&conns[i]);
        need_open(&conns[i]);
        bench_disconnect(&conns[i]);
    }
    assert_int_equal(bench.signs, SPARES + 1);
    bench_close(&bench);
}

HW_THREAD_TEST(late_signer_that_fails_ends_the_handshake)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        signer_bench bench = {.signer.may_wait = true, .fails = 1};
        bench_conn conn;
        bench_open(&bench, BENCH_P256, 1);
        bench_connect(&bench, &(tls_client_wish){.oldest = version, .newest = version}, &conn);
        bench_shake_all(&conn);
        check_failed(&conn, ALERT_INTERNAL_ERROR);
        bench_disconnect(&conn);
        bench_close(&bench);
    }
}

/* How a client goes. */
static void go_away(void (*go)(hw_pipe *pipe), int version)
{
    signer_bench bench = {.signer.may_wait = true, .holds = 1};
    bench_conn conn;
    bench_open(&bench, BENCH_P256, 1);
    bench_connect(&bench, &(tls_client_wish){.oldest = version, .newest = version}, &conn);
    bench_shake(&conn);
    bench_await_begun(&bench, 1);
    int before = conn.readies;
    go(conn.pipe);
    assert_int_equal(conn.readies, before + 1);
    assert_int_equal(conn.stream->ops->handshake(conn.stream), -ECONNRESET);
    /* The descriptor goes at once, all else when the spare is done. */
    conn.stream->ops->close(conn.stream);
    conn.stream = NULL;
    assert_true(hw_pipe_is_closed(conn.pipe));
    assert_true(hw_budget_used(&bench.budget) >= HW_TLS_STREAM_BYTES);
    bench_disconnect(&conn);
    bench_open_gate(&bench);
    while (hw_budget_used(&bench.budget) > 0)
        (void)hw_loop_step(&bench.loop, true);
    bench_close(&bench);
}

HW_THREAD_TEST(late_signature_comes_when_the_client_has_gone)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        go_away(hw_pipe_end_send, version);
        go_away(hw_pipe_reset, version);
    }
}

/* Who has gone before a spare came to him is nobody's any more. */
HW_THREAD_TEST(late_signature_is_not_begun_for_who_has_gone)
{
    signer_bench bench = {.signer.may_wait = true, .holds = 1};
    bench_conn held, queued;
    bench_open(&bench, BENCH_P256, 1);
    bench_connect(&bench, &(tls_client_wish){0}, &held);
    bench_shake(&held);
    bench_await_begun(&bench, 1);
    size_t before = hw_budget_used(&bench.budget);
    bench_connect(&bench, &(tls_client_wish){0}, &queued);
    bench_shake(&queued);
    assert_int_equal(queued.server, -EAGAIN);
    bench_disconnect(&queued);
    assert_int_equal(hw_budget_used(&bench.budget), before);
    bench_open_gate(&bench);
    bench_shake_all(&held);
    need_open(&held);
    bench_disconnect(&held);
    assert_int_equal(bench.begun, 1);
    bench_close(&bench);
}

/* The crew ends with its work done, and the loop hears of it in its last step. */
HW_THREAD_TEST(late_signature_comes_when_all_ends)
{
    signer_bench bench = {.signer.may_wait = true, .holds = 1};
    bench_conn conn;
    bench_open(&bench, BENCH_P256, 1);
    bench_connect(&bench, &(tls_client_wish){0}, &conn);
    bench_shake(&conn);
    bench_await_begun(&bench, 1);
    bench_disconnect(&conn);
    bench_close(&bench);
}

/* Where a policy is made, used, and outlived. */
typedef struct policy_maker {
    signer_bench bench;
    atomic_bool is_made, is_gone;
} policy_maker;

static void *make_and_stay(void *arg)
{
    policy_maker *maker = arg;
    bench_open(&maker->bench, BENCH_P256, 0);
    bench_open_gate(&maker->bench);
    atomic_store(&maker->is_made, true);
    while (!atomic_load(&maker->is_gone))
        sched_yield();
    return NULL;
}

/* OpenSSL keeps something for each thread until that ends (valgrind sees what would be wrong here). */
HW_LONG_THREAD_TEST(policy_may_go_before_the_thread_that_made_it)
{
    policy_maker maker = {.is_made = false};
    pthread_t thread;
    HW_NEED_OK(hw_sys_thread_start(&thread, make_and_stay, &maker, 512 * 1024));
    while (!atomic_load(&maker.is_made))
        sched_yield();
    shake_and_talk(&maker.bench, &(tls_client_wish){0});
    bench_close(&maker.bench);
    atomic_store(&maker.is_gone, true);
    hw_sys_thread_join(thread);
}

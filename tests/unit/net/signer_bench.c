#include "unit/net/signer_bench.h"

#include "net/tls.h"
#include "sys/thread.h"
#include "unit/harness.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

enum { ROOM_BYTES = 256 * 1024 };

/* Those that others make no certificates of. */
static EVP_PKEY *make_bench_key(bench_key kind)
{
    EVP_PKEY *key =
        kind == BENCH_P384 ? EVP_EC_gen("P-384") : EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    assert_non_null(key);
    return key;
}

static pki_certificate *make_bench_certificate(bench_key kind)
{
    static const pki_key_kind known[BENCH_KEYS] = {
        [BENCH_RSA] = PKI_RSA, [BENCH_ED25519] = PKI_ED25519, [BENCH_P256] = PKI_EC};
    pki_certificate *made =
        pki_issue(&(pki_wish){.names = "bench.example", .kind = known[kind], .is_ca = true});
    if (kind != BENCH_P384 && kind != BENCH_ED448)
        return made;
    EVP_PKEY_free(made->key);
    made->key = make_bench_key(kind);
    assert_int_equal(X509_set_pubkey(made->x509, made->key), 1);
    assert_true(X509_sign(made->x509, made->key, kind == BENCH_P384 ? EVP_sha384() : NULL) > 0);
    return made;
}

static bool take_one(atomic_int *count)
{
    int before = atomic_load(count);
    while (before > 0 && !atomic_compare_exchange_weak(count, &before, before - 1))
        continue;
    return before > 0;
}

static int sign_at_gate(void *arg, const hw_tls_wish *wish, unsigned char *memory, size_t room,
                        size_t *ret_length)
{
    signer_bench *bench = arg;
    bool is_held = take_one(&bench->holds);
    atomic_fetch_add(&bench->begun, 1);
    if (is_held) {
        hw_sys_mutex_lock(&bench->gate);
        hw_sys_mutex_unlock(&bench->gate);
    }
    if (take_one(&bench->fails))
        return -EIO;
    if (atomic_fetch_add(&bench->signs, 1) == 0) {
        bench->last = *wish;
        bench->last_length = wish->signs.length;
    }
    return bench->local.signer.sign(bench->local.signer.arg, wish, memory, room, ret_length);
}

static void name_bench_key(signer_bench *bench)
{
    unsigned char *bytes = NULL;
    int length = i2d_PUBKEY(bench->certificate->key, &bytes);
    assert_true(length > 0);
    assert_int_equal(EVP_Digest(bytes, (size_t)length, bench->name, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(bytes);
}

static void load_bench_key(signer_bench *bench, bench_key kind)
{
    hw_test_folder_init(&bench->folder);
    snprintf(bench->certificate_file, sizeof bench->certificate_file, "%s/bench.pem",
             bench->folder.path);
    snprintf(bench->key_file, sizeof bench->key_file, "%s/bench.key", bench->folder.path);
    bench->certificate = make_bench_certificate(kind);
    pki_write(bench->certificate_file, bench->certificate);
    pki_write_key(bench->key_file, bench->certificate);
    name_bench_key(bench);
    hw_arena_init(&bench->arena, 1024, SIZE_MAX / 2);
    hw_tls_signer_local_init(&bench->local, 1);
    const hw_tls_certificate files = {bench->certificate_file, bench->key_file, NULL};
    HW_NEED_OK(hw_tls_signer_local_load(&bench->local, &files,
                                        X509_get0_pubkey(bench->certificate->x509), bench->name,
                                        &bench->arena, NULL));
}

void bench_open(signer_bench *bench, bench_key key, unsigned spares)
{
    hw_sys_mutex_init(&bench->gate);
    hw_sys_mutex_lock(&bench->gate);
    load_bench_key(bench, key);
    bench->signer.sign = sign_at_gate;
    bench->signer.arg = bench;
    /* It has no key file: nobody but the signer needs one. */
    const hw_tls_certificate files = {.certificate_file = bench->certificate_file};
    const hw_tls_setup setup = {
        .certificates = &files,
        .certificate_count = 1,
        .signer = &bench->signer,
        .clients = bench->client_ca_file ? HW_TLS_CLIENTS_MUST : HW_TLS_CLIENTS_ANY,
        .client_ca_file = bench->client_ca_file,
    };
    HW_NEED_OK(hw_loop_init(&bench->loop, spares > 0 ? HW_LOOP_POLL : HW_LOOP_MANUAL));
    HW_NEED_OK(hw_tls_pool_new(&bench->budget, &bench->pool));
    HW_NEED_OK(hw_tls_new(&setup, NULL, &bench->tls));
    if (spares == 0)
        return;
    bench->crew = hw_crew_new(&(hw_crew_setup){.loops = 1, .signers_max = spares});
    HW_NEED(bench->crew);
    hw_tls_pool_use_crew(bench->pool, bench->crew, &bench->loop);
}

void bench_open_gate(signer_bench *bench)
{
    if (!bench->is_gate_open)
        hw_sys_mutex_unlock(&bench->gate);
    bench->is_gate_open = true;
}

void bench_close(signer_bench *bench)
{
    bench_open_gate(bench);
    hw_crew_free(bench->crew);
    hw_loop_settle(&bench->loop);
    assert_int_equal(bench->budget.used, 0);
    hw_tls_free(bench->tls);
    hw_tls_pool_free(bench->pool);
    hw_loop_fini(&bench->loop);
    hw_tls_signer_local_fini(&bench->local);
    hw_arena_fini(&bench->arena);
    pki_free(bench->certificate);
    hw_test_folder_fini(&bench->folder);
    hw_sys_mutex_fini(&bench->gate);
}

void bench_await_begun(signer_bench *bench, int begun)
{
    while (atomic_load(&bench->begun) < begun) {
        if (hw_test_is_struck())
            hw_test_out_of_memory(); /* it may never begin */
        sched_yield();
    }
}

static void note_bench_ready(void *arg)
{
    ((bench_conn *)arg)->readies++;
}

void bench_connect(signer_bench *bench, const tls_client_wish *wish, bench_conn *conn)
{
    hw_stream *below;
    *conn = (bench_conn){.bench = bench, .server = -EAGAIN, .said = -EAGAIN};
    HW_NEED_OK(hw_pipe_new(ROOM_BYTES, &conn->pipe, &below));
    int error = hw_tls_open(bench->tls, bench->pool, below, &conn->stream);
    if (error < 0)
        hw_pipe_close(conn->pipe);
    HW_NEED_OK(error);
    conn->stream->on_ready = note_bench_ready;
    conn->stream->arg = conn;
    conn->client = tls_client_new(wish);
}

/* What has been written at one end goes to the other. Whether there was anything. */
static bool carry_both_ways(bench_conn *conn)
{
    hw_text up = tls_client_output(conn->client), down = hw_pipe_received(conn->pipe);
    if (up.length > 0) {
        HW_NEED_OK(hw_pipe_is_closed(conn->pipe) ? 0 : hw_pipe_send(conn->pipe, up));
        tls_client_take(conn->client, up.length);
    }
    tls_client_feed(conn->client, down);
    hw_pipe_take(conn->pipe, down.length);
    return up.length + down.length > 0;
}

void bench_shake(bench_conn *conn)
{
    do {
        if (conn->said == -EAGAIN)
            conn->said = tls_client_shake(conn->client);
        (void)carry_both_ways(conn);
        if (conn->server == -EAGAIN && conn->stream)
            conn->server = conn->stream->ops->handshake(conn->stream);
    } while (carry_both_ways(conn));
    if (conn->said == -EAGAIN)
        conn->said = tls_client_shake(conn->client);
}

void bench_shake_all(bench_conn *conn)
{
    bench_shake(conn);
    while (conn->server == -EAGAIN) {
        int before = conn->readies;
        while (conn->readies == before)
            (void)hw_loop_step(&conn->bench->loop, true);
        bench_shake(conn);
    }
}

void bench_talk(bench_conn *conn)
{
    const struct iovec part = {(void *)"b", 1};
    char got;
    tls_client_write(conn->client, HW_TEXT("a"));
    (void)carry_both_ways(conn);
    HW_NEED_OK(conn->stream->ops->read(conn->stream, &got, 1));
    assert_int_equal(got, 'a');
    HW_NEED_OK(conn->stream->ops->write(conn->stream, &part, 1, false));
    (void)carry_both_ways(conn);
    assert_int_equal(tls_client_read(conn->client, &got, 1), 1);
    assert_int_equal(got, 'b');
}

void bench_disconnect(bench_conn *conn)
{
    if (conn->stream)
        conn->stream->ops->close(conn->stream);
    conn->stream = NULL;
    hw_pipe_close(conn->pipe);
    tls_client_free(conn->client);
}

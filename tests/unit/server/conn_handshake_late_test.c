/* What a connection does while a signature is waited for. */
#include "seam/seam.h"
#include "server/conn.h"
#include "unit/net/signer_bench.h"
#include "unit/server/rig.h"

#include <errno.h>
#include <string.h>

#define MS INT64_C(1000000)

/* The first signature is held at the bench's gate. */
typedef struct late_desk {
    test_rig rig;
    signer_bench bench;
} late_desk;

static void open_late(late_desk *desk)
{
    *desk = (late_desk){.bench = {.signer.may_wait = true, .holds = 1}};
    bench_open(&desk->bench, BENCH_P256, 0);
    desk->rig.shared.has_tls = true;
    desk->rig.shared.crew = hw_crew_new(&(hw_crew_setup){.loops = 1, .signers_max = 2});
    HW_NEED(desk->rig.shared.crew);
    rig_open(&desk->rig);
}

static void close_late(late_desk *desk)
{
    hw_lane_empty(&desk->rig.lane);
    bench_open_gate(&desk->bench);
    hw_crew_free(desk->rig.shared.crew);
    rig_close(&desk->rig);
    bench_close(&desk->bench);
}

typedef struct late_client {
    hw_pipe *pipe;
    tls_client *tls;
} late_client;

static late_client connect_late(late_desk *desk)
{
    late_client client = {.tls = tls_client_new(&(tls_client_wish){0})};
    hw_stream *stream;
    HW_NEED_OK(hw_pipe_new(64 * 1024, &client.pipe, &stream));
    int error = hw_tls_open(desk->bench.tls, desk->rig.lane.tls, stream, &stream);
    if (error == 0)
        error = hw_conn_open(&desk->rig.lane, stream);
    if (error < 0)
        hw_pipe_close(client.pipe);
    HW_NEED_OK(error);
    return client;
}

static void disconnect_late(late_client *client)
{
    hw_pipe_close(client->pipe);
    tls_client_free(client->tls);
}

/* Once each way. */
static void carry_late(late_desk *desk, late_client *client)
{
    hw_text up = tls_client_output(client->tls);
    if (up.length > 0 && !hw_pipe_is_closed(client->pipe))
        HW_NEED_OK(hw_pipe_send(client->pipe, up));
    tls_client_take(client->tls, up.length);
    hw_loop_settle(&desk->rig.lane.loop);
    hw_text down = hw_pipe_received(client->pipe);
    tls_client_feed(client->tls, down);
    hw_pipe_take(client->pipe, down.length);
}

/* Shakes hands, asks and is answered; the loop is stepped meanwhile as the crew's posts come. */
static void ask_late(late_desk *desk, late_client *client)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: bench.example\r\n\r\n";
    char got[256];
    long length = -EAGAIN;
    int error;
    while ((error = tls_client_shake(client->tls)) == -EAGAIN) {
        NEED_TRUE(!hw_pipe_is_closed(client->pipe));
        carry_late(desk, client);
    }
    HW_NEED_OK(hw_test_is_struck() && error < 0 ? -ENOMEM : 0);
    assert_int_equal(error, 0);
    tls_client_write(client->tls, hw_text_of(request));
    while (length == -EAGAIN) {
        NEED_TRUE(!hw_pipe_is_closed(client->pipe));
        carry_late(desk, client);
        length = tls_client_read(client->tls, got, sizeof got);
    }
    NEED_TRUE(length > 15 && memcmp(got, "HTTP/1.1 200 OK", 15) == 0);
}

static void begin_late(late_desk *desk, late_client *client)
{
    assert_int_equal(tls_client_shake(client->tls), -EAGAIN);
    carry_late(desk, client);
    bench_await_begun(&desk->bench, 1);
    carry_late(desk, client);
    NEED_TRUE(desk->rig.shared.connections == 1);
}

HW_THREAD_TEST(handshake_that_waits_holds_nobody_up)
{
    late_desk desk;
    open_late(&desk);
    late_client held = connect_late(&desk);
    begin_late(&desk, &held);
    late_client other = connect_late(&desk);
    ask_late(&desk, &other);
    assert_int_equal(desk.rig.shared.connections, 2);
    bench_open_gate(&desk.bench);
    ask_late(&desk, &held);
    assert_int_equal(desk.rig.answers, 2);
    disconnect_late(&other);
    disconnect_late(&held);
    close_late(&desk);
}

HW_THREAD_TEST(handshake_that_waits_ends_at_its_deadline)
{
    late_desk desk;
    open_late(&desk);
    late_client held = connect_late(&desk);
    begin_late(&desk, &held);
    hw_seam_clock_advance(((int64_t)desk.rig.shared.limits.handshake_ms - 1) * MS);
    hw_loop_settle(&desk.rig.lane.loop);
    assert_int_equal(desk.rig.shared.connections, 1);
    hw_seam_clock_advance(2 * MS);
    hw_loop_settle(&desk.rig.lane.loop);
    assert_int_equal(desk.rig.shared.connections, 0);
    assert_true(hw_pipe_is_closed(held.pipe));
    disconnect_late(&held);
    /* The signature comes to nobody, and who comes now is served. */
    bench_open_gate(&desk.bench);
    late_client other = connect_late(&desk);
    ask_late(&desk, &other);
    disconnect_late(&other);
    close_late(&desk);
}

HW_THREAD_TEST(handshake_that_waits_ends_when_its_client_has_gone)
{
    late_desk desk;
    open_late(&desk);
    late_client held = connect_late(&desk);
    begin_late(&desk, &held);
    disconnect_late(&held);
    hw_loop_settle(&desk.rig.lane.loop);
    assert_int_equal(desk.rig.shared.connections, 0);
    close_late(&desk);
}

HW_THREAD_TEST(handshake_that_waits_ends_with_the_lane)
{
    late_desk desk;
    open_late(&desk);
    late_client held = connect_late(&desk);
    begin_late(&desk, &held);
    hw_lane_drain(&desk.rig.lane);
    hw_loop_settle(&desk.rig.lane.loop);
    assert_int_equal(desk.rig.shared.connections, 0);
    disconnect_late(&held);
    close_late(&desk);
}

#include "server/conn_proxied.h"

#include "net/proxy_header.h"
#include "seam/seam.h"
#include "server/shed.h"
#include "unit/net/socket_pair.h"
#include "unit/server/rig.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define LINE "PROXY TCP4 192.0.2.7 10.0.0.1 56324 80\r\n"
#define V2_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V2 V2_SIGNATURE "\x21\x11\0\x0f\xc0\0\2\7\x0a\0\0\1\1\1\0\x50\4\0\0"
#define V2_LOCAL V2_SIGNATURE "\x20\x00\0\0"
#define PROXY_MS 10000 /* limits.handshake_ms */

static const hw_peer proxy_address = {{10, 0, 0, 1}, AF_INET};

/* Tells the client who it is. */
static void answer_peer(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, hw_exchange_peer(exchange));
}

static void open_proxied_rig(test_rig *rig)
{
    *rig = (test_rig){.answerer.answer = answer_peer};
    rig_open(rig);
}

static hw_pipe *connect_proxy(test_rig *rig)
{
    hw_pipe *pipe = NULL;
    hw_stream *stream;
    HW_NEED_OK(hw_pipe_new(64 * 1024, &pipe, &stream));
    stream->peer = proxy_address;
    int error = hw_conn_proxied_open(&rig->lane, NULL, stream);
    if (error < 0)
        hw_pipe_close(pipe);
    HW_NEED_OK(error);
    hw_loop_settle(&rig->lane.loop);
    return pipe;
}

/* And its first connection. */
static hw_pipe *open_proxied(test_rig *rig)
{
    open_proxied_rig(rig);
    return connect_proxy(rig);
}

static void send_in_steps(test_rig *rig, hw_pipe *pipe, hw_text bytes, size_t step)
{
    for (size_t at = 0; at < bytes.length; at += step) {
        size_t count = step < bytes.length - at ? step : bytes.length - at;
        NEED_TRUE(hw_pipe_send(pipe, (hw_text){bytes.at + at, count}) == 0);
        hw_loop_settle(&rig->lane.loop);
    }
}

static void expect_peer(test_rig *rig, hw_pipe *pipe, const char *peer)
{
    char answer[256];
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n%s",
             strlen(peer), RIG_DATE, peer);
    rig_expect(rig, pipe, answer);
}

static void pass_ms(test_rig *rig, unsigned ms)
{
    hw_seam_clock_advance(INT64_C(1000000) * ms);
    hw_loop_settle(&rig->lane.loop);
}

static void hang_up(test_rig *rig, hw_pipe *pipe)
{
    hw_pipe_close(pipe);
    hw_loop_settle(&rig->lane.loop);
}

/* Addresses that are counted somewhere. */
static unsigned count_peers(const test_rig *rig)
{
    unsigned count = 0;
    for (size_t i = 0; i < HW_SHARED_PEERS; i++)
        count += rig->shared.peers[i];
    return count;
}

/* Its last one: then nobody is counted any more. */
static void close_proxied(test_rig *rig, hw_pipe *pipe)
{
    hang_up(rig, pipe);
    assert_int_equal(count_peers(rig), 0);
    rig_close(rig);
}

HW_TEST(conn_proxied_is_from_the_client_that_is_named)
{
    static const struct {
        hw_text bytes;
        const char *peer;
    } rows[] = {
        {HW_TEXT_INIT(LINE GET), "192.0.2.7"},
        {HW_TEXT_INIT("PROXY TCP6 2001:db8::7 ::1 1 1\r\n" GET), "2001:db8::7"},
        {HW_TEXT_INIT("PROXY UNKNOWN\r\n" GET), "10.0.0.1"},
        {HW_TEXT_INIT(V2 GET), "192.0.2.7"},
        {HW_TEXT_INIT(V2_LOCAL GET), "10.0.0.1"},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        for (size_t step = 1; step <= rows[i].bytes.length; step += step < 8 ? 3 : 11) {
            test_rig rig;
            hw_pipe *pipe = open_proxied(&rig);
            send_in_steps(&rig, pipe, rows[i].bytes, step);
            expect_peer(&rig, pipe, rows[i].peer);
            rig_send(&rig, pipe, GET); /* for good */
            expect_peer(&rig, pipe, rows[i].peer);
            assert_int_equal(rig.faults, 0);
            close_proxied(&rig, pipe);
        }
}

HW_TEST(conn_proxied_has_ten_seconds)
{
    test_rig rig;
    hw_pipe *pipe = open_proxied(&rig);
    assert_int_equal(rig.shared.limits.handshake_ms, PROXY_MS);
    pass_ms(&rig, PROXY_MS - 1);
    assert_false(hw_pipe_is_closed(pipe));
    pass_ms(&rig, 1);
    assert_true(hw_pipe_is_closed(pipe));
    assert_int_equal(hw_pipe_received(pipe).length, 0);
    assert_int_equal(rig.faults, 0); /* so look many health checks */
    close_proxied(&rig, pipe);
}

HW_TEST(conn_proxied_has_its_time_in_all)
{
    test_rig rig;
    hw_pipe *pipe = open_proxied(&rig);
    for (size_t i = 0; i < 9; i++) {
        NEED_TRUE(hw_pipe_send(pipe, (hw_text){&LINE[i], 1}) == 0);
        pass_ms(&rig, 1000);
        assert_false(hw_pipe_is_closed(pipe));
    }
    pass_ms(&rig, 1000);
    assert_true(hw_pipe_is_closed(pipe));
    close_proxied(&rig, pipe);
}

/* What follows has its own deadlines, from its own beginning. */
HW_TEST(conn_proxied_that_has_its_header_has_no_deadline)
{
    test_rig rig;
    hw_pipe *pipe = open_proxied(&rig);
    pass_ms(&rig, PROXY_MS - 1);
    rig_send(&rig, pipe, LINE);
    NEED_TRUE(!hw_pipe_is_closed(pipe));
    pass_ms(&rig, rig.shared.limits.head_ms - 1);
    assert_false(hw_pipe_is_closed(pipe));
    rig_send(&rig, pipe, GET);
    NEED_TRUE(rig.answers == 1);
    close_proxied(&rig, pipe);
}

HW_TEST(conn_proxied_without_a_header_is_closed_and_told_of)
{
    static const char *const rows[] = {
        GET,
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "PROXY TCP4 x\r\n" GET,
        "\r\n" GET,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        test_rig rig;
        hw_pipe *pipe = open_proxied(&rig);
        rig_send(&rig, pipe, rows[i]);
        assert_true(hw_pipe_is_closed(pipe));
        assert_int_equal(hw_pipe_received(pipe).length, 0);
        assert_int_equal(rig.answers, 0);
        assert_int_equal(rig.records, 0);
        assert_int_equal(rig.faults, 1);
        close_proxied(&rig, pipe);
    }
}

/* Whoever can connect cannot fill the log. */
HW_TEST(conn_proxied_is_told_of_once_a_second)
{
    test_rig rig;
    open_proxied_rig(&rig);
    for (size_t i = 0; i < 30; i++) {
        hw_pipe *pipe = connect_proxy(&rig);
        rig_send(&rig, pipe, GET);
        hang_up(&rig, pipe);
        pass_ms(&rig, 100);
    }
    assert_int_equal(rig.faults, 3);
    rig_close(&rig);
}

HW_TEST(conn_proxied_ends_with_its_proxy)
{
    for (int way = 0; way < 3; way++) {
        test_rig rig;
        hw_pipe *pipe = open_proxied(&rig);
        NEED_TRUE(hw_pipe_send(pipe, HW_TEXT("PROXY TCP4 1")) == 0);
        hw_loop_settle(&rig.lane.loop);
        assert_false(hw_pipe_is_closed(pipe));
        if (way == 0)
            hw_pipe_end_send(pipe);
        else if (way == 1)
            hw_pipe_reset(pipe);
        if (way < 2) {
            hw_loop_settle(&rig.lane.loop);
            assert_true(hw_pipe_is_closed(pipe));
        }
        hang_up(&rig, pipe);
        assert_int_equal(rig.lane.conn_count, 0);
        assert_int_equal(rig.faults, 0);
        rig_close(&rig);
    }
}

HW_TEST(conn_proxied_is_charged)
{
    test_rig rig;
    open_proxied_rig(&rig);
    size_t before = hw_budget_used(&rig.shared.budget);
    hw_pipe *pipe = connect_proxy(&rig);
    assert_true(hw_budget_used(&rig.shared.budget) >= before + HW_PROXY_HEADER_BYTES_MAX);
    rig_send(&rig, pipe, LINE);
    NEED_TRUE(rig.lane.conn_count == 1);
    assert_true(hw_budget_used(&rig.shared.budget) < before + HW_PROXY_HEADER_BYTES_MAX);
    close_proxied(&rig, pipe);
}

/* Where there is no room, it gives way as an incomplete head does. */
HW_TEST(conn_proxied_gives_way)
{
    test_rig rig;
    hw_pipe *pipe = open_proxied(&rig);
    assert_true(hw_shed_one(&rig.lane));
    hw_loop_settle(&rig.lane.loop);
    assert_true(hw_pipe_is_closed(pipe));
    close_proxied(&rig, pipe);
}

HW_TEST(conn_proxied_ends_when_the_server_drains)
{
    test_rig rig;
    hw_pipe *pipe = open_proxied(&rig);
    hw_lane_drain(&rig.lane);
    hw_loop_settle(&rig.lane.loop);
    assert_true(hw_pipe_is_closed(pipe));
    close_proxied(&rig, pipe);
}

/* Half of the slots are in use, and a client has a quarter of them: his next one costs him his oldest
 * that waits, and nobody else anything. */
HW_TEST(conn_proxied_counts_for_its_client)
{
    enum { OWN = 4, OTHERS = 4 };
    hw_pipe *own[OWN], *others[OTHERS];
    test_rig rig;
    open_proxied_rig(&rig);
    rig.shared.limits.connections_max = 16;
    for (size_t i = 0; i < OTHERS; i++) {
        char line[80];
        snprintf(line, sizeof line, "PROXY TCP4 198.51.100.%zu 10.0.0.1 1 1\r\n", i + 1);
        others[i] = connect_proxy(&rig);
        rig_send(&rig, others[i], line);
    }
    for (size_t i = 0; i < OWN; i++) {
        own[i] = connect_proxy(&rig);
        rig_send(&rig, own[i], LINE);
    }
    NEED_TRUE(rig.lane.conn_count == OWN + OTHERS && rig.lane.counts.shed == 0);
    hw_pipe *next = connect_proxy(&rig);
    assert_int_equal(rig.lane.counts.shed, 0);
    rig_send(&rig, next, LINE GET);
    expect_peer(&rig, next, "192.0.2.7");
    assert_int_equal(rig.lane.counts.shed, 1);
    assert_true(hw_pipe_is_closed(own[0]));
    for (size_t i = 0; i < OTHERS; i++) {
        assert_false(hw_pipe_is_closed(others[i]));
        hang_up(&rig, others[i]);
    }
    for (size_t i = 0; i < OWN; i++)
        hang_up(&rig, own[i]);
    close_proxied(&rig, next);
}

/* A lane that listens on a real socket, to these alone. */
typedef struct proxied_gate {
    test_rig rig;
    hw_listener listener;
    hw_cidr sender;
    hw_cidrs senders;
} proxied_gate;

static void open_proxied_gate(proxied_gate *gate, hw_cidr sender)
{
    *gate = (proxied_gate){.listener.fd = -1, .sender = sender};
    gate->senders = (hw_cidrs){&gate->sender, 1};
    open_proxied_rig(&gate->rig);
    hw_lane_fini(&gate->rig.lane);
    HW_NEED_OK(hw_listener_open(&gate->listener, "127.0.0.1:0", NULL));
    gate->listener.senders = &gate->senders;
    gate->rig.shared.listeners = &gate->listener;
    gate->rig.shared.listener_count = 1;
    gate->rig.shared.limits.connections_max = 4;
    HW_NEED_OK(hw_lane_init(&gate->rig.lane, &gate->rig.shared, HW_LOOP_POLL));
    HW_NEED_OK(hw_lane_listen(&gate->rig.lane));
}

static void settle_proxied_gate(proxied_gate *gate)
{
    hw_loop_settle(&gate->rig.lane.loop);
    hw_loop_settle(&gate->rig.lane.loop);
}

static void close_proxied_gate(proxied_gate *gate)
{
    settle_proxied_gate(gate);
    (void)hw_shed_use_reserve(&gate->rig.shared);
    rig_close(&gate->rig);
    hw_listener_close(&gate->listener);
}

static const hw_cidr loopback = {{{127}, HW_IP_V4}, 8}, elsewhere = {{{10}, HW_IP_V4}, 8};

HW_TEST(conn_proxied_comes_from_a_listener_that_asks_for_headers)
{
    char memory[256] = "";
    proxied_gate gate;
    open_proxied_gate(&gate, loopback);
    int client = hw_test_connect(gate.listener.name);
    hw_test_send(client, "PROXY TCP4 1");
    settle_proxied_gate(&gate); /* it waits, and is watched */
    NEED_TRUE(gate.rig.lane.conn_count == 1);
    hw_test_send(client, "92.0.2.7 10.0.0.1 1 1\r\nGET / HTTP/1.1\r\nHost: a\r\n"
                         "Connection: close\r\n\r\n");
    settle_proxied_gate(&gate);
    NEED_TRUE(gate.rig.answers == 1);
    NEED_TRUE(hw_test_receive(client, memory, sizeof memory - 1) > 0);
    assert_non_null(strstr(memory, "\r\n\r\n192.0.2.7"));
    settle_proxied_gate(&gate);
    close(client);
    close_proxied_gate(&gate);
}

/* Whatever is said: neither with a header nor without one. */
HW_TEST(conn_proxied_is_refused_to_whoever_is_not_named)
{
    static const char *const rows[] = {LINE GET, GET};
    for (size_t i = 0; i < ROWS(rows); i++) {
        char byte;
        proxied_gate gate;
        open_proxied_gate(&gate, elsewhere);
        int client = hw_test_connect(gate.listener.name);
        hw_test_send(client, rows[i]);
        settle_proxied_gate(&gate);
        NEED_TRUE(gate.rig.faults == 1);
        assert_true(hw_test_receive(client, &byte, 1) <= 0);
        assert_int_equal(gate.rig.answers, 0);
        assert_int_equal(gate.rig.lane.conn_count, 0);
        assert_int_equal(gate.rig.lane.counts.refused, 0);
        close(client);
        close_proxied_gate(&gate);
    }
}

/* It has all slots, which would cost any other address its oldest connection; and where there is none left
 * its client is told so. */
HW_TEST(conn_proxied_gives_a_proxy_all_slots)
{
    enum { MOST = 4 };
    char memory[256] = "";
    int clients[MOST];
    proxied_gate gate;
    open_proxied_gate(&gate, loopback);
    for (size_t i = 0; i < MOST - 1; i++) {
        clients[i] = hw_test_connect(gate.listener.name);
        hw_test_send(clients[i], "PROXY");
        settle_proxied_gate(&gate);
    }
    NEED_TRUE(gate.rig.lane.conn_count == MOST - 1);
    assert_int_equal(gate.rig.lane.counts.shed, 0);
    clients[MOST - 1] = hw_test_connect(gate.listener.name);
    hw_test_send(clients[MOST - 1], LINE "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    settle_proxied_gate(&gate);
    NEED_TRUE(gate.rig.answers == 1);
    NEED_TRUE(hw_test_receive(clients[MOST - 1], memory, sizeof memory - 1) > 0);
    assert_non_null(strstr(memory, "\r\n\r\n192.0.2.7"));
    for (size_t i = 0; i < MOST; i++)
        close(clients[i]);
    close_proxied_gate(&gate);
}

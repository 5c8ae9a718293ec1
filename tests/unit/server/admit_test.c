#include "server/admit.h"

#include "server/shed.h"

#include "seam/seam.h"
#include "unit/net/socket_pair.h"
#include "unit/server/rig.h"

#include <string.h>
#include <unistd.h>

/* A rig whose lane listens on a real socket; time stands still, so only a test makes it tick. */
typedef struct test_gate {
    test_rig rig;
    hw_listener listener;
} test_gate;

static void open_gate(test_gate *gate, unsigned connections_max)
{
    *gate = (struct test_gate){.listener.fd = -1};
    rig_open(&gate->rig);
    hw_lane_fini(&gate->rig.lane);
    HW_NEED_OK(hw_listener_open(&gate->listener, "127.0.0.1:0", NULL));
    gate->rig.shared.listeners = &gate->listener;
    gate->rig.shared.listener_count = 1;
    gate->rig.shared.limits.connections_max = connections_max;
    HW_NEED_OK(hw_lane_init(&gate->rig.lane, &gate->rig.shared, HW_LOOP_POLL));
    HW_NEED_OK(hw_lane_listen(&gate->rig.lane));
}

static void close_gate(test_gate *gate)
{
    (void)hw_shed_use_reserve(&gate->rig.shared);
    rig_close(&gate->rig);
    hw_listener_close(&gate->listener);
}

static void settle_gate(test_gate *gate)
{
    hw_loop_settle(&gate->rig.lane.loop);
    hw_loop_settle(&gate->rig.lane.loop);
}

static void tick_gate(test_gate *gate)
{
    hw_seam_clock_advance(INT64_C(1000000000));
    settle_gate(gate);
}

static bool is_watching(const test_gate *gate)
{
    return gate->rig.lane.acceptors[0].is_watching;
}

HW_TEST(admit_lets_connections_in)
{
    test_gate gate;
    char memory[256];
    open_gate(&gate, 10);
    int client = hw_test_connect(gate.listener.name);
    hw_test_send(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    settle_gate(&gate);
    NEED_TRUE(gate.rig.answers == 1);
    long length = hw_test_receive(client, memory, sizeof memory);
    NEED_TRUE(length > 0);
    assert_memory_equal(memory, "HTTP/1.1 200 OK\r\n", 17);
    settle_gate(&gate);
    assert_int_equal(gate.rig.lane.conn_count, 0);
    close(client);
    close_gate(&gate);
}

/* Every client has a request under way that nobody answers. */
static hw_body_plan plan_whole_body(void *arg, hw_exchange *exchange)
{
    (void)arg;
    (void)exchange;
    return (hw_body_plan){HW_PLAN_BUFFER, 1000};
}

static int connect_busy(test_gate *gate)
{
    int client = hw_test_connect(gate->listener.name);
    hw_test_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    settle_gate(gate);
    return client;
}

static uint64_t count_refused(const test_gate *gate)
{
    return gate->rig.lane.counts.refused;
}

HW_TEST(admit_lets_who_waits_give_way_at_the_limit)
{
    test_gate gate;
    int clients[4];
    open_gate(&gate, 2);
    for (int i = 0; i < 4; i++)
        clients[i] = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    settle_gate(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 2);
    assert_int_equal(gate.rig.shared.connections, 2);
    NEED_TRUE(gate.rig.lane.counts.shed == 2);
    assert_int_equal(count_refused(&gate), 0);
    assert_true(is_watching(&gate));
    char memory[256];
    assert_int_equal(hw_test_receive(clients[0], memory, sizeof memory), 0);
    assert_int_equal(hw_test_receive(clients[1], memory, sizeof memory), 0);
    hw_test_send(clients[3], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    settle_gate(&gate);
    NEED_TRUE(gate.rig.answers == 1);
    for (int i = 0; i < 4; i++)
        close(clients[i]);
    settle_gate(&gate);
    assert_int_equal(gate.rig.lane.conn_count, 0);
    close_gate(&gate);
}

/* Of twenty slots the last two are there for those who cannot give way; sixteen are made up. */
HW_TEST(admit_lets_nobody_give_way_below_nine_tenths)
{
    test_gate gate;
    int clients[3];
    open_gate(&gate, 20);
    gate.rig.shared.connections += 16;
    for (int i = 0; i < 2; i++)
        clients[i] = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 2);
    assert_int_equal(gate.rig.lane.counts.shed, 0);
    clients[2] = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 2);
    assert_int_equal(gate.rig.lane.counts.shed, 1);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    settle_gate(&gate);
    gate.rig.shared.connections -= 16;
    close_gate(&gate);
}

HW_TEST(admit_refuses_while_nobody_gives_way)
{
    static const char refusal[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                  "Retry-After: 1\r\n"
                                  "Connection: close\r\n"
                                  "Content-Length: 0\r\n" RIG_DATE "\r\n";
    test_gate gate;
    char memory[512];
    open_gate(&gate, 2);
    gate.rig.answerer.plan = plan_whole_body;
    int first = connect_busy(&gate), second = connect_busy(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 2);
    /* What it has sent must not keep the answer from arriving. */
    int third = hw_test_connect(gate.listener.name);
    hw_test_send(third, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    settle_gate(&gate);
    NEED_TRUE(count_refused(&gate) == 1);
    assert_int_equal(gate.rig.lane.conn_count, 2);
    assert_int_equal(gate.rig.lane.counts.shed, 0);
    assert_true(is_watching(&gate));
    long length = hw_test_receive(third, memory, sizeof memory);
    assert_int_equal(length, sizeof refusal - 1);
    assert_memory_equal(memory, refusal, sizeof refusal - 1);
    assert_int_equal(hw_test_receive(third, memory, sizeof memory), 0);
    /* A place is free, and whoever comes next has it. */
    close(first);
    close(third);
    settle_gate(&gate);
    third = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 2);
    assert_int_equal(count_refused(&gate), 1);
    close(second);
    close(third);
    settle_gate(&gate);
    close_gate(&gate);
}

/* Its own system has no descriptor: one of its connections makes room for the next. */
HW_TEST(admit_lets_who_waits_give_way_for_a_descriptor)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
    test_gate gate;
    open_gate(&gate, 10);
    int before = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    for (size_t i = 0; i < ROWS(errors); i++) {
        hw_seam_fail("accept", 1, errors[i]);
        int client = hw_test_connect(gate.listener.name);
        settle_gate(&gate);
        NEED_TRUE(gate.rig.lane.conn_count == 1);
        assert_int_equal(gate.rig.lane.counts.shed, i + 1);
        assert_true(is_watching(&gate));
        close(before);
        before = client;
    }
    close(before);
    settle_gate(&gate);
    assert_int_equal(gate.rig.lane.conn_count, 0);
    close_gate(&gate);
}

/* Memory is used up to its last byte: who comes is told so, and the lane goes on accepting. */
HW_TEST(admit_refuses_while_all_memory_is_used)
{
    test_gate gate;
    char memory[512];
    open_gate(&gate, 10);
    hw_budget *budget = &gate.rig.shared.budget;
    budget->max = 1000 * 1000;
    size_t held = budget->max - budget->used;
    hw_budget_add(budget, held);
    for (int i = 0; i < 3; i++) {
        int client = hw_test_connect(gate.listener.name);
        hw_test_send(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        settle_gate(&gate);
        NEED_TRUE(hw_test_receive(client, memory, sizeof memory) > 13);
        assert_memory_equal(memory, "HTTP/1.1 503 ", 13);
        assert_true(is_watching(&gate));
        close(client);
    }
    assert_int_equal(count_refused(&gate), 3);
    hw_budget_give(budget, held);
    close_gate(&gate);
}

/* One gives way, but what it had comes back at the end of the step only. */
HW_TEST(admit_lets_one_in_for_one_that_gives_way_while_all_memory_is_used)
{
    test_gate gate;
    char memory[512];
    open_gate(&gate, 10);
    hw_budget *budget = &gate.rig.shared.budget;
    int before = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    budget->max = 1000 * 1000;
    size_t held = budget->max - budget->used;
    hw_budget_add(budget, held);
    int client = hw_test_connect(gate.listener.name);
    hw_test_send(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    settle_gate(&gate);
    NEED_TRUE(gate.rig.lane.counts.shed == 1);
    assert_int_equal(count_refused(&gate), 0);
    NEED_TRUE(gate.rig.lane.conn_count == 1);
    hw_budget_give(budget, held);
    tick_gate(&gate);
    NEED_TRUE(hw_test_receive(client, memory, sizeof memory) > 13);
    NEED_TRUE(memcmp(memory, "HTTP/1.1 200 ", 13) == 0);
    close(before);
    close(client);
    settle_gate(&gate);
    close_gate(&gate);
}

/* When there has been none for a second, at the tick. */
HW_TEST(admit_refuses_with_the_descriptor_in_reserve)
{
    test_gate gate;
    char memory[512];
    open_gate(&gate, 10);
    hw_shed_keep_reserve(&gate.rig.shared, gate.rig.lane.loop.event);
    assert_true(gate.rig.shared.reserve > 0);
    for (int i = 0; i < 3; i++) {
        hw_seam_fail("accept", 1, EMFILE);
        hw_seam_fail("accept", 2, EMFILE);
        int client = hw_test_connect(gate.listener.name);
        hw_test_send(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        settle_gate(&gate);
        assert_false(is_watching(&gate));
        assert_int_equal(count_refused(&gate), i);
        tick_gate(&gate);
        NEED_TRUE(count_refused(&gate) == (uint64_t)i + 1);
        assert_true(hw_test_receive(client, memory, sizeof memory) > 0);
        assert_memory_equal(memory, "HTTP/1.1 503 ", 13);
        assert_true(gate.rig.shared.reserve > 0);
        assert_true(is_watching(&gate));
        close(client);
    }
    assert_int_equal(gate.rig.lane.conn_count, 0);
    assert_true(hw_shed_use_reserve(&gate.rig.shared));
    assert_false(hw_shed_use_reserve(&gate.rig.shared));
    close_gate(&gate);
}

static void expect_silence(test_gate *gate, unsigned accepts)
{
    assert_int_equal(hw_seam_calls("accept"), accepts);
    assert_false(is_watching(gate));
    /* Nothing is ready: a step that may wait would wait. */
    for (int i = 0; i < 100; i++)
        assert_false(hw_loop_step(&gate->rig.lane.loop, false));
    assert_int_equal(hw_seam_calls("accept"), accepts);
}

/* There is no descriptor, in the end not even with the reserve: a try or two, and then silence until
 * the tick. */
HW_TEST(admit_does_not_spin_without_descriptors)
{
    test_gate gate;
    open_gate(&gate, 10);
    hw_shed_keep_reserve(&gate.rig.shared, gate.rig.lane.loop.event);
    for (unsigned i = 1; i <= 3; i++)
        hw_seam_fail("accept", i, ENFILE);
    hw_seam_fail("duplicate", 1, ENFILE);
    int client = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    expect_silence(&gate, 1);
    assert_true(gate.rig.shared.reserve > 0);
    tick_gate(&gate);
    expect_silence(&gate, 3);
    assert_int_equal(gate.rig.shared.reserve, 0);
    /* The tick lets it in, and has a reserve again. */
    tick_gate(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 1);
    assert_true(hw_shed_use_reserve(&gate.rig.shared));
    close(client);
    settle_gate(&gate);
    close_gate(&gate);
}

/* A file that is being sent had the descriptor: the end of its answer brings the listeners back. */
HW_TEST(admit_comes_back_when_an_answer_ends)
{
    test_gate gate;
    open_gate(&gate, 10);
    gate.rig.answerer.plan = plan_whole_body;
    int busy = connect_busy(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 1);
    hw_seam_fail("accept", 1, EMFILE);
    int client = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    assert_false(is_watching(&gate));
    hw_test_send(busy, "123456789");
    settle_gate(&gate);
    NEED_TRUE(gate.rig.answers == 1);
    assert_true(is_watching(&gate));
    NEED_TRUE(gate.rig.lane.conn_count == 2);
    close(busy);
    close(client);
    settle_gate(&gate);
    close_gate(&gate);
}

/* Where it has left for want of a descriptor, one that closes brings it back at once. */
HW_TEST(admit_comes_back_when_a_connection_closes)
{
    test_gate gate;
    open_gate(&gate, 10);
    gate.rig.answerer.plan = plan_whole_body;
    int busy = connect_busy(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 1);
    hw_seam_fail("accept", 1, EMFILE);
    int client = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    assert_false(is_watching(&gate));
    close(busy);
    settle_gate(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 1);
    assert_true(is_watching(&gate));
    close(client);
    settle_gate(&gate);
    close_gate(&gate);
}

/* All of them come from one address, of which at most five may be here once ten are. */
HW_TEST(admit_lets_a_neighbour_give_way)
{
    test_gate gate;
    int clients[11];
    open_gate(&gate, 20);
    for (int i = 0; i < 10; i++)
        clients[i] = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 10);
    assert_int_equal(gate.rig.lane.counts.shed, 0);
    clients[10] = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 10);
    assert_int_equal(gate.rig.lane.counts.shed, 1);
    for (int i = 0; i < 11; i++)
        close(clients[i]);
    settle_gate(&gate);
    close_gate(&gate);
}

HW_TEST(admit_leaves_when_descriptors_run_out)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
    test_gate gate;
    open_gate(&gate, 10);
    for (size_t i = 0; i < ROWS(errors); i++) {
        int client = hw_test_connect(gate.listener.name);
        hw_seam_fail("accept", 1, errors[i]);
        unsigned calls = hw_seam_calls("accept");
        settle_gate(&gate);
        assert_int_equal(hw_seam_calls("accept"), calls + 1);
        assert_false(is_watching(&gate));
        settle_gate(&gate);
        assert_int_equal(hw_seam_calls("accept"), calls + 1);
        tick_gate(&gate);
        NEED_TRUE(is_watching(&gate) && gate.rig.lane.conn_count == 1);
        (void)hw_shed_use_reserve(&gate.rig.shared);
        close(client);
        settle_gate(&gate);
        assert_int_equal(gate.rig.lane.conn_count, 0);
    }
    close_gate(&gate);
}

HW_TEST(admit_goes_on_when_one_connection_fails)
{
    test_gate gate;
    open_gate(&gate, 10);
    int client = hw_test_connect(gate.listener.name);
    hw_seam_fail("accept", 1, ECONNABORTED);
    hw_seam_fail("accept", 2, EPROTO);
    settle_gate(&gate);
    NEED_TRUE(gate.rig.lane.conn_count == 1);
    assert_true(is_watching(&gate));
    close(client);
    settle_gate(&gate);
    close_gate(&gate);
}

/* Nothing of ours says that it concerns that connection only: no reason to try for ever. */
HW_TEST(admit_closes_although_accept_keeps_failing)
{
    test_gate gate;
    open_gate(&gate, 10);
    assert_int_equal(shutdown(gate.listener.fd, SHUT_RD), 0);
    settle_gate(&gate);
    hw_admit_close(&gate.rig.lane);
    assert_null(gate.rig.lane.acceptors);
    close_gate(&gate);
}

/* A filter that forbids accepting says so with an errno that else is one connection's. */
HW_TEST(admit_leaves_where_every_connection_fails)
{
    test_gate gate;
    open_gate(&gate, 10);
    int client = hw_test_connect(gate.listener.name);
    hw_seam_fail_from("accept", 1, EPERM);
    for (int i = 0; i < 100; i++)
        settle_gate(&gate);
    assert_false(is_watching(&gate));
    unsigned calls = hw_seam_calls("accept");
    settle_gate(&gate);
    assert_int_equal(hw_seam_calls("accept"), calls);
    tick_gate(&gate);
    hw_admit_close(&gate.rig.lane);
    assert_null(gate.rig.lane.acceptors);
    close(client);
    close_gate(&gate);
}

HW_TEST(admit_takes_what_waits_before_it_closes)
{
    test_gate gate;
    int clients[12];
    open_gate(&gate, 100);
    for (int i = 0; i < 12; i++)
        clients[i] = hw_test_connect(gate.listener.name);
    hw_admit_close(&gate.rig.lane);
    hw_admit_close(&gate.rig.lane);
    NEED_TRUE(gate.rig.lane.conn_count == 12);
    for (int i = 0; i < 12; i++)
        close(clients[i]);
    settle_gate(&gate);
    tick_gate(&gate);
    assert_int_equal(gate.rig.lane.conn_count, 0);
    close_gate(&gate);
}

HW_TEST(admit_leaves_more_than_its_share_to_the_other_lanes)
{
    test_gate gate;
    int clients[12];
    open_gate(&gate, 100);
    gate.rig.shared.lane_count = 2;
    for (int i = 0; i < 12; i++)
        clients[i] = hw_test_connect(gate.listener.name);
    settle_gate(&gate);
    /* conns > 1.25 * mean + 2, with a mean of conns / 2. */
    NEED_TRUE(gate.rig.lane.conn_count == 6);
    assert_false(is_watching(&gate));
    for (int i = 0; i < 12; i++)
        close(clients[i]);
    settle_gate(&gate);
    assert_int_equal(gate.rig.lane.conn_count, 0);
    tick_gate(&gate);
    tick_gate(&gate);
    assert_int_equal(gate.rig.lane.conn_count, 0);
    assert_true(is_watching(&gate));
    close_gate(&gate);
}

/* Four lanes of one server, all of whose counts are made up. */
typedef struct test_gates {
    test_rig rig;
    hw_listener listener;
    hw_lane lanes[4];
} test_gates;

static void open_gates(test_gates *gates, const size_t counts[4], unsigned connections_max)
{
    *gates = (struct test_gates){.listener.fd = -1};
    rig_open(&gates->rig);
    HW_NEED_OK(hw_listener_open(&gates->listener, "127.0.0.1:0", NULL));
    hw_shared *shared = &gates->rig.shared;
    shared->listeners = &gates->listener;
    shared->listener_count = 1;
    shared->limits.connections_max = connections_max;
    shared->lanes = gates->lanes;
    shared->lane_count = 4;
    for (int i = 0; i < 4; i++) {
        HW_NEED_OK(hw_lane_init(&gates->lanes[i], shared, HW_LOOP_POLL));
        HW_NEED_OK(hw_lane_listen(&gates->lanes[i]));
        gates->lanes[i].conn_count = counts[i];
        shared->connections += counts[i];
    }
}

static void close_gates(test_gates *gates, const size_t counts[4])
{
    for (int i = 0; i < 4; i++) {
        gates->lanes[i].conn_count -= counts[i];
        gates->rig.shared.connections -= counts[i];
        hw_lane_fini(&gates->lanes[i]);
    }
    hw_listener_close(&gates->listener);
    rig_close(&gates->rig);
}

/* One step of every lane. Whether a lane has been called, or has more to do. */
static bool step_gates(test_gates *gates)
{
    bool is_busy = false;
    for (int i = 0; i < 4; i++)
        is_busy |= hw_loop_step(&gates->lanes[i].loop, false);
    for (int i = 0; i < 4; i++)
        is_busy |= gates->lanes[i].is_recalled || gates->lanes[i].waiting.is_asked;
    return is_busy;
}

HW_TEST(admit_lanes_above_their_share_do_not_recall_each_other_for_ever)
{
    static const size_t counts[4] = {50, 50, 10, 10};
    test_gates gates;
    open_gates(&gates, counts, 1000);
    int client = hw_test_connect(gates.listener.name);
    int rounds = 0;
    while (step_gates(&gates) && rounds < 50)
        rounds++;
    assert_in_range(rounds, 1, 10);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gates.lanes[i].conn_count, 50);
        assert_false(gates.lanes[i].acceptors[0].is_watching);
    }
    NEED_TRUE(gates.lanes[2].conn_count + gates.lanes[3].conn_count == 21);
    close(client);
    while (step_gates(&gates))
        continue;
    close_gates(&gates, counts);
}

/* One connection that waits, in the first lane, beside all those that are made up. */
static hw_pipe *connect_first(test_gates *gates)
{
    hw_pipe *client = NULL;
    hw_stream *stream;
    HW_NEED_OK(hw_pipe_new(100, &client, &stream));
    HW_NEED_OK(hw_conn_open(&gates->lanes[0], stream));
    gates->lanes[0].conn_count--;
    gates->rig.shared.connections--;
    return client;
}

static int settle_gates(test_gates *gates)
{
    int rounds = 0;
    while (step_gates(gates) && rounds < 100)
        rounds++;
    return rounds;
}

/* Some steps of a lane that has forty connections meanwhile, and no other has any. */
static void step_with_its_share(test_gates *gates, hw_lane *lane)
{
    lane->conn_count += 40;
    gates->rig.shared.connections += 40;
    for (int i = 0; i < 3; i++)
        hw_loop_step(&lane->loop, false);
    lane->conn_count -= 40;
    gates->rig.shared.connections -= 40;
}

/* All have left, each at a time when it had most, and what they had has ended since: nobody calls
 * them, and whoever waits must not wait for the tick. */
HW_TEST(admit_comes_back_when_connections_end)
{
    static const size_t counts[4] = {0};
    test_gates gates;
    open_gates(&gates, counts, 1000);
    hw_pipe *client = NULL;
    hw_stream *stream;
    HW_NEED_OK(hw_pipe_new(100, &client, &stream));
    HW_NEED_OK(hw_conn_open(&gates.lanes[0], stream));
    int waiting = hw_test_connect(gates.listener.name);
    for (int i = 0; i < 8; i++)
        step_with_its_share(&gates, &gates.lanes[i % 4]);
    for (int i = 0; i < 4; i++)
        NEED_TRUE(!gates.lanes[i].acceptors[0].is_watching && !gates.lanes[i].is_recalled);
    NEED_TRUE(gates.rig.shared.connections == 1);
    hw_pipe_close(client);
    settle_gates(&gates);
    NEED_TRUE(gates.lanes[0].conn_count == 1);
    close(waiting);
    settle_gates(&gates);
    close_gates(&gates, counts);
}

/* A lane that has nothing to give way asks the one that has. */
HW_TEST(admit_has_another_lane_make_room)
{
    static const size_t counts[4] = {50, 0, 0, 0};
    test_gates gates;
    open_gates(&gates, counts, 50);
    hw_pipe *client = connect_first(&gates);
    settle_gates(&gates);
    int waiting = hw_test_connect(gates.listener.name);
    NEED_TRUE(settle_gates(&gates) <= 20);
    NEED_TRUE(gates.lanes[0].conn_count == 49 && gates.rig.shared.connections == 50);
    NEED_TRUE(hw_pipe_is_closed(client));
    gates.lanes[0].conn_count++;
    gates.rig.shared.connections++;
    close(waiting);
    settle_gates(&gates);
    hw_pipe_close(client);
    close_gates(&gates, counts);
}

/* Lanes that only seem to have something are asked once. */
HW_TEST(admit_lanes_do_not_ask_each_other_for_ever)
{
    static const size_t counts[4] = {13, 13, 12, 12};
    test_gates gates;
    int clients[12];
    open_gates(&gates, counts, 50);
    for (int i = 0; i < 4; i++)
        gates.lanes[i].waiting.may_shed = true;
    for (int i = 0; i < 12; i++) {
        clients[i] = hw_test_connect(gates.listener.name);
        NEED_TRUE(settle_gates(&gates) <= 20);
        assert_true(gates.rig.shared.connections <= 54);
    }
    for (int i = 0; i < 4; i++)
        assert_false(gates.lanes[i].waiting.is_asked);
    for (int i = 0; i < 12; i++)
        close(clients[i]);
    settle_gates(&gates);
    close_gates(&gates, counts);
}

HW_TEST(admit_cannot_open_without_a_watch)
{
    test_gate gate;
    open_gate(&gate, 10);
    hw_admit_close(&gate.rig.lane);
    hw_seam_fail("poll_add", 1, ENOSPC);
    int error = hw_lane_listen(&gate.rig.lane);
    assert_true(error == -ENOSPC || hw_test_is_struck());
    assert_null(gate.rig.lane.acceptors);
    close_gate(&gate);
}

#include "server/shed.h"

#include "seam/seam.h"
#include "unit/server/rig.h"

#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"

static void pass_ms(test_rig *rig, int64_t ms)
{
    hw_seam_clock_advance(ms * 1000000);
    hw_loop_settle(&rig->lane.loop);
}

/* A client that has had its first turn. */
static hw_pipe *connect_peer(test_rig *rig, hw_peer peer)
{
    hw_pipe *client = NULL;
    hw_stream *stream;
    HW_NEED_OK(hw_pipe_new(1000, &client, &stream));
    stream->peer = peer;
    int error = hw_conn_open(&rig->lane, stream);
    if (error < 0)
        hw_pipe_close(client);
    HW_NEED_OK(error);
    hw_loop_settle(&rig->lane.loop);
    return client;
}

static hw_pipe *connect_from(test_rig *rig, unsigned char n)
{
    return connect_peer(rig, (hw_peer){{10, 0, 0, n}, AF_INET});
}

static hw_pipe *connect_one(test_rig *rig)
{
    return connect_from(rig, 1);
}

static void close_all(hw_pipe **clients, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hw_pipe_close(clients[i]);
}

static void make_idle(test_rig *rig, hw_pipe *client)
{
    rig_send(rig, client, GET);
    NEED_TRUE(hw_pipe_received(client).length > 0);
    hw_pipe_take(client, hw_pipe_received(client).length);
}

/* Exactly this one gives way next. */
static void expect_shed(test_rig *rig, const hw_pipe *client)
{
    NEED_TRUE(!hw_pipe_is_closed(client));
    NEED_TRUE(hw_shed_one(&rig->lane));
    NEED_TRUE(hw_pipe_is_closed(client));
}

static void room_for(test_rig *rig, const hw_peer *peer)
{
    NEED_TRUE(hw_shed_make_room(&rig->lane, peer));
}

HW_TEST(shed_lets_idle_ones_give_way_then_heads_the_oldest_first)
{
    test_rig rig = {0};
    hw_pipe *clients[5];
    rig_open(&rig);
    for (size_t i = 0; i < 5; i++)
        clients[i] = connect_one(&rig);
    rig_send(&rig, clients[0], "GET / HT");
    make_idle(&rig, clients[2]);
    make_idle(&rig, clients[1]);
    /* What comes later of a head does not make it younger. */
    rig_send(&rig, clients[0], "TP/1.1\r\n");
    NEED_TRUE(!hw_pipe_is_closed(clients[0]));
    expect_shed(&rig, clients[2]);
    expect_shed(&rig, clients[1]);
    expect_shed(&rig, clients[0]);
    expect_shed(&rig, clients[3]);
    expect_shed(&rig, clients[4]);
    NEED_TRUE(!hw_shed_one(&rig.lane));
    NEED_TRUE(rig.lane.counts.shed == 5);
    hw_loop_settle(&rig.lane.loop);
    close_all(clients, 5);
    rig_close(&rig);
}

HW_TEST(shed_counts_a_request_as_a_new_wait)
{
    test_rig rig = {0};
    hw_pipe *clients[2];
    rig_open(&rig);
    for (size_t i = 0; i < 2; i++) {
        clients[i] = connect_one(&rig);
        make_idle(&rig, clients[i]);
    }
    make_idle(&rig, clients[0]);
    expect_shed(&rig, clients[1]);
    /* Behind an answer the next head begins anew. */
    rig_send(&rig, clients[0], "GET / HT");
    hw_pipe *other = connect_one(&rig);
    rig_send(&rig, clients[0], "TP/1.1\r\nHost: a\r\n\r\nGET");
    expect_shed(&rig, other);
    expect_shed(&rig, clients[0]);
    hw_loop_settle(&rig.lane.loop);
    close_all(clients, 2);
    hw_pipe_close(other);
    rig_close(&rig);
}

HW_TEST(shed_spares_a_request_that_has_just_arrived)
{
    test_rig rig = {0};
    hw_pipe *clients[2];
    rig_open(&rig);
    for (size_t i = 0; i < 2; i++) {
        clients[i] = connect_one(&rig);
        make_idle(&rig, clients[i]);
    }
    NEED_TRUE(hw_pipe_send(clients[0], HW_TEXT(GET)) == 0);
    expect_shed(&rig, clients[1]);
    NEED_TRUE(!hw_shed_one(&rig.lane));
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(rig.answers == 3);
    close_all(clients, 2);
    rig_close(&rig);
}

/* One that has not had its turn yet may have brought a request along. */
HW_TEST(shed_spares_who_has_not_been_looked_at)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 1000);
    NEED_TRUE(!hw_shed_one(&rig.lane));
    hw_loop_settle(&rig.lane.loop);
    expect_shed(&rig, client);
    hw_loop_settle(&rig.lane.loop);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* The least rate is 500 bytes a second. */
HW_TEST(shed_lets_slow_senders_give_way)
{
    static const char content[600] = {0};
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 1000000}};
    rig_open(&rig);
    hw_pipe *client = connect_one(&rig);
    rig_send(&rig, client, POST);
    pass_ms(&rig, HW_SHED_RATE_MS - 1);
    NEED_TRUE(!hw_shed_one(&rig.lane));
    NEED_TRUE(hw_pipe_send(client, (hw_text){content, 500}) == 0);
    pass_ms(&rig, 1);
    /* Fast enough, and measured anew. */
    NEED_TRUE(!hw_shed_one(&rig.lane));
    NEED_TRUE(hw_pipe_send(client, (hw_text){content, 499}) == 0);
    pass_ms(&rig, HW_SHED_RATE_MS - 1);
    NEED_TRUE(!hw_shed_one(&rig.lane));
    pass_ms(&rig, 1);
    expect_shed(&rig, client);
    hw_loop_settle(&rig.lane.loop);
    hw_pipe_close(client);
    rig_close(&rig);
}

static void answer_much(void *arg, hw_exchange *exchange)
{
    static const char much[5000] = {0};
    (void)arg;
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, (hw_text){much, sizeof much});
}

HW_TEST(shed_lets_slow_readers_give_way)
{
    test_rig rig = {.answerer.answer = answer_much};
    rig_open(&rig);
    hw_pipe *client = connect_one(&rig);
    rig_send(&rig, client, GET);
    NEED_TRUE(hw_pipe_received(client).length == 1000);
    pass_ms(&rig, HW_SHED_RATE_MS - 1);
    NEED_TRUE(!hw_shed_one(&rig.lane));
    hw_pipe_take(client, 500);
    pass_ms(&rig, 1);
    NEED_TRUE(!hw_shed_one(&rig.lane));
    hw_pipe_take(client, 499);
    pass_ms(&rig, HW_SHED_RATE_MS - 1);
    NEED_TRUE(!hw_shed_one(&rig.lane));
    pass_ms(&rig, 1);
    expect_shed(&rig, client);
    hw_loop_settle(&rig.lane.loop);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* An idle one goes before a head that is older, and a head before a body that is. */
HW_TEST(shed_follows_the_order_of_kinds)
{
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 1000000}};
    rig_open(&rig);
    hw_pipe *body = connect_one(&rig), *head = NULL, *idle = NULL;
    rig_send(&rig, body, POST);
    pass_ms(&rig, HW_SHED_RATE_MS);
    head = connect_one(&rig);
    pass_ms(&rig, 1);
    idle = connect_one(&rig);
    make_idle(&rig, idle);
    expect_shed(&rig, idle);
    expect_shed(&rig, head);
    expect_shed(&rig, body);
    hw_loop_settle(&rig.lane.loop);
    hw_pipe *clients[] = {body, head, idle};
    close_all(clients, 3);
    rig_close(&rig);
}

/* However many clients are fast enough, few are looked at. */
HW_TEST(shed_looks_at_a_few_only)
{
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 1000000}};
    hw_pipe *clients[20];
    rig_open(&rig);
    rig.shared.limits.rate_bytes_min = 0;
    for (size_t i = 0; i < 20; i++) {
        clients[i] = connect_one(&rig);
        rig_send(&rig, clients[i], POST);
    }
    pass_ms(&rig, HW_SHED_RATE_MS);
    rig.shared.limits.rate_bytes_min = 500;
    for (size_t i = 0; i < 16; i++) {
        const hw_link *first = hw_list_first(&rig.lane.waiting.phases[HW_PHASE_CONTENT]);
        NEED_TRUE(first != NULL);
        HW_MEMBER(first, hw_conn, waiting)->moved -= 500;
        hw_conn_enter(HW_MEMBER(first, hw_conn, waiting), HW_PHASE_CONTENT);
    }
    expect_shed(&rig, clients[16]);
    hw_loop_settle(&rig.lane.loop);
    close_all(clients, 20);
    rig_close(&rig);
}

HW_TEST(shed_says_when_it_has_nothing_to_give)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = connect_one(&rig);
    assert_true(rig.lane.waiting.may_shed);
    expect_shed(&rig, client);
    assert_true(rig.lane.waiting.may_shed);
    NEED_TRUE(!hw_shed_one(&rig.lane));
    assert_false(rig.lane.waiting.may_shed);
    hw_shed_on_tick(&rig.lane);
    assert_true(rig.lane.waiting.may_shed);
    hw_loop_settle(&rig.lane.loop);
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(shed_ends_idle_ones_after_two_seconds_above_four_fifths)
{
    test_rig rig = {0};
    hw_pipe *clients[9];
    rig_open(&rig);
    rig.shared.limits.connections_max = 10;
    for (size_t i = 0; i < 8; i++) {
        clients[i] = connect_one(&rig);
        make_idle(&rig, clients[i]);
    }
    pass_ms(&rig, HW_SHED_IDLE_MS);
    hw_shed_on_tick(&rig.lane);
    NEED_TRUE(rig.lane.counts.shed == 0);
    clients[8] = connect_one(&rig);
    make_idle(&rig, clients[7]);
    pass_ms(&rig, HW_SHED_IDLE_MS - 1);
    make_idle(&rig, clients[0]);
    make_idle(&rig, clients[1]);
    hw_shed_on_tick(&rig.lane);
    /* It stops where four fifths are left. */
    NEED_TRUE(rig.lane.counts.shed == 1);
    NEED_TRUE(hw_pipe_is_closed(clients[2]));
    clients[2] = (hw_pipe_close(clients[2]), connect_one(&rig));
    hw_pipe *more = connect_one(&rig);
    for (size_t i = 3; i < 7; i++)
        make_idle(&rig, clients[i]);
    hw_shed_on_tick(&rig.lane);
    NEED_TRUE(rig.lane.counts.shed == 1);
    pass_ms(&rig, 1);
    hw_shed_on_tick(&rig.lane);
    NEED_TRUE(rig.lane.counts.shed == 2);
    NEED_TRUE(hw_pipe_is_closed(clients[7]));
    hw_loop_settle(&rig.lane.loop);
    close_all(clients, 9);
    hw_pipe_close(more);
    rig_close(&rig);
}

/* Of twenty slots: nine are in use, five of them by one address. */
HW_TEST(shed_leaves_an_address_alone_below_half)
{
    test_rig rig = {0};
    hw_pipe *clients[10];
    const hw_peer one = {{10, 0, 0, 1}, AF_INET}, two = {{10, 0, 0, 2}, AF_INET};
    rig_open(&rig);
    rig.shared.limits.connections_max = 20;
    for (size_t i = 0; i < 9; i++)
        clients[i] = connect_from(&rig, i < 5 ? 1 : (unsigned char)(2 + i));
    room_for(&rig, &one);
    NEED_TRUE(rig.lane.counts.shed == 0);
    clients[9] = connect_from(&rig, 2);
    make_idle(&rig, clients[1]);
    /* Ten, but only one of this address. */
    room_for(&rig, &two);
    NEED_TRUE(rig.lane.counts.shed == 0);
    /* The one that came first, idle or not. */
    room_for(&rig, &one);
    NEED_TRUE(rig.lane.counts.shed == 1);
    NEED_TRUE(hw_pipe_is_closed(clients[0]));
    /* And four of an address are no more than a quarter with the next one. */
    hw_pipe_close(clients[0]);
    clients[0] = connect_from(&rig, 30);
    room_for(&rig, &one);
    NEED_TRUE(rig.lane.counts.shed == 1);
    close_all(clients, 10);
    rig_close(&rig);
}

HW_TEST(shed_finds_no_neighbour_among_those_who_are_served)
{
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 1000000}};
    hw_pipe *clients[4];
    const hw_peer one = {{10, 0, 0, 1}, AF_INET};
    rig_open(&rig);
    rig.shared.limits.connections_max = 4;
    for (size_t i = 0; i < 3; i++) {
        clients[i] = connect_one(&rig);
        rig_send(&rig, clients[i], POST);
    }
    room_for(&rig, &one);
    NEED_TRUE(rig.lane.counts.shed == 0);
    clients[3] = connect_one(&rig);
    room_for(&rig, &one);
    NEED_TRUE(rig.lane.counts.shed == 1);
    NEED_TRUE(hw_pipe_is_closed(clients[3]));
    hw_loop_settle(&rig.lane.loop);
    close_all(clients, 4);
    rig_close(&rig);
}

/* Addresses that are found in one list are not taken for one another. */
HW_LONG_TEST(shed_tells_the_addresses_of_a_list_apart)
{
    enum { OTHERS = 3 * HW_LANE_PEERS, OWN = 300 };
    static hw_pipe *others[OTHERS], *own[OWN];
    const hw_peer one = {{10, 0, 0, 1}, AF_INET};
    test_rig rig = {0};
    rig_open(&rig);
    rig.shared.limits.connections_max = OWN * 4;
    for (size_t i = 0; i < OTHERS; i++)
        others[i] = connect_peer(
            &rig, (hw_peer){{10, 1, (unsigned char)(i / 256), (unsigned char)i}, AF_INET});
    for (size_t i = 0; i < OWN; i++)
        own[i] = connect_peer(&rig, one);
    for (int i = 0; i < 20; i++)
        room_for(&rig, &one);
    assert_int_equal(rig.lane.counts.shed, 1); /* then it has less than its share */
    assert_true(hw_pipe_is_closed(own[0]));
    for (size_t i = 0; i < OTHERS; i++)
        assert_false(hw_pipe_is_closed(others[i]));
    hw_loop_settle(&rig.lane.loop);
    close_all(others, OTHERS);
    close_all(own, OWN);
    rig_close(&rig);
}

/* A trusted proxy is many clients: it has no share. */
HW_TEST(shed_takes_nothing_from_a_trusted_proxy)
{
    const hw_cidr ours = {{{10}, HW_IP_V4}, 8};
    const hw_cidrs proxies = {&ours, 1};
    static const hw_peer peers[] = {{{10, 0, 0, 1}, AF_INET}, {{11, 0, 0, 1}, AF_INET}};
    for (size_t i = 0; i < ROWS(peers); i++) {
        test_rig rig = {0};
        hw_pipe *client = NULL;
        hw_stream *stream;
        rig_open(&rig);
        rig.shared.proxies = &proxies;
        rig.shared.limits.connections_max = 2;
        HW_NEED_OK(hw_pipe_new(1000, &client, &stream));
        stream->peer = peers[i];
        HW_NEED_OK(hw_conn_open(&rig.lane, stream));
        hw_loop_settle(&rig.lane.loop);
        room_for(&rig, &peers[i]);
        NEED_TRUE(rig.lane.counts.shed == i);
        hw_pipe_close(client);
        rig_close(&rig);
    }
}

/* The first half of an IPv6 address is one; a Unix socket has none. */
HW_TEST(shed_takes_a_network_for_an_address)
{
    static const struct {
        hw_peer first, next;
        bool is_same;
    } rows[] = {
        {{{1, 2, 3, 4, 5, 6, 7, 8, 9}, AF_INET6}, {{1, 2, 3, 4, 5, 6, 7, 8, 10}, AF_INET6}, true},
        {{{1, 2, 3, 4, 5, 6, 7, 8, 9}, AF_INET6}, {{1, 2, 3, 4, 5, 6, 7, 9, 9}, AF_INET6}, false},
        {{{1, 2, 3, 4}, AF_INET}, {{1, 2, 3, 4}, AF_INET}, true},
        {{{1, 2, 3, 4}, AF_INET}, {{1, 2, 3, 5}, AF_INET}, false},
        {{{1, 2, 3, 4}, AF_INET}, {{1, 2, 3, 4}, AF_INET6}, false},
        {{{0}, AF_UNIX}, {{0}, AF_UNIX}, false},
        {{{0}, AF_UNSPEC}, {{0}, AF_UNSPEC}, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        test_rig rig = {0};
        hw_pipe *client = NULL;
        hw_stream *stream;
        rig_open(&rig);
        rig.shared.limits.connections_max = 2;
        HW_NEED_OK(hw_pipe_new(1000, &client, &stream));
        stream->peer = rows[i].first;
        HW_NEED_OK(hw_conn_open(&rig.lane, stream));
        hw_loop_settle(&rig.lane.loop);
        room_for(&rig, &rows[i].next);
        NEED_TRUE(rig.lane.counts.shed == (uint64_t)(rows[i].is_same));
        hw_pipe_close(client);
        rig_close(&rig);
    }
}

/* Once the handler has it a connection is not shed, whatever it was before. */
static void shed_inside(void *arg, hw_exchange *exchange)
{
    test_rig *rig = arg;
    NEED_TRUE(!hw_shed_one(&rig->lane));
    rig_answer_hi(arg, exchange);
}

HW_TEST(shed_spares_who_is_with_a_handler)
{
    test_rig rig = {.answerer.answer = shed_inside};
    rig_open(&rig);
    hw_pipe *client = connect_one(&rig);
    for (int i = 0; i < 2; i++)
        make_idle(&rig, client);
    NEED_TRUE(rig.answers == 2);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* The budget of a rig with what is in use already, and its news. */
static void limit_memory(test_rig *rig, size_t max)
{
    rig->shared.lanes = &rig->lane;
    rig->shared.budget.max = max;
    rig->shared.budget.on_news = hw_shed_on_news;
    rig->shared.budget.arg = &rig->shared;
}

static void settle_twice(test_rig *rig)
{
    hw_loop_settle(&rig->lane.loop);
    hw_loop_settle(&rig->lane.loop);
}

/* Half a head of so many bytes, at least. */
static void send_half_head(test_rig *rig, hw_pipe *client, size_t bytes)
{
    static const char field[] =
        "X: 0123456789012345678901234567890123456789012345678901234567890\r\n";
    rig_send(rig, client, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (size_t sent = 0; sent < bytes; sent += sizeof field - 1)
        rig_send(rig, client, field);
}

HW_TEST(shed_frees_memory_when_it_is_tight)
{
    test_rig rig = {0};
    hw_pipe *clients[24];
    rig_open(&rig);
    limit_memory(&rig, 200 * 1000);
    hw_pipe *idle = connect_one(&rig);
    make_idle(&rig, idle);
    for (size_t i = 0; i < 24; i++) {
        clients[i] = connect_one(&rig);
        send_half_head(&rig, clients[i], 6000);
        settle_twice(&rig);
        NEED_TRUE(rig.shared.budget.used < 180 * 1000);
    }
    /* First who is idle, then the oldest heads, and the newest are still there. */
    NEED_TRUE(hw_pipe_is_closed(idle));
    NEED_TRUE(hw_pipe_is_closed(clients[0]));
    NEED_TRUE(!hw_pipe_is_closed(clients[23]));
    rig_send(&rig, clients[23], "\r\n");
    NEED_TRUE(rig.answers == 2);
    close_all(clients, 24);
    hw_pipe_close(idle);
    rig_close(&rig);
}

/* All of it is used, by what cannot give way: nobody is read from until there is room. */
HW_TEST(shed_stalls_reading_until_there_is_memory)
{
    test_rig rig = {0};
    rig_open(&rig);
    limit_memory(&rig, 1000 * 1000);
    hw_pipe *client = connect_one(&rig);
    make_idle(&rig, client);
    hw_pipe *fresh = rig_connect(&rig, 1000);
    size_t held = 1000 * 1000 - rig.shared.budget.used - HW_BUDGET_BRIM_BYTES;
    /* To the brim: it is read. */
    rig.shared.budget.is_told = true;
    hw_budget_add(&rig.shared.budget, held);
    make_idle(&rig, client);
    NEED_TRUE(rig.answers == 2);
    hw_budget_add(&rig.shared.budget, 1);
    rig_send(&rig, client, GET);
    rig_send(&rig, fresh, GET);
    assert_int_equal(rig.answers, 2);
    /* It waits for what it is told: no turn is queued. */
    for (int i = 0; i < 10; i++)
        assert_false(hw_loop_step(&rig.lane.loop, false));
    hw_budget_give(&rig.shared.budget, held + 1);
    settle_twice(&rig);
    NEED_TRUE(rig.answers == 4);
    NEED_TRUE(!hw_pipe_is_closed(client) && !hw_pipe_is_closed(fresh));
    hw_pipe_close(client);
    hw_pipe_close(fresh);
    rig_close(&rig);
}

/* They hold next to nothing, and have been told to wait; for a slot they do give way. */
HW_TEST(shed_lets_the_stalled_wait_for_memory)
{
    test_rig rig = {0};
    rig_open(&rig);
    limit_memory(&rig, 1000 * 1000);
    hw_pipe *client = connect_one(&rig);
    size_t held = 1000 * 1000 - rig.shared.budget.used;
    rig.shared.budget.is_told = true; /* who is not stalled yet is not to give way */
    hw_budget_add(&rig.shared.budget, held);
    rig_send(&rig, client, GET);
    NEED_TRUE(!hw_pipe_is_closed(client));
    for (int i = 0; i < 3; i++) {
        hw_shed_on_news(&rig.shared);
        settle_twice(&rig);
        NEED_TRUE(!hw_pipe_is_closed(client));
    }
    NEED_TRUE(rig.lane.counts.shed == 0 && rig.answers == 0);
    NEED_TRUE(hw_shed_one(&rig.lane));
    NEED_TRUE(hw_pipe_is_closed(client));
    hw_budget_give(&rig.shared.budget, held);
    settle_twice(&rig);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* What seemed to be a request was none: it is idle again, and first to give way. */
HW_TEST(shed_takes_who_was_stalled_for_nothing_for_idle)
{
    test_rig rig = {0};
    rig_open(&rig);
    limit_memory(&rig, 1000 * 1000);
    hw_pipe *client = connect_one(&rig);
    make_idle(&rig, client);
    conn_h1 *h1 = rig_conn(&rig);
    size_t held = 1000 * 1000 - rig.shared.budget.used;
    rig.shared.budget.is_told = true;
    hw_budget_add(&rig.shared.budget, held);
    h1->conn.stream->readable = true;
    hw_conn_queue(&h1->conn);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(h1->conn.phase == HW_PHASE_STALLED);
    hw_budget_give(&rig.shared.budget, held);
    settle_twice(&rig);
    NEED_TRUE(h1->conn.phase == HW_PHASE_IDLE);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* A body whose memory has been taken is read on. */
HW_TEST(shed_reads_on_what_has_its_memory)
{
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 1000}};
    rig_open(&rig);
    limit_memory(&rig, 1000 * 1000);
    hw_pipe *client = connect_one(&rig);
    rig_send(&rig, client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    size_t held = 1000 * 1000 - rig.shared.budget.used;
    rig.shared.budget.is_told = true;
    hw_budget_add(&rig.shared.budget, held);
    rig_send(&rig, client, "body");
    NEED_TRUE(rig.answers == 1);
    hw_budget_give(&rig.shared.budget, held);
    settle_twice(&rig);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* What is not to be had is answered 503, without any memory more. */
HW_TEST(shed_answers_503_where_a_body_finds_no_memory)
{
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 1000 * 1000}};
    rig_open(&rig);
    limit_memory(&rig, 100 * 1000);
    hw_pipe *client = connect_one(&rig);
    rig_send(&rig, client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    NEED_TRUE(hw_pipe_received(client).length == 0);
    hw_pipe *other = connect_one(&rig);
    rig_send(&rig, other, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    hw_text got = hw_pipe_received(other);
    NEED_TRUE(got.length > 12);
    assert_memory_equal(got.at, "HTTP/1.1 503", 12);
    settle_twice(&rig);
    hw_pipe_close(client);
    hw_pipe_close(other);
    rig_close(&rig);
}

HW_TEST(shed_makes_no_room_while_memory_is_full)
{
    test_rig rig = {0};
    const hw_peer peer = {{0}, AF_UNIX};
    rig_open(&rig);
    limit_memory(&rig, 1000 * 1000);
    assert_true(hw_shed_make_room(&rig.lane, &peer));
    rig.shared.budget.is_told = true;
    hw_budget_add(&rig.shared.budget, 1000 * 1000 - HW_BUDGET_BRIM_BYTES);
    assert_true(hw_shed_make_room(&rig.lane, &peer));
    hw_budget_add(&rig.shared.budget, 1);
    assert_false(hw_shed_make_room(&rig.lane, &peer));
    hw_budget_give(&rig.shared.budget, 1000 * 1000 - HW_BUDGET_BRIM_BYTES + 1);
    rig_close(&rig);
}

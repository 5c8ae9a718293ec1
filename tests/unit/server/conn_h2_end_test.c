/* Connections of HTTP/2: how they end, and what they hold. */
#include "unit/server/h2_rig.h"

#include <errno.h>
#include <string.h>

#include "server/shed.h"

#define ROOM ((size_t)4 * 1024 * 1024)
#define KIB ((size_t)1024)
#define NOTICE "GOAWAY 2147483647 NO_ERROR\n"

/* Bodies that a test lets end. */
static const hw_piece one_piece[] = {{.bytes = HW_TEXT_INIT("abc")}};
static struct {
    rig_body body;
    hw_exchange *exchange;
} held[8];
static unsigned held_count;

static void answer_held(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    rig_body *body = &held[held_count].body;
    held[held_count++].exchange = exchange;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response,
                          rig_body_init(body, one_piece, 1, HW_LENGTH_UNKNOWN, HW_PULL_WAIT));
}

static void open_held(h2_rig *h2, unsigned count)
{
    *h2 = (h2_rig){.rig = {.answerer = {.answer = answer_held}}};
    held_count = 0;
    h2_open(h2, ROOM);
    for (unsigned i = 0; i < count; i++)
        h2_ask(h2, 2 * i + 1, "/");
    NEED_TRUE(held_count == count);
    const char *words = h2_hear(h2);
    for (unsigned i = 0; i < count; i++, words = strstr(words, "abc\n") + 4)
        NEED_TRUE(strstr(words, "abc\n") != NULL);
}

/* It has been told that the server drains, and nothing else yet. */
static void open_draining(h2_rig *h2, unsigned count)
{
    open_held(h2, count);
    hw_lane_drain(&h2->rig.lane);
    h2_expect(h2, NOTICE);
}

static void let_end(h2_rig *h2, unsigned index)
{
    NEED_TRUE(held[index].body.drops == 0);
    held[index].body.last = HW_PULL_END;
    held[index].exchange->carrier->wake(held[index].exchange);
    hw_loop_settle(&h2->rig.lane.loop);
}

static void need_ended(const h2_rig *h2)
{
    NEED_TRUE(hw_pipe_is_ended(h2->client));
}

/* The only one there is: then all is said. */
static void let_first_end(h2_rig *h2)
{
    let_end(h2, 0);
    h2_expect(h2, "DATA 1 end \n");
    need_ended(h2);
}

static void need_open(const h2_rig *h2)
{
    NEED_TRUE(!hw_pipe_is_ended(h2->client) && !hw_pipe_is_closed(h2->client));
}

/* Nobody has anything to lose: it ends at once. */
HW_TEST(conn_h2_drains_at_once_where_nothing_is_asked)
{
    h2_rig h2 = {0};
    h2_open(&h2, ROOM);
    hw_lane_drain(&h2.rig.lane);
    h2_expect_among(&h2, "GOAWAY 0 NO_ERROR\n");
    need_ended(&h2);
    hw_pipe_end_send(h2.client);
    hw_loop_settle(&h2.rig.lane.loop);
    assert_true(hw_pipe_is_closed(h2.client) && h2.rig.lane.loop.is_ended);
    h2_close(&h2);
}

/* RFC 9113 6.8: a notice, and a second later the truth; what has begun is finished. */
HW_TEST(conn_h2_drains_with_a_notice)
{
    h2_rig h2;
    open_draining(&h2, 2);
    h2_ask(&h2, 5, "/"); /* it did not know */
    h2_expect_first(&h2, "HEADERS 5\n :status: 200\n");
    h2_pass_ms(&h2, 999);
    h2_expect(&h2, "");
    h2_pass_ms(&h2, 1);
    h2_expect(&h2, "GOAWAY 5 NO_ERROR\n");
    h2_ask(&h2, 7, "/"); /* it should have known */
    h2_expect(&h2, "");
    for (unsigned i = 0; i < 3; i++) {
        need_open(&h2);
        let_end(&h2, i);
    }
    h2_expect_among(&h2, "DATA 5 end \n");
    need_ended(&h2);
    assert_int_equal(h2.rig.records, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_true(h2.rig.record[i].is_complete);
    h2_close(&h2);
}

/* Nobody is waited for when all that was asked for is answered. */
HW_TEST(conn_h2_drains_when_its_streams_are_done)
{
    h2_rig h2;
    open_draining(&h2, 1);
    let_end(&h2, 0);
    h2_expect_among(&h2, "GOAWAY 1 NO_ERROR\n");
    need_ended(&h2);
    h2_close(&h2);
}

/* The last stream is reset when all has been said, and heard: there is nothing to wait for. */
HW_TEST(conn_h2_drains_when_its_last_stream_is_reset)
{
    h2_rig h2;
    open_draining(&h2, 1);
    h2_pass_ms(&h2, 1000);
    h2_expect(&h2, "GOAWAY 1 NO_ERROR\n");
    h2_reset(&h2, 1);
    NEED_TRUE(hw_pipe_is_closed(h2.client));
    assert_true(h2.rig.lane.loop.is_ended);
    h2_close(&h2);
}

HW_TEST(conn_h2_ends_after_so_many_requests)
{
    h2_rig h2;
    open_held(&h2, 0);
    h2.rig.shared.limits.requests_max = 2;
    h2_ask(&h2, 1, "/");
    h2_expect_first(&h2, "HEADERS 1\n :status: 200\n" H2_DATE "DATA 1 abc\n");
    h2_ask(&h2, 3, "/");
    h2_expect_among(&h2, NOTICE);
    let_end(&h2, 0);
    h2_expect(&h2, "DATA 1 end \n");
    h2_pass_ms(&h2, 1000);
    h2_expect(&h2, "GOAWAY 3 NO_ERROR\n");
    let_end(&h2, 1);
    h2_expect(&h2, "DATA 3 end \n");
    need_ended(&h2);
    h2_close(&h2);
}

static void say_goaway(h2_rig *h2)
{
    static const char none[8];
    wire_frame(h2->said, WIRE_GOAWAY, 0, 0, (hw_text){none, sizeof none});
    h2_send(h2);
}

/* The client says that it asks for no more: what it has asked for is finished. */
HW_TEST(conn_h2_ends_with_its_clients_goaway)
{
    h2_rig h2;
    open_held(&h2, 1);
    say_goaway(&h2);
    h2_expect(&h2, "GOAWAY 1 NO_ERROR\n");
    need_open(&h2);
    hw_lane_drain(&h2.rig.lane); /* which changes nothing */
    h2_expect(&h2, "");
    let_first_end(&h2);
    h2_close(&h2);
}

HW_TEST(conn_h2_ends_with_its_client)
{
    for (unsigned i = 0; i < 3; i++) {
        h2_rig h2;
        open_held(&h2, 2);
        if (i == 0)
            hw_pipe_end_send(h2.client);
        else if (i == 1)
            hw_pipe_reset(h2.client);
        else
            hw_lane_cut(&h2.rig.lane);
        hw_loop_settle(&h2.rig.lane.loop);
        NEED_TRUE(hw_pipe_is_closed(h2.client));
        assert_int_equal(h2.rig.records, 2);
        assert_false(h2.rig.record[0].is_complete || h2.rig.record[1].is_complete);
        assert_int_equal(held[0].body.drops + held[1].body.drops, 2);
        h2_close(&h2);
    }
}

static void say_too_much(h2_rig *h2)
{
    static const char ping[8];
    for (unsigned i = 0; i < 1100; i++)
        wire_frame(h2->said, WIRE_PING, WIRE_ACK, 0, (hw_text){ping, sizeof ping});
}

/* What costs the client nothing: it is told to calm down, it is counted, and the log hears of it. */
HW_TEST(conn_h2_ends_with_a_flood)
{
    h2_rig h2;
    open_held(&h2, 1);
    say_too_much(&h2);
    h2_send(&h2);
    h2_expect(&h2, "GOAWAY 1 ENHANCE_YOUR_CALM\n");
    need_ended(&h2);
    NEED_TRUE(h2.rig.faults == 1 && h2.rig.records == 1);
    assert_int_equal(h2.rig.lane.counts.calmed, 1);
    assert_false(h2.rig.record[0].is_complete);
    h2_close(&h2);
}

/* Requests that are begun and reset at once. */
HW_TEST(conn_h2_ends_with_a_flood_of_resets)
{
    h2_rig h2;
    open_held(&h2, 0);
    h2.rig.answerer.answer = rig_answer_hi;
    for (uint32_t id = 1; id < 300; id += 2) {
        h2_get(&h2, id, "/");
        wire_number(h2.said, WIRE_RST_STREAM, id, HW_H2_CANCEL);
    }
    h2_send(&h2);
    h2_expect_among(&h2, " ENHANCE_YOUR_CALM\n");
    need_ended(&h2);
    assert_int_equal(h2.rig.answers, 0);
    assert_int_equal(h2.rig.lane.counts.calmed, 1);
    h2_close(&h2);
}

/* Anybody can flood, as often as he likes. */
HW_TEST(conn_h2_tells_of_floods_once_a_second)
{
    h2_rig h2 = {0};
    h2_open_lane(&h2);
    for (unsigned i = 0; i < 3; i++) {
        h2_greet(&h2, ROOM);
        say_too_much(&h2);
        h2_send(&h2);
        h2_hang_up(&h2);
        h2_pass_ms(&h2, 600);
    }
    NEED_TRUE(h2.rig.lane.counts.calmed == 3);
    NEED_TRUE(h2.rig.faults == 2);
    h2_close(&h2);
}

/* What breaks the protocol ends the connection, and is no flood. */
HW_TEST(conn_h2_ends_with_an_error_of_the_protocol)
{
    h2_rig h2;
    open_held(&h2, 1);
    wire_data(h2.said, 0, 3, "of no stream");
    h2_send(&h2);
    h2_expect_first(&h2, "GOAWAY 1 ");
    need_ended(&h2);
    assert_int_equal(h2.rig.lane.counts.calmed + h2.rig.faults, 0);
    NEED_TRUE(h2.rig.records == 1);
    h2_ask(&h2, 5, "/"); /* which nobody hears */
    h2_expect(&h2, "");
    hw_pipe_end_send(h2.client);
    hw_loop_settle(&h2.rig.lane.loop);
    NEED_TRUE(hw_pipe_is_closed(h2.client));
    h2_close(&h2);
}

/* A client whose socket has no more room than this. */
static void open_narrow(h2_rig *h2)
{
    open_held(h2, 0);
    h2_hang_up(h2);
    h2_greet(h2, 10000);
}

/* The answer has so much in store, which follows when it is woken. */
static void ask_for_kib(h2_rig *h2, size_t kib)
{
    static char bytes[KIB];
    static hw_piece pieces[48];
    assert_true(kib <= ROWS(pieces));
    for (size_t i = 0; i < kib; i++)
        pieces[i].bytes = (hw_text){bytes, sizeof bytes};
    h2_ask(h2, 1, "/");
    NEED_TRUE(held_count == 1 && held[0].body.drops == 0);
    held[0].body.pieces = pieces;
    held[0].body.next = 0;
    held[0].body.count = kib;
}

static void fill_socket(h2_rig *h2)
{
    held[0].exchange->carrier->wake(held[0].exchange);
    hw_loop_settle(&h2->rig.lane.loop);
    NEED_TRUE(h2_conn(h2)->unsent != NULL);
}

/* The end is said as soon as there is room for it; a client that has gone already hears nothing. */
HW_TEST(conn_h2_ends_behind_a_full_socket)
{
    for (unsigned i = 0; i < 3; i++) {
        h2_rig h2;
        open_narrow(&h2);
        ask_for_kib(&h2, 40);
        fill_socket(&h2);
        say_too_much(&h2);
        NEED_TRUE(hw_pipe_send(h2.client, wire_text(h2.said)) == 0);
        if (i == 2)
            hw_pipe_end_send(h2.client);
        hw_loop_settle(&h2.rig.lane.loop);
        need_open(&h2);
        if (i == 1) {
            h2_pass_ms(&h2, 30000);
            NEED_TRUE(hw_pipe_is_closed(h2.client));
        } else {
            h2_expect_among(&h2, "GOAWAY 1 ENHANCE_YOUR_CALM\n");
            need_ended(&h2);
            NEED_TRUE(hw_pipe_is_closed(h2.client) == (i == 2));
        }
        h2_close(&h2);
    }
}

/* Whatever is said of the end twice is one end. */
HW_TEST(conn_h2_ends_once)
{
    h2_rig h2;
    open_held(&h2, 1);
    say_goaway(&h2);
    say_goaway(&h2);
    h2_expect(&h2, "GOAWAY 1 NO_ERROR\n");
    let_first_end(&h2);
    h2_close(&h2);
}

/* However little memory is left for a request: it is answered, if only with 500, or may be sent again
 * (RFC 9113 8.7), and the connection lives. */
HW_LONG_TEST(conn_h2_refuses_a_stream_without_memory)
{
    unsigned refused = 0, answered = 0;
    for (size_t room = 0; room < 48000; room += 400) {
        h2_rig h2;
        open_held(&h2, 1);
        hw_budget *budget = &h2.rig.shared.budget;
        budget->max = hw_budget_used(budget) + room;
        h2_ask(&h2, 3, "/");
        const char *words = h2_hear(&h2);
        bool is_refused = strcmp(words, "RST_STREAM 3 REFUSED_STREAM\n") == 0;
        assert_true(is_refused || strncmp(words, "HEADERS 3", 9) == 0);
        refused += is_refused;
        answered += strstr(words, " :status: 200\n") != NULL;
        budget->max = 0;
        h2_ask(&h2, 5, "/");
        h2_expect_first(&h2, "HEADERS 5\n :status: 200\n");
        h2_close(&h2);
    }
    assert_true(refused > 0 && answered > 0);
}

/* Has been served once, asks for so many more, and there is no memory. */
static void open_stalled(h2_rig *h2, unsigned count)
{
    *h2 = (h2_rig){0};
    h2_open(h2, ROOM);
    hw_budget *budget = &h2->rig.shared.budget;
    h2_ask(h2, 1, "/");
    h2_expect(h2, H2_HI("1"));
    h2->rig.shared.lanes = &h2->rig.lane;
    budget->on_news = hw_shed_on_news;
    budget->arg = &h2->rig.shared;
    budget->is_told = true; /* who is idle is not to give way */
    budget->max = hw_budget_used(budget) + 1000000;
    hw_budget_add(budget, 1000000);
    for (unsigned i = 1; i <= count; i++)
        h2_get(h2, 2 * i + 1, "/");
    h2_send(h2);
    h2_expect(h2, "");
    NEED_TRUE(h2_conn(h2)->conn.phase == HW_PHASE_STALLED && h2->rig.records == 1);
}

static void end_shortage(h2_rig *h2)
{
    hw_budget_give(&h2->rig.shared.budget, 1000000);
    hw_loop_settle(&h2->rig.lane.loop);
}

/* Whose request finds no memory, and who has nothing else that memory could come from, waits for it. */
HW_TEST(conn_h2_is_not_read_from_without_memory)
{
    h2_rig h2;
    open_stalled(&h2, 50);
    for (int i = 0; i < 10; i++)
        assert_false(hw_loop_step(&h2.rig.lane.loop, false));
    end_shortage(&h2);
    h2_expect_among(&h2, "DATA 101 end hi\n");
    NEED_TRUE(h2.rig.records == 51);
    need_open(&h2);
    NEED_TRUE(h2_conn(&h2)->conn.phase == HW_PHASE_IDLE);
    h2_close(&h2);
}

/* What it has sent is read all the same when it ends, so that its client hears of that. */
HW_TEST(conn_h2_ends_though_there_is_no_memory)
{
    h2_rig h2;
    open_stalled(&h2, 1);
    NEED_TRUE(h2_conn(&h2)->conn.stream->readable);
    hw_lane_drain(&h2.rig.lane);
    h2_expect(&h2, NOTICE "GOAWAY 1 NO_ERROR\n");
    need_ended(&h2);
    NEED_TRUE(!hw_pipe_is_closed(h2.client) && !h2_conn(&h2)->conn.stream->readable);
    end_shortage(&h2);
    h2_close(&h2);
}

static const char *head_of_fields(int count)
{
    static char memory[1000];
    hw_buffer lines = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&lines, ":method: GET\n:scheme: http\n:path: /\n:authority: a\n");
    for (int i = 0; i < count; i++)
        hw_buffer_put_string(&lines, "a: b\n");
    return hw_buffer_string(&lines);
}

/* Nor does it wait without end, whether its client is still there or not. */
HW_TEST(conn_h2_is_idle_while_there_is_no_memory)
{
    for (int is_there = 0; is_there < 2; is_there++) {
        h2_rig h2;
        open_stalled(&h2, 1);
        if (!is_there)
            hw_pipe_end_send(h2.client);
        h2_pass_ms(&h2, 29999);
        need_open(&h2);
        h2_pass_ms(&h2, 1);
        h2_expect(&h2, "GOAWAY 1 NO_ERROR\n");
        need_ended(&h2);
        end_shortage(&h2);
        h2_close(&h2);
    }
}

/* The last of the memory is not for requests, good or bad (431): what a session needs to refuse them
 * would end it, and with it those that are under way. */
HW_TEST(conn_h2_refuses_many_streams_without_memory)
{
    for (int i = 0; i < 2; i++) {
        h2_rig h2;
        open_held(&h2, 1);
        hw_budget *budget = &h2.rig.shared.budget;
        budget->max = hw_budget_used(budget) + 30000;
        for (uint32_t stream = 3; stream <= 41; stream += 2)
            wire_head(h2.said, WIRE_END, stream, head_of_fields(i == 0 ? 1 : 101));
        h2_send(&h2);
        h2_expect_among(&h2, "RST_STREAM 41 REFUSED_STREAM\n");
        need_open(&h2);
        budget->max = 0;
        let_end(&h2, 0);
        h2_expect_among(&h2, "DATA 1 end");
        h2_close(&h2);
    }
}

/* No memory for its head, or its content. */
HW_TEST(conn_h2_says_503_without_memory)
{
    h2_rig h2 = {.rig = {.plan = {HW_PLAN_BUFFER, 1 << 20}}};
    h2_open(&h2, ROOM);
    h2_post(&h2, 1, "/", "");
    h2_send(&h2);
    hw_budget *budget = &h2.rig.shared.budget;
    budget->max = hw_budget_used(budget) + 8000;
    h2_content(&h2, 1, 60 * KIB, false);
    h2_send(&h2);
    h2_expect_first(&h2, "HEADERS 1\n :status: 503\n");
    budget->max = 0;
    h2_ask(&h2, 3, "/");
    h2_expect(&h2, H2_HI("3"));
    h2_close(&h2);
}

/* Where there is no memory for a connection it is closed, and nothing else is held up. */
HW_TEST(conn_h2_is_closed_without_memory)
{
    h2_rig h2 = {0};
    hw_pipe *client;
    hw_stream *stream;
    h2_open(&h2, ROOM);
    HW_NEED_OK(hw_pipe_new(1000, &client, &stream));
    h2.rig.shared.budget.max = hw_budget_used(&h2.rig.shared.budget) + 1000;
    assert_int_equal(hw_conn_h2_open(&h2.rig.lane, stream, (hw_text){0}), -ENOMEM);
    assert_true(hw_pipe_is_closed(client));
    assert_int_equal(h2.rig.lane.conn_count, 1);
    hw_pipe_close(client);
    h2.rig.shared.budget.max = 0;
    h2_close(&h2);
}

/* What is kept while the socket is full is charged, however little there is, and given back. */
HW_TEST(conn_h2_keeps_what_the_socket_has_no_room_for)
{
    h2_rig h2;
    open_narrow(&h2);
    size_t before = hw_budget_used(&h2.rig.shared.budget);
    ask_for_kib(&h2, 48);
    h2.rig.shared.budget.max = 1;
    fill_socket(&h2);
    assert_true(hw_budget_used(&h2.rig.shared.budget) >= before + HW_LANE_OUTPUT_BYTES);
    (void)h2_hear(&h2);
    NEED_TRUE(h2_conn(&h2)->unsent == NULL);
    assert_true(heard_bytes(h2.heard, 1) >= 48 * KIB);
    h2.rig.shared.budget.max = 0;
    h2_close(&h2);
}

/* Each phase of a connection, as far as it may give way to others. */
HW_TEST(conn_h2_says_what_it_waits_for)
{
    h2_rig h2;
    open_held(&h2, 0);
    conn_h2 *conn = h2_conn(&h2);
    NEED_TRUE(conn->conn.phase == HW_PHASE_HEAD);
    h2_ask(&h2, 1, "/");
    NEED_TRUE(conn->conn.phase == HW_PHASE_BUSY);
    let_end(&h2, 0);
    NEED_TRUE(conn->conn.phase == HW_PHASE_IDLE);
    NEED_TRUE(held[0].body.drops == 1);
    uint32_t moved = conn->conn.driver->moved(&conn->conn);
    (void)h2_hear(&h2);
    assert_true(conn->conn.driver->moved(&conn->conn) > moved);
    h2_get(&h2, 3, "/");
    NEED_TRUE(hw_pipe_send(h2.client, hw_text_upto(wire_text(h2.said), 12)) == 0);
    hw_loop_settle(&h2.rig.lane.loop);
    NEED_TRUE(conn->conn.phase == HW_PHASE_HEAD);
    h2_close(&h2);
}

/* Connections of HTTP/2: what is waited for, and for how long. */
#include "unit/server/h2_rig.h"

#include <string.h>

#include "seam/seam.h"

#define ROOM ((size_t)4 * 1024 * 1024)
#define KIB ((size_t)1024)
#define WIDE (1 << 24)

static hw_limits limits_of(const h2_rig *h2)
{
    return h2->rig.shared.limits;
}

/* It has said its last word, and reads on until the client ends. */
static void expect_lingering(h2_rig *h2, const char *words)
{
    h2_expect(h2, words);
    NEED_TRUE(hw_pipe_is_ended(h2->client));
}

static void expect_alive(h2_rig *h2)
{
    NEED_TRUE(!hw_pipe_is_ended(h2->client) && !hw_pipe_is_closed(h2->client));
}

/* RFC 9113 3.4: who does not finish its preface is told nothing. */
HW_TEST(conn_h2_late_preface_is_not_answered)
{
    h2_rig h2 = {0};
    h2_open_lane(&h2);
    h2_connect(&h2, ROOM);
    NEED_TRUE(hw_pipe_send(h2.client, HW_TEXT(HW_H2_PREFACE "\0\0")) == 0);
    (void)h2_hear(&h2);
    h2_pass_ms(&h2, limits_of(&h2).head_ms - 1);
    NEED_TRUE(!hw_pipe_is_ended(h2.client));
    h2_pass_ms(&h2, 1);
    (void)h2_hear(&h2);
    NEED_TRUE(hw_pipe_is_ended(h2.client));
    h2_close(&h2);
}

/* A client that has connected in advance, and asks for nothing, has done nothing wrong. */
HW_TEST(conn_h2_late_first_request_is_not_waited_for)
{
    h2_rig h2 = {0};
    h2_open(&h2, ROOM);
    h2_pass_ms(&h2, limits_of(&h2).head_ms - 1);
    expect_alive(&h2);
    h2_pass_ms(&h2, 1);
    expect_lingering(&h2, "GOAWAY 0 NO_ERROR\n");
    NEED_TRUE(h2.rig.lane.counts.calmed == 0 && h2.rig.faults == 0);
    h2_close(&h2);
}

/* In pieces, each soon behind the other: all of it has its time once. */
HW_TEST(conn_h2_late_head_has_its_time_in_all)
{
    for (unsigned i = 0; i < 2; i++) {
        h2_rig h2 = {0};
        h2_open(&h2, ROOM);
        if (i == 1) {
            h2_ask(&h2, 1, "/");
            h2_expect(&h2, H2_HI("1"));
            h2_pass_ms(&h2, 20000); /* its time begins with its first byte */
        }
        h2_get(&h2, 3, "/");
        hw_text head = wire_text(h2.said);
        for (size_t n = 0; n < 15; n++) {
            NEED_TRUE(hw_pipe_send(h2.client, (hw_text){head.at + n, 1}) == 0);
            hw_loop_settle(&h2.rig.lane.loop);
            expect_alive(&h2);
            h2_pass_ms(&h2, limits_of(&h2).head_ms / 15);
        }
        expect_lingering(&h2, "GOAWAY 3 ENHANCE_YOUR_CALM\n");
        h2_close(&h2);
    }
}

/* RFC 9113 6.5.3, however much is asked for meanwhile. */
HW_TEST(conn_h2_late_acknowledgement_is_an_error)
{
    h2_rig h2 = {0};
    h2_open_lane(&h2);
    h2_connect(&h2, ROOM);
    h2_ask(&h2, 1, "/");
    (void)h2_hear(&h2);
    h2_pass_ms(&h2, limits_of(&h2).head_ms - 1);
    h2_ask(&h2, 3, "/");
    (void)h2_hear(&h2);
    expect_alive(&h2);
    h2_pass_ms(&h2, 1);
    expect_lingering(&h2, "GOAWAY 3 SETTINGS_TIMEOUT\n");
    h2_close(&h2);
}

HW_TEST(conn_h2_idle_ends_without_an_error)
{
    h2_rig h2 = {0};
    h2_open(&h2, ROOM);
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, H2_HI("1"));
    h2_pass_ms(&h2, limits_of(&h2).idle_ms - 1);
    expect_alive(&h2);
    h2_pass_ms(&h2, 1);
    expect_lingering(&h2, "GOAWAY 1 NO_ERROR\n");
    hw_pipe_end_send(h2.client);
    hw_loop_settle(&h2.rig.lane.loop);
    NEED_TRUE(hw_pipe_is_closed(h2.client));
    h2_close(&h2);
}

static bool answer_quickly(void *arg, hw_exchange *exchange)
{
    rig_answer_hi(arg, exchange);
    return true;
}

/* Whoever is answered within the turn that asks has not been idle. */
HW_TEST(conn_h2_idle_is_not_who_asks_now_and_then)
{
    h2_rig h2 = {.rig = {.answerer = {.quick = answer_quickly}}};
    h2_open(&h2, ROOM);
    for (uint32_t id = 1; id < 20; id += 2) {
        h2_ask(&h2, id, "/");
        (void)h2_hear(&h2);
        h2_pass_ms(&h2, 20000);
        expect_alive(&h2);
    }
    NEED_TRUE(h2.rig.answers == 10);
    h2_pass_ms(&h2, 10000);
    expect_lingering(&h2, "GOAWAY 19 NO_ERROR\n");
    h2_close(&h2);
}

/* What has just arrived, and nobody has read yet, still counts. */
HW_TEST(conn_h2_idle_is_not_who_has_just_asked)
{
    h2_rig h2 = {0};
    h2_open(&h2, ROOM);
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, H2_HI("1"));
    h2_get(&h2, 3, "/");
    hw_seam_clock_advance(INT64_C(1000000) * limits_of(&h2).idle_ms);
    conn_h2 *conn = h2_conn(&h2);
    conn->conn.stream->on_ready = NULL;
    NEED_TRUE(hw_pipe_send(h2.client, wire_text(h2.said)) == 0);
    h2.said->length = 0;
    hw_loop_step(&h2.rig.lane.loop, false);
    NEED_TRUE(!hw_pipe_is_closed(h2.client));
    hw_conn_queue(&conn->conn);
    h2_expect_first(&h2, "HEADERS 3\n :status: 200\n");
    expect_alive(&h2);
    h2_close(&h2);
}

/* RFC 9110 15.5.9: 500 bytes a second, after a grace. */
HW_TEST(conn_h2_late_content_is_answered_408)
{
    h2_rig h2 = {.rig = {.plan = {HW_PLAN_BUFFER, 1000000}}};
    h2_open(&h2, ROOM);
    h2_post(&h2, 1, "/", "");
    h2_send(&h2);
    h2_content(&h2, 1, 10000, false);
    h2_send(&h2);
    h2_pass_ms(&h2, 29999);
    h2_pass_ms(&h2, 1); /* 10,000 bytes in 30 s: so it goes on for 20 s */
    h2_pass_ms(&h2, 19999);
    h2_content(&h2, 1, 9999, false);
    h2_send(&h2);
    expect_alive(&h2);
    NEED_TRUE(h2.rig.records == 0);
    h2_pass_ms(&h2, 1);
    h2_expect_first(&h2, "HEADERS 1\n :status: 408\n");
    NEED_TRUE(h2.rig.records == 1 && h2.rig.answers == 0);
    expect_alive(&h2);
    h2_close(&h2);
}

static hw_exchange *echoed;

static void answer_echo(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    echoed = exchange;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, hw_exchange_take_body(exchange));
}

/* One that is being answered already is broken off, and it alone. */
HW_TEST(conn_h2_late_content_breaks_its_answer_off)
{
    h2_rig h2 = {.rig = {.answerer = {.answer = answer_echo}, .plan = {HW_PLAN_STREAM, 1000}}};
    h2_open(&h2, ROOM);
    h2_post(&h2, 1, "/", "");
    wire_data(h2.said, 0, 1, "abc");
    h2_send(&h2);
    h2_expect_among(&h2, "DATA 1 abc\n");
    h2_pass_ms(&h2, 30000);
    h2_expect(&h2, "RST_STREAM 1 CANCEL\n");
    expect_alive(&h2);
    h2_close(&h2);
}

/* Content is sent back, but the client's windows are shut. */
static void open_unread(h2_rig *h2)
{
    *h2 = (h2_rig){.rig = {.answerer = {.answer = answer_echo}, .plan = {HW_PLAN_STREAM, 1 << 20}}};
    h2_open(h2, ROOM);
    h2->rig.shared.limits.body_grace_ms = h2->rig.shared.limits.body_window_ms = 1000;
    wire_setting(h2->said, 4, 0);
}

/* They are opened for what has come of one. */
static void expect_echo(h2_rig *h2, uint32_t stream)
{
    wire_number(h2->said, WIRE_WINDOW_UPDATE, stream, 64 * 1024);
    wire_number(h2->said, WIRE_WINDOW_UPDATE, 0, 64 * 1024);
    h2_send(h2);
    (void)h2_hear(h2);
    NEED_TRUE(heard_bytes(h2->heard, stream) == 64 * KIB);
}

/* It is nobody's fault that content does not come which nobody has room for. */
HW_TEST(conn_h2_late_content_is_not_what_may_not_be_sent)
{
    h2_rig h2;
    open_unread(&h2);
    h2_post(&h2, 1, "/", "");
    h2_content(&h2, 1, 64 * KIB, false);
    h2_send(&h2);
    h2_pass_ms(&h2, 10000);
    NEED_TRUE(h2.rig.records == 0);
    expect_echo(&h2, 1);
    expect_alive(&h2);
    h2_close(&h2);
}

/* Neither does it where others have used up the window of all together; when that opens it is owed. */
HW_TEST(conn_h2_late_content_is_not_what_others_leave_no_window_for)
{
    h2_rig h2;
    open_unread(&h2);
    for (uint32_t stream = 1; stream <= 31; stream += 2) {
        h2_post(&h2, stream, "/", "");
        h2_content(&h2, stream, 64 * KIB, false);
        h2_send(&h2);
    }
    h2_post(&h2, 33, "/", "");
    h2_send(&h2);
    h2_pass_ms(&h2, 10000);
    NEED_TRUE(h2.rig.records == 0 && h2_conn(&h2)->conn.phase == HW_PHASE_CONTENT);
    for (uint32_t stream = 1; stream <= 31; stream += 2)
        expect_echo(&h2, stream);
    h2_pass_ms(&h2, 2000);
    h2_expect_among(&h2, "RST_STREAM 33 CANCEL\n");
    expect_alive(&h2);
    h2_close(&h2);
}

/* Answers that never end, of who takes nothing of the content. */
static hw_body_plan plan_deaf(void *arg, hw_exchange *exchange)
{
    (void)arg;
    bool is_deaf = hw_text_equal(exchange->request.path.text, HW_TEXT("/deaf"));
    return (hw_body_plan){is_deaf ? HW_PLAN_STREAM : HW_PLAN_BUFFER, 1 << 20};
}

static void answer_deaf(void *arg, hw_exchange *exchange)
{
    static rig_body bodies[16];
    int count = ((test_rig *)arg)->answers++ % 16;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response,
                          rig_body_init(&bodies[count], NULL, 0, HW_LENGTH_UNKNOWN, HW_PULL_WAIT));
}

/* Nor is it waited for where that never opens: who shuts it himself would hold what he has sent. */
HW_TEST(conn_h2_late_content_is_not_waited_for_without_end)
{
    h2_rig h2 = {.rig = {.answerer = {.plan = plan_deaf, .answer = answer_deaf}}};
    h2_open(&h2, ROOM);
    h2_post(&h2, 1, "/", "");
    h2_content(&h2, 1, 1000, false);
    for (uint32_t stream = 3; stream <= 33; stream += 2) {
        h2_post(&h2, stream, "/deaf", "");
        h2_content(&h2, stream, 64 * KIB - (stream == 33 ? 1000 : 0), false);
        h2_send(&h2);
    }
    (void)h2_hear(&h2);
    h2_pass_ms(&h2, limits_of(&h2).answer_ms - 1);
    h2_expect(&h2, "");
    h2_pass_ms(&h2, 1);
    h2_expect_first(&h2, "HEADERS 1\n :status: 503\n");
    NEED_TRUE(h2.rig.records == 1 && h2.rig.answers == 16);
    expect_alive(&h2);
    h2_close(&h2);
}

/* Clients that do not take what they are sent. */
static void answer_large(void *arg, hw_exchange *exchange)
{
    static char large[300 * 1024];
    ((test_rig *)arg)->answers++;
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, (hw_text){large, sizeof large});
}

static void open_large(h2_rig *h2, size_t room)
{
    *h2 = (h2_rig){.rig = {.answerer = {.answer = answer_large}}};
    h2_open(h2, room);
}

static void ask_wide(h2_rig *h2, uint32_t stream, uint32_t window)
{
    h2_get(h2, stream, "/");
    wire_number(h2->said, WIRE_WINDOW_UPDATE, 0, WIDE);
    if (window > 0)
        wire_number(h2->said, WIRE_WINDOW_UPDATE, stream, window);
    h2_send(h2);
}

HW_TEST(conn_h2_late_reader_is_closed)
{
    h2_rig h2;
    open_large(&h2, 20000);
    ask_wide(&h2, 1, WIDE);
    h2_pass_ms(&h2, limits_of(&h2).response_ms - 1);
    expect_alive(&h2);
    h2_pass_ms(&h2, 1);
    NEED_TRUE(hw_pipe_is_closed(h2.client));
    assert_int_equal(h2.rig.records, 1);
    assert_false(h2.rig.record[0].is_complete);
    h2_close(&h2);
}

/* One that takes something is given more time; but at least 500 bytes a second it must be. */
HW_TEST(conn_h2_late_reader_has_time_while_it_reads)
{
    static const struct {
        size_t bytes;
        bool lives;
    } rows[] = {{9000, false}, {10500, true}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        h2_rig h2;
        open_large(&h2, 70000);
        ask_wide(&h2, 1, WIDE);
        for (unsigned n = 0; n < 3; n++) {
            hw_pipe_take(h2.client, rows[i].bytes);
            hw_loop_settle(&h2.rig.lane.loop);
            h2_pass_ms(&h2, 20000);
        }
        NEED_TRUE(hw_pipe_is_closed(h2.client) == !rows[i].lives);
        h2_close(&h2);
    }
}

/* Where less waits than 64 KiB a reader may be slow, on the socket and in a window. */
HW_TEST(conn_h2_late_reader_of_little_is_let_be)
{
    for (unsigned i = 0; i < 2; i++) {
        h2_rig h2;
        open_large(&h2, i == 0 ? 20000 : ROOM);
        if (i == 0) {
            ask_wide(&h2, 1, WIDE);
        } else {
            wire_setting(h2.said, 4, 250000); /* 50 KiB less than it is */
            ask_wide(&h2, 1, 0);
        }
        for (unsigned n = 0; n < 8; n++) {
            hw_pipe_take(h2.client, i == 0 ? 100 : 0);
            wire_number(h2.said, WIRE_WINDOW_UPDATE, 1, 100);
            h2_send(&h2);
            h2_pass_ms(&h2, 20000);
        }
        expect_alive(&h2);
        NEED_TRUE(h2.rig.records == 0);
        h2_close(&h2);
    }
}

/* A window that stays shut is a reader that does not read: its stream ends, the connection does not. */
HW_TEST(conn_h2_late_window_resets_its_stream)
{
    h2_rig h2;
    open_large(&h2, ROOM);
    ask_wide(&h2, 1, 0);
    (void)h2_hear(&h2);
    NEED_TRUE(heard_bytes(h2.heard, 1) == 65535);
    h2_pass_ms(&h2, limits_of(&h2).response_ms - 1);
    h2_expect(&h2, "");
    h2_pass_ms(&h2, 1);
    h2_expect(&h2, "RST_STREAM 1 CANCEL\n");
    h2.rig.answerer.answer = rig_answer_hi;
    h2_ask(&h2, 3, "/");
    h2_expect_first(&h2, "HEADERS 3\n :status: 200\n");
    h2_close(&h2);
}

/* Opened now and then, by less than 500 bytes a second. */
HW_TEST(conn_h2_late_window_must_open_wide_enough)
{
    static const struct {
        uint32_t bytes;
        bool lives;
    } rows[] = {{7400, false}, {7600, true}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        h2_rig h2;
        open_large(&h2, ROOM);
        ask_wide(&h2, 1, 0);
        for (unsigned n = 0; n < 4; n++) {
            h2_pass_ms(&h2, 14999);
            wire_number(h2.said, WIRE_WINDOW_UPDATE, 1, rows[i].bytes);
            h2_send(&h2);
        }
        h2_pass_ms(&h2, 10);
        const char *words = h2_hear(&h2);
        NEED_TRUE((strstr(words, "RST_STREAM 1 CANCEL\n") == NULL) == rows[i].lives);
        expect_alive(&h2);
        h2_close(&h2);
    }
}

static void answer_unknown(void *arg, hw_exchange *exchange)
{
    static hw_piece pieces[200];
    static char bytes[100];
    (void)arg;
    for (size_t i = 0; i < ROWS(pieces); i++)
        pieces[i].bytes = (hw_text){bytes, 1};
    hw_response_start(&exchange->response, 200);
    static rig_body body;
    hw_response_take_body(&exchange->response, rig_body_init(&body, pieces, ROWS(pieces),
                                                             HW_LENGTH_UNKNOWN, HW_PULL_END));
}

/* How much waits of a body of unknown length nobody knows: its reader is let be while he reads. */
HW_TEST(conn_h2_late_window_may_be_slow_where_the_rest_is_unknown)
{
    h2_rig h2 = {.rig = {.answerer = {.answer = answer_unknown}}};
    h2_open(&h2, ROOM);
    wire_setting(h2.said, 4, 1);
    h2_ask(&h2, 1, "/");
    for (unsigned n = 0; n < 8; n++) {
        h2_pass_ms(&h2, 20000);
        wire_number(h2.said, WIRE_WINDOW_UPDATE, 1, 1);
        h2_send(&h2);
    }
    (void)h2_hear(&h2);
    NEED_TRUE(heard_bytes(h2.heard, 1) == 9 && h2.rig.records == 0);
    h2_pass_ms(&h2, limits_of(&h2).response_ms);
    h2_expect(&h2, "RST_STREAM 1 CANCEL\n");
    h2_close(&h2);
}

/* A body that has nothing to send waits for nobody; when it has, its window counts. */
static rig_body drops;
static const hw_piece drop_pieces[] = {{.bytes = HW_TEXT_INIT("abc")},
                                       {.bytes = HW_TEXT_INIT("def")}};

static void answer_drops(void *arg, hw_exchange *exchange)
{
    (void)arg;
    echoed = exchange;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response,
                          rig_body_init(&drops, drop_pieces, 1, HW_LENGTH_UNKNOWN, HW_PULL_WAIT));
}

HW_TEST(conn_h2_late_window_is_not_one_that_nobody_needs)
{
    h2_rig h2 = {.rig = {.answerer = {.answer = answer_drops}}};
    h2_open(&h2, ROOM);
    wire_setting(h2.said, 4, 4);
    h2_ask(&h2, 1, "/");
    h2_expect_among(&h2, "DATA 1 abc\n");
    h2_pass_ms(&h2, 100000);
    h2_expect(&h2, "");
    expect_alive(&h2);
    wire_setting(h2.said, 4, 3); /* RFC 9113 6.9.2: that shuts the windows of all streams */
    h2_send(&h2);
    NEED_TRUE(drops.drops == 0);
    drops.count = 2;
    echoed->carrier->wake(echoed);
    h2_expect(&h2, "");
    h2_pass_ms(&h2, limits_of(&h2).response_ms);
    h2_expect(&h2, "RST_STREAM 1 CANCEL\n");
    h2_close(&h2);
}

/* RFC 9218 10: one that waits for its turn behind others is not to blame, as long as the client takes
 * theirs, though the connection's window is nearly always shut. */
HW_TEST(conn_h2_late_window_is_not_anothers_turn)
{
    h2_rig h2;
    open_large(&h2, ROOM);
    h2_get(&h2, 1, "/");
    h2_get(&h2, 3, "/");
    wire_number(h2.said, WIRE_WINDOW_UPDATE, 1, WIDE);
    wire_number(h2.said, WIRE_WINDOW_UPDATE, 3, WIDE);
    h2_send(&h2);
    for (unsigned n = 0; n < 40; n++) {
        h2_pass_ms(&h2, 5000);
        wire_number(h2.said, WIRE_WINDOW_UPDATE, 0, 5000);
        h2_send(&h2);
        (void)h2_hear(&h2);
        NEED_TRUE(h2.rig.records == 0);
    }
    NEED_TRUE(heard_bytes(h2.heard, 3) == 0);
    /* Then nothing more is taken at all. */
    h2_pass_ms(&h2, limits_of(&h2).response_ms);
    h2_expect(&h2, "RST_STREAM 1 CANCEL\n");
    h2_pass_ms(&h2, limits_of(&h2).response_ms);
    h2_expect(&h2, "RST_STREAM 3 CANCEL\n");
    expect_alive(&h2);
    h2_close(&h2);
}

/* The end is said, and the client does not end: it is read for so long, and so much. */
HW_TEST(conn_h2_lingers_for_its_client)
{
    h2_rig h2 = {0};
    h2_open(&h2, ROOM);
    h2_pass_ms(&h2, limits_of(&h2).head_ms);
    expect_lingering(&h2, "GOAWAY 0 NO_ERROR\n");
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, "");
    h2_pass_ms(&h2, limits_of(&h2).linger_ms - 1);
    NEED_TRUE(!hw_pipe_is_closed(h2.client));
    h2_pass_ms(&h2, 1);
    NEED_TRUE(hw_pipe_is_closed(h2.client));
    assert_int_equal(h2.rig.answers, 0);
    h2_close(&h2);
}

HW_TEST(conn_h2_lingers_for_so_many_bytes)
{
    h2_rig h2 = {0};
    h2_open(&h2, ROOM);
    h2_pass_ms(&h2, limits_of(&h2).head_ms);
    expect_lingering(&h2, "GOAWAY 0 NO_ERROR\n");
    h2_conn(&h2)->linger_left = 100000;
    h2_content(&h2, 1, 50000, false);
    h2_send(&h2);
    NEED_TRUE(!hw_pipe_is_closed(h2.client));
    h2_content(&h2, 1, 50000, false);
    h2_send(&h2);
    NEED_TRUE(hw_pipe_is_closed(h2.client));
    h2_close(&h2);
}

/* Connections of HTTP/2: heads and bodies of answers, and what becomes of those that fail. */
#include "unit/server/h2_rig.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROOM ((size_t)1024 * 1024)
#define KIB ((size_t)1024)

/* Answers with what a test has scripted. */
static struct {
    void (*respond)(hw_exchange *exchange);
    rig_body body;
    hw_exchange *exchange;
} scripted;

static void answer_scripted(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    scripted.exchange = exchange;
    scripted.respond(exchange);
}

static void open_scripted(h2_rig *h2, void (*respond)(hw_exchange *exchange))
{
    *h2 = (h2_rig){.rig = {.answerer = {.answer = answer_scripted}}};
    scripted.respond = respond;
    h2_open(h2, ROOM);
}

static void respond_with_fields(hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    hw_response_start(response, 200);
    hw_response_add_name(response, HW_TEXT("X-Upper"), HW_TEXT("Kept"));
    hw_response_add_name(response, HW_TEXT("Keep-Alive"), HW_TEXT("timeout=5"));
    hw_response_add_name(response, HW_TEXT("Proxy-Connection"), HW_TEXT("x"));
    hw_response_add(response, HW_FIELD_CONNECTION, HW_TEXT("close"));
    hw_response_add(response, HW_FIELD_CONTENT_LENGTH, HW_TEXT("77"));
    hw_response_set_bytes(response, HW_TEXT("hi"));
}

/* RFC 9113 8.2, 8.2.2: names in lower case, and nothing of the connection. */
HW_TEST(conn_h2_sends_the_fields_of_an_answer)
{
    h2_rig h2;
    open_scripted(&h2, respond_with_fields);
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, "HEADERS 1\n :status: 200\n x-upper: Kept\n content-length: 2\n" H2_DATE
                   "DATA 1 end hi\n");
    h2_close(&h2);
}

static const hw_field prepared_fields[] = {
    {HW_TEXT_INIT("ETag"), HW_TEXT_INIT("\"a\""), HW_FIELD_ETAG},
    {HW_TEXT_INIT("Content-Length"), HW_TEXT_INIT("2"), HW_FIELD_CONTENT_LENGTH},
};

static void respond_prepared(hw_exchange *exchange)
{
    static hw_prepared prepared;
    hw_prepared_init(&prepared, 200, hw_fields_of(prepared_fields, 2), NULL);
    hw_source *body = hw_source_memory(&exchange->arena, HW_TEXT("hi"));
    hw_response_start_prepared(&exchange->response, &prepared, body);
    hw_response_add_name(&exchange->response, HW_TEXT("X-A"), HW_TEXT("b"));
}

HW_TEST(conn_h2_sends_a_prepared_head)
{
    h2_rig h2;
    open_scripted(&h2, respond_prepared);
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, "HEADERS 1\n :status: 200\n etag: \"a\"\n content-length: 2\n x-a: b\n" H2_DATE
                   "DATA 1 end hi\n");
    h2_close(&h2);
}

static int empty_status;

static void respond_empty(hw_exchange *exchange)
{
    hw_response_start(&exchange->response, empty_status);
    hw_response_set_bytes(&exchange->response, HW_TEXT("not to be sent"));
}

/* RFC 9110 6.4.1: these have no content, whatever was made for it. */
HW_TEST(conn_h2_sends_no_content_where_there_is_none)
{
    static const int statuses[] = {204, 304};
    for (size_t i = 0; i < ROWS(statuses); i++) {
        char words[100];
        h2_rig h2;
        empty_status = statuses[i];
        open_scripted(&h2, respond_empty);
        h2_ask(&h2, 1, "/");
        snprintf(words, sizeof words, "HEADERS 1 end\n :status: %d\n" H2_DATE, statuses[i]);
        h2_expect(&h2, words);
        h2_expect_record(&h2, statuses[i], true);
        h2_close(&h2);
    }
}

static const hw_piece pieces[] = {{.bytes = HW_TEXT_INIT("abc")}, {.bytes = HW_TEXT_INIT("de")}};
static const hw_field trailing = {HW_TEXT_INIT("X-Sum"), HW_TEXT_INIT("5"), HW_FIELD_OTHER};

static void respond_in_pieces(hw_exchange *exchange)
{
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, &scripted.body.source);
}

static void check_pieces(uint64_t length, hw_pull last, const char *words, bool is_complete)
{
    h2_rig h2;
    rig_body_init(&scripted.body, pieces, 2, length, last);
    scripted.body.trailers = hw_fields_of(&trailing, 1);
    open_scripted(&h2, respond_in_pieces);
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, words);
    h2_expect_record(&h2, 200, is_complete);
    assert_int_equal(h2.rig.record[0].bytes_out, 5);
    assert_int_equal(scripted.body.drops, 1);
    h2_ask(&h2, 3, "/");
    (void)h2_hear(&h2);
    h2_close(&h2);
}

#define OF_KNOWN "HEADERS 1\n :status: 200\n content-length: 5\n" H2_DATE
#define OF_UNKNOWN H2_UNKNOWN_HEAD("1")

HW_TEST(conn_h2_sends_bodies_in_pieces)
{
    check_pieces(5, HW_PULL_END, OF_KNOWN "DATA 1 abc\nDATA 1 end de\n", true);
    check_pieces(HW_LENGTH_UNKNOWN, HW_PULL_END,
                 OF_UNKNOWN "DATA 1 abc\nDATA 1 de\nHEADERS 1 end\n x-sum: 5\n", true);
}

/* It must not look complete: RFC 9113 8.1. */
HW_TEST(conn_h2_resets_bodies_that_fail)
{
    check_pieces(HW_LENGTH_UNKNOWN, HW_PULL_FAILED,
                 OF_UNKNOWN "DATA 1 abc\nDATA 1 de\nRST_STREAM 1 INTERNAL_ERROR\n", false);
    check_pieces(6, HW_PULL_END,
                 "HEADERS 1\n :status: 200\n content-length: 6\n" H2_DATE
                 "DATA 1 abc\nDATA 1 de\nRST_STREAM 1 INTERNAL_ERROR\n",
                 false);
}

/* A body that has nothing now is asked again when somebody says that it has. */
HW_TEST(conn_h2_waits_for_bodies_without_holding_others_up)
{
    h2_rig h2;
    rig_body_init(&scripted.body, pieces, 0, HW_LENGTH_UNKNOWN, HW_PULL_WAIT);
    open_scripted(&h2, respond_in_pieces);
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, OF_UNKNOWN);
    hw_exchange *waiting = scripted.exchange;
    h2.rig.answerer.answer = rig_answer_hi;
    h2_ask(&h2, 3, "/");
    h2_expect(&h2, H2_HI("3"));
    NEED_TRUE(scripted.body.drops == 0);
    scripted.body.count = 1;
    waiting->carrier->wake(waiting);
    h2_expect(&h2, "DATA 1 abc\n");
    NEED_TRUE(scripted.body.drops == 0);
    scripted.body.last = HW_PULL_END;
    waiting->carrier->wake(waiting);
    h2_expect_first(&h2, "DATA 1 ");
    NEED_TRUE(h2.rig.records == 2 && h2.rig.record[1].is_complete);
    h2_close(&h2);
}

static void respond_broken(hw_exchange *exchange)
{
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, NULL);
}

static void respond_too_much(hw_exchange *exchange)
{
    static char large[70 * 1024];
    memset(large, 'x', sizeof large);
    hw_response_start(&exchange->response, 200);
    hw_response_add_name(&exchange->response, HW_TEXT("X-Large"), (hw_text){large, sizeof large});
}

static void respond_nothing(hw_exchange *exchange)
{
    (void)exchange;
}

/* Whatever cannot be said is said to have failed. */
HW_TEST(conn_h2_says_500_where_there_is_no_answer)
{
    static void (*const responds[])(hw_exchange * exchange) = {respond_broken, respond_too_much,
                                                               respond_nothing};
    for (size_t i = 0; i < ROWS(responds); i++) {
        h2_rig h2;
        open_scripted(&h2, responds[i]);
        h2_ask(&h2, 1, "/");
        h2_expect_among(&h2, " :status: 500\n");
        h2_expect_record(&h2, 500, true);
        h2_close(&h2);
    }
}

/* Breaking an answer off is the end of its stream alone. */
HW_TEST(conn_h2_resets_an_answer_that_is_stopped)
{
    h2_rig h2;
    rig_body_init(&scripted.body, pieces, 1, HW_LENGTH_UNKNOWN, HW_PULL_WAIT);
    open_scripted(&h2, respond_in_pieces);
    h2_ask(&h2, 1, "/");
    NEED_TRUE(h2.rig.answers == 1 && scripted.body.drops == 0);
    scripted.exchange->carrier->stop(scripted.exchange, -EIO);
    h2_expect(&h2, OF_UNKNOWN "DATA 1 abc\nRST_STREAM 1 INTERNAL_ERROR\n");
    h2_expect_record(&h2, 200, false);
    h2.rig.answerer.answer = rig_answer_hi;
    h2_ask(&h2, 3, "/");
    h2_expect(&h2, H2_HI("3"));
    h2_close(&h2);
}

static rig_body many_bodies[220];
static hw_exchange *many_exchanges[ROWS(many_bodies)];
static unsigned many_count;

static void answer_many(void *arg, hw_exchange *exchange)
{
    (void)arg;
    rig_body *body = &many_bodies[many_count];
    many_exchanges[many_count++] = exchange;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response,
                          rig_body_init(body, pieces, 0, HW_LENGTH_UNKNOWN, HW_PULL_WAIT));
}

/* More of them than a lane keeps as spare: the memory of those that end is given back, while the
 * connection still goes through them. */
HW_LONG_TEST(conn_h2_frees_more_streams_than_it_keeps)
{
    enum { CLIENTS = 3, STREAMS = 70 };
    h2_rig h2[CLIENTS] = {{.rig = {.answerer = {.answer = answer_many}}}};
    hw_pipe *clients[CLIENTS];
    many_count = 0;
    h2_open_lane(&h2[0]);
    for (size_t n = 0; n < CLIENTS; n++) {
        h2_greet(&h2[0], ROOM);
        for (uint32_t id = 0; id < STREAMS; id++)
            h2_get(&h2[0], 2 * id + 1, "/");
        h2_send(&h2[0]);
        clients[n] = h2[0].client;
        if (n + 1 < CLIENTS) {
            free(h2[0].said);
            heard_free(h2[0].heard);
        }
    }
    assert_int_equal(many_count, CLIENTS * STREAMS);
    assert_int_equal(h2[0].rig.lane.counts.exchanges, CLIENTS * STREAMS);
    for (unsigned i = 0; i < many_count; i++)
        many_exchanges[i]->carrier->stop(many_exchanges[i], -EIO);
    hw_loop_settle(&h2[0].rig.lane.loop);
    assert_int_equal(h2[0].rig.lane.counts.exchanges, 0);
    assert_int_equal(h2[0].rig.lane.spare_stream_count, 128);
    for (size_t n = 0; n + 1 < CLIENTS; n++)
        hw_pipe_close(clients[n]);
    h2_close(&h2[0]);
}

static void respond_with_a_large_head(hw_exchange *exchange)
{
    static char value[6000];
    memset(value, 'x', sizeof value);
    hw_response_start(&exchange->response, 200);
    hw_response_add_name(&exchange->response, HW_TEXT("X-Large"), (hw_text){value, sizeof value});
}

/* Takes all that comes, and forgets what it said. */
static void take_all(h2_rig *h2)
{
    for (hw_text got; (got = hw_pipe_received(h2->client)).length > 0;) {
        got = hw_text_upto(got, 16 * KIB);
        heard_take(h2->heard, got);
        (void)heard_words(h2->heard);
        hw_pipe_take(h2->client, got.length);
        hw_loop_settle(&h2->rig.lane.loop);
    }
}

/* All of them have been answered before anything is taken, and all arrive. */
static void take_a_hundred(h2_rig *h2)
{
    NEED_TRUE(h2->rig.answers == 100);
    take_all(h2);
    NEED_TRUE(h2->rig.records == 100);
    for (size_t n = 0; n < 100; n++)
        NEED_TRUE(h2->rig.record[n].is_complete && h2->rig.record[n].status == 200);
}

/* As many as may be asked for at once, all answered before anything leaves: more than a session may
 * hold. Those that find no room in it wait for that of others. */
HW_TEST(conn_h2_answers_many_at_once_with_large_heads)
{
    static const size_t rooms[] = {1000, ROOM};
    for (size_t i = 0; i < ROWS(rooms); i++) {
        h2_rig h2 = {.rig = {.answerer = {.answer = answer_scripted}}};
        scripted.respond = respond_with_a_large_head;
        h2_open(&h2, rooms[i]);
        for (uint32_t n = 0; n < 100; n++)
            h2_get(&h2, 2 * n + 1, "/");
        h2_send(&h2);
        take_a_hundred(&h2);
        h2_close(&h2);
    }
}

static bool answer_quickly_and_large(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    respond_with_a_large_head(exchange);
    return true;
}

/* Nobody wants the content of those that wait either, nor finds fault with it. */
HW_TEST(conn_h2_drops_the_content_of_answers_that_wait)
{
    h2_rig h2 = {.rig = {.answerer = {.quick = answer_quickly_and_large}}};
    h2_open(&h2, 1000);
    for (uint32_t n = 0; n < 100; n++)
        h2_post(&h2, 2 * n + 1, "/", "");
    for (uint32_t n = 0; n < 100; n++)
        wire_data(h2.said, WIRE_END_STREAM, 2 * n + 1, "abc");
    h2_send(&h2);
    take_a_hundred(&h2);
    h2_close(&h2);
}

/* Who waits to be asked for content is asked, however many answers wait to be sent. */
HW_TEST(conn_h2_asks_for_content_though_answers_wait)
{
    h2_rig h2 = {.rig = {.answerer = {.answer = answer_scripted}, .plan = {HW_PLAN_BUFFER, 100}}};
    scripted.respond = respond_with_a_large_head;
    h2_open_lane(&h2);
    h2.rig.shared.limits.h2.memory_bytes_max = 100 * KIB;
    h2_greet(&h2, 1000);
    for (uint32_t n = 0; n < 20; n++)
        h2_ask(&h2, 2 * n + 1, "/");
    NEED_TRUE(h2_conn(&h2)->has_held_back);
    h2_post(&h2, 41, "/", "expect: 100-continue\n");
    h2_send(&h2);
    h2_expect_among(&h2, "HEADERS 41\n :status: 100\n");
    h2_close(&h2);
}

/* Two fields of 7,000 bytes and their names: as much as one frame has. */
static const char *large_head(void)
{
    static char memory[2 * 7100 + 200];
    hw_buffer lines = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&lines, ":method: GET\n:scheme: http\n:path: /\n:authority: a\n");
    for (char name = 'a'; name <= 'b'; name++) {
        hw_buffer_put_char(&lines, name);
        hw_buffer_put_string(&lines, ": ");
        for (int i = 0; i < 7000; i++)
            hw_buffer_put_char(&lines, name);
        hw_buffer_put_char(&lines, '\n');
    }
    return hw_buffer_string(&lines);
}

/* 512 KiB in all, which are 37 of those; who is done makes room for another. */
HW_TEST(conn_h2_bounds_the_heads_of_a_connection)
{
    h2_rig h2 = {.rig = {.answerer = {.answer = answer_many}}};
    many_count = 0;
    h2_open(&h2, ROOM);
    for (uint32_t n = 0; n < 39; n++) {
        wire_head(h2.said, WIRE_END, 2 * n + 1, large_head());
        h2_send(&h2);
    }
    NEED_TRUE(many_count == 37);
    const char *words = h2_hear(&h2);
    NEED_TRUE(strstr(words, "RST_STREAM 75 REFUSED_STREAM\nRST_STREAM 77 REFUSED_STREAM\n"));
    many_exchanges[0]->carrier->stop(many_exchanges[0], -EIO);
    hw_loop_settle(&h2.rig.lane.loop);
    wire_head(h2.said, WIRE_END, 79, large_head());
    h2_send(&h2);
    NEED_TRUE(many_count == 38);
    h2_close(&h2);
}

/* 1xx (RFC 9110 15.2): before the answer, and no more behind it. */
HW_TEST(conn_h2_informs_before_the_answer_alone)
{
    static const hw_field link = {HW_TEXT_INIT("Link"), HW_TEXT_INIT("<a>"), HW_FIELD_OTHER};
    h2_rig h2;
    rig_body_init(&scripted.body, pieces, 1, HW_LENGTH_UNKNOWN, HW_PULL_WAIT);
    open_scripted(&h2, respond_in_pieces);
    h2.rig.plan = (hw_body_plan){HW_PLAN_BUFFER, 100};
    h2_post(&h2, 1, "/", "");
    h2_send(&h2);
    hw_link *first = h2_conn(&h2)->exchanges.head.next;
    NEED_TRUE(first != &h2_conn(&h2)->exchanges.head);
    hw_exchange *exchange = &HW_MEMBER(first, h2_exchange, link)->exchange;
    exchange->carrier->inform(exchange, 103, hw_fields_of(&link, 1));
    h2_expect(&h2, "HEADERS 1\n :status: 103\n link: <a>\n");
    wire_data(h2.said, WIRE_END_STREAM, 1, "");
    h2_send(&h2);
    NEED_TRUE(h2.rig.answers == 1 && scripted.body.drops == 0);
    exchange->carrier->inform(exchange, 103, hw_fields_of(&link, 1));
    h2_expect(&h2, OF_UNKNOWN "DATA 1 abc\n");
    h2_close(&h2);
}

/* Connections of HTTP/2: the content of requests, on its way to whoever wants it. */
#include "unit/server/h2_rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/flow.h"
#include "seam/seam.h"

#define ROOM ((size_t)1024 * 1024)
#define WINDOW ((size_t)64 * 1024)
#define POST_LINES ":method: POST\n:scheme: http\n:path: /\n:authority: a\n"

/* Answers with the body that it got, which is still to come where it is streamed. */
static void answer_echo(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    hw_response_start(&exchange->response, 200);
    if (exchange->request.body)
        hw_response_take_body(&exchange->response, hw_exchange_take_body(exchange));
    else
        hw_response_set_bytes(&exchange->response, exchange->request.content);
}

static h2_rig echo_rig(hw_plan_kind kind, uint64_t limit)
{
    return (h2_rig){.rig = {.answerer = {.answer = answer_echo}, .plan = {kind, limit}}};
}

/* The first of its content: there may be more. */
static void post_abc(h2_rig *h2)
{
    h2_post(h2, 1, "/", "");
    wire_data(h2->said, 0, 1, "abc");
    h2_send(h2);
}

/* It has been answered with what has come of it. */
static void open_echoing(h2_rig *h2, uint64_t limit)
{
    *h2 = echo_rig(HW_PLAN_STREAM, limit);
    h2_open(h2, ROOM);
    post_abc(h2);
    h2_expect(h2, "HEADERS 1\n :status: 200\n" H2_DATE "DATA 1 abc\n");
}

HW_TEST(conn_h2_buffers_content)
{
    h2_rig h2 = echo_rig(HW_PLAN_BUFFER, 1000);
    h2_open(&h2, ROOM);
    h2_post(&h2, 1, "/", "content-length: 5\n");
    wire_data(h2.said, 0, 1, "abc");
    h2_post(&h2, 3, "/", "");
    h2_send(&h2);
    h2_expect(&h2, "");
    wire_data(h2.said, WIRE_END_STREAM, 3, "xyz");
    wire_data(h2.said, 0, 1, "de");
    wire_data(h2.said, WIRE_END_STREAM, 1, "");
    h2_send(&h2);
    h2_expect(&h2, "HEADERS 3\n :status: 200\n content-length: 3\n" H2_DATE
                   "HEADERS 1\n :status: 200\n content-length: 5\n" H2_DATE
                   "DATA 1 end abcde\nDATA 3 end xyz\n");
    NEED_TRUE(h2.rig.records == 2);
    assert_int_equal(h2.rig.record[0].bytes_in + h2.rig.record[1].bytes_in, 8);
    h2_close(&h2);
}

/* Where more than a window is to be kept the client is given more, up to the limit. */
HW_TEST(conn_h2_buffers_more_than_a_window)
{
    h2_rig h2 = echo_rig(HW_PLAN_BUFFER, 4 * WINDOW);
    h2_open(&h2, ROOM);
    h2_post(&h2, 1, "/", "");
    h2_content(&h2, 1, WINDOW, false);
    h2_send(&h2);
    uint64_t granted = h2_granted(h2_hear(&h2), 1);
    NEED_TRUE(granted > WINDOW / 2);
    h2_content(&h2, 1, (size_t)granted, true);
    wire_number(h2.said, WIRE_WINDOW_UPDATE, 1, 1 << 20);
    wire_number(h2.said, WIRE_WINDOW_UPDATE, 0, 1 << 20);
    h2_send(&h2);
    (void)h2_hear(&h2);
    NEED_TRUE(heard_bytes(h2.heard, 1) == WINDOW + granted);
    NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].is_complete);
    h2_close(&h2);
}

/* RFC 9110 15.5.14, before or as soon as it is known; the rest is not wanted, the connection lives. */
HW_TEST(conn_h2_refuses_content_that_is_too_long)
{
    static const struct {
        hw_plan_kind kind;
        const char *lines, *content;
    } rows[] = {
        {HW_PLAN_BUFFER, "content-length: 5\n", NULL},
        {HW_PLAN_STREAM, "content-length: 5\n", NULL},
        {HW_PLAN_READ, "content-length: 5\n", NULL},
        {HW_PLAN_BUFFER, "", "abcde"},
        {HW_PLAN_STREAM, "", "abcde"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        h2_rig h2 = echo_rig(rows[i].kind, 4);
        h2_open(&h2, ROOM);
        h2_post(&h2, 1, "/", rows[i].lines);
        if (rows[i].content)
            wire_data(h2.said, 0, 1, rows[i].content);
        h2_send(&h2);
        h2_expect_first(&h2, "HEADERS 1\n :status: 413\n");
        NEED_TRUE(h2.rig.answers == 0 && h2.rig.records == 1);
        assert_int_equal(h2.rig.record[0].status, 413);
        wire_data(h2.said, WIRE_END_STREAM, 1, "fghij");
        h2_ask(&h2, 3, "/");
        h2_expect_first(&h2, "HEADERS 3");
        h2_close(&h2);
    }
}

/* One that is answered already cannot be answered 413. */
HW_TEST(conn_h2_breaks_off_what_becomes_too_long_while_it_is_answered)
{
    h2_rig h2;
    open_echoing(&h2, 4);
    wire_data(h2.said, 0, 1, "de");
    h2_send(&h2);
    h2_expect(&h2, "RST_STREAM 1 CANCEL\n");
    NEED_TRUE(h2.rig.records == 1);
    assert_false(h2.rig.record[0].is_complete);
    h2_close(&h2);
}

HW_TEST(conn_h2_streams_content_back_as_it_comes)
{
    h2_rig h2 = echo_rig(HW_PLAN_STREAM, UINT64_MAX);
    h2_open(&h2, ROOM);
    h2_post(&h2, 1, "/", "trailer: x-sum\n");
    h2_send(&h2);
    h2_expect(&h2, "HEADERS 1\n :status: 200\n" H2_DATE);
    wire_data(h2.said, 0, 1, "abc");
    h2_send(&h2);
    h2_expect(&h2, "DATA 1 abc\n");
    wire_data(h2.said, 0, 1, "de");
    wire_head(h2.said, WIRE_END, 1, "x-sum: 5\n");
    h2_send(&h2);
    h2_expect(&h2, "DATA 1 de\nHEADERS 1 end\n x-sum: 5\n");
    NEED_TRUE(h2.rig.records == 1);
    assert_int_equal(h2.rig.record[0].bytes_in, 5);
    assert_int_equal(h2.rig.record[0].bytes_out, 5);
    h2_close(&h2);
}

/* So much: the client's windows are opened for it, and it must be given ours. */
HW_TEST(conn_h2_streams_much_content_back)
{
    h2_rig h2 = echo_rig(HW_PLAN_STREAM, UINT64_MAX);
    h2_open(&h2, 10000);
    uint64_t sent = 0, granted = 65536;
    h2_post(&h2, 1, "/", "");
    wire_number(h2.said, WIRE_WINDOW_UPDATE, 1, 1 << 24);
    wire_number(h2.said, WIRE_WINDOW_UPDATE, 0, 1 << 24);
    for (unsigned i = 0; i < 200 && sent < 600000; i++) {
        size_t bytes = (size_t)(granted - sent);
        h2_content(&h2, 1, bytes, false);
        sent += bytes;
        h2_send(&h2);
        granted += h2_granted(h2_hear(&h2), 1);
        NEED_TRUE(granted > sent);
    }
    NEED_TRUE(sent >= 600000);
    wire_data(h2.said, WIRE_END_STREAM, 1, "");
    h2_send(&h2);
    h2_expect_among(&h2, "DATA 1 end");
    NEED_TRUE(heard_bytes(h2.heard, 1) == sent);
    h2_close(&h2);
}

/* The answer is whole, and wants nothing of the content: RFC 9113 8.1. */
HW_TEST(conn_h2_ends_a_request_that_is_answered_without_its_content)
{
    static const hw_plan_kind kinds[] = {HW_PLAN_NONE, HW_PLAN_STREAM};
    for (size_t i = 0; i < ROWS(kinds); i++) {
        h2_rig h2 = {.rig = {.plan = {kinds[i], 1000}}};
        h2_open(&h2, ROOM);
        post_abc(&h2);
        h2_expect(&h2, H2_HI("1"));
        NEED_TRUE(h2.rig.records == 1);
        assert_true(h2.rig.record[0].is_complete);
        /* What is on its way is no error. */
        wire_data(h2.said, WIRE_END_STREAM, 1, "def");
        h2_ask(&h2, 3, "/");
        h2_expect(&h2, H2_HI("3"));
        h2_close(&h2);
    }
}

/* RFC 9110 10.1.1, for each plan: when the content is wanted, if at all. */
HW_TEST(conn_h2_asks_for_content_that_is_expected)
{
    static const struct {
        hw_plan_kind kind;
        const char *words;
    } rows[] = {
        {HW_PLAN_NONE, "HEADERS 1 end\n :status: 200\n content-length: 0\n" H2_DATE},
        {HW_PLAN_BUFFER, "HEADERS 1\n :status: 100\n"},
        {HW_PLAN_STREAM, "HEADERS 1\n :status: 100\n"
                         "HEADERS 1\n :status: 200\n content-length: 3\n" H2_DATE},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        h2_rig h2 = echo_rig(rows[i].kind, 100);
        h2_open(&h2, ROOM);
        h2_post(&h2, 1, "/", "expect: 100-continue\ncontent-length: 3\n");
        h2_send(&h2);
        h2_expect(&h2, rows[i].words);
        h2_close(&h2);
    }
}

/* Who does not wait to be asked is not asked. */
HW_TEST(conn_h2_asks_for_no_content_that_is_there)
{
    h2_rig h2 = echo_rig(HW_PLAN_STREAM, 100);
    h2_open(&h2, ROOM);
    wire_head(h2.said, WIRE_END_HEADERS, 1, POST_LINES "expect: 100-continue\n");
    wire_data(h2.said, WIRE_END_STREAM, 1, "abc");
    h2_send(&h2);
    h2_expect(&h2, "HEADERS 1\n :status: 200\n" H2_DATE "DATA 1 abc\nDATA 1 end \n");
    wire_head(h2.said, WIRE_END, 3, POST_LINES "expect: 100-continue\n");
    h2_send(&h2);
    h2_expect(&h2, "HEADERS 3 end\n :status: 200\n content-length: 0\n" H2_DATE);
    h2_close(&h2);
}

/* What is malformed behind an answer that has begun. */
HW_TEST(conn_h2_resets_what_turns_out_to_be_malformed)
{
    h2_rig h2;
    open_echoing(&h2, 100);
    wire_head(h2.said, WIRE_END, 1, ":path: /\n");
    h2_send(&h2);
    h2_expect(&h2, "RST_STREAM 1 PROTOCOL_ERROR\n");
    NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].status == 200);
    assert_false(h2.rig.record[0].is_complete);
    h2_close(&h2);
}

/* The handler reads: what happens meanwhile on the loop happens inside it. */
static struct {
    h2_rig *h2;
    void (*meanwhile)(hw_exchange *exchange);
    unsigned runs;
} reader;

static void answer_reader(void *arg, hw_exchange *exchange)
{
    hw_loop *loop = &reader.h2->rig.lane.loop;
    (void)arg;
    reader.runs++;
    rig_lose_loop(loop);
    hw_loop_settle(loop);
    reader.meanwhile(exchange);
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, HW_TEXT("hi"));
}

static void open_reader(h2_rig *h2, void (*meanwhile)(hw_exchange *exchange))
{
    *h2 = (h2_rig){
        .rig = {.answerer = {.answer = answer_reader}, .plan = {HW_PLAN_READ, UINT64_MAX}}};
    reader.h2 = h2;
    reader.meanwhile = meanwhile;
    reader.runs = 0;
    h2_open(h2, ROOM);
}

static void post_abc_to_reader(h2_rig *h2)
{
    post_abc(h2);
    NEED_TRUE(reader.runs == 1);
}

static void read_exactly(hw_exchange *exchange, size_t bytes)
{
    char memory[4096];
    while (bytes > 0) {
        ssize_t count =
            hw_flow_read(exchange->intake, memory, bytes < sizeof memory ? bytes : sizeof memory);
        NEED_TRUE(count > 0);
        bytes -= (size_t)count;
    }
}

static void read_window_after_window(hw_exchange *exchange)
{
    h2_expect(reader.h2, "");
    for (unsigned i = 0; i < 3; i++) {
        read_exactly(exchange, WINDOW);
        h2_expect_among(reader.h2, "WINDOW_UPDATE 1 ");
        h2_content(reader.h2, 1, WINDOW, i == 2);
        h2_send(reader.h2);
        h2_expect(reader.h2, "");
    }
    read_exactly(exchange, WINDOW);
    assert_int_equal(hw_flow_read(exchange->intake, &(char){0}, 1), 0);
}

/* A client that has sent a whole window may go on only when some of it has been taken. */
HW_TEST(conn_h2_gives_as_much_window_as_its_reader_takes)
{
    h2_rig h2;
    open_reader(&h2, read_window_after_window);
    h2_post(&h2, 1, "/", "");
    h2_content(&h2, 1, WINDOW, false);
    h2_send(&h2);
    NEED_TRUE(reader.runs == 1);
    h2_expect_among(&h2, "DATA 1 end hi\n");
    h2_close(&h2);
}

static void read_what_is_asked_for(hw_exchange *exchange)
{
    h2_expect(reader.h2, "");
    NEED_TRUE(!hw_flow_is_wanted(exchange->intake));
    /* As a first read would, on its thread, before it waits. */
    exchange->intake->is_wanted = true;
    exchange->carrier->notify(exchange);
    h2_expect(reader.h2, "HEADERS 1\n :status: 100\n");
    wire_data(reader.h2->said, WIRE_END_STREAM, 1, "abc");
    h2_send(reader.h2);
    read_exactly(exchange, 3);
}

HW_TEST(conn_h2_asks_for_content_when_it_is_read)
{
    h2_rig h2;
    open_reader(&h2, read_what_is_asked_for);
    h2_post(&h2, 1, "/", "expect: 100-continue\n");
    h2_send(&h2);
    NEED_TRUE(reader.runs == 1);
    h2_expect(&h2, H2_HI("1"));
    h2_close(&h2);
}

static void read_what_is_too_long(hw_exchange *exchange)
{
    read_exactly(exchange, 3);
    wire_data(reader.h2->said, 0, 1, "defgh");
    h2_send(reader.h2);
    assert_int_equal(hw_flow_read(exchange->intake, &(char){0}, 1), -EMSGSIZE);
}

static void read_what_is_malformed(hw_exchange *exchange)
{
    read_exactly(exchange, 3);
    wire_head(reader.h2->said, WIRE_END, 1, "connection: x\n");
    h2_send(reader.h2);
    assert_int_equal(hw_flow_read(exchange->intake, &(char){0}, 1), -EPIPE);
}

/* Who reads finds out with the next read, and its client gets the answer to that. */
HW_TEST(conn_h2_tells_a_reader_what_is_wrong_with_the_content)
{
    h2_rig h2;
    open_reader(&h2, read_what_is_too_long);
    h2.rig.plan.limit = 7;
    post_abc_to_reader(&h2);
    h2_expect_first(&h2, "HEADERS 1\n :status: 413\n");
    h2_close(&h2);
    open_reader(&h2, read_what_is_malformed);
    post_abc_to_reader(&h2);
    h2_expect(&h2, "RST_STREAM 1 PROTOCOL_ERROR\n");
    NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].status == 400);
    h2_close(&h2);
}

/* It has read something in time, and is given as much time again; then nothing. */
static void read_now_and_then(hw_exchange *exchange)
{
    read_exactly(exchange, 3);
    h2_pass_ms(reader.h2, 70);
    h2_expect(reader.h2, "");
    h2_pass_ms(reader.h2, 69);
    h2_expect(reader.h2, "");
    h2_pass_ms(reader.h2, 1);
    h2_expect_first(reader.h2, "HEADERS 1\n :status: 504\n");
    assert_int_equal(hw_flow_state(exchange->intake), -EPIPE);
}

HW_TEST(conn_h2_leaves_time_to_a_handler_that_reads_on)
{
    hw_pace pace = {.timeout_ms = 70};
    h2_rig h2;
    open_reader(&h2, read_now_and_then);
    h2.rig.answerer.pace = &pace;
    post_abc_to_reader(&h2);
    h2_close(&h2);
}

static void read_too_slow_content(hw_exchange *exchange)
{
    h2_pass_ms(reader.h2, 30000);
    assert_int_equal(hw_flow_state(exchange->intake), -ETIMEDOUT);
}

/* The client is too slow, and not the handler: RFC 9110 15.5.9. */
HW_TEST(conn_h2_blames_the_client_whose_content_does_not_come)
{
    hw_pace pace = {.timeout_ms = 60000};
    h2_rig h2;
    open_reader(&h2, read_too_slow_content);
    h2.rig.answerer.pace = &pace;
    post_abc_to_reader(&h2);
    h2_expect_first(&h2, "HEADERS 1\n :status: 408\n");
    h2_close(&h2);
}

/* Content that is streamed into an exchange waits while that is lent, and its end with it. */
static void (*meanwhile_kept)(h2_rig *h2);

static void keep_and_echo(hw_exchange *exchange)
{
    meanwhile_kept(reader.h2);
    hw_response_start(&exchange->response, 200);
}

static void answer_kept(void *arg, hw_exchange *exchange)
{
    answer_reader(arg, exchange);
    answer_echo(&reader.h2->rig, exchange);
}

static void open_kept(h2_rig *h2, void (*meanwhile)(h2_rig *h2))
{
    open_reader(h2, keep_and_echo);
    h2->rig.answerer.answer = answer_kept;
    h2->rig.plan = (hw_body_plan){HW_PLAN_STREAM, UINT64_MAX};
    meanwhile_kept = meanwhile;
}

static void send_half_and_end(h2_rig *h2)
{
    wire_data(h2->said, 0, 1, "def");
    wire_data(h2->said, WIRE_END_STREAM, 1, "gh");
    h2_send(h2);
    h2_expect(h2, "");
}

static void send_end_alone(h2_rig *h2)
{
    wire_data(h2->said, WIRE_END_STREAM, 1, "");
    h2_send(h2);
}

HW_TEST(conn_h2_keeps_content_that_has_no_place)
{
    static const struct {
        void (*meanwhile)(h2_rig *h2);
        const char *words;
    } rows[] = {{send_half_and_end, "DATA 1 abcdefgh\nDATA 1 end \n"},
                {send_end_alone, "DATA 1 abc\nDATA 1 end \n"}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        char words[300];
        h2_rig h2;
        open_kept(&h2, rows[i].meanwhile);
        post_abc_to_reader(&h2);
        snprintf(words, sizeof words, "HEADERS 1\n :status: 200\n" H2_DATE "%s", rows[i].words);
        h2_expect(&h2, words);
        NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].is_complete);
        h2_close(&h2);
    }
}

/* The end of it is told once, whatever else happens while the answer is still being sent. */
HW_TEST(conn_h2_ends_kept_content_once)
{
    h2_rig h2;
    open_kept(&h2, send_half_and_end);
    wire_setting(h2.said, 4, 2); /* the client's window for each stream */
    post_abc(&h2);
    h2_expect(&h2, "HEADERS 1\n :status: 200\n" H2_DATE "DATA 1 ab\n");
    for (unsigned i = 0; i < 3; i++) {
        wire_number(h2.said, WIRE_WINDOW_UPDATE, 1, 1);
        h2_send(&h2);
    }
    h2_expect(&h2, "DATA 1 c\nDATA 1 d\nDATA 1 e\n");
    wire_number(h2.said, WIRE_WINDOW_UPDATE, 1, 100);
    h2_send(&h2);
    h2_expect(&h2, "DATA 1 fgh\nDATA 1 end \n");
    h2_close(&h2);
}

/* More is kept than the plan allows, which is found out when it is fed. */
HW_TEST(conn_h2_keeps_no_more_content_than_the_plan_has)
{
    h2_rig h2;
    open_kept(&h2, send_half_and_end);
    h2.rig.plan.limit = 5;
    post_abc(&h2);
    h2_expect_among(&h2, "RST_STREAM 1 CANCEL\n");
    NEED_TRUE(h2.rig.records == 1 && reader.runs == 1);
    assert_false(h2.rig.record[0].is_complete);
    h2_close(&h2);
}

static void send_without_memory(h2_rig *h2)
{
    hw_budget *budget = &h2->rig.shared.budget;
    budget->max = hw_budget_used(budget) + 1000;
    wire_data(h2->said, 0, 1, "def");
    h2_send(h2);
    h2_expect(h2, "RST_STREAM 1 CANCEL\n");
    budget->max = 0;
}

HW_TEST(conn_h2_keeps_no_content_without_memory)
{
    h2_rig h2;
    open_kept(&h2, send_without_memory);
    h2_post(&h2, 1, "/", "");
    h2_send(&h2);
    NEED_TRUE(reader.runs == 1 && h2.rig.records == 1);
    h2_close(&h2);
}

static void send_whole_window(h2_rig *h2)
{
    h2_content(h2, 1, 1000, false);
    h2_send(h2);
    h2_expect(h2, "");
}

/* However often it is lent, no more is kept of it than a window has. */
HW_TEST(conn_h2_keeps_a_window_of_content_at_most)
{
    h2_rig h2;
    open_kept(&h2, send_whole_window);
    h2_post(&h2, 1, "/", "");
    h2_content(&h2, 1, WINDOW - 1000, false);
    h2_send(&h2);
    NEED_TRUE(reader.runs == 1);
    uint64_t granted = WINDOW, sent = WINDOW;
    wire_number(h2.said, WIRE_WINDOW_UPDATE, 1, 1 << 24);
    wire_number(h2.said, WIRE_WINDOW_UPDATE, 0, 1 << 24);
    for (unsigned i = 0; i < 20; i++) {
        h2_send(&h2);
        granted += h2_granted(h2_hear(&h2), 1);
        NEED_TRUE(granted <= heard_bytes(h2.heard, 1) + WINDOW);
        h2_content(&h2, 1, (size_t)(granted - sent), false);
        sent = granted;
    }
    NEED_TRUE(heard_bytes(h2.heard, 1) > 2 * WINDOW);
    h2_close(&h2);
}

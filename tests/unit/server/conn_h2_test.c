/* Connections of HTTP/2: how they begin, and what is asked on them. */
#include "unit/server/h2_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)1024 * 1024)

static void say_again(h2_rig *h2, const char *string)
{
    rig_send(&h2->rig, h2->client, string);
}

HW_TEST(conn_h2_begins_with_a_preface_in_one_piece)
{
    h2_rig h2 = {0};
    h2_open_lane(&h2);
    h2_connect(&h2, ROOM);
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, "WINDOW_UPDATE 0 983041\n" H2_HI("1"));
    NEED_TRUE(h2.rig.records == 1 && h2.rig.answers == 1);
    assert_int_equal(h2.rig.record[0].status, 200);
    assert_true(h2.rig.record[0].is_complete);
    assert_int_equal(h2.rig.record[0].bytes_out, 2);
    h2_close(&h2);
}

HW_TEST(conn_h2_begins_with_a_preface_cut_anywhere)
{
    for (size_t cut = 1; cut < 60; cut += hw_test_is_swept() ? 13 : 1) {
        h2_rig h2 = {0};
        h2_open_lane(&h2);
        h2_connect(&h2, ROOM);
        h2_get(&h2, 1, "/");
        hw_text all = wire_text(h2.said);
        NEED_TRUE(hw_pipe_send(h2.client, hw_text_upto(all, cut)) == 0);
        hw_loop_settle(&h2.rig.lane.loop);
        NEED_TRUE(hw_pipe_send(h2.client, hw_text_from(all, cut)) == 0);
        h2_expect(&h2, "WINDOW_UPDATE 0 983041\n" H2_HI("1"));
        h2_close(&h2);
    }
}

HW_TEST(conn_h2_begins_with_a_preface_byte_by_byte)
{
    h2_rig h2 = {0};
    h2_open_lane(&h2);
    h2_connect(&h2, ROOM);
    h2_get(&h2, 1, "/");
    hw_text all = wire_text(h2.said);
    for (size_t i = 0; i < all.length; i++) {
        NEED_TRUE(hw_pipe_send(h2.client, (hw_text){all.at + i, 1}) == 0);
        hw_loop_settle(&h2.rig.lane.loop);
    }
    h2_expect(&h2, "WINDOW_UPDATE 0 983041\n" H2_HI("1"));
    h2_close(&h2);
}

/* What begins like the preface and goes on otherwise is HTTP/1.1. */
HW_TEST(conn_h2_is_not_what_begins_with_its_first_letters)
{
    static const char *const firsts[] = {"P", "PO", "POST / HT"};
    for (size_t i = 0; i < ROWS(firsts); i++) {
        static const char post[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
        h2_rig h2 = {0};
        h2_open_lane(&h2);
        h2_connect(&h2, ROOM);
        say_again(&h2, firsts[i]);
        say_again(&h2, post + strlen(firsts[i]));
        rig_expect(&h2.rig, h2.client,
                   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" RIG_DATE "\r\nhi");
        h2_close(&h2);
    }
}

/* RFC 9113 3.1: "h2c" as a token of Upgrade is no more. */
HW_TEST(conn_h2_is_not_begun_by_upgrade)
{
    h2_rig h2 = {0};
    h2_open_lane(&h2);
    h2_connect(&h2, ROOM);
    say_again(&h2, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, http2-settings\r\n"
                   "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n");
    rig_expect(&h2.rig, h2.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" RIG_DATE "\r\nhi");
    h2_close(&h2);
}

/* The preface belongs in front of everything else. */
HW_TEST(conn_h2_is_not_begun_behind_a_request)
{
    h2_rig h2 = {0};
    h2_open_lane(&h2);
    h2_connect(&h2, ROOM);
    say_again(&h2, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" HW_H2_PREFACE);
    hw_text got = hw_pipe_received(h2.client);
    NEED_TRUE(hw_text_has_prefix(got, HW_TEXT("HTTP/1.1 200 ")));
    assert_null(memmem(got.at, got.length, "\0\0\4\0", 4));
    NEED_TRUE(h2.rig.records == 2);
    h2_close(&h2);
}

/* Behind the preface something else than SETTINGS: RFC 9113 3.4. */
HW_TEST(conn_h2_ends_with_a_preface_that_is_none)
{
    h2_rig h2 = {0};
    h2_open_lane(&h2);
    h2_connect(&h2, ROOM);
    say_again(&h2, HW_H2_PREFACE "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)h2_hear(&h2);
    NEED_TRUE(hw_pipe_is_ended(h2.client));
    assert_true(h2.rig.answers == 0 && h2.rig.faults == 0);
    h2_close(&h2);
}

/* What the answerer is told. */
static char told[2000];

static void answer_told(void *arg, hw_exchange *exchange)
{
    const hw_request *request = &exchange->request;
    test_rig *rig = arg;
    rig->answers++;
    size_t length =
        (size_t)snprintf(told, sizeof told, "%.*s %.*s %.*s host=%.*s\n",
                         HW_TEXT_ARGS(request->method_name), HW_TEXT_ARGS(request->raw_target),
                         HW_TEXT_ARGS(request->protocol), HW_TEXT_ARGS(request->host));
    for (size_t i = 0; i < request->fields.count; i++)
        length += (size_t)snprintf(told + length, sizeof told - length, "%.*s: %.*s\n",
                                   HW_TEXT_ARGS(request->fields.at[i].name),
                                   HW_TEXT_ARGS(request->fields.at[i].value));
    snprintf(told + length, sizeof told - length, "%.*s", HW_TEXT_ARGS(request->content));
    hw_response_start(&exchange->response, 200);
}

static void expect_told(const char *words)
{
    if (strcmp(told, words) != 0)
        h2_check_memory();
    assert_string_equal(told, words);
}

HW_TEST(conn_h2_asks_as_http1_would)
{
    h2_rig h2 = {.rig = {.answerer = {.answer = answer_told}, .plan = {HW_PLAN_BUFFER, 100}}};
    h2_open(&h2, ROOM);
    told[0] = '\0';
    wire_head(h2.said, WIRE_END, 1,
              ":method: GET\n:scheme: http\n:path: /a?b\n:authority: Host.test:81\n"
              "cookie: a=1\nx-b: c\ncookie: b=2\n");
    h2_send(&h2);
    expect_told("GET /a?b HTTP/2.0 host=Host.test:81\n"
                "host: Host.test:81\ncookie: a=1; b=2\nx-b: c\n");
    h2_post(&h2, 3, "/", "content-length: 3\n");
    wire_data(h2.said, WIRE_END_STREAM, 3, "xyz");
    h2_send(&h2);
    expect_told("POST / HTTP/2.0 host=a\nhost: a\ncontent-length: 3\nxyz");
    h2_close(&h2);
}

HW_TEST(conn_h2_answers_head_without_a_body)
{
    h2_rig h2 = {0};
    h2_open(&h2, ROOM);
    wire_head(h2.said, WIRE_END, 1, ":method: HEAD\n:scheme: http\n:path: /\n:authority: a\n");
    h2_send(&h2);
    h2_expect(&h2, "HEADERS 1 end\n :status: 200\n content-length: 2\n" H2_DATE);
    NEED_TRUE(h2.rig.records == 1);
    assert_true(h2.rig.record[0].is_complete);
    assert_int_equal(h2.rig.record[0].bytes_out, 0);
    h2_close(&h2);
}

/* What is answered in the server's own name, without anybody having been asked. */
HW_TEST(conn_h2_answers_what_nobody_is_asked)
{
    static const struct {
        const char *lines;
        int status;
    } rows[] = {
        {":method: GET\n:scheme: http\n:path: /\n:authority: a\nexpect: tea\n", 417},
        {":method: GET\n:scheme: https\n:path: /\n:authority: a\n", 421},
        {":method: GET\n:scheme: ftp\n:path: /\n:authority: a\n", 400},
        {":method: GET\n:scheme: http\n:path: /%00\n:authority: a\n", 400},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char words[100];
        h2_rig h2 = {0};
        h2_open(&h2, ROOM);
        wire_head(h2.said, WIRE_END, 1, rows[i].lines);
        h2_ask(&h2, 3, "/");
        snprintf(words, sizeof words, "HEADERS 1\n :status: %d\n", rows[i].status);
        h2_expect_first(&h2, words);
        NEED_TRUE(h2.rig.records == 2 && h2.rig.answers == 1);
        assert_int_equal(h2.rig.record[0].status, rows[i].status);
        h2_close(&h2);
    }
}

static void answer_whether_secure(void *arg, hw_exchange *exchange)
{
    rig_answer_hi(arg, exchange);
    hw_response_set_bytes(&exchange->response,
                          hw_exchange_is_secure(exchange) ? HW_TEXT("https") : HW_TEXT("clear"));
}

/* RFC 9110 7.4, of a proxy: one that may only say whose the connection is proves nothing of the scheme by
 * saying https, as HAProxy does of every request. */
HW_TEST(conn_h2_from_a_proxy_may_ask_for_https)
{
    static const struct {
        bool is_trusted, is_proxied;
        const char *answer;
    } rows[] = {
        {false, false, "HEADERS 1\n :status: 421\n"},
        {false, true, "DATA 1 end clear\n"},
        {true, false, "DATA 1 end https\n"},
        {true, true, "DATA 1 end https\n"},
    };
    const hw_cidr ours = {{{10}, HW_IP_V4}, 8};
    const hw_cidrs proxies = {&ours, 1};
    for (size_t i = 0; i < ROWS(rows); i++) {
        h2_rig h2 = {.rig.answerer.answer = answer_whether_secure};
        h2_open(&h2, ROOM);
        h2.rig.lane.place.proxies = rows[i].is_trusted ? &proxies : NULL;
        hw_stream *stream = h2_conn(&h2)->conn.stream;
        stream->peer = (hw_peer){{10, 0, 0, 1}, AF_INET};
        stream->is_proxied = rows[i].is_proxied;
        wire_head(h2.said, WIRE_END, 1, ":method: GET\n:scheme: https\n:path: /\n:authority: a\n");
        h2_send(&h2);
        h2_expect_among(&h2, rows[i].answer);
        h2_close(&h2);
    }
}

/* An address that sends its clients to https does that here too. */
HW_TEST(conn_h2_redirects_to_https)
{
    h2_rig h2 = {0};
    h2_open(&h2, ROOM);
    h2_conn(&h2)->conn.stream->https_port = 8443;
    wire_head(h2.said, WIRE_END, 1,
              ":method: GET\n:scheme: http\n:path: /a?b\n:authority: a.test\n");
    h2_send(&h2);
    h2_expect_among(&h2, " location: https://a.test:8443/a?b\n");
    NEED_TRUE(h2.rig.records == 1 && h2.rig.answers == 0);
    assert_int_equal(h2.rig.record[0].status, 308);
    h2_close(&h2);
}

/* 431 and 414 (RFC 9113 10.5.1): the connection lives. */
HW_TEST(conn_h2_answers_heads_that_are_too_large)
{
    static const struct {
        const char *name, *status;
    } rows[] = {{"x-large", "431"}, {":path", "414"}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        static char lines[40000], block[50000];
        char words[100];
        bool is_path = rows[i].name[0] == ':';
        h2_rig h2 = {0};
        h2_open(&h2, ROOM);
        int length = snprintf(lines, sizeof lines, ":method: GET\n:scheme: http\n:authority: a\n%s",
                              is_path ? "" : ":path: /\n");
        for (int n = 0; n < (is_path ? 1 : 5); n++)
            length += snprintf(lines + length, sizeof lines - (size_t)length, "%s: /%0*d\n",
                               rows[i].name, is_path ? 10000 : 7000, 0);
        size_t bytes = wire_block(block, sizeof block, lines);
        for (size_t from = 0; from < bytes; from += 16000) {
            hw_text part = hw_text_upto(hw_text_from((hw_text){block, bytes}, from), 16000);
            int flags = from + part.length == bytes ? WIRE_END_HEADERS : 0;
            wire_frame(h2.said, from ? WIRE_CONTINUATION : WIRE_HEADERS,
                       from ? flags : flags | WIRE_END_STREAM, 1, part);
        }
        h2_send(&h2);
        snprintf(words, sizeof words, "HEADERS 1\n :status: %s\n", rows[i].status);
        h2_expect_first(&h2, words);
        h2_ask(&h2, 3, "/");
        h2_expect(&h2, H2_HI("3"));
        h2_close(&h2);
    }
}

/* RFC 9113 8.1.1: a stream error, which is told of in the log, and nobody else notices. */
HW_TEST(conn_h2_resets_what_is_malformed)
{
    static const char *const lines[] = {
        ":method: GET\n:scheme: http\n:path: /\n:authority: a\nconnection: close\n",
        ":method: GET\n:scheme: http\n:path: /\n",
        ":method: GET\n:scheme: http\n:path: /\n:authority: a\nX-Upper: b\n",
    };
    for (size_t i = 0; i < ROWS(lines); i++) {
        h2_rig h2 = {0};
        h2_open(&h2, ROOM);
        wire_head(h2.said, WIRE_END, 1, lines[i]);
        h2_ask(&h2, 3, "/");
        h2_expect(&h2, "RST_STREAM 1 PROTOCOL_ERROR\n" H2_HI("3"));
        NEED_TRUE(h2.rig.records == 2);
        assert_int_equal(h2.rig.record[0].status, 400);
        assert_false(h2.rig.record[0].is_complete);
        h2_close(&h2);
    }
}

/* Content-Length is what the DATA frames add up to (RFC 9113 8.1.1), or it was no request. */
HW_TEST(conn_h2_resets_content_of_another_length)
{
    static const char *const contents[] = {"xy", "xyz!"};
    for (size_t i = 0; i < ROWS(contents); i++) {
        h2_rig h2 = {.rig = {.plan = {HW_PLAN_BUFFER, 100}}};
        h2_open(&h2, ROOM);
        h2_post(&h2, 1, "/", "content-length: 3\n");
        wire_data(h2.said, WIRE_END_STREAM, 1, contents[i]);
        h2_send(&h2);
        h2_expect(&h2, "RST_STREAM 1 PROTOCOL_ERROR\n");
        NEED_TRUE(h2.rig.records == 1 && h2.rig.answers == 0);
        assert_int_equal(h2.rig.record[0].status, 400);
        h2_close(&h2);
    }
}

/* Who asks for much at once gets what is ready in one write. */
HW_TEST(conn_h2_answers_many_streams_in_one_write)
{
    h2_rig h2 = {0};
    rig_counts counts;
    h2_open(&h2, ROOM);
    rig_count(&counts, h2_conn(&h2)->conn.stream);
    for (uint32_t id = 1; id < 60; id += 2)
        h2_get(&h2, id, "/");
    h2_send(&h2);
    NEED_TRUE(h2.rig.answers == 30 && h2.rig.records == 30);
    assert_int_equal(counts.writes, 1);
    h2_expect_among(&h2, "DATA 59 end hi\n");
    h2_close(&h2);
}

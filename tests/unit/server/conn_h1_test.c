#include "server/conn_h1.h"

#include "seam/seam.h"
#include "unit/server/rig.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" RIG_DATE "\r\nhi"

static rig_counts counts; /* of the server's end */

static hw_pipe *connect_counted(test_rig *rig)
{
    hw_pipe *client = rig_connect(rig, 1024 * 1024);
    rig_count(&counts, rig_conn(rig)->conn.stream);
    return client;
}

static void pass_ms(test_rig *rig, unsigned ms)
{
    hw_seam_clock_advance(INT64_C(1000000) * ms);
    hw_loop_settle(&rig->lane.loop);
}

HW_TEST(conn_h1_answers_pipelined_requests_in_one_write)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = connect_counted(&rig);
    rig_send(&rig, client, GET GET GET GET);
    rig_expect(&rig, client, HI HI HI HI);
    assert_int_equal(counts.writes, 1);
    assert_int_equal(counts.parts, 1);
    assert_int_equal(rig.records, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(rig.record[i].is_complete && rig.record[i].bytes_out == 2);
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(conn_h1_answers_more_requests_than_it_reads_ahead)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = connect_counted(&rig);
    for (int i = 0; i < 100; i++)
        NEED_TRUE(hw_pipe_send(client, HW_TEXT(GET)) == 0);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(rig.answers == 100);
    NEED_TRUE(hw_pipe_received(client).length == 100 * (sizeof HI - 1));
    NEED_TRUE(counts.writes <= 100 / 16 + 1);
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(conn_h1_keeps_no_buffer_while_it_is_idle)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    hw_loop_settle(&rig.lane.loop);
    conn_h1 *h1 = rig_conn(&rig);
    assert_null(h1->rest);
    rig_send(&rig, client, GET "GET / HT");
    rig_expect(&rig, client, HI);
    NEED_TRUE(!hw_pipe_is_closed(client));
    assert_non_null(h1->rest);
    assert_int_equal(h1->rest->length, 8);
    rig_send(&rig, client, "TP/1.1\r\nHost: a\r\n\r\n");
    rig_expect(&rig, client, HI);
    assert_null(h1->rest);
    assert_int_equal(h1->queue_length, 0);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* Thousands may wait in the middle of a head: what they keep of it is little more than what
 * came. */
HW_TEST(conn_h1_keeps_little_of_a_head_in_pieces)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    for (int i = 0; i < 100; i++)
        rig_send(&rig, client, "a");
    NEED_TRUE(!hw_pipe_is_closed(client));
    const h1_rest *rest = rig_conn(&rig)->rest;
    assert_non_null(rest);
    assert_true(sizeof *rest + rest->capacity + HW_H1_SLACK + rest->head_bytes <= 512);
    rig_send(&rig, client, "\r\n\r\n");
    rig_expect(&rig, client, HI);
    assert_null(rig_conn(&rig)->rest);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* What a connection holds of requests that are not answered yet. */
static size_t count_held(const conn_h1 *h1)
{
    return h1->held + (h1->rest ? sizeof *h1->rest + h1->rest->capacity : 0);
}

/* A client that sends as much as it can, and takes no answer. */
HW_TEST(conn_h1_holds_64_kibibytes_at_most)
{
    static const char padding[] =
        "X: 00000000000000000000000000000000000000000000000000000000000000\r\n";
    const size_t most = (size_t)64 * 1024 + 4096 + sizeof(h1_rest);
    for (size_t fields = 0; fields < 30; fields += 7) {
        test_rig rig = {0};
        rig_open(&rig);
        hw_pipe *client = rig_connect(&rig, 10);
        hw_loop_settle(&rig.lane.loop);
        conn_h1 *h1 = rig_conn(&rig);
        for (int i = 0; i < 400; i++) {
            NEED_TRUE(hw_pipe_send(client, HW_TEXT("GET / HTTP/1.1\r\nHost: a\r\n")) == 0);
            for (size_t field = 0; field < fields; field++)
                NEED_TRUE(hw_pipe_send(client, hw_text_of(padding)) == 0);
            NEED_TRUE(hw_pipe_send(client, HW_TEXT("\r\n")) == 0);
        }
        for (int i = 0; i < 20; i++) {
            hw_loop_settle(&rig.lane.loop);
            NEED_TRUE(!hw_pipe_is_closed(client));
            assert_true(count_held(h1) <= most);
        }
        assert_true(h1->queue_length >= 1);
        hw_pipe_close(client);
        rig_close(&rig);
    }
}

/* Sixteen small ones are read ahead; of larger ones as many as fit. */
HW_TEST(conn_h1_reads_ahead_while_it_holds_little)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10);
    conn_h1 *h1 = rig_conn(&rig);
    hw_loop_settle(&rig.lane.loop);
    for (int i = 0; i < 20; i++)
        NEED_TRUE(hw_pipe_send(client, HW_TEXT(GET)) == 0);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(!hw_pipe_is_closed(client));
    NEED_TRUE(h1->queue_length == 16);
    assert_true(h1->held <= H1_QUEUE_BYTES_MAX);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* 10,000 idle connections are counted against these. */
HW_TEST(conn_h1_is_small_while_it_is_idle)
{
    size_t bytes = sizeof(conn_h1) + HW_TCP_STREAM_BYTES_MAX;
    print_message("an idle connection: %zu bytes\n", bytes);
    /* An allocation costs up to 24 bytes more than it was asked for. */
    assert_true(bytes + (size_t)2 * 24 <= 512);
}

HW_TEST(conn_h1_allocates_nothing_for_the_next_connection)
{
    test_rig rig = {0};
    rig_open(&rig);
    uint64_t pipes = 0, before = 0;
    for (int i = 0; i < 3; i++) {
        hw_pipe *client = NULL;
        hw_stream *stream;
        HW_NEED_OK(hw_pipe_new(1000, &client, &stream));
        before = hw_seam_allocations();
        int error = hw_conn_open(&rig.lane, stream);
        pipes += hw_seam_allocations() - before;
        hw_loop_settle(&rig.lane.loop);
        hw_pipe_close(client);
        hw_loop_settle(&rig.lane.loop);
        HW_NEED_OK(error);
    }
    assert_int_equal(pipes, 1);
    assert_int_equal(rig.lane.spare_conn_count, 1);
    rig_close(&rig);
}

HW_TEST(conn_h1_allocates_nothing_in_the_steady_state)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = connect_counted(&rig);
    uint64_t before = 0;
    for (int i = 0; i < 1000; i++) {
        rig_send(&rig, client,
                 "GET /a/b?c HTTP/1.1\r\nHost: a\r\nUser-Agent: one\r\nAccept: */*\r\n\r\n");
        rig_expect(&rig, client, HI);
        if (i == 0)
            before = hw_seam_allocations();
    }
    assert_int_equal(hw_seam_allocations(), before);
    assert_int_equal(counts.writes, 1000);
    assert_int_equal(rig.lane.spare_count, 1);
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(conn_h1_takes_a_request_in_any_pieces)
{
    static const char request[] =
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: v\r\n\r\n" GET;
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 5}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    for (size_t split = 1; split < sizeof request - 1; split++) {
        NEED_TRUE(hw_pipe_send(client, (hw_text){request, split}) == 0);
        hw_loop_settle(&rig.lane.loop);
        rig_send(&rig, client, request + split);
        rig_expect(&rig, client, HI HI);
    }
    for (size_t i = 0; i < sizeof request - 1; i++) {
        NEED_TRUE(hw_pipe_send(client, (hw_text){request + i, 1}) == 0);
        hw_loop_settle(&rig.lane.loop);
    }
    rig_expect(&rig, client, HI HI);
    assert_null(rig_conn(&rig)->rest);
    hw_pipe_close(client);
    rig_close(&rig);
}

static void answer_content(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, exchange->request.content);
    const hw_field *trailer = hw_fields_find(exchange->request.trailers, HW_FIELD_ETAG);
    if (trailer)
        hw_response_add_name(&exchange->response, HW_TEXT("X-Trailer"), trailer->value);
}

HW_TEST(conn_h1_buffers_bodies)
{
    test_rig rig = {.answerer = {.answer = answer_content}, .plan = {HW_PLAN_BUFFER, 10}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client,
             "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"
             "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
             "5\r\n");
    rig_expect(&rig, client, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n" RIG_DATE "\r\n0123456789");
    NEED_TRUE(hw_pipe_send(client, HW_TEXT("ab\0de\r\n0\r\nETag: \"x\"\r\n\r\n")) == 0);
    hw_loop_settle(&rig.lane.loop);
    hw_text answer = hw_pipe_received(client);
    NEED_TRUE(hw_text_has_suffix(
        answer, HW_TEXT("X-Trailer: \"x\"\r\nContent-Length: 5\r\n" RIG_DATE "\r\nab\0de")));
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(conn_h1_refuses_a_body_over_the_limit)
{
    static const char *const requests[] = {
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n",
    };
    for (size_t i = 0; i < ROWS(requests); i++)
        for (hw_plan_kind kind = HW_PLAN_BUFFER; kind <= HW_PLAN_STREAM; kind++) {
            test_rig rig = {.plan = {kind, 10}};
            rig_open(&rig);
            hw_pipe *client = rig_connect(&rig, 10000);
            rig_send(&rig, client, requests[i]);
            NEED_TRUE(hw_text_has_prefix(hw_pipe_received(client), HW_TEXT("HTTP/1.1 413 ")));
            hw_pipe_end_send(client);
            hw_loop_settle(&rig.lane.loop);
            assert_true(hw_pipe_is_closed(client));
            hw_pipe_close(client);
            rig_close(&rig);
        }
}

HW_TEST(conn_h1_reads_past_a_body_nobody_wants)
{
    test_rig rig = {.plan = {HW_PLAN_NONE, 100}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client,
             "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" GET
             "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    rig_expect(&rig, client, HI HI HI);
    rig_send(&rig, client, "lo\r\n0\r\n\r\n" GET);
    rig_expect(&rig, client, HI);
    rig_send(&rig, client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n");
    rig_expect(&rig, client,
               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" RIG_DATE "Connection: close\r\n\r\nhi");
    assert_true(hw_pipe_is_ended(client));
    assert_false(hw_pipe_is_closed(client));
    hw_pipe_close(client);
    hw_loop_settle(&rig.lane.loop);
    assert_int_equal(rig.shared.connections, 0);
    rig_close(&rig);
}

static hw_source *kept_body;

static void answer_and_keep(void *arg, hw_exchange *exchange)
{
    test_rig *rig = arg;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, hw_exchange_take_body(exchange));
    kept_body = exchange->response.body;
    rig->answers++;
}

HW_TEST(conn_h1_streams_a_body_back)
{
    test_rig rig = {.answerer = {.answer = answer_and_keep}, .plan = {HW_PLAN_STREAM, 1000}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 130\r\n\r\n");
    for (int i = 0; i < 7; i++)
        rig_send(&rig, client, "0123456789");
    NEED_TRUE(hw_pipe_received(client).length > 0);
    for (int i = 0; i < 6; i++)
        rig_send(&rig, client, "0123456789");
    hw_text echoed = hw_pipe_received(client);
    NEED_TRUE(echoed.length > 130);
    NEED_TRUE(hw_text_has_suffix(echoed, HW_TEXT("012345678901234567890123456789")));
    hw_pipe_take(client, echoed.length);
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_expect(&rig, client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" RIG_DATE "\r\n");
    hw_pipe_close(client);
    rig_close(&rig);
}

/* The client does not take what comes back: then the server stops reading what it sends. */
HW_TEST(conn_h1_reads_no_more_than_finds_room)
{
    static char many[1024 * 1024];
    test_rig rig = {.answerer = {.answer = answer_and_keep},
                    .plan = {HW_PLAN_STREAM, HW_LENGTH_UNKNOWN}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 1000);
    rig_count(&counts, rig_conn(&rig)->conn.stream);
    rig_send(&rig, client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n");
    NEED_TRUE(hw_pipe_send(client, (hw_text){many, sizeof many}) == 0);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(rig.answers == 1 && counts.bytes_read > 0);
    assert_in_range(counts.bytes_read, 64 * 1024, 200 * 1024);
    conn_h1 *h1 = rig_conn(&rig);
    assert_true(!h1->rest || h1->rest->capacity <= 128 * 1024);
    size_t taken = 0;
    while (hw_pipe_received(client).length > 0) {
        size_t length = hw_pipe_received(client).length;
        taken += length;
        hw_pipe_take(client, length);
        hw_loop_settle(&rig.lane.loop);
    }
    NEED_TRUE(taken > sizeof many);
    assert_in_range(taken, sizeof many, sizeof many + 200);
    NEED_TRUE(rig.records == 1);
    assert_int_equal(rig.record[0].bytes_in, sizeof many);
    assert_int_equal(rig.record[0].bytes_out, sizeof many);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* The most that was kept of what the client sends, while it takes all there is. */
static size_t watch_rest(test_rig *rig, hw_pipe *client)
{
    size_t most = 0;
    for (hw_text received; (received = hw_pipe_received(client)).length > 0;) {
        const h1_rest *rest = rig_conn(rig)->rest;
        most = rest && rest->capacity > most ? rest->capacity : most;
        hw_pipe_take(client, received.length);
        hw_loop_settle(&rig->lane.loop);
    }
    return most;
}

/* Each small message makes room for a read that would bring a thousand more of them. */
HW_TEST(conn_h1_reads_on_only_behind_what_it_has_used)
{
    static const char message[] = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    static char many[20000 * (sizeof message - 1)];
    test_rig rig = {.answerer = {.answer = answer_and_keep},
                    .plan = {HW_PLAN_STREAM, HW_LENGTH_UNKNOWN}};
    for (size_t i = 0; i < sizeof many; i += sizeof message - 1)
        memcpy(many + i, message, sizeof message - 1);
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 500);
    rig.shared.limits.requests_max = 100000;
    NEED_TRUE(hw_pipe_send(client, (hw_text){many, sizeof many}) == 0);
    hw_loop_settle(&rig.lane.loop);
    size_t most = watch_rest(&rig, client);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(rig.answers == 20000);
    assert_in_range(most, 0, 160 * 1024);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* The content's ring leaves no room for another head until it is gone, so that one waits,
 * unread. */
HW_TEST(conn_h1_answers_what_came_with_the_end_of_a_content_when_it_drains)
{
    test_rig rig = {.answerer = {.answer = answer_and_keep},
                    .plan = {HW_PLAN_STREAM, HW_LENGTH_UNKNOWN}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n");
    for (int i = 0; i < 5; i++)
        rig_send(&rig, client, "0123456789abc");
    NEED_TRUE(hw_pipe_received(client).length > 0);
    hw_lane_drain(&rig.lane);
    rig_send(&rig, client, "\r\n0\r\n\r\n" GET);
    hw_text received = hw_pipe_received(client);
    NEED_TRUE(rig.answers == 2);
    assert_true(hw_text_has_suffix(
        received, HW_TEXT("Content-Length: 0\r\n" RIG_DATE "Connection: close\r\n\r\n")));
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(conn_h1_lets_go_when_the_client_is_gone)
{
    for (int way = 0; way < 3; way++) {
        test_rig rig = {.answerer = {.answer = answer_and_keep}, .plan = {HW_PLAN_STREAM, 1000}};
        rig_open(&rig);
        hw_pipe *client = rig_connect(&rig, 10000);
        rig_send(&rig, client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n");
        for (int i = 0; i < 10; i++)
            rig_send(&rig, client, "0123456789");
        NEED_TRUE(rig.lane.counts.exchanges == 1);
        if (way == 0)
            hw_pipe_reset(client);
        else if (way == 1)
            hw_pipe_end_send(client);
        else
            hw_pipe_close(client);
        hw_loop_settle(&rig.lane.loop);
        assert_int_equal(rig.lane.counts.exchanges, 0);
        NEED_TRUE(rig.records == 1);
        assert_false(rig.record[0].is_complete);
        if (way < 2) {
            assert_true(hw_pipe_is_closed(client));
            hw_pipe_close(client);
        }
        hw_loop_settle(&rig.lane.loop);
        assert_int_equal(rig.shared.connections, 0);
        rig_close(&rig);
    }
}

HW_TEST(conn_h1_closes_when_there_is_no_memory_for_an_exchange)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    NEED_TRUE(hw_pipe_send(client, HW_TEXT(GET)) == 0);
    hw_seam_fail_allocation(1);
    hw_loop_settle(&rig.lane.loop);
    assert_true(hw_pipe_is_closed(client));
    assert_int_equal(rig.shared.connections, 0);
    hw_pipe_close(client);
    hw_conn_free_spares(&rig.lane);
    hw_seam_fail_allocation(2);
    hw_pipe *unlucky;
    hw_stream *stream;
    assert_int_equal(hw_pipe_new(10, &unlucky, &stream), 0);
    assert_int_equal(hw_conn_open(&rig.lane, stream), -ENOMEM);
    assert_true(hw_pipe_is_closed(unlucky));
    hw_pipe_close(unlucky);
    rig_close(&rig);
}

static void answer_tunnel(void *arg, hw_exchange *exchange)
{
    test_rig *rig = arg;
    rig->answers++;
    hw_source *source = hw_exchange_start_tunnel(exchange, 101);
    if (source)
        hw_response_take_body(&exchange->response, source);
}

/* RFC 9110 7.8: what follows the upgrade is the tunnel's, and no request any more. */
HW_TEST(conn_h1_tunnels_both_ways)
{
    test_rig rig = {.answerer = {.answer = answer_tunnel}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 100000);
    rig_send(&rig, client,
             "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" GET);
    rig_expect(&rig, client,
               "HTTP/1.1 101 Switching Protocols\r\n" RIG_DATE "Connection: upgrade\r\n\r\n" GET);
    assert_int_equal(rig.answers, 1);
    rig_send(&rig, client, "more");
    rig_expect(&rig, client, "more");
    hw_pipe_end_send(client);
    hw_loop_settle(&rig.lane.loop);
    assert_true(hw_pipe_is_closed(client));
    NEED_TRUE(rig.records == 1);
    assert_true(rig.record[0].is_complete);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* A body before the upgrade belongs to the request: its rest must never become the tunnel's. */
HW_TEST(conn_h1_keeps_a_body_out_of_the_tunnel)
{
    test_rig rig = {.answerer = {.answer = answer_tunnel}, .plan = {HW_PLAN_BUFFER, 100}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 100000);
    rig_send(&rig, client,
             "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n"
             "Transfer-Encoding: chunked\r\n\r\n3\r\nab");
    rig_expect(&rig, client, "");
    rig_send(&rig, client, "c\r\n0\r\n\r\nfirst");
    rig_expect(&rig, client,
               "HTTP/1.1 101 Switching Protocols\r\n" RIG_DATE "Connection: upgrade\r\n\r\nfirst");
    hw_pipe_close(client);
    rig_close(&rig);
}

static size_t unsent;

static ssize_t write_nothing(hw_stream *stream, const struct iovec *parts, size_t count, bool more)
{
    (void)parts;
    (void)count;
    (void)more;
    stream->writable = false;
    return -EAGAIN;
}

static size_t count_unsent_scripted(hw_stream *stream)
{
    (void)stream;
    return unsent;
}

/* Our side has no room for a long time, but the client takes a byte now and then: then none. */
HW_TEST(conn_h1_gives_time_to_whoever_takes_something)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = connect_counted(&rig);
    counts.ops.write = write_nothing;
    counts.ops.count_unsent = count_unsent_scripted;
    unsent = 1000;
    rig_send(&rig, client, GET);
    for (int i = 0; i < 10; i++) {
        unsent--;
        pass_ms(&rig, rig.shared.limits.response_ms);
        NEED_TRUE(!hw_pipe_is_closed(client));
    }
    pass_ms(&rig, rig.shared.limits.response_ms - 1);
    assert_false(hw_pipe_is_closed(client));
    pass_ms(&rig, 1);
    assert_true(hw_pipe_is_closed(client));
    hw_pipe_close(client);
    rig_close(&rig);
}

/* Closing would discard the answer if the client sends anything meanwhile. */
HW_TEST(conn_h1_lets_the_last_answer_arrive_before_it_closes)
{
    for (int is_taken = 0; is_taken < 2; is_taken++)
        for (int is_drained = 0; is_drained < 2; is_drained++) {
            test_rig rig = {0};
            rig_open(&rig);
            hw_pipe *client = rig_connect(&rig, 10000);
            rig_send(&rig, client, GET);
            if (is_taken)
                rig_expect(&rig, client, HI);
            if (is_drained)
                hw_lane_drain(&rig.lane);
            pass_ms(&rig, is_drained ? 0 : rig.shared.limits.idle_ms);
            NEED_TRUE(hw_pipe_is_ended(client));
            NEED_TRUE(hw_pipe_is_closed(client) == is_taken);
            hw_pipe_end_send(client);
            hw_loop_settle(&rig.lane.loop);
            assert_true(hw_pipe_is_closed(client));
            hw_pipe_close(client);
            rig_close(&rig);
        }
}

/* RFC 9112 9.6: the client said that it is its last request, and yet there is more. */
HW_TEST(conn_h1_lingers_when_something_lies_unread)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 40);
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    rig_send(&rig, client, "more");
    for (hw_text got; (got = hw_pipe_received(client)).length > 0;) {
        hw_pipe_take(client, got.length);
        hw_loop_settle(&rig.lane.loop);
    }
    NEED_TRUE(hw_pipe_is_ended(client));
    assert_false(hw_pipe_is_closed(client));
    hw_pipe_end_send(client);
    hw_loop_settle(&rig.lane.loop);
    assert_true(hw_pipe_is_closed(client));
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(conn_h1_lingers_for_so_many_bytes)
{
    static char many[1024 * 1024];
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = connect_counted(&rig);
    rig_send(&rig, client, "nonsense\r\n");
    NEED_TRUE(hw_pipe_is_ended(client));
    for (int i = 0; i < 18; i++) {
        NEED_TRUE(hw_pipe_send(client, (hw_text){many, sizeof many}) == 0);
        hw_loop_settle(&rig.lane.loop);
    }
    assert_in_range(counts.bytes_read, 16 * sizeof many, 16 * sizeof many + HW_LANE_INPUT_BYTES);
    assert_false(hw_pipe_is_closed(client));
    pass_ms(&rig, rig.shared.limits.linger_ms);
    assert_true(hw_pipe_is_closed(client));
    hw_pipe_close(client);
    rig_close(&rig);
}

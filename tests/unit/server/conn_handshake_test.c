#include "server/conn_handshake.h"

#include "seam/seam.h"
#include "server/shed.h"
#include "unit/server/secure_rig.h"

#include <string.h>

#define GET(host) "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"
#define HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" RIG_DATE "\r\nhi"
#define HANDSHAKE_MS 10000

static const tls_client_wish anybody = {.name = "a.test"};

static void pass_ms(secure_rig *secure, unsigned ms)
{
    hw_seam_clock_advance(INT64_C(1000000) * ms);
    hw_loop_settle(&secure->rig.lane.loop);
}

HW_TEST(conn_handshake_is_followed_by_http)
{
    secure_rig secure = {0};
    secure_open(&secure);
    secure_greet(&secure, "a.test");
    assert_int_equal(secure.rig.lane.conn_count, 1);
    assert_int_equal(secure.rig.shared.connections, 1);
    for (int i = 0; i < 3; i++) {
        secure_send(&secure, GET("a.test"));
        secure_expect(&secure, HI);
    }
    secure_hang_up(&secure);
    hw_loop_settle(&secure.rig.lane.loop);
    assert_int_equal(secure.rig.lane.conn_count, 0);
    assert_int_equal(secure.rig.shared.connections, 0);
    secure_close(&secure);
}

/* The request comes with the end of the client's handshake, as from every client in a hurry. */
HW_TEST(conn_handshake_may_have_the_request_behind_it)
{
    secure_rig secure = {0};
    secure_open(&secure);
    secure_connect(&secure, &anybody, TLS_RIG_WIDE);
    for (int i = 0; i < 3; i++) {
        bool is_over = tls_client_shake(secure.client) == 0;
        if (is_over)
            tls_client_write(secure.client, HW_TEXT(GET("a.test")));
        hw_text out = tls_client_output(secure.client);
        NEED_TRUE(hw_pipe_send(secure.pipe, out) == 0);
        tls_client_take(secure.client, out.length);
        hw_loop_settle(&secure.rig.lane.loop);
        hw_text in = hw_pipe_received(secure.pipe);
        tls_client_feed(secure.client, in);
        hw_pipe_take(secure.pipe, in.length);
        if (is_over)
            break;
    }
    secure_expect(&secure, HI);
    secure_close(&secure);
}

HW_TEST(conn_handshake_has_ten_seconds)
{
    secure_rig secure = {0};
    secure_open(&secure);
    assert_int_equal(secure.rig.shared.limits.handshake_ms, HANDSHAKE_MS);
    secure_connect(&secure, &anybody, TLS_RIG_WIDE);
    pass_ms(&secure, HANDSHAKE_MS - 1);
    assert_false(hw_pipe_is_closed(secure.pipe));
    pass_ms(&secure, 1);
    assert_true(hw_pipe_is_closed(secure.pipe));
    assert_int_equal(hw_pipe_received(secure.pipe).length, 0);
    secure_close(&secure);
}

/* In all: bytes that come one by one do not make it longer. */
HW_TEST(conn_handshake_has_its_time_in_all)
{
    secure_rig secure = {0};
    secure_open(&secure);
    secure_connect(&secure, &anybody, TLS_RIG_WIDE);
    (void)tls_client_shake(secure.client);
    hw_text hello = tls_client_output(secure.client);
    for (size_t i = 0; i < 9; i++) {
        NEED_TRUE(hw_pipe_send(secure.pipe, (hw_text){hello.at + i, 1}) == 0);
        pass_ms(&secure, 1000);
        assert_false(hw_pipe_is_closed(secure.pipe));
    }
    pass_ms(&secure, 1000);
    assert_true(hw_pipe_is_closed(secure.pipe));
    secure_close(&secure);
}

/* What follows has its own deadlines, from its own beginning. */
HW_TEST(conn_handshake_that_is_over_has_no_deadline)
{
    secure_rig secure = {0};
    secure_open(&secure);
    secure_connect(&secure, &anybody, TLS_RIG_WIDE);
    pass_ms(&secure, HANDSHAKE_MS - 1);
    secure_settle(&secure);
    NEED_TRUE(tls_client_shake(secure.client) == 0 && !hw_test_is_struck());
    pass_ms(&secure, secure.rig.shared.limits.head_ms - 1);
    assert_false(hw_pipe_is_closed(secure.pipe));
    pass_ms(&secure, 1);
    assert_true(hw_pipe_is_ended(secure.pipe));
    secure_close(&secure);
}

HW_TEST(conn_handshake_that_fails_is_closed)
{
    secure_rig secure = {0};
    secure_open(&secure);
    secure_connect(&secure, &(tls_client_wish){.newest = TLS1_1_VERSION, .oldest = TLS1_VERSION},
                   TLS_RIG_WIDE);
    secure_settle(&secure);
    NEED_TRUE(!hw_test_is_struck());
    assert_true(hw_pipe_is_closed(secure.pipe));
    assert_int_equal(tls_client_alert(secure.client), SSL_AD_PROTOCOL_VERSION);
    assert_int_equal(secure.rig.answers, 0);
    assert_int_equal(secure.rig.records, 0);
    secure_close(&secure);
}

HW_TEST(conn_handshake_ends_with_its_client)
{
    for (int way = 0; way < 3; way++) {
        secure_rig secure = {0};
        secure_open(&secure);
        secure_connect(&secure, &anybody, TLS_RIG_WIDE);
        (void)tls_client_shake(secure.client);
        hw_text hello = tls_client_output(secure.client);
        NEED_TRUE(hw_pipe_send(secure.pipe, hw_text_upto(hello, 50)) == 0);
        hw_loop_settle(&secure.rig.lane.loop);
        assert_false(hw_pipe_is_closed(secure.pipe));
        if (way == 0)
            hw_pipe_end_send(secure.pipe);
        else if (way == 1)
            hw_pipe_reset(secure.pipe);
        else
            secure_hang_up(&secure);
        hw_loop_settle(&secure.rig.lane.loop);
        assert_int_equal(secure.rig.lane.conn_count, 0);
        secure_close(&secure);
    }
}

HW_TEST(conn_handshake_is_charged)
{
    secure_rig secure = {0};
    secure_open(&secure);
    size_t before = hw_budget_used(&secure.rig.shared.budget);
    secure_connect(&secure, &anybody, TLS_RIG_WIDE);
    assert_true(hw_budget_used(&secure.rig.shared.budget) >=
                before + HW_TLS_HANDSHAKE_BYTES + HW_TLS_GREETING_BYTES_MAX);
    secure_settle(&secure);
    NEED_TRUE(tls_client_shake(secure.client) == 0 && !hw_test_is_struck());
    assert_true(hw_budget_used(&secure.rig.shared.budget) >= before + HW_TLS_STREAM_BYTES);
    secure_hang_up(&secure);
    hw_loop_settle(&secure.rig.lane.loop);
    assert_true(hw_budget_used(&secure.rig.shared.budget) < before + HW_TLS_STREAM_BYTES);
    secure_close(&secure);
}

/* Where there is no room, it gives way as an incomplete head does. */
HW_TEST(conn_handshake_gives_way)
{
    secure_rig secure = {0};
    secure_open(&secure);
    secure_connect(&secure, &anybody, TLS_RIG_WIDE);
    assert_true(hw_shed_one(&secure.rig.lane));
    hw_loop_settle(&secure.rig.lane.loop);
    assert_true(hw_pipe_is_closed(secure.pipe));
    assert_int_equal(secure.rig.lane.conn_count, 0);
    assert_false(hw_shed_one(&secure.rig.lane));
    secure_close(&secure);
}

HW_TEST(conn_handshake_ends_when_the_server_drains)
{
    secure_rig secure = {0};
    secure_open(&secure);
    secure_connect(&secure, &anybody, TLS_RIG_WIDE);
    hw_lane_drain(&secure.rig.lane);
    hw_loop_settle(&secure.rig.lane.loop);
    assert_true(hw_pipe_is_closed(secure.pipe));
    assert_int_equal(secure.rig.lane.conn_count, 0);
    secure_close(&secure);
}

/* A connection that is open drains as one in clear does: with the client's next answer, or at once. */
HW_TEST(conn_handshake_that_is_over_drains_like_any_other)
{
    char byte;
    secure_rig secure = {0};
    secure_open(&secure);
    secure_greet(&secure, "a.test");
    secure_send(&secure, GET("a.test"));
    secure_expect(&secure, HI);
    hw_lane_drain(&secure.rig.lane);
    secure_settle(&secure);
    assert_true(hw_pipe_is_ended(secure.pipe));
    long last = tls_client_read(secure.client, &byte, 1);
    assert_true(last == 0 || hw_test_is_struck());
    secure_close(&secure);
}

/* RFC 9110 7.4 */
HW_LONG_TEST(conn_of_one_certificate_is_for_its_names)
{
    static const struct {
        const char *name, *request;
        bool is_served;
    } rows[] = {
        {"a.test", GET("a.test"), true},
        {"a.test", GET("a.test:8443"), true},
        {"a.test", GET("A.Test."), true},
        {"a.test", GET("unknown.test"), true},
        {"a.test", GET("[::1]:443"), true},
        {"a.test", GET("b.test"), false},
        {"a.test", GET("B.TEST.:443"), false},
        {"a.test", "GET https://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", false},
        {"b.test", GET("b.test"), true},
        {"b.test", GET("a.test"), false},
        {"b.test", GET("unknown.test"), false},
        {"b.test", "GET https://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", true},
        {NULL, GET("a.test"), true},
        {NULL, GET("b.test"), false},
        {"unknown.test", GET("other.test"), true},
        {"unknown.test", GET("b.test"), false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        secure_rig secure = {0};
        secure_open(&secure);
        secure_greet(&secure, rows[i].name);
        secure_send(&secure, rows[i].request);
        char answer[512];
        long count = tls_client_read(secure.client, answer, sizeof answer - 1);
        NEED_TRUE(count > 0);
        answer[count] = '\0';
        const char *expected = rows[i].is_served ? "HTTP/1.1 200 " : "HTTP/1.1 421 ";
        if (strncmp(answer, expected, strlen(expected)) != 0 && !hw_test_is_struck())
            fail_msg("row %zu: %s", i, answer);
        secure_close(&secure);
    }
}

/* Who speaks HTTP in clear is told so, and never asks anybody anything. */
HW_TEST(conn_in_clear_is_told_so)
{
    static const char *const requests[] = {
        GET("a.test"),
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello",
        "HEAD / HTTP/1.0\r\n\r\n",
    };
    for (size_t i = 0; i < ROWS(requests); i++)
        for (int by_bytes = 0; by_bytes < (i == 0 ? 2 : 1); by_bytes++) {
            secure_rig secure = {0};
            secure_open(&secure);
            secure_connect(&secure, &anybody, TLS_RIG_WIDE);
            for (const char *at = requests[i]; *at; at += by_bytes ? 1 : strlen(at)) {
                hw_text piece = {at, by_bytes ? 1 : strlen(at)};
                NEED_TRUE(hw_pipe_send(secure.pipe, piece) == 0);
                hw_loop_settle(&secure.rig.lane.loop);
            }
            hw_text answer = hw_pipe_received(secure.pipe);
            NEED_TRUE(answer.length > 0 && !hw_test_is_struck());
            assert_text(hw_text_upto(answer, 26), "HTTP/1.1 400 Bad Request\r\n");
            assert_true(hw_pipe_is_ended(secure.pipe));
            assert_int_equal(secure.rig.answers, 0);
            pass_ms(&secure, 2000); /* and is not read for ever */
            assert_true(hw_pipe_is_closed(secure.pipe));
            secure_close(&secure);
        }
}

#include "server/redirect.h"

#include "unit/server/rig.h"

#include <stdio.h>
#include <string.h>

/* The answer to a request on an address that sends its clients to this port. */
static void ask(test_rig *rig, const char *request, uint16_t port, char *answer, size_t bytes)
{
    hw_pipe *client = rig_connect(rig, 64 * 1024);
    rig_conn(rig)->conn.stream->https_port = port;
    rig_send(rig, client, request);
    hw_text got = hw_pipe_received(client);
    NEED_TRUE(got.length > 0 && got.length < bytes);
    memcpy(answer, got.at, got.length);
    answer[got.length] = '\0';
    hw_pipe_close(client);
    hw_loop_settle(&rig->lane.loop);
}

static void assert_answer(const char *request, uint16_t port, const char *status,
                          const char *location)
{
    char answer[2048], line[512];
    test_rig rig = {0};
    rig_open(&rig);
    ask(&rig, request, port, answer, sizeof answer);
    bool is_there = strncmp(answer, status, strlen(status)) == 0;
    snprintf(line, sizeof line, "\r\nLocation: %s\r\n", location ? location : "");
    is_there &= location ? strstr(answer, line) != NULL : strstr(answer, "Location:") == NULL;
    if (!is_there && !hw_test_is_struck())
        fail_msg("%s: %s", request, answer);
    assert_int_equal(rig.answers, 0); /* the application hears nothing of it */
    rig_close(&rig);
}

#define SENT "HTTP/1.1 308 Permanent Redirect\r\n"

HW_TEST(redirect_goes_to_the_same_place)
{
    static const struct {
        const char *target, *host, *location;
        uint16_t port;
    } rows[] = {
        {"/", "a.test", "https://a.test/", 443},
        {"/", "a.test", "https://a.test:8443/", 8443},
        {"/", "a.test:80", "https://a.test/", 443},
        {"/", "a.test:8080", "https://a.test:8443/", 8443},
        {"/", "a.test:", "https://a.test/", 443},
        {"/", "A.Test", "https://A.Test/", 443},
        {"/", "[::1]", "https://[::1]/", 443},
        {"/", "[2001:db8::1]:8080", "https://[2001:db8::1]:8443/", 8443},
        {"/", "127.0.0.1:8080", "https://127.0.0.1:8443/", 8443},
        {"/a/b%20c;x=1", "a.test", "https://a.test/a/b%20c;x=1", 443},
        {"/?", "a.test", "https://a.test/?", 443},
        {"/a?q=1&r=%26?/", "a.test", "https://a.test/a?q=1&r=%26?/", 443},
        {"/a/../x", "a.test", "https://a.test/a/../x", 443},
        {"http://b.test/x?y", "a.test", "https://b.test/x?y", 443},
        {"http://b.test:80", "a.test", "https://b.test:8443/", 8443},
        {"HTTP://b.test?y", "a.test", "https://b.test/?y", 443},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char request[256];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", rows[i].target,
                 rows[i].host);
        assert_answer(request, rows[i].port, SENT, rows[i].location);
    }
}

/* The proxy speaks TLS; to send its client there again would never end. */
HW_TEST(redirect_lets_pass_who_has_come_by_https_to_a_trusted_proxy)
{
    static const struct {
        const char *fields;
        bool is_sent;
        hw_peer peer;
    } rows[] = {
        {"X-Forwarded-Proto: https\r\n", false, {{10, 0, 0, 1}, AF_INET}},
        {"Forwarded: for=192.0.2.7;proto=https\r\n", false, {{10, 0, 0, 1}, AF_INET}},
        {"X-Forwarded-Proto: http\r\n", true, {{10, 0, 0, 1}, AF_INET}},
        {"", true, {{10, 0, 0, 1}, AF_INET}},
        {"X-Forwarded-Proto: https\r\n", true, {{11, 0, 0, 1}, AF_INET}},
        {"Forwarded: for=10.0.0.1;proto=https\r\n", true, {{11, 0, 0, 1}, AF_INET}},
        {"X-Forwarded-Proto: https\r\n", true, {{0}, AF_UNIX}},
    };
    const hw_cidr ours = {{{10}, HW_IP_V4}, 8};
    const hw_cidrs proxies = {&ours, 1};
    for (size_t i = 0; i < ROWS(rows); i++) {
        char request[256];
        test_rig rig = {0};
        rig_open(&rig);
        rig.lane.place.proxies = &proxies;
        hw_pipe *client = rig_connect(&rig, 64 * 1024);
        rig_conn(&rig)->conn.stream->https_port = 443;
        rig_conn(&rig)->conn.stream->peer = rows[i].peer;
        snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: a.test\r\n%s\r\n",
                 rows[i].fields);
        rig_send(&rig, client, request);
        hw_text got = hw_pipe_received(client);
        NEED_TRUE(got.length > 0 && !hw_test_is_struck());
        assert_int_equal(hw_text_has_prefix(got, HW_TEXT(SENT)), rows[i].is_sent);
        assert_int_equal(rig.answers, !rows[i].is_sent);
        hw_pipe_close(client);
        hw_loop_settle(&rig.lane.loop);
        rig_close(&rig);
    }
}

/* What is asked of the connection itself stays so: a target by https over one in clear (RFC 9110 7.4). */
HW_TEST(redirect_or_not_https_over_clear_is_misdirected)
{
    const hw_cidr ours = {{{10}, HW_IP_V4}, 8};
    const hw_cidrs proxies = {&ours, 1};
    test_rig rig = {0};
    rig_open(&rig);
    rig.lane.place.proxies = &proxies;
    hw_pipe *client = rig_connect(&rig, 64 * 1024);
    rig_conn(&rig)->conn.stream->peer = (hw_peer){{10, 0, 0, 1}, AF_INET};
    rig_send(&rig, client,
             "GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-Proto: https\r\n\r\n");
    hw_text got = hw_pipe_received(client);
    NEED_TRUE(got.length > 0 && !hw_test_is_struck());
    assert_true(hw_text_has_prefix(got, HW_TEXT("HTTP/1.1 421 ")));
    hw_pipe_close(client);
    hw_loop_settle(&rig.lane.loop);
    rig_close(&rig);
}

HW_TEST(redirect_does_not_mind_the_method)
{
    assert_answer("HEAD /x HTTP/1.1\r\nHost: a.test\r\n\r\n", 443, SENT, "https://a.test/x");
    assert_answer("POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello", 443, SENT,
                  "https://a.test/x");
    assert_answer("PUT /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\n0\r\n\r\n",
                  443, SENT, "https://a.test/x");
    assert_answer("OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", 443, SENT, "https://a.test");
    assert_answer("CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n", 443,
                  "HTTP/1.1 400 Bad Request\r\n", NULL);
}

/* Nobody knows where he meant to go. */
HW_TEST(redirect_needs_a_host)
{
    assert_answer("GET / HTTP/1.0\r\n\r\n", 443, "HTTP/1.1 400 Bad Request\r\n", NULL);
    assert_answer("GET / HTTP/1.1\r\nHost:\r\n\r\n", 443, "HTTP/1.1 400 Bad Request\r\n", NULL);
    assert_answer("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n", 443, SENT, "https://a.test/");
}

/* What an answer to HEAD has of content is nothing, and the connection goes on behind a body that
 * nobody wanted. */
HW_TEST(redirect_keeps_the_connection)
{
    static const char requests[] = "HEAD /1 HTTP/1.1\r\nHost: a.test\r\n\r\n"
                                   "POST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n"
                                   "hello"
                                   "GET /3 HTTP/1.1\r\nHost: a.test\r\n\r\n";
    char answer[4096];
    test_rig rig = {0};
    rig_open(&rig);
    ask(&rig, requests, 443, answer, sizeof answer);
    const char *at = answer;
    for (int i = 0; i < 3; i++) {
        at = strstr(at, SENT);
        NEED_TRUE(at != NULL);
        at++;
    }
    assert_non_null(strstr(answer, "Location: https://a.test/3\r\n"));
    const char *first = strstr(answer, "\r\n\r\n");
    assert_non_null(first);
    assert_true(strncmp(first + 4, SENT, strlen(SENT)) == 0);
    assert_int_equal(rig.records, 3);
    rig_close(&rig);
}

HW_TEST(redirect_refuses_what_is_no_request)
{
    assert_answer("GET / HTTP/1.1\r\n\r\n", 443, "HTTP/1.1 400 Bad Request\r\n", NULL);
    assert_answer("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 443, "HTTP/1.1 400 Bad Request\r\n", NULL);
    assert_answer("GET //evil.test/ HTTP/1.1\r\nHost: a\r\n\r\n", 443,
                  "HTTP/1.1 400 Bad Request\r\n", NULL);
    assert_answer("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 443, "HTTP/1.1 400 Bad Request\r\n", NULL);
    assert_answer("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 443, "HTTP/1.1 400 Bad Request\r\n",
                  NULL);
}

static int redirect_of(hw_exchange *exchange, const char *host)
{
    static const hw_place place = {0};
    hw_exchange_begin_unread(exchange, &hw_carrier_nobody, &place, 0, 0);
    exchange->request.host = hw_text_of(host);
    exchange->request.https_port = 443;
    exchange->request.target.form = HW_TARGET_ORIGIN;
    exchange->request.target.path = HW_TEXT("/there");
    hw_redirect_answer(exchange);
    return exchange->response.status;
}

/* Whoever may have let it pass: what is no host is not sent back as one. */
HW_TEST(redirect_sends_nobody_to_what_is_no_host)
{
    static const char *const hosts[] = {"a:b", "a@b", "[::1", "a/b"};
    hw_exchange exchange;
    hw_exchange_init(&exchange, 4096, 65536);
    for (size_t i = 0; i < ROWS(hosts); i++)
        assert_int_equal(redirect_of(&exchange, hosts[i]), 400);
    hw_exchange_fini(&exchange);
}

HW_TEST(redirect_without_memory_is_a_503)
{
    hw_exchange exchange;
    hw_exchange_init(&exchange, 1024, 0);
    assert_int_equal(redirect_of(&exchange, "a.test"), 503);
    hw_exchange_fini(&exchange);
}

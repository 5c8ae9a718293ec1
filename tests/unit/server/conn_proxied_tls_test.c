/* A PROXY header with a handshake behind it. */
#include "server/conn_proxied.h"

#include "unit/server/secure_rig.h"

#include <string.h>

#define LINE "PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n"
#define GET "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"

static void answer_peer_secure(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    hw_response_start(&exchange->response, exchange->request.is_secure ? 200 : 500);
    hw_response_set_bytes(&exchange->response, hw_exchange_peer(exchange));
}

static void open_proxied_tls(secure_rig *secure)
{
    *secure = (secure_rig){.rig.answerer.answer = answer_peer_secure};
    secure_open(secure);
    hw_stream *stream;
    HW_NEED_OK(hw_pipe_new(TLS_RIG_WIDE, &secure->pipe, &stream));
    stream->peer = (hw_peer){{10, 0, 0, 1}, AF_INET};
    HW_NEED_OK(hw_conn_proxied_open(&secure->rig.lane, secure->tls.tls, stream));
    secure->client = tls_client_new(&(tls_client_wish){.name = "a.test"});
    hw_loop_settle(&secure->rig.lane.loop);
}

static void ask_behind_proxy(secure_rig *secure)
{
    secure_settle(secure);
    NEED_TRUE(tls_client_shake(secure->client) == 0 && secure->rig.lane.conn_count == 1);
    secure_send(secure, GET);
    secure_expect(secure, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n" RIG_DATE "\r\n192.0.2.7");
}

HW_TEST(conn_proxied_is_followed_by_a_handshake)
{
    secure_rig secure;
    open_proxied_tls(&secure);
    rig_send(&secure.rig, secure.pipe, LINE);
    ask_behind_proxy(&secure);
    secure_close(&secure);
}

/* Not one byte of the handshake is taken for the header's. */
HW_TEST(conn_proxied_may_have_the_handshake_behind_it)
{
    secure_rig secure;
    open_proxied_tls(&secure);
    (void)tls_client_shake(secure.client);
    hw_text hello = tls_client_output(secure.client);
    NEED_TRUE(hw_pipe_send(secure.pipe, HW_TEXT(LINE)) == 0 &&
              hw_pipe_send(secure.pipe, hello) == 0);
    tls_client_take(secure.client, hello.length);
    ask_behind_proxy(&secure);
    secure_close(&secure);
}

/* Inside TLS there is none: it is the client's who speaks it. */
HW_TEST(conn_proxied_takes_no_header_inside_tls)
{
    secure_rig secure;
    open_proxied_tls(&secure);
    rig_send(&secure.rig, secure.pipe, LINE);
    secure_settle(&secure);
    NEED_TRUE(tls_client_shake(secure.client) == 0 && secure.rig.lane.conn_count == 1);
    secure_send(&secure, "PROXY TCP4 9.9.9.9 10.0.0.1 56324 443\r\n" GET);
    char answer[512];
    long count = tls_client_read(secure.client, answer, sizeof answer - 1);
    NEED_TRUE(count > 0);
    answer[count] = '\0';
    assert_true(strncmp(answer, "HTTP/1.1 400 ", 13) == 0);
    assert_int_equal(secure.rig.answers, 0);
    secure_close(&secure);
}

/* The handshake has its own time; and who ends in the middle of it takes all of it along. */
HW_TEST(conn_proxied_may_end_in_the_handshake)
{
    secure_rig secure;
    open_proxied_tls(&secure);
    rig_send(&secure.rig, secure.pipe, LINE);
    (void)tls_client_shake(secure.client);
    hw_text hello = tls_client_output(secure.client);
    NEED_TRUE(hw_pipe_send(secure.pipe, hw_text_upto(hello, 50)) == 0);
    hw_loop_settle(&secure.rig.lane.loop);
    NEED_TRUE(secure.rig.lane.conn_count == 1);
    secure_hang_up(&secure);
    hw_loop_settle(&secure.rig.lane.loop);
    assert_int_equal(secure.rig.lane.conn_count, 0);
    secure_close(&secure);
}

/* Drives connections of proxies until they have said for whom they are.
 *
 * Like a handshake, which may follow, this is a connection of its own kind with one deadline for all of it,
 * and ends by giving its stream away. The drivers of protocols know nothing of it: they ask the stream
 * for its peer. What stands behind the header is not read here, so nothing has to be handed on.
 *
 * An address that wants headers has no other clients. Who may not send one is refused, and so is who begins
 * with anything else: served as ordinary clients, they would be told apart by nobody when the proxy has
 * another address one day, and each client of an open port could choose what to be. (docs/design/0017)
 *
 * A proxy is many clients: it has no share of the slots (shed.c). Its client has one, which is looked at
 * when he is known, and is counted from then on. */
#include "server/conn_proxied.h"

#include <errno.h>

#include "net/proxy_header.h"
#include "server/shed.h"
#include "sys/memory.h"

typedef struct conn_proxied {
    hw_conn conn;
    hw_tls *tls;
    hw_peer client; /* once the header is whole */
    size_t count;   /* of the header, so far */
    char header[HW_PROXY_HEADER_BYTES_MAX];
} conn_proxied;

/* Anybody can cause it, as often as he likes. */
static void tell_rarely(hw_lane *lane, const hw_peer *peer, const char *words)
{
    char name[HW_PEER_STRING_MAX];
    int64_t now_ms = hw_loop_now_ms(&lane->loop);
    if (now_ms < lane->quiet_until_ms)
        return;
    lane->quiet_until_ms = now_ms + HW_CONN_PROXIED_QUIET_MS;
    hw_sink_fault(lane->place.sink, EPROTO, hw_peer_format(peer, name), "%s", words);
}

/* In place of the connection that ends, which is still there for as long as the step lasts. */
static int open_client(hw_lane *lane, hw_stream *stream, hw_text input)
{
    (void)input; /* nothing but the header has been read */
    const conn_proxied *before = stream->arg;
    if (before->client.family != AF_UNSPEC)
        stream->peer = before->client;
    stream->is_proxied = true;
    hw_shed_keep_share(lane, &stream->peer);
    if (before->tls && hw_tls_open(before->tls, lane->tls, stream, &stream) < 0)
        return -ENOMEM;
    return hw_conn_open(lane, stream);
}

/* Reads what is the header's for certain, as far as it has come. 0: it is whole; -EAGAIN: wait; -EPROTO: it
 * is none; another negative errno: the connection has ended. */
static int read_header(conn_proxied *proxied)
{
    hw_stream *stream = proxied->conn.stream;
    ssize_t wanted;
    while ((wanted = hw_proxy_header_read((hw_text){proxied->header, proxied->count},
                                          &proxied->client)) > 0) {
        if (!stream->readable)
            return -EAGAIN;
        ssize_t got = stream->ops->read(stream, proxied->header + proxied->count, (size_t)wanted);
        if (got <= 0)
            return got == 0 ? -ECONNRESET : (int)got;
        proxied->count += (size_t)got;
    }
    return (int)wanted;
}

static void take_proxied_turn(hw_conn *conn)
{
    int error = conn->is_late ? -ETIMEDOUT : read_header((conn_proxied *)conn);
    conn->is_late = conn->has_news = false;
    if (error == -EPROTO)
        tell_rarely(conn->lane, &conn->stream->peer,
                    "began a connection without a PROXY header that makes sense: it was closed");
    if (error == 0)
        hw_conn_hand_over(conn, open_client, (hw_text){0});
    else if (error != -EAGAIN)
        hw_conn_close(conn);
}

static void drain_proxied(hw_conn *conn)
{
    hw_conn_close(conn);
}

static void let_go_proxied(hw_conn *conn)
{
    (void)conn;
}

static void free_proxied(hw_conn *conn)
{
    hw_budget_give(&conn->lane->shared->budget, sizeof(conn_proxied));
    hw_sys_free(conn);
}

static uint32_t count_moved_proxied(const hw_conn *conn)
{
    (void)conn;
    return 0;
}

static const hw_driver proxied_driver = {take_proxied_turn, drain_proxied, let_go_proxied,
                                         free_proxied, count_moved_proxied};

int hw_conn_proxied_open(hw_lane *lane, hw_tls *tls, hw_stream *stream)
{
    conn_proxied *proxied = hw_sys_alloc(sizeof *proxied);
    if (!proxied) {
        stream->ops->close(stream);
        return -ENOMEM;
    }
    hw_budget_add(&lane->shared->budget, sizeof *proxied);
    proxied->tls = tls;
    proxied->count = 0;
    hw_conn_init(&proxied->conn, &proxied_driver, lane, stream);
    hw_conn_enter(&proxied->conn, HW_PHASE_HEAD);
    hw_conn_arm(&proxied->conn, hw_loop_now_ms(&lane->loop) + lane->shared->limits.handshake_ms);
    return 0;
}

void hw_conn_proxied_refuse(hw_lane *lane, hw_stream *stream)
{
    tell_rarely(lane, &stream->peer, "may send no PROXY header here: its connection was closed");
    stream->ops->close(stream);
}

/* Drives connections until they can speak HTTP.
 *
 * A handshake is a connection of its own kind, with one deadline for all of it; when it is over it gives
 * its stream to one of the protocol that both ends speak, and ends. So the drivers of protocols know
 * nothing of handshakes, and who never ends his costs no more than this.
 *
 * Who speaks HTTP in clear to a port of TLS is told so in clear, which is what he understands. */
#include "server/conn_handshake.h"

#include <errno.h>

#include "server/conn_h1.h"
#include "sys/memory.h"

typedef struct conn_handshake {
    hw_conn conn;
} conn_handshake;

static int open_to_complain(hw_lane *lane, hw_stream *stream, hw_text input)
{
    (void)input;
    static const hw_problem in_clear = {
        400, "HTTP in clear to a port of TLS: ask for it by https://", "RFC 9110 4.2.2"};
    return hw_conn_h1_open_for_problem(lane, stream, &in_clear);
}

static void take_handshake_turn(hw_conn *conn)
{
    int error = conn->is_late ? -ETIMEDOUT : conn->stream->ops->handshake(conn->stream);
    conn->is_late = conn->has_news = false;
    if (error == 0)
        hw_conn_hand_over(conn, hw_conn_open_protocol, (hw_text){0});
    else if (error == -EPROTONOSUPPORT)
        hw_conn_hand_over(conn, open_to_complain, (hw_text){0});
    else if (error != -EAGAIN)
        hw_conn_close(conn);
}

/* Whoever has not got so far comes again, elsewhere. */
static void drain_handshake(hw_conn *conn)
{
    hw_conn_close(conn);
}

static void let_go_handshake(hw_conn *conn)
{
    (void)conn;
}

static void free_handshake(hw_conn *conn)
{
    hw_budget_give(&conn->lane->shared->budget, sizeof(conn_handshake));
    hw_sys_free(conn);
}

static uint32_t count_moved_handshake(const hw_conn *conn)
{
    (void)conn;
    return 0;
}

static const hw_driver handshake_driver = {take_handshake_turn, drain_handshake, let_go_handshake,
                                           free_handshake, count_moved_handshake};

int hw_conn_handshake_open(hw_lane *lane, hw_stream *stream)
{
    conn_handshake *handshake = hw_sys_alloc(sizeof *handshake);
    if (!handshake) {
        stream->ops->close(stream);
        return -ENOMEM;
    }
    hw_budget_add(&lane->shared->budget, sizeof *handshake);
    hw_conn_init(&handshake->conn, &handshake_driver, lane, stream);
    hw_conn_enter(&handshake->conn, HW_PHASE_HEAD);
    hw_conn_arm(&handshake->conn, hw_loop_now_ms(&lane->loop) + lane->shared->limits.handshake_ms);
    return 0;
}

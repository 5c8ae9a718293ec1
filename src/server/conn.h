/* A connection: a stream, a driver for the protocol spoken on it, one deadline, and a place in its
 * lane. */
#ifndef HW_SERVER_CONN_H
#define HW_SERVER_CONN_H

#include "server/lane.h"

#define HW_CONN_NEVER INT64_MAX
/* What a client may go on sending after the last word before it is no longer read. */
#define HW_CONN_LINGER_BYTES_MAX ((uint64_t)16 * 1024 * 1024)
/* Of an exchange's arena: a block, and all that is not content. */
#define HW_CONN_EXCHANGE_BLOCK_BYTES (4 * 1024)
#define HW_CONN_EXCHANGE_BYTES_MAX (512 * 1024)

typedef struct hw_conn hw_conn;

/* A driver. All are called on the loop; `turn` from its turn queue only. */
typedef struct hw_driver {
    void (*turn)(hw_conn *conn);  /* READ and ADVANCE when it `has_news`, then WRITE, ARM */
    void (*drain)(hw_conn *conn); /* no further requests */
    void (*gone)(hw_conn *conn);  /* the stream is about to be closed: let go of every exchange */
    void (*free)(hw_conn *conn);  /* the end of the step: nobody holds it any more */
    /* So much of its content has come, and been taken by the other end, so far; it may wrap. */
    uint32_t (*moved)(const hw_conn *conn);
} hw_driver;

/* The first member of every driver's connection. */
struct hw_conn {
    hw_link link;    /* lane->conns */
    hw_link waiting; /* lane->waiting.phases; in none while it is busy */
    hw_link near;    /* lane->waiting.peers */
    hw_lane *lane;
    hw_stream *stream;
    const hw_driver *driver;
    hw_task turn;        /* when it is closed: its end */
    hw_timer deadline;   /* fires at deadline_ms or before */
    int64_t deadline_ms; /* HW_CONN_NEVER: there is none */
    int64_t since_ms;    /* in this phase; of CONTENT: `moved` is counted from here */
    uint32_t moved;
    unsigned char phase; /* hw_phase */
    bool has_news;       /* the next turn is a whole one */
    bool is_late;        /* the deadline has passed; the next turn says what follows */
    bool is_closed;
};

/* A connection for the stream: picks the driver and queues the first turn. Owns: the stream, also
 * on failure. 0, or -ENOMEM. */
int hw_conn_open(hw_lane *lane, hw_stream *stream);
/* The same for one whose handshake is over; `input`: what has been read of it already. */
int hw_conn_open_protocol(hw_lane *lane, hw_stream *stream, hw_text input);

/* For drivers: puts the connection into its lane. */
void hw_conn_init(hw_conn *conn, const hw_driver *driver, hw_lane *lane, hw_stream *stream);
/* Lets go of everything; freed at the end of the step. Idempotent, and the only way to end a
 * connection. */
void hw_conn_close(hw_conn *conn);
/* The same, but the stream goes on with a connection of another kind, and with what has been read and
 * not used (which is not this connection's own memory). `begin` finds the one that has ended in
 * stream->arg. */
typedef int hw_conn_beginner(hw_lane *lane, hw_stream *stream, hw_text input);
void hw_conn_hand_over(hw_conn *conn, hw_conn_beginner *begin, hw_text input);
void hw_conn_drain(hw_conn *conn);
/* For a turn, because of its stream, of time, or of somebody who was waited for. */
void hw_conn_queue(hw_conn *conn);
/* For WRITE and ARM alone: an answer has been made. */
void hw_conn_queue_write(hw_conn *conn);
/* ARM: what it waits for from now on. The same phase again is a new wait. */
void hw_conn_enter(hw_conn *conn, hw_phase phase);
/* The same for what nearly every turn ends with. */
static inline void hw_conn_enter_idle(hw_conn *conn)
{
    hw_waiting *waiting = &conn->lane->waiting;
    hw_list *list = &waiting->phases[HW_PHASE_IDLE];
    conn->since_ms = hw_loop_now_ms(&conn->lane->loop);
    if (conn->waiting.next == &list->head)
        return;
    conn->phase = HW_PHASE_IDLE;
    hw_link_remove(&conn->waiting);
    hw_list_append(list, &conn->waiting);
    atomic_store_explicit(&waiting->may_shed, true, memory_order_relaxed);
}
/* One deadline; the last call counts. at_ms on the loop's clock, or HW_CONN_NEVER. */
void hw_conn_arm(hw_conn *conn, int64_t at_ms);

/* Frees the lane's spare connections and exchanges. */
void hw_conn_free_spares(hw_lane *lane);

#endif

/* A connection: a stream, a driver for the protocol spoken on it, one deadline, and a place in its
 * lane. */
#ifndef HW_SERVER_CONN_H
#define HW_SERVER_CONN_H

#include "server/lane.h"

#define HW_CONN_NEVER INT64_MAX

typedef struct hw_conn hw_conn;

/* A driver. All are called on the loop; `turn` from its turn queue only. */
typedef struct hw_driver {
    void (*turn)(hw_conn *conn);  /* READ and ADVANCE when it `has_news`, then WRITE, ARM */
    void (*drain)(hw_conn *conn); /* no further requests */
    void (*gone)(hw_conn *conn);  /* the stream is about to be closed: let go of every exchange */
    void (*free)(hw_conn *conn);  /* the end of the step: nobody holds it any more */
} hw_driver;

/* The first member of every driver's connection. */
struct hw_conn {
    hw_link link; /* lane->conns */
    hw_lane *lane;
    hw_stream *stream;
    const hw_driver *driver;
    hw_task turn;        /* when it is closed: its end */
    hw_timer deadline;   /* fires at deadline_ms or before */
    int64_t deadline_ms; /* HW_CONN_NEVER: there is none */
    bool has_news;       /* the next turn is a whole one */
    bool is_late;        /* the deadline has passed; the next turn says what follows */
    bool is_closed;
};

/* A connection for the stream: picks the driver and queues the first turn. Owns: the stream, also
 * on failure. 0, or -ENOMEM. */
int hw_conn_open(hw_lane *lane, hw_stream *stream);

/* For drivers: puts the connection into its lane. */
void hw_conn_init(hw_conn *conn, const hw_driver *driver, hw_lane *lane, hw_stream *stream);
/* Lets go of everything; freed at the end of the step. Idempotent, and the only way to end a
 * connection. */
void hw_conn_close(hw_conn *conn);
void hw_conn_drain(hw_conn *conn);
/* For a turn, because of its stream, of time, or of somebody who was waited for. */
void hw_conn_queue(hw_conn *conn);
/* For WRITE and ARM alone: an answer has been made. */
void hw_conn_queue_write(hw_conn *conn);
/* One deadline; the last call counts. at_ms on the loop's clock, or HW_CONN_NEVER. */
void hw_conn_arm(hw_conn *conn, int64_t at_ms);

/* Frees the lane's spare connections and exchanges. */
void hw_conn_free_spares(hw_lane *lane);

#endif

/* The driver for HTTP/1: what its reading half (conn_h1.c) and its writing half (conn_h1_write.c)
 * share. */
#ifndef HW_SERVER_CONN_H1_H
#define HW_SERVER_CONN_H1_H

#include "exchange/record.h"
#include "h1/encode.h"
#include "server/conn.h"

typedef struct conn_h1 conn_h1;

/* How far the answer of an exchange has got. */
typedef enum h1_progress {
    H1_WAITING, /* for the answerer */
    H1_BODY,    /* the head is encoded, more of the body is to be pulled */
    H1_DONE,    /* everything is pulled; what is unsent is all */
} h1_progress;

/* One exchange on an HTTP/1 connection. */
typedef struct h1_exchange {
    hw_exchange exchange;
    hw_link link;  /* in conn_h1's queue, in the order of arrival; or in the lane's spares */
    hw_task ready; /* in the loop's ready queue */
    conn_h1 *conn;
    h1_progress progress;
    bool is_planned;     /* the answerer has said what becomes of the body */
    bool has_whole_body; /* nothing of the request is missing */
    bool wants_continue; /* the client waits for 100 (Continue), and has not got it */
    bool is_http10, is_head, is_chunked;
    bool closes;        /* the connection ends with this answer */
    bool is_aborted;    /* the answer cannot be completed: break off behind what is unsent */
    int status;         /* as sent */
    uint64_t bytes_out; /* of the body */
    /* What is to be sent next, in this order. Texts point into the lane's output buffer while its
     * turn lasts, into the arena, `frame` or the body's source afterwards. */
    hw_text interim, prefix, piece, suffix;
    hw_segment file;                        /* instead of a piece; length 0: none */
    char frame[HW_H1_CHUNK_HEAD_BYTES_MAX]; /* where a short prefix stays that is not sent yet */
} h1_exchange;

/* Input that is not used up when a turn ends: a head or a body in pieces. */
typedef struct h1_rest {
    size_t length, capacity;
    hw_h1_head head; /* of the head that is not complete yet */
    char bytes[];
} h1_rest;

typedef enum h1_wait {
    H1_WAIT_IDLE,   /* for the next request */
    H1_WAIT_HEAD,   /* for the rest of a head */
    H1_WAIT_BODY,   /* for more of a body */
    H1_WAIT_OUTPUT, /* for the client to take what is sent, or a source to give it */
    H1_WAIT_LINGER, /* for the client's close */
} h1_wait;

struct conn_h1 {
    hw_conn conn;
    hw_h1_parser parser;
    hw_list queue; /* h1_exchange, oldest first: answers leave in this order */
    unsigned queue_length;
    unsigned requests;
    h1_rest *rest;        /* NULL: none */
    h1_exchange *reading; /* whose body arrives now; NULL: nobody's, or nobody wants it any more */
    bool is_in_body;      /* a body arrives */
    size_t owed; /* bytes at the start of the input that are body already, but found no room */
    uint64_t skip_left; /* of a body nobody wants: more than this is not read past */
    h1_exchange *
        upgrade; /* may become a tunnel: nothing behind it is read before it is answered; or NULL */
    h1_exchange *tunnel; /* bytes go both ways unread; or NULL */
    bool needs_more;     /* the engine has used what it can of the rest */
    bool is_ended;       /* the client has finished sending */
    bool is_last;        /* no request after the ones in the queue */
    bool is_lingering;
    bool has_late_input; /* the client may still be sending when the last answer leaves */
    h1_wait wait;        /* what the deadline is for */
    int64_t input_by_ms; /* deadline of the head or of the idle time */
    int64_t head_by_ms;  /* 0: no head has begun */
    int64_t body_by_ms, output_by_ms, linger_by_ms;
    uint64_t window_bytes; /* of the body in this window */
};

int hw_conn_h1_open(hw_lane *lane, hw_stream *stream);
void hw_conn_h1_free_spares(hw_lane *lane);

/* WRITE: sends what can be sent, of as many answers as are ready, in their order. May close the
 * connection. */
void hw_conn_h1_write(conn_h1 *h1);
/* An interim response, behind those that wait already. */
void hw_conn_h1_inform(h1_exchange *e, int status, hw_fields fields);

/* A new exchange at the end of the queue; NULL: no memory. */
h1_exchange *hw_conn_h1_append(conn_h1 *h1);
/* Ends an exchange, sent or not: tells the record, leaves the queue, becomes spare. */
void hw_conn_h1_finish(h1_exchange *e, bool is_complete);
/* Answers in the server's own name, and ends the connection with it. Only while nothing of an
 * answer is encoded. */
void hw_conn_h1_answer_problem(h1_exchange *e, const hw_problem *problem);
/* An exchange for bytes that are no request, so that their answer comes in its turn. */
void hw_conn_h1_append_problem(conn_h1 *h1, const hw_problem *problem);
/* No request can follow, and what still arrives is nobody's. */
void hw_conn_h1_end_requests(conn_h1 *h1);

extern const hw_carrier_ops hw_conn_h1_carrier;
extern const hw_problem hw_conn_h1_no_memory;

#endif

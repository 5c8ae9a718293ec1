/* The driver for HTTP/2: what its files share. */
#ifndef HW_SERVER_CONN_H2_H
#define HW_SERVER_CONN_H2_H

#include "exchange/record.h"
#include "h2/session.h"
#include "server/ahead.h"
#include "server/conn.h"
#include "server/judge.h"
#include "server/lending.h"

typedef struct conn_h2 conn_h2;

/* One exchange: a stream, and what is left of it when that is over. While it is lent nothing in
 * `exchange` may be touched, but for what feeds its body where there is an intake. */
typedef struct h2_exchange {
    hw_exchange exchange;
    hw_link link; /* of conn_h2's `exchanges` or `left`; of the lane's abandoned or spare ones */
    hw_lending lending;
    /* NULL: its connection has gone. This and what follows is zeroed for each exchange. */
    conn_h2 *conn;
    uint32_t stream; /* 0: it has none, and nothing of it is sent */
    int status;      /* as sent */
    bool is_head, is_tunnel;
    bool has_whole_body;   /* nothing of the request is missing */
    bool is_discarded;     /* nobody wants what is */
    bool wants_continue;   /* the client waits for 100 (Continue), and has not got it */
    bool is_held_back;     /* it is answered, but the session has no room for its head yet */
    bool is_sent;          /* its head has been given to the session ... */
    bool is_given;         /* ... and all of its body */
    bool is_waiting;       /* its body had nothing when it was pulled */
    bool is_stirred;       /* it may have now */
    bool is_aborted;       /* the answer cannot be completed */
    bool is_told;          /* another exchange answers for it */
    bool is_starved;       /* there was no descriptor for the answer */
    int64_t starved_at_ms; /* since when, if so */
    size_t head_bytes;     /* of its request, as conn_h2 counts them */
    uint64_t bytes_out;    /* of the body, given to the session */
    uint64_t consumed;     /* of the request's: the client may have sent as much again */
    /* Deadlines; HW_CONN_NEVER: it waits for nothing of the kind. */
    int64_t answer_by_ms; /* of its handler, or before a feeder that had nothing is asked again */
    int64_t body_by_ms;
    int64_t room_by_ms; /* of the connection's window, which the content of others has used up */
    int64_t output_by_ms, rate_by_ms;
    uint64_t body_before;                /* fed, when body_by_ms began */
    uint32_t room_beside;                /* of all content, when room_by_ms was armed last */
    uint64_t output_before, rate_before; /* bytes_out, when these began ... */
    uint64_t output_beside, rate_beside; /* ... and what all bodies had been given by then */
    char *kept; /* content that has no place yet, at most a window; or NULL */
    size_t kept_length;
    bool has_kept_end; /* and it is all of it */
    hw_text piece;     /* of the body, pulled and not sent; its source's memory */
    hw_segment file;   /* the same of a file */
    hw_ahead ahead;
} h2_exchange;

typedef enum h2_wait {
    H2_WAIT_HEAD, /* for the rest of what the client has begun to send; at first for a request */
    H2_WAIT_IDLE, /* for the next request */
    H2_WAIT_SETTINGS, /* for ours to be acknowledged */
    H2_WAIT_OUTPUT,   /* for the client to take what is sent; in LINGER for its end */
    H2_WAIT_RATE,     /* the same, with its progress measured over a longer span */
    H2_WAIT_NOTICE,   /* until the client must know that no further requests are taken */
    H2_WAIT_COUNT,
} h2_wait;

typedef enum h2_ending {
    H2_OPEN,
    H2_NOTICED, /* the client knows that no more requests shall come, but some may */
    H2_LEAVING, /* none are taken any more; those that are there are answered */
    H2_FAILED,  /* nothing is, but what the session still has to say */
    H2_LINGER,  /* all is said; read until the client ends, so that it arrives */
} h2_ending;

struct conn_h2 {
    hw_conn conn;
    hw_h2_session *session;
    hw_list exchanges; /* h2_exchange, on streams, oldest first */
    hw_list left;      /* without one, whose handlers have not returned */
    unsigned count;    /* of both: what one connection has at most */
    size_t head_bytes; /* of their requests, likewise */
    unsigned requests;
    unsigned requests_before; /* when its deadlines were armed last */
    h2_ending ending;
    bool is_stalled;      /* it is not read from until there is memory */
    bool is_ended;        /* the client has finished sending */
    bool has_held_back;   /* an exchange's answer */
    bool has_given;       /* an exchange, all of its body, in this turn */
    bool is_before_write; /* a turn is under way that will write */
    bool goes_on;         /* the writing stopped by choice: nobody is waited for */
    char *unsent;         /* HW_LANE_OUTPUT_BYTES, while there is something unsent; or NULL */
    hw_text output;       /* what is unsent of that */
    uint64_t unfinished;
    uint64_t linger_left;         /* that is read once nothing is listened to any more */
    int64_t by_ms[H2_WAIT_COUNT]; /* each wait's end; HW_CONN_NEVER: not waiting for it */
    uint64_t sent_bytes;          /* handed to the stream so far */
    int64_t taken_before;         /* of these: what the client had when OUTPUT began ... */
    int64_t window_taken;         /* ... and when RATE did */
    uint64_t sent_before;         /* sent_bytes when OUTPUT was armed last */
    uint32_t received_bytes;      /* of content, so far; it wraps */
    uint64_t body_bytes;          /* of all answers, given to the session so far */
};

/* The heads of all requests of a connection that are not over: a hundred large ones, which HPACK lets a
 * client say in a few bytes, would be memory of ours for nothing. */
#define H2_HEAD_BYTES_MAX ((size_t)512 * 1024)

/* A connection that speaks HTTP/2 from its first byte. `input`: what has been read of it already. */
int hw_conn_h2_open(hw_lane *lane, hw_stream *stream, hw_text input);
void hw_conn_h2_free_spares(hw_lane *lane);

/* ADVANCE: input to the session, and its events to exchanges. */
void hw_conn_h2_advance(conn_h2 *h2, hw_text input);
/* The session's events, if it has any. */
void hw_conn_h2_take_events(conn_h2 *h2);
/* What is kept of its content is nobody's. */
void hw_conn_h2_drop_kept(h2_exchange *e);
/* What readers of bodies have taken, the clients may send again. */
void hw_conn_h2_credit(conn_h2 *h2);

/* WRITE: sends what the session has to say. May close the connection. */
void hw_conn_h2_write(conn_h2 *h2);
void hw_conn_h2_drop_unsent(conn_h2 *h2);
/* The session's: bytes of an exchange's body. */
hw_h2_pull hw_conn_h2_pull(void *arg, uint32_t stream, void *owner, char *memory, size_t want,
                           hw_h2_pulled *ret_pulled);

/* No further requests: what is there is finished, then the connection ends. */
void hw_conn_h2_leave(conn_h2 *h2);
/* Deadlines (conn_h2_late.c). One or some have passed. May close the connection. */
void hw_conn_h2_take_deadline(conn_h2 *h2);
/* What the exchanges wait for begins or goes on; the first of it to end. */
int64_t hw_conn_h2_arm_exchanges(conn_h2 *h2);
/* There are exchanges, and all of them wait for the client: to take, or to send, content. */
bool hw_conn_h2_waits_for_client(const conn_h2 *h2);

/* A new exchange; NULL: no memory. */
h2_exchange *hw_conn_h2_append(conn_h2 *h2, uint32_t stream);
/* The same for what is no request, but has a stream to be answered on. */
h2_exchange *hw_conn_h2_append_unread(conn_h2 *h2, uint32_t stream);
/* Its request is there: what becomes of it. */
void hw_conn_h2_ask(h2_exchange *e);
/* All of its content has come, or nobody wants it. */
void hw_conn_h2_ask_again(h2_exchange *e);
/* Answers in the server's own name, while nothing of an answer has been sent. */
void hw_conn_h2_answer_problem(h2_exchange *e, const hw_problem *problem);
/* Its answer has a body, and that is sent: not to HEAD, nor with a status that has no content. */
bool hw_conn_h2_sends_body(const h2_exchange *e);
/* Answers that were held back, as far as there is room now. */
void hw_conn_h2_send_held_back(conn_h2 *h2);
/* The request has failed: answered with a status while that is possible, else broken off. True: it is
 * over, and not to be touched any more. */
bool hw_conn_h2_fail_request(h2_exchange *e, const hw_problem *problem);
/* Nobody wants the rest of its request's content. */
void hw_conn_h2_discard(h2_exchange *e);
/* Its stream is over; is_complete: its answer was sent whole. */
void hw_conn_h2_end(h2_exchange *e, bool is_complete);
/* Ends its stream with this code, and itself. */
void hw_conn_h2_reset(h2_exchange *e, hw_h2_code code);
/* Nobody has it: tells the record, and becomes spare, at once or when its hooks have run. */
void hw_conn_h2_finish(h2_exchange *e, bool is_complete);
/* The last of that. */
void hw_conn_h2_free_ended(h2_exchange *e);
/* Its handler has returned: it is answered, or starves. */
void hw_conn_h2_take_return(h2_exchange *e);

/* Lending (conn_h2_lend.c). Its handler has had its time: its client gets a 504. */
void hw_conn_h2_give_handler_up(h2_exchange *e);

/* Begins or ends a wait; one that goes on keeps its end. */
static inline void hw_conn_h2_wait_while(const conn_h2 *h2, int64_t *by_ms, bool is_waiting,
                                         int64_t span_ms)
{
    if (!is_waiting)
        *by_ms = HW_CONN_NEVER;
    else if (*by_ms == HW_CONN_NEVER)
        *by_ms = hw_loop_now_ms(&h2->conn.lane->loop) + span_ms;
}

/* Something is to be sent: by the turn that is under way, or by another. */
static inline void hw_conn_h2_queue_write(conn_h2 *h2)
{
    if (!h2->is_before_write)
        hw_conn_queue_write(&h2->conn);
}

/* What the client's system has, not what ours has. */
static inline int64_t hw_conn_h2_count_taken(const conn_h2 *h2, size_t *ret_unsent)
{
    *ret_unsent = h2->conn.stream->ops->count_unsent(h2->conn.stream);
    return (int64_t)(h2->sent_bytes - *ret_unsent);
}

extern const hw_driver hw_conn_h2_driver; /* by which its connections are known */
extern const hw_carrier_ops hw_conn_h2_carrier;
extern const hw_lending_ops hw_conn_h2_lending;

#endif

/* The driver for HTTP/1: what its files share. */
#ifndef HW_SERVER_CONN_H1_H
#define HW_SERVER_CONN_H1_H

#include "exchange/record.h"
#include "h1/encode.h"
#include "server/ahead.h"
#include "server/conn.h"
#include "server/judge.h"
#include "server/lending.h"

typedef struct conn_h1 conn_h1;

/* How far the answer of an exchange has got. */
typedef enum h1_progress {
    H1_WAITING, /* for the answerer */
    H1_BODY,    /* the head is encoded, more of the body is to be pulled */
    H1_DONE,    /* everything is pulled; what is unsent is all */
} h1_progress;

/* One exchange on an HTTP/1 connection. While it is lent nothing in `exchange` may be touched, but for
 * what feeds its body where there is an intake. */
typedef struct h1_exchange {
    hw_exchange exchange;
    hw_link link;    /* in conn_h1's queue, in the order of arrival; or in the lane's spares */
    hw_arena unsent; /* what a full socket leaves of heads: a handler may have the exchange's */
    int64_t starved_at_ms; /* since when, if is_starved */
    hw_lending lending;
    /* NULL: it has left it, and its handler has not returned yet. This and what follows, but for
     * `frame`, is zeroed for each exchange. */
    conn_h1 *conn;
    size_t held; /* of its arena, as it is counted in conn_h1 */
    h1_progress progress;
    bool is_planned; /* the answerer has said what becomes of the body */
    bool is_asked;   /* the quick step has been tried */
    /* What its arena holds is not looked at: it is lent; or its body is being written, whose flow
     * keeps nobody from reading on, else a client's leaving would not be noticed. */
    bool is_uncounted;
    bool is_told;        /* another exchange answers for it */
    bool is_starved;     /* there was no descriptor for the answer */
    bool has_whole_body; /* nothing of the request is missing */
    bool wants_continue; /* the client waits for 100 (Continue), and has not got it */
    bool may_upgrade;    /* what follows it may be another protocol */
    bool is_http10, is_head, is_chunked;
    bool closes;        /* the connection ends with this answer */
    bool is_aborted;    /* the answer cannot be completed: break off behind what is unsent */
    int status;         /* as sent */
    uint64_t bytes_out; /* of the body */
    /* What is to be sent next, in this order. Texts point into the lane's output buffer while its
     * turn lasts, into the arena, `frame` or the body's source afterwards. */
    hw_text interim, prefix, piece, suffix;
    hw_segment file;                        /* instead of a piece; length 0: none */
    hw_ahead ahead;                         /* of that file, or one that the body reads */
    char frame[HW_H1_CHUNK_HEAD_BYTES_MAX]; /* where a short prefix stays that is not sent yet */
} h1_exchange;

/* Input that is not used up when a turn ends: a head or a body in pieces. */
typedef struct h1_rest {
    size_t length, capacity;
    hw_h1_head *head;  /* what is filled of it, if it is not complete yet; NULL: it is */
    size_t head_bytes; /* room for it */
    char bytes[];      /* capacity, and HW_H1_SLACK behind them */
} h1_rest;

/* What is done with what the client sends. */
typedef enum h1_input {
    H1_INPUT_HEADS, /* requests are read, up to sixteen ahead */
    H1_INPUT_HELD, /* nothing is read on before the answerer has spoken: of a body, or of an upgrade */
    H1_INPUT_BODY,   /* it is the body of `reading` */
    H1_INPUT_SKIP,   /* it is a body nobody wants, read past to keep the connection */
    H1_INPUT_TUNNEL, /* it goes to `reading` as it is, both ways, until either side ends */
    H1_INPUT_OVER,   /* it is nobody's: the last answers are going out */
    H1_INPUT_LINGER, /* they have gone out; read until the client ends, so that they arrive */
} h1_input;

typedef enum h1_wait {
    H1_WAIT_HEAD,   /* for the rest of a head; from accept on for the first */
    H1_WAIT_IDLE,   /* for the next request */
    H1_WAIT_BODY,   /* for more of a body */
    H1_WAIT_OUTPUT, /* for the client to take what is sent, or a source to give it; in LINGER for
                        the client's end */
    H1_WAIT_RATE,   /* the same, with its progress measured over a longer span */
    /* For a handler to return; or for who writes the body being sent, and has nothing now, before he
     * is asked again: no handler runs then. */
    H1_WAIT_HANDLER,
    H1_WAIT_COUNT,
} h1_wait;

struct conn_h1 {
    hw_conn conn;
    hw_h1_parser parser;
    hw_list queue; /* h1_exchange, oldest first: answers leave in this order */
    unsigned queue_length;
    unsigned requests;
    size_t held;          /* by the arenas of the queue */
    h1_exchange *reading; /* of HELD, BODY and TUNNEL; also between a head and its END */
    h1_exchange *lent;    /* to a handler; NULL: none */
    h1_rest *rest;        /* NULL: none */
    uint64_t skip_left;   /* SKIP, LINGER: no more than this is read past */
    h1_input input : 8;
    bool needs_more;      /* the engine has used what it can of the input */
    bool answers_at_once; /* the queue's answers are all there, by their quick steps, and small */
    bool is_ended;        /* the client has finished sending */
    bool goes_on;         /* the writing stopped by choice: nobody is waited for */
    bool is_last;         /* no request after the newest in the queue */
    bool has_late_input;  /* the client may still be sending when the last answer leaves */
    int64_t by_ms[H1_WAIT_COUNT]; /* each wait's end; H1_NEVER: not waiting for it */
    uint64_t window_bytes;        /* of the body in this window */
    uint64_t sent_bytes;          /* handed to the stream so far */
    int64_t window_taken;         /* of these: what the client had when RATE began */
    /* Of these two the last bits: they are compared with what has moved little since. */
    uint32_t sent_before;    /* sent_bytes when OUTPUT was armed last */
    uint32_t taken_before;   /* what the client had when OUTPUT began */
    uint32_t received_bytes; /* of content, so far; it wraps */
    uint32_t owed; /* bytes at the start of the input that are body already, but found no room */
};

#define H1_NEVER HW_CONN_NEVER
#define H1_QUEUE_MAX 16
/* Sent in one turn, if anybody else is queued. */
#define H1_SLICE_BYTES ((size_t)256 * 1024)
/* Of a connection: no more heads are read ahead while those that wait, and the input that is left,
 * hold more. */
#define H1_QUEUE_BYTES_MAX ((size_t)64 * 1024)

int hw_conn_h1_open(hw_lane *lane, hw_stream *stream);
/* The same for one of which nothing will be read: it is answered with a problem, and ends. */
int hw_conn_h1_open_for_problem(hw_lane *lane, hw_stream *stream, const hw_problem *problem);
void hw_conn_h1_free_spares(hw_lane *lane);
void hw_conn_h1_free_spare_exchanges(hw_lane *lane);

/* ADVANCE: engine events to exchanges; returns how much of the input is used up. */
size_t hw_conn_h1_advance(conn_h1 *h1, hw_text input);
/* Whether the engine may be asked for its next event, with so much input left. */
bool hw_conn_h1_may_parse(const conn_h1 *h1, size_t left);
/* Input that lies with the connection. */
static inline size_t hw_conn_h1_rest_bytes(const conn_h1 *h1)
{
    return h1->rest ? h1->rest->length : 0;
}
/* Keeping it (conn_h1_rest.c). What is left of a turn's input, to the rest's start, or, if nothing
 * of what was kept is used up, what is new behind it; and what is filled of the lane's head. False:
 * no memory. */
bool hw_conn_h1_keep_rest(conn_h1 *h1, hw_text left, bool is_behind);
/* Room behind the rest for some bytes more. False: no memory. */
bool hw_conn_h1_grow_rest(conn_h1 *h1, size_t room);
void hw_conn_h1_load_head(const conn_h1 *h1); /* for this turn, into the lane's; there is a rest */
void hw_conn_h1_drop_rest(conn_h1 *h1);
/* A handler has the exchange whose content is to be read, and takes none of it: it waits. */
static inline bool hw_conn_h1_is_reading_lent(const conn_h1 *h1)
{
    return h1->reading && h1->reading->lending.is_lent && !h1->reading->lending.intake;
}
/* Requests are read ahead as long as they are few, and small with the input that is left. */
static inline bool hw_conn_h1_has_queue_room(const conn_h1 *h1, size_t left)
{
    if (h1->queue_length == 0)
        return true;
    return h1->queue_length < H1_QUEUE_MAX && h1->held + left <= H1_QUEUE_BYTES_MAX;
}

/* The request that is being read has failed: answered with a status while that is possible, else
 * broken off. No other follows. */
void hw_conn_h1_fail_reading(conn_h1 *h1, const hw_problem *problem);

/* A deadline has passed (conn_h1_late.c). May close the connection. */
void hw_conn_h1_take_deadline(conn_h1 *h1);
/* Nothing is under way: ends the connection, when its last answer has arrived. */
void hw_conn_h1_end_idle(conn_h1 *h1);

/* The head of an answer (conn_h1_head.c): its status line, fields and framing, and the empty line. */
void hw_conn_h1_put_head(h1_exchange *e, hw_buffer *output);

/* WRITE: sends what can be sent, of as many answers as are ready, in their order. May close the
 * connection. */
void hw_conn_h1_write(conn_h1 *h1);
/* Files (conn_h1_file.c). Sends a slice of the exchange's file, and takes it off the budget. False:
 * no further sending now; the connection may be closed. */
bool hw_conn_h1_send_slice(h1_exchange *e, size_t *budget);
/* Before so many bytes of a file are read or sent. 0: they can be had without a wait; -EAGAIN: not
 * yet, and the exchange will be woken; or why they cannot be read. */
int hw_conn_h1_ask_ahead(h1_exchange *e, const hw_segment *file, size_t bytes);

/* A new exchange at the end of the queue; NULL: no memory. */
h1_exchange *hw_conn_h1_append(conn_h1 *h1);
/* A new exchange for bytes that are no request, so that their answer comes in its turn; NULL: no
 * memory. */
h1_exchange *hw_conn_h1_append_unread(conn_h1 *h1);
/* Its head is there: it is answered at once when its quick step can, and everything before it has
 * been; else it goes to the ready queue. */
void hw_conn_h1_ask(h1_exchange *e);
/* The newest exchange is in the ready queue, not starving: this step will say more of it. */
bool hw_conn_h1_is_answer_due(const conn_h1 *h1);
/* An interim response, behind those that wait already. */
void hw_conn_h1_inform(h1_exchange *e, int status, hw_fields fields);
/* Ends an exchange, sent or not: tells the record, leaves the queue, becomes spare. */
void hw_conn_h1_finish(h1_exchange *e, bool is_complete);
/* The oldest exchange that has no answer may be the next to get one: after one is answered, or some
 * are finished. */
void hw_conn_h1_queue_unanswered(conn_h1 *h1);
/* Ends one whose client wants no answer any more, lent or not. */
void hw_conn_h1_drop(h1_exchange *e);
/* An abandoned one is over: tells the record, becomes spare; and one that ended slowly. */
void hw_conn_h1_end_abandoned(hw_lending *lending);
void hw_conn_h1_free_ended(hw_lending *lending);
/* Its handler has returned: it is answered, or starves. */
void hw_conn_h1_take_return(h1_exchange *e);

/* Lending (conn_h1_lend.c). An answer is there: has its body written, if it is one of these. */
void hw_conn_h1_begin_feed(h1_exchange *e);
/* Those of the queue whose feeders had nothing are asked again. */
void hw_conn_h1_wake_feeders(const conn_h1 *h1);
bool hw_conn_h1_sends_body(const h1_exchange *e);
/* Leaves a lent exchange to its handler, or ends it if no handler has begun with it. */
void hw_conn_h1_abandon(h1_exchange *e);
/* The handler has had its time: its client gets a 504 and nothing after it. */
void hw_conn_h1_give_handler_up(conn_h1 *h1);
extern const hw_lending_ops hw_conn_h1_lending;
/* From now on the connection waits for its handler. */
void hw_conn_h1_time_handler(conn_h1 *h1, unsigned span_ms);
/* Answers in the server's own name, and ends the connection with it. Only while nothing of an
 * answer is encoded. */
void hw_conn_h1_answer_problem(h1_exchange *e, const hw_problem *problem);
/* An exchange for bytes that are no request, so that their answer comes in its turn. */
void hw_conn_h1_append_problem(conn_h1 *h1, const hw_problem *problem);
/* No request can follow, and what still arrives is nobody's. */
void hw_conn_h1_end_requests(conn_h1 *h1);
/* The message of `reading` is complete, or nobody waits for its end: what is read next? */
void hw_conn_h1_read_on(conn_h1 *h1);

/* Nobody wants the rest of this exchange's body: it is read past if that is not too much, else the
 * connection ends with the answer. Does nothing when it is not being read. */
void hw_conn_h1_leave_reading(h1_exchange *e);

/* What the queue holds, now that this arena has grown. */
static inline void hw_conn_h1_note_held(h1_exchange *e)
{
    if (e->is_uncounted)
        return;
    size_t held = e->exchange.arena.held;
    e->conn->held += held - e->held;
    e->held = held;
}

/* Begins or ends a wait; one that goes on keeps its end. */
static inline void hw_conn_h1_wait_while(conn_h1 *h1, h1_wait wait, bool is_waiting,
                                         int64_t span_ms)
{
    if (!is_waiting)
        h1->by_ms[wait] = H1_NEVER;
    else if (h1->by_ms[wait] == H1_NEVER)
        h1->by_ms[wait] = hw_loop_now_ms(&h1->conn.lane->loop) + span_ms;
}

/* What the client's system has, not what ours has. */
static inline int64_t hw_conn_h1_count_taken(const conn_h1 *h1, size_t *ret_unsent)
{
    *ret_unsent = h1->conn.stream->ops->count_unsent(h1->conn.stream);
    return (int64_t)(h1->sent_bytes - *ret_unsent);
}

/* The one that ends next. */
static inline h1_wait hw_conn_h1_first_wait(const conn_h1 *h1)
{
    unsigned first = 0;
    for (unsigned wait = 1; wait < H1_WAIT_COUNT; wait++)
        if (h1->by_ms[wait] < h1->by_ms[first])
            first = wait;
    return (h1_wait)first;
}

/* What is prepared to be sent, but for interim responses. */
static inline size_t hw_conn_h1_unsent_bytes(const h1_exchange *e)
{
    return e->prefix.length + e->piece.length + e->suffix.length + e->file.length;
}

extern const hw_carrier_ops hw_conn_h1_carrier;

#endif

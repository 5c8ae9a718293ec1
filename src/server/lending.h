/* Exchanges that are lent: to a handler, which may block, or to whoever writes a body while that is
 * sent. What the drivers of all protocols share.
 *
 * An exchange that is lent is its borrower's alone, but for what is kept here around it; so is one
 * whose body is being fed, of which the driver only reads the response. Nothing takes it away: if its
 * client goes, or its time is up, it leaves its connection, and ends when its borrower has returned.
 *
 * All of it happens on the loop, but for the two functions for which it is said. */
#ifndef HW_SERVER_LENDING_H
#define HW_SERVER_LENDING_H

#include "exchange/serial.h"
#include "server/lane.h"

/* Before a feeder that had nothing is asked again, unless somebody wakes it. */
#define HW_LENDING_FEEDER_MS 1000

typedef struct hw_lending hw_lending;

/* What a driver does about it. */
typedef struct hw_lending_ops {
    /* A handler has it from now on, or it waits for its turn. */
    void (*lent)(hw_lending *lending);
    /* It is the loop's again, before its handler has begun with it or for its time being up. */
    void (*taken_back)(hw_lending *lending);
    /* The same because its handler has returned: it is answered, or starves. */
    void (*returned)(hw_lending *lending);
    /* Who feeds its body has returned; nobody reads the request's any more, if is_over. */
    void (*fed)(hw_lending *lending, bool is_over);
    /* Something has moved in a flow of one that is still on its connection. */
    void (*stirred)(hw_lending *lending);
    /* It has left its connection, and its borrower has returned. */
    void (*abandoned)(hw_lending *lending);
    /* What hw_lending_end began is done: its memory can be used for another. */
    void (*ended)(hw_lending *lending);
} hw_lending_ops;

/* In a driver's own struct for an exchange, for as long as that is used, for one after the other. */
struct hw_lending {
    const hw_lending_ops *ops;
    hw_exchange *exchange;
    hw_lane *lane;
    hw_ready ready;      /* in the loop's ready queue; the driver's, which also uses it otherwise */
    hw_job job;          /* of its handler; `done` brings it back from wherever that ran */
    hw_serial_turn turn; /* of an app whose handlers run one at a time ... */
    hw_post granted;     /* ... and the news that it has come */
    hw_post news;        /* for the loop: something has moved in a flow */
    atomic_bool has_news;
    hw_peer peer;         /* of the connection, if has_peer */
    hw_flow *intake;      /* the exchange's own, which may not be looked at while that is lent */
    hw_problem failure;   /* of the body, while a handler reads it: its client's answer */
    uint64_t read_before; /* by the handler, when it was looked at last */
    hw_sent sent;         /* for its hooks */
    /* From here on it is zeroed for each exchange, by the driver. */
    bool is_lent;         /* a handler has it, or nobody until a promise is kept */
    bool is_fed;          /* who feeds its body has it */
    bool is_feeder_idle;  /* that one has nothing now */
    bool is_feeder_woken; /* it was woken while it ran */
    bool has_turn;        /* it is queued to run its handler, whose turn has come */
    bool has_left;        /* its connection; its borrower has it still */
    bool has_peer;
    bool is_ending;   /* without its connection, until that is done */
    bool is_in_hook;  /* and these run */
    bool ends_slowly; /* it leaves more behind than what is zeroed for the next one */
};

/* Once, in zeroed memory. `turn`: from the ready queue. */
void hw_lending_init(hw_lending *lending, const hw_lending_ops *ops, hw_exchange *exchange,
                     hw_lane *lane, bool (*turn)(hw_ready *ready));

/* Runs the handler, when it is its turn: on a spare, when it is known to be slow, else here. Called
 * again for one that has_turn. False: the loop has another owner now. */
bool hw_lending_run(hw_lending *lending);
/* The carrier's. Threads: whoever was the last to have it. */
void hw_lending_give_back(hw_lending *lending);
/* The carrier's. Threads: any. */
void hw_lending_notify(hw_lending *lending);

/* Before an answer that has a feeder is sent: one that has a thread of its own begins. 0; or a
 * negative errno: there is no thread for it. */
int hw_lending_begin_feed(hw_lending *lending);
/* The client could take more than the flow has: the feeder is queued, if it is one to be asked. */
void hw_lending_ask_feeder(hw_lending *lending);
/* Runs the feeder, from the ready queue. False: the loop has another owner now. */
bool hw_lending_run_feeder(hw_lending *lending);

/* Its client wants no answer any more. True: it is the loop's, nobody has it. False: it has left its
 * connection, and `abandoned` comes when it is back. Of one that is lent or fed. */
bool hw_lending_revoke(hw_lending *lending);

typedef enum hw_lateness {
    HW_LATENESS_READING, /* its handler gets on with reading the body: it is given time anew */
    HW_LATENESS_TAKEN,   /* nobody had it: it is answered for that, and the loop's */
    HW_LATENESS_BUSY,    /* its handler has it */
} hw_lateness;
/* The time of one that is lent is up. */
hw_lateness hw_lending_take_late(hw_lending *lending);
/* What a record needs of the request of one that is lent, into another exchange that answers for
 * it. */
void hw_lending_stand_in(const hw_lending *lending, hw_exchange *substitute);
/* The answer of that one. */
extern const hw_problem hw_lending_too_slow;

/* What is kept for the handler's own ends: hooks, wakers, news on their way. Before the exchange is
 * reset, if ends_slowly; `ended` follows, at once or later. It is on no connection any more. */
void hw_lending_end(hw_lending *lending, int status, uint64_t body_bytes);
/* For the driver's turn from the ready queue, of one that is_ending. False: as for hw_lending_run. */
bool hw_lending_run_hooks(hw_lending *lending);

/* What its handler has left. */
static inline void hw_lending_note_left(hw_lending *lending)
{
    const hw_exchange *exchange = lending->exchange;
    lending->ends_slowly |= exchange->hooks || lending->intake || exchange->response.feeder;
}

#endif

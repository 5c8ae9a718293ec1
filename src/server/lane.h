/* A lane is one loop of a server with everything that belongs to it: its connections, its buffers,
 * its spare exchanges, its per-loop state of the answerers. Lanes share nothing but what is
 * immutable and a few atomic counters. */
#ifndef HW_SERVER_LANE_H
#define HW_SERVER_LANE_H

#include <stdatomic.h>

#include "base/buffer.h"
#include "exchange/client.h"
#include "http/date.h"
#include "loop/crew.h"
#include "net/listener.h"
#include "net/tls.h"
#include "server/server.h"

/* One read takes at most this much; a head of the default size always fits. */
#define HW_LANE_INPUT_BYTES (64 * 1024)
/* The heads of all answers that leave in one write. */
#define HW_LANE_OUTPUT_BYTES (32 * 1024)
#define HW_LANE_PARTS_MAX 64
/* "Date: ", the date, CRLF. */
#define HW_LANE_DATE_BYTES (sizeof "Date: " - 1 + HW_DATE_BYTES - 1 + 2)

/* Counters of connections, by the hash of their address: addresses that meet in one are counted
 * together. */
#define HW_SHARED_PEERS 1024
/* Lists of them in one lane, likewise. */
#define HW_LANE_PEERS 256

#define HW_LANE_NO_WANT INT64_MAX /* of wants_since_ms */

typedef struct hw_lane hw_lane;

/* What a connection waits for, as far as it may give way to others: in the order in which they
 * do. */
typedef enum hw_phase {
    HW_PHASE_IDLE,    /* the next request */
    HW_PHASE_HEAD,    /* the first bytes of a request, or the rest of its head */
    HW_PHASE_STALLED, /* it is not read from until there is memory */
    HW_PHASE_CONTENT, /* a client that sends content, or takes what is sent */
    HW_PHASE_COUNT,
    HW_PHASE_BUSY = HW_PHASE_COUNT, /* nothing of the kind: it stays */
} hw_phase;

/* What all lanes of a server share. Counters are atomic; the rest does not change after the start.
 */
typedef struct hw_shared {
    const hw_answerer *answerer;
    const hw_sink *sinks; /* of the lanes, in turn */
    size_t sink_count;
    const hw_media *media;
    const hw_cidrs *proxies; /* NULL: none is trusted */
    const hw_local *locals;
    size_t local_count;
    hw_share share; /* of each lane's state of the answerers */
    hw_crew *crew;  /* NULL: the loops wait for handlers and for the disk */
    hw_limits limits;
    hw_listener *listeners;
    bool has_tls; /* one of them */
    size_t listener_count;
    hw_lane *lanes; /* NULL: there is but one */
    unsigned lane_count;
    _Atomic unsigned drained_lanes; /* the last one closes the listeners */
    hw_budget budget;               /* what all connections have together, spare ones too */
    _Atomic uint64_t connections;
    _Atomic unsigned peers[HW_SHARED_PEERS]; /* the same by address (shed.c) */
    /* A descriptor for who comes when there is none, and one more than its number; 0: none. */
    _Atomic int reserve;
} hw_shared;

/* What one lane has done. Written by its loop alone, read by anybody: no read-modify-write, which
 * would cost a locked bus for every request. */
typedef struct hw_lane_counts {
    _Atomic uint64_t exchanges, requests, bytes_out;
    _Atomic uint64_t shed, refused; /* connections that gave way, or were answered 503 */
    _Atomic uint64_t calmed;        /* of HTTP/2 that ended for a flood */
} hw_lane_counts;

/* What of a lane's connections gives way when there is no room (shed.c). */
typedef struct hw_waiting {
    hw_list phases[HW_PHASE_COUNT]; /* hw_conn, the one that has waited longest first */
    hw_list peers[HW_LANE_PEERS];   /* hw_conn with an address; who was looked at last is last */
    atomic_bool may_shed;           /* there may be something to give way in this lane */
    atomic_bool is_asked;           /* shed_post is on its way */
    atomic_bool is_room_wanted;     /* by another lane */
    hw_post shed_post;
} hw_waiting;

/* On the lane's loop. */
static inline void hw_lane_count(_Atomic uint64_t *counter, uint64_t more)
{
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, before + more, memory_order_relaxed);
}

/* A listener as one lane watches it. */
typedef struct hw_acceptor {
    hw_watch watch;
    hw_task turn;
    hw_listener *listener;
    hw_lane *lane;
    bool is_watching;
    unsigned failures; /* since it gave a connection last */
} hw_acceptor;

/* The descriptor of one state of the answerers. */
typedef struct hw_local_watch {
    hw_early early;
    hw_lane *lane;
    size_t slot;
} hw_local_watch;

struct hw_lane {
    hw_loop loop;
    hw_shared *shared;
    hw_place place;
    hw_ids ids;                    /* of the place */
    hw_bell bell;                  /* likewise */
    hw_local_watch *local_watches; /* one a slot */
    hw_tcp_pool streams;
    hw_tls_pool *tls; /* NULL: no listener has any */
    hw_list conns;    /* every hw_conn of this lane */
    hw_waiting waiting;
    hw_list starved;     /* hw_ready: exchanges, and `admission`, that go on with a descriptor */
    hw_list abandoned;   /* of the drivers: exchanges that nobody waits for, in handlers still */
    hw_list spare_conns; /* of the drivers, by hw_conn */
    size_t spare_conn_count;
    size_t conn_count;
    hw_list spare_exchanges; /* of the drivers, by hw_exchange's own memory */
    size_t spare_count;
    hw_list spare_streams; /* the same of HTTP/2 */
    size_t spare_stream_count;
    hw_acceptor *acceptors;
    bool has_left;          /* a listener, with its share of the connections (admit.c) */
    hw_ready admission;     /* watches the listeners again, which were left for want of something */
    int64_t wants_since_ms; /* accepting has failed for want of something since then */
    int64_t quiet_until_ms; /* nothing more is told of connections that proxies make amiss */
    int64_t calm_quiet_until_ms; /* nor of floods of HTTP/2 */
    hw_timer tick;               /* once a second, from hw_lane_listen on */
    hw_timer drain_limit;
    hw_post drain_post, end_post, recall_post;
    atomic_bool is_recalled;               /* recall_post is on its way */
    hw_h1_head head;                       /* for heads that arrive in one piece */
    struct iovec parts[HW_LANE_PARTS_MAX]; /* of one write */
    char *input,
        *output; /* of whoever takes its turn: HW_LANE_INPUT_BYTES, and HW_H1_SLACK behind them;
                             HW_LANE_OUTPUT_BYTES */
    int64_t wall_ns, wall_at_ns; /* the wall clock, and when on the loop's clock it was read */
    int64_t told_ms, told_at_ns; /* the same as it was told last */
    int64_t date_ms;             /* the second that `date` shows */
    char
        date[HW_LANE_DATE_BYTES + 2]; /* the whole field line, and the empty one that ends a head */
    hw_lane_counts counts;
    hw_pace *
        inside; /* of the handler that runs on the loop; it stays where the loop is taken over from that */
    bool is_draining, is_cut; /* is_cut: the drain's deadline ended connections */
};

/* 0, or a negative errno. The shared part must outlive the lane. */
int hw_lane_init(hw_lane *lane, hw_shared *shared, hw_loop_kind kind);
/* No connection any more, and none to come. Before the spares end, so that nothing waits for them;
 * a zeroed lane is legal. */
void hw_lane_empty(hw_lane *lane);
/* Every connection is closed; a zeroed lane is legal. */
void hw_lane_fini(hw_lane *lane);

/* Starts to accept on every listener. 0, or a negative errno. */
int hw_lane_listen(hw_lane *lane);
/* No new connections; every one that is idle closes, the others with their next answer; the loop
 * ends with the last. */
void hw_lane_drain(hw_lane *lane);
/* Ends the loop of a lane that drains when nobody is left: no connection, and no handler of one
 * that has gone. Whoever takes the last away asks. */
void hw_lane_end_if_over(hw_lane *lane);
/* Closes every connection at once, in the middle of whatever it does. */
void hw_lane_cut(hw_lane *lane);

/* Around every turn: only then may `input` and `output` be touched (checked under
 * AddressSanitizer). */
void hw_lane_lend_buffers(hw_lane *lane);
void hw_lane_take_buffers_back(hw_lane *lane);

/* For the two below: what they tell is over. */
void hw_lane_renew_wall(hw_lane *lane);
void hw_lane_renew_date(hw_lane *lane);
/* The wall clock at the loop's step. */
static inline int64_t hw_lane_wall_ms(hw_lane *lane)
{
    if (lane->told_at_ns != lane->loop.now_ns)
        hw_lane_renew_wall(lane);
    return lane->told_ms;
}
/* The Date field now (RFC 9110 6.6.1) as a whole line, formatted once a second; behind it stands
 * the empty line that ends a head. Valid: until the next call. */
static inline hw_text hw_lane_date(hw_lane *lane)
{
    int64_t since_ms = hw_lane_wall_ms(lane) - lane->date_ms;
    if (since_ms < 0 || since_ms >= 1000)
        hw_lane_renew_date(lane);
    return (hw_text){lane->date, HW_LANE_DATE_BYTES};
}
/* The end of an exchange as a record wants it: read anew when somebody looks at records, else the
 * step's. */
int64_t hw_lane_now_ns(const hw_lane *lane);

/* A descriptor may have been given back: the first (all) of those who starve are asked again. */
void hw_lane_feed_one(hw_lane *lane);
void hw_lane_feed_all(hw_lane *lane);

#endif

/* A lane on a manual loop with an answerer that a test scripts, and clients in memory. The clocks
 * stand still at the example of RFC 9110 5.6.7: Sun, 06 Nov 1994 08:49:37 GMT. */
#ifndef HW_TESTS_RIG_H
#define HW_TESTS_RIG_H

#include "exchange/record.h"
#include "net/memory.h"
#include "server/conn_h1.h"
#include "unit/http/http_harness.h"

#define RIG_DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define RIG_RECORDS_MAX 128

typedef struct test_rig {
    hw_shared shared;
    hw_lane lane;
    hw_answerer answerer;
    hw_sink sink;
    hw_body_plan plan; /* what the answerer plans when it has no plan of its own */
    int answers;
    size_t records, faults;
    struct rig_record {
        int status;
        bool is_complete;
        uint64_t bytes_in, bytes_out, us;
        size_t referer_bytes, agent_bytes;
    } record[RIG_RECORDS_MAX];
} test_rig;

/* Fill in rig->answerer and so on before; the rest is zeroed. */
void rig_open(test_rig *rig);
/* Without one, it is answered with "hi" by rig_answer_hi. */
void rig_close(test_rig *rig);
void rig_answer_hi(void *arg, hw_exchange *exchange);

/* A client whose connection takes its turns on the rig's loop. */
hw_pipe *rig_connect(test_rig *rig, size_t room_bytes);
/* The connection that was made last. */
conn_h1 *rig_conn(test_rig *rig);
/* Sends and lets the loop settle. */
void rig_send(test_rig *rig, hw_pipe *client, const char *string);
/* What has arrived is exactly this, and is taken. */
void rig_expect(test_rig *rig, hw_pipe *client, const char *string);

/* Inside a handler, its loop is taken from it, as by another thread: it is the test's. */
void rig_lose_loop(hw_loop *loop);
/* What a handler is free to change at any time, and the driver must not even look at while it may:
 * with hw_poison AddressSanitizer sees it, until hw_unpoison. */
void rig_guard_lent(hw_exchange *exchange, void guard(const void *memory, size_t bytes));

/* All that was given to spares is done, and the loop knows; then there are others. NULL: none. */
void rig_change_crew(test_rig *rig, const hw_crew_setup *setup);

/* What is asked of a stream. */
typedef struct rig_counts {
    const hw_stream_ops *real;
    hw_stream_ops ops; /* the real ones but for those that count */
    unsigned writes;
    size_t parts, bytes_read;
} rig_counts;

/* From now on, beginning with 0. `counts` outlives the stream. */
void rig_count(rig_counts *counts, hw_stream *stream);

/* Where an injected failure may have changed what is true, the test ends there without blame. */
#define NEED_TRUE(condition)                                                                       \
    ((condition) ? (void)0 : hw_test_need_failed(#condition, 0, __FILE__, __LINE__))

/* A body that a test controls: pieces one after the other. */
typedef struct rig_body {
    hw_source source;
    const hw_piece *pieces;
    size_t count, next;
    hw_pull last; /* what follows the pieces */
    hw_fields trailers;
    unsigned pulls, drops;
} rig_body;

hw_source *rig_body_init(rig_body *body, const hw_piece *pieces, size_t count, uint64_t length,
                         hw_pull last);

#endif

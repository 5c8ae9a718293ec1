#include "server/conn_h1.h"

#include "seam/seam.h"
#include "unit/server/rig.h"

#include <stdio.h>
#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_SLOW "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
#define UPGRADE "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
#define HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" RIG_DATE "\r\nhi"
#define SLOW                                                                                       \
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" RIG_DATE "\r\n4\r\nslow\r\n0\r\n\r\n"

/* /slow has a body that comes when a test says so; everything else is "hi". */
static const hw_piece slow_pieces[] = {{.bytes = HW_TEXT_INIT("slow")}};
static rig_body slow;
static uint64_t slow_length;
static hw_exchange *slow_exchange;

static void answer_slow_or_hi(void *arg, hw_exchange *exchange)
{
    if (!hw_text_equal(exchange->request.path.text, HW_TEXT("/slow"))) {
        rig_answer_hi(arg, exchange);
        return;
    }
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response,
                          rig_body_init(&slow, NULL, 0, slow_length, HW_PULL_WAIT));
    slow_exchange = exchange;
}

static void let_slow_end(test_rig *rig)
{
    NEED_TRUE(slow.drops == 0);
    slow.pieces = slow_pieces;
    slow.count = 1;
    slow.last = HW_PULL_END;
    slow_exchange->carrier->wake(slow_exchange);
    hw_loop_settle(&rig->lane.loop);
}

/* The client's end arrives with requests that hold the reading, or fill the queue as often as
 * that. */
static void check_end_behind(const char *first, unsigned batches, bool is_slow)
{
    test_rig rig = {.answerer = {.answer = answer_slow_or_hi}};
    slow_length = 4; /* so small that those behind it are answered ahead */
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 100000);
    for (unsigned i = 0; i < batches * 16; i++)
        NEED_TRUE(hw_pipe_send(client, hw_text_of(i % 16 == 0 ? first : GET)) == 0);
    hw_pipe_end_send(client);
    hw_loop_settle(&rig.lane.loop);
    for (unsigned i = 0; is_slow && i < batches; i++) {
        NEED_TRUE(!hw_pipe_is_closed(client));
        let_slow_end(&rig);
    }
    NEED_TRUE(rig.records == (size_t)batches * 16);
    assert_true(hw_pipe_is_closed(client));
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(advance_notices_the_end_behind_sixteen_requests)
{
    check_end_behind(UPGRADE, 1, false);
    check_end_behind(GET_SLOW, 1, true);
    check_end_behind(GET_SLOW, 2, true);
}

static size_t held_bytes(const conn_h1 *h1)
{
    size_t held = 0;
    for (hw_link *link = h1->queue.head.next; link != &h1->queue.head; link = link->next)
        held += HW_MEMBER(link, h1_exchange, link)->exchange.arena.held;
    return held;
}

HW_TEST(advance_reads_large_heads_ahead_only_so_far)
{
    test_rig rig = {.answerer = {.answer = answer_slow_or_hi}};
    slow_length = HW_LENGTH_UNKNOWN;
    char pad[1000];
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 100000);
    memset(pad, 'v', sizeof pad);
    rig_send(&rig, client, GET_SLOW);
    for (int i = 0; i < 16; i++) {
        rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (int line = 0; line < 8; line++) {
            rig_send(&rig, client, "X-Pad: ");
            NEED_TRUE(hw_pipe_send(client, (hw_text){pad, sizeof pad}) == 0);
            rig_send(&rig, client, "\r\n");
        }
        rig_send(&rig, client, "\r\n");
    }
    NEED_TRUE(!hw_pipe_is_closed(client));
    conn_h1 *h1 = rig_conn(&rig);
    NEED_TRUE(h1->queue_length >= 4 && h1->queue_length <= 10);
    NEED_TRUE(held_bytes(h1) > 48 * 1024);
    assert_in_range(held_bytes(h1), 0, 80 * 1024);
    let_slow_end(&rig);
    NEED_TRUE(rig.answers == 16);
    rig_expect(&rig, client, SLOW HI HI HI HI HI HI HI HI HI HI HI HI HI HI HI HI);
    assert_int_equal(h1->queue_length, 0);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* The client has sent its head in time; that it lies there is not its fault. */
HW_TEST(advance_blames_nobody_for_a_head_it_has_no_room_for)
{
    test_rig rig = {.answerer = {.answer = answer_slow_or_hi}};
    slow_length = HW_LENGTH_UNKNOWN;
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 100000);
    rig_send(&rig, client, GET_SLOW "GET / HT");
    NEED_TRUE(!hw_pipe_is_closed(client) && rig.lane.counts.exchanges == 1);
    NEED_TRUE(hw_arena_alloc(&slow_exchange->arena, 70 * 1024) != NULL);
    rig_send(&rig, client, "TP/1.1\r\nHost: a\r\n\r\n");
    NEED_TRUE(!hw_pipe_is_closed(client));
    /* It lies in the rest, unread. */
    NEED_TRUE(rig_conn(&rig)->queue_length == 1);
    slow_exchange->carrier->wake(slow_exchange);
    hw_loop_settle(&rig.lane.loop);
    hw_seam_clock_advance(INT64_C(1000000) * rig.shared.limits.head_ms);
    hw_loop_settle(&rig.lane.loop);
    let_slow_end(&rig);
    NEED_TRUE(rig.answers == 1 && rig.records == 2);
    assert_int_equal(rig.record[1].status, 200);
    NEED_TRUE(!hw_pipe_is_closed(client));
    hw_pipe_close(client);
    rig_close(&rig);
}

static void answer_with_body(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, hw_exchange_take_body(exchange));
}

/* RFC 9110 10.1.1: whose content is there already, empty as it is, need not be told to go on. */
HW_TEST(advance_keeps_a_connection_whose_expected_content_has_come)
{
    test_rig rig = {.answerer = {.answer = answer_with_body}, .plan = {HW_PLAN_STREAM, 100}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    for (int i = 0; i < 2; i++) {
        rig_send(&rig, client,
                 "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        rig_expect(&rig, client,
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" RIG_DATE "\r\n0\r\n\r\n");
    }
    hw_pipe_close(client);
    rig_close(&rig);
}

/* RFC 9110 6.5.1. */
HW_TEST(advance_drops_trailers_that_decide)
{
    test_rig rig = {.answerer = {.answer = answer_with_body}, .plan = {HW_PLAN_STREAM, 100}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client,
             "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n"
             "Content-Length: 3\r\nX-Sum: 1\r\nTransfer-Encoding: gzip\r\nSet-Cookie: a\r\n\r\n");
    rig_expect(&rig, client,
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" RIG_DATE "\r\n"
               "2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n");
    hw_pipe_close(client);
    rig_close(&rig);
}

static void answer_tunnel_for_get(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_source *source = hw_exchange_start_tunnel(exchange, 101);
    if (source)
        hw_response_take_body(&exchange->response, source);
}

/* What makes a connection treat its input so, and what may happen to it then. */
static const struct input_row {
    h1_input input;
    hw_plan_kind plan;
    void (*answer)(void *, hw_exchange *);
    const char *sent;
} input_rows[] = {
    {H1_INPUT_HEADS, HW_PLAN_NONE, NULL, ""},
    {H1_INPUT_HEADS, HW_PLAN_NONE, NULL, "GET / HT"},
    {H1_INPUT_HEADS, HW_PLAN_NONE, NULL, GET},
    {H1_INPUT_HEADS, HW_PLAN_NONE, answer_slow_or_hi, GET_SLOW GET "GET / HT"},
    {H1_INPUT_HELD, HW_PLAN_NONE, answer_slow_or_hi, GET_SLOW UPGRADE GET},
    {H1_INPUT_HELD, HW_PLAN_NONE, answer_slow_or_hi,
     GET_SLOW "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234"},
    {H1_INPUT_BODY, HW_PLAN_BUFFER, NULL,
     "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234"},
    {H1_INPUT_BODY, HW_PLAN_BUFFER, NULL,
     "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {H1_INPUT_BODY, HW_PLAN_STREAM, answer_with_body,
     "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"},
    {H1_INPUT_BODY, HW_PLAN_STREAM, answer_slow_or_hi,
     GET_SLOW "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234"},
    {H1_INPUT_SKIP, HW_PLAN_NONE, NULL,
     "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"},
    {H1_INPUT_TUNNEL, HW_PLAN_NONE, answer_tunnel_for_get, UPGRADE "through"},
    {H1_INPUT_OVER, HW_PLAN_NONE, answer_slow_or_hi, GET_SLOW "nonsense\r\n"},
    {H1_INPUT_OVER, HW_PLAN_NONE, answer_slow_or_hi,
     "GET /slow HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n"},
    {H1_INPUT_LINGER, HW_PLAN_NONE, NULL, "nonsense\r\n"},
};

static void pass_seconds(test_rig *rig, int seconds)
{
    for (int s = 0; s < seconds; s++) {
        hw_seam_clock_advance(INT64_C(1000000000));
        hw_loop_settle(&rig->lane.loop);
    }
}

/* Ends what the row has begun in one of several ways. */
typedef enum input_event {
    EVENT_END,
    EVENT_RESET,
    EVENT_TIME,
    EVENT_DRAIN,
    EVENT_CUT,
    EVENT_NONSENSE,
    EVENT_SLOW_ENDS,
    EVENT_COUNT,
} input_event;

static void let_happen(test_rig *rig, hw_pipe *client, input_event event)
{
    switch (event) {
    case EVENT_END:
        hw_pipe_end_send(client);
        break;
    case EVENT_RESET:
        hw_pipe_reset(client);
        break;
    case EVENT_DRAIN:
        hw_lane_drain(&rig->lane);
        break;
    case EVENT_CUT:
        hw_lane_cut(&rig->lane);
        break;
    case EVENT_NONSENSE:
        rig_send(rig, client, "\x01\r\n\x02\r\n\r\n");
        break;
    case EVENT_SLOW_ENDS:
        if (slow_exchange)
            let_slow_end(rig);
        break;
    case EVENT_TIME:
    case EVENT_COUNT:
        break;
    }
    hw_loop_settle(&rig->lane.loop);
}

static void check_input_event(const struct input_row *row, input_event event)
{
    test_rig rig = {.answerer = {.answer = row->answer}, .plan = {row->plan, 100}};
    rig_open(&rig);
    slow_exchange = NULL;
    slow_length = HW_LENGTH_UNKNOWN;
    hw_pipe *client = rig_connect(&rig, 100000);
    rig_send(&rig, client, row->sent);
    NEED_TRUE(!hw_pipe_is_closed(client));
    NEED_TRUE(rig_conn(&rig)->input == row->input);
    let_happen(&rig, client, event);
    bool is_open_ended =
        row->input == H1_INPUT_TUNNEL &&
        (event == EVENT_TIME || event == EVENT_NONSENSE || event == EVENT_SLOW_ENDS);
    pass_seconds(&rig, 100);
    NEED_TRUE(hw_pipe_is_closed(client) != is_open_ended);
    assert_int_equal(rig.lane.counts.exchanges, is_open_ended);
    hw_pipe_close(client);
    hw_loop_settle(&rig.lane.loop);
    assert_int_equal(rig.shared.connections, 0);
    rig_close(&rig);
}

/* Whatever comes in whatever state, every exchange and the connection find their end. */
HW_TEST(advance_survives_every_event_in_every_state)
{
    for (size_t i = 0; i < ROWS(input_rows); i++)
        for (unsigned event = 0; event < EVENT_COUNT; event++)
            check_input_event(&input_rows[i], (input_event)event);
}

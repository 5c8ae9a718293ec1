/* Connections of HTTP/2: exchanges that are lent to handlers, and what happens meanwhile. */
#include "unit/server/desk.h"
#include "unit/server/h2_rig.h"

#include <stdio.h>
#include <string.h>

#include "base/poison.h"
#include "exchange/later.h"
#include "exchange/serial.h"
#include "seam/seam.h"

#define ROOM ((size_t)1024 * 1024)
#define KIB ((size_t)1024)
#define TIMEOUT_MS 70
#define TIMED_OUT(stream) "HEADERS " stream "\n :status: 504\n"

/* The handler of everything but "/" loses the loop, as to a thread that takes it over: what a test
 * wants to happen meanwhile happens inside it. */
static struct {
    h2_rig *h2;
    void (*meanwhile)(h2_rig *h2);
    hw_exchange *exchange;
    unsigned runs, deep, deepest;
    bool was_gone;
} slow;

static void answer_slow_or_hi(void *arg, hw_exchange *exchange)
{
    if (hw_text_equal(exchange->request.path.text, HW_TEXT("/"))) {
        rig_answer_hi(arg, exchange);
        return;
    }
    hw_loop *loop = &slow.h2->rig.lane.loop;
    slow.runs++;
    slow.deep++;
    slow.deepest = slow.deep > slow.deepest ? slow.deep : slow.deepest;
    slow.exchange = exchange;
    rig_lose_loop(loop);
    rig_guard_lent(exchange, hw_poison);
    hw_loop_settle(loop);
    if (slow.meanwhile)
        slow.meanwhile(slow.h2);
    rig_guard_lent(exchange, hw_unpoison);
    slow.was_gone = atomic_load(&exchange->is_gone);
    slow.deep--;
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, HW_TEXT("slow"));
}

static void open_slow(h2_rig *h2, hw_pace *pace, void (*meanwhile)(h2_rig *h2))
{
    memset(&slow, 0, sizeof slow);
    slow.h2 = h2;
    slow.meanwhile = meanwhile;
    *h2 = (h2_rig){.rig = {.answerer = {.answer = answer_slow_or_hi, .pace = pace}}};
    h2_open(h2, ROOM);
}

#define SLOW(stream)                                                                               \
    "HEADERS " stream "\n :status: 200\n content-length: 4\n" H2_DATE "DATA " stream " end slow\n"

static void ask_for_another(h2_rig *h2)
{
    h2_ask(h2, 3, "/");
    h2_expect(h2, H2_HI("3"));
}

HW_TEST(conn_h2_lent_holds_nobody_up)
{
    h2_rig h2;
    open_slow(&h2, NULL, ask_for_another);
    h2_ask(&h2, 1, "/slow");
    h2_expect(&h2, SLOW("1"));
    NEED_TRUE(h2.rig.records == 2 && slow.runs == 1);
    assert_false(slow.was_gone);
    h2_close(&h2);
}

static void reset_it(h2_rig *h2)
{
    h2_reset(h2, 1);
    assert_int_equal(h2_conn(h2)->count, 1);
    assert_true(hw_list_is_empty(&h2_conn(h2)->exchanges));
    NEED_TRUE(h2->rig.records == 0);
}

/* Its client wants it no more; its handler finds out, and is told of when it has returned. */
HW_TEST(conn_h2_lent_outlives_its_stream)
{
    h2_rig h2;
    open_slow(&h2, NULL, reset_it);
    h2_ask(&h2, 1, "/slow");
    NEED_TRUE(slow.runs == 1 && slow.was_gone);
    h2_expect(&h2, "");
    assert_int_equal(h2_conn(&h2)->count, 0);
    NEED_TRUE(h2.rig.records == 1);
    assert_int_equal(h2.rig.record[0].status, 0);
    assert_false(h2.rig.record[0].is_complete);
    h2_ask(&h2, 3, "/");
    h2_expect(&h2, H2_HI("3"));
    h2_close(&h2);
}

/* As many as may be open are lent, reset or not: the next one may be sent again (RFC 9113 8.7). */
static void ask_and_reset_another(h2_rig *h2)
{
    uint32_t id = 2 * slow.runs - 1;
    wire_number(h2->said, WIRE_RST_STREAM, id, HW_H2_CANCEL);
    if (id < 7)
        h2_get(h2, id + 2, "/slow");
    h2_send(h2);
}

HW_TEST(conn_h2_lends_no_more_to_who_resets_than_to_who_waits)
{
    h2_rig h2;
    open_slow(&h2, NULL, ask_and_reset_another);
    h2.rig.shared.limits.h2.streams_max = 3;
    h2_hang_up(&h2);
    h2_greet(&h2, ROOM);
    h2_ask(&h2, 1, "/slow");
    NEED_TRUE(slow.deepest == 3);
    assert_int_equal(slow.runs, 3);
    h2_expect(&h2, "RST_STREAM 7 REFUSED_STREAM\n");
    assert_int_equal(h2_conn(&h2)->count, 0);
    h2_ask(&h2, 9, "/");
    h2_expect(&h2, H2_HI("9"));
    h2_close(&h2);
}

static void lose_client(h2_rig *h2)
{
    hw_pipe_reset(h2->client);
    hw_loop_settle(&h2->rig.lane.loop);
    assert_int_equal(h2->rig.lane.conn_count, 0);
    assert_int_equal(h2->rig.lane.counts.exchanges, 1);
    slow.exchange->carrier->wake(slow.exchange); /* there is nobody any more */
    slow.exchange->carrier->inform(slow.exchange, 103, (hw_fields){0});
    hw_loop_settle(&h2->rig.lane.loop);
}

static void reset_and_lose(h2_rig *h2)
{
    reset_it(h2);
    lose_client(h2);
}

static void drain_and_lose(h2_rig *h2)
{
    hw_lane_drain(&h2->rig.lane);
    lose_client(h2);
    assert_false(h2->rig.lane.loop.is_ended);
}

HW_TEST(conn_h2_lent_outlives_its_client)
{
    static void (*const ends[])(h2_rig * h2) = {lose_client, reset_and_lose, drain_and_lose};
    for (size_t i = 0; i < ROWS(ends); i++) {
        h2_rig h2;
        open_slow(&h2, NULL, ends[i]);
        h2_ask(&h2, 1, "/slow");
        NEED_TRUE(slow.runs == 1 && slow.was_gone);
        assert_int_equal(h2.rig.lane.counts.exchanges, 0);
        assert_int_equal(h2.rig.records, 1);
        assert_false(h2.rig.record[0].is_complete);
        if (ends[i] == drain_and_lose)
            assert_true(h2.rig.lane.loop.is_ended);
        h2_close(&h2);
    }
}

static void wait_in_vain(h2_rig *h2)
{
    h2_pass_ms(h2, TIMEOUT_MS - 1);
    h2_expect(h2, "");
    h2_pass_ms(h2, 1);
    h2_expect_first(h2, TIMED_OUT("1"));
    NEED_TRUE(h2->rig.records == 1);
    assert_int_equal(h2->rig.record[0].status, 504);
    assert_int_equal(h2->rig.record[0].us, TIMEOUT_MS * 1000);
    h2_ask(h2, 3, "/");
    (void)h2_hear(h2);
}

/* The 504 is all that is heard and told of it; the connection lives. */
HW_TEST(conn_h2_lent_is_answered_504_in_the_end)
{
    h2_rig h2;
    open_slow(&h2, &(hw_pace){.timeout_ms = TIMEOUT_MS}, wait_in_vain);
    wire_head(h2.said, WIRE_END, 1,
              ":method: GET\n:scheme: http\n:path: /slow\n:authority: a\nreferer: /here\n"
              "user-agent: probe\nx-forwarded-for: 192.0.2.7\nforwarded: for=192.0.2.7\n");
    h2_send(&h2);
    NEED_TRUE(slow.runs == 1 && slow.was_gone && h2.rig.records == 2);
    NEED_TRUE(h2.rig.record[0].referer_bytes == 5 && h2.rig.record[0].agent_bytes == 5);
    h2_ask(&h2, 5, "/");
    h2_expect_first(&h2, "HEADERS 5\n :status: 200\n");
    h2_close(&h2);
}

static void let_tunnel_be_late(h2_rig *h2)
{
    wire_data(h2->said, 0, 1, "early");
    h2_send(h2);
    h2_pass_ms(h2, TIMEOUT_MS);
    h2_expect_first(h2, TIMED_OUT("1"));
    wire_data(h2->said, 0, 1, "late");
    h2_send(h2);
}

/* Nothing more is taken of a tunnel that does not begin in time. */
HW_TEST(conn_h2_lent_tunnel_is_answered_504)
{
    h2_rig h2;
    open_slow(&h2, &(hw_pace){.timeout_ms = TIMEOUT_MS}, let_tunnel_be_late);
    wire_head(h2.said, WIRE_END_HEADERS, 1,
              ":method: CONNECT\n:protocol: websocket\n:scheme: http\n:path: /slow\n"
              ":authority: a\n");
    h2_send(&h2);
    NEED_TRUE(slow.runs == 1);
    h2_expect(&h2, "");
    NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].is_complete);
    assert_true(hw_list_is_empty(&h2_conn(&h2)->exchanges));
    h2_close(&h2);
}

/* The content is late when the handler is: its stream ends once. */
static void let_both_be_late(h2_rig *h2)
{
    h2_pass_ms(h2, 30000);
    h2_expect(h2, "RST_STREAM 1 CANCEL\n");
    assert_true(hw_list_is_empty(&h2_conn(h2)->exchanges));
}

HW_TEST(conn_h2_lent_ends_once_though_its_content_is_late_too)
{
    h2_rig h2;
    open_slow(&h2, NULL, let_both_be_late);
    h2.rig.plan = (hw_body_plan){HW_PLAN_STREAM, 1000};
    h2_post(&h2, 1, "/slow", "");
    h2_send(&h2);
    NEED_TRUE(slow.runs == 1);
    NEED_TRUE(h2.rig.records == 1);
    assert_true(hw_list_is_empty(&h2_conn(&h2)->exchanges));
    h2_close(&h2);
}

static void answer_slow_or_large(void *arg, hw_exchange *exchange)
{
    static char value[6000];
    answer_slow_or_hi(arg, exchange);
    memset(value, 'x', sizeof value);
    hw_response_add_name(&exchange->response, HW_TEXT("X-Large"), (hw_text){value, sizeof value});
}

/* So many that an answer is held back; and more content than there is a window for, so that the session
 * resets the stream, which waits to be sent. */
static void overrun_and_be_late(h2_rig *h2)
{
    for (uint32_t stream = 3; stream < 43; stream += 2)
        h2_ask(h2, stream, "/");
    NEED_TRUE(h2_conn(h2)->has_held_back);
    h2_content(h2, 1, 64 * KIB, false);
    wire_data(h2->said, 0, 1, "x");
    h2_send(h2);
    h2_pass_ms(h2, TIMEOUT_MS);
}

/* Who answers in its place hears of the end of its stream; it has gone itself by then. */
HW_TEST(conn_h2_lent_hears_of_no_stream_that_another_answers_on)
{
    h2_rig h2;
    open_slow(&h2, &(hw_pace){.timeout_ms = TIMEOUT_MS}, overrun_and_be_late);
    h2.rig.answerer.answer = answer_slow_or_large;
    h2.rig.plan = (hw_body_plan){HW_PLAN_STREAM, 1 << 20};
    h2.rig.shared.limits.h2.memory_bytes_max = 100 * KIB;
    h2_hang_up(&h2);
    h2_greet(&h2, 1000);
    h2_post(&h2, 1, "/slow", "");
    h2_send(&h2);
    NEED_TRUE(slow.runs == 1 && slow.was_gone && h2_conn(&h2)->has_held_back);
    h2_expect_among(&h2, "RST_STREAM 1 FLOW_CONTROL_ERROR\n");
    NEED_TRUE(h2.rig.records == 21 && h2_conn(&h2)->count == 0);
    h2_close(&h2);
}

/* Promises: the handler has returned, nobody has the exchange. */
static struct {
    hw_promise promise;
    uint64_t id;
} promised;

static bool begin_promise(hw_promise *promise, hw_exchange *exchange)
{
    (void)promise, (void)exchange;
    return hw_later_begun(promised.id);
}

static void answer_later(void *arg, hw_exchange *exchange)
{
    (void)arg;
    promised.id = hw_later_open(exchange);
    NEED_TRUE(promised.id != 0);
    promised.promise.begin = begin_promise;
    exchange->response.kind = HW_RESPONSE_LATER;
    exchange->promise = &promised.promise;
}

static void open_promised(h2_rig *h2, hw_pace *pace)
{
    *h2 = (h2_rig){.rig = {.answerer = {.answer = answer_later, .pace = pace}}};
    promised.id = 0;
    h2_open(h2, ROOM);
    h2_ask(h2, 1, "/");
    NEED_TRUE(promised.id != 0);
    h2_expect(h2, "");
}

HW_TEST(conn_h2_lent_keeps_a_promise)
{
    h2_rig h2;
    open_promised(&h2, NULL);
    hw_exchange *exchange = hw_later_hold(promised.id);
    HW_NEED(exchange);
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, HW_TEXT("hi"));
    hw_later_give_back(promised.id, exchange);
    h2_expect(&h2, H2_HI("1"));
    h2_close(&h2);
}

HW_TEST(conn_h2_lent_is_answered_504_where_a_promise_is_not_kept)
{
    h2_rig h2;
    open_promised(&h2, &(hw_pace){.timeout_ms = TIMEOUT_MS});
    h2_pass_ms(&h2, TIMEOUT_MS);
    h2_expect_first(&h2, TIMED_OUT("1"));
    assert_null(hw_later_hold(promised.id));
    h2_close(&h2);
}

HW_TEST(conn_h2_lent_is_over_with_its_stream_while_only_a_promise_has_it)
{
    h2_rig h2;
    open_promised(&h2, NULL);
    h2_reset(&h2, 1);
    assert_int_equal(h2_conn(&h2)->count, 0);
    assert_null(hw_later_hold(promised.id));
    NEED_TRUE(h2.rig.records == 1);
    h2_close(&h2);
}

/* Serial applications: one at a time, whichever streams they are from. */
static struct {
    hw_serial serial;
    hw_pace pace;
} alone;

static void open_alone(h2_rig *h2, unsigned timeout_ms, void (*meanwhile)(h2_rig *h2))
{
    hw_serial_init(&alone.serial);
    alone.pace = (hw_pace){.serial = &alone.serial, .timeout_ms = timeout_ms};
    open_slow(h2, &alone.pace, meanwhile);
}

static void close_alone(h2_rig *h2)
{
    h2_close(h2);
    hw_serial_fini(&alone.serial);
}

static void ask_while_it_is_taken(h2_rig *h2)
{
    if (slow.runs > 1)
        return;
    h2_ask(h2, 3, "/slow");
    h2_ask(h2, 5, "/slow");
    h2_reset(h2, 5);
    assert_int_equal(slow.runs, 1);
    NEED_TRUE(h2_conn(h2)->count == 2);
}

HW_TEST(conn_h2_lent_one_at_a_time)
{
    h2_rig h2;
    open_alone(&h2, 0, ask_while_it_is_taken);
    h2_ask(&h2, 1, "/slow");
    h2_expect_first(&h2, "HEADERS 1\n");
    NEED_TRUE(slow.runs == 2 && slow.deepest == 1 && h2.rig.records == 3);
    close_alone(&h2);
}

static void ask_and_reset_later(h2_rig *h2)
{
    if (slow.runs > 1)
        return;
    h2_ask(h2, 3, "/slow");
    wire_number(h2->said, WIRE_RST_STREAM, 3, HW_H2_CANCEL);
    NEED_TRUE(hw_pipe_send(h2->client, wire_text(h2->said)) == 0);
    h2->said->length = 0;
}

/* Its turn comes when its stream has gone: it is the next one's. */
HW_TEST(conn_h2_lent_leaves_a_turn_that_comes_too_late)
{
    h2_rig h2;
    open_alone(&h2, 0, ask_and_reset_later);
    h2_ask(&h2, 1, "/slow");
    h2_expect(&h2, SLOW("1"));
    NEED_TRUE(slow.runs == 1 && h2.rig.records == 2);
    slow.meanwhile = NULL;
    h2_ask(&h2, 5, "/slow");
    h2_expect(&h2, SLOW("5"));
    close_alone(&h2);
}

static void let_the_other_be_late(h2_rig *h2)
{
    if (slow.runs > 1)
        return;
    h2_ask(h2, 3, "/slow");
    h2_pass_ms(h2, TIMEOUT_MS);
    const char *words = h2_hear(h2);
    if (!strstr(words, TIMED_OUT("1")) || !strstr(words, "HEADERS 3\n :status: 503\n"))
        h2_check_memory();
    assert_non_null(strstr(words, TIMED_OUT("1")));
    assert_non_null(strstr(words, "HEADERS 3\n :status: 503\n"));
}

/* Whose turn it has not been in time is not blamed for it. */
HW_TEST(conn_h2_lent_is_refused_whose_turn_does_not_come)
{
    h2_rig h2;
    open_alone(&h2, TIMEOUT_MS, let_the_other_be_late);
    h2_ask(&h2, 1, "/slow");
    NEED_TRUE(slow.runs == 1);
    close_alone(&h2);
}

/* Starved of descriptors. */
static struct {
    unsigned asked, starved;
} hungry;

static void answer_hungry(void *arg, hw_exchange *exchange)
{
    if (hungry.asked++ < hungry.starved)
        exchange->response.kind = HW_RESPONSE_STARVED;
    else
        rig_answer_hi(arg, exchange);
}

static void open_hungry(h2_rig *h2, unsigned starved)
{
    hungry.asked = 0;
    hungry.starved = starved;
    *h2 = (h2_rig){.rig = {.answerer = {.answer = answer_hungry}}};
    h2_open(h2, ROOM);
    h2_ask(h2, 1, "/");
    h2_expect(h2, "");
    NEED_TRUE(hungry.asked == 1);
}

HW_TEST(conn_h2_starved_goes_on_when_there_are_descriptors)
{
    h2_rig h2;
    open_hungry(&h2, 2);
    hw_lane_feed_all(&h2.rig.lane);
    h2_expect(&h2, "");
    hw_lane_feed_one(&h2.rig.lane);
    h2_expect(&h2, H2_HI("1"));
    assert_int_equal(hungry.asked, 3);
    h2_close(&h2);
}

/* Another's end may have given one back. */
HW_TEST(conn_h2_starved_goes_on_when_another_ends)
{
    h2_rig h2;
    open_hungry(&h2, 1);
    h2.rig.answerer.answer = rig_answer_hi;
    h2_ask(&h2, 3, "/");
    const char *words = h2_hear(&h2);
    NEED_TRUE(strstr(words, "DATA 1 end hi\n") && strstr(words, "DATA 3 end hi\n"));
    h2_close(&h2);
}

HW_TEST(conn_h2_starved_is_refused_in_the_end)
{
    h2_rig h2;
    open_hungry(&h2, 100);
    h2_pass_ms(&h2, 10000);
    hw_lane_feed_all(&h2.rig.lane);
    h2_expect_first(&h2, "HEADERS 1\n :status: 503\n");
    h2_close(&h2);
}

HW_TEST(conn_h2_starved_ends_with_its_stream)
{
    h2_rig h2;
    open_hungry(&h2, 100);
    h2_reset(&h2, 1);
    assert_true(hw_list_is_empty(&h2.rig.lane.starved));
    NEED_TRUE(h2.rig.records == 1);
    h2_close(&h2);
}

/* Hooks: what a handler has left to be done when all is over. */
static struct {
    hw_hook hook;
    unsigned runs;
    hw_sent sent;
    h2_rig *h2; /* its client goes meanwhile */
} hooked;

static void run_hook(hw_hook *hook, hw_exchange *exchange, const hw_sent *sent)
{
    (void)hook;
    hooked.runs++;
    hooked.sent = *sent;
    assert_true(hw_exchange_peer(exchange).length < 100);
    if (!hooked.h2)
        return;
    hw_loop *loop = &hooked.h2->rig.lane.loop;
    rig_lose_loop(loop);
    hw_pipe_reset(hooked.h2->client);
    hw_loop_settle(loop);
    assert_int_equal(hooked.h2->rig.lane.conn_count, 0);
    assert_int_equal(hooked.h2->rig.lane.counts.exchanges, 1);
}

static void answer_hooked(void *arg, hw_exchange *exchange)
{
    hooked.hook.run = run_hook;
    exchange->hooks = &hooked.hook;
    rig_answer_hi(arg, exchange);
}

HW_TEST(conn_h2_runs_hooks_when_all_is_over)
{
    for (unsigned i = 0; i < 3; i++) {
        h2_rig h2 = {.rig = {.answerer = {.answer = answer_hooked}}};
        memset(&hooked, 0, sizeof hooked);
        hooked.h2 = i > 0 ? &h2 : NULL;
        h2_open(&h2, ROOM);
        h2.rig.sink.records = i < 2;
        h2_ask(&h2, 1, "/");
        NEED_TRUE(hooked.runs == 1);
        NEED_TRUE(hooked.sent.status == 200 && hooked.sent.bytes == 2);
        NEED_TRUE(h2.rig.records == (i < 2) && h2.rig.record[0].is_complete == (i < 2));
        assert_int_equal(h2.rig.lane.counts.exchanges, 0);
        h2_close(&h2);
    }
}

/* One runs, two wait for a spare, which may be nobody's any more; the next is refused. */
HW_THREAD_TEST(conn_h2_lent_to_spares_as_many_as_may)
{
    h2_rig h2 = {0};
    rig_desk desk;
    desk_init(&desk, &h2.rig);
    h2_open(&h2, ROOM);
    desk_open(&desk);
    h2_ask(&h2, 1, "/");
    NEED_TRUE(h2_conn(&h2)->count == 1);
    desk_wait(&desk, 1);
    for (uint32_t id = 3; id <= 7; id += 2)
        h2_ask(&h2, id, "/");
    h2_expect_first(&h2, "HEADERS 7\n :status: 503\n");
    h2_reset(&h2, 3);
    NEED_TRUE(h2_conn(&h2)->count == 2);
    h2_pass_ms(&h2, hw_limits_default().answer_ms);
    const char *words = h2_hear(&h2);
    NEED_TRUE(strstr(words, TIMED_OUT("1")) && strstr(words, "HEADERS 5\n :status: 503\n"));
    desk_finish(&desk);
    NEED_TRUE(atomic_load(&desk.begun) == 1);
    h2_expect(&h2, "");
    assert_int_equal(h2_conn(&h2)->count, 0);
    h2_close(&h2);
    desk_fini(&desk);
}

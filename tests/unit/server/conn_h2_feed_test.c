/* Connections of HTTP/2: bodies that feeders make while they are sent. */
#include "unit/server/h2_rig.h"

#include <errno.h>
#include <string.h>

#define ROOM ((size_t)1024 * 1024)

typedef struct test_feeder {
    hw_feeder feeder;
    unsigned runs;
} test_feeder;

static struct {
    int said[8]; /* what the next runs say; each writes a letter before that, but to wait */
    unsigned runs;
    bool has_thread;
    int (*run)(hw_feeder *feeder);
    hw_exchange *exchange;
} script;

static int run_feeder(hw_feeder *feeder)
{
    static const char letters[] = "abcdefgh";
    unsigned run = script.runs++;
    int said = script.said[run];
    if (said != HW_FEED_WAIT)
        HW_NEED_OK(hw_flow_write(&feeder->flow, (hw_text){letters + run, 1}, script.has_thread));
    return said;
}

static void answer_by_feeder(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    script.exchange = exchange;
    test_feeder *own = hw_arena_alloc_zeroed(&exchange->arena, 1, sizeof *own);
    HW_NEED(own);
    own->feeder.run = script.run;
    own->feeder.has_thread = script.has_thread;
    HW_NEED_OK(hw_flow_init(&own->feeder.flow, exchange, HW_FLOW_BYTES));
    hw_response_start(&exchange->response, 200);
    hw_response_take_feeder(&exchange->response, &own->feeder);
}

static void open_fed(h2_rig *h2, const int *said, size_t count)
{
    memset(&script, 0, sizeof script);
    memcpy(script.said, said, count * sizeof *said);
    script.run = run_feeder;
    *h2 = (h2_rig){.rig.answerer.answer = answer_by_feeder};
    h2_open(h2, ROOM);
}

HW_TEST(conn_h2_asks_a_feeder_for_more)
{
    static const int said[] = {HW_FEED_MORE, HW_FEED_MORE, HW_FEED_END};
    h2_rig h2;
    open_fed(&h2, said, 3);
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, H2_UNKNOWN_HEAD("1") "DATA 1 a\nDATA 1 b\nDATA 1 c\nDATA 1 end \n");
    h2_expect_record(&h2, 200, true);
    h2_close(&h2);
}

/* One that has nothing is asked again a second later, or when it is woken. */
HW_TEST(conn_h2_asks_a_feeder_again_that_had_nothing)
{
    static const int said[] = {HW_FEED_WAIT, HW_FEED_MORE, HW_FEED_WAIT, HW_FEED_END};
    h2_rig h2;
    open_fed(&h2, said, 4);
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, H2_UNKNOWN_HEAD("1"));
    h2_pass_ms(&h2, 999);
    h2_expect(&h2, "");
    h2_pass_ms(&h2, 1);
    h2_expect(&h2, "DATA 1 b\n");
    NEED_TRUE(script.runs == 3);
    script.exchange->carrier->notify(script.exchange);
    h2_expect(&h2, "DATA 1 d\nDATA 1 end \n");
    h2_close(&h2);
}

static int run_woken(hw_feeder *feeder)
{
    hw_exchange *exchange = script.exchange;
    if (script.runs++ > 0)
        return HW_FEED_END;
    HW_NEED_OK(hw_flow_write(&feeder->flow, HW_TEXT("abc"), false));
    /* Somebody wakes it while it runs, twice, as its loop goes on without it. */
    hw_loop *loop = &((h2_exchange *)exchange)->lending.lane->loop;
    rig_lose_loop(loop);
    exchange->carrier->notify(exchange);
    exchange->carrier->notify(exchange);
    hw_loop_settle(loop);
    return HW_FEED_WAIT;
}

/* One that is woken while it says that it has nothing is asked again at once. */
HW_TEST(conn_h2_asks_a_feeder_again_that_was_woken_meanwhile)
{
    static const int said[] = {HW_FEED_END};
    h2_rig h2;
    open_fed(&h2, said, 1);
    script.run = run_woken;
    h2_ask(&h2, 1, "/");
    h2_expect(&h2, H2_UNKNOWN_HEAD("1") "DATA 1 abc\nDATA 1 end \n");
    NEED_TRUE(script.runs == 2);
    h2_close(&h2);
}

HW_TEST(conn_h2_asks_a_feeder_that_waits_when_the_lane_drains)
{
    static const int said[] = {HW_FEED_WAIT, HW_FEED_END};
    h2_rig h2;
    open_fed(&h2, said, 2);
    h2_ask(&h2, 1, "/");
    (void)h2_hear(&h2);
    hw_lane_drain(&h2.rig.lane);
    h2_expect_among(&h2, "DATA 1 b\n");
    NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].is_complete);
    h2_close(&h2);
}

HW_TEST(conn_h2_resets_what_a_feeder_breaks_off)
{
    static const int said[] = {HW_FEED_MORE, -EIO};
    h2_rig h2;
    open_fed(&h2, said, 2);
    h2_ask(&h2, 1, "/");
    h2_expect_among(&h2, "RST_STREAM 1 INTERNAL_ERROR\n");
    h2_expect_record(&h2, 200, false);
    h2_close(&h2);
}

/* Whose feeder has nothing at first, and may read so much content. */
static void open_reading(h2_rig *h2, size_t content_max, const char *lines)
{
    static const int said[] = {HW_FEED_WAIT, HW_FEED_END};
    open_fed(h2, said, 2);
    h2->rig.plan = (hw_body_plan){HW_PLAN_READ, content_max};
    h2_post(h2, 1, "/", lines);
}

static void let_feeder_end(h2_rig *h2)
{
    h2_pass_ms(h2, 1000);
    h2_expect(h2, "DATA 1 b\nDATA 1 end \n");
}

/* A feeder may still read the content; when it is done nobody does. */
HW_TEST(conn_h2_ends_content_when_its_feeder_is_done)
{
    h2_rig h2;
    open_reading(&h2, 100, "expect: 100-continue\n");
    h2_send(&h2);
    h2_expect(&h2, "HEADERS 1\n :status: 100\n" H2_UNKNOWN_HEAD("1"));
    wire_data(h2.said, 0, 1, "abc");
    h2_send(&h2);
    char bytes[4];
    assert_int_equal(hw_flow_read(script.exchange->intake, bytes, sizeof bytes), 3);
    let_feeder_end(&h2);
    h2_expect_record(&h2, 200, true);
    h2_close(&h2);
}

/* It finds out what is wrong with the content, and goes on with the body. */
HW_TEST(conn_h2_tells_a_feeder_what_is_wrong_with_the_content)
{
    h2_rig h2;
    open_reading(&h2, 5, "");
    wire_data(h2.said, 0, 1, "abc");
    h2_send(&h2);
    h2_expect(&h2, H2_UNKNOWN_HEAD("1"));
    wire_data(h2.said, 0, 1, "def");
    h2_send(&h2);
    assert_int_equal(hw_flow_state(script.exchange->intake), -EMSGSIZE);
    let_feeder_end(&h2);
    h2_close(&h2);
}

/* One that wants a thread of its own is refused where there is none to be had. */
HW_TEST(conn_h2_refuses_a_feeder_without_a_thread)
{
    static const int said[] = {HW_FEED_END};
    h2_rig h2;
    open_fed(&h2, said, 1);
    script.has_thread = true;
    h2_ask(&h2, 1, "/");
    h2_expect_first(&h2, "HEADERS 1\n :status: 503\n");
    assert_int_equal(script.runs, 0);
    h2_close(&h2);
}

HW_THREAD_TEST(conn_h2_sends_what_a_thread_feeds)
{
    static const int said[] = {HW_FEED_END};
    h2_rig h2;
    open_fed(&h2, said, 1);
    script.has_thread = true;
    rig_change_crew(&h2.rig, &(hw_crew_setup){.loops = 1, .streams_max = 1});
    h2_ask(&h2, 1, "/");
    rig_change_crew(&h2.rig, NULL);
    h2_expect(&h2, H2_UNKNOWN_HEAD("1") "DATA 1 a\nDATA 1 end \n");
    h2_expect_record(&h2, 200, true);
    h2_close(&h2);
}

/* More of them than there are threads, or memory for. */
HW_THREAD_TEST(conn_h2_feeds_by_no_more_threads_than_may_be)
{
    static const int said[] = {HW_FEED_MORE, HW_FEED_MORE};
    h2_rig h2;
    open_fed(&h2, said, 2);
    script.has_thread = true;
    rig_change_crew(&h2.rig, &(hw_crew_setup){.loops = 1});
    h2_ask(&h2, 1, "/");
    h2_expect_first(&h2, "HEADERS 1\n :status: 503\n");
    rig_change_crew(&h2.rig, NULL);
    rig_change_crew(&h2.rig, &(hw_crew_setup){.loops = 1, .streams_max = 1});
    h2.rig.shared.budget.max = hw_budget_used(&h2.rig.shared.budget) + 100000;
    h2_ask(&h2, 3, "/");
    h2_expect_first(&h2, "HEADERS 3\n :status: 503\n");
    h2.rig.shared.budget.max = 0;
    h2_ask(&h2, 5, "/");
    rig_change_crew(&h2.rig, NULL);
    h2_expect_among(&h2, "DATA 5 a\nDATA 5 end \n"); /* whatever it says: it is run once */
    h2_close(&h2);
}

/* Its client goes while it waits for room: its writing fails, and all is over when it has returned. */
static int run_until_gone(hw_feeder *feeder)
{
    static const char bytes[4096];
    int error = 0;
    while (error == 0)
        error = hw_flow_write(&feeder->flow, (hw_text){bytes, sizeof bytes}, true);
    return error;
}

HW_THREAD_TEST(conn_h2_ends_a_feeder_whose_client_resets_the_stream)
{
    static const int said[] = {HW_FEED_END};
    h2_rig h2;
    open_fed(&h2, said, 1);
    script.has_thread = true;
    script.run = run_until_gone;
    rig_change_crew(&h2.rig, &(hw_crew_setup){.loops = 1, .streams_max = 1});
    h2_ask(&h2, 1, "/");
    NEED_TRUE(h2_conn(&h2)->count == 1);
    h2_reset(&h2, 1);
    assert_true(hw_list_is_empty(&h2_conn(&h2)->exchanges));
    rig_change_crew(&h2.rig, NULL);
    assert_int_equal(h2_conn(&h2)->count, 0);
    NEED_TRUE(h2.rig.records == 1 && !h2.rig.record[0].is_complete);
    h2_close(&h2);
}

#include "server/answer.h"
#include "server/conn_h1.h"

#include "unit/server/desk.h"

#include "base/poison.h"
#include "seam/seam.h"

#include <string.h>

#define NS_PER_MS INT64_C(1000000)
#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_SLOW "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: "
#define HI HEAD "2\r\n" RIG_DATE "\r\nhi"
#define SLOW HEAD "4\r\n" RIG_DATE "\r\nslow"
#define PLAIN "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"

/* The handler of /slow loses the loop, as to a thread that takes it over, and lets it go on: what
 * the test wants to happen meanwhile happens inside the handler. */
static struct {
    test_rig *rig;
    void (*meanwhile)(test_rig *rig);
    hw_pipe *other;
    unsigned stalls;
    bool was_gone; /* when the handler went on */
} slow;

static void answer_slow_or_hi(void *arg, hw_exchange *exchange)
{
    if (!hw_text_equal(exchange->request.path.text, HW_TEXT("/slow"))) {
        rig_answer_hi(arg, exchange);
        return;
    }
    slow.stalls++;
    rig_lose_loop(&slow.rig->lane.loop);
    rig_guard_lent(exchange, hw_poison);
    if (slow.meanwhile)
        slow.meanwhile(slow.rig);
    rig_guard_lent(exchange, hw_unpoison);
    slow.was_gone = atomic_load(&exchange->is_gone);
    (void)hw_exchange_peer(exchange);
    hw_response_start(&exchange->response, 200);
    if (exchange->request.body)
        hw_response_take_body(&exchange->response, hw_exchange_take_body(exchange));
    else
        hw_response_set_bytes(&exchange->response, HW_TEXT("slow"));
}

static void let_ms_pass(test_rig *rig, unsigned ms)
{
    hw_seam_clock_advance(ms * NS_PER_MS);
    hw_loop_step(&rig->lane.loop, false);
    hw_loop_settle(&rig->lane.loop);
}

static hw_pipe *open_slow(test_rig *rig, void (*meanwhile)(test_rig *rig))
{
    memset(&slow, 0, sizeof slow);
    slow.rig = rig;
    slow.meanwhile = meanwhile;
    rig->answerer.answer = answer_slow_or_hi;
    rig_open(rig);
    return rig_connect(rig, 64 * 1024);
}

static void serve_another(test_rig *rig)
{
    hw_pipe *client = rig_connect(rig, 1024);
    rig_send(rig, client, GET);
    rig_expect(rig, client, HI);
    hw_pipe_close(client);
    hw_loop_settle(&rig->lane.loop);
}

HW_TEST(lent_exchange_holds_nobody_up)
{
    test_rig rig = {0};
    hw_pipe *client = open_slow(&rig, serve_another);
    rig_send(&rig, client, GET_SLOW);
    rig_expect(&rig, client, SLOW);
    NEED_TRUE(rig.records == 2);
    assert_int_equal(slow.stalls, 1);
    assert_false(slow.was_gone);
    assert_true(rig.record[1].is_complete);
    rig_send(&rig, client, GET);
    rig_expect(&rig, client, HI);
    hw_pipe_close(client);
    rig_close(&rig);
}

static void ask_behind_it(test_rig *rig)
{
    NEED_TRUE(hw_pipe_send(slow.other, HW_TEXT(GET GET)) == 0);
    rig_expect(rig, slow.other, HI); /* the one in front of it */
}

HW_TEST(lent_exchange_keeps_the_order)
{
    test_rig rig = {0};
    hw_pipe *client = open_slow(&rig, ask_behind_it);
    slow.other = client;
    rig_send(&rig, client, GET GET_SLOW GET);
    rig_expect(&rig, client, SLOW HI HI HI);
    hw_pipe_close(client);
    rig_close(&rig);
}

#define CHUNK_OF_HALF "40\r\n" HALF "\r\n"
#define HALF "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void send_the_rest(test_rig *rig)
{
    rig_send(rig, slow.other, CHUNK_OF_HALF "0\r\nX-A: b\r\n\r\n" GET);
}

/* Content that is streamed into an exchange, and its trailers, wait while that is lent. */
HW_TEST(lent_exchange_is_not_fed)
{
    test_rig rig = {.plan = {HW_PLAN_STREAM, 1000}};
    hw_pipe *client = open_slow(&rig, send_the_rest);
    slow.other = client;
    rig_send(&rig, client,
             "POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNK_OF_HALF);
    rig_expect(&rig, client,
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" RIG_DATE "\r\n80\r\n" HALF HALF
               "\r\n0\r\nX-A: b\r\n\r\n" HI);
    assert_int_equal(slow.stalls, 1);
    hw_pipe_close(client);
    rig_close(&rig);
}

#define LATER "Date: Sun, 06 Nov 1994 08:49:39 GMT\r\n"

static void let_content_be_late(test_rig *rig)
{
    if (slow.stalls == 1)
        hw_loop_settle(&rig->lane.loop);
    else
        let_ms_pass(rig, 2000);
}

/* The time for content that began behind another's answer does not pass while nobody reads it. */
HW_TEST(lent_exchange_has_no_late_content)
{
    test_rig rig = {.plan = {HW_PLAN_STREAM, 1000}};
    hw_pipe *client = open_slow(&rig, let_content_be_late);
    rig.shared.limits.body_grace_ms = rig.shared.limits.body_window_ms = 1000;
    rig_send(&rig, client,
             GET_SLOW "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 128\r\n\r\n" HALF);
    NEED_TRUE(slow.stalls == 2);
    rig_send(&rig, client, HALF GET);
    rig_expect(&rig, client,
               HEAD "0\r\n" LATER "\r\n" HEAD "128\r\n" LATER "\r\n" HALF HALF HEAD "2\r\n" LATER
                    "\r\nhi");
    hw_pipe_close(client);
    rig_close(&rig);
}

static void lose_client(test_rig *rig)
{
    hw_pipe_reset(slow.other);
    hw_loop_settle(&rig->lane.loop);
    assert_int_equal(rig->lane.conn_count, 0);
    assert_int_equal(rig->lane.counts.exchanges, 1);
    assert_int_equal(rig->records, 0);
}

/* It outlives its connection, and is told of when its handler has returned. */
HW_TEST(lent_exchange_outlives_its_client)
{
    test_rig rig = {0};
    hw_pipe *client = open_slow(&rig, lose_client);
    slow.other = client;
    rig_send(&rig, client, GET_SLOW);
    NEED_TRUE(slow.stalls == 1);
    assert_true(slow.was_gone);
    assert_int_equal(rig.lane.counts.exchanges, 0);
    assert_int_equal(rig.records, 1);
    assert_int_equal(rig.record[0].status, 0);
    assert_false(rig.record[0].is_complete);
    hw_pipe_close(client);
    serve_another(&rig);
    rig_close(&rig);
}

static void drain_without_client(test_rig *rig)
{
    hw_pipe_reset(slow.other);
    hw_lane_drain(&rig->lane);
    hw_loop_settle(&rig->lane.loop);
    assert_int_equal(rig->lane.conn_count, 0);
    assert_false(rig->lane.loop.is_ended);
}

/* A drain waits for handlers, whoever waits for them. */
HW_TEST(lent_exchange_is_drained_without_its_client)
{
    test_rig rig = {0};
    hw_pipe *client = open_slow(&rig, drain_without_client);
    slow.other = client;
    rig_send(&rig, client, GET_SLOW);
    NEED_TRUE(slow.stalls == 1);
    assert_int_equal(rig.lane.counts.exchanges, 0);
    assert_true(rig.lane.loop.is_ended);
    hw_pipe_close(client);
    rig_close(&rig);
}

static void drain_too_long(test_rig *rig)
{
    drain_without_client(rig);
    let_ms_pass(rig, rig->shared.limits.drain_ms);
    assert_true(rig->lane.loop.is_ended);
    assert_false(rig->lane.is_cut);
}

static void end_at_once(test_rig *rig)
{
    hw_lane_drain(&rig->lane);
    assert_int_equal(rig->lane.conn_count, 1);
    hw_loop_post(&rig->lane.loop, &rig->lane.end_post);
    hw_loop_settle(&rig->lane.loop);
    assert_true(rig->lane.loop.is_ended);
}

HW_TEST(lent_exchange_outlives_its_loops_end)
{
    static void (*const ends[])(test_rig * rig) = {drain_too_long, end_at_once};
    for (size_t i = 0; i < ROWS(ends); i++) {
        test_rig rig = {0};
        hw_pipe *client = open_slow(&rig, ends[i]);
        slow.other = client;
        rig_send(&rig, client, GET_SLOW);
        NEED_TRUE(slow.stalls == 1);
        assert_int_equal(rig.lane.counts.exchanges, 0);
        hw_pipe_close(client);
        rig_close(&rig);
    }
}

static unsigned timeout_ms;

static void wait_in_vain(test_rig *rig)
{
    let_ms_pass(rig, timeout_ms - 1);
    assert_int_equal(hw_pipe_received(slow.other).length, 0);
    let_ms_pass(rig, 1);
    hw_text got = hw_pipe_received(slow.other);
    NEED_TRUE(hw_text_has_prefix(got, HW_TEXT("HTTP/1.1 504 Gateway Timeout\r\n")));
    assert_true(hw_pipe_is_ended(slow.other));
    hw_pipe_take(slow.other, got.length);
    NEED_TRUE(rig->records == 2); /* the other is the request behind it */
    assert_int_equal(rig->record[0].status, 504);
    assert_int_equal(rig->record[0].us, (uint64_t)timeout_ms * 1000);
    /* Without memory it says less. */
    NEED_TRUE(rig->record[0].referer_bytes == strlen("/here"));
    NEED_TRUE(rig->record[0].agent_bytes == strlen("probe"));
}

#define POST_SLOW                                                                                  \
    "POST /slow HTTP/1.1\r\nHost: a\r\nReferer: /here\r\nUser-Agent: probe\r\n"                    \
    "Content-Length: 3\r\n\r\nabc"

static void check_timeout(hw_pace *pace)
{
    test_rig rig = {.answerer = {.pace = pace}, .plan = {HW_PLAN_BUFFER, 1000}};
    hw_pipe *client = open_slow(&rig, wait_in_vain);
    slow.other = client;
    rig_send(&rig, client, POST_SLOW GET);
    NEED_TRUE(slow.stalls == 1);
    /* The late answer is nobody's, and the request behind it has none. */
    assert_int_equal(rig.record[0].bytes_in, 3);
    assert_int_equal(hw_pipe_received(client).length, 0);
    assert_int_equal(rig.lane.counts.exchanges, 0);
    assert_int_equal(rig.answers, 0);
    assert_int_equal(rig.records, 2);
    hw_pipe_close(client);
    hw_loop_settle(&rig.lane.loop);
    rig_close(&rig);
}

HW_TEST(lent_exchange_is_answered_504_in_the_end)
{
    hw_pace own = {.timeout_ms = 70};
    timeout_ms = hw_limits_default().answer_ms;
    check_timeout(NULL);
    timeout_ms = own.timeout_ms;
    check_timeout(&own);
}

/* Two stalls make it slow, and then it is not run on the loop any more. */
HW_TEST(lent_exchanges_teach_which_handler_is_slow)
{
    hw_pace pace = {0};
    test_rig rig = {.answerer = {.pace = &pace}};
    hw_pipe *client = open_slow(&rig, NULL);
    const hw_exchange exchange = {.answerer = NULL};
    for (unsigned i = 0; i < 2; i++) {
        assert_false(hw_answer_is_slow(&rig.lane, &exchange));
        rig_send(&rig, client, GET_SLOW);
        rig_expect(&rig, client, SLOW);
        rig_send(&rig, client, GET);
        rig_expect(&rig, client, HI);
    }
    assert_true(hw_answer_is_slow(&rig.lane, &exchange));
    hw_pipe_close(client);
    rig_close(&rig);
}

/* One now and then may be the system's doing. */
HW_TEST(lent_exchanges_now_and_then_teach_nothing)
{
    hw_pace pace = {0};
    test_rig rig = {.answerer = {.pace = &pace}};
    hw_pipe *client = open_slow(&rig, NULL);
    const hw_exchange exchange = {.answerer = NULL};
    for (unsigned i = 0; i < 5; i++) {
        rig_send(&rig, client, GET_SLOW);
        NEED_TRUE(slow.stalls == i + 1);
        let_ms_pass(&rig, 1001);
        assert_false(hw_answer_is_slow(&rig.lane, &exchange));
    }
    hw_pipe_close(client);
    rig_close(&rig);
}

static void answer_in_ms(void *arg, hw_exchange *exchange)
{
    hw_seam_clock_advance(*(unsigned *)arg * NS_PER_MS);
    (void)exchange;
}

/* So many quick runs in a row, and the loop may have it back. */
HW_TEST(lent_exchanges_teach_what_has_become_quick)
{
    unsigned ms = 0;
    hw_pace pace = {.aside_runs = 32};
    test_rig rig = {.answerer = {.answer = answer_in_ms, .arg = &ms, .pace = &pace}};
    hw_exchange exchange;
    hw_exchange_init(&exchange, 1024, 10000);
    rig.answerer.plan = NULL;
    hw_seam_clock_freeze(NS_PER_MS, 0);
    rig.shared.answerer = &rig.answerer;
    for (unsigned i = 0; i < 31; i++)
        hw_answer_run_aside(&rig.shared, &exchange);
    assert_int_equal(pace.aside_runs, 1);
    ms = 1;
    hw_answer_run_aside(&rig.shared, &exchange);
    assert_int_equal(pace.aside_runs, 32);
    ms = 0;
    for (unsigned i = 0; i < 40; i++)
        hw_answer_run_aside(&rig.shared, &exchange);
    assert_int_equal(pace.aside_runs, 0);
    hw_exchange_fini(&exchange);
}

static void stall_again(test_rig *rig)
{
    const hw_exchange exchange = {.answerer = NULL};
    assert_false(hw_answer_is_slow(&rig->lane, &exchange));
    if (slow.stalls < 2) {
        slow.other = rig_connect(rig, 1024);
        rig_send(rig, slow.other, GET_SLOW);
        return;
    }
    serve_another(rig);
    NEED_TRUE(hw_answer_is_slow(&rig->lane, &exchange));
}

/* It need not have returned for that: the next of its kind may be there already. */
HW_TEST(lent_exchanges_teach_it_at_once)
{
    hw_pace pace = {0};
    test_rig rig = {.answerer = {.pace = &pace}};
    hw_pipe *client = open_slow(&rig, stall_again);
    rig_send(&rig, client, GET_SLOW);
    NEED_TRUE(slow.stalls == 2);
    rig_expect(&rig, client, SLOW);
    rig_expect(&rig, slow.other, SLOW);
    assert_int_equal(pace.aside_runs, 32);
    hw_pipe_close(client);
    hw_pipe_close(slow.other);
    rig_close(&rig);
}

static void open_desk(rig_desk *desk, test_rig *rig)
{
    *rig = (test_rig){0};
    desk_init(desk, rig);
    rig_open(rig);
    desk_open(desk);
}

static hw_pipe *ask_desk(test_rig *rig)
{
    hw_pipe *client = rig_connect(rig, 64 * 1024);
    rig_send(rig, client, GET);
    return client;
}

static void close_desk(rig_desk *desk)
{
    rig_close(desk->rig);
    desk_fini(desk);
}

#define BUSY                                                                                       \
    "HTTP/1.1 503 Service Unavailable\r\n"                                                         \
    "Content-Type: text/plain; charset=utf-8\r\nRetry-After: 1\r\nContent-Length: 20\r\n" RIG_DATE \
    "\r\nService Unavailable\n"

HW_THREAD_TEST(lent_to_spares_as_many_as_may)
{
    test_rig rig;
    rig_desk desk;
    hw_pipe *clients[3];
    open_desk(&desk, &rig);
    for (size_t i = 0; i < ROWS(clients); i++) {
        clients[i] = ask_desk(&rig);
        desk_wait(&desk, 1);
        NEED_TRUE(hw_pipe_received(clients[i]).length == 0);
    }
    hw_pipe *refused = ask_desk(&rig);
    rig_expect(&rig, refused, BUSY);
    hw_pipe_close(refused);
    desk_finish(&desk);
    for (size_t i = 0; i < ROWS(clients); i++) {
        rig_expect(&rig, clients[i], SLOW);
        hw_pipe_close(clients[i]);
    }
    NEED_TRUE(desk.begun == 3);
    close_desk(&desk);
}

/* What waits for a spare is nobody's yet. */
HW_THREAD_TEST(lent_to_nobody_yet_ends_with_its_client)
{
    test_rig rig;
    rig_desk desk;
    open_desk(&desk, &rig);
    hw_pipe *first = ask_desk(&rig);
    desk_wait(&desk, 1);
    hw_pipe *second = ask_desk(&rig), *third = ask_desk(&rig);
    hw_pipe_reset(second);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(hw_pipe_is_closed(second));
    NEED_TRUE(rig.lane.counts.exchanges == 2);
    let_ms_pass(&rig, hw_limits_default().answer_ms);
    NEED_TRUE(hw_text_has_prefix(hw_pipe_received(third), HW_TEXT("HTTP/1.1 503 ")));
    NEED_TRUE(hw_text_has_prefix(hw_pipe_received(first), HW_TEXT("HTTP/1.1 504 ")));
    desk_finish(&desk);
    NEED_TRUE(desk.begun == 1);
    NEED_TRUE(rig.lane.counts.exchanges == 0);
    hw_pipe_close(first);
    hw_pipe_close(second);
    hw_pipe_close(third);
    close_desk(&desk);
}

/* Without a thread for it, the loop waits for the handler as it would without a crew. */
HW_TEST(lent_to_the_loop_when_there_is_no_spare)
{
    test_rig rig;
    rig_desk desk;
    open_desk(&desk, &rig);
    hw_sys_mutex_unlock(&desk.gate);
    hw_seam_fail("thread_start", 1, EAGAIN);
    hw_pipe *client = ask_desk(&rig);
    rig_expect(&rig, client, SLOW);
    hw_pipe_close(client);
    hw_loop_settle(&rig.lane.loop);
    hw_sys_mutex_lock(&desk.gate);
    desk_finish(&desk);
    close_desk(&desk);
}

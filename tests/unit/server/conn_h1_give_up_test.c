/* Handlers whose time is up while somebody else has the loop, and what their clients get. */
#include "exchange/client.h"
#include "exchange/flow.h"
#include "server/conn_h1.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "seam/seam.h"
#include "unit/server/rig.h"

#define NS_PER_MS INT64_C(1000000)
#define TIMEOUT_MS 70

/* The handler loses the loop, and what the test wants to happen happens inside it. */
static struct {
    test_rig rig;
    hw_pace pace;
    hw_pipe *client;
    void (*meanwhile)(hw_exchange *exchange);
    uint64_t failing; /* allocation from when the time is up, 0: none */
    unsigned runs;
    char got[2048]; /* by the client, all of it */
    size_t got_bytes;
} held;

static void answer_held(void *arg, hw_exchange *exchange)
{
    hw_loop *loop = &held.rig.lane.loop;
    (void)arg;
    held.runs++;
    rig_lose_loop(loop);
    hw_loop_settle(loop); /* its deadline is known, and it is fed */
    held.meanwhile(exchange);
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, HW_TEXT("late"));
}

static void open_held(hw_body_plan plan, void (*meanwhile)(hw_exchange *exchange), size_t room)
{
    memset(&held, 0, sizeof held);
    held.pace.timeout_ms = TIMEOUT_MS;
    held.meanwhile = meanwhile;
    held.rig.plan = plan;
    held.rig.answerer.answer = answer_held;
    held.rig.answerer.pace = &held.pace;
    rig_open(&held.rig);
    held.client = rig_connect(&held.rig, room);
}

static void close_held(void)
{
    hw_pipe_close(held.client);
    hw_loop_settle(&held.rig.lane.loop);
    assert_int_equal(held.rig.lane.counts.exchanges, 0);
    rig_close(&held.rig);
}

static void pass_held_ms(unsigned ms)
{
    hw_seam_clock_advance(ms * NS_PER_MS);
    hw_loop_step(&held.rig.lane.loop, false);
    hw_loop_settle(&held.rig.lane.loop);
}

/* The client takes what there is until nothing more comes. */
static void take_all(void)
{
    for (hw_text got; (got = hw_pipe_received(held.client)).length > 0;) {
        assert_true(held.got_bytes + got.length < sizeof held.got);
        memcpy(held.got + held.got_bytes, got.at, got.length);
        held.got_bytes += got.length;
        hw_pipe_take(held.client, got.length);
        hw_loop_settle(&held.rig.lane.loop);
    }
    held.got[held.got_bytes] = '\0';
}

static void let_time_be_up(hw_exchange *exchange)
{
    (void)exchange;
    pass_held_ms(TIMEOUT_MS - 1);
    take_all();
    assert_int_equal(held.got_bytes, 0);
    hw_seam_fail_allocations_from(held.failing);
    pass_held_ms(1);
    if (held.failing)
        hw_seam_fail_allocations_from(0);
    take_all();
}

#define POST_EXPECTING                                                                             \
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define TIMED_OUT "HTTP/1.1 504 Gateway Timeout\r\n"

/* The socket is full in the middle of the interim response, and the client takes nothing more before
 * the handler's time is up. */
static void let_time_be_up_behind_interim(hw_exchange *exchange)
{
    (void)exchange;
    NEED_TRUE(hw_pipe_received(held.client).length == 10);
    if (held.failing)
        hw_seam_fail_allocation(held.failing);
    pass_held_ms(TIMEOUT_MS);
    if (held.failing)
        hw_seam_fail_allocation(0);
    take_all();
}

static void send_expecting(void)
{
    rig_send(&held.rig, held.client, POST_EXPECTING);
    rig_send(&held.rig, held.client, "abc"); /* it need not wait to be asked */
    NEED_TRUE(held.runs == 1);
}

HW_TEST(give_up_ends_an_interim_response_that_has_begun_to_leave)
{
    open_held((hw_body_plan){HW_PLAN_BUFFER, 1000}, let_time_be_up_behind_interim, 10);
    send_expecting();
    NEED_TRUE(held.got_bytes > sizeof CONTINUE TIMED_OUT);
    assert_memory_equal(held.got, CONTINUE TIMED_OUT, sizeof CONTINUE TIMED_OUT - 1);
    assert_null(strstr(held.got, "late"));
    assert_true(hw_pipe_is_ended(held.client));
    NEED_TRUE(held.rig.records == 1);
    assert_int_equal(held.rig.record[0].status, 504);
    assert_int_equal(held.rig.record[0].bytes_in, 3);
    assert_true(held.rig.record[0].is_complete);
    close_held();
}

/* The client gets no other answer in the middle of the interim one: without memory for what it has
 * not taken of that, it gets none. */
HW_TEST(give_up_without_memory_says_nothing_within_an_interim_response)
{
    unsigned closed = 0;
    for (uint64_t nth = 1; nth <= 8; nth++) {
        open_held((hw_body_plan){HW_PLAN_BUFFER, 1000}, let_time_be_up_behind_interim, 10);
        held.failing = nth;
        send_expecting();
        size_t whole = sizeof CONTINUE - 1;
        size_t known = held.got_bytes < whole ? held.got_bytes : whole;
        assert_memory_equal(held.got, CONTINUE, known);
        bool is_answered = held.got_bytes > whole;
        closed += !is_answered;
        if (is_answered)
            assert_memory_equal(held.got + whole, "HTTP/1.1 50", 11);
        assert_true(hw_pipe_is_ended(held.client));
        close_held();
    }
    assert_in_range(closed, 1, 7);
}

/* What the record tells of the request is copied as far as there is memory for it; its client gets an
 * answer, or the end, all the same. Each length leaves another part of the request without room. */
HW_TEST(give_up_without_memory_tells_less)
{
    for (int length = 1500; length < 2100; length += 8) {
        char request[3000];
        snprintf(request, sizeof request,
                 "GET /%0*d HTTP/1.1\r\nHost: host.test\r\nReferer: https://there.test/from\r\n"
                 "User-Agent: probe\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n",
                 length, 0);
        open_held((hw_body_plan){0}, let_time_be_up, 64 * 1024);
        held.failing = 3;
        rig_send(&held.rig, held.client, request);
        NEED_TRUE(held.runs == 1);
        assert_true(hw_pipe_is_ended(held.client));
        if (held.got_bytes > 0)
            assert_memory_equal(held.got, "HTTP/1.1 50", 11);
        NEED_TRUE(held.rig.records == 1);
        close_held();
    }
}

static char told_peer[64];
static int told_status;

static void note_peer(void *arg, hw_sink_kind kind, const void *item)
{
    const hw_record *record = item;
    (void)arg;
    if (kind != HW_SINK_RECORD)
        return;
    told_status = record->status;
    snprintf(told_peer, sizeof told_peer, "%.*s", HW_TEXT_ARGS(record->peer));
}

/* A trusted proxy says for whom it asks, and the record tells it of the late answer too. */
HW_TEST(give_up_tells_for_whom_a_proxy_has_asked)
{
    static const char *const fields[] = {"X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7"};
    for (size_t i = 0; i < ROWS(fields); i++) {
        char request[200];
        hw_text bad;
        const char *words;
        hw_cidrs proxies;
        hw_arena arena;
        hw_arena_init(&arena, 1024, 65536);
        HW_NEED_OK(hw_cidrs_parse(HW_TEXT("10.0.0.0/8"), &arena, &bad, &words, &proxies));
        open_held((hw_body_plan){0}, let_time_be_up, 64 * 1024);
        held.rig.lane.place.proxies = &proxies;
        held.rig.sink.take = note_peer;
        rig_conn(&held.rig)->conn.stream->peer = (hw_peer){{10, 0, 0, 1}, AF_INET};
        snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", fields[i]);
        rig_send(&held.rig, held.client, request);
        NEED_TRUE(held.runs == 1 && told_status == 504);
        NEED_TRUE(strcmp(told_peer, "192.0.2.7") == 0);
        close_held();
        hw_arena_fini(&arena);
    }
}

/* It has read something in time, and is given as much time again; then nothing. */
static void read_now_and_then(hw_exchange *exchange)
{
    char bytes[16];
    assert_int_equal(hw_flow_read(exchange->intake, bytes, sizeof bytes), 4);
    assert_memory_equal(bytes, "once", 4);
    pass_held_ms(TIMEOUT_MS);
    take_all();
    assert_int_equal(held.got_bytes, 0);
    pass_held_ms(TIMEOUT_MS - 1);
    take_all();
    assert_int_equal(held.got_bytes, 0);
    pass_held_ms(1);
    take_all();
    assert_int_equal(hw_flow_state(exchange->intake), -EPIPE);
}

HW_TEST(give_up_leaves_time_to_a_handler_that_reads_on)
{
    open_held((hw_body_plan){HW_PLAN_READ, 1000}, read_now_and_then, 64 * 1024);
    rig_send(&held.rig, held.client,
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonce");
    NEED_TRUE(held.runs == 1);
    NEED_TRUE(held.got_bytes > sizeof TIMED_OUT);
    assert_memory_equal(held.got, TIMED_OUT, sizeof TIMED_OUT - 1);
    assert_true(hw_pipe_is_ended(held.client));
    close_held();
}

/* RFC 9110 6.5: nobody reads trailers from a flow. */
static void read_to_the_end(hw_exchange *exchange)
{
    char bytes[16];
    rig_send(&held.rig, held.client, "c\r\n0\r\nX-Sum: 1\r\n\r\n");
    assert_int_equal(hw_flow_read(exchange->intake, bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(hw_flow_read(exchange->intake, bytes, sizeof bytes), 0);
    assert_int_equal(exchange->request.trailers.count, 0);
}

HW_TEST(give_up_is_not_for_a_handler_that_has_read_all)
{
    open_held((hw_body_plan){HW_PLAN_READ, 1000}, read_to_the_end, 64 * 1024);
    rig_send(&held.rig, held.client,
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
    NEED_TRUE(held.runs == 1);
    rig_expect(&held.rig, held.client,
               "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n" RIG_DATE "\r\nlate");
    close_held();
}

static void read_too_slow_content(hw_exchange *exchange)
{
    pass_held_ms(2000);
    assert_int_equal(hw_flow_state(exchange->intake), -ETIMEDOUT);
}

/* The client is too slow, and not the handler: RFC 9110 15.5.9. */
HW_TEST(give_up_blames_the_client_whose_content_does_not_come)
{
    open_held((hw_body_plan){HW_PLAN_READ, 1000}, read_too_slow_content, 64 * 1024);
    held.pace.timeout_ms = 60 * 1000;
    held.rig.shared.limits.body_grace_ms = held.rig.shared.limits.body_window_ms = 1000;
    rig_send(&held.rig, held.client,
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonce");
    NEED_TRUE(held.runs == 1);
    take_all();
    NEED_TRUE(held.got_bytes > 0);
    assert_memory_equal(held.got, "HTTP/1.1 408 ", 13);
    assert_true(hw_pipe_is_ended(held.client));
    close_held();
}

static void lose_client_and_wake(hw_exchange *exchange)
{
    hw_pipe_reset(held.client);
    hw_loop_settle(&held.rig.lane.loop);
    assert_int_equal(held.rig.lane.conn_count, 0);
    exchange->carrier->wake(exchange);
    hw_loop_settle(&held.rig.lane.loop);
    assert_int_equal(held.rig.lane.counts.exchanges, 1);
}

/* Who still has it may say that there is something to send: there is nobody any more. */
HW_TEST(give_up_wakes_nobody_who_is_gone)
{
    open_held((hw_body_plan){0}, lose_client_and_wake, 1024);
    rig_send(&held.rig, held.client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    NEED_TRUE(held.runs == 1);
    NEED_TRUE(held.rig.records == 1);
    assert_false(held.rig.record[0].is_complete);
    close_held();
}

#include "server/answer.h"

#include <limits.h>

#include "seam/seam.h"
#include "unit/server/rig.h"

static bool answer_quickly(void *arg, hw_exchange *exchange)
{
    (void)arg;
    int *count = hw_exchange_local(exchange, 1);
    if (exchange->request.path.text.length > 1)
        return false;
    ++*count;
    hw_response_plain(&exchange->response, 200, "quick");
    return true;
}

static void answer_slowly(void *arg, hw_exchange *exchange)
{
    (void)arg;
    assert_false(exchange->is_quick);
    hw_response_plain(&exchange->response, 200, "slow");
}

static const hw_local two_locals[] = {{.size = 1}, {.size = sizeof(int)}};

HW_TEST(answer_takes_the_quick_step_first)
{
    test_rig rig = {.answerer = {.quick = answer_quickly, .answer = answer_slowly},
                    .shared = {.locals = two_locals, .local_count = 2}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client,
             "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_expect(&rig, client,
               "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
               "Content-Length: 6\r\n" RIG_DATE "\r\nquick\n"
               "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
               "Content-Length: 5\r\n" RIG_DATE "\r\nslow\n");
    assert_int_equal(*(int *)rig.lane.place.locals[1], 1);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* Who looks after handlers that hold a loop up has nothing to look at there. */
HW_TEST(answer_of_a_quick_step_is_not_marked)
{
    test_rig rig = {.answerer = {.quick = answer_quickly, .answer = answer_slowly},
                    .shared = {.locals = two_locals, .local_count = 2}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(rig.lane.loop.mark.value, 0);
    rig_send(&rig, client, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    NEED_TRUE(rig.lane.loop.mark.value == 2);
    hw_pipe_close(client);
    rig_close(&rig);
}

static void answer_nothing(void *arg, hw_exchange *exchange)
{
    (void)arg;
    (void)exchange;
}

HW_TEST(answer_that_is_none_is_a_500_and_a_fault)
{
    test_rig rig = {.answerer = {.answer = answer_nothing}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_expect(&rig, client,
               "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n"
               "Content-Length: 22\r\n" RIG_DATE "\r\nInternal Server Error\n");
    assert_int_equal(rig.faults, 1);
    hw_pipe_close(client);
    rig_close(&rig);
}

static bool refuse_quickly(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_plain(&exchange->response, 403, NULL);
    return true;
}

/* The quick step answers before the body has a place to go to. */
HW_TEST(answer_of_a_quick_step_wants_no_body)
{
    static const hw_plan_kind kinds[] = {HW_PLAN_NONE, HW_PLAN_BUFFER, HW_PLAN_STREAM};
    for (size_t i = 0; i < ROWS(kinds); i++) {
        test_rig rig = {.answerer = {.quick = refuse_quickly}, .plan = {kinds[i], 1000}};
        rig_open(&rig);
        hw_pipe *client = rig_connect(&rig, 10000);
        rig_send(&rig, client,
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                 "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "5\r\nhello\r\n0\r\n\r\n");
#define FORBIDDEN                                                                                  \
    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\n"                        \
    "Content-Length: 10\r\n" RIG_DATE "\r\nForbidden\n"
        rig_expect(&rig, client, FORBIDDEN FORBIDDEN);
        assert_false(hw_pipe_is_closed(client));
        hw_pipe_close(client);
        rig_close(&rig);
    }
}

static int starvations; /* so often there is no descriptor */

static void answer_starving(void *arg, hw_exchange *exchange)
{
    (void)arg;
    if (starvations-- > 0)
        exchange->response.kind = HW_RESPONSE_STARVED;
    else
        hw_response_plain(&exchange->response, 200, "fed");
}

#define FED                                                                                        \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"                               \
    "Content-Length: 4\r\n" RIG_DATE "\r\nfed\n"

HW_TEST(answer_that_starves_is_asked_again_when_another_is_done)
{
    test_rig rig = {.answerer = {.answer = answer_starving}};
    rig_open(&rig);
    hw_pipe *one = rig_connect(&rig, 10000), *other = rig_connect(&rig, 10000);
    starvations = 1;
    rig_send(&rig, one, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_expect(&rig, one, "");
    rig_send(&rig, other, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_expect(&rig, other, FED);
    rig_expect(&rig, one, FED);
    hw_pipe_close(one);
    hw_pipe_close(other);
    rig_close(&rig);
}

HW_TEST(answer_that_starves_does_not_wait_for_ever)
{
    test_rig rig = {.answerer = {.answer = answer_starving}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    starvations = INT_MAX;
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    hw_seam_clock_advance(9999 * INT64_C(1000000));
    hw_loop_settle(&rig.lane.loop);
    hw_lane_feed_all(&rig.lane);
    hw_loop_settle(&rig.lane.loop);
    rig_expect(&rig, client, "");
    hw_seam_clock_advance(INT64_C(1000000));
    hw_loop_settle(&rig.lane.loop);
    hw_lane_feed_all(&rig.lane);
    hw_loop_settle(&rig.lane.loop);
    hw_text received = hw_pipe_received(client);
    NEED_TRUE(received.length > 0);
    assert_true(hw_text_has_prefix(received, HW_TEXT("HTTP/1.1 503 Service Unavailable\r\n")));
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(answer_that_starves_goes_with_its_client)
{
    test_rig rig = {.answerer = {.answer = answer_starving}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    starvations = INT_MAX;
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    hw_pipe_reset(client);
    hw_pipe_close(client);
    hw_loop_settle(&rig.lane.loop);
    hw_lane_cut(&rig.lane);
    assert_true(hw_list_is_empty(&rig.lane.starved));
    rig_close(&rig);
}

static bool answer_first_quickly(void *arg, hw_exchange *exchange)
{
    (void)arg;
    if (exchange->request.path.text.length > 1)
        return false;
    hw_response_plain(&exchange->response, 200, "fed");
    return true;
}

HW_TEST(answer_that_starves_does_not_hold_those_before_it)
{
    test_rig rig = {.answerer = {.quick = answer_first_quickly, .answer = answer_starving}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    starvations = 2; /* once more when the first is done */
    rig_send(&rig, client,
             "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /starved HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_expect(&rig, client, FED);
    hw_lane_feed_all(&rig.lane);
    hw_loop_settle(&rig.lane.loop);
    rig_expect(&rig, client, FED);
    hw_pipe_close(client);
    rig_close(&rig);
}

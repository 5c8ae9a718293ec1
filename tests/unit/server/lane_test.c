#include "server/lane.h"

#include "http/date.h"
#include "seam/seam.h"
#include "unit/server/rig.h"

#include <string.h>

#define NS_PER_S INT64_C(1000000000)

static int made, freed, fails_at;

typedef struct lane_local {
    int number;
} lane_local;

static int make_local(void *local, void *arg, const hw_share *share)
{
    lane_local *self = local;
    assert_int_equal(self->number, 0);
    assert_ptr_equal(arg, &made);
    assert_int_equal(share->bytes_max, 1000);
    assert_int_equal(share->descriptors_max, 3);
    if (++made == fails_at)
        return -EIO;
    self->number = made;
    return 0;
}

static void free_local(void *local)
{
    assert_in_range(((lane_local *)local)->number, 1, 3);
    freed++;
}

static const hw_local three_locals[] = {
    {.size = sizeof(lane_local), .init = make_local, .fini = free_local, .arg = &made},
    {.size = 100},
    {.size = sizeof(lane_local), .init = make_local, .fini = free_local, .arg = &made},
};

HW_TEST(lane_makes_and_frees_the_locals)
{
    test_rig rig = {.shared = {.locals = three_locals, .local_count = 3, .share = {1000, 3}}};
    made = freed = fails_at = 0;
    rig_open(&rig);
    assert_int_equal(made, 2);
    assert_int_equal(rig.lane.place.local_count, 3);
    assert_int_equal(((lane_local *)rig.lane.place.locals[2])->number, 2);
    rig_close(&rig);
    assert_int_equal(freed, 2);
}

HW_TEST(lane_frees_the_locals_it_has_made_when_one_fails)
{
    test_rig rig = {.shared = {.locals = three_locals, .local_count = 3, .share = {1000, 3}}};
    hw_lane lane;
    made = freed = fails_at = 0;
    rig_open(&rig);
    for (fails_at = 3; fails_at <= 4; fails_at++) {
        made = 2;
        freed = 0;
        int error = hw_lane_init(&lane, &rig.shared, HW_LOOP_MANUAL);
        if (error == -ENOMEM)
            hw_test_out_of_memory();
        assert_int_equal(error, -EIO);
        assert_int_equal(freed, fails_at - 3);
        hw_lane_fini(&lane);
    }
    rig_close(&rig);
}

HW_TEST(lane_cannot_be_made_without_descriptors)
{
    test_rig rig = {0};
    hw_lane lane;
    rig_open(&rig);
    hw_seam_fail("event_new", 1, EMFILE);
    assert_int_equal(hw_lane_init(&lane, &rig.shared, HW_LOOP_POLL), -EMFILE);
    hw_lane_fini(&lane);
    lane = (hw_lane){0};
    hw_lane_fini(&lane);
    rig_close(&rig);
}

static void pass_ns(test_rig *rig, int64_t ns)
{
    hw_seam_clock_advance(ns);
    hw_loop_settle(&rig->lane.loop);
}

HW_TEST(lane_formats_the_date_once_a_second)
{
    test_rig rig = {0};
    rig_open(&rig);
    assert_text(hw_lane_date(&rig.lane), RIG_DATE);
    rig.lane.date[0] = 'X';
    pass_ns(&rig, 999999999);
    assert_text(hw_lane_date(&rig.lane), "Xate: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    pass_ns(&rig, 1);
    assert_text(hw_lane_date(&rig.lane), "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
    assert_int_equal(hw_lane_wall_ms(&rig.lane), INT64_C(784111778000));
    rig_close(&rig);
}

HW_TEST(lane_sees_soon_that_the_wall_clock_was_moved)
{
    test_rig rig = {0};
    rig_open(&rig);
    assert_int_equal(hw_lane_wall_ms(&rig.lane), INT64_C(784111777000));
    pass_ns(&rig, 1000000);
    hw_seam_clock_freeze(rig.lane.loop.now_ns, 5000000);
    assert_int_equal(hw_lane_wall_ms(&rig.lane), INT64_C(784111777001));
    pass_ns(&rig, 249000000);
    assert_int_equal(hw_lane_wall_ms(&rig.lane), 254);
    rig_close(&rig);
}

/* What has arrived begins with this; an injected failure may have put something else there. */
static hw_text expect_start(hw_pipe *client, const char *start)
{
    hw_text heard = hw_pipe_received(client);
    bool is_so = hw_text_has_prefix(heard, hw_text_of(start));
    if (!is_so && hw_test_is_struck())
        hw_test_out_of_memory();
    if (!is_so)
        fail_msg("\"%.*s\" does not begin with \"%s\"", HW_TEXT_ARGS(heard), start);
    return heard;
}

/* Half a head, and the wall clock set by so many years: what is heard at the deadline, not
 * before. */
static void expect_deadline_across(int64_t years)
{
    static const int64_t start_s = 784111777, year_s = 31556952;
    test_rig rig = {0};
    char date[HW_DATE_BYTES];
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 64 * 1024);
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\nAnd-so");
    pass_ns(&rig, NS_PER_S);
    int64_t wall_s = start_s + years * year_s;
    hw_seam_clock_freeze(rig.lane.loop.now_ns, wall_s * NS_PER_S);
    int64_t rest_ns = NS_PER_S * (rig.shared.limits.head_ms / 1000 - 1);
    pass_ns(&rig, rest_ns - 1000000);
    rig_expect(&rig, client, "");
    pass_ns(&rig, 1000000);
    hw_text heard = expect_start(client, "HTTP/1.1 408 Request Timeout\r\n");
    hw_date_format(wall_s + rest_ns / NS_PER_S, date);
    assert_non_null(memmem(heard.at, heard.length, date, strlen(date)));
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(lane_deadlines_hear_nothing_of_the_wall_clock)
{
    expect_deadline_across(24);
    expect_deadline_across(-24);
}

HW_TEST(lane_lives_through_years_in_one_step)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *idle = rig_connect(&rig, 64 * 1024), *half = rig_connect(&rig, 64 * 1024);
    rig_send(&rig, half, "GET / HTTP/1.1\r\n");
    pass_ns(&rig, 30 * 31556952 * NS_PER_S);
    expect_start(half, "HTTP/1.1 408 Request Timeout\r\n");
    hw_pipe_close(half);
    hw_pipe_close(idle);
    hw_loop_settle(&rig.lane.loop);
    assert_int_equal(rig.lane.conn_count, 0);
    hw_pipe *client = rig_connect(&rig, 64 * 1024);
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    hw_text heard = expect_start(client, "HTTP/1.1 200 OK\r\n");
    assert_non_null(memmem(heard.at, heard.length, "Nov 2024", 8));
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(lane_without_connections_ends_with_the_drain)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_lane_drain(&rig.lane);
    assert_true(rig.lane.loop.is_ended);
    hw_lane_drain(&rig.lane);
    rig_close(&rig);
}

HW_TEST(lane_closes_idle_connections_and_waits_for_the_others)
{
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 100}};
    rig_open(&rig);
    hw_pipe *idle = rig_connect(&rig, 10000), *busy = rig_connect(&rig, 10000);
    rig_send(&rig, idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_expect(&rig, idle, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" RIG_DATE "\r\nhi");
    rig_send(&rig, busy, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
    NEED_TRUE(rig.lane.conn_count == 2);
    hw_lane_drain(&rig.lane);
    hw_loop_settle(&rig.lane.loop);
    assert_true(hw_pipe_is_closed(idle));
    assert_int_equal(rig.lane.conn_count, 1);
    assert_false(rig.lane.loop.is_ended);
    rig_send(&rig, busy, "b");
    rig_expect(&rig, busy,
               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" RIG_DATE "Connection: close\r\n\r\nhi");
    hw_pipe_close(busy);
    hw_pipe_close(idle);
    hw_loop_settle(&rig.lane.loop);
    assert_int_equal(rig.lane.conn_count, 0);
    assert_true(rig.lane.loop.is_ended);
    assert_false(rig.lane.is_cut);
    rig_close(&rig);
}

HW_TEST(lane_cuts_what_does_not_end_in_time)
{
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 100}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig.shared.limits.drain_ms = 1000;
    rig_send(&rig, client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
    NEED_TRUE(rig.lane.conn_count == 1);
    hw_lane_drain(&rig.lane);
    hw_seam_clock_advance(999 * INT64_C(1000000));
    hw_loop_settle(&rig.lane.loop);
    assert_int_equal(rig.lane.conn_count, 1);
    hw_seam_clock_advance(1000000);
    hw_loop_settle(&rig.lane.loop);
    assert_int_equal(rig.lane.conn_count, 0);
    assert_true(rig.lane.is_cut && rig.lane.loop.is_ended);
    assert_true(hw_pipe_is_closed(client));
    assert_int_equal(rig.records, 1);
    NEED_TRUE(rig.record[0].status == 0);
    assert_false(rig.record[0].is_complete);
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(lane_is_ended_by_posts)
{
    test_rig rig = {0};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client, "GET / HT");
    hw_loop_post(&rig.lane.loop, &rig.lane.drain_post);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(rig.lane.conn_count == 1);
    hw_loop_post(&rig.lane.loop, &rig.lane.end_post);
    hw_loop_settle(&rig.lane.loop);
    assert_int_equal(rig.lane.conn_count, 0);
    assert_true(rig.lane.loop.is_ended);
    hw_pipe_close(client);
    rig_close(&rig);
}

HW_TEST(lane_keeps_a_bounded_number_of_spare_exchanges)
{
    test_rig rig = {.plan = {HW_PLAN_BUFFER, 100}};
    hw_pipe *clients[5];
    rig_open(&rig);
    for (size_t i = 0; i < ROWS(clients); i++)
        clients[i] = rig_connect(&rig, 10);
    /* Sixteen at a time wait on each connection, for the client takes nothing. */
    for (size_t i = 0; i < ROWS(clients); i++)
        for (int j = 0; j < 20; j++)
            NEED_TRUE(hw_pipe_send(clients[i], HW_TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 0);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(rig.lane.counts.exchanges == 16 * ROWS(clients));
    for (size_t i = 0; i < ROWS(clients); i++)
        hw_pipe_close(clients[i]);
    hw_loop_settle(&rig.lane.loop);
    assert_int_equal(rig.lane.counts.exchanges, 0);
    assert_int_equal(rig.lane.spare_count, 64);
    rig_close(&rig);
}

typedef struct seen_moments {
    int ticks, idles;
} seen_moments;

static void count_moment(void *arg, hw_sink_kind kind, const void *item)
{
    seen_moments *seen = arg;
    assert_null(item);
    seen->ticks += kind == HW_SINK_TICK;
    seen->idles += kind == HW_SINK_IDLE;
}

HW_TEST(lane_tells_its_sink_of_every_second_to_the_end)
{
    test_rig rig = {0};
    seen_moments seen = {0};
    rig_open(&rig);
    rig.sink = (hw_sink){.take = count_moment, .arg = &seen, .ticks = true};
    int error = hw_lane_listen(&rig.lane);
    for (int second = 1; error == 0 && second <= 3; second++) {
        hw_seam_clock_advance(1000000000);
        hw_loop_settle(&rig.lane.loop);
        assert_int_equal(seen.ticks, second);
        if (second == 2)
            hw_lane_drain(&rig.lane);
    }
    rig_close(&rig);
    HW_NEED_OK(error);
}

HW_TEST(lane_tells_its_own_sink_before_it_waits)
{
    seen_moments seen[2] = {{0}};
    hw_lane lanes[3];
    memset(lanes, 0, sizeof lanes);
    hw_sink sinks[2];
    for (int i = 0; i < 2; i++)
        sinks[i] = (hw_sink){.take = count_moment, .arg = &seen[i], .idles = i == 1};
    hw_shared shared = {.sinks = sinks, .sink_count = 2, .lanes = lanes, .lane_count = 3};
    int error = 0;
    for (int i = 0; i < 3 && error == 0; i++) {
        error = hw_lane_init(&lanes[i], &shared, HW_LOOP_POLL);
        if (error < 0)
            break;
        hw_loop_wake(&lanes[i].loop);
        hw_loop_step(&lanes[i].loop, true);
    }
    for (int i = 0; i < 3; i++)
        hw_lane_fini(&lanes[i]);
    HW_NEED_OK(error);
    assert_int_equal(seen[0].idles, 0);
    assert_int_equal(seen[1].idles, 1);
    shared.sink_count = 0;
    HW_NEED_OK(hw_lane_init(&lanes[0], &shared, HW_LOOP_MANUAL));
    assert_null(lanes[0].place.sink);
    hw_lane_fini(&lanes[0]);
}

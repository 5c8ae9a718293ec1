#include "exchange/exchange.h"
#include "exchange/flow.h"

#include "seam/seam.h"
#include "unit/base/death.h"
#include "unit/http/http_harness.h"

#include <errno.h>
#include <string.h>

static int wakes;

static void count_wake(hw_exchange *exchange)
{
    (void)exchange;
    wakes++;
}

static const hw_carrier_ops carrier = {.wake = count_wake};
static const hw_place nowhere = {0};

static void init_exchange(hw_exchange *exchange)
{
    wakes = 0;
    hw_exchange_init(exchange, 1024, 256 * 1024);
}

static const hw_problem *begin_target(hw_exchange *exchange, hw_method method, const char *target,
                                      uint64_t length)
{
    exchange->request = (hw_request){
        .method = method,
        .method_name = HW_TEXT("ANY"),
        .raw_target = hw_text_of(target),
        .protocol = HW_TEXT("HTTP/1.1"),
        .fields = FIELDS(FIELD(HOST, "host.field")),
        .content_length = length,
    };
    return hw_exchange_begin(exchange, false, &carrier, &nowhere, 1000, 2000);
}

static void begin_post(hw_exchange *exchange, uint64_t length, hw_plan_kind kind, uint64_t limit)
{
    init_exchange(exchange);
    if (begin_target(exchange, HW_METHOD_POST, "/", length))
        hw_test_out_of_memory();
    exchange->plan = (hw_body_plan){kind, limit};
    HW_NEED_OK(hw_exchange_expect(exchange));
}

/* What is known to be plain is read as anything else is. */
static void assert_same_reading(const hw_request *plain, const hw_request *other)
{
    assert_int_equal(plain->target.form, other->target.form);
    assert_int_equal(plain->target.has_query, other->target.has_query);
    assert_text(plain->target.path, other->target.path.at);
    assert_text(plain->path.text, other->path.text.at);
    assert_text(plain->below.text, other->below.text.at);
    assert_text(plain->host, other->host.at);
    assert_int_equal(plain->target.scheme.length + plain->target.authority.length +
                         plain->target.query.length,
                     0);
}

HW_TEST(exchange_takes_a_plain_target_as_it_is)
{
    static const char *const targets[] = {"/", "/a", "/there/is/none.html", "/a/b/"};
    for (size_t i = 0; i < ROWS(targets); i++) {
        hw_exchange plain, other;
        init_exchange(&plain);
        init_exchange(&other);
        if (begin_target(&other, HW_METHOD_GET, targets[i], 0))
            hw_test_out_of_memory();
        plain.request = other.request;
        plain.request.fields = FIELDS(FIELD(HOST, "host.field"));
        plain.request.path.text = plain.request.below.text = HW_TEXT("/of/another");
        plain.request.target = (hw_target){.form = HW_TARGET_ABSOLUTE, .has_query = true};
        assert_null(hw_exchange_begin(&plain, true, &carrier, &nowhere, 1000, 2000));
        assert_same_reading(&plain.request, &other.request);
        assert_ptr_equal(plain.request.path.text.at, targets[i]);
        plain.request.method = HW_METHOD_CONNECT;
        assert_non_null(hw_exchange_begin(&plain, true, &carrier, &nowhere, 1000, 2000));
        hw_exchange_fini(&plain);
        hw_exchange_fini(&other);
    }
}

HW_TEST(exchange_reads_target_host_and_path)
{
    static const struct {
        hw_method method;
        const char *target, *host, *path;
        int status;
    } rows[] = {
        {HW_METHOD_GET, "/a%20b/../c?q", "host.field", "/c", 0},
        {HW_METHOD_GET, "http://other:80/x", "other:80", "/x", 0},
        {HW_METHOD_GET, "http://other", "other", "/", 0},
        {HW_METHOD_OPTIONS, "*", "host.field", "", 0},
        {HW_METHOD_CONNECT, "other:443", "other:443", "", 0},
        {HW_METHOD_GET, "http:///x", NULL, NULL, 400},
        {HW_METHOD_GET, "/%00", NULL, NULL, 400},
        {HW_METHOD_GET, "/%2f", NULL, NULL, 400},
        {HW_METHOD_GET, "*", NULL, NULL, 400},
        {HW_METHOD_GET, "", NULL, NULL, 400},
    };
    hw_exchange exchange;
    init_exchange(&exchange);
    for (size_t i = 0; i < ROWS(rows); i++) {
        const hw_problem *problem = begin_target(&exchange, rows[i].method, rows[i].target, 0);
        if (problem && problem->status == 503)
            hw_test_out_of_memory();
        if ((problem ? problem->status : 0) != rows[i].status)
            fail_msg("%s: %d", rows[i].target, problem ? problem->status : 0);
        if (!problem) {
            assert_text(exchange.request.host, rows[i].host);
            assert_text(exchange.request.path.text, rows[i].path);
            assert_text(exchange.request.below.text, rows[i].path);
        }
        assert_int_equal(exchange.now_ms, 1000);
        assert_int_equal(exchange.began_ns, 2000);
        hw_exchange_reset(&exchange);
    }
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_without_memory_for_the_path_is_503)
{
    hw_exchange exchange;
    init_exchange(&exchange);
    hw_seam_fail_allocation(1);
    const hw_problem *problem = begin_target(&exchange, HW_METHOD_GET, "/", 0);
    assert_non_null(problem);
    assert_int_equal(problem->status, 503);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_buffers_a_body_of_known_length)
{
    hw_exchange exchange;
    begin_post(&exchange, 6, HW_PLAN_BUFFER, 6);
    assert_int_equal(exchange.request.content.length, 0);
    assert_int_equal(exchange.request.content.at[0], '\0');
    HW_NEED_OK(hw_exchange_feed(&exchange, HW_TEXT("abc")));
    assert_text(exchange.request.content, "abc");
    assert_int_equal(exchange.request.content.at[3], '\0');
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("def")), 3);
    assert_text(exchange.request.content, "abcdef");
    assert_int_equal(exchange.request.content.at[6], '\0');
    assert_int_equal(exchange.fed, 6);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("g")), -EMSGSIZE);
    assert_int_equal(exchange.fed, 6);
    hw_exchange_feed_end(&exchange, FIELDS(FIELD(ETAG, "\"x\"")));
    assert_int_equal(exchange.request.trailers.count, 1);
    assert_null(exchange.request.body);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_buffers_a_body_of_unknown_length)
{
    static char bytes[10000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 253);
    static const uint64_t limits[] = {sizeof bytes, sizeof bytes + 1, 1000000};
    for (size_t i = 0; i < ROWS(limits); i++) {
        hw_exchange exchange;
        begin_post(&exchange, HW_LENGTH_UNKNOWN, HW_PLAN_BUFFER, limits[i]);
        for (size_t at = 0, step = 1; at < sizeof bytes; at += step, step = step * 2 + 1) {
            if (step > sizeof bytes - at)
                step = sizeof bytes - at;
            ssize_t taken = hw_exchange_feed(&exchange, (hw_text){bytes + at, step});
            HW_NEED_OK(taken);
            assert_int_equal(taken, step);
        }
        assert_int_equal(exchange.request.content.length, sizeof bytes);
        assert_memory_equal(exchange.request.content.at, bytes, sizeof bytes);
        assert_int_equal(exchange.request.content.at[sizeof bytes], '\0');
        assert_true(exchange.content_capacity <= limits[i]);
        if (limits[i] == sizeof bytes)
            assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("x")), -EMSGSIZE);
        hw_exchange_fini(&exchange);
    }
}

HW_TEST(exchange_with_a_limit_of_nothing)
{
    hw_exchange exchange;
    begin_post(&exchange, HW_LENGTH_UNKNOWN, HW_PLAN_BUFFER, 0);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("x")), -EMSGSIZE);
    hw_exchange_feed_end(&exchange, NO_FIELDS);
    assert_int_equal(exchange.request.content.length, 0);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_streams_a_body_within_bounds)
{
    static char many[100000];
    hw_exchange exchange;
    hw_piece piece;
    begin_post(&exchange, HW_LENGTH_UNKNOWN, HW_PLAN_STREAM, UINT64_MAX);
    hw_source *body = hw_exchange_take_body(&exchange);
    assert_non_null(body);
    assert_null(hw_exchange_take_body(&exchange));
    assert_true(body->length == HW_LENGTH_UNKNOWN);
    assert_int_equal(hw_source_pull(body, 10, &piece), HW_PULL_WAIT);
    ssize_t taken = hw_exchange_feed(&exchange, (hw_text){many, sizeof many});
    assert_in_range(taken, 1, sizeof many - 1);
    assert_int_equal(wakes, 1);
    assert_int_equal(exchange.fed, taken);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("x")), 0);
    assert_int_equal(hw_source_pull(body, 10, &piece), HW_PULL_BYTES);
    assert_int_equal(wakes, 1);
    assert_int_equal(hw_source_pull(body, SIZE_MAX, &piece), HW_PULL_BYTES);
    assert_int_equal(wakes, 2);
    hw_exchange_feed_end(&exchange, FIELDS(FIELD(ETAG, "\"x\"")));
    assert_int_equal(hw_source_pull(body, 10, &piece), HW_PULL_END);
    assert_int_equal(piece.trailers.count, 1);
    hw_source_drop(body);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_streams_no_more_than_the_limit)
{
    hw_exchange exchange;
    begin_post(&exchange, HW_LENGTH_UNKNOWN, HW_PLAN_STREAM, 4);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("abc")), 3);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("de")), -EMSGSIZE);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("d")), 1);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_of_a_small_body_has_a_small_ring)
{
    hw_exchange exchange;
    hw_piece piece;
    begin_post(&exchange, 3, HW_PLAN_STREAM, 100);
    assert_int_equal(exchange.inflow->capacity, 3);
    assert_int_equal(exchange.request.body->length, 3);
    hw_exchange_fini(&exchange);
    begin_post(&exchange, 0, HW_PLAN_STREAM, 100);
    hw_exchange_feed_end(&exchange, NO_FIELDS);
    assert_int_equal(hw_source_pull(exchange.request.body, 10, &piece), HW_PULL_END);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_whose_client_is_gone_breaks_its_body_off)
{
    hw_exchange exchange;
    hw_piece piece;
    begin_post(&exchange, 10, HW_PLAN_STREAM, 100);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("abc")), 3);
    hw_exchange_gone(&exchange);
    assert_true(exchange.is_gone);
    assert_int_equal(hw_source_pull(exchange.request.body, 10, &piece), HW_PULL_BYTES);
    assert_int_equal(hw_source_pull(exchange.request.body, 10, &piece), HW_PULL_FAILED);
    hw_exchange_fini(&exchange);

    begin_post(&exchange, 3, HW_PLAN_STREAM, 100);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("abc")), 3);
    hw_exchange_feed_end(&exchange, NO_FIELDS);
    hw_exchange_gone(&exchange);
    assert_int_equal(hw_source_pull(exchange.request.body, 10, &piece), HW_PULL_BYTES);
    assert_int_equal(hw_source_pull(exchange.request.body, 10, &piece), HW_PULL_END);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_becomes_a_tunnel)
{
    hw_exchange exchange;
    hw_piece piece;
    begin_post(&exchange, 0, HW_PLAN_NONE, 0);
    hw_source *source = hw_exchange_start_tunnel(&exchange, 101);
    HW_NEED(source);
    assert_int_equal(exchange.response.kind, HW_RESPONSE_TUNNEL);
    assert_int_equal(exchange.response.status, 101);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("hello")), 5);
    assert_int_equal(hw_source_pull(source, 10, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "hello");
    hw_source_drop(source);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_without_memory_for_a_tunnel_is_503)
{
    hw_exchange exchange;
    begin_post(&exchange, 5, HW_PLAN_NONE, 0);
    exchange.arena.bytes_max = exchange.arena.held;
    assert_null(hw_exchange_start_tunnel(&exchange, 101));
    assert_int_equal(exchange.response.kind, HW_RESPONSE_MESSAGE);
    assert_int_equal(exchange.response.status, 503);
    /* What still arrives has no ring to go to. */
    assert_int_equal(exchange.plan.kind, HW_PLAN_NONE);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_is_used_again_without_allocating)
{
    hw_exchange exchange;
    init_exchange(&exchange);
    uint64_t before = 0;
    for (int i = 0; i < 100; i++) {
        if (begin_target(&exchange, HW_METHOD_POST, "/a/b", 3))
            hw_test_out_of_memory();
        assert_int_equal(exchange.fed, 0);
        assert_int_equal(exchange.response.kind, HW_RESPONSE_NONE);
        assert_int_equal(exchange.request.content.length, 0);
        assert_false(exchange.is_answered || exchange.is_gone);
        exchange.plan = (hw_body_plan){HW_PLAN_BUFFER, 10};
        HW_NEED_OK(hw_exchange_expect(&exchange));
        assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("abc")), 3);
        exchange.is_answered = true;
        hw_response_plain(&exchange.response, 404, NULL);
        if (i == 0)
            before = hw_seam_allocations();
        hw_exchange_gone(&exchange);
        hw_exchange_reset(&exchange);
        assert_null(exchange.response.body);
    }
    assert_int_equal(hw_seam_allocations(), before);
    hw_exchange_fini(&exchange);
}

static void ask_for_local(void *arg)
{
    hw_exchange_local(arg, 0);
}

static void ask_for_second_local(void *arg)
{
    hw_exchange_local(arg, 1);
}

HW_TEST(exchange_gives_local_state_to_quick_steps_only)
{
    int state = 7;
    void *locals[] = {&state};
    hw_place place = {.locals = locals, .local_count = 1};
    hw_exchange exchange = {.place = &place};
    hw_test_expect_death(ask_for_local, &exchange, "is_quick");
    exchange.is_quick = true;
    assert_ptr_equal(hw_exchange_local(&exchange, 0), &state);
    hw_test_expect_death(ask_for_second_local, &exchange, "local_count");
}

/* What a quick step left lies in the arena: it must not outlive it. */
HW_TEST(exchange_leaves_nothing_to_the_next)
{
    const hw_place place = {.local_count = 1};
    hw_exchange exchange;
    int item;
    init_exchange(&exchange);
    if (begin_target(&exchange, HW_METHOD_GET, "/", 0))
        hw_test_out_of_memory();
    exchange.place = &place;
    exchange.is_quick = true;
    hw_exchange_leave(&exchange, 0, &item);
    assert_ptr_equal(exchange.left.item, &item);
    hw_exchange_reset(&exchange);
    assert_null(exchange.left.item);
    exchange.left.item = &item;
    if (begin_target(&exchange, HW_METHOD_GET, "/", 0))
        hw_test_out_of_memory();
    assert_null(exchange.left.item);
    hw_exchange_fini(&exchange);
}

/* Nobody has said how long it is, and all of it comes in one read. */
HW_TEST(exchange_grows_for_a_body_that_comes_at_once)
{
    static char much[5000];
    hw_exchange exchange;
    memset(much, 'm', sizeof much);
    begin_post(&exchange, HW_LENGTH_UNKNOWN, HW_PLAN_BUFFER, 10000);
    HW_NEED_OK(hw_exchange_feed(&exchange, (hw_text){much, sizeof much}) < 0 ? -ENOMEM : 0);
    assert_int_equal(exchange.request.content.length, sizeof much);
    assert_memory_equal(exchange.request.content.at, much, sizeof much);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_counts_what_nobody_wants)
{
    hw_exchange exchange;
    begin_post(&exchange, HW_LENGTH_UNKNOWN, HW_PLAN_NONE, 4);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("abc")), 3);
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("de")), -EMSGSIZE);
    assert_int_equal(exchange.fed, 3);
    assert_int_equal(exchange.request.content.length, 0);
    hw_exchange_fini(&exchange);
}

HW_TEST(exchange_that_is_gone_breaks_off_who_reads)
{
    hw_exchange exchange;
    char byte;
    begin_post(&exchange, 10, HW_PLAN_READ, 10);
    exchange.carrier = &hw_carrier_nobody;
    assert_int_equal(hw_exchange_feed(&exchange, HW_TEXT("ab")), 2);
    assert_int_equal(hw_flow_state(exchange.intake), 0);
    hw_exchange_gone(&exchange);
    assert_int_equal(hw_flow_state(exchange.intake), -EPIPE);
    assert_int_equal(hw_flow_read(exchange.intake, &byte, 1), -EPIPE);
    assert_true(atomic_load(&exchange.is_gone));
    hw_exchange_fini(&exchange);
}

/* There is no memory for the flow, or none for what waits in it. */
HW_TEST(exchange_without_memory_is_not_read_from)
{
    for (size_t left = 0; left <= 512; left += 512) {
        hw_exchange exchange;
        init_exchange(&exchange);
        if (begin_target(&exchange, HW_METHOD_POST, "/", HW_LENGTH_UNKNOWN))
            hw_test_out_of_memory();
        exchange.plan = (hw_body_plan){HW_PLAN_READ, HW_LENGTH_UNKNOWN};
        exchange.arena.bytes_max = exchange.arena.held + left;
        while (left == 0 && hw_arena_alloc(&exchange.arena, 1))
            continue;
        assert_int_equal(hw_exchange_expect(&exchange), -ENOMEM);
        assert_null(exchange.intake);
        hw_exchange_fini(&exchange);
    }
}

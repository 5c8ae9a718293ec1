#include "exchange/record.h"

#include "unit/http/http_harness.h"

typedef struct seen_records {
    int records, steps;
    hw_record last;
} seen_records;

static void take_record(void *arg, hw_sink_kind kind, const void *item)
{
    seen_records *seen = arg;
    if (kind == HW_SINK_STEP)
        seen->steps++;
    if (kind != HW_SINK_RECORD)
        return;
    seen->records++;
    seen->last = *(const hw_record *)item;
}

HW_TEST(record_tells_who_asked_and_what_was_answered)
{
    seen_records seen = {0};
    hw_sink sink = {.take = take_record, .arg = &seen, .steps = true, .records = true};
    hw_place place = {.sink = &sink};
    hw_exchange exchange = {
        .place = &place,
        .now_ms = 1234,
        .began_ns = 5000000,
        .fed = 17,
        .request = {.method_name = HW_TEXT("GET"),
                    .raw_target = HW_TEXT("/a?b"),
                    .protocol = HW_TEXT("HTTP/1.1"),
                    .peer = HW_TEXT("::1"),
                    .host = HW_TEXT("here"),
                    .fields = FIELDS(FIELD(REFERER, "from"), FIELD(USER_AGENT, "agent \x1b"))}};
    hw_record_put(&exchange, 206, true, 99, 7500999);
    assert_int_equal(seen.records, 1);
    assert_int_equal(seen.steps, 1);
    assert_text(seen.last.method, "GET");
    assert_text(seen.last.target, "/a?b");
    assert_text(seen.last.protocol, "HTTP/1.1");
    assert_text(seen.last.peer, "::1");
    assert_text(seen.last.host, "here");
    assert_text(seen.last.referer, "from");
    assert_text(seen.last.user_agent, "agent \x1b");
    assert_int_equal(seen.last.status, 206);
    assert_true(seen.last.is_complete);
    assert_int_equal(seen.last.bytes_in, 17);
    assert_int_equal(seen.last.bytes_out, 99);
    assert_int_equal(seen.last.us, 2500);
    assert_int_equal(seen.last.at_ms, 1234);
}

HW_TEST(record_of_a_request_that_never_was)
{
    seen_records seen = {0};
    hw_sink sink = {.take = take_record, .arg = &seen, .records = true};
    hw_place place = {.sink = &sink};
    hw_exchange exchange = {.place = &place};
    hw_record_put(&exchange, 0, false, 0, 0);
    assert_int_equal(seen.records, 1);
    assert_int_equal(seen.steps, 0);
    assert_int_equal(seen.last.method.length + seen.last.referer.length, 0);
    assert_false(seen.last.is_complete);
    sink.records = false;
    hw_record_put(&exchange, 200, true, 0, 0);
    place.sink = NULL;
    hw_record_put(&exchange, 200, true, 0, 0);
    assert_int_equal(seen.records, 1);
}

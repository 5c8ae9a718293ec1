#include "h2/frame.h"

#include "../harness.h"
#include "h2/session.h"

enum { DATA = 0, HEADERS = 1, PRIORITY = 2, PING = 6, CONTINUATION = 9, UNKNOWN = 200 };

/* NULL: nothing is wrong. Otherwise the section, and the code it must have. */
static const char *judge(hw_h2_begun *begun, hw_h2_frame frame, uint32_t code)
{
    uint32_t found;
    const hw_problem *problem = hw_h2_frame_judge(&frame, begun, &found);
    if (!problem)
        return NULL;
    assert_int_equal(problem->status, 400);
    assert_int_equal(found, code);
    return problem->section;
}

static const char *begin(hw_h2_begun *begun, uint32_t stream)
{
    return judge(begun, (hw_h2_frame){.type = HEADERS, .stream = stream}, HW_H2_PROTOCOL_ERROR);
}

HW_TEST(frame_is_taken_apart)
{
    hw_h2_frame frame = hw_h2_frame_of((const uint8_t *)"\1\2\3\4\5\xff\6\7\10");
    assert_int_equal(frame.length, 0x010203);
    assert_int_equal(frame.type, 4);
    assert_int_equal(frame.flags, 5);
    assert_int_equal(frame.stream, 0x7f060708);
}

HW_TEST(frame_is_as_large_as_may_be)
{
    static const uint8_t types[] = {DATA, HEADERS, PRIORITY, PING, CONTINUATION, UNKNOWN};
    for (size_t i = 0; i < sizeof types; i++) {
        hw_h2_begun begun = {0};
        hw_h2_frame frame = {.length = 16384, .type = types[i], .stream = 1};
        assert_null(judge(&begun, frame, 0));
        frame.length = 16385;
        assert_string_equal(judge(&begun, frame, HW_H2_FRAME_SIZE_ERROR), "RFC 9113 4.2");
        frame.length = 0xffffff;
        assert_string_equal(judge(&begun, frame, HW_H2_FRAME_SIZE_ERROR), "RFC 9113 4.2");
    }
}

HW_TEST(frame_of_priority_has_a_stream)
{
    hw_h2_begun begun = {0};
    hw_h2_frame frame = {.length = 5, .type = PRIORITY, .stream = 3};
    assert_null(judge(&begun, frame, 0));
    frame.stream = 0;
    assert_string_equal(judge(&begun, frame, HW_H2_PROTOCOL_ERROR), "RFC 9113 6.3");
    assert_int_equal(begun.newest, 0);
}

HW_TEST(frame_begins_no_stream_that_was_passed_over)
{
    hw_h2_begun begun = {0};
    assert_null(begin(&begun, 5));
    assert_string_equal(begin(&begun, 3), "RFC 9113 5.1.1");
    assert_string_equal(begin(&begun, 1), "RFC 9113 5.1.1");
    assert_null(begin(&begun, 7));
    assert_null(begin(&begun, 11));
    assert_string_equal(begin(&begun, 9), "RFC 9113 5.1.1");
    assert_string_equal(begin(&begun, 3), "RFC 9113 5.1.1");
    /* Trailers, and what comes too late. */
    assert_null(begin(&begun, 5));
    assert_null(begin(&begun, 7));
    assert_null(begin(&begun, 11));
}

HW_TEST(frame_knows_the_last_streams_that_have_begun)
{
    hw_h2_begun begun = {0};
    assert_null(begin(&begun, 3));
    for (uint32_t id = 5; id <= 127; id += 2)
        assert_null(begin(&begun, id));
    assert_string_equal(begin(&begun, 1), "RFC 9113 5.1.1"); /* 63 before */
    assert_null(begin(&begun, 129));
    assert_null(begin(&begun, 1));
    assert_null(begin(&begun, 3));
    /* All of them at once. */
    assert_null(begin(&begun, 129 + 2 * 64));
    assert_string_equal(begin(&begun, 131), "RFC 9113 5.1.1");
    assert_null(begin(&begun, 129));
    assert_null(begin(&begun, INT32_MAX));
    assert_string_equal(begin(&begun, INT32_MAX - 2), "RFC 9113 5.1.1");
    assert_null(begin(&begun, INT32_MAX));
}

HW_TEST(frame_depends_on_a_stream)
{
    uint32_t begin;
    assert_true(hw_h2_frame_depends(&(hw_h2_frame){.type = HEADERS, .flags = 0x20}, &begin));
    assert_int_equal(begin, 0);
    assert_true(hw_h2_frame_depends(&(hw_h2_frame){.type = HEADERS, .flags = 0x2d}, &begin));
    assert_int_equal(begin, 1);
    assert_false(hw_h2_frame_depends(&(hw_h2_frame){.type = HEADERS, .flags = 0x0d}, &begin));
    assert_false(hw_h2_frame_depends(&(hw_h2_frame){.type = DATA, .flags = 0x28}, &begin));
}

/* They are nghttp2's to judge. */
HW_TEST(frame_of_another_kind_begins_nothing)
{
    hw_h2_begun begun = {0};
    assert_null(begin(&begun, 0));
    assert_null(begin(&begun, 2));
    assert_null(judge(&begun, (hw_h2_frame){.type = DATA, .stream = 9}, 0));
    assert_null(judge(&begun, (hw_h2_frame){.type = CONTINUATION, .stream = 9}, 0));
    assert_int_equal(begun.newest, 0);
    assert_null(begin(&begun, 1));
}

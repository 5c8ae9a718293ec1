#include "server/limits.h"

#include "unit/harness.h"

/* The table of docs/limits.md. */
HW_TEST(limits_are_those_that_are_documented)
{
    hw_limits limits = hw_limits_default();
    assert_int_equal(limits.head_ms, 15000);
    assert_int_equal(limits.body_grace_ms, 10000);
    assert_int_equal(limits.body_window_ms, 20000);
    assert_int_equal(limits.rate_bytes_min, 500);
    assert_int_equal(limits.response_ms, 30000);
    assert_int_equal(limits.response_window_ms, 60000);
    assert_int_equal(limits.response_bytes_waiting, 64 * 1024);
    assert_int_equal(limits.idle_ms, 30000);
    assert_int_equal(limits.linger_ms, 2000);
    assert_int_equal(limits.answer_ms, 30000);
    assert_int_equal(limits.blocked_max, 64);
    assert_int_equal(limits.drain_ms, 30000);
    assert_int_equal(limits.requests_max, 10000);
    assert_int_equal(limits.skip_bytes_max, 1024 * 1024);
    assert_int_equal(limits.h1.line_bytes_max, 8 * 1024);
    assert_int_equal(limits.h1.field_bytes_max, 8 * 1024);
    assert_int_equal(limits.h1.head_bytes_max, 32 * 1024);
    assert_int_equal(limits.h1.trailers_bytes_max, 8 * 1024);
    assert_int_equal(limits.h1.chunk_extension_bytes_max, 256);
    assert_int_equal(limits.h1.extensions_bytes_max, 4 * 1024);
}

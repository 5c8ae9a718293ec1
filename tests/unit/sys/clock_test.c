#include "sys/clock.h"

#include "unit/harness.h"

#include <time.h>

HW_TEST(clock_monotonic_never_goes_back)
{
    int64_t last = hw_sys_monotonic_ns();
    assert_true(last > 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = hw_sys_monotonic_ns();
        assert_true(now >= last);
        last = now;
    }
}

HW_TEST(clock_realtime_is_the_systems)
{
    struct timespec before, after;
    clock_gettime(CLOCK_REALTIME, &before);
    int64_t now = hw_sys_realtime_ns();
    clock_gettime(CLOCK_REALTIME, &after);
    assert_true(now >= before.tv_sec * INT64_C(1000000000) + before.tv_nsec);
    assert_true(now <= after.tv_sec * INT64_C(1000000000) + after.tv_nsec);
}

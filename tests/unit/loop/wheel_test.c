#include "loop/wheel.h"

#include "unit/harness.h"

enum { TIMERS = 60 };
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

typedef struct alarm_clock {
    hw_timer timer;
    hw_wheel *wheel;
    int64_t due_ms; /* what the model says; -1: not armed */
    int64_t fired_ms;
    int fired;
    int64_t again_ms;          /* fire arms it again, so much later; 0: no */
    struct alarm_clock *other; /* fire disarms it, or moves it to other_ms */
    int64_t other_ms;
} alarm_clock;

static int64_t last_fired_ms;

static void note_fire(hw_timer *timer)
{
    alarm_clock *clock = HW_MEMBER(timer, alarm_clock, timer);
    assert_false(hw_timer_is_armed(timer));
    clock->fired++;
    clock->fired_ms = clock->wheel->now_ms;
    assert_true(clock->fired_ms >= last_fired_ms);
    last_fired_ms = clock->fired_ms;
    if (clock->due_ms >= 0)
        assert_int_equal(clock->fired_ms, clock->due_ms);
    clock->due_ms = -1;
    if (clock->again_ms) {
        clock->due_ms = clock->fired_ms + clock->again_ms;
        hw_wheel_arm(clock->wheel, timer, clock->due_ms);
    }
    if (clock->other && clock->other_ms == 0)
        hw_wheel_disarm(clock->wheel, &clock->other->timer);
    else if (clock->other)
        hw_wheel_arm(clock->wheel, &clock->other->timer, clock->other_ms);
}

static void init_clocks(hw_wheel *wheel, alarm_clock *clocks, size_t count, int64_t now_ms)
{
    last_fired_ms = now_ms;
    hw_wheel_init(wheel, now_ms);
    for (size_t i = 0; i < count; i++) {
        clocks[i] = (alarm_clock){.wheel = wheel, .due_ms = -1};
        hw_timer_init(&clocks[i].timer, note_fire);
        assert_false(hw_timer_is_armed(&clocks[i].timer));
    }
}

HW_TEST(wheel_fires_at_its_millisecond)
{
    static const int64_t starts[] = {0, 1, 63, 64, 4095, 262143, 262144, 1000000007};
    static const int64_t spans[] = {
        1,    2,      62,     63,       64,     65,          4095,         4096,
        4097, 262143, 262144, 16777216, DAY_MS, DAY_MS * 30, DAY_MS * 365, DAY_MS * 9000};
    hw_wheel wheel;
    alarm_clock clock;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        for (size_t j = 0; j < sizeof spans / sizeof *spans; j++) {
            init_clocks(&wheel, &clock, 1, starts[i]);
            clock.due_ms = starts[i] + spans[j];
            hw_wheel_arm(&wheel, &clock.timer, clock.due_ms);
            assert_true(hw_timer_is_armed(&clock.timer));
            hw_wheel_advance(&wheel, starts[i] + spans[j] - 1);
            assert_int_equal(clock.fired, 0);
            assert_true(hw_wheel_next_ms(&wheel) <= starts[i] + spans[j]);
            hw_wheel_advance(&wheel, starts[i] + spans[j]);
            assert_int_equal(clock.fired, 1);
            assert_int_equal(hw_wheel_next_ms(&wheel), HW_WHEEL_NEVER);
        }
}

/* Whoever sleeps until next_ms each time must come to the timer, and never past it. */
HW_TEST(wheel_says_when_to_look_again)
{
    hw_wheel wheel;
    alarm_clock clock;
    init_clocks(&wheel, &clock, 1, 12345);
    clock.due_ms = 12345 + DAY_MS * 365 + 17;
    hw_wheel_arm(&wheel, &clock.timer, clock.due_ms);
    int64_t due_ms = clock.due_ms;
    int looks = 0;
    while (clock.fired == 0) {
        int64_t next_ms = hw_wheel_next_ms(&wheel);
        assert_true(next_ms > wheel.now_ms && next_ms <= due_ms);
        hw_wheel_advance(&wheel, next_ms);
        assert_in_range(++looks, 1, HW_WHEEL_LEVELS);
    }
    assert_int_equal(clock.fired_ms, due_ms);
}

HW_TEST(wheel_takes_what_has_passed_as_the_next_millisecond)
{
    hw_wheel wheel;
    alarm_clock clock;
    init_clocks(&wheel, &clock, 1, 100);
    hw_wheel_arm(&wheel, &clock.timer, 7);
    hw_wheel_advance(&wheel, 100);
    assert_int_equal(clock.fired, 0);
    assert_int_equal(hw_wheel_next_ms(&wheel), 101);
    hw_wheel_advance(&wheel, 101);
    assert_int_equal(clock.fired_ms, 101);
    hw_wheel_advance(&wheel, 50);
    assert_int_equal(wheel.now_ms, 101);
}

HW_TEST(wheel_reaches_no_further_than_its_levels)
{
    hw_wheel wheel;
    alarm_clock clock;
    init_clocks(&wheel, &clock, 1, 5);
    hw_wheel_arm(&wheel, &clock.timer, INT64_MAX);
    hw_wheel_advance(&wheel, DAY_MS * 40000);
    assert_int_equal(clock.fired, 0);
    hw_wheel_disarm(&wheel, &clock.timer);
    assert_int_equal(hw_wheel_next_ms(&wheel), HW_WHEEL_NEVER);
}

HW_TEST(wheel_moves_a_timer_that_is_armed)
{
    hw_wheel wheel;
    alarm_clock clocks[2];
    init_clocks(&wheel, clocks, 2, 0);
    for (int64_t at_ms = 10; at_ms <= 10000; at_ms += 10)
        hw_wheel_arm(&wheel, &clocks[0].timer, at_ms);
    hw_wheel_arm(&wheel, &clocks[1].timer, 5000);
    hw_wheel_advance(&wheel, 9999);
    assert_int_equal(clocks[0].fired, 0);
    assert_int_equal(clocks[1].fired_ms, 5000);
    hw_wheel_arm(&wheel, &clocks[0].timer, 10500);
    hw_wheel_disarm(&wheel, &clocks[0].timer);
    hw_wheel_disarm(&wheel, &clocks[0].timer);
    assert_false(hw_timer_is_armed(&clocks[0].timer));
    hw_wheel_advance(&wheel, 20000);
    assert_int_equal(clocks[0].fired, 0);
}

HW_TEST(wheel_lets_a_timer_arm_itself_again)
{
    hw_wheel wheel;
    alarm_clock clocks[2];
    init_clocks(&wheel, clocks, 2, 0);
    clocks[0].again_ms = 7;
    clocks[0].due_ms = 7;
    hw_wheel_arm(&wheel, &clocks[0].timer, 7);
    clocks[1].again_ms = 1;
    clocks[1].due_ms = 1;
    hw_wheel_arm(&wheel, &clocks[1].timer, 1);
    hw_wheel_advance(&wheel, 70000);
    assert_int_equal(clocks[0].fired, 10000);
    assert_int_equal(clocks[1].fired, 70000);
}

/* All of them are due at once, and the first to fire takes the others away. */
HW_TEST(wheel_lets_a_timer_disarm_those_that_are_due)
{
    hw_wheel wheel;
    alarm_clock clocks[3];
    for (int64_t at_ms = 50; at_ms <= 50000; at_ms *= 10) {
        init_clocks(&wheel, clocks, 3, 0);
        for (int i = 0; i < 3; i++)
            hw_wheel_arm(&wheel, &clocks[i].timer, at_ms);
        clocks[0].other = &clocks[1];
        clocks[1].other = &clocks[0];
        clocks[2].other = &clocks[1];
        hw_wheel_advance(&wheel, at_ms * 2);
        assert_int_equal(clocks[0].fired + clocks[1].fired, 1);
        assert_int_equal(clocks[2].fired, 1);
        assert_int_equal(hw_wheel_next_ms(&wheel), HW_WHEEL_NEVER);
    }
}

HW_TEST(wheel_lets_a_timer_move_those_that_are_due)
{
    hw_wheel wheel;
    alarm_clock clocks[2];
    init_clocks(&wheel, clocks, 2, 0);
    hw_wheel_arm(&wheel, &clocks[0].timer, 5000);
    hw_wheel_arm(&wheel, &clocks[1].timer, 5000);
    /* 64 milliseconds later it lies in the same slot of another round. */
    clocks[0].other = &clocks[1];
    clocks[0].other_ms = 5064;
    hw_wheel_advance(&wheel, 5063);
    assert_int_equal(clocks[0].fired, 1);
    assert_int_equal(clocks[1].fired, 0);
    hw_wheel_advance(&wheel, 5064);
    assert_int_equal(clocks[1].fired_ms, 5064);
}

static uint32_t roll(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Mostly near, sometimes far: every level is used. */
static int64_t roll_span(uint32_t *seed)
{
    unsigned bits = roll(seed) % 24;
    return (int64_t)(roll(seed) & ((1u << bits) - 1));
}

static void check_against_model(const hw_wheel *wheel, const alarm_clock *clocks)
{
    int64_t next_ms = INT64_MAX;
    for (int i = 0; i < TIMERS; i++) {
        assert_int_equal(hw_timer_is_armed(&clocks[i].timer), clocks[i].due_ms >= 0);
        if (clocks[i].due_ms < 0)
            continue;
        assert_true(clocks[i].due_ms > wheel->now_ms);
        if (clocks[i].due_ms < next_ms)
            next_ms = clocks[i].due_ms;
    }
    assert_true(hw_wheel_next_ms(wheel) <= next_ms);
    assert_true(hw_wheel_next_ms(wheel) > wheel->now_ms);
    if (next_ms == INT64_MAX)
        assert_int_equal(hw_wheel_next_ms(wheel), HW_WHEEL_NEVER);
}

HW_TEST(wheel_does_what_a_plain_list_would_do)
{
    hw_wheel wheel;
    alarm_clock clocks[TIMERS];
    for (uint32_t round = 1; round <= 5; round++) {
        uint32_t seed = round;
        init_clocks(&wheel, clocks, TIMERS, roll_span(&seed) * round);
        for (int i = 0; i < 2000; i++) {
            alarm_clock *clock = &clocks[roll(&seed) % TIMERS];
            switch (roll(&seed) % 4) {
            case 0:
            case 1:
                clock->due_ms = wheel.now_ms + roll_span(&seed);
                hw_wheel_arm(&wheel, &clock->timer, clock->due_ms);
                if (clock->due_ms == wheel.now_ms)
                    clock->due_ms++;
                break;
            case 2:
                clock->due_ms = -1;
                hw_wheel_disarm(&wheel, &clock->timer);
                break;
            case 3:
                hw_wheel_advance(&wheel, wheel.now_ms + roll_span(&seed) / 8);
                break;
            }
            if (roll(&seed) % 100 == 0)
                clock->again_ms = 5000 + roll_span(&seed);
            check_against_model(&wheel, clocks);
        }
    }
}

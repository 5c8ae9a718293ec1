#include "watch/spool.h"

#include <string.h>

#include "sys/memory.h"
#include "unit/harness.h"

static hw_spool *new_spool(void)
{
    hw_spool *spool = hw_sys_alloc(sizeof *spool);
    HW_NEED(spool);
    hw_spool_init(spool);
    return spool;
}

static void put_line(hw_spool *spool, const char *string)
{
    hw_buffer *line = hw_spool_line(spool);
    assert_non_null(line);
    assert_true(hw_buffer_room(line) >= HW_LINE_BYTES_MAX);
    hw_buffer_put_string(line, string);
}

static void assert_is_next(const hw_spool *spool, const char *expected)
{
    hw_text next = hw_spool_next(spool);
    assert_int_equal(next.length, strlen(expected));
    assert_memory_equal(next.at, expected, next.length);
}

HW_TEST(spool_hands_lines_over_in_order)
{
    hw_spool *spool = new_spool();
    assert_false(hw_spool_hand_over(spool));
    put_line(spool, "one\n");
    put_line(spool, "two\n");
    assert_is_next(spool, "");
    assert_true(hw_spool_is_idle(spool));
    assert_true(hw_spool_hand_over(spool));
    assert_false(hw_spool_hand_over(spool));
    put_line(spool, "three\n");
    assert_false(hw_spool_is_idle(spool));
    assert_true(hw_spool_hand_over(spool));
    assert_is_next(spool, "one\ntwo\n");
    hw_spool_take(spool, 5);
    assert_is_next(spool, "wo\n");
    assert_int_equal(hw_spool_count_left(spool), 2);
    hw_spool_take(spool, 3);
    assert_is_next(spool, "three\n");
    put_line(spool, "four\n");
    hw_spool_take(spool, 6);
    assert_is_next(spool, "");
    assert_int_equal(hw_spool_count_left(spool), 0);
    assert_int_equal(atomic_load(&spool->lost), 0);
    hw_sys_free(spool);
}

HW_TEST(spool_takes_back_what_was_written_of_a_line)
{
    hw_spool *spool = new_spool();
    hw_spool_take_back(spool); /* nothing */
    put_line(spool, "one\n");
    put_line(spool, "two\n");
    assert_true(hw_spool_hand_over(spool));
    hw_spool_take(spool, 2);
    hw_spool_take_back(spool);
    assert_is_next(spool, "one\ntwo\n");
    hw_spool_take(spool, 7);
    hw_spool_take_back(spool);
    assert_is_next(spool, "two\n");
    hw_spool_take_back(spool); /* it is whole already */
    assert_is_next(spool, "two\n");
    hw_spool_take(spool, 4);
    hw_spool_take_back(spool); /* of a half that is done with nothing is left */
    assert_is_next(spool, "");
    hw_sys_free(spool);
}

HW_TEST(spool_loses_lines_while_the_writer_has_both_halves)
{
    hw_spool *spool = new_spool();
    for (int half = 0; half < 2; half++) {
        put_line(spool, "kept\n");
        assert_true(hw_spool_hand_over(spool));
    }
    assert_null(hw_spool_line(spool));
    assert_null(hw_spool_line(spool));
    assert_false(hw_spool_hand_over(spool));
    assert_false(hw_spool_is_full(spool));
    assert_int_equal(atomic_load(&spool->lost), 2);
    hw_spool_take(spool, 5);
    put_line(spool, "again\n");
    assert_int_equal(atomic_load(&spool->lost), 2);
    hw_sys_free(spool);
}

HW_TEST(spool_is_full_with_room_for_a_last_line)
{
    static const char words[] = "as long as this\n";
    hw_spool *spool = new_spool();
    size_t lines = 0;
    while (!hw_spool_is_full(spool)) {
        put_line(spool, words);
        lines++;
    }
    assert_int_equal(lines, HW_SPOOL_HALF_BYTES / (sizeof words - 1));
    assert_true(hw_spool_hand_over(spool));
    assert_int_equal(hw_spool_count_left(spool), lines);
    hw_sys_free(spool);
}

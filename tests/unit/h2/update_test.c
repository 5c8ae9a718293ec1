#include "h2/update.h"

#include <string.h>

#include "../harness.h"

enum { MAX = 5 };

static hw_h2_update memory[MAX]; /* of the updates being tested */

static hw_h2_updates none(void)
{
    return (hw_h2_updates){.at = memory, .max = MAX};
}

/* A payload, whole and byte by byte; both say the same. */
static hw_h2_update_verdict read_update(uint32_t carrier, hw_text payload, hw_h2_update *ret_update)
{
    hw_h2_updates whole = none(), pieces = none();
    hw_h2_update_begin(&whole);
    hw_h2_update_add(&whole, payload);
    hw_h2_update_begin(&pieces);
    for (size_t i = 0; i < payload.length; i++)
        hw_h2_update_add(&pieces, (hw_text){payload.at + i, 1});
    hw_h2_update_verdict verdict = hw_h2_update_end(&whole, carrier, ret_update);
    hw_h2_update update = *ret_update;
    assert_int_equal(hw_h2_update_end(&pieces, carrier, &update), verdict);
    assert_memory_equal(&update, ret_update, sizeof update);
    return verdict;
}

HW_TEST(update_is_read)
{
    hw_h2_update update;
    memset(&update, 0, sizeof update);
    assert_int_equal(read_update(0, HW_TEXT("\200\1\2\3u=1, i"), &update), HW_H2_UPDATE_READ);
    assert_int_equal(update.stream, 0x010203);
    assert_int_equal(update.priority.urgency, 1);
    assert_true(update.priority.is_incremental);
    assert_int_equal(read_update(0, HW_TEXT("\0\0\0\7"), &update), HW_H2_UPDATE_READ);
    assert_int_equal(update.stream, 7);
    assert_int_equal(update.priority.urgency, 3);
    assert_false(update.priority.is_incremental);
}

HW_TEST(update_is_refused)
{
    hw_h2_update update;
    memset(&update, 0, sizeof update);
    assert_int_equal(read_update(1, HW_TEXT("\0\0\0\7u=1"), &update), HW_H2_UPDATE_REFUSED);
    assert_int_equal(read_update(0, HW_TEXT("\0\0\0\0u=1"), &update), HW_H2_UPDATE_REFUSED);
    assert_int_equal(read_update(0, HW_TEXT("\0\0\0\2u=1"), &update), HW_H2_UPDATE_REFUSED);
    assert_int_equal(read_update(0, HW_TEXT("\0\0\7"), &update), HW_H2_UPDATE_SHORT);
    assert_int_equal(read_update(0, (hw_text){0}, &update), HW_H2_UPDATE_SHORT);
    assert_int_equal(update.stream, 0);
}

HW_TEST(update_of_many_bytes_says_nothing)
{
    char payload[200] = {0, 0, 0, 7, 'u', '=', '1'};
    memset(payload + 7, ' ', sizeof payload - 7);
    hw_h2_update update;
    memset(&update, 0, sizeof update);
    assert_int_equal(read_update(0, (hw_text){payload, 64}, &update), HW_H2_UPDATE_READ);
    assert_int_equal(update.priority.urgency, 1);
    assert_int_equal(read_update(0, (hw_text){payload, 65}, &update), HW_H2_UPDATE_NOTHING);
    assert_int_equal(read_update(0, (hw_text){payload, 200}, &update), HW_H2_UPDATE_NOTHING);
}

HW_TEST(update_waits_for_its_stream)
{
    hw_h2_updates updates = none();
    hw_priority priority;
    assert_false(hw_h2_update_find(&updates, 3, &priority));
    assert_true(hw_h2_update_keep(&updates, (hw_h2_update){3, {.urgency = 1}}, 0, 0));
    assert_true(hw_h2_update_keep(&updates, (hw_h2_update){5, {.urgency = 2}}, 0, 0));
    assert_true(hw_h2_update_keep(&updates, (hw_h2_update){3, {.urgency = 6}}, 0, 0));
    assert_int_equal(updates.count, 2);
    assert_true(hw_h2_update_find(&updates, 3, &priority));
    assert_int_equal(priority.urgency, 6);
    assert_true(hw_h2_update_find(&updates, 5, &priority));
    assert_int_equal(priority.urgency, 2);
    assert_false(hw_h2_update_find(&updates, 1, &priority));
}

HW_TEST(update_waits_beside_as_many_as_may_be_open)
{
    hw_h2_updates updates = none();
    hw_priority priority;
    for (uint32_t id = 1; id <= 5; id += 2)
        assert_true(hw_h2_update_keep(&updates, (hw_h2_update){id, {0}}, 0, 2));
    assert_false(hw_h2_update_keep(&updates, (hw_h2_update){7, {0}}, 0, 2));
    assert_true(hw_h2_update_keep(&updates, (hw_h2_update){5, {0}}, 0, 2)); /* is there */
    /* Those whose numbers have been passed make room. */
    assert_true(hw_h2_update_keep(&updates, (hw_h2_update){7, {0}}, 3, 3));
    assert_int_equal(updates.count, 2);
    assert_false(hw_h2_update_find(&updates, 3, &priority));
    assert_false(hw_h2_update_keep(&updates, (hw_h2_update){9, {0}}, 5, 5));
}

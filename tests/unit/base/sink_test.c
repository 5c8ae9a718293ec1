#include "base/sink.h"

#include "base/error.h"
#include "unit/harness.h"

#include <string.h>

typedef struct taken {
    int count;
    hw_sink_kind kind;
    const void *item;
    hw_fault fault;
    hw_step step;
} taken;

static void take_item(void *arg, hw_sink_kind kind, const void *item)
{
    taken *into = arg;
    into->count++;
    into->kind = kind;
    into->item = item;
    if (kind == HW_SINK_FAULT)
        into->fault = *(const hw_fault *)item;
    if (kind == HW_SINK_STEP)
        into->step = *(const hw_step *)item;
}

HW_TEST(sink_hands_items_on)
{
    taken into = {0};
    hw_sink sink = {.take = take_item, .arg = &into};
    hw_sink_put(&sink, HW_SINK_RECORD, "item");
    assert_int_equal(into.count, 1);
    assert_int_equal(into.kind, HW_SINK_RECORD);
    assert_string_equal(into.item, "item");
}

HW_TEST(sink_hands_faults_on)
{
    taken into = {0};
    hw_sink sink = {.take = take_item, .arg = &into};
    hw_sink_fault(&sink, EMFILE, "listener", "%d left", 3);
    assert_int_equal(into.count, 1);
    assert_int_equal(into.kind, HW_SINK_FAULT);
    assert_int_equal(into.fault.error, EMFILE);
    assert_string_equal(into.fault.where, "listener");
    assert_string_equal(into.fault.what, "3 left");
}

HW_TEST(sink_tells_steps_when_asked)
{
    taken into = {0};
    hw_sink sink = {.take = take_item, .arg = &into};
    hw_sink_step(&sink, "h1/parser", "next event: HEAD");
    hw_sink_put_step(&sink, "h1/parser", "next event: HEAD");
    assert_int_equal(into.count, 0);
    sink.steps = true;
    hw_sink_step(&sink, "h1/parser", "next event: HEAD");
    assert_int_equal(into.count, 1);
    assert_int_equal(into.kind, HW_SINK_STEP);
    assert_string_equal(into.step.file, "h1/parser");
    assert_string_equal(into.step.what, "next event: HEAD");
}

HW_TEST(sink_may_be_absent)
{
    hw_sink empty = {.steps = true};
    const hw_sink *sinks[] = {NULL, &empty};
    for (size_t i = 0; i < 2; i++) {
        hw_sink_put(sinks[i], HW_SINK_RECORD, "item");
        hw_sink_fault(sinks[i], EMFILE, "here", "%s", "words");
        hw_sink_step(sinks[i], "a", "b");
        hw_sink_put_step(sinks[i], "a", "b");
    }
}

HW_TEST(sink_tells_ticks_when_asked)
{
    taken into = {0};
    hw_sink sink = {.take = take_item, .arg = &into};
    hw_sink_tick(NULL);
    hw_sink_tick(&sink);
    assert_int_equal(into.count, 0);
    sink.ticks = true;
    hw_sink_tick(&sink);
    assert_int_equal(into.count, 1);
    assert_int_equal(into.kind, HW_SINK_TICK);
    assert_null(into.item);
}

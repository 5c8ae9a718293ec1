#include "exchange/flow.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "exchange/exchange.h"
#include "exchange/serial.h"
#include "unit/harness.h"

typedef struct flow_bench {
    hw_exchange exchange;
    hw_flow flow;
    int notices;
} flow_bench;

static void count_notice(hw_exchange *exchange)
{
    ((flow_bench *)exchange)->notices++;
}

static const hw_carrier_ops noting_carrier = {.notify = count_notice};

static void open_flow(flow_bench *bench, size_t capacity)
{
    bench->notices = 0;
    hw_exchange_init(&bench->exchange, 1024, 256 * 1024);
    bench->exchange.carrier = &noting_carrier;
    int error = hw_flow_init(&bench->flow, &bench->exchange, capacity);
    if (error < 0)
        hw_exchange_fini(&bench->exchange);
    HW_NEED_OK(error);
}

static void close_flow(flow_bench *bench)
{
    hw_flow_fini(&bench->flow);
    hw_exchange_fini(&bench->exchange);
}

HW_TEST(flow_carries_bytes_to_a_thread)
{
    flow_bench bench;
    char piece[8];
    open_flow(&bench, 4);
    assert_int_equal(hw_flow_room(&bench.flow), 4);
    assert_false(hw_flow_is_wanted(&bench.flow));
    assert_int_equal(hw_flow_feed(&bench.flow, HW_TEXT("abcdef")), 4);
    assert_int_equal(hw_flow_room(&bench.flow), 0);
    assert_int_equal(hw_flow_read(&bench.flow, piece, 3), 3);
    assert_memory_equal(piece, "abc", 3);
    assert_true(hw_flow_is_wanted(&bench.flow));
    assert_int_equal(bench.notices, 1); /* of room */
    assert_int_equal(hw_flow_feed(&bench.flow, HW_TEXT("ef")), 2);
    hw_flow_end(&bench.flow);
    assert_int_equal(hw_flow_read(&bench.flow, piece, 8), 1); /* up to where it wraps */
    assert_int_equal(hw_flow_read(&bench.flow, piece, 8), 2);
    assert_memory_equal(piece, "ef", 2);
    assert_int_equal(hw_flow_read(&bench.flow, piece, 8), 0);
    assert_int_equal(hw_flow_taken(&bench.flow), 6);
    close_flow(&bench);
}

HW_TEST(flow_carries_bytes_from_a_thread)
{
    flow_bench bench;
    hw_piece piece;
    open_flow(&bench, 4);
    hw_source *source = &bench.flow.source;
    assert_int_equal(hw_source_pull(source, 9, &piece), HW_PULL_WAIT);
    assert_int_equal(hw_flow_write(&bench.flow, HW_TEXT("abc"), true), 0);
    assert_int_equal(bench.notices, 1);
    assert_int_equal(hw_flow_write(&bench.flow, HW_TEXT("de"), false), -ENOBUFS);
    assert_int_equal(hw_source_pull(source, 2, &piece), HW_PULL_BYTES);
    assert_memory_equal(piece.bytes.at, "ab", 2);
    assert_int_equal(hw_source_pull(source, 9, &piece), HW_PULL_BYTES);
    assert_memory_equal(piece.bytes.at, "c", 1);
    /* What is lent takes room until the next pull. */
    assert_int_equal(hw_flow_write(&bench.flow, HW_TEXT("defg"), false), -ENOBUFS);
    assert_int_equal(hw_flow_write(&bench.flow, HW_TEXT("def"), true), 0);
    hw_flow_end(&bench.flow);
    assert_int_equal(hw_source_pull(source, 9, &piece), HW_PULL_BYTES);
    assert_int_equal(piece.bytes.length, 1);
    assert_int_equal(hw_source_pull(source, 9, &piece), HW_PULL_BYTES);
    assert_int_equal(piece.bytes.length, 2);
    assert_int_equal(hw_source_pull(source, 9, &piece), HW_PULL_END);
    assert_int_equal(bench.notices, 1);
    close_flow(&bench);
}

HW_TEST(flow_that_fails_fails_both)
{
    flow_bench bench;
    hw_piece piece;
    char memory[4];
    open_flow(&bench, 4);
    assert_int_equal(hw_flow_feed(&bench.flow, HW_TEXT("ab")), 2);
    assert_int_equal(hw_flow_state(&bench.flow), 0);
    hw_flow_fail(&bench.flow, -EPIPE);
    hw_flow_fail(&bench.flow, -EIO);
    assert_int_equal(hw_flow_state(&bench.flow), -EPIPE);
    assert_int_equal(hw_flow_read(&bench.flow, memory, 4), -EPIPE);
    assert_int_equal(hw_flow_write(&bench.flow, HW_TEXT("x"), true), -EPIPE);
    assert_int_equal(hw_flow_write(&bench.flow, HW_TEXT("more than fits"), false), -EPIPE);
    assert_int_equal(hw_source_pull(&bench.flow.source, 9, &piece), HW_PULL_FAILED);
    assert_int_equal(hw_flow_feed(&bench.flow, HW_TEXT("swallowed")), 9);
    assert_true(hw_flow_room(&bench.flow) > 4);
    close_flow(&bench);
}

enum { FLOW_TOTAL = 100000 };

static void *write_numbers(void *arg)
{
    flow_bench *bench = arg;
    char piece[100];
    for (size_t at = 0; at < FLOW_TOTAL; at += sizeof piece) {
        for (size_t i = 0; i < sizeof piece; i++)
            piece[i] = (char)((at + i) % 251);
        if (hw_flow_write(&bench->flow, (hw_text){piece, sizeof piece}, true) < 0)
            return bench;
    }
    return NULL;
}

HW_THREAD_TEST(flow_waits_for_room)
{
    flow_bench bench;
    pthread_t writer;
    hw_piece piece;
    size_t at = 0;
    void *failed;
    open_flow(&bench, 37);
    if (pthread_create(&writer, NULL, write_numbers, &bench) != 0)
        skip();
    while (at < FLOW_TOTAL) {
        if (hw_source_pull(&bench.flow.source, 50, &piece) != HW_PULL_BYTES)
            continue;
        for (size_t i = 0; i < piece.bytes.length; i++, at++)
            if (piece.bytes.at[i] != (char)(at % 251))
                fail();
    }
    pthread_join(writer, &failed);
    assert_null(failed);
    close_flow(&bench);
}

typedef struct turn_bench {
    hw_serial serial;
    hw_serial_turn turns[3];
    int granted;
} turn_bench;

static turn_bench *turns_now;

static void count_granted(hw_serial_turn *turn)
{
    turns_now->granted = (int)(turn - turns_now->turns) + 1;
}

HW_TEST(serial_gives_turns_in_order)
{
    turn_bench bench = {0};
    turns_now = &bench;
    hw_serial_init(&bench.serial);
    for (size_t i = 0; i < 3; i++) {
        hw_link_init(&bench.turns[i].link);
        bench.turns[i].granted = count_granted;
    }
    assert_true(hw_serial_enter(&bench.serial, &bench.turns[0]));
    assert_false(hw_serial_enter(&bench.serial, &bench.turns[1]));
    assert_false(hw_serial_enter(&bench.serial, &bench.turns[2]));
    assert_true(hw_serial_withdraw(&bench.serial, &bench.turns[1]));
    assert_false(hw_serial_withdraw(&bench.serial, &bench.turns[1]));
    assert_false(hw_serial_enter(&bench.serial, &bench.turns[1]));
    hw_serial_leave(&bench.serial);
    assert_int_equal(bench.granted, 3);
    assert_false(hw_serial_enter(&bench.serial, &bench.turns[0]));
    hw_serial_leave(&bench.serial);
    assert_int_equal(bench.granted, 2);
    hw_serial_leave(&bench.serial);
    assert_int_equal(bench.granted, 1);
    hw_serial_leave(&bench.serial);
    assert_true(hw_serial_enter(&bench.serial, &bench.turns[2]));
    hw_serial_fini(&bench.serial);
}

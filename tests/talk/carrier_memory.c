/* A connection through memory to a lane whose clock stands still.
 *
 * Nothing happens by itself: the server takes its turns when something was sent, when the client
 * looks for an answer and while time is moved, from one timer to the next, so that each fires at
 * its own moment. What the client has not looked at stays in the pipe, which is as narrow as a
 * socket: a client that expects nothing is one that does not read. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "net/memory.h"
#include "seam/seam.h"
#include "server/conn.h"
#include "sys/memory.h"
#include "talk/carrier.h"

#define PIPE_BYTES ((size_t)64 * 1024)
#define NS_PER_MS INT64_C(1000000)
/* 2023-11-14 23:13:20 UTC, an hour after the files were written. */
#define START_REALTIME_S INT64_C(1700003600)

typedef struct memory_carrier {
    talk_carrier carrier;
    hw_shared shared;
    hw_lane lane;
    hw_tls *tls; /* NULL: in clear */
    hw_pipe *pipe;
    size_t room_bytes; /* of the pipe */
} memory_carrier;

void talk_give_up(const char *what, int error)
{
    fprintf(stderr, "talk: %s: %s\n", what, hw_error_words(error));
    exit(70);
}

static memory_carrier *memory_of(talk_carrier *carrier)
{
    return (memory_carrier *)(void *)carrier;
}

static void settle(talk_carrier *carrier)
{
    hw_loop_settle(&memory_of(carrier)->lane.loop);
}

static void send_in_memory(talk_carrier *carrier, hw_text bytes)
{
    int error = hw_pipe_send(memory_of(carrier)->pipe, bytes);
    if (error == -ENOMEM)
        talk_give_up("sending", error);
    settle(carrier);
}

static void end_send_in_memory(talk_carrier *carrier)
{
    hw_pipe_end_send(memory_of(carrier)->pipe);
    settle(carrier);
}

static void reset_in_memory(talk_carrier *carrier)
{
    hw_pipe_reset(memory_of(carrier)->pipe);
    settle(carrier);
}

static void connect_in_memory(talk_carrier *carrier)
{
    memory_carrier *memory = memory_of(carrier);
    hw_stream *stream;
    if (memory->pipe)
        hw_pipe_close(memory->pipe);
    settle(carrier);
    int error = hw_pipe_new(memory->room_bytes, &memory->pipe, &stream);
    if (error == 0 && memory->tls)
        error = hw_tls_open(memory->tls, memory->lane.tls, stream, &stream);
    if (error == 0)
        error = hw_conn_open(&memory->lane, stream);
    if (error < 0)
        talk_give_up("connecting", error);
    settle(carrier);
}

static void wait_in_memory(talk_carrier *carrier, uint64_t ms)
{
    hw_loop *loop = &memory_of(carrier)->lane.loop;
    int64_t end_ms = hw_loop_now_ms(loop) + (int64_t)ms;
    for (int64_t now_ms; (now_ms = hw_loop_now_ms(loop)) < end_ms;) {
        int64_t next_ms = hw_wheel_next_ms(&loop->wheel);
        next_ms = next_ms <= now_ms ? now_ms + 1 : next_ms > end_ms ? end_ms : next_ms;
        hw_seam_clock_advance((next_ms - now_ms) * NS_PER_MS);
        hw_loop_settle(loop);
    }
}

static void stop_in_memory(talk_carrier *carrier)
{
    hw_lane *lane = &memory_of(carrier)->lane;
    if (lane->is_draining)
        hw_lane_cut(lane);
    hw_lane_drain(lane);
    settle(carrier);
}

static talk_heard receive_in_memory(talk_carrier *carrier, talk_bytes *bytes)
{
    hw_pipe *pipe = memory_of(carrier)->pipe;
    size_t end = bytes->length + PIPE_BYTES, before = bytes->length;
    settle(carrier);
    for (hw_text received; bytes->length < end && (received = hw_pipe_received(pipe)).length > 0;) {
        talk_bytes_put(bytes, received);
        hw_pipe_take(pipe, received.length);
        settle(carrier);
    }
    if (bytes->length > before)
        return TALK_HEARD_BYTES;
    if (hw_pipe_is_broken_off(pipe))
        return TALK_HEARD_RESET;
    return hw_pipe_is_ended(pipe) ? TALK_HEARD_END : TALK_HEARD_NOTHING;
}

static bool take_in_memory(talk_carrier *carrier, talk_bytes *bytes, size_t count)
{
    hw_pipe *pipe = memory_of(carrier)->pipe;
    settle(carrier);
    for (hw_text received; count > 0 && (received = hw_pipe_received(pipe)).length > 0;) {
        received = hw_text_upto(received, count);
        count -= received.length;
        talk_bytes_put(bytes, received);
        hw_pipe_take(pipe, received.length);
        settle(carrier);
    }
    return count == 0;
}

static bool is_closed_in_memory(talk_carrier *carrier)
{
    settle(carrier);
    return hw_pipe_is_closed(memory_of(carrier)->pipe);
}

static const char *close_in_memory(talk_carrier *carrier)
{
    memory_carrier *memory = memory_of(carrier);
    hw_pipe_close(memory->pipe);
    settle(carrier);
    const char *words = atomic_load(&memory->shared.connections) > 0
                            ? "the server has let go of its connection when the client is gone"
                        : atomic_load(&memory->lane.counts.exchanges) > 0
                            ? "no exchange is left when the connection is gone"
                            : NULL;
    hw_lane_fini(&memory->lane);
    if (!words && hw_budget_used(&memory->shared.budget) > 0)
        words = "nothing of the budget is used when the server is gone";
    hw_sys_free(memory);
    hw_seam_clock_thaw();
    return words;
}

static const talk_carrier_ops memory_carrier_ops = {
    .name = "memory",
    .has_time = true,
    .send = send_in_memory,
    .end_send = end_send_in_memory,
    .reset = reset_in_memory,
    .connect = connect_in_memory,
    .wait = wait_in_memory,
    .stop = stop_in_memory,
    .receive = receive_in_memory,
    .take = take_in_memory,
    .is_closed = is_closed_in_memory,
    .close = close_in_memory,
};

talk_carrier *talk_memory_open(const talk_service *service, hw_tls *tls)
{
    memory_carrier *memory = hw_sys_alloc_zeroed(1, sizeof *memory);
    if (!memory)
        talk_give_up("a server in memory", ENOMEM);
    hw_seam_clock_freeze(NS_PER_MS * 1000, START_REALTIME_S * 1000 * NS_PER_MS);
    memory->carrier.ops = &memory_carrier_ops;
    memory->tls = tls;
    memory->room_bytes = service->room_bytes ? service->room_bytes : PIPE_BYTES;
    memory->shared = (hw_shared){
        .answerer = service->answerer,
        .locals = service->locals,
        .local_count = service->local_count,
        .limits = service->limits,
        .has_tls = tls != NULL,
        .lane_count = 1,
    };
    int error = hw_lane_init(&memory->lane, &memory->shared, HW_LOOP_MANUAL);
    if (error < 0)
        talk_give_up("a server in memory", error);
    connect_in_memory(&memory->carrier);
    return &memory->carrier;
}

talk_carrier *talk_carrier_memory(const talk_service *service)
{
    return talk_memory_open(service, NULL);
}

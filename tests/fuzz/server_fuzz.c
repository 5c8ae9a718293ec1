/* Fuzzes a whole server over a memory stream: what a client does, in any order and at any time.
 *
 * The input is what the client sends; the byte 0xff, which no request needs, and the byte behind it are
 * something the client does instead, or time that passes. After each of them a connection that is still there must
 * have a deadline; in the end, when the client has gone and the time of every limit has passed, nothing may be left.
 *
 * The answerers are those of the talks, so every kind of body plan, body and tunnel is within reach. */
#include <stdint.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "http/echo.h"
#include "net/memory.h"
#include "seam/seam.h"
#include "server/conn_h1.h"
#include "talk/answerers.h"

#define NS_PER_MS INT64_C(1000000)
#define INPUT_BYTES_MAX ((size_t)16 * 1024)
#define SIGNAL 0xff

enum {
    SIGNAL_PAUSE, /* the server takes its turns on what it has */
    SIGNAL_END,
    SIGNAL_RESET,
    SIGNAL_TAKE_ALL,
    SIGNAL_TAKE_ONE,
    SIGNAL_SECOND,
    SIGNAL_MINUTE,
    SIGNAL_STOP,
    SIGNAL_COUNT,
};

static bool is_planted_bug_hit(hw_text received);

#ifdef HW_FUZZ_PLANTED
/* A content that is too long, told so behind another answer. */
static bool is_planted_bug_hit(hw_text received)
{
    size_t second = 0;
    for (size_t i = 1; i + 12 < received.length && second == 0; i++)
        if (hw_text_has_prefix(hw_text_from(received, i), HW_TEXT("HTTP/1.1 413")))
            second = i;
    return second > 0;
}
#else
static bool is_planted_bug_hit(hw_text received)
{
    (void)received;
    return false;
}
#endif

typedef struct fuzz_server {
    hw_shared shared;
    hw_lane lane;
    hw_pipe *client;
} fuzz_server;

static void refuse_rest(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_plain(&exchange->response, 404, NULL);
}

static hw_body_plan plan_rest(void *arg, hw_exchange *exchange)
{
    (void)arg;
    (void)exchange;
    return (hw_body_plan){HW_PLAN_NONE, UINT64_MAX};
}

/* What must hold whenever the server has nothing to do: each connection waits for something that ends. */
static void check_waits(const fuzz_server *server)
{
    const hw_link *head = &server->lane.conns.head;
    for (const hw_link *link = head->next; link != head; link = link->next) {
        const conn_h1 *h1 = (const conn_h1 *)HW_MEMBER(link, hw_conn, link);
        hw_assert(hw_timer_is_armed(&h1->conn.deadline) || h1->input == H1_INPUT_TUNNEL);
        hw_assert(h1->queue_length <= 16);
    }
}

static void settle_server(fuzz_server *server)
{
    hw_loop_settle(&server->lane.loop);
    check_waits(server);
    hw_assert(!is_planted_bug_hit(hw_pipe_received(server->client)));
}

/* From timer to timer, so that each fires at its own moment. */
static void pass_time(fuzz_server *server, int64_t ms)
{
    hw_loop *loop = &server->lane.loop;
    int64_t end_ms = hw_loop_now_ms(loop) + ms;
    for (int64_t now_ms; (now_ms = hw_loop_now_ms(loop)) < end_ms;) {
        int64_t next_ms = hw_wheel_next_ms(&loop->wheel);
        next_ms = next_ms <= now_ms ? now_ms + 1 : next_ms > end_ms ? end_ms : next_ms;
        hw_seam_clock_advance((next_ms - now_ms) * NS_PER_MS);
        settle_server(server);
    }
}

static void take_signal(fuzz_server *server, int signal)
{
    switch (signal % SIGNAL_COUNT) {
    case SIGNAL_END:
        hw_pipe_end_send(server->client);
        break;
    case SIGNAL_RESET:
        hw_pipe_reset(server->client);
        break;
    case SIGNAL_TAKE_ALL:
        hw_pipe_take(server->client, hw_pipe_received(server->client).length);
        break;
    case SIGNAL_TAKE_ONE:
        hw_pipe_take(server->client, 1);
        break;
    case SIGNAL_SECOND:
        pass_time(server, 1000);
        break;
    case SIGNAL_MINUTE:
        pass_time(server, 60 * 1000);
        break;
    case SIGNAL_STOP:
        hw_lane_drain(&server->lane);
        break;
    default:
        break;
    }
    settle_server(server);
}

static void play(fuzz_server *server, hw_cursor input)
{
    while (!hw_cursor_at_end(&input)) {
        hw_text sent = hw_cursor_take_until(&input, (char)SIGNAL);
        if (sent.length > 0)
            (void)hw_pipe_send(server->client, sent);
        if (hw_cursor_next(&input) == SIGNAL)
            take_signal(server, hw_cursor_next(&input));
    }
    settle_server(server);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static const hw_answerer rest = {.plan = plan_rest, .answer = refuse_rest};
    fuzz_server server = {0};
    talk_answerers answerers;
    hw_echo echo;
    hw_local local = talk_answerers_local();
    hw_stream *stream;
    if (bytes == 0 || bytes > INPUT_BYTES_MAX)
        return 0;
    hw_seam_clock_freeze(NS_PER_MS, INT64_C(1700003600000) * NS_PER_MS);
    hw_echo_init(&echo, &rest);
    talk_answerers_init(&answerers, &echo.answerer, 0);
    server.shared = (hw_shared){
        .answerer = &answerers.answerer,
        .locals = &local,
        .local_count = 1,
        .limits = hw_limits_default(),
        .lane_count = 1,
    };
    server.shared.limits.connections_max = 8;
    hw_assert(hw_lane_init(&server.lane, &server.shared, HW_LOOP_MANUAL) == 0);
    hw_assert(hw_pipe_new((size_t)input[0] * 16 + 1, &server.client, &stream) == 0);
    hw_assert(hw_conn_open(&server.lane, stream) == 0);
    play(&server, hw_cursor_of((hw_text){(const char *)input + 1, bytes - 1}));
    hw_pipe_close(server.client);
    hw_loop_settle(&server.lane.loop);
    hw_lane_fini(&server.lane);
    hw_assert(server.shared.connections == 0);
    return 0;
}

/* Fuzzes a whole server over memory streams: what clients do, in any order and at any time.
 *
 * The input is what a client sends; the byte 0xff, which no request needs, and the byte behind it
 * are something it does instead: ends, resets or closes its stream, reads, lets time pass, opens
 * another connection or goes on with another one. After each of them a connection that is still
 * there must have a deadline; in the end, when the clients have gone and the time of every limit
 * has passed, nothing may be left.
 *
 * The answerers are those of the talks, so every kind of body plan, body and tunnel is within
 * reach, and behind them are the files of the talks: conditions, ranges, folders, hidden ones. */
#include <stdint.h>

#include "app/app.h"
#include "base/assert.h"
#include "base/cursor.h"
#include "hewn/server.h"
#include "http/echo.h"
#include "net/memory.h"
#include "server/conn_h1.h"
#include "server_place.h"
#include "talk/answerers.h"

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
    SIGNAL_OPEN, /* a connection more, which is the one that goes on */
    SIGNAL_NEXT,
    SIGNAL_CLOSE, /* and another one goes on */
    SIGNAL_LATE,  /* time that the server has slept through */
    SIGNAL_COUNT,
};

enum { CLIENTS_MAX = 4 };

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
    size_t room_bytes; /* of a pipe */
    hw_pipe *clients[CLIENTS_MAX];
    bool has_taken[CLIENTS_MAX]; /* something: what is there is not the beginning */
    size_t count, at;
} fuzz_server;

static hewn_app *make_app(const talk_site *site, int folder)
{
    hewn_fault fault = {0};
    hewn_app *app = hewn_new();
    if (app && hewn_files(app, "/", folder, NULL, &fault) == 0 &&
        talk_site_mount_nav(site, app) == 0)
        return app;
    hewn_app_free(app);
    return NULL;
}

static hw_pipe *client_of(const fuzz_server *server)
{
    return server->clients[server->at];
}

static void open_client(fuzz_server *server)
{
    hw_stream *stream;
    if (server->count == CLIENTS_MAX)
        return;
    server->at = server->count++;
    server->has_taken[server->at] = false;
    hw_assert(hw_pipe_new(server->room_bytes, &server->clients[server->at], &stream) == 0);
    (void)hw_conn_open(&server->lane, stream); /* not while it stops */
}

static void close_client(fuzz_server *server)
{
    hw_pipe_close(client_of(server));
    server->count--;
    server->clients[server->at] = server->clients[server->count];
    server->has_taken[server->at] = server->has_taken[server->count];
    server->at = 0;
    if (server->count == 0)
        open_client(server);
}

static void take_from_server(fuzz_server *server, size_t bytes)
{
    size_t there = hw_pipe_received(client_of(server)).length;
    bytes = bytes < there ? bytes : there;
    server->has_taken[server->at] |= bytes > 0;
    hw_pipe_take(client_of(server), bytes);
}

/* Whatever is answered begins with a status line. */
static void check_beginnings(const fuzz_server *server)
{
    static const hw_text start = HW_TEXT_INIT("HTTP/1.1 ");
    for (size_t i = 0; i < server->count; i++) {
        hw_text received = hw_pipe_received(server->clients[i]);
        if (!server->has_taken[i])
            hw_assert(hw_text_has_prefix(start, hw_text_upto(received, start.length)));
        hw_assert(!is_planted_bug_hit(received));
    }
}

/* What must hold whenever the server has nothing to do: each connection waits for something that
 * ends. */
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
    check_beginnings(server);
}

/* From timer to timer, so that each fires at its own moment. */
static void pass_time(fuzz_server *server, int64_t ms)
{
    int64_t end_ms = hw_loop_now_ms(&server->lane.loop) + ms;
    while (fuzz_clock_step(&server->lane.loop, end_ms))
        settle_server(server);
}

static void take_signal(fuzz_server *server, int signal)
{
    switch (signal % SIGNAL_COUNT) {
    case SIGNAL_END:
        hw_pipe_end_send(client_of(server));
        break;
    case SIGNAL_RESET:
        hw_pipe_reset(client_of(server));
        break;
    case SIGNAL_TAKE_ALL:
        take_from_server(server, SIZE_MAX);
        break;
    case SIGNAL_TAKE_ONE:
        take_from_server(server, 1);
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
    case SIGNAL_OPEN:
        open_client(server);
        break;
    case SIGNAL_NEXT:
        server->at = (server->at + 1) % server->count;
        break;
    case SIGNAL_CLOSE:
        close_client(server);
        break;
    case SIGNAL_LATE:
        fuzz_clock_jump(INT64_C(100) * 1000);
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
            (void)hw_pipe_send(client_of(server), sent);
        if (hw_cursor_next(&input) == SIGNAL)
            take_signal(server, hw_cursor_next(&input));
    }
    settle_server(server);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    const fuzz_place *place = fuzz_place_open(make_app);
    fuzz_server server = {0};
    talk_answerers answerers;
    hw_echo echo;
    if (bytes == 0 || bytes > INPUT_BYTES_MAX)
        return 0;
    fuzz_clock_begin();
    hw_echo_init(&echo, hw_app_answerer(place->app));
    talk_answerers_init(&answerers, &echo.answerer, place->local_count);
    server.shared = (hw_shared){
        .answerer = &answerers.answerer,
        .locals = place->locals,
        .local_count = place->local_count + 1,
        .limits = hw_limits_default(),
        .lane_count = 1,
    };
    server.shared.limits.connections_max = 3; /* one fewer than there may be clients */
    server.room_bytes = (size_t)input[0] * 16 + 1;
    hw_assert(hw_lane_init(&server.lane, &server.shared, HW_LOOP_MANUAL) == 0);
    open_client(&server);
    play(&server, hw_cursor_of((hw_text){(const char *)input + 1, bytes - 1}));
    while (server.count > 0)
        hw_pipe_close(server.clients[--server.count]);
    hw_loop_settle(&server.lane.loop);
    hw_lane_fini(&server.lane);
    hw_assert(server.shared.connections == 0);
    return 0;
}

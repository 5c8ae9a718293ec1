/* A whole server and its clients of HTTP/2 over memory streams, as a script says it: frames, good and
 * bad, sent in any pieces; sockets that are full, time that passes, clients that reset, promises that
 * are kept, a server that ends; and all of that also while handlers run (server_h2_app.h).
 *
 * What must hold whenever the server is at rest: each connection waits for something that ends, counts
 * and budget agree with what is there, and what a client has read is frames of answers to what it has
 * asked. When the clients have gone nothing may be left.
 *
 * The input: a pipe's room, memory, and limits; then words of a letter and its arguments, see act(). */
#include <stdint.h>
#include <string.h>

#include "app/app.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "exchange/record.h"
#include "h2_frames.h"
#include "hewn/server.h"
#include "http/echo.h"
#include "net/memory.h"
#include "server/conn_h2.h"
#include "server_h2_app.h"
#include "server_place.h"
#include "talk/answerers.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 4000, CLIENTS_MAX = 3, STREAMS = 256 };

#ifdef HW_FUZZ_PLANTED
/* Content of an answer on the second stream behind content on the third one. */
static bool is_planted_bug_hit(const uint8_t *streams, uint32_t id)
{
    return id == 3 && (streams[5] & 2);
}
#else
static bool is_planted_bug_hit(const uint8_t *streams, uint32_t id)
{
    (void)streams, (void)id;
    return false;
}
#endif

/* What a client has heard of a stream. */
enum { STREAM_HEAD = 1, STREAM_CONTENT = 2, STREAM_END = 4, STREAM_RESET = 8 };

typedef struct fuzz_client {
    hw_pipe *pipe;
    uint32_t next_stream;
    bool is_other;     /* it has never spoken HTTP/2, or was told so */
    bool has_settings; /* the server's */
    bool has_goaway;
    bool is_mid_head; /* CONTINUATION must follow */
    uint8_t header[9];
    size_t header_length, payload_left;
    uint8_t streams[STREAMS];
} fuzz_client;

typedef struct fuzz_server {
    hw_shared shared;
    hw_lane lane;
    hw_sink sink;
    talk_answerers answerers;
    hw_echo echo;
    hw_cursor script;
    fuzz_frames frames; /* of the client that goes on */
    size_t room_bytes;  /* of a pipe */
    fuzz_client clients[CLIENTS_MAX];
    size_t count, at;
    uint64_t records;
} fuzz_server;

static fuzz_server f;

static hewn_app *make_app(const talk_site *site, int folder)
{
    (void)site;
    return fuzz_app_new(folder);
}

/* What clients hear. */

static uint32_t stream_of_frame(const fuzz_client *client)
{
    return (uint32_t)client->header[5] << 24 | (uint32_t)client->header[6] << 16 |
           (uint32_t)client->header[7] << 8 | client->header[8];
}

/* Frames about streams, in their order: a head, content, and one end. */
static void check_stream_frame(fuzz_client *client, uint32_t id, unsigned type, unsigned flags)
{
    hw_assert(id % 2 == 1);
    if (id >= STREAMS)
        return;
    uint8_t *stream = &client->streams[id];
    hw_assert(!(*stream & STREAM_RESET) || type == 8);
    hw_assert(!(*stream & STREAM_END) || type == 3 || type == 8 || type == 9);
    if (type == 0)
        hw_assert(*stream & STREAM_HEAD);
    *stream |= type == 1 ? STREAM_HEAD : type == 0 ? STREAM_CONTENT : type == 3 ? STREAM_RESET : 0;
    if ((type == 0 || type == 1) && (flags & 1))
        *stream |= STREAM_END;
    hw_assert(!is_planted_bug_hit(client->streams, type == 0 ? id : 0));
}

static void check_frame(fuzz_client *client)
{
    unsigned type = client->header[3], flags = client->header[4];
    uint32_t id = stream_of_frame(client);
    client->payload_left = (size_t)client->header[0] << 16 | (size_t)client->header[1] << 8 |
                           (size_t)client->header[2];
    client->header_length = 0;
    hw_assert(client->payload_left <= 16384 && type <= 9 && type != 2 && type != 5);
    hw_assert(client->has_settings || type == 4);
    hw_assert(client->is_mid_head == (type == 9));
    hw_assert((type == 4 || type == 6 || type == 7) ? id == 0 : id != 0 || type == 8);
    client->has_settings = true;
    client->has_goaway |= type == 7;
    if (type == 1 || type == 9)
        client->is_mid_head = !(flags & 4);
    if (id != 0)
        check_stream_frame(client, id, type, flags);
}

static void hear(fuzz_client *client, hw_text bytes)
{
    static const hw_text http1 = HW_TEXT_INIT("HTTP/");
    bool is_first = !client->has_settings && client->header_length == 0;
    if (is_first && bytes.length > 0 && bytes.at[0] == http1.at[0])
        client->is_other = true;
    while (bytes.length > 0 && !client->is_other) {
        size_t skipped = hw_size_min(client->payload_left, bytes.length);
        client->payload_left -= skipped;
        bytes = hw_text_from(bytes, skipped);
        while (bytes.length > 0 && client->header_length < 9) {
            client->header[client->header_length++] = (uint8_t)bytes.at[0];
            bytes = hw_text_from(bytes, 1);
        }
        if (client->header_length == 9)
            check_frame(client);
    }
}

static void take_from_server(size_t bytes)
{
    fuzz_client *client = &f.clients[f.at];
    hw_text there = hw_text_upto(hw_pipe_received(client->pipe), bytes);
    hear(client, there);
    hw_pipe_take(client->pipe, there.length);
}

/* What must hold at rest. */

/* A tunnel may be silent, and who writes a body may take his time. */
static bool may_wait_for_ever(const h2_exchange *e)
{
    return (e->is_tunnel && e->is_sent && e->is_waiting) || e->lending.is_fed;
}

static unsigned check_exchanges(const conn_h2 *h2, const hw_list *list, bool *ret_may_wait)
{
    unsigned count = 0;
    uint32_t window = f.shared.limits.h2.window_bytes;
    for (const hw_link *link = list->head.next; link != &list->head; link = link->next) {
        const h2_exchange *e = HW_MEMBER(link, h2_exchange, link);
        hw_assert(e->conn == h2 && (e->stream != 0) == (list == &h2->exchanges));
        hw_assert(e->kept ? e->kept_length <= window : e->kept_length == 0);
        hw_assert(e->stream != 0 || !e->kept);
        *ret_may_wait |= may_wait_for_ever(e);
        count++;
    }
    return count;
}

static void check_connection(const conn_h2 *h2)
{
    bool may_wait = false;
    unsigned count = check_exchanges(h2, &h2->exchanges, &may_wait);
    hw_assert(hw_h2_open_streams(h2->session) <= f.shared.limits.h2.streams_max + 1);
    hw_assert(count <= f.shared.limits.h2.streams_max + 1);
    count += check_exchanges(h2, &h2->left, &may_wait);
    hw_assert(h2->count == count);
    hw_assert((h2->output.length > 0) == (h2->unsent != NULL));
    hw_assert(hw_timer_is_armed(&h2->conn.deadline) || may_wait);
    hw_assert(h2->conn.deadline_ms != HW_CONN_NEVER || may_wait);
}

static void check_rest(void)
{
    const hw_link *head = &f.lane.conns.head;
    size_t count = 0;
    for (const hw_link *link = head->next; link != head; link = link->next, count++) {
        const hw_conn *conn = HW_MEMBER(link, hw_conn, link);
        if (conn->driver == &hw_conn_h2_driver)
            check_connection((const conn_h2 *)conn);
        else
            hw_assert(hw_timer_is_armed(&conn->deadline));
    }
    hw_assert(count == f.lane.conn_count && count == atomic_load(&f.shared.connections));
}

static void settle(void)
{
    hw_loop_settle(&f.lane.loop);
    check_rest();
}

/* Clients. */

static unsigned draw(void)
{
    return frames_draw(&f.frames);
}

static void send_some(size_t bytes)
{
    hw_text sent = {f.frames.bytes, hw_size_min(bytes, f.frames.length)};
    if (sent.length > 0)
        (void)hw_pipe_send(f.clients[f.at].pipe, sent);
    frames_drop(&f.frames, sent.length);
}

static void choose_client(size_t at)
{
    send_some(SIZE_MAX);
    f.clients[f.at].next_stream = f.frames.next_stream;
    f.at = at;
    f.frames.next_stream = f.clients[at].next_stream;
}

static void put_preface(void)
{
    frames_put(&f.frames, HW_H2_PREFACE, sizeof HW_H2_PREFACE - 1);
    frames_put_header(&f.frames, 0, 4, 0, 0);
}

/* how: 1: it says nothing yet; 2: as if its protocol were agreed on. */
static void open_client(unsigned how)
{
    hw_stream *stream;
    if (f.count == CLIENTS_MAX)
        return;
    if (f.count > 0)
        choose_client(f.count);
    fuzz_client *client = &f.clients[f.count++];
    *client = (fuzz_client){.next_stream = 1};
    f.frames.next_stream = 1;
    hw_assert(hw_pipe_new(f.room_bytes, &client->pipe, &stream) == 0);
    if (how & 2)
        (void)hw_conn_h2_open(&f.lane, stream, (hw_text){0});
    else
        (void)hw_conn_open(&f.lane, stream);
    if (!(how & 1))
        put_preface();
}

static void close_client(void)
{
    f.frames.length = 0;
    take_from_server(SIZE_MAX);
    hw_pipe_close(f.clients[f.at].pipe);
    f.clients[f.at] = f.clients[--f.count];
    f.at = 0;
    f.frames.next_stream = f.clients[0].next_stream;
    if (f.count == 0)
        open_client(2);
}

/* A request that is likely to be answered. how: 1: no content; the others choose fields. */
static void put_request(unsigned how, unsigned path_at)
{
    static const char *const paths[] = {
        "/stall",     "/echo-late",    "/read",     "/promise", "/pull",      "/pull-read",
        "/echo",      "/buffer",       "/none",     "/early",   "/count",     "/chunks",
        "/coded",     "/query?last=a", "/prepared", "/hints",   "/empty",     "/null",
        "/fail",      "/fail-chunked", "/short",    "/split",   "/hello.txt", "/ten.txt",
        "/empty.txt", "/dir",          "/dir/",     "/absent",  "/big.bin",   "/../x",
    };
    static const char *const fields[] = {
        "\x0f\x0d\x01"
        "5", /* content-length: 5 */
        "\x0f\x14\x0c"
        "100-continue", /* expect */
        "\x0f\x23\x09"
        "bytes=2-5", /* range */
        "\x0f\x01\x04"
        "gzip", /* accept-encoding */
        "\x40\x08priority\x06u=1, i",
    };
    const char *path = paths[path_at % (sizeof paths / sizeof *paths)];
    char memory[200];
    hw_buffer block = HW_BUFFER_OVER(memory);
    bool is_post = !(how & 1);
    hw_buffer_put_string(&block, is_post ? "\x83" : how & 2 ? "\x42\x04HEAD" : "\x82");
    hw_buffer_put_string(&block, "\x86\x01\x01"
                                 "a\x04");
    hw_buffer_put_char(&block, (char)strlen(path));
    hw_buffer_put_string(&block, path);
    for (unsigned i = is_post ? 0 : 2; i < 5; i++)
        if (how & (4U << i))
            hw_buffer_put_string(&block, fields[i]);
    frames_put_header(&f.frames, block.length, 1, 4 | (how & 1), frames_new_stream(&f.frames));
    frames_put(&f.frames, memory, block.length);
}

/* RFC 8441, to the answerer that gives back what it is sent. */
static void put_tunnel(void)
{
    static const char block[] = "\x42\x07"
                                "CONNECT\x86\x01\x01"
                                "a\x04\x07/tunnel\x40\x09:protocol\x04"
                                "echo";
    frames_put_header(&f.frames, sizeof block - 1, 1, 4, frames_new_stream(&f.frames));
    frames_put(&f.frames, block, sizeof block - 1);
}

static void put_priority_update(uint32_t id, unsigned how)
{
    static const char *const values[] = {"u=0", "u=7, i", "i", "u=9", "", "x=\"", "u=3;a", "i=?0"};
    const char *value = values[how % 8];
    const uint8_t stream[4] = {0, 0, 0, (uint8_t)id};
    frames_put_header(&f.frames, 4 + strlen(value), 16, 0, 0);
    frames_put(&f.frames, stream, 4);
    frames_put(&f.frames, value, strlen(value));
}

static void act_as_client(int word)
{
    unsigned how;
    uint32_t last = f.frames.next_stream - 2;
    switch (word) {
    case 'q':
        how = draw();
        put_request(how, draw());
        break;
    case 't':
        put_tunnel();
        break;
    case 'c': /* content of the newest request */
        frames_put_content(&f.frames, last);
        break;
    case 'z': /* it is reset */
        frames_put_number(&f.frames, 3, last, 8);
        break;
    case 'v': /* much room for all, and for the newest request */
        frames_put_number(&f.frames, 8, 0, 1 << 20);
        frames_put_number(&f.frames, 8, last, 1 << 20);
        break;
    case 'a':
        frames_put_header(&f.frames, 0, 4, 1, 0);
        break;
    case 'g':
        frames_put_header(&f.frames, 8, 7, 0, 0);
        frames_put(&f.frames, "\0\0\0\0\0\0\0\0", 8);
        break;
    case 'u':
        how = draw();
        put_priority_update(draw(), how);
        break;
    case 'P':
        put_preface();
        break;
    default:
        frames_act(&f.frames, word);
        break;
    }
}

/* From timer to timer, so that each fires at its own moment. */
static void pass_time(int64_t ms)
{
    int64_t end_ms = hw_loop_now_ms(&f.lane.loop) + ms;
    while (fuzz_clock_step(&f.lane.loop, end_ms))
        settle();
}

/* What happens beside the frames. */
static void act_as_world(int word)
{
    switch (word) {
    case 'E':
        hw_pipe_end_send(f.clients[f.at].pipe);
        break;
    case 'R':
        hw_pipe_reset(f.clients[f.at].pipe);
        break;
    case 'T':
        take_from_server((size_t)draw() * 64);
        break;
    case 'A':
        take_from_server(SIZE_MAX);
        break;
    case 'S':
        pass_time((int64_t)draw() * 20);
        break;
    case 'M':
        pass_time(INT64_C(60) * 1000);
        break;
    case 'L':
        fuzz_clock_jump(INT64_C(100) * 1000);
        break;
    case 'D':
        hw_lane_drain(&f.lane);
        break;
    case 'O':
        open_client(draw());
        break;
    case 'N':
        choose_client((f.at + 1) % f.count);
        break;
    case 'C':
        close_client();
        break;
    default:
        break;
    }
}

static void act_as_app(int word)
{
    unsigned which = draw();
    if (word == 'K')
        fuzz_app_keep(which, which & 128);
    else if (word == 'J')
        fuzz_app_hold(which);
    else
        fuzz_app_wake(which);
}

static void act(int word)
{
    if (word == ',') {
        send_some(1 + draw());
    } else if (word >= 'A' && word <= 'Z' && word != 'H' && word != 'P') {
        send_some(SIZE_MAX);
        if (word == 'K' || word == 'J' || word == 'W')
            act_as_app(word);
        else
            act_as_world(word);
    } else {
        act_as_client(word);
        return;
    }
    settle();
}

static void go_on(unsigned words)
{
    hw_mark *mark = &f.lane.loop.mark;
    uint64_t inside = atomic_load(&mark->value);
    if (hw_mark_is_inside(inside))
        hw_assert(hw_mark_swap(mark, inside));
    for (int word; words > 0 && (word = hw_cursor_next(&f.script)) >= 0; words--)
        act(word);
}

/* A record may be read. */
static void take_told(void *arg, hw_sink_kind kind, const void *item)
{
    (void)arg;
    if (kind != HW_SINK_RECORD)
        return;
    const hw_record *record = item;
    hw_text texts[] = {record->method, record->target,  record->protocol,  record->peer,
                       record->host,   record->referer, record->user_agent};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        f.records += texts[i].length > 0 && texts[i].at[texts[i].length - 1] != '\0';
}

static void set_limits(hw_limits *limits, unsigned memory, unsigned how)
{
    *limits = hw_limits_default();
    limits->connections_max = CLIENTS_MAX - 1; /* one fewer than there may be clients */
    limits->memory_bytes_max = memory & 1 ? (size_t)64 * 1024 + memory * 2048 : 0;
    if (how & 1) {
        limits->h2.streams_max = 4;
        limits->h2.queue_max = 20;
        limits->requests_max = 6;
        limits->h2.flood.resets_burst = 5;
        limits->h2.flood.empty_frames = 30;
    }
    if (how & 2)
        limits->h2.connection_window_bytes = HW_H2_WINDOW_BYTES_MIN + 5000;
}

static void play(const fuzz_place *place)
{
    static const fuzz_script script = {draw, go_on};
    unsigned memory = draw(), how = draw();
    hw_echo_init(&f.echo, hw_app_answerer(place->app));
    talk_answerers_init(&f.answerers, &f.echo.answerer, place->local_count);
    fuzz_app_begin(&script);
    f.sink = (hw_sink){.take = take_told, .records = true};
    f.shared = (hw_shared){
        .answerer = fuzz_app_answerer(&f.answerers.answerer),
        .sinks = &f.sink,
        .sink_count = 1,
        .locals = place->locals,
        .local_count = place->local_count + 1,
        .lane_count = 1,
    };
    set_limits(&f.shared.limits, memory, how);
    f.shared.budget.max = f.shared.limits.memory_bytes_max;
    hw_assert(hw_lane_init(&f.lane, &f.shared, HW_LOOP_MANUAL) == 0);
    open_client(how >> 2);
    for (int word; (word = hw_cursor_next(&f.script)) >= 0;)
        act(word);
    send_some(SIZE_MAX);
    settle();
}

static void end_play(void)
{
    while (f.count > 0) {
        f.at = --f.count;
        take_from_server(SIZE_MAX);
        hw_pipe_close(f.clients[f.at].pipe);
    }
    settle();
    fuzz_app_give_back();
    settle();
    if (f.lane.conn_count > 0) /* who waits for memory is not read from */
        pass_time(INT64_C(60) * 1000);
    hw_assert(f.lane.conn_count == 0 && atomic_load(&f.shared.connections) == 0);
    hw_assert(hw_list_is_empty(&f.lane.abandoned));
    hw_assert(atomic_load(&f.lane.counts.exchanges) == 0);
    hw_lane_fini(&f.lane);
    fuzz_app_end();
    hw_assert(hw_budget_used(&f.shared.budget) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    const fuzz_place *place = fuzz_place_open(make_app);
    if (bytes > INPUT_MAX)
        return 0;
    memset(&f, 0, sizeof f);
    f.script = hw_cursor_of((hw_text){(const char *)input, bytes});
    f.frames.script = &f.script;
    fuzz_clock_begin();
    f.room_bytes = (size_t)draw() * 64 + 1;
    play(place);
    end_play();
    return 0;
}

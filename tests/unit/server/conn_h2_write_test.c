/* Connections of HTTP/2: files on their way out, sockets that are full, and tunnels. */
#include "unit/server/h2_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "seam/seam.h"
#include "sys/file.h"
#include "sys/socket.h"

#define ROOM ((size_t)4 * 1024 * 1024)
#define KIB ((size_t)1024)
#define WIDE (1 << 24)

/* The client's windows for what is sent on a stream. */
static void open_wide(h2_rig *h2, uint32_t stream)
{
    wire_number(h2->said, WIRE_WINDOW_UPDATE, 0, WIDE);
    wire_number(h2->said, WIRE_WINDOW_UPDATE, stream, WIDE);
}

/* One file, all of which is an answer; or a body that reads it itself. */
static struct {
    int file;
    size_t size;
    hw_warmth warmth;
    hw_identity identity;
    bool is_versioned, is_given, reads_itself;
} site;

static hw_pull pull_site(hw_source *source, size_t want, hw_piece *ret_piece)
{
    static char bytes[64];
    hw_segment file = {site.file, 0, site.size, &site.warmth,
                       site.is_versioned ? &site.identity : NULL};
    (void)source, (void)want;
    *ret_piece = (hw_piece){0};
    if (site.is_given)
        return HW_PULL_END;
    ret_piece->file = file;
    bool is_cold = site.reads_itself && site.warmth.end == 0;
    site.is_given = !is_cold;
    if (!site.reads_itself)
        return HW_PULL_FILE;
    if (is_cold)
        return HW_PULL_COLD;
    ssize_t count = hw_sys_read_at(site.file, bytes, sizeof bytes, 0);
    *ret_piece = (hw_piece){.bytes = {bytes, count > 0 ? (size_t)count : 0}};
    return count > 0 ? HW_PULL_BYTES : HW_PULL_FAILED;
}

static void drop_site(hw_source *source)
{
    (void)source;
}

static void answer_site(void *arg, hw_exchange *exchange)
{
    static const hw_source_ops ops = {.pull = pull_site, .drop = drop_site};
    static hw_source source;
    (void)arg;
    source = (hw_source){.ops = &ops, .length = site.reads_itself ? 64 : site.size};
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, &source);
}

static const hw_crew_setup one_reader = {.loops = 1, .readers_max = 1};

static void open_site(h2_rig *h2, size_t size, bool has_crew)
{
    static char bytes[1024];
    memset(&site, 0, sizeof site);
    site.size = size;
    site.file = memfd_create("site", MFD_CLOEXEC);
    assert_true(site.file >= 0);
    for (size_t at = 0; at < size; at += sizeof bytes)
        assert_int_equal(hw_sys_write(site.file, bytes, sizeof bytes), sizeof bytes);
    *h2 = (h2_rig){.rig = {.answerer = {.answer = answer_site}}};
    h2_open(h2, ROOM);
    if (has_crew)
        rig_change_crew(&h2->rig, &one_reader);
}

static void finish_spare(h2_rig *h2)
{
    rig_change_crew(&h2->rig, &one_reader);
}

/* Its file must be read from the disk, once. */
static void open_cold_site(h2_rig *h2)
{
    open_site(h2, 100 * KIB, true);
    hw_seam_fail("read_cached", 1, EAGAIN);
}

static void close_site(h2_rig *h2)
{
    h2_hang_up(h2);
    hw_lane_empty(&h2->rig.lane);
    hw_crew_free(h2->rig.shared.crew);
    h2_close(h2);
    hw_sys_close(site.file);
}

static void ask_site(h2_rig *h2)
{
    h2_get(h2, 1, "/");
    open_wide(h2, 1);
    h2_send(h2);
}

HW_TEST(conn_h2_sends_a_file_that_is_warm)
{
    h2_rig h2;
    open_site(&h2, 300 * KIB, true);
    ask_site(&h2);
    (void)h2_hear(&h2);
    NEED_TRUE(heard_bytes(h2.heard, 1) == site.size);
    NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].is_complete);
    assert_int_equal(hw_seam_calls("thread_start"), 0);
    close_site(&h2);
}

/* Others go on while a spare reads it. */
HW_THREAD_TEST(conn_h2_sends_a_file_that_is_cold)
{
    h2_rig h2;
    open_cold_site(&h2);
    ask_site(&h2);
    h2.rig.answerer.answer = rig_answer_hi;
    h2_ask(&h2, 3, "/");
    finish_spare(&h2);
    h2_expect_among(&h2, "DATA 3 end hi\n");
    NEED_TRUE(heard_bytes(h2.heard, 1) == site.size);
    close_site(&h2);
}

HW_THREAD_TEST(conn_h2_forgets_a_cold_file_whose_stream_is_reset)
{
    h2_rig h2;
    open_cold_site(&h2);
    ask_site(&h2);
    h2_reset(&h2, 1);
    NEED_TRUE(h2.rig.records == 1);
    assert_int_equal(h2.rig.lane.counts.exchanges, 0);
    finish_spare(&h2);
    close_site(&h2);
}

/* A body that reads its file itself is asked again when that is warm; or without a crew, at once. */
HW_THREAD_TEST(conn_h2_warms_what_a_body_reads_itself)
{
    h2_rig h2;
    open_cold_site(&h2);
    site.reads_itself = true;
    ask_site(&h2);
    finish_spare(&h2);
    (void)h2_hear(&h2);
    NEED_TRUE(heard_bytes(h2.heard, 1) == 64);
    NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].is_complete);
    close_site(&h2);
}

static void expect_broken_off(h2_rig *h2)
{
    ask_site(h2);
    if (h2->rig.shared.crew)
        finish_spare(h2);
    h2_expect_among(h2, "RST_STREAM 1 INTERNAL_ERROR\n");
    NEED_TRUE(h2->rig.records == 1);
    assert_false(h2->rig.record[0].is_complete);
    h2->rig.answerer.answer = rig_answer_hi;
    h2_ask(h2, 3, "/");
    h2_expect(h2, H2_HI("3"));
    close_site(h2);
}

HW_TEST(conn_h2_resets_a_file_that_was_cut)
{
    h2_rig h2;
    open_site(&h2, 100 * KIB, false);
    assert_return_code(ftruncate(site.file, 70 * KIB), errno);
    expect_broken_off(&h2);
}

HW_TEST(conn_h2_resets_a_file_that_has_become_another)
{
    h2_rig h2;
    open_site(&h2, 100 * KIB, false);
    site.is_versioned = true; /* an identity that no file has */
    expect_broken_off(&h2);
}

HW_TEST(conn_h2_resets_a_file_that_cannot_be_read)
{
    h2_rig h2;
    open_site(&h2, 100 * KIB, false);
    hw_seam_fail("read_at", 3, EIO);
    expect_broken_off(&h2);
}

HW_THREAD_TEST(conn_h2_resets_a_cold_file_that_cannot_be_read)
{
    for (unsigned i = 0; i < 2; i++) {
        h2_rig h2;
        open_site(&h2, 100 * KIB, true);
        site.reads_itself = i == 1;
        hw_seam_fail("read_cached", 1, EAGAIN);
        hw_seam_fail("read_at", 1, EIO);
        expect_broken_off(&h2);
    }
}

/* What the socket has no room for stays with the connection, and everybody gets his own. */
static void answer_own(void *arg, hw_exchange *exchange)
{
    static char others[48 * 1024], own[200 * 1024];
    (void)arg;
    memset(own, '.', sizeof own);
    memset(others, '!', sizeof others);
    bool is_other = hw_text_equal(exchange->request.raw_target, HW_TEXT("/other"));
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response,
                          is_other ? (hw_text){others, sizeof others} : (hw_text){own, sizeof own});
}

HW_TEST(conn_h2_sends_everybody_his_own)
{
    h2_rig h2 = {.rig = {.answerer = {.answer = answer_own}}};
    h2_open_lane(&h2);
    h2_greet(&h2, ROOM);
    hw_pipe *other = h2.client;
    wire *said = h2.said;
    heard *other_heard = h2.heard;
    h2_greet(&h2, 20000);
    h2_get(&h2, 1, "/own");
    open_wide(&h2, 1);
    h2_send(&h2);
    uint32_t id = 1;
    for (hw_text got; (got = hw_pipe_received(h2.client)).length > 0; id += 2) {
        size_t bytes = got.length < 17000 ? got.length : 17000;
        NEED_TRUE(memmem(got.at, bytes, "!!!!", 4) == NULL);
        heard_take(h2.heard, hw_text_upto(got, bytes));
        hw_pipe_take(h2.client, bytes);
        /* The other one takes its turns in between. */
        h2_get(&h2, id, "/other");
        NEED_TRUE(hw_pipe_send(other, wire_text(h2.said)) == 0);
        h2.said->length = 0;
        hw_loop_settle(&h2.rig.lane.loop);
        hw_pipe_take(other, hw_pipe_received(other).length);
        hw_loop_settle(&h2.rig.lane.loop);
    }
    NEED_TRUE(heard_bytes(h2.heard, 1) == 200 * KIB);
    assert_true(id > 20);
    hw_pipe_close(other);
    free(said);
    heard_free(other_heard);
    h2_close(&h2);
}

/* The client hangs up or resets in the middle of what it is sent. */
HW_TEST(conn_h2_ends_with_its_client_while_the_socket_is_full)
{
    for (unsigned i = 0; i < 2; i++) {
        h2_rig h2 = {.rig = {.answerer = {.answer = answer_own}}};
        h2_open(&h2, 20000);
        h2_get(&h2, 1, "/own");
        open_wide(&h2, 1);
        h2_send(&h2);
        NEED_TRUE(h2_conn(&h2)->unsent != NULL);
        if (i == 1)
            hw_pipe_reset(h2.client);
        else
            hw_pipe_end_send(h2.client);
        hw_loop_settle(&h2.rig.lane.loop);
        NEED_TRUE(hw_pipe_is_closed(h2.client));
        assert_int_equal(h2.rig.records, 1);
        assert_false(h2.rig.record[0].is_complete);
        h2_close(&h2);
    }
}

/* A fast client gets no more than so much in a turn, and goes on in the next. */
HW_TEST(conn_h2_lets_others_go_on_beside_a_fast_client)
{
    h2_rig h2;
    open_site(&h2, 1024 * KIB, false);
    h2_get(&h2, 1, "/");
    open_wide(&h2, 1);
    NEED_TRUE(hw_pipe_send(h2.client, wire_text(h2.said)) == 0);
    h2.said->length = 0;
    size_t before = 0, most = 0;
    for (unsigned i = 0; i < 100 && before <= site.size; i++) {
        hw_loop_step(&h2.rig.lane.loop, false);
        size_t got = hw_pipe_received(h2.client).length;
        most = got - before > most ? got - before : most;
        before = got;
    }
    NEED_TRUE(before > site.size);
    assert_in_range(most, 256 * KIB, 290 * KIB);
    close_site(&h2);
}

/* Tunnels: RFC 8441. */
#define CONNECT                                                                                    \
    ":method: CONNECT\n:protocol: websocket\n:scheme: http\n:path: /chat\n:authority: a\n"

static void answer_tunnel(void *arg, hw_exchange *exchange)
{
    const hw_field *upgrade = hw_fields_find(exchange->request.fields, HW_FIELD_UPGRADE);
    ((test_rig *)arg)->answers++;
    assert_true(upgrade && hw_text_equal(upgrade->value, HW_TEXT("websocket")));
    assert_int_equal(exchange->request.method, HW_METHOD_GET);
    hw_source *source = hw_exchange_start_tunnel(exchange, 101);
    if (source)
        hw_response_take_body(&exchange->response, source);
}

static h2_rig tunnel_rig(hw_plan_kind kind)
{
    return (h2_rig){.rig = {.answerer = {.answer = answer_tunnel}, .plan = {kind, 100}}};
}

/* Whatever the plan was, and though the first bytes come before the answer. */
HW_TEST(conn_h2_tunnels_both_ways)
{
    static const hw_plan_kind kinds[] = {HW_PLAN_NONE, HW_PLAN_BUFFER, HW_PLAN_STREAM,
                                         HW_PLAN_READ};
    for (size_t i = 0; i < ROWS(kinds); i++) {
        h2_rig h2 = tunnel_rig(kinds[i]);
        h2_open(&h2, ROOM);
        wire_head(h2.said, WIRE_END_HEADERS, 1, CONNECT);
        wire_data(h2.said, 0, 1, "early");
        h2_send(&h2);
        h2_expect(&h2, "HEADERS 1\n :status: 200\n" H2_DATE "DATA 1 early\n");
        wire_data(h2.said, 0, 1, "and more");
        h2_send(&h2);
        h2_expect(&h2, "DATA 1 and more\n");
        h2_pass_ms(&h2, 40000); /* nothing is owed on either side */
        wire_data(h2.said, WIRE_END_STREAM, 1, "bye");
        h2_send(&h2);
        h2_expect(&h2, "DATA 1 bye\nDATA 1 end \n");
        NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].is_complete);
        h2_close(&h2);
    }
}

/* More than any window, both ways. */
HW_TEST(conn_h2_tunnels_as_much_as_it_likes)
{
    static const hw_plan_kind kinds[] = {HW_PLAN_NONE, HW_PLAN_READ};
    for (size_t i = 0; i < ROWS(kinds); i++) {
        h2_rig h2 = tunnel_rig(kinds[i]);
        uint64_t granted = 64 * KIB, sent = 0;
        h2_open(&h2, ROOM);
        wire_head(h2.said, WIRE_END_HEADERS, 1, CONNECT);
        open_wide(&h2, 1);
        while (sent < 300 * KIB) {
            NEED_TRUE(granted > sent);
            h2_content(&h2, 1, (size_t)(granted - sent), false);
            sent = granted;
            h2_send(&h2);
            granted += h2_granted(h2_hear(&h2), 1);
        }
        NEED_TRUE(heard_bytes(h2.heard, 1) == sent);
        h2_close(&h2);
    }
}

static const hw_piece last_words[] = {{.bytes = HW_TEXT_INIT("bye")}};
static rig_body closing;

static void answer_tunnel_and_end(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_source *source = hw_exchange_start_tunnel(exchange, 101);
    hw_source_drop(source);
    hw_response_take_body(&exchange->response,
                          rig_body_init(&closing, last_words, 1, HW_LENGTH_UNKNOWN, HW_PULL_END));
}

/* Our end is the end of it. */
HW_TEST(conn_h2_ends_a_tunnel)
{
    h2_rig h2 = {.rig = {.answerer = {.answer = answer_tunnel_and_end}}};
    h2_open(&h2, ROOM);
    wire_head(h2.said, WIRE_END_HEADERS, 1, CONNECT);
    h2_send(&h2);
    h2_expect_first(&h2, "HEADERS 1\n :status: 200\n" H2_DATE "DATA 1 bye\nDATA 1 end \n");
    wire_data(h2.said, WIRE_END_STREAM, 1, "too late");
    h2_send(&h2);
    NEED_TRUE(h2.rig.records == 1 && h2.rig.record[0].is_complete);
    h2_close(&h2);
}

/* Nobody asked for it, or something else is answered: RFC 9110 9.3.6 has no 2xx for that. */
HW_TEST(conn_h2_answers_without_a_tunnel)
{
    h2_rig h2 = {.rig = {.plan = {HW_PLAN_NONE, 100}}};
    h2_open(&h2, ROOM);
    wire_head(h2.said, WIRE_END_HEADERS, 1, CONNECT);
    wire_data(h2.said, 0, 1, "early");
    h2_send(&h2);
    h2_expect_first(&h2, "HEADERS 1\n :status: 501\n");
    wire_data(h2.said, 0, 1, "late");
    h2.rig.answerer.answer = answer_tunnel_and_end;
    h2_ask(&h2, 3, "/");
    h2_expect(&h2, "HEADERS 3 end\n :status: 500\n");
    h2_close(&h2);
}

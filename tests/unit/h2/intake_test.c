#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "h2/session.h"
#include "talker.h"

#define GET_HEAD(id) "HEAD " id " GET / https a end\n host: a\n"
#define POST_HEAD(id) "HEAD " id " POST / https a\n host: a\n"

HW_TEST(h2_intake_reads_requests)
{
    wire *w = wire_new();
    wire_get(w, 1, "/");
    wire_post(w, 3, "content-length: 5\nexpect: 100-continue\n");
    wire_data(w, 0, 3, "he");
    wire_get(w, 5, "/");
    wire_data(w, WIRE_END_STREAM, 3, "llo");
    wire_post(w, 7, "priority: u=1, i\n");
    wire_data(w, 0, 7, "");
    wire_data(w, WIRE_END_STREAM, 7, "");
    assert_events(
        w, GET_HEAD("1") "HEAD 3 POST / https a length=5 continue\n host: a\n"
                         " content-length: 5\n expect: 100-continue\n"
                         "BODY 3 he\n" GET_HEAD(
                             "5") "BODY 3 llo\nEND 3\n"
                                  "HEAD 7 POST / https a u=1 i\n host: a\n priority: u=1, i\n"
                                  "END 7\n");
}

HW_TEST(h2_intake_reads_trailers)
{
    wire *w = wire_new();
    wire_post(w, 1, "");
    wire_data(w, 0, 1, "x");
    wire_head(w, WIRE_END, 1, "x-sum: 1\ncontent-length: 7\n");
    assert_events(w, POST_HEAD("1") "BODY 1 x\nEND 1\n x-sum: 1\n");
}

HW_TEST(h2_intake_reads_padding_and_old_priorities)
{
    wire *w = wire_new();
    char block[200] = {3, (char)0x80, 0, 0, 0, 15};
    size_t length = wire_block(block + 6, sizeof block - 6,
                               ":method: POST\n:scheme: https\n:path: /\n:authority: a\n");
    wire_frame(w, WIRE_HEADERS, WIRE_END_HEADERS | WIRE_PADDED | 0x20, 1,
               (hw_text){block, 6 + length + 3});
    wire_frame(w, WIRE_DATA, WIRE_PADDED | WIRE_END_STREAM, 1, HW_TEXT("\4hello\0\0\0\0"));
    wire_frame(w, WIRE_PRIORITY, 0, 3, HW_TEXT("\0\0\0\0\1"));
    assert_events(w, POST_HEAD("1") "BODY 1 hello\nEND 1\n");
}

/* With padding and without, a stream depends on itself, also from its last bytes. */
HW_TEST(h2_intake_ignores_what_a_stream_depends_on)
{
    wire *w = wire_new();
    char block[200] = {0, (char)0x80, 0, 0, 1, 15};
    size_t length = wire_block(block + 6, sizeof block - 6,
                               ":method: GET\n:scheme: https\n:path: /\n:authority: a\n");
    wire_frame(w, WIRE_HEADERS, WIRE_END | 0x20, 1, (hw_text){block + 1, 5 + length});
    block[4] = 3;
    wire_frame(w, WIRE_HEADERS, WIRE_END | WIRE_PADDED | 0x20, 3, (hw_text){block, 6 + length});
    block[4] = 5;
    wire_frame(w, WIRE_HEADERS, WIRE_END_STREAM | 0x20, 5, (hw_text){block + 1, 5});
    wire_frame(w, WIRE_CONTINUATION, WIRE_END_HEADERS, 5, (hw_text){block + 6, length});
    assert_events(w, GET_HEAD("1") GET_HEAD("3") GET_HEAD("5"));
}

HW_TEST(h2_intake_finds_no_room_for_a_dependency)
{
    for (size_t length = 0; length < 5; length++) {
        wire *w = wire_new();
        wire_frame(w, WIRE_HEADERS, WIRE_END | 0x20, 1, (hw_text){"\0\0\0\1", length});
        assert_events(w, "PROBLEM FRAME_SIZE_ERROR 400\n");
    }
}

HW_TEST(h2_intake_credits_padding)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    static char padded[256] = {(char)255};
    wire_frame(w, WIRE_SETTINGS, WIRE_ACK, 0, (hw_text){0});
    wire_post(w, 1, "");
    for (int i = 0; i < 127; i++)
        wire_frame(w, WIRE_DATA, WIRE_PADDED, 1, (hw_text){padded, 256});
    assert_fed(t, w, POST_HEAD("1"));
    assert_sent(t, "WINDOW_UPDATE 0 983041\n");
    wire_frame(w, WIRE_DATA, WIRE_PADDED, 1, (hw_text){padded, 256});
    talker_feed_wire(t, w);
    assert_sent(t, "WINDOW_UPDATE 1 32768\n");
    talker_free_both(t, w);
}

HW_TEST(h2_intake_gives_no_more_than_the_window)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    static char content[16384];
    memset(content, 'c', sizeof content);
    t->keeps = true;
    wire_frame(w, WIRE_SETTINGS, WIRE_ACK, 0, (hw_text){0});
    wire_post(w, 1, "");
    for (int i = 0; i < 4; i++)
        wire_frame(w, WIRE_DATA, 0, 1, (hw_text){content, sizeof content});
    talker_feed_wire(t, w);
    size_t words = 65536 + sizeof POST_HEAD("1") "BODY 1 " - 1;
    if (t->length != words)
        talker_check_memory();
    assert_int_equal(t->length, words);
    wire_data(w, 0, 1, "and more");
    talker_feed_wire(t, w);
    if (t->length != words)
        talker_check_memory();
    assert_int_equal(t->length, words);
    talker_words(t);
    assert_sent(t, "WINDOW_UPDATE 0 983041\nRST_STREAM 1 FLOW_CONTROL_ERROR\n");
    assert_told(t, "RESET 1 FLOW_CONTROL_ERROR\n");
    talker_free_both(t, w);
}

HW_TEST(h2_intake_reads_heads_in_pieces)
{
    wire *w = wire_new();
    char block[200];
    size_t length =
        wire_block(block, sizeof block, ":method: GET\n:scheme: https\n:path: /\n:authority: a\n");
    wire_frame(w, WIRE_HEADERS, WIRE_END_STREAM, 1, (hw_text){block, 10});
    for (size_t i = 0; i < 7; i++)
        wire_frame(w, WIRE_CONTINUATION, 0, 1, (hw_text){block + 10 + i, 1});
    wire_frame(w, WIRE_CONTINUATION, WIRE_END_HEADERS, 1, (hw_text){block + 17, length - 17});
    assert_events(w, GET_HEAD("1"));
}

HW_TEST(h2_intake_bounds_the_pieces_of_a_head)
{
    wire *w = wire_new();
    wire_frame(w, WIRE_HEADERS, WIRE_END_STREAM, 1, (hw_text){0});
    for (size_t i = 0; i < 9; i++)
        wire_frame(w, WIRE_CONTINUATION, 0, 1, (hw_text){0});
    assert_events(w, "PROBLEM ENHANCE_YOUR_CALM 429\n");
}

HW_TEST(h2_intake_refuses_what_is_malformed_and_goes_on)
{
    wire *w = wire_new();
    wire_head(w, WIRE_END, 1, ":method: GET\n");
    wire_get(w, 3, "/");
    wire_post(w, 5, "connection: close\n");
    wire_data(w, WIRE_END_STREAM, 5, "content that nobody sees");
    wire_get(w, 7, "/");
    assert_events(w, "MALFORMED 1 RFC 9113 8.3.1\n" GET_HEAD(
                         "3") "MALFORMED 5 RFC 9113 8.2.2\n" GET_HEAD("7"));
}

HW_TEST(h2_intake_resets_what_is_malformed)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    wire_head(w, WIRE_END, 1, ":method: GET\n");
    wire_post(w, 3, "content-length: 3\n");
    wire_data(w, 0, 3, "four");
    assert_fed(t, w,
               "MALFORMED 1 RFC 9113 8.3.1\nHEAD 3 POST / https a length=3\n host: a\n"
               " content-length: 3\nMALFORMED 3 RFC 9113 8.1.1\n");
    assert_sent(t, "WINDOW_UPDATE 0 983041\nRST_STREAM 1 PROTOCOL_ERROR\n"
                   "RST_STREAM 3 PROTOCOL_ERROR\n");
    assert_told(t, "");
    talker_free_both(t, w);
}

HW_TEST(h2_intake_holds_content_against_its_length)
{
    wire *w = wire_new();
    wire_post(w, 1, "content-length: 5\n");
    wire_data(w, WIRE_END_STREAM, 1, "four");
    assert_events(w, "HEAD 1 POST / https a length=5\n host: a\n content-length: 5\n"
                     "BODY 1 four\nMALFORMED 1 RFC 9113 8.1.1\n");
    w = wire_new();
    wire_post(w, 1, "content-length: 5\n");
    wire_data(w, 0, 1, "four");
    wire_head(w, WIRE_END, 1, "x: y\n");
    assert_events(w, "HEAD 1 POST / https a length=5\n host: a\n content-length: 5\n"
                     "BODY 1 four\nMALFORMED 1 RFC 9113 8.1.1\n");
    w = wire_new();
    wire_post(w, 1, "content-length: 5\n");
    wire_data(w, 0, 1, "12345");
    wire_data(w, WIRE_END_STREAM, 1, "6");
    assert_events(w, "HEAD 1 POST / https a length=5\n host: a\n content-length: 5\n"
                     "BODY 1 12345\nMALFORMED 1 RFC 9113 8.1.1\n");
}

HW_TEST(h2_intake_refuses_trailers_that_are_none)
{
    wire *w = wire_new();
    wire_post(w, 1, "");
    wire_head(w, WIRE_END_HEADERS, 1, "x: y\n");
    wire_post(w, 3, "");
    wire_head(w, WIRE_END, 3, ":path: /\n");
    wire_post(w, 5, "");
    wire_head(w, WIRE_END, 5, "Bad: 1\n");
    assert_events(
        w, POST_HEAD("1") "MALFORMED 1 RFC 9113 8.1\n" POST_HEAD(
               "3") "MALFORMED 3 RFC 9113 8.3\n" POST_HEAD("5") "MALFORMED 5 RFC 9113 8.2.1\n");
}

HW_TEST(h2_intake_opens_tunnels)
{
    wire *w = wire_new();
    wire_head(w, WIRE_END_HEADERS, 1,
              ":method: CONNECT\n:protocol: websocket\n:scheme: https\n:path: /chat\n"
              ":authority: a\n");
    wire_data(w, 0, 1, "both ways");
    wire_data(w, WIRE_END_STREAM, 1, "");
    assert_events(w, "HEAD 1 CONNECT /chat https a websocket\n host: a\nBODY 1 both ways\n"
                     "END 1\n");
}

HW_TEST(h2_intake_gives_a_head_that_is_too_large)
{
    wire *w = wire_new();
    char lines[101 * 5 + 60] = ":method: GET\n:scheme: https\n:path: /\n:authority: a\n";
    size_t length = strlen(lines);
    for (int i = 0; i < 101; i++)
        length += (size_t)snprintf(lines + length, sizeof lines - length, "x: y\n");
    wire_head(w, WIRE_END, 1, lines);
    wire_get(w, 3, "/");
    assert_events(w, "HEAD 1 GET / https a end 431\n" GET_HEAD("3"));
}

/* A field of four kilobytes is put into HPACK's table once and then named by one byte, fifteen
 * thousand times. */
/* A field of 4,000 bytes, and so many bytes that mean the same. */
static void put_bomb(wire *w, uint32_t stream, size_t count)
{
    static char block[16384], value[4000];
    memset(value, 'v', sizeof value);
    size_t length =
        wire_block(block, sizeof block, ":method: GET\n:scheme: https\n:path: /\n:authority: a\n");
    size_t at = length;
    length += wire_field(block + length, sizeof block - length, HW_TEXT("x"),
                         (hw_text){value, sizeof value});
    block[at] = 0x40; /* RFC 7541 6.2.1: with indexing */
    memset(block + length, (char)0xbe, count);
    wire_frame(w, WIRE_HEADERS, WIRE_END, stream, (hw_text){block, length + count});
}

HW_TEST(h2_intake_hears_of_no_stream_that_was_passed_over)
{
    wire *w = wire_new();
    wire_get(w, 5, "/");
    wire_get(w, 3, "/");
    assert_events(w, GET_HEAD("5") "PROBLEM PROTOCOL_ERROR 400\n");
    /* One that has been reset may get what was on its way. */
    w = wire_new();
    wire_get(w, 3, "/");
    wire_post(w, 5, "connection: close\n");
    wire_get(w, 7, "/");
    wire_head(w, WIRE_END, 5, "x-sum: 1\n");
    wire_get(w, 11, "/");
    assert_events(w, GET_HEAD("3") "MALFORMED 5 RFC 9113 8.2.2\n" GET_HEAD("7") GET_HEAD("11"));
}

HW_TEST(h2_intake_survives_a_bomb)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    put_bomb(w, 1, 100);
    wire_get(w, 3, "/");
    assert_fed(t, w, "HEAD 1 GET / https a end 431\n" GET_HEAD("3"));
    assert_true(hw_h2_held_bytes(t->session) < 64 * 1024);
    talker_free_both(t, w);
}

/* 64 times 32 KiB. */
HW_TEST(h2_intake_bounds_what_a_head_decodes_to)
{
    for (int over = 0; over <= 1; over++) {
        wire *w = wire_new();
        put_bomb(w, 1, over ? 524 : 523);
        assert_events(w,
                      over ? "PROBLEM ENHANCE_YOUR_CALM 431\n" : "HEAD 1 GET / https a end 431\n");
    }
}

HW_TEST(h2_intake_bounds_what_a_head_is_encoded_in)
{
    static char block[16384];
    memset(block, (char)0x82, sizeof block); /* :method: GET, again and again */
    for (int over = 0; over <= 1; over++) {
        wire *w = wire_new();
        wire_frame(w, WIRE_HEADERS, WIRE_END_STREAM, 1, (hw_text){block, sizeof block});
        for (int i = 0; i < 7; i++)
            wire_frame(w, WIRE_CONTINUATION, i == 6 && !over ? WIRE_END_HEADERS : 0, 1,
                       (hw_text){block, sizeof block});
        if (over)
            wire_frame(w, WIRE_CONTINUATION, WIRE_END_HEADERS, 1, (hw_text){block, 1});
        assert_events(w, over ? "PROBLEM ENHANCE_YOUR_CALM 431\n" : "MALFORMED 1 RFC 9113 8.3\n");
    }
}

HW_TEST(h2_intake_passes_over_unknown_frames)
{
    wire *w = wire_new();
    wire_frame(w, 77, 255, 0, HW_TEXT("what"));
    wire_frame(w, 200, 0, 9, (hw_text){0});
    wire_get(w, 1, "/");
    assert_events(w, GET_HEAD("1"));
}

/* A thousand of them, and no more. */
static void assert_flood(void (*put)(wire *w))
{
    for (int over = 0; over <= 1; over++) {
        talker *t = talker_new(NULL);
        wire *w = wire_new(); /* whose SETTINGS are the first */
        wire_post(w, 1, "");
        for (int i = 0; i < 999 + over; i++) {
            put(w);
            if (i % 100 == 0) {
                talker_feed_wire(t, w);
                talker_send(t);
            }
        }
        wire_get(w, 3, "/");
        assert_fed(t, w,
                   over ? POST_HEAD("1") "PROBLEM ENHANCE_YOUR_CALM 429\n"
                        : POST_HEAD("1") GET_HEAD("3"));
        assert_sent(t, over ? "GOAWAY 1 ENHANCE_YOUR_CALM\n" : "");
        talker_free_both(t, w);
    }
}

static void put_ping_ack(wire *w)
{
    wire_frame(w, WIRE_PING, WIRE_ACK, 0, HW_TEXT("12345678"));
}

static void put_priority(wire *w)
{
    wire_frame(w, WIRE_PRIORITY, 0, 1, HW_TEXT("\0\0\0\0\1"));
}

static void put_update(wire *w)
{
    wire_frame(w, WIRE_PRIORITY_UPDATE, 0, 0, HW_TEXT("\0\0\0\1u=2"));
}

static void put_window(wire *w)
{
    wire_number(w, WIRE_WINDOW_UPDATE, 1, 1);
}

static void put_empty_data(wire *w)
{
    wire_data(w, 0, 1, "");
}

/* Of a stream that has been reset. */
static void put_stray_head(wire *w)
{
    wire_head(w, WIRE_END_HEADERS, 3, ":method: GET\n");
}

static void put_unknown(wire *w)
{
    wire_frame(w, 99, 0, 0, (hw_text){0});
}

HW_LONG_TEST(h2_intake_ends_floods_of_frames_without_content)
{
    assert_flood(put_ping_ack);
    assert_flood(put_priority);
    assert_flood(put_update);
    assert_flood(put_window);
    assert_flood(put_empty_data);
    assert_flood(put_unknown);
}

HW_LONG_TEST(h2_intake_ends_floods_of_heads_that_nobody_hears_of)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    wire_post(w, 3, "te: a\n");
    assert_fed(t, w, "MALFORMED 3 RFC 9113 8.2.2\n");
    assert_sent(t, "WINDOW_UPDATE 0 983041\nRST_STREAM 3 PROTOCOL_ERROR\n");
    for (int i = 0; i < 999; i++)
        put_stray_head(w);
    assert_fed(t, w, "");
    put_stray_head(w);
    assert_fed(t, w, "PROBLEM ENHANCE_YOUR_CALM 429\n");
    talker_free_both(t, w);
}

/* Where nothing is read, what must be said to it waits: it is not much. */
HW_LONG_TEST(h2_intake_bounds_what_waits_for_a_client_that_does_not_read)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    for (int i = 0; i < 500; i++)
        wire_frame(w, WIRE_PING, 0, 0, HW_TEXT("12345678"));
    assert_fed(t, w, "PROBLEM ENHANCE_YOUR_CALM 429\n");
    assert_true(hw_h2_held_bytes(t->session) < 256 * 1024);
    talker_free(t);
    t = talker_new(NULL);
    w->length = 0;
    wire_put(w, HW_TEXT(HW_H2_PREFACE));
    for (int i = 0; i < 500; i++)
        wire_setting(w, 4, 1000);
    assert_fed(t, w, "PROBLEM ENHANCE_YOUR_CALM 429\n");
    talker_free_both(t, w);
}

HW_LONG_TEST(h2_intake_ends_floods_of_resets)
{
    for (int over = 0; over <= 1; over++) {
        talker *t = talker_new(NULL);
        wire *w = wire_new();
        for (uint32_t i = 0; i < 100; i++) {
            wire_get(w, 1 + 2 * i, "/");
            wire_number(w, WIRE_RST_STREAM, 1 + 2 * i, HW_H2_CANCEL);
        }
        talker_feed_wire(t, w);
        assert_int_equal(hw_h2_open_streams(t->session), 0);
        talker_words(t);
        t->now_ms = over ? 99 : 100;
        wire_get(w, 201, "/");
        wire_number(w, WIRE_RST_STREAM, 201, HW_H2_CANCEL);
        assert_fed(t, w,
                   over ? GET_HEAD("201") "PROBLEM ENHANCE_YOUR_CALM 429\n"
                        : GET_HEAD("201") "RESET 201 CANCEL\n");
        talker_free_both(t, w);
    }
}

/* Who has given up may say so again of each frame that was on its way. */
HW_TEST(h2_intake_counts_resets_of_open_streams_alone)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    wire_get(w, 1, "/");
    for (int i = 0; i < 500; i++)
        wire_number(w, WIRE_RST_STREAM, 1, HW_H2_CANCEL);
    wire_get(w, 3, "/");
    assert_fed(t, w, GET_HEAD("1") "RESET 1 CANCEL\n" GET_HEAD("3"));
    talker_free_both(t, w);
}

/* The client makes us reset them: by heads, by windows, by content that is too long. */
HW_LONG_TEST(h2_intake_ends_floods_of_resets_that_are_ours)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t id = 1 + 2 * i;
        wire_post(w, id, i % 3 == 0 ? "te: a\n" : "content-length: 1\n");
        if (i % 3 == 1)
            wire_data(w, 0, id, "12");
        if (i % 3 == 2)
            wire_number(w, WIRE_WINDOW_UPDATE, id, 0x7fffffff);
        talker_feed_wire(t, w);
        talker_send(t);
        talker_listen(t);
    }
    talker_words(t);
    assert_int_equal(hw_h2_open_streams(t->session), 0);
    wire_post(w, 301, "te: a\n");
    assert_fed(t, w, "MALFORMED 301 RFC 9113 8.2.2\n");
    assert_sent(t, "RST_STREAM 301 PROTOCOL_ERROR\nGOAWAY 301 ENHANCE_YOUR_CALM\n");
    assert_told(t, "PROBLEM ENHANCE_YOUR_CALM 429\n");
    talker_free_both(t, w);
}

/* A window that overflows is a stream's error (RFC 9113 6.9.1), and found when we say so. */
/* SETTINGS of two values, and what is said of them, where a stream's window is as large as it may
 * be. */
static void assert_windows(const char *settings, const char *expected)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    wire_frame(w, WIRE_SETTINGS, WIRE_ACK, 0, (hw_text){0});
    wire_setting(w, 4, 100);
    wire_get(w, 1, "/");
    wire_get(w, 3, "/");
    wire_number(w, WIRE_WINDOW_UPDATE, 1, INT32_MAX - 100);
    assert_fed(t, w, GET_HEAD("1") GET_HEAD("3"));
    assert_sent(t, "WINDOW_UPDATE 0 983041\n");
    wire_frame(w, WIRE_SETTINGS, 0, 0, (hw_text){settings, 12});
    assert_fed(t, w, expected);
    talker_free_both(t, w);
}

HW_TEST(h2_intake_lets_settings_make_no_window_too_large)
{
    static const char over[] = "PROBLEM FLOW_CONTROL_ERROR 400\n";
    assert_windows("\0\4\0\0\0\x64\0\4\0\0\0\x64", "");
    assert_windows("\0\4\0\0\0\0\0\4\0\0\0\x64", "");
    assert_windows("\0\1\x7f\xff\xff\xff\0\4\0\0\0\x64", "");
    assert_windows("\0\4\0\0\0\x65\0\4\0\0\0\x65", over);
    assert_windows("\0\4\0\0\0\0\0\4\0\0\0\x65", over);
    assert_windows("\0\4\x7f\xff\xff\xff\0\4\x7f\xff\xff\xff", over);
}

HW_TEST(h2_intake_tells_of_streams_that_nghttp2_resets)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    wire_get(w, 1, "/");
    wire_number(w, WIRE_WINDOW_UPDATE, 1, 0x7fffffff);
    assert_fed(t, w, GET_HEAD("1"));
    assert_sent(t, "WINDOW_UPDATE 0 983041\nRST_STREAM 1 FLOW_CONTROL_ERROR\n");
    assert_told(t, "RESET 1 FLOW_CONTROL_ERROR\n");
    talker_free_both(t, w);
}

/* The end of a request whose answer has been sent is the end of its stream: all that is found in one
 * frame, and a driver may have had enough in between. */
HW_TEST(h2_intake_is_silent_on_what_was_reset_too_late)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    wire_post(w, 1, "");
    talker_feed_wire(t, w);
    talker_answer(t, 1, 200, 0);
    (void)talker_send(t);
    w->length = 0;
    wire_data(w, WIRE_END_STREAM, 1, "hi");
    talker_check_memory();
    hw_h2_feed(t->session, wire_text(w), 0);
    assert_int_equal(hw_h2_next(t->session).kind, HW_H2_BODY);
    assert_int_equal(hw_h2_reset(t->session, 1, HW_H2_CANCEL), -ENOENT);
    assert_int_equal(hw_h2_next(t->session).kind, HW_H2_NEED_MORE);
    talker_free_both(t, w);
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "h2/session.h"
#include "talker.h"

#define HEAD_OF(id) "HEADERS " id "\n :status: 200\n server: h\n"

/* A session with so many GETs, on streams 1, 3, ..., whose windows are large. */
static talker *asked(unsigned count, uint32_t window)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    wire_setting(w, 4, window);
    wire_number(w, WIRE_WINDOW_UPDATE, 0, 1000000);
    for (unsigned i = 0; i < count; i++)
        wire_get(w, 1 + 2 * i, "/");
    talker_feed_wire(t, w);
    talker_words(t);
    assert_sent(t, "WINDOW_UPDATE 0 983041\n");
    free(w);
    if (hw_h2_open_streams(t->session) != count)
        talker_check_memory();
    return t;
}

static void feed(talker *t, void (*put)(wire *w))
{
    wire *w = wire_new();
    w->length = 0;
    put(w);
    talker_feed_wire(t, w);
    free(w);
}

/* One buffer's worth; the words, and whether there is more. */
static const char *send_once(talker *t, size_t room, bool *ret_has_more)
{
    char *memory = malloc(room);
    assert_non_null(memory);
    hw_buffer buffer = hw_buffer_over(memory, room);
    *ret_has_more = hw_h2_send(t->session, &buffer);
    heard_take(t->heard, (hw_text){memory, buffer.length});
    free(memory);
    return heard_words(t->heard);
}

static void assert_once(talker *t, size_t room, const char *expected, bool has_more)
{
    bool has;
    const char *words = send_once(t, room, &has);
    if (strcmp(words, expected) != 0)
        talker_check_memory();
    assert_string_equal(words, expected);
    assert_int_equal(has, has_more);
}

HW_TEST(h2_output_answers_without_content)
{
    talker *t = asked(1, 65535);
    talker_answer(t, 1, 204, 0);
    assert_sent(t, "HEADERS 1 end\n :status: 204\n server: h\n");
    assert_int_equal(t->pulls, 0);
    assert_told(t, "DONE 1\n");
    talker_free(t);
}

HW_TEST(h2_output_answers_once)
{
    talker *t = asked(1, 65535);
    talker_answer(t, 1, 200, 10);
    hw_h2_response response = {.status = 200};
    assert_int_equal(hw_h2_answer(t->session, 1, &response), -EALREADY);
    assert_int_equal(hw_h2_inform(t->session, 1, 103, (hw_fields){0}), -EALREADY);
    talker_free(t);
}

HW_TEST(h2_output_ends_a_known_body_with_its_last_bytes)
{
    talker *t = asked(1, 65535);
    talker_answer(t, 1, 200, 40000);
    t->output_bytes = 100000;
    assert_sent(t, HEAD_OF("1") "DATA 1 (16384 bytes)\nDATA 1 (16384 bytes)\n"
                                "DATA 1 end (7232 bytes)\n");
    assert_int_equal(t->pulls, 3);
    talker_free(t);
}

HW_TEST(h2_output_pulls_no_more_than_was_promised)
{
    talker *t = asked(1, 65535);
    talker_answer(t, 1, 200, 10);
    t->bodies[1].left = 1000;
    assert_sent(t, HEAD_OF("1") "DATA 1 end ..........\n");
    talker_free(t);
}

HW_TEST(h2_output_resets_a_body_that_is_too_short)
{
    talker *t = asked(1, 65535);
    talker_answer(t, 1, 200, 1000);
    t->bodies[1].left = 10;
    assert_sent(t, HEAD_OF("1") "RST_STREAM 1 INTERNAL_ERROR\n");
    assert_told(t, "RESET 1 INTERNAL_ERROR\n");
    talker_free(t);
}

HW_TEST(h2_output_sends_a_body_of_unknown_length)
{
    talker *t = asked(1, 65535);
    t->bodies[1].left = 10;
    t->bodies[1].step = 4;
    talker_answer(t, 1, 200, HW_H2_LENGTH_UNKNOWN);
    assert_sent(t, HEAD_OF("1") "DATA 1 ....\nDATA 1 ....\nDATA 1 end ..\n");
    talker_free(t);
}

HW_TEST(h2_output_sends_an_empty_body_of_unknown_length)
{
    talker *t = asked(1, 65535);
    talker_answer(t, 1, 200, HW_H2_LENGTH_UNKNOWN);
    assert_sent(t, HEAD_OF("1") "DATA 1 end \n");
    talker_free(t);
}

HW_TEST(h2_output_sends_trailers)
{
    talker *t = asked(2, 65535);
    t->bodies[1].left = 3;
    t->bodies[1].has_trailers = t->bodies[3].has_trailers = true;
    talker_answer(t, 1, 200, HW_H2_LENGTH_UNKNOWN);
    assert_sent(t, HEAD_OF("1") "DATA 1 ...\nHEADERS 1 end\n x-sum: 9\n");
    assert_told(t, "DONE 1\n");
    /* An empty body before them is no frame. */
    talker_answer(t, 3, 200, HW_H2_LENGTH_UNKNOWN);
    assert_sent(t, HEAD_OF("3") "HEADERS 3 end\n x-sum: 9\n");
    assert_told(t, "DONE 3\n");
    talker_free(t);
}

HW_TEST(h2_output_waits_for_a_body)
{
    talker *t = asked(1, 65535);
    t->bodies[1].waits = true;
    talker_answer(t, 1, 200, 10);
    assert_sent(t, HEAD_OF("1"));
    assert_int_equal(t->pulls, 1);
    assert_false(hw_h2_wants_send(t->session));
    assert_sent(t, "");
    assert_int_equal(t->pulls, 1); /* is not asked again */
    t->bodies[1].waits = false;
    assert_int_equal(hw_h2_resume(t->session, 1), 0);
    assert_true(hw_h2_wants_send(t->session));
    assert_int_equal(hw_h2_resume(t->session, 1), 0); /* is fine */
    assert_sent(t, "DATA 1 end ..........\n");
    talker_free(t);
}

HW_TEST(h2_output_resets_a_body_that_fails)
{
    talker *t = asked(1, 65535);
    talker_answer(t, 1, 200, 100000);
    t->output_bytes = 17000;
    bool has_more;
    send_once(t, 17000, &has_more);
    t->bodies[1].fails = true;
    assert_sent(t, "RST_STREAM 1 INTERNAL_ERROR\n");
    assert_told(t, "RESET 1 INTERNAL_ERROR\n");
    talker_free(t);
}

HW_TEST(h2_output_informs)
{
    talker *t = asked(1, 65535);
    static const hw_field link = {HW_TEXT_INIT("Link"), HW_TEXT_INIT("</a.css>"), HW_FIELD_OTHER};
    int first = hw_h2_inform(t->session, 1, 100, (hw_fields){0});
    int second = hw_h2_inform(t->session, 1, 103, hw_fields_of(&link, 1));
    if (first < 0 || second < 0)
        talker_check_memory();
    assert_int_equal(first, 0);
    assert_int_equal(second, 0);
    talker_answer(t, 1, 200, 1);
    assert_sent(t, "HEADERS 1\n :status: 100\nHEADERS 1\n :status: 103\n link: </a.css>\n" HEAD_OF(
                       "1") "DATA 1 end .\n");
    talker_free(t);
}

HW_LONG_TEST(h2_output_bounds_how_much_is_informed)
{
    talker *t = asked(1, 65535);
    int result = 0, count = 0;
    for (; result == 0 && count < 1000; count++)
        result = hw_h2_inform(t->session, 1, 103, (hw_fields){0});
    assert_int_equal(result, -ENOBUFS);
    assert_true(count < 250);
    talker_answer(t, 1, 200, 0);
    talker_free(t);
}

/* Of who is informed of much, as long as the client takes none of it. */
HW_TEST(h2_output_keeps_room_for_heads)
{
    talker *t = asked(1, 65535);
    static char link[7000];
    memset(link, 'x', sizeof link);
    const hw_field field = {HW_TEXT("link"), {link, sizeof link}, HW_FIELD_OTHER};
    int result = 0, count = 0;
    assert_true(hw_h2_has_room(t->session));
    for (; result == 0 && count < 100; count++)
        result = hw_h2_inform(t->session, 1, 103, hw_fields_of(&field, 1));
    if (result == -ENOMEM)
        talker_check_memory();
    assert_int_equal(result, -ENOBUFS);
    assert_in_range(count, 10, 40);
    assert_false(hw_h2_has_room(t->session));
    result = hw_h2_inform(t->session, 1, 100, (hw_fields){0}); /* that must be said */
    if (result < 0)
        talker_check_memory();
    assert_int_equal(result, 0);
    talker_answer(t, 1, 200, 0);
    for (int i = 0; i < count; i++)
        talker_send(t);
    talker_listen(t);
    assert_true(hw_h2_has_room(t->session));
    assert_words(t, "DONE 1\n");
    talker_free(t);
}

HW_TEST(h2_output_leaves_fields_of_the_connection_out)
{
    talker *t = asked(1, 65535);
    static const hw_field fields[] = {
        {HW_TEXT_INIT("Connection"), HW_TEXT_INIT("close"), HW_FIELD_CONNECTION},
        {HW_TEXT_INIT("Keep-Alive"), HW_TEXT_INIT("5"), HW_FIELD_KEEP_ALIVE},
        {HW_TEXT_INIT("Upgrade"), HW_TEXT_INIT("h2c"), HW_FIELD_UPGRADE},
        {HW_TEXT_INIT("Proxy-Connection"), HW_TEXT_INIT("close"), HW_FIELD_OTHER},
        {HW_TEXT_INIT("Transfer-Encoding"), HW_TEXT_INIT("a"), HW_FIELD_TRANSFER_ENCODING},
        {HW_TEXT_INIT("Content-Length"), HW_TEXT_INIT("5"), HW_FIELD_CONTENT_LENGTH},
    };
    hw_h2_response response = {.status = 304, .fields = hw_fields_of(fields, 6)};
    if (hw_h2_answer(t->session, 1, &response) != 0)
        talker_check_memory();
    assert_sent(t, "HEADERS 1 end\n :status: 304\n content-length: 5\n");
    talker_free(t);
}

/* In front of what is added, and no more than there would have been. */
HW_TEST(h2_output_takes_fields_that_were_made_ready)
{
    static const hw_field kept[] = {
        {HW_TEXT_INIT("ETag"), HW_TEXT_INIT("\"a\""), HW_FIELD_ETAG},
        {HW_TEXT_INIT("Connection"), HW_TEXT_INIT("close"), HW_FIELD_CONNECTION},
        {HW_TEXT_INIT("Content-Length"), HW_TEXT_INIT("5"), HW_FIELD_CONTENT_LENGTH},
    };
    static const hw_field added[] = {{HW_TEXT_INIT("X"), HW_TEXT_INIT("y"), HW_FIELD_OTHER}};
    static hw_field many[40];
    char memory[4096], small[8];
    hw_buffer ready = HW_BUFFER_OVER(memory), full = HW_BUFFER_OVER(small);
    talker *t = asked(3, 65535);
    hw_h2_prepare(hw_fields_of(kept, 3), &full);
    assert_true(full.overflow);
    hw_h2_prepare(hw_fields_of(kept, 3), &ready);
    assert_false(ready.overflow);
    hw_h2_response response = {
        .status = 304, .ready = hw_buffer_text(&ready), .fields = hw_fields_of(added, 1)};
    for (size_t i = 0; i < 40; i++)
        many[i] = added[0];
    if (hw_h2_answer(t->session, 1, &response) != 0)
        talker_check_memory();
    response.fields = (hw_fields){0};
    if (hw_h2_answer(t->session, 3, &response) != 0)
        talker_check_memory();
    response.fields = hw_fields_of(many, 40); /* more than a short list has room for */
    if (hw_h2_answer(t->session, 5, &response) != 0)
        talker_check_memory();
    const char *words = talker_send(t);
    static const char begin[] =
        "HEADERS 1 end\n :status: 304\n etag: \"a\"\n content-length: 5\n x: y\n"
        "HEADERS 3 end\n :status: 304\n etag: \"a\"\n content-length: 5\n"
        "HEADERS 5 end\n :status: 304\n etag: \"a\"\n content-length: 5\n x: y\n x: y\n";
    if (strncmp(words, begin, strlen(begin)) != 0)
        talker_check_memory();
    assert_memory_equal(words, begin, strlen(begin));
    talker_free(t);
}

HW_TEST(h2_output_refuses_a_head_that_is_too_large)
{
    talker *t = asked(1, 65535);
    static char value[65536];
    memset(value, 'v', sizeof value);
    hw_field field = {HW_TEXT("x"), {value, 65536}, HW_FIELD_OTHER};
    hw_h2_response response = {.status = 200, .fields = hw_fields_of(&field, 1)};
    int result = hw_h2_answer(t->session, 1, &response);
    if (result == -ENOMEM)
        talker_check_memory();
    assert_int_equal(result, -EMSGSIZE);
    /* Another answer can still be given, as large as may be. */
    field.value.length = 65000;
    result = hw_h2_answer(t->session, 1, &response);
    if (result == -ENOMEM)
        talker_check_memory();
    assert_int_equal(result, 0);
    const char *words = talker_send(t);
    if (!strstr(words, "HEADERS 1 end\n :status: 200\n x: vvv"))
        talker_check_memory();
    assert_non_null(strstr(words, "HEADERS 1 end\n :status: 200\n x: vvv"));
    assert_true(strlen(words) > 65000);
    assert_told(t, "DONE 1\n");
    talker_free(t);
}

/* The same bytes, whatever the buffers are like. */
HW_LONG_TEST(h2_output_cuts_frames_where_the_buffer_ends)
{
    for (size_t room = 1; room < 40; room++) {
        talker *t = asked(2, 65535);
        talker_answer(t, 1, 204, 0);
        talker_answer(t, 3, 200, 10);
        bool has_more = true;
        /* A DATA frame needs ten bytes, however little is in it. */
        for (int i = 0; has_more && i < 200; i++) {
            char memory[64];
            hw_buffer buffer = hw_buffer_over(memory, room);
            has_more = hw_h2_send(t->session, &buffer);
            assert_true(buffer.length <= room && !buffer.overflow);
            heard_take(t->heard, (hw_text){memory, buffer.length});
        }
        if (room >= 10) {
            if (heard_bytes(t->heard, 3) != 10)
                talker_check_memory();
            assert_false(has_more);
            assert_int_equal(heard_bytes(t->heard, 3), 10);
        }
        assert_true(heard_is_whole(t->heard));
        talker_free(t);
    }
}

HW_TEST(h2_output_makes_no_small_frames_of_large_bodies)
{
    talker *t = asked(2, 65535);
    talker_answer(t, 1, 200, 5000);
    talker_answer(t, 3, 200, 3);
    bool has_more;
    /* Two heads are less than 50 bytes, and leave less than a kilobyte. */
    assert_once(t, 1000, HEAD_OF("1") HEAD_OF("3"), true);
    assert_once(t, 1000, "DATA 1 (991 bytes)\n", true); /* it is all there is */
    assert_once(t, 2000, "DATA 1 (1991 bytes)\n", true);
    assert_once(t, 2500, "DATA 1 end (2018 bytes)\nDATA 3 end ...\n", false);
    send_once(t, 100, &has_more);
    assert_false(has_more);
    talker_free(t);
}

static void put_window_1(wire *w)
{
    wire_number(w, WIRE_WINDOW_UPDATE, 1, 1);
}

static void put_window_large(wire *w)
{
    wire_setting(w, 4, 100000);
}

HW_LONG_TEST(h2_output_keeps_to_small_windows)
{
    talker *t = asked(2, 0);
    talker_answer(t, 1, 200, 100);
    talker_answer(t, 3, 200, 100);
    assert_sent(t, HEAD_OF("1") HEAD_OF("3"));
    assert_int_equal(t->pulls, 0);
    assert_false(hw_h2_wants_send(t->session));
    size_t held = hw_h2_held_bytes(t->session);
    for (int i = 0; i < 50; i++) {
        feed(t, put_window_1);
        assert_sent(t, "DATA 1 .\n");
    }
    assert_true(hw_h2_held_bytes(t->session) <= held);
    feed(t, put_window_large);
    assert_sent(t, "DATA 1 end (50 bytes)\nDATA 3 end (100 bytes)\n");
    talker_free(t);
}

static void put_window_257(wire *w)
{
    wire_number(w, WIRE_WINDOW_UPDATE, 1, 257);
}

/* A body that comes in pieces as large as the client's windows, which it gives one by one. */
static talker *creep(void (*put)(wire *w), unsigned windows)
{
    talker *t = asked(1, 0);
    talker_answer(t, 1, 200, 1000000);
    talker_send(t);
    for (unsigned i = 0; i < windows; i++) {
        feed(t, put);
        talker_send(t);
    }
    return t;
}

HW_LONG_TEST(h2_output_allows_windows_to_be_credited)
{
    talker *t = creep(put_window_257, 3000);
    if (heard_bytes(t->heard, 1) != 3000 * 257)
        talker_check_memory();
    assert_int_equal(heard_bytes(t->heard, 1), 3000 * 257);
    assert_told(t, "");
    talker_free(t);
}

/* CVE-2019-9511. The client's first frames were three. */
HW_LONG_TEST(h2_output_ends_floods_of_tiny_windows)
{
    talker *t = creep(put_window_1, 998);
    if (heard_bytes(t->heard, 1) != 997)
        talker_check_memory();
    assert_int_equal(heard_bytes(t->heard, 1), 997);
    assert_told(t, "PROBLEM ENHANCE_YOUR_CALM 429\nPROBLEM ENHANCE_YOUR_CALM 429\n");
    talker_free(t);
}

/* RFC 9218 4: the most urgent first; of the same urgency one after the other, or in turns. */
static void ask_with_priority(wire *w, uint32_t stream, const char *priority)
{
    char lines[200];
    snprintf(lines, sizeof lines,
             ":method: GET\n:scheme: https\n:path: /\n:authority: a\npriority: %s\n", priority);
    wire_head(w, WIRE_END, stream, lines);
}

static void ask_three(talker *t, const char *const priorities[3])
{
    wire *w = wire_new();
    w->length = 0;
    for (uint32_t i = 0; i < 3; i++)
        ask_with_priority(w, 1 + 2 * i, priorities[i]);
    talker_feed_wire(t, w);
    talker_words(t);
    free(w);
}

/* Bodies of two frames each. */
static void answer_three(talker *t)
{
    for (uint32_t id = 1; id <= 5; id += 2)
        talker_answer(t, id, 200, 20000);
    t->output_bytes = 200000;
}

#define THREE_HEADS HEAD_OF("1") HEAD_OF("3") HEAD_OF("5")
#define BODY_OF(id) "DATA " id " (16384 bytes)\nDATA " id " end (3616 bytes)\n"

HW_TEST(h2_output_sends_by_priority)
{
    static const struct {
        const char *priorities[3], *sent;
    } rows[] = {
        /* What is urgent first. */
        {{"u=5", "u=1", "u=3"}, THREE_HEADS BODY_OF("3") BODY_OF("5") BODY_OF("1")},
        /* One after the other. */
        {{"u=3", "", "x"}, THREE_HEADS BODY_OF("1") BODY_OF("3") BODY_OF("5")},
        /* In turns where parts are of use. */
        {{"u=3, i", "u=3, i", "u=2"},
         THREE_HEADS BODY_OF("5") "DATA 1 (16384 bytes)\nDATA 3 (16384 bytes)\n"
                                  "DATA 1 end (3616 bytes)\nDATA 3 end (3616 bytes)\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        talker *t = asked(0, 65535);
        ask_three(t, rows[i].priorities);
        answer_three(t);
        assert_sent(t, rows[i].sent);
        talker_free(t);
    }
}

HW_TEST(h2_output_sends_what_others_wait_behind)
{
    talker *t = asked(0, 65535);
    ask_three(t, (const char *const[]){"u=0", "u=3", "u=7"});
    t->bodies[1].waits = true;
    answer_three(t);
    assert_sent(t, THREE_HEADS BODY_OF("3") BODY_OF("5"));
    t->bodies[1].waits = false;
    hw_h2_resume(t->session, 1);
    assert_sent(t, BODY_OF("1"));
    talker_free(t);
}

static void put_updates(wire *w)
{
    wire_frame(w, WIRE_PRIORITY_UPDATE, 0, 0, HW_TEXT("\0\0\0\1u=6"));
    wire_frame(w, WIRE_PRIORITY_UPDATE, 0, 0, HW_TEXT("\0\0\0\3u=5"));
}

/* RFC 9218 7: also before the request, whose field it outweighs. */
HW_TEST(h2_output_heeds_updates)
{
    static const char *const priorities[][3] = {{"u=0", "u=1", "u=2"}, {"u=0", "u=0", "u=1"}};
    for (int is_before = 0; is_before <= 1; is_before++) {
        talker *t = asked(0, 65535);
        if (is_before)
            feed(t, put_updates);
        ask_three(t, priorities[is_before]);
        if (!is_before)
            feed(t, put_updates);
        answer_three(t);
        assert_sent(t, THREE_HEADS BODY_OF("5") BODY_OF("3") BODY_OF("1"));
        talker_free(t);
    }
}

/* RFC 9218 8: the server may know better; then the client is not heard any more. */
HW_TEST(h2_output_lets_the_server_know_better)
{
    talker *t = asked(0, 65535);
    ask_three(t, (const char *const[]){"u=0", "u=3", "u=7"});
    hw_priority first = {.urgency = 0};
    for (uint32_t id = 1; id <= 5; id += 2) {
        t->bodies[id].left = 10;
        hw_h2_response response = {
            .status = 200, .body_bytes = 10, .priority = id == 5 ? &first : NULL};
        if (hw_h2_answer(t->session, id, &response) != 0)
            talker_check_memory();
    }
    feed(t, put_updates);
    assert_sent(t, "HEADERS 1\n :status: 200\nHEADERS 3\n :status: 200\nHEADERS 5\n :status: 200\n"
                   "DATA 5 end ..........\nDATA 3 end ..........\nDATA 1 end ..........\n");
    talker_free(t);
}

HW_TEST(h2_output_goes_both_ways_in_a_tunnel)
{
    talker *t = asked(0, 65535);
    wire *w = wire_new();
    w->length = 0;
    wire_head(w, WIRE_END_HEADERS, 1,
              ":method: CONNECT\n:protocol: websocket\n:scheme: https\n:path: /\n"
              ":authority: a\n");
    talker_feed_wire(t, w);
    t->bodies[1].waits = true;
    t->bodies[1].left = 100;
    t->bodies[1].step = 5;
    talker_answer(t, 1, 200, HW_H2_LENGTH_UNKNOWN);
    assert_sent(t, HEAD_OF("1"));
    wire_data(w, 0, 1, "hello");
    talker_feed_wire(t, w);
    t->bodies[1].waits = false;
    t->bodies[1].left = 10;
    hw_h2_resume(t->session, 1);
    assert_sent(t, "DATA 1 .....\nDATA 1 end .....\n");
    wire_data(w, 0, 1, "still");
    wire_data(w, WIRE_END_STREAM, 1, "here");
    assert_fed(t, w,
               "HEAD 1 CONNECT / https a websocket\n host: a\nBODY 1 hellostillhere\nEND 1\n"
               "DONE 1\n");
    talker_free_both(t, w);
}
